"""Why a directory cannot be used as a realm wants it: every reason has a name of its own.

The names stand in reports, JSON and docs/realm-causes.md; `core.realmtest` says them in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from pve_auth_tui.core.errors import AuthTuiError


class Cause(Enum):
    """In the order in which a connection meets them."""

    # the address
    NAME_UNKNOWN = "name-unknown"
    DNS_SILENT = "dns-silent"
    NO_SRV = "no-srv"
    # the port
    REFUSED = "refused"
    SILENT = "silent"
    NO_ROUTE = "no-route"
    BROKEN_OFF = "broken-off"
    NOT_LDAP = "not-ldap"
    # TLS
    STARTTLS_NOT_OFFERED = "starttls-not-offered"
    NO_TLS = "no-tls"
    TLS_WANTED = "tls-wanted"
    OTHER_TLS_VERSION = "other-tls-version"
    NO_COMMON_TLS = "no-common-tls"
    CLIENT_CERT_WANTED = "client-certificate-wanted"
    CLIENT_CERT_UNREADABLE = "client-certificate-unreadable"
    CA_MISSING = "ca-missing"
    CA_UNREADABLE = "ca-unreadable"
    CERT_UNTRUSTED = "certificate-untrusted"
    CERT_SELF_SIGNED = "certificate-self-signed"
    CERT_INCOMPLETE = "certificate-chain-incomplete"
    CERT_EXPIRED = "certificate-expired"
    CERT_NOT_YET = "certificate-not-yet-valid"
    CERT_OTHER_NAME = "certificate-other-name"
    CERT_OTHER_ADDRESS = "certificate-other-address"
    CERT_WEAK = "certificate-weak"
    CERT_NOT_FOR_SERVERS = "certificate-not-for-servers"
    CERT_REFUSED = "certificate-refused"
    CERT_ENDS_SOON = "certificate-ends-soon"
    NOT_VERIFIED = "not-verified"
    IN_CLEAR = "in-clear"
    # bind
    STRONGER_AUTH = "stronger-auth-required"
    CONFIDENTIALITY = "confidentiality-required"
    NOBODY_REFUSED = "anonymous-refused"
    NO_PASSWORD = "no-password"  # noqa: S105 (a name)
    WRONG_CREDENTIALS = "wrong-credentials"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 (a name)
    UNKNOWN_ACCOUNT = "unknown-account"
    ACCOUNT_DISABLED = "account-disabled"
    ACCOUNT_EXPIRED = "account-expired"
    ACCOUNT_LOCKED = "account-locked"
    PASSWORD_EXPIRED = "password-expired"  # noqa: S105 (a name)
    MUST_CHANGE = "must-change-password"
    NOT_NOW = "not-at-this-time"
    NOT_FROM_HERE = "not-from-here"
    BAD_BIND_DN = "bind-dn-malformed"
    BIND_REFUSED = "bind-refused"
    # base and search
    NO_BASE = "no-base"
    BASE_UNKNOWN = "base-unknown"
    BASE_MALFORMED = "base-malformed"
    BASE_ELSEWHERE = "base-elsewhere"
    NOT_ALLOWED = "search-not-allowed"
    BAD_FILTER = "filter-malformed"
    SIZE_LIMIT = "size-limit"
    TIME_LIMIT = "time-limit"
    ADMIN_LIMIT = "admin-limit"
    NO_PAGING = "no-paging"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    TOO_MUCH = "too-much"
    SEARCH_REFUSED = "search-refused"
    # what came
    NO_USERS = "no-users"
    NO_NAME_ATTRIBUTE = "no-name-attribute"
    NAMES_SKIPPED = "names-skipped"
    NAMES_TWICE = "names-twice"
    NAMES_DANGEROUS = "names-dangerous"
    VALUES_SKIPPED = "values-skipped"
    ATTRIBUTE_NEVER_COMES = "attribute-never-comes"
    BAD_MAPPING = "mapping-malformed"
    NO_MAPPING = "no-mapping"
    NO_GROUPS = "no-groups"
    GROUPS_SKIPPED = "groups-skipped"
    MEMBERS_BY_NAME = "members-by-name"
    NESTED_GROUPS = "nested-groups"
    RANGED_MEMBERS = "ranged-members"
    PRIMARY_GROUP = "primary-group"
    MEMBERS_ELSEWHERE = "members-elsewhere"
    # one person's login
    NOT_FOUND = "person-not-found"
    AMBIGUOUS = "person-ambiguous"
    LOCK_NEAR = "lock-near"
    NOT_IN_PVE = "not-in-pve"
    DISABLED_IN_PVE = "disabled-in-pve"
    # the rest
    CLOCK = "clock"


class DirectoryTrouble(AuthTuiError):
    """A server of a realm could not be used: `cause` says why, `facts` what was seen.

    The sentence is for where no stage stands around it; `core.realmtest` has the longer words.
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
