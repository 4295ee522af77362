"""Why a provider cannot be used as an OpenID realm wants it: every reason has a name of its own.

The names stand in reports, JSON and docs/realm-causes.md; `core.openid.words` says them in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from pve_auth_tui.core.errors import AuthTuiError


class Cause(Enum):
    """In the order in which a probe meets them."""

    # what is typed
    NO_ISSUER = "no-issuer"
    ISSUER_MALFORMED = "issuer-malformed"
    ISSUER_TOO_LONG = "issuer-too-long"
    ISSUER_IS_DOCUMENT = "issuer-is-its-document"
    NOT_HTTPS = "not-https"
    # the way there
    NAME_UNKNOWN = "name-unknown"
    DNS_SILENT = "dns-silent"
    LOCAL_ADDRESS = "local-address"
    REFUSED = "refused"
    SILENT = "silent"
    NO_ROUTE = "no-route"
    BROKEN_OFF = "broken-off"
    PROXY_MALFORMED = "proxy-malformed"
    PROXY_UNREACHABLE = "proxy-unreachable"
    PROXY_REFUSED = "proxy-refused"
    PROXY_LOGIN_HIDDEN = "proxy-login-hidden"
    # TLS
    NO_TLS = "no-tls"
    NO_COMMON_TLS = "no-common-tls"
    CLIENT_CERT_WANTED = "client-certificate-wanted"
    CA_UNREADABLE = "ca-unreadable"
    CERT_UNTRUSTED = "certificate-untrusted"
    CERT_SELF_SIGNED = "certificate-self-signed"
    CERT_INCOMPLETE = "certificate-chain-incomplete"
    CERT_EXPIRED = "certificate-expired"
    CERT_NOT_YET = "certificate-not-yet-valid"
    CERT_OTHER_NAME = "certificate-other-name"
    CERT_WEAK = "certificate-weak"
    CERT_REFUSED = "certificate-refused"
    CERT_ENDS_SOON = "certificate-ends-soon"
    # HTTP and the document
    NOT_HTTP = "not-http"
    REDIRECTED = "redirected"
    REDIRECTED_AWAY = "redirected-elsewhere"
    REDIRECTED_TOO_OFTEN = "redirected-too-often"
    COMPRESSED = "compressed"
    TOO_LARGE = "too-large"
    NOT_FOUND = "not-found"
    STATUS = "http-status"
    NOT_JSON = "not-json"
    CONTENT_TYPE = "content-type"
    FIELD_MISSING = "field-missing"
    # the issuer, compared as text
    SLASH_MISSING = "issuer-slash-missing"
    SLASH_TOO_MUCH = "issuer-slash-too-much"
    ISSUER_TENANT = "issuer-of-many-tenants"
    ISSUER_INTERNAL = "issuer-internal"
    ISSUER_HTTP = "issuer-http"
    ISSUER_OTHER = "issuer-other"
    # time, endpoints, keys
    CLOCK = "clock"
    ENDPOINT_MISSING = "endpoint-missing"
    ENDPOINT_NOT_HTTPS = "endpoint-not-https"
    ENDPOINT_ELSEWHERE = "endpoint-elsewhere"
    NO_USERINFO = "no-userinfo"
    NO_CODE_FLOW = "no-code-flow"
    NO_ALGORITHM = "no-algorithm"
    SHARED_SECRET_ONLY = "shared-secret-only"  # noqa: S105 (a name)
    KEYS_UNREACHABLE = "keys-unreachable"
    NO_KEYS = "no-keys"
    ENCRYPTION_KEYS_ONLY = "encryption-keys-only"
    KEYS_DO_NOT_FIT = "keys-do-not-fit"
    KEYS_AMBIGUOUS = "keys-ambiguous"
    KEY_SHORT = "key-short"
    # scopes and claims
    SCOPES_NOT_ANNOUNCED = "scopes-not-announced"
    CLAIM_NOT_ANNOUNCED = "claim-not-announced"
    CLAIM_OPAQUE = "claim-opaque"
    GROUPS_NOT_ANNOUNCED = "groups-claim-not-announced"
    # the client
    CLIENT_UNKNOWN = "client-unknown"
    REDIRECT_REFUSED = "redirect-refused"
    SCOPE_REFUSED = "scope-refused"
    CLIENT_NOT_ALLOWED = "client-not-allowed"
    AUTHORIZE_REFUSED = "authorize-refused"
    NOT_DECIDED = "not-decided"
    PKCE_NOT_S256 = "pkce-not-s256"
    PKCE_REFUSED = "pkce-refused"
    SECRET_METHOD = "secret-method"  # noqa: S105 (a name)
    SECRET_WRONG = "secret-wrong"  # noqa: S105 (a name)
    SECRET_MISSING = "secret-missing"  # noqa: S105 (a name)
    SECRET_NOT_DECIDED = "secret-not-decided"  # noqa: S105 (a name)
    TOKEN_ELSEWHERE = "token-endpoint-elsewhere"  # noqa: S105 (a name)
    # as PVE sees it
    PVE_NO_REALM = "pve-no-realm"
    PVE_ISSUER = "pve-other-issuer"
    PVE_CERTIFICATE = "pve-certificate"
    PVE_UNREACHABLE = "pve-unreachable"
    PVE_STATUS = "pve-http-status"
    PVE_PARSE = "pve-cannot-read"
    PVE_REFUSED = "pve-refused"
    PVE_OTHER_URL = "pve-other-url"
    # a login whose way back was pasted
    NO_ADDRESS = "no-address"
    OTHER_ADDRESS = "other-address"
    STATE_OTHER = "state-other"
    NO_CODE = "no-code"
    CODE_TOO_LONG = "code-too-long"
    LOGIN_CANCELLED = "login-cancelled"
    LOGIN_NOT_GRANTED = "login-not-granted"
    LOGIN_ANSWERED_ERROR = "login-answered-error"
    LOGIN_REFUSED = "login-refused"
    # a pasted token
    NOT_A_TOKEN = "not-a-token"  # noqa: S105 (a name)
    TOKEN_ENCRYPTED = "token-encrypted"  # noqa: S105 (a name)


class OpenIdTrouble(AuthTuiError):
    """A provider could not be used: `cause` says why, `facts` what was seen (untrusted).

    The sentence is for where no stage stands around it; `core.openid.words` has the longer words.
    """

    def __init__(
        self,
        cause: Cause,
        message: str,
        hint: str = "",
        original: str = "",
        facts: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint, original)
        self.cause = cause
        self.facts = dict(facts or {})
