"""What an LDAP result means (RFC 4511 A.2, and what Active Directory adds in its text)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pve_auth_tui.adapters.directory.messages import Result
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble

OK: Final = 0
INVALID_CREDENTIALS: Final = 49
_SHOWN: Final = 1024  # characters of the server's own text

_BOTH: Final = {
    2: Cause.NOT_LDAP,
    8: Cause.STRONGER_AUTH,
    13: Cause.CONFIDENTIALITY,
    51: Cause.BUSY,
    52: Cause.UNAVAILABLE,
}
_BIND: Final = _BOTH | {
    7: Cause.STRONGER_AUTH,  # authMethodNotSupported: no simple binds here
    32: Cause.UNKNOWN_ACCOUNT,
    34: Cause.BAD_BIND_DN,
    INVALID_CREDENTIALS: Cause.WRONG_CREDENTIALS,
}
_NOBODY: Final = _BOTH | dict.fromkeys((7, 48, INVALID_CREDENTIALS, 50, 53), Cause.NOBODY_REFUSED)
_SEARCH: Final = _BOTH | {
    3: Cause.TIME_LIMIT,
    4: Cause.SIZE_LIMIT,
    10: Cause.BASE_ELSEWHERE,
    11: Cause.ADMIN_LIMIT,
    12: Cause.NO_PAGING,
    18: Cause.BAD_FILTER,
    32: Cause.BASE_UNKNOWN,
    34: Cause.BASE_MALFORMED,
    50: Cause.NOT_ALLOWED,
    87: Cause.BAD_FILTER,  # Net::LDAP and others: the filter cannot be encoded
}
# Active Directory's `80090308: LdapErr: DSID-..., comment: ..., data 52e, v4563`: a Windows error
# in hexadecimal (winerror.h). Samba says 52e for a name that it does not know, too.
_DATA: Final = re.compile(r"\bdata ([0-9a-fA-F]{1,8})\b")
_WINDOWS: Final = {
    0x525: Cause.UNKNOWN_ACCOUNT,
    0x52E: Cause.WRONG_PASSWORD,
    0x530: Cause.NOT_NOW,
    0x531: Cause.NOT_FROM_HERE,
    0x532: Cause.PASSWORD_EXPIRED,
    0x533: Cause.ACCOUNT_DISABLED,
    0x701: Cause.ACCOUNT_EXPIRED,
    0x773: Cause.MUST_CHANGE,
    0x775: Cause.ACCOUNT_LOCKED,
}
# 389 Directory Server and FreeIPA tell by their text alone
_TOLD: Final = (
    (19, re.compile(r"retry limit|locked", re.IGNORECASE), Cause.ACCOUNT_LOCKED),
    (53, re.compile(r"account inactivated", re.IGNORECASE), Cause.ACCOUNT_DISABLED),
    (INVALID_CREDENTIALS, re.compile(r"password expired", re.IGNORECASE), Cause.PASSWORD_EXPIRED),
)
_NOT_BOUND: Final = re.compile(r"successful bind must be completed|000004DC", re.IGNORECASE)

_NAMES: Final = {
    1: "operations error",
    2: "protocol error",
    3: "time limit exceeded",
    4: "size limit exceeded",
    7: "authentication method not supported",
    8: "stronger authentication required",
    10: "referral",
    11: "administrative limit exceeded",
    12: "unavailable critical extension",
    13: "confidentiality required",
    18: "inappropriate matching",
    32: "no such object",
    34: "invalid DN syntax",
    48: "inappropriate authentication",
    49: "invalid credentials",
    50: "insufficient access rights",
    51: "busy",
    52: "unavailable",
    53: "unwilling to perform",
}


def words(text: bytes) -> str:
    """The server's own text, untrusted; Active Directory ends its own with a NUL."""
    return text.decode("utf-8", "replace").rstrip("\0 \r\n")[:_SHOWN]


def bind_trouble(result: Result) -> DirectoryTrouble:
    """Of a bind with a password that did not succeed."""
    text = words(result.text)
    cause = _BIND.get(result.code, Cause.BIND_REFUSED)
    facts = {"code": str(result.code)}
    if result.code == INVALID_CREDENTIALS and (found := _DATA.search(text)):
        facts["data"] = found[1].lower()
        cause = _WINDOWS.get(int(found[1], 16), cause)
    for code, pattern, told in _TOLD:
        if result.code == code and pattern.search(text):
            cause = told
    return _trouble(cause, f"The bind was refused: {_named(result.code)}.", text, facts)


def nobody_trouble(result: Result) -> DirectoryTrouble:
    """Of an anonymous bind."""
    text = words(result.text)
    cause = _NOBODY.get(result.code, Cause.BIND_REFUSED)
    facts = {"code": str(result.code)}
    return _trouble(cause, f"The anonymous bind was refused: {_named(result.code)}.", text, facts)


def search_trouble(result: Result) -> DirectoryTrouble:
    """Of a search that brought nothing."""
    text = words(result.text)
    cause = _SEARCH.get(result.code, Cause.SEARCH_REFUSED)
    if result.code == 1 and _NOT_BOUND.search(text):
        cause = Cause.NOT_ALLOWED  # Active Directory, to whoever has not bound
    facts = {"code": str(result.code)}
    if result.matched:
        facts["matched"] = words(result.matched)
    return _trouble(cause, f"The search was refused: {_named(result.code)}.", text, facts)


def _trouble(cause: Cause, message: str, text: str, facts: Mapping[str, str]) -> DirectoryTrouble:
    return DirectoryTrouble(cause, message, original=text, facts=facts)


def _named(code: int) -> str:
    return f"{_NAMES[code]} ({code})" if code in _NAMES else f"code {code}"
