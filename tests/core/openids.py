"""Providers as they describe themselves, for tests of what is made of that."""

import json

from pve_auth_tui.core.openid.ports import Line, WebAnswer
from pve_auth_tui.core.openid.settings import OpenIdSettings

NOW = 1_795_262_400.0
HOST = "idp.example.com"
ISSUER = f"https://{HOST}"
REDIRECT = "https://pve1.example.com:8006"
RSA = {"kty": "RSA", "use": "sig", "kid": "one", "n": "w" * 342, "e": "AQAB"}
EC = {"kty": "EC", "crv": "P-256", "use": "sig", "kid": "two", "x": "x", "y": "y"}


def settings(**changes):
    """A realm `idp` as most have it."""
    usual = {"realm": "idp", "issuer": ISSUER, "client_id": "proxmox"}
    return OpenIdSettings(**{**usual, "username_claim": "preferred_username", **changes})


def document(issuer=ISSUER, **changes):
    """A complete one; None takes a field out."""
    at = issuer.rstrip("/") if isinstance(issuer, str) else ISSUER
    found = {
        "issuer": issuer,
        "authorization_endpoint": f"{at}/authorize",
        "token_endpoint": f"{at}/token",
        "userinfo_endpoint": f"{at}/userinfo",
        "jwks_uri": f"{at}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "groups"],
        "claims_supported": ["sub", "email", "preferred_username", "groups"],
        "code_challenge_methods_supported": ["S256"],
    }
    return {name: value for name, value in {**found, **changes}.items() if value is not None}


def answer(body=b"", status=200, url=ISSUER, line=None, **headers):
    """As a Web gives it; a value that is no octets is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebAnswer(status, named, sent, url, NOW, line or Line())
