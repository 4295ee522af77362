"""Ways back where /etc/pve is not there, hangs, or is served in local mode (transports.md)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.plan import Effect, HostCommand
from pve_auth_tui.core.recover import tools
from pve_auth_tui.core.recover.condition import Service
from pve_auth_tui.core.recover.facts import clustered, here, names, neighbours
from pve_auth_tui.core.recover.intents import commands
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.wayback import Kind, WayBack, about
from pve_auth_tui.core.recover.ways_machine import revive

_UNIT: Final = "pve-cluster"
HA_UNITS: Final = ("pve-ha-lrm", "pve-ha-crm")
"""In the order in which they are stopped."""

_LOOK: Final = "journalctl -b -u pve-cluster -n 50 --no-pager"
_HOSTS: Final = (
    "It also refuses to start when the node's name leads to 127.0.0.1 only: getent hosts NODE"
)
_FENCED: Final = (
    "with HA services here the watchdog may reset this node while pmxcfs is gone for a minute"
)


def start(situation: Situation) -> Iterator[WayBack]:
    """pmxcfs does not run."""
    condition = situation.condition
    steps = [*revive(condition.services, (_UNIT,)), tools.systemctl("start", _UNIT)]
    title = "start pmxcfs (systemctl start pve-cluster)"
    told = (Effect("pmxcfs", "is started; /etc/pve is there again"),)
    lines = about(
        changes="/etc/pve is mounted again; no file of PVE's is changed",
        risks="none that is known; it refuses to start rather than lose anything",
        back="systemctl stop pve-cluster",
        more=(f"It does not start? {_LOOK}", _HOSTS, "Is a disk full? That first."),
        tried=False,
    )
    intent = commands(title, steps, told, ("No undo is needed: it only starts a service.",))
    yield WayBack("start-pmxcfs", title, "no file is changed", Kind.PLAN, lines, intent)


def dead_mount(situation: Situation) -> Iterator[WayBack]:
    """Take the dead mount away and start pmxcfs anew; nothing looks into it."""
    condition = situation.condition
    steps: list[HostCommand] = []
    if condition.service(_UNIT) is Service.RUNS:
        steps.append(tools.systemctl("stop", _UNIT))  # kills it after 10 s, says its unit
    elif condition.pmxcfs is not None:
        steps.append(tools.kill(condition.pmxcfs.pid, hard=True))
    steps += [
        tools.unmount(),
        tools.forget_lock(),
        *revive(condition.services, (_UNIT,)),
        tools.systemctl("start", _UNIT),
    ]
    title = "take the dead /etc/pve away, start pmxcfs anew"
    told = (
        Effect("/etc/pve", "is unmounted, and mounted anew"),
        Effect("whatever waits in it", "gets an error and goes on"),
    )
    lost = ("No undo is needed: config.db is not touched.",)
    warnings = [f"If HA manages something here: {_FENCED}."] if _has_ha(situation) else []
    lines = about(
        changes="pmxcfs is ended and started anew; config.db is not touched",
        risks=f"programs that wait in /etc/pve get an error; {_FENCED}",
        back="there is nothing to take back",
        more=(
            "Stops a step on its way? Look again: what is left to do is offered then.",
            "A process in state D survives even kill -9: then only a reboot helps.",
        ),
        tried=False,
    )
    intent = commands(title, steps, told, lost, warnings=warnings)
    yield WayBack("dead-mount", title, "config.db stays as it is", Kind.PLAN, lines, intent)


def hand_back(situation: Situation) -> Iterator[WayBack]:
    """From local mode back to the cluster."""
    condition = situation.condition
    if condition.pmxcfs is None or not condition.pmxcfs.local:
        return
    others = [one for one in neighbours(situation) if one.alive]
    copy = backup_folder("before-hand-back", situation.now)
    has_ha = condition.ha is not None and condition.ha.services > 0
    stopped = [unit for unit in reversed(HA_UNITS) if condition.service(unit) is Service.STOPPED]
    ha = stopped if has_ha else []  # many nodes have them stopped on purpose
    steps = [
        tools.copy_database(copy),
        tools.kill(condition.pmxcfs.pid),
        *revive(condition.services, (_UNIT,)),
        tools.systemctl("start", _UNIT),
        *([tools.systemctl("start", *ha)] if ha else []),
    ]
    title = "hand /etc/pve back to the cluster"
    wins = (
        "Where the other nodes changed something, too, one side wins as a whole: which one is not "
        "known here. Compare first, on both sides: md5sum /etc/pve/*.cfg /etc/pve/priv/*.cfg"
    )
    told = [Effect("pmxcfs", "ends its local mode, and is started as a part of the cluster")]
    told += [Effect(" and ".join(ha), "are started again")] if ha else []
    lines = about(
        changes="pmxcfs ends its local mode and is started as a part of the cluster",
        risks=wins,
        back=f"config.db as it is now is kept, copied while pmxcfs runs: {copy}",
        more=("Only when corosync runs again here: pvecm status",),
        tried=False,
    )
    warnings = [wins]
    if others:
        warnings.append(f"They run: {names(others)}.")
    if condition.service("corosync") is not Service.RUNS:
        warnings.append("corosync does not run here: there will be no quorum afterwards.")
    lost = (f"It is not taken back; config.db as it was is in {copy}.",)
    word = here(situation) if others else ""
    intent = commands(title, steps, told, lost, warnings=warnings, word=word)
    yield WayBack("hand-back", title, "ends local mode", Kind.PLAN, lines, intent)


def backup_folder(what: str, now: float) -> str:
    """Where config.db goes before something is done with it: named by the time, in UTC."""
    return f"/root/pve-cluster.{what}.{stamp(now)}"


def stamp(now: float) -> str:
    """A time (seconds since 1970, UTC) as a part of a name that no older copy has."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))


def _has_ha(situation: Situation) -> bool:
    ha = situation.condition.ha
    return bool(clustered(situation)) and (ha is None or bool(ha.here or ha.watchdog))
