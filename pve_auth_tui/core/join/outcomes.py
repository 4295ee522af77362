"""What realm, adcli, apt and their like mean by what they print (reference/host.md 2).

realmd's own last line is too coarse, and at times wrong: the complaint that adcli made before it
decides. Nothing here trusts an exit code alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.realmd import discovered, parse

Doing = Literal[
    "discover",
    "join",
    "leave",
    "permit",
    "list",
    "testjoin",
    "show-computer",
    "delete-computer",
    "apt",
    "id",
    "user-checks",
    "service",
    "other",
]
OFFLINE_AFTER: Final = 4.0
"""Seconds after which `id` has waited for a DC that is not there: it then says `no such user`."""

_Patterns = Sequence[tuple[str, C]]
"""What stands for a name in one has a most length: a line full of beginnings costs no minutes."""

_KERBEROS: Final[_Patterns] = (
    (r"Preauthentication failed|Integrity check on decrypted field failed", C.WRONG_PASSWORD),
    (r"Client '.{0,200}' not found in Kerberos database|Client not found in Kerb", C.UNKNOWN_USER),
    (r"[Cc]redentials have been revoked|Client's entry in database has expired", C.USER_REVOKED),
    # MIT asks for a new password at once, and gets none
    (r"New password cannot be zero length|[Pp]assword has expired|must change", C.MUST_CHANGE),
    (r"KDC reply did not match expectations|Wrong realm", C.WRONG_REALM),
    (r"Clock skew too great|Ticket not yet valid", C.CLOCK_OFF),
    (r"Server not found in Kerberos database", C.DC_NAME_OTHER),
    (r"Cannot (contact|find|resolve).{0,200} KDC|Cannot find KDC", C.NO_KDC),
)
_JOIN: Final[_Patterns] = (
    *_KERBEROS,
    (r"organizational unit does not exist", C.OU_MISSING),
    (r"No computer account for .{0,200} exists", C.NO_ACCOUNT),
    (r"Insufficient permissions", C.NO_RIGHT),
    (r"Temporary failure in name resolution", C.DNS_SILENT),
    (r"No LDAP SRV records for domain", C.NO_SRV),
    (r"Can't contact LDAP server|Couldn't find usable domain controller", C.NO_LDAP),
    (r"PackageKit not available|packagekit.{0,200}(is masked|not provided)", C.PACKAGEKIT),
    (r"not available for installation|packages are not installed", C.PACKAGES_MISSING),
    (r"Already running another action", C.BUSY),
    (r"Already have domain .{1,255} in sssd\.conf", C.LEFTOVERS),
    (r"Invalid login argument", C.NAME_REFUSED),
    (r"Not authorized to perform this action", C.NOT_ROOT),
    (r"Already joined to this domain", C.ALREADY_MEMBER),
    (r"Already joined to another domain|already joined to a", C.OTHER_MEMBER),
    (
        r"No such realm found|No default realm discovered|[Cc]ouldn't discover domain",
        C.NOT_DISCOVERED,
    ),
    (r"Couldn't (connect to|contact) (realm service|realmd|system bus)", C.REALMD_DEAD),
    (r"org\.freedesktop\.realmd|Could not connect: No such file", C.REALMD_DEAD),
    (r"Cannot join this realm|not a member of|doesn't support", C.NOT_ACTIVE_DIRECTORY),
)
_MEMBER: Final[_Patterns] = (
    (r"Couldn't find a (configured|matching) realm|Not currently joined", C.NOT_MEMBER),
    *_JOIN,
)
_TESTJOIN: Final[_Patterns] = (
    (r"Cannot (contact|find|resolve).{0,200} KDC|Cannot find KDC", C.TRUST_UNKNOWN),
    (r"No LDAP SRV records|find usable domain controller|contact LDAP server", C.TRUST_UNKNOWN),
    (r"[Cc]ouldn't discover domain|Clock skew", C.TRUST_UNKNOWN),
    (r"authenticate as machine account|keytab|Preauthentication failed", C.TRUST_BROKEN),
    (r"revoked|not found in Kerberos database", C.TRUST_BROKEN),
)
_APT: Final[_Patterns] = (
    (r"Unable to locate package|has no installation candidate", C.PACKAGES_UNKNOWN),
    (r"Couldn't find any package", C.PACKAGES_UNKNOWN),
    (r"Unable to (acquire|lock)|Could not get lock|another process using it", C.APT_LOCKED),
    (r"are you root", C.NOT_ROOT),
)
_SERVICE: Final[_Patterns] = (
    (r"start of the service was attempted too often|start-limit-hit", C.START_LIMIT),
    (r"Start request repeated too quickly", C.START_LIMIT),
    (r"Job for sssd\.service failed", C.SSSD_CONFIG),
    (r"is masked", C.SSSD_DEAD),
)
_NOBODY_KNOWN: Final = re.compile(
    r"sss_getpwnam_r failed|User name lookup with .* failed|^pam_acct_mgmt: User not known",
    re.MULTILINE,
)
_UNANSWERED: Final = "sss_getpwnam_r failed with [-1]"  # sssd itself gave no answer
_REFUSALS: Final = frozenset(("Permission denied", "User account has expired"))
_SAYS_NO: Final = re.compile(r"^\s*(!|adcli:|realm:|E:|W:|Job for|net:|dpkg|id:)")


def classify(said: Said, doing: Doing) -> tuple[C, ...]:
    """Why it did not do what it was for, worst first; () when it says that it did.

    UNKNOWN for what is not known: it is shown raw. What succeeded is not yet well: see
    `succeeded_but`, and look at the node.
    """
    if said.code is None:
        return (C.TIMED_OUT,)
    match doing:
        case "discover":
            return _discover(said)
        case "id":
            return _id(said)
        case "user-checks":
            return _user_checks(said)
        case "service":
            return () if said.code == 0 else _first(said, _SERVICE) or (C.SSSD_DEAD,)
        case "apt":
            return () if said.code == 0 else _first(said, _APT) or (C.APT_FAILED,)
        case "testjoin":
            return () if said.code == 0 else _first(said, _TESTJOIN) or _by_code(said)
    if said.code == 0:
        return ()
    if found := _first(said, _JOIN if doing == "join" else _MEMBER):
        return found
    if said.code < 0:
        return (C.TIMED_OUT,)  # a signal ended it: what it was for may go on in realmd
    return (C.NO_CREDENTIALS,) if doing == "join" and _nothing_said(said) else (C.UNKNOWN,)


def succeeded_but(said: Said, doing: Doing = "join") -> tuple[C, ...]:
    """What should not pass unseen of something that ended with 0, worst first.

    sssd that did not start again: realmd says yes regardless. Of a join NAME_TOO_LONG (it was cut
    to 15), ACCOUNT_EXISTS (it was taken over), NO_FQDN (joined under a short name).
    """
    if said.code != 0:
        return ()
    found: list[C] = []
    if doing in ("join", "permit", "service"):
        found.extend(_first(said, _SERVICE))
    if doing == "join":
        text = said.text
        if "Joining using a truncated netbios name" in text:
            found.append(C.NAME_TOO_LONG)
        if has_found_account(said):
            found.append(C.ACCOUNT_EXISTS)
        if re.search(r"Using fully qualified name: [^.\s]+\s*$", text, re.MULTILINE):
            found.append(C.NO_FQDN)
    return tuple(found)


def has_made_account(said: Said) -> bool:
    """Whether a join made an account, however it ended then."""
    return "Created computer account" in said.text


def has_found_account(said: Said) -> bool:
    """Whether a join took over an account that was there, however it ended then."""
    return "Found computer account for " in said.text


def telling(said: Said) -> str:
    """The one line that tells most, untrusted: the first complaint, else the last line."""
    for line in said.lines:
        if _SAYS_NO.match(line):
            return line.strip().removeprefix("! ")
    last = next((line.strip() for line in reversed(said.lines) if line.strip()), "")
    return last.removeprefix("* ")


def _first(said: Said, known: _Patterns) -> tuple[C, ...]:
    """The cause whose pattern fits first: the order of `known` is how much it tells."""
    text = said.text
    for pattern, cause in known:
        if re.search(pattern, text):
            return (cause,)
    return ()


def _discover(said: Said) -> tuple[C, ...]:
    if discovered(said):
        return ()
    if said.code != 0:
        return _first(said, _JOIN) or (C.UNKNOWN,)
    if found := _first(said, ((r"Can't contact LDAP server", C.NO_LDAP),)):
        return found
    # what realmd found without a word of which kind it is, or of another kind
    return (C.NOT_ACTIVE_DIRECTORY,) if parse(said.out) else (C.NOT_DISCOVERED,)


def _id(said: Said) -> tuple[C, ...]:
    if said.code == 0:
        return ()
    if "no such user" not in said.text:
        return (C.UNKNOWN,)
    return (C.NAME_OFFLINE,) if said.seconds >= OFFLINE_AFTER else (C.NAME_NOT_FOUND,)


def _user_checks(said: Said) -> tuple[C, ...]:
    """`sssctl user-checks -a acct` always ends with 0: the text of PAM is the answer."""
    told = set(re.findall(r"^pam_acct_mgmt: (.*?)\s*$", said.text, re.MULTILINE))
    if told == {"Success"}:
        return ()
    if _UNANSWERED in said.text:
        return (C.SSSD_DEAD,)
    if _NOBODY_KNOWN.search(said.text):
        return (C.NAME_NOT_FOUND,)
    # "System error" and the like keep people out as well, but not by anybody's rule
    return (C.REFUSED_LOGIN,) if told and told <= _REFUSALS else (C.UNKNOWN,)


def pam_said(said: Said) -> str:
    """PAM's own word of `sssctl user-checks`, untrusted; "" for none."""
    found = re.findall(r"^pam_acct_mgmt: (.*?)\s*$", said.text, re.MULTILINE)
    return found[-1] if found else ""


def _by_code(said: Said) -> tuple[C, ...]:
    """adcli's codes: 5 no DC was reached, 3 the computer's account is gone or its password old."""
    return {5: (C.TRUST_UNKNOWN,), 3: (C.TRUST_BROKEN,)}.get(said.code or 0, (C.UNKNOWN,))


def _nothing_said(said: Said) -> bool:
    """realmd without a credential asks for no password, and ends with no complaint at all."""
    complains = any(_SAYS_NO.match(line) for line in said.lines)
    return not complains and "Successfully discovered" in said.text and "Password" not in said.text
