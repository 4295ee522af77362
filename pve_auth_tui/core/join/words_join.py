"""Words for what a join, or another command, came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.said import Said, do

_NOTHING: Final = "Nothing was joined or left. root@pam needs no domain to log in."

DURING: Final[Mapping[C, Said]] = {
    C.WRONG_PASSWORD: Said(
        "The domain does not take this password of {user}.",
        "Nothing is tried again by itself: Active Directory locks an account after a few wrong "
        "passwords. " + _NOTHING,
        (
            ("see whether the keyboard is the right one, then type it again", "account"),
            ("see whether {user} is the right account", ""),
        ),
    ),
    C.UNKNOWN_USER: Said(
        "The domain knows no {user}.",
        _NOTHING,
        do(
            "write the name without the domain, like Administrator",
            "an account of another domain is written name@OTHER.DOMAIN",
        ),
    ),
    C.USER_REVOKED: Said(
        "{user} is disabled, locked or has expired in the domain.",
        "Kerberos does not tell which of them. " + _NOTHING,
        do("have the account looked at (directory team)", "take another account"),
    ),
    C.MUST_CHANGE: Said(
        "{user} has to change the password first: it has expired, or was set anew.",
        _NOTHING,
        do(
            "log in once where it can be changed, such as at a Windows machine",
            "take another account",
        ),
    ),
    C.WRONG_REALM: Said(
        "{user} is not written as Kerberos has it: the part after @ is in capitals.",
        _NOTHING,
        do("write the name alone, or name@DOMAIN in capitals"),
    ),
    C.NO_RIGHT: Said(
        "{user} may not make or change the account {computer}$.",
        "The password was right. " + _NOTHING,
        do(
            "have the right to join computers given to {user} there (directory team)",
            "have the account made beforehand for {user} (directory team)",
            "name an OU in which {user} may do it",
            "take another account",
        ),
    ),
    C.OU_MISSING: Said(
        "There is no {ou} in {domain}.",
        "The password was right. " + _NOTHING,
        do("correct the DN of the OU", "leave it empty: the domain's own place is taken"),
    ),
    C.NO_KDC: Said(
        "No domain controller answered Kerberos' questions (ports 88 and 464).",
        _NOTHING,
        do(
            "open 88 and 464, TCP and UDP, to the domain controllers",
            "see whether they run, by the rows of the check",
        ),
    ),
    C.NO_LDAP: Said(
        "No domain controller answered LDAP's questions (port 389).",
        "`realm discover` ends with 0 of it all the same. " + _NOTHING,
        do(
            "open 389, TCP and UDP, to the domain controllers",
            "see whether they run, by the rows of the check",
        ),
    ),
    C.NO_CREDENTIALS: Said(
        "realmd ended without a word: it had no password and no ticket.",
        _NOTHING,
        (("join with an account and its password", "account"),),
    ),
    C.BUSY: Said(
        "realmd is at work for somebody else.",
        "It does one thing at a time; a join that was stopped goes on in it. Nothing was done now.",
        do("wait a minute, then look at the membership again"),
    ),
    C.TIMED_OUT: Said(
        "It was ended before it was done: its time was over, or somebody stopped it.",
        "A join that has begun goes on in realmd, even when whoever asked is gone: the node is "
        "looked at, nothing is believed.",
        do("look at the membership again in a minute", "see the rows on ports and DNS"),
    ),
    C.UNKNOWN: Said(
        "It failed with words that are not known here; they stand below as they came.",
        "What was checked before stands in the table.",
        do("read its output below", "look into journalctl -u realmd -u sssd"),
    ),
}
