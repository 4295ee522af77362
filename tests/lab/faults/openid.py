"""Faults of OpenID realms. `ORIGIN/faults/...` are those of tests/lab/oidc/faults.mjs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.report import Stage
from tests.lab.adlab import names
from tests.lab.faults.rows import Around, OpenIdFault

ORIGIN: Final = names.IDP_ORIGIN
REDIRECT: Final = f"https://{names.NODE}:8006"
HEALTHY: Final[Mapping[str, str]] = {
    "type": "openid",
    "issuer-url": f"{ORIGIN}/realms/lab",
    "client-id": "proxmox",
    "client-key": "lab-client-secret",
    "scopes": "email profile",
    "username-claim": "preferred_username",
}
# path below the origin -> what else of the realm is as that product has it
FLAVOURS: Final[Mapping[str, Mapping[str, str]]] = {
    "": {},
    "/realms/lab": {"groups-claim": "groups", "scopes": "email profile groups"},
    "/application/o/proxmox/": {},
    "/oauth2/openid/proxmox": {},
    "/6f0c2a51-0000-4000-8000-00000000aaaa/v2.0": {},
}


def _at(  # noqa: PLR0917 (a row of a table)
    path: str, stage: Stage, cause: Cause, name: str, seeded: str, word: Word = "BAD"
) -> OpenIdFault:
    """At a provider of its own: a path below the origin, or a whole issuer."""
    issuer = f"{ORIGIN}{path}" if path.startswith("/") else path
    return OpenIdFault(name, seeded, stage, cause, {"issuer-url": issuer}, word)


def _fault(  # noqa: PLR0917 (a row of a table)
    kind: str, stage: Stage, cause: Cause, name: str, seeded: str, word: Word = "BAD"
) -> OpenIdFault:
    return _at(f"/faults/{kind}", stage, cause, name, seeded, word)


def _host(kind: str, cause: Cause, name: str, seeded: str, word: Word = "BAD") -> OpenIdFault:
    """At the provider's address for that kind of certificate."""
    return _at(f"https://{kind}.{names.IDP}:{names.IDP_PORT}", Stage.TLS, cause, name, seeded, word)


def _with(  # noqa: PLR0917 (a row of a table)
    options: Mapping[str, str],
    stage: Stage,
    cause: Cause,
    name: str,
    seeded: str,
    word: Word = "BAD",
) -> OpenIdFault:
    return OpenIdFault(name, seeded, stage, cause, options, word)


def _while(  # noqa: PLR0917 (a row of a table)
    around: Around, stage: Stage, cause: Cause, name: str, seeded: str, issuer: str = ""
) -> OpenIdFault:
    options = {"issuer-url": issuer} if issuer else {}
    return OpenIdFault(name, seeded, stage, cause, options, around=around)


