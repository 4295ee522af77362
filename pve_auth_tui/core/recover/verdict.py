"""The diagnosis in at most three sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core.logins import DEMANDS, demanded, login
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.causes import OF_THE_LOGIN, SHUT, Cause
from pve_auth_tui.core.recover.condition import Mount
from pve_auth_tui.core.recover.factorwords import called, ordered, realm_of, state
from pve_auth_tui.core.recover.facts import (
    clock_problem,
    full_disks,
    here,
    in_all,
    names,
    neighbours,
    not_asked,
    read_only_disks,
    unsettled,
)
from pve_auth_tui.core.recover.situation import Situation

_MOST: Final = 3
_ENOUGH: Final = "You are root here, that is enough. Nothing has been changed yet."
_UNCHANGED: Final = "Nothing has been changed yet."
_OF_NO_NODE: Final = (
    "There is no config.db here: this is no Proxmox VE node, or its database is gone."
)
_COUNTS: Final = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def sentences(situation: Situation, causes: Sequence[Cause]) -> tuple[str, ...]:
    """What is wrong with the node, with the login, and that nothing is changed yet."""
    if not causes:
        return (*_nothing(situation),)
    of_node = [cause for cause in causes if cause not in OF_THE_LOGIN]
    of_login = [cause for cause in causes if cause in OF_THE_LOGIN]
    found = list(_of_node(situation, of_node[0])) if of_node else []
    if len(of_node) > 1:  # the first sentence of each says what it is
        found = [found[0], next(_of_node(situation, of_node[1]))]
    if of_login:
        found = [*found[: _MOST - 1], *_of_login(situation, of_login)]
        if SHUT.isdisjoint(causes):
            found += _instead(situation, of_login)
    if len(found) < _MOST:
        can = situation.condition.here and Cause.NOT_A_NODE not in causes
        found.append(_ENOUGH if can else _UNCHANGED)
    return tuple(found[:_MOST])


def _nothing(situation: Situation) -> Iterator[str]:
    userid = plain(situation.userid)
    yield f"Nothing was found that keeps {userid} out of the web interface."
    yield "Whether the password is right was not tried. Nothing has been changed."


# --- the login ----------------------------------------------------------------------------------


def _of_login(situation: Situation, causes: Sequence[Cause]) -> Iterator[str]:
    userid, out = plain(situation.userid), "cannot log in to the web interface"
    found = login(situation.snapshot, situation.userid, situation.now)
    locked = causes[0] is Cause.LOCKED
    if causes[0] is Cause.TFA_UNREADABLE:
        yield "Nobody can log in with a password: PVE cannot read priv/tfa.cfg."
    elif locked and found.obstacle:
        yield f"{userid} {out}: {_locked(found.locked)}."
    elif locked:
        yield f"{userid} cannot log in with TOTP: it is locked (8 wrong codes)."
    elif causes[0] is Cause.REALM_TFA and not found.obstacle:
        wanted = f"realm {userid.rpartition('@')[2]} requires {_wanted(situation)}"
        yield f"{userid} gets in with a recovery key only: {wanted}."
    elif causes[0] is Cause.PASSWORD and found.asked:  # PVE asks for it before any factor
        yield f"{userid} {out}: {causes[0].value}."
    else:
        yield f"{userid} {out}: {plain(found.obstacle) or causes[0].value}."


def _locked(what: str) -> str:
    if what == "all":
        return "all second factors are locked (too many wrong tries)"
    return "TOTP is locked (8 wrong codes)"


def _wanted(situation: Situation) -> str:
    return DEMANDS.get(demanded(realm_of(situation)), "a second factor")


def _instead(situation: Situation, causes: Sequence[Cause]) -> Iterator[str]:
    if causes[0] is not Cause.LOCKED:
        return
    for entry in ordered(situation):
        how = state(situation, entry)
        if how.usable and entry.type == "webauthn":
            yield f"The key {called(entry)} still opens the web interface."
            return


# --- the node -----------------------------------------------------------------------------------


def _of_node(situation: Situation, cause: Cause) -> Iterator[str]:
    node, condition = here(situation), situation.condition
    match cause:
        case Cause.RESCUE:
            yield f"PVE does not run here: these are the files below {plain(condition.rescue)}."
        case Cause.DEAD_MOUNT:
            how = "takes requests and does not answer"
            if condition.mount is Mount.BROKEN:
                how = "lost its pmxcfs"
            yield f"/etc/pve of {node} {how}: no login works, and nothing can be changed."
        case Cause.PMXCFS:
            yield f"pmxcfs does not run on {node}: /etc/pve is not mounted, and no login works."
        case Cause.NO_QUORUM:
            yield from _no_quorum(situation)
        case Cause.LOCAL_MODE:
            yield f"pmxcfs of {node} runs in local mode, apart from the cluster."
            yield "Hand it back when the other nodes can be reached again."
        case Cause.FULL_DISK:
            yield f"{_places(full_disks(condition))} of {node} is full: PVE can store nothing."
        case Cause.READ_ONLY:
            yield f"{_places(read_only_disks(condition))} of {node} is read-only."
        case Cause.PVEDAEMON:
            yield f"pvedaemon does not run on {node}: the web interface opens, and no login works."
        case Cause.PVEPROXY:
            yield f"pveproxy does not run on {node}: the web interface does not open."
        case Cause.CLOCK:
            yield f"The clock of {node} is wrong, {clock_problem(situation)}: TOTP codes fail."
        case _:
            yield _OF_NO_NODE if cause is Cause.NOT_A_NODE else f"{node}: {cause.value}."


def _places(disks: Sequence[object]) -> str:
    return " and ".join(plain(str(getattr(disk, "path", ""))) for disk in disks)


def _no_quorum(situation: Situation) -> Iterator[str]:
    node = here(situation)
    others = neighbours(situation)
    quorate = [one for one in others if one.alive and one.quorate]
    alive = [one for one in others if one.alive]
    cannot = "Nothing in /etc/pve can be changed here."
    if quorate and len(quorate) == len(others) and others:
        who = f"the other {_COUNTS.get(len(others), str(len(others)))} nodes run and have"
        if len(others) == 1:
            who = f"{names(others)} runs and has"
        yield f"{node} is cut off: {who} quorum without it."
        yield f"{cannot} Nothing is broken on {names(quorate)}."
    elif quorate:
        verb = "runs and has" if len(quorate) == 1 else "run and have"
        yield f"{node} is cut off: {names(quorate)} {verb} quorum without it."
        yield cannot
    elif not_asked(situation):
        yield f"{node} has no quorum. {cannot}"
        yield f"Asking the other nodes: {names(not_asked(situation))} ..."
    elif alive:
        verb = "runs" if len(alive) == 1 else "run"
        yield f"{node} has no quorum; {names(alive)} {verb}, and none of them is known to have it."
        yield cannot
    elif doubtful := unsettled(situation):
        verb = "runs" if len(doubtful) == 1 else "run"
        yield f"{node} has no quorum; whether {names(doubtful)} {verb} is not settled."
        yield cannot
    elif others:
        who = f"none of the other {in_all(situation) - 1} nodes answers"
        if len(others) == 1:
            who = f"{names(others)} does not answer"
        yield f"{node} has no quorum, and {who}."
        yield cannot
    else:
        yield f"{node} has no quorum. {cannot}"
