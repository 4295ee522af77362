"""All ways in that there are today, one for each second factor.

What counts is what `core.standing` counts for the guard, with two things more: a security key that
was seen to work under another WebAuthn ID than today's is no way in (reference 8.1), and root at
the console or over SSH is one that does without PVE (reference 11.3). API tokens are nobody's
login.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.logins import KINDS, webauthn_id
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.standing import (
    CERTAINTIES,
    Certainty,
    Factor,
    Standing,
    account_problem,
    first_factor,
    second_factors,
)
from pve_auth_tui.core.survive.way import First, Way

_ORDER: Final = (*KINDS.values(), "")
_NOW: Final[Mapping[str, str]] = {  # how `core.standing` begins what a plan would lead to
    "would have ": "has ",
    "would be ": "is ",
    "would belong ": "belongs ",
}


class Without(NamedTuple):
    """An administrator who is neither disabled nor expired and has no way in, and why: a clause
    that follows the userid.
    """

    userid: str
    reason: str


class Entrances(NamedTuple):
    """`ways`: root@pam's first, then by name; the console stands behind root@pam's."""

    ways: tuple[Way, ...]
    without: tuple[Without, ...]


def ways_in(snapshot: Snapshot, now: float) -> tuple[Way, ...]:
    """All of them; `now` in seconds since 1970."""
    return entrances(snapshot, now).ways


def entrances(snapshot: Snapshot, now: float) -> Entrances:
    """All ways in, and who has none."""
    access = snapshot.access.value
    people = {ROOT} if access is None else administrators(access)
    ways: list[Way] = []
    without: list[Without] = []
    for userid in people:
        found = _of(snapshot, userid, now)
        if isinstance(found, str):
            without += [Without(userid, found)] if found else []
        else:
            ways += found
    ways += _console(snapshot)
    return Entrances(tuple(sorted(ways, key=_rank)), tuple(sorted(without)))


def _rank(way: Way) -> tuple[bool, str, bool, int, str]:
    return (
        way.person != ROOT,
        way.person,
        way.first is First.CONSOLE,
        _ORDER.index(way.factor),
        way.key,
    )


def _of(snapshot: Snapshot, userid: str, now: float) -> list[Way] | str:
    """The ways of one administrator, or why there are none; "" for one who is not meant to."""
    account = account_problem(snapshot, userid, now)
    if account is not None and account.certainty is None:
        return ""
    first = first_factor(snapshot, userid)
    if first.certainty is None:
        return _today(first.reason)
    asked = second_factors(snapshot, userid, now)
    whole = asked.whole
    if whole is not None and whole.certainty is None:
        return _today(whole.reason)
    before = [one for one in (account, first, whole) if one is not None]
    if whole is not None:
        return [_way(snapshot, userid, before, None)]
    each = [(one, _seen(snapshot, userid, one)) for one in asked.factors]
    counts = [one for one, standing in each if standing.certainty is not None]
    if not counts:
        why = "; ".join(dict.fromkeys(standing.reason for _, standing in each))
        return f"is asked for {asked.wanted} and has none{why and f' that works: {why}'}"
    return [_way(snapshot, userid, [*before, one.standing], one) for one in counts]


def _seen(snapshot: Snapshot, userid: str, factor: Factor) -> Standing:
    """What holds for the factor, as far as logins with it were seen."""
    entry, today = factor.entry, webauthn_id(snapshot)
    mark = snapshot.proofs.get((userid, entry.id)) if entry else None
    if factor.kind == "key" and mark and today and mark.rp_id not in ("", today):
        return Standing(None, (), f"its key belongs to the WebAuthn ID {mark.rp_id}")
    return factor.standing


def _way(snapshot: Snapshot, userid: str, parts: list[Standing], factor: Factor | None) -> Way:
    realms = snapshot.realms.value
    realm = realms.realms.get(userid.rpartition("@")[2]) if realms else None
    certainty, reason = _worst(parts)
    return Way(
        userid,
        _first(userid, realm.type if realm else None),
        certainty,
        factor.kind if factor else "",
        factor.entry if factor else None,
        realm,
        _today(reason),
    )


def _worst(parts: list[Standing]) -> tuple[Certainty, str]:
    """Not known weighs more than that it depends on something: then nothing can be said."""
    for certainty in reversed(CERTAINTIES):
        for one in parts:
            if one.certainty == certainty:
                return certainty, one.reason
    return "known", ""


def _first(userid: str, kind: str | None) -> First:
    if kind in DIRECTORIES:
        return First.DIRECTORY
    if kind == "openid":
        return First.PROVIDER
    return First.LINUX if userid.endswith("@pam") else First.STORED


def _today(reason: str) -> str:
    for then, now in _NOW.items():
        if reason.startswith(then):
            return now + reason.removeprefix(then)
    return reason


def _console(snapshot: Snapshot) -> list[Way]:
    """By root's password on this node. SSH with a key would do as well, which nobody sees here."""
    unix = snapshot.unix.value
    if unix is None:
        why = "may have no Linux password: /etc/shadow of the node was not read"
        return [Way("root", First.CONSOLE, "unknown", reason=why)]
    return [Way("root", First.CONSOLE, "known")] if "root" in unix.users else []
