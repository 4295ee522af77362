"""What is wrong with a check, what that means now, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.report import NOT_REACHED, Advice, Check, Fix, RealmTest, Stage
from pve_auth_tui.core.realmtest.seen import IS_FOR, PERSON, TLS, WHY
from pve_auth_tui.core.realmtest.told import Said, Told, consequence
from pve_auth_tui.core.realmtest.words_bind import BINDS
from pve_auth_tui.core.realmtest.words_reach import REACH
from pve_auth_tui.core.realmtest.words_search import SEARCHES
from pve_auth_tui.core.realmtest.words_tls import CERTIFICATES
from pve_auth_tui.core.words import listed

SAID: Final[Mapping[Cause, Said]] = {**REACH, **CERTIFICATES, **BINDS, **SEARCHES}

_ASKS: Final = "No password is sent where others could read it until somebody types yes."


def advice(check: Check, test: RealmTest) -> Advice:
    """Of all its causes, the worst first; without any, a sentence of what it is. Untrusted text."""
    told = Told(check, test)
    if not check.causes:
        return Advice(_well(told) if check.word == "ok" else _waits(told))
    causes = check.causes[:1] if check.causes[0] is Cause.NOT_VERIFIED else check.causes
    each = [_said(cause, told) for cause in causes]
    return Advice(
        " ".join(dict.fromkeys(one.what for one in each)),
        " ".join(dict.fromkeys(one.now for one in each if one.now)),
        tuple(_once(fix for one in each for fix in one.fixes)),
    )


def _said(cause: Cause, told: Told) -> Advice:
    said, names = SAID[cause], told.names
    what, now = (
        one.format_map(names) if isinstance(one, str) else one(told)
        for one in (said.what, said.now)
    )
    if told.check.word == "-" and cause in (Cause.IN_CLEAR, Cause.NOT_VERIFIED):
        what = f"{what} {_ASKS}"
    if not now and told.check.word == "BAD":
        now = "" if told.check.stage is Stage.LOGIN else consequence(told)
    fixes = (Fix(text.format_map(names)) for text in said.fixes)
    return Advice(what, now, (*said.more(told), *fixes))


def _once(fixes: Iterable[Fix]) -> Iterable[Fix]:
    seen: set[str] = set()
    for fix in fixes:
        if fix.text not in seen:
            seen.add(fix.text)
            yield fix


def _waits(told: Told) -> str:
    check = told.check
    if told.facts(WHY):
        return f"Not tried: {told.fact(WHY)}."
    if check.stage is Stage.LOGIN:
        return "Nobody's login was tried yet."
    if check.text == NOT_REACHED:
        return "Not reached: an earlier stage has to be well first."
    return "The realm does not use TLS, so there is nothing to look at."


def _well(told: Told) -> str:
    check, names = told.check, told.names
    match check.stage:
        case Stage.ADDRESS:
            return f"{check.server} is {check.text}."
        case Stage.PORT:
            return "{server} takes connections on port {port}.".format_map(names)
        case Stage.STARTTLS:
            offers = "speaks TLS" if told.settings.mode == "ldaps" else "offers STARTTLS"
            return f"{check.server} {offers}."
        case Stage.CERTIFICATE:
            left = f" {check.text} are left." if check.text else ""
            return f"It is for {listed(told.facts(IS_FOR), 2)}, and it is trusted.{left}"
        case Stage.VERSION:
            return f"{told.fact(TLS)}: PVE uses this version and no other."
        case Stage.BIND:
            return "{server} lets {bind} in.".format_map(names)
        case Stage.BASE:
            return "{base} is there.".format_map(names)
        case Stage.USERS:
            return f"{check.text} users came, with all that the realm maps."
        case Stage.GROUPS:
            return f"{check.text} groups came."
        case Stage.NAMES:
            return "PVE takes every name."
    return f"{told.fact(PERSON) or 'This person'} would get in: the password is right."
