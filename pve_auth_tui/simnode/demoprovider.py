"""The OpenID provider of the demo: HTTP/1.1 in this process, shaped like Microsoft Entra ID.

It says of itself that it is simulated. Nobody can log in there: it shows that a browser would get
a login page, and tells a wrong secret from a wrong code. Sources: OpenID Connect Discovery 1.0,
RFC 6749; error codes as Microsoft documents them; the real service was not asked.
"""

from __future__ import annotations

import hmac
import json
import socket
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Literal
from urllib.parse import parse_qs, unquote_plus, urlsplit

from pve_auth_tui.simnode import made_up

ProviderFault = Literal[
    "unavailable",  # every answer is 503
    "not json",  # a page where the discovery document should be
    "other issuer",  # it calls itself by another name
    "plain issuer",  # it calls itself and its endpoints http://
    "no keys",
    "other keys",  # for another algorithm than it names
    "secret expired",
    "redirect unknown",  # no address of the web UI is registered
    "sends away",  # discovery answers with a redirect to another host
    "provider clock wrong",
]
AHEAD: Final = 600  # seconds
IDLE: Final = 30.0  # seconds
_SIMULATED: Final = "pve-auth-tui (simulated)"
_LARGEST: Final = 65536  # bytes of a form
_WELL_KNOWN: Final = "/v2.0/.well-known/openid-configuration"