_WAY: Final = (
    _at(
        f"{ORIGIN}/realms/lab/.well-known/openid-configuration",
        Stage.ADDRESS,
        Cause.ISSUER_IS_DOCUMENT,
        "The issuer is the document's address",
        "issuer-url ends in /.well-known/openid-configuration",
    ),
    _at(
        f"http://{names.IDP}:{names.IDP_PORT + 1}/realms/lab",
        Stage.ADDRESS,
        Cause.NOT_HTTPS,
        "The issuer has no TLS",
        "issuer-url begins with http; nobody is asked",
    ),
    _at(
        f"https://nosuch.{names.DOMAIN}/realms/lab",
        Stage.ADDRESS,
        Cause.NAME_UNKNOWN,
        "The provider's name is wrong",
        "a name that DNS does not have",
    ),
    _while(
        "dns dropped",
        Stage.ADDRESS,
        Cause.DNS_SILENT,
        "The DNS server does not answer",
        "nft drops what goes to port 53",
        f"https://{names.DC}/realms/lab",
    ),
    _at(
        f"https://{names.IDP}:4443/realms/lab",
        Stage.PORT,
        Cause.REFUSED,
        "Nothing listens at the port",
        "port 4443",
    ),
    _while(
        "ports rejected",
        Stage.PORT,
        Cause.REFUSED,
        "A firewall refuses the port",
        "nft rejects with a reset",
    ),
    _while(
        "ports dropped",
        Stage.PORT,
        Cause.SILENT,
        "A firewall drops packets to the port",
        "nft drops them",
    ),
    _at(
        f"https://{names.FAR}/realms/lab",
        Stage.PORT,
        Cause.NO_ROUTE,
        "No route leads to the provider",
        "an address outside of the lab",
    ),
)
_TLS: Final = (
    _at(
        f"https://{names.IDP}:{names.IDP_PORT + 1}/realms/lab",
        Stage.TLS,
        Cause.NO_TLS,
        "The port speaks no TLS",
        "https at the port for http",
    ),
    _host("otherca", Cause.CERT_UNTRUSTED, "The node does not trust the CA", "another root CA"),
    _host("selfsigned", Cause.CERT_SELF_SIGNED, "The certificate is signed by itself", "no CA"),
    _host(
        "nointer",
        Cause.CERT_UNTRUSTED,
        "The provider does not send the CA in between",
        "its certificate alone; told as a CA that is not trusted",
    ),
    _host("expired", Cause.CERT_EXPIRED, "The certificate has expired", "it ended a year ago"),
    _host("future", Cause.CERT_NOT_YET, "The certificate is not valid yet", "it begins later"),
    _host(
        "othername",
        Cause.CERT_OTHER_NAME,
        "The certificate is for another name",
        "elsewhere.lab.test",
    ),
    _host("soon", Cause.CERT_ENDS_SOON, "The certificate ends soon", "in five days", "LOOK"),
    _host("weak", Cause.CERT_WEAK, "The key is too short", "RSA with 1024 bits"),
    _at(
        f"https://{names.SLAPDS['good']}:636/realms/lab",
        Stage.DISCOVERY,
        Cause.BROKEN_OFF,
        "No web server is at the port",
        "slapd with TLS",
    ),
)
_DISCOVERY: Final = (
    _fault(
        "slow",
        Stage.DISCOVERY,
        Cause.SILENT,
        "The provider does not answer",
        "it takes the request, and says nothing",
    ),
    _fault(
        "hangup",
        Stage.DISCOVERY,
        Cause.BROKEN_OFF,
        "The provider hangs up",
        "it takes the request, and closes",
    ),
    _fault(
        "missing",
        Stage.DISCOVERY,
        Cause.NOT_FOUND,
        "There is no discovery document",
        "HTTP 404",
    ),
    _fault("down", Stage.DISCOVERY, Cause.STATUS, "The provider fails", "HTTP 503"),
    _fault(
        "redirect",
        Stage.DISCOVERY,
        Cause.REDIRECTED,
        "The document lies elsewhere",
        "HTTP 301, which PVE does not follow",
    ),
    _fault("page", Stage.DISCOVERY, Cause.NOT_JSON, "A web page comes", "HTML, HTTP 200"),
    _fault(
        "huge",
        Stage.DISCOVERY,
        Cause.TOO_LARGE,
        "The answer has no end",
        "2 MiB",
    ),
    _fault(
        "compressed",
        Stage.DISCOVERY,
        Cause.COMPRESSED,
        "The answer is compressed",
        "gzip, which nobody asked for",
    ),
    _fault(
        "typed",
        Stage.DISCOVERY,
        Cause.CONTENT_TYPE,
        "The document is not sent as JSON",
        "Content-Type text/plain",
    ),
    _fault(
        "fieldless",
        Stage.DISCOVERY,
        Cause.FIELD_MISSING,
        "The document lacks a field",
        "no jwks_uri",
    ),
)
_ISSUER: Final = (
    _at(
        "/application/o/proxmox",
        Stage.ISSUER,
        Cause.SLASH_MISSING,
        "The issuer lacks the slash at its end",
        "authentik's has one",
    ),
    _at(
        "/realms/lab/",
        Stage.ISSUER,
        Cause.SLASH_TOO_MUCH,
        "The issuer has a slash too much",
        "Keycloak's has none",
    ),
    _fault(
        "http",
        Stage.ISSUER,
        Cause.ISSUER_HTTP,
        "The provider calls itself http",
        "a proxy in front ends TLS",
    ),
    _fault(
        "internal",
        Stage.ISSUER,
        Cause.ISSUER_INTERNAL,
        "The provider tells an internal name",
        "http://keycloak:8080",
    ),
    _fault(
        "tenant",
        Stage.ISSUER,
        Cause.ISSUER_TENANT,
        "The issuer is one of many tenants",
        "{tenantid} in it, as of Entra's common",
    ),
    _fault(
        "other",
        Stage.ISSUER,
        Cause.ISSUER_OTHER,
        "The issuer is another one",
        "another realm of the provider",
    ),
)
_DOCUMENT: Final = (
    _fault(
        "ahead",
        Stage.CLOCK,
        Cause.CLOCK,
        "The provider's clock is ten minutes ahead",
        "its Date header",
    ),
    _fault(
        "behind",
        Stage.CLOCK,
        Cause.CLOCK,
        "The provider's clock is a minute behind",
        "its Date header",
        "LOOK",
    ),
    _fault(
        "clear",
        Stage.ENDPOINTS,
        Cause.ENDPOINT_NOT_HTTPS,
        "The token endpoint has no TLS",
        "http in the document",
    ),
    _fault(
        "tokenless",
        Stage.ENDPOINTS,
        Cause.ENDPOINT_MISSING,
        "There is no token endpoint",
        "not in the document",
    ),
    _fault(
        "infoless",
        Stage.ENDPOINTS,
        Cause.NO_USERINFO,
        "There is no userinfo endpoint",
        "switched off at the provider",
    ),
    _fault(
        "codeless",
        Stage.ENDPOINTS,
        Cause.NO_CODE_FLOW,
        "The provider has no code flow",
        "response_types id_token",
    ),
    _fault(
        "shared",
        Stage.KEYS,
        Cause.SHARED_SECRET_ONLY,
        "Tokens are signed with the client secret",
        "HS256 only",
    ),
    _fault(
        "unknown",
        Stage.KEYS,
        Cause.NO_ALGORITHM,
        "Tokens are signed in a way that PVE does not know",
        "ES512 only",
    ),
    _fault("keyless", Stage.KEYS, Cause.NO_KEYS, "There are no keys", "an empty set"),
    _fault(
        "sealed",
        Stage.KEYS,
        Cause.ENCRYPTION_KEYS_ONLY,
        "The keys are for encryption only",
        "use enc",
    ),
    _fault(
        "mismatch",
        Stage.KEYS,
        Cause.KEYS_DO_NOT_FIT,
        "The keys do not fit the algorithms",
        "RS256 announced, a P-256 key",
    ),
    _fault("short", Stage.KEYS, Cause.KEY_SHORT, "The key is short", "RSA, 1024 bits", "LOOK"),
    _fault(
        "locked",
        Stage.KEYS,
        Cause.KEYS_UNREACHABLE,
        "The keys cannot be read",
        "HTTP 403",
    ),
)
_CLIENT: Final = (
    _with(
        {"scopes": "email profile teams"},
        Stage.CLAIMS,
        Cause.SCOPES_NOT_ANNOUNCED,
        "A scope is not announced",
        "scopes names teams",
        "LOOK",
    ),
    _with(
        {"username-claim": "upn"},
        Stage.CLAIMS,
        Cause.CLAIM_NOT_ANNOUNCED,
        "The claim for the name is not announced",
        "username-claim upn",
        "LOOK",
    ),
    _with(
        {"groups-claim": "roles"},
        Stage.CLAIMS,
        Cause.GROUPS_NOT_ANNOUNCED,
        "The claim for groups is not announced",
        "groups-claim roles",
        "LOOK",
    ),
    _with(
        {"client-id": "proxmos"},
        Stage.AUTHORIZE,
        Cause.CLIENT_UNKNOWN,
        "The client ID is wrong",
        "the provider does not know it",
    ),
    OpenIdFault(
        "The redirect URI has a slash at its end",
        "the provider has it without",
        Stage.AUTHORIZE,
        Cause.REDIRECT_REFUSED,
        redirect=f"{REDIRECT}/",
    ),
    OpenIdFault(
        "The redirect URI is of another node",
        "the provider knows pve1 only",
        Stage.AUTHORIZE,
        Cause.REDIRECT_REFUSED,
        redirect=REDIRECT.replace("pve1", "pve2"),
    ),
    _fault(
        "plainpkce",
        Stage.PKCE,
        Cause.PKCE_NOT_S256,
        "PKCE is wanted, but not as PVE does it",
        "method plain only",
    ),
    _with(
        {"client-key": "not-the-secret"},
        Stage.SECRET,
        Cause.SECRET_WRONG,
        "The client secret is wrong",
        "another one",
    ),
    _with(
        {"client-key": ""},
        Stage.SECRET,
        Cause.SECRET_MISSING,
        "There is no client secret",
        "the provider wants one",
    ),
    _fault(
        "signedonly",
        Stage.SECRET,
        Cause.SECRET_METHOD,
        "The secret is wanted in another way",
        "client_secret_jwt only",
    ),
    _fault(
        "elsewhere",
        Stage.SECRET,
        Cause.TOKEN_ELSEWHERE,
        "The token endpoint is at another host",
        "the secret is not sent there",
        "-",
    ),
)
FAULTS: Final = (*_WAY, *_TLS, *_DISCOVERY, *_ISSUER, *_DOCUMENT, *_CLIENT)
