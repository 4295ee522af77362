"""Ways back where there is no quorum (reference 11.2): others first, this node alone last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.logins import login
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.recover import tools
from pve_auth_tui.core.recover.condition import Link
from pve_auth_tui.core.recover.factorwords import ordered, state
from pve_auth_tui.core.recover.facts import DOWN, here, names, neighbours
from pve_auth_tui.core.recover.intents import commands
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.wayback import Kind, WayBack, about
from pve_auth_tui.core.recover.ways_alone import alone, local
from pve_auth_tui.core.recover.ways_machine import revive
from pve_auth_tui.core.recover.ways_show import browser, log_in_with

_QDEVICE: Final = "corosync-qdevice"
_COROSYNC_LOG: Final = "journalctl -b -u corosync -n 50 --no-pager"


def without_quorum(situation: Situation) -> Iterator[WayBack]:
    """Use another node; repair; look here; and only then count this node alone."""
    yield from _use_another(situation)
    yield from _there(situation)
    yield from _repair(situation)
    yield from _corosync(situation)
    yield from _qdevice(situation)
    yield from _start_others(situation)
    yield from _look_here(situation)
    yield from alone(situation)
    yield from local(situation)


# --- what harms nothing -------------------------------------------------------------------------


def _use_another(situation: Situation) -> Iterator[WayBack]:
    quorate = situation.condition.with_quorum
    if not quorate:
        return
    first = next((one for one in quorate if one.web), quorate[0])
    name = plain(first.name)
    web = plain(first.web) or f"https://{plain(first.address) or name}:8006"
    do = [f"In a browser: {plain(one.web)}" for one in quorate if one.web]
    do += [f"From here: ssh root@{plain(one.address or one.name)}" for one in quorate]
    lines = about(do=do, more=("Users, second factors and rights are the same there.",))
    title = f"use {name}, it has quorum"
    yield WayBack("use-other", title, f"{web}, or: ssh {name}", Kind.SHOW, lines)


def _there(situation: Situation) -> Iterator[WayBack]:
    """From another machine nothing is known of links and services, and nothing can be started."""
    if situation.condition.here:
        return
    node = here(situation)
    lines = about(
        do=(f"On a console of {node}, or by ssh: pvecm status; pve-auth-tui recover",),
        more=("There this program sees its links and services, and asks the other nodes.",),
    )
    title = f"go on at {node} itself"
    yield WayBack("on-node", title, "more is known there", Kind.SHOW, lines)


def _repair(situation: Situation) -> Iterator[WayBack]:
    links = situation.condition.links
    if not links:
        return
    wrong = [link for link in links if _broken(link)]
    if not wrong:
        return
    note = f"{_broken(wrong[0])}; this screen sees it by itself"
    do = [f"Link {link.number}: {_broken(link)}" for link in wrong]
    more = (
        "corosync uses UDP 5405 to 5412 between the nodes: a firewall, a switch, a VLAN?",
        "ip -br addr; corosync-cfgtool -s; ping the others' addresses",
    )
    yield WayBack("repair", "repair the link", note, Kind.SHOW, about(do=do, more=more))


def _broken(link: Link) -> str:
    address, interface = plain(link.address), plain(link.interface)
    if link.address and not link.interface:
        return f"no interface here has {address}"
    if link.carrier is False:
        return f"plug {', '.join(map(plain, link.ports)) or interface} in"
    gone = [plain(name) for name, there in sorted(link.peers.items()) if not there]
    return f"{', '.join(gone)} cannot be reached over {interface or address}" if gone else ""


def _corosync(situation: Situation) -> Iterator[WayBack]:
    condition = situation.condition
    if not condition.here or condition.service("corosync") not in DOWN:
        return
    title = "start corosync anew"
    steps = [*revive(condition.services, ("corosync",)), tools.systemctl("restart", "corosync")]
    lines = about(
        changes="corosync is started; no file of PVE's is changed",
        risks="none that is known",
        back="systemctl stop corosync",
        more=(
            f"It ends again? {_COROSYNC_LOG}",
            "Often: an address of /etc/corosync/corosync.conf that no interface here has.",
        ),
        tried=False,
    )
    told = (Effect("corosync", "is started anew"),)
    lost = ("No undo is needed: it only starts a service.",)
    intent = commands(title, steps, told, lost)
    yield WayBack("corosync", title, "no file is changed", Kind.PLAN, lines, intent)


def _qdevice(situation: Situation) -> Iterator[WayBack]:
    condition = situation.condition
    if condition.service(_QDEVICE) not in DOWN:
        return
    title = "start the QDevice's service anew: its vote may be all that is missing"
    steps = [*revive(condition.services, (_QDEVICE,)), tools.systemctl("restart", _QDEVICE)]
    told = (Effect(_QDEVICE, "is started anew, and asks its server for the vote"),)
    lines = about(
        changes="corosync-qdevice is started; no file of PVE's is changed",
        back=f"systemctl stop {_QDEVICE}",
        more=(f"It ends again? journalctl -b -u {_QDEVICE} -n 50 --no-pager",),
        tried=False,
    )
    intent = commands(title, steps, told, ("No undo is needed: it only starts a service.",))
    yield WayBack("qdevice", title, "no file is changed", Kind.PLAN, lines, intent)


def _start_others(situation: Situation) -> Iterator[WayBack]:
    silent = [one for one in neighbours(situation) if one.alive is False or one.why]
    silent = [one for one in silent if not one.alive]
    if not silent or situation.condition.with_quorum:
        return
    title = f"start {names(silent)}" if len(silent) == 1 else f"start one of {names(silent)}"
    votes = situation.condition.votes
    more = ["Power, iDRAC, iLO, IPMI; a console there. One node more may be enough."]
    if votes is not None and votes.two_node:
        more.append("two_node is set: one node alone has quorum once both were there together.")
    if votes is not None and votes.device is False:
        more.append("The QDevice gives no vote: look at its server, too.")
    lines = about(do=more)
    yield WayBack("start-other", title, "the clean way to quorum", Kind.SHOW, lines)


def _look_here(situation: Situation) -> Iterator[WayBack]:
    """Keys and plain passwords need no quorum (reference 7.2)."""
    found = login(situation.snapshot, situation.userid, situation.now)
    title, note = "log in here with the {}", "to look only; start and stop need quorum"
    works = [one for one in ordered(situation) if one.enable and state(situation, one).usable]
    keys = [one for one in works if one.type == "webauthn"]
    if found.obstacle or (not situation.node.asks_pve and _web_is_dead(situation)):
        return
    if keys:
        way = log_in_with(situation, keys)
        yield WayBack("look-here", title.format("key"), note, Kind.SHOW, way.lines)
    elif not found.asked:
        way = browser(situation)
        yield WayBack("look-here", title.format("password"), note, Kind.SHOW, way.lines)


def _web_is_dead(situation: Situation) -> bool:
    services = ("pvedaemon", "pveproxy", "pve-cluster")
    return any(situation.condition.service(name) in DOWN for name in services)