@dataclass(frozen=True)
class Client:
    """Who is registered: PVE. `redirects`: the addresses of its web UI."""

    id: str
    secret: str
    redirects: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Of HTTP; `location` for a redirect."""

    status: int
    body: bytes
    kind: str = "application/json"
    location: str = ""


class Provider:
    """`host`: its name. `tenant`: the first part of its paths. `now`: seconds since 1970."""

    def __init__(
        self,
        host: str,
        tenant: str,
        client: Client,
        now: Callable[[], float],
        faults: Collection[str] = (),
    ) -> None:
        self._host = host
        self._tenant = tenant
        self._client = client
        self._now = now
        self.faults = faults

    @property
    def issuer(self) -> str:
        return f"https://{self._host}/{self._tenant}/v2.0"

    def serve(self, connection: socket.socket) -> None:
        """Answer one client until it leaves."""
        connection.settimeout(IDLE)
        with suppress(OSError, ValueError), connection:
            _handler(self)(connection, ("", 0), None)  # type: ignore[arg-type]

    def date(self) -> str:
        """Its own clock, as HTTP tells it."""
        ahead = AHEAD if "provider clock wrong" in self.faults else 0
        return formatdate(self._now() + ahead, usegmt=True)

    def answer(
        self, method: str, target: str, form: Mapping[str, str], authorization: str = ""
    ) -> Answer:
        """One request; `form` is what a POST brought, the rest stands in the target."""
        if "unavailable" in self.faults:
            return _page(503, "Service unavailable", "The service is unavailable.")
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix(f"/{self._tenant}")
        if path == parts.path and path != "/oidc/userinfo":
            return _json(400, _error("invalid_tenant", 90002, "Tenant not found."))
        if (method, path) == ("GET", _WELL_KNOWN):
            return self._discovery()
        if (method, path) == ("GET", "/discovery/v2.0/keys"):
            return _json(200, self._keys())
        if path == "/oauth2/v2.0/authorize":
            return self._authorize({**query, **form})
        if (method, path) == ("POST", "/oauth2/v2.0/token"):
            return self._token(form, authorization)
        if path == "/oidc/userinfo":
            return _json(401, {"error": {"code": "InvalidAuthenticationToken"}})
        return _page(404, "Not found", "There is nothing here.")

    def _discovery(self) -> Answer:
        if "not json" in self.faults:
            return _page(200, "Sign in", "A page, where a document should be.")
        if "sends away" in self.faults:
            return Answer(302, b"", "text/plain", f"https://elsewhere.example.com{_WELL_KNOWN}")
        scheme = "http" if "plain issuer" in self.faults else "https"
        base = f"{scheme}://{self._host}/{self._tenant}"
        issuer = f"{base}/v2.0/" if "other issuer" in self.faults else f"{base}/v2.0"
        return _json(
            200,
            {
                "issuer": issuer,
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "userinfo_endpoint": f"{scheme}://{self._host}/oidc/userinfo",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
                "response_types_supported": ["code", "id_token", "code id_token"],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                    "client_secret_basic",
                ],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "claims_supported": [
                    *("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce"),
                    *("preferred_username", "name", "tid", "ver", "email"),
                ],
                "request_uri_parameter_supported": False,
                "simulated": _SIMULATED,
            },
        )

    def _keys(self) -> dict[str, Any]:
        if "no keys" in self.faults:
            return {"keys": []}
        if "other keys" in self.faults:
            point = _base64(made_up.some_bytes("provider point", 32))
            curve = {"kty": "EC", "crv": "P-256", "x": point, "y": point}
            return {"keys": [{**curve, "use": "sig", "alg": "ES256", "kid": "demo-ec"}]}
        parts = [made_up.some_bytes(f"provider key {number}", 64) for number in range(4)]
        modulus = b"\xc3" + b"".join(parts)[1:-1] + b"\x01"  # of nobody's key: it signs nothing
        key = {"kty": "RSA", "use": "sig", "kid": "demo", "n": _base64(modulus), "e": "AQAB"}
        return {"keys": [{**key, "alg": "RS256"}]}

    def _authorize(self, query: Mapping[str, str]) -> Answer:
        """Errors come as a page, too, as with Entra ID."""
        if query.get("client_id") != self._client.id:
            return _page(400, "Sign in", "AADSTS700016: The application was not found.")
        if query.get("redirect_uri") not in self._redirects:
            text = "AADSTS50011: The redirect URI specified in the request does not match"
            return _page(200, "Sign in", f"{text} the redirect URIs of the application.")
        if query.get("response_type") != "code":
            return _page(400, "Sign in", "AADSTS900144: The request needs response_type=code.")
        if "openid" not in query.get("scope", "").split():
            return _page(400, "Sign in", "AADSTS900144: The request needs scope openid.")
        return _page(200, "Sign in to your account", "Here a browser would ask who you are.")

    @property
    def _redirects(self) -> Sequence[str]:
        return () if "redirect unknown" in self.faults else self._client.redirects

    def _token(self, form: Mapping[str, str], authorization: str) -> Answer:
        """A code never comes from here, so a right secret ends at the code."""
        client, secret = _login(form, authorization)
        if client != self._client.id:
            return _json(401, _error("unauthorized_client", 700016, "Application not found."))
        if not hmac.compare_digest(secret.encode(), self._client.secret.encode()):
            text = "Invalid client secret provided." if secret else "A client secret is needed."
            return _json(401, _error("invalid_client", 7000215 if secret else 7000218, text))
        if "secret expired" in self.faults:
            text = "The provided client secret keys are expired."
            return _json(401, _error("invalid_client", 7000222, text))
        if form.get("grant_type") != "authorization_code":
            return _json(400, _error("unsupported_grant_type", 70003, "Only codes are taken."))
        return _json(400, _error("invalid_grant", 70000, "The provided code is not valid."))


def _login(form: Mapping[str, str], authorization: str) -> tuple[str, str]:
    """(client, secret) from the header or from the form (RFC 6749 2.3.1)."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        with suppress(ValueError):
            client, _, secret = b64decode(value, validate=True).decode().partition(":")
            return unquote_plus(client), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _error(name: str, code: int, text: str) -> dict[str, Any]:
    return {
        "error": name,
        "error_description": f"AADSTS{code}: {text} ({_SIMULATED})",
        "error_codes": [code],
    }


def _json(status: int, content: Mapping[str, Any]) -> Answer:
    return Answer(status, json.dumps(content).encode())


def _page(status: int, title: str, text: str) -> Answer:
    page = (
        f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>"
        f"<p>{text}</p><p>This provider is simulated by pve-auth-tui.</p></body></html>"
    )
    return Answer(status, page.encode(), "text/html; charset=utf-8")


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(provider.answer("GET", self.path, {}))

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            size = int(length) if length.isascii() and length.isdigit() else -1
            if not 0 <= size <= _LARGEST:
                self.close_connection = True
                self._send(_page(411, "No form", "The request has no form of a usual size."))
                return
            held = parse_qs(self.rfile.read(size).decode("utf-8", "replace"))
            form = {name: values[0] for name, values in held.items()}
            authorization = self.headers.get("Authorization", "")
            self._send(provider.answer("POST", self.path, form, authorization))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            self.wfile.write(answer.body)

        def version_string(self) -> str:
            return _SIMULATED

        def date_time_string(self, timestamp: float | None = None) -> str:
            return provider.date()

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads a log of it."""

    return Handler
