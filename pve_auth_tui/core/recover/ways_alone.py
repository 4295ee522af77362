"""This node made to write alone, refused while another one may live; and how that is ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Effect, Step
from pve_auth_tui.core.recover import tools
from pve_auth_tui.core.recover.condition import Service
from pve_auth_tui.core.recover.facts import (
    DOWN,
    here,
    in_all,
    is_quorate,
    names,
    neighbours,
    not_asked,
    unsettled,
)
from pve_auth_tui.core.recover.intents import commands
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.wayback import Kind, WayBack, about
from pve_auth_tui.core.recover.ways_pmxcfs import HA_UNITS, backup_folder

REFUSED_ALONE: Final = "Two halves that both write cannot be merged again."

_DEAD: Final = (*DOWN, Service.ABSENT)
_TWICE: Final = (
    "If the others run all the same, both halves write, and HA may start services twice: nobody "
    "merges that again. Look at them, or at their power, before."
)
_WATCHDOG: Final = (
    "The watchdog is armed: without quorum it resets this node within a minute, whatever is done."
)


def why_refused(situation: Situation) -> str:
    """The refusal as a sentence or two; "" where every other node was asked, and none that lives
    has quorum, or may have it.
    """
    others = neighbours(situation)
    if not others:
        return f"Which other nodes there are is not known here. {REFUSED_ALONE}"
    quorate = [one for one in others if one.alive and one.quorate]
    if quorate:
        verb = "is" if len(quorate) == 1 else "are"
        return f"{names(quorate)} {verb} alive. {REFUSED_ALONE}"
    if waiting := not_asked(situation):
        verb = "was" if len(waiting) == 1 else "were"
        return f"{names(waiting)} {verb} not asked yet. {REFUSED_ALONE}"
    if doubtful := unsettled(situation):
        return f"{names(doubtful)} may be alive: {plain(doubtful[0].why)}. {REFUSED_ALONE}"
    silent = [one for one in others if one.alive and one.quorate is None]
    if silent:
        verb = "is" if len(silent) == 1 else "are"
        return f"{names(silent)} {verb} alive, and may have quorum. {REFUSED_ALONE}"
    return ""


def why_refused_local(situation: Situation) -> str:
    """The same for local mode, which no other node ends: nobody else may live at all."""
    alive = situation.condition.alive
    if (refusal := why_refused(situation)) or not alive:
        return refusal
    return f"{names(alive)} may get quorum any moment. {REFUSED_ALONE}"


def writes_alone(steps: Collection[Step]) -> bool:
    """Whether they make this node write without the others."""
    return any(step in (tools.expected(1), tools.local_mode()) for step in steps)


def alone(situation: Situation) -> Iterator[WayBack]:
    """`pvecm expected 1`, which needs a corosync that runs."""
    condition = situation.condition
    if not condition.here or condition.service("corosync") in _DEAD:
        return
    node = here(situation)
    refusal = why_refused(situation)
    warnings = [_TWICE, *_of_ha(situation)]
    if condition.alive:
        verb = "runs" if len(condition.alive) == 1 else "run"
        both = f"{names(condition.alive)} {verb}, too: do not do the same there."
        warnings.insert(0, f"{both} {REFUSED_ALONE}")
    told = (
        Effect("corosync", "counts one vote as enough: /etc/pve of this node can be written"),
        Effect("the other nodes", "end it by themselves when they are back"),
    )
    lost = (
        f"It lasts until another node is back or corosync starts anew; to end it before: pvecm "
        f"expected {in_all(situation)}",
    )
    title = "count this node alone (pvecm expected 1)"
    lines = about(
        changes="this node may write alone; the others end that when they come back",
        risks=_TWICE,
        back=lost[0],
        more=_of_ha(situation),
        tried=False,
    )
    intent = commands(
        title, [tools.expected(1)], told, lost, warnings=warnings, word=node, refusal=refusal
    )
    note = "only when the others are off"
    yield _judged(WayBack("expected", title, note, Kind.PLAN, lines, intent), refusal)


def local(situation: Situation) -> Iterator[WayBack]:
    """`pmxcfs -l`: corosync is dead for good, and no other node runs."""
    condition = situation.condition
    if not condition.here:
        return
    refusal = why_refused_local(situation)
    if not refusal and condition.service("corosync") not in _DEAD:
        refusal = "corosync runs: pvecm expected 1 does the same and ends by itself."
    node, copy = here(situation), backup_folder("before-local-mode", situation.now)
    ha = [unit for unit in HA_UNITS if condition.service(unit) is Service.RUNS]
    steps = [
        *([tools.systemctl("stop", *ha)] if ha else []),
        tools.systemctl("stop", "pve-cluster"),
        tools.copy_database(copy),
        tools.local_mode(),
    ]
    told = [
        *([Effect(" and ".join(ha), "are stopped: HA moves nothing here meanwhile")] if ha else []),
        Effect("config.db", f"is copied to {copy}"),
        Effect("pmxcfs", "is started without the cluster: /etc/pve can be written, here alone"),
    ]
    wins = "what is changed is in the local database only; when the node rejoins, one side wins"
    lost = ("It is ended by Recover's way hand-back, which is offered while it lasts.",)
    title = "local mode (pmxcfs -l)"
    lines = about(
        changes=wins, risks=_TWICE, back=f"{lost[0]} config.db as it was: {copy}", tried=False,
        more=_of_ha(situation),
    )  # fmt: skip
    warnings = [_TWICE, f"{wins[:1].upper()}{wins[1:]}.", *_of_ha(situation)]
    intent = commands(title, steps, told, lost, warnings=warnings, word=node, refusal=refusal)
    yield _judged(
        WayBack("local-mode", title, "corosync dead for good", Kind.PLAN, lines, intent), refusal
    )


def _of_ha(situation: Situation) -> list[str]:
    ha = situation.condition.ha
    if ha is None:
        return ["What HA manages is not known: ha-manager status, on a node with quorum."]
    found = []
    if ha.services:
        found.append("HA manages services: as soon as this node counts alone, it may start them.")
    if ha.watchdog:
        found.append(_WATCHDOG)
    return found


def _judged(way: WayBack, refusal: str) -> WayBack:
    if not refusal:
        return way
    return replace(way, note=refusal, kind=Kind.REFUSED)


def votes_back(situation: Situation) -> Iterator[WayBack]:
    """After `pvecm expected 1`: ask for all votes again."""
    votes, wanted = situation.condition.votes, in_all(situation)
    if is_quorate(situation) is not True or votes is None or votes.expected is None:
        return
    if votes.expected >= wanted or wanted < 2 or situation.condition.rescue:
        return
    title = f"ask for all {wanted} votes again (pvecm expected {wanted})"
    told = (Effect("corosync", f"expects {wanted} votes again, instead of {votes.expected}"),)
    alone = "as long as the others are not back this node has no quorum then"
    lines = about(
        changes=f"corosync expects {wanted} votes again",
        risks=alone,
        back=f"pvecm expected {votes.expected}",
        more=("It also happens by itself when corosync is started anew.",),
        tried=False,
    )
    lost = (f"It is ended by: pvecm expected {votes.expected}",)
    intent = commands(title, [tools.expected(wanted)], told, lost, warnings=(f"Then: {alone}.",))
    yield WayBack("votes-back", title, "ends what was lowered", Kind.PLAN, lines, intent)
