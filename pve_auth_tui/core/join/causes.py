"""Why a join would not work, did not, or worked and should not pass unseen."""

from __future__ import annotations

from enum import Enum
from typing import Final


class JoinCause(Enum):
    """The value is the name that --json and the documents use. `core.join.words` explains each."""

    # the node
    NO_FQDN = "no-fqdn"
    OTHER_DOMAIN = "host-name-of-other-domain"
    NAME_TOO_LONG = "netbios-name-too-long"
    NAME_UNFIT = "netbios-name-unfit"
    LOOPBACK_NAME = "host-name-is-loopback"
    ALREADY_MEMBER = "already-joined"
    OTHER_MEMBER = "joined-to-another-domain"
    NOT_MEMBER = "not-joined"
    LEFTOVERS = "leftovers-of-a-join"
    ACCESS_ELSEWHERE = "logins-set-elsewhere"
    SSSD_OTHER = "sssd-serves-another-domain"
    PACKAGES_MISSING = "packages-missing"
    PACKAGES_UNKNOWN = "packages-unknown-to-apt"
    PACKAGES_UPGRADE = "packages-change-others"
    APT_LOCKED = "apt-locked"
    APT_FAILED = "apt-failed"
    PACKAGEKIT = "packagekit-missing"
    REALMD_DEAD = "realmd-does-not-answer"
    TOOL_MISSING = "tool-missing"
    NOT_ROOT = "not-root"
    PAM_UNSAFE = "pam-unsafe"
    SUDO_RULES = "sudo-rules-of-the-domain"
    OTHERS_NOT_JOINED = "other-nodes-not-joined"
    # names and ways
    DNS_FOREIGN = "dns-server-of-another-kind"
    DNS_SILENT = "dns-silent"
    NO_SRV = "no-srv-records"
    DC_NAME_UNKNOWN = "dc-name-unknown"
    DC_NAME_OTHER = "dc-address-has-another-name"
    PORT_REFUSED = "port-refused"
    PORT_SILENT = "port-silent"
    CLOCK_OFF = "clock-off"
    CLOCK_UNKNOWN = "clock-not-readable"
    NOT_DISCOVERED = "not-discovered"
    NOT_ACTIVE_DIRECTORY = "not-active-directory"
    # the account
    ACCOUNT_OF_OTHER = "account-of-another-host"
    ACCOUNT_EXISTS = "account-exists"
    ACCOUNT_UNKNOWN = "account-not-looked-for"
    NO_ACCOUNT = "no-such-account"
    # the join itself
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 (a name)
    UNKNOWN_USER = "unknown-user"
    USER_REVOKED = "user-disabled-or-expired"
    MUST_CHANGE = "password-must-change"
    WRONG_REALM = "user-of-wrong-realm"
    NO_RIGHT = "no-right-to-join"
    OU_MISSING = "ou-missing"
    NO_KDC = "kdc-not-reached"
    NO_LDAP = "ldap-not-reached"
    NO_CREDENTIALS = "no-credentials"
    BUSY = "realmd-busy"
    TIMED_OUT = "timed-out"
    UNKNOWN = "unknown-output"
    # afterwards
    SSSD_DEAD = "sssd-not-running"
    SSSD_CONFIG = "sssd-config-broken"
    START_LIMIT = "systemd-start-limit"
    TRUST_BROKEN = "computer-password-wrong"
    TRUST_UNKNOWN = "trust-not-checked"
    OPEN_TO_ALL = "everybody-may-log-in"
    NOBODY_MAY = "nobody-may-log-in"
    NAME_REFUSED = "name-refused-by-realmd"
    NAME_NOT_FOUND = "name-not-found"
    NAME_OFFLINE = "name-perhaps-offline"
    REFUSED_LOGIN = "login-refused"
    WRONGLY_ALLOWED = "login-allowed"
    START_WINDOW = "nobody-asked-at-start"
    NO_HOMES = "homes-not-made"


REFUSES_ACCOUNT: Final = frozenset(
    {
        JoinCause.WRONG_PASSWORD,
        JoinCause.UNKNOWN_USER,
        JoinCause.USER_REVOKED,
        JoinCause.MUST_CHANGE,
        JoinCause.WRONG_REALM,
    }
)
"""A DC said no to name or password: nothing was made, and nobody tries again unasked (R23)."""
