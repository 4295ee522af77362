"""What is left to do when somebody is in again (reference 11.4, 11; security.md R18, R30d)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.commands import quoted
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.logins import RECOVERY_LOW, login, recovery_left
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.condition import Service
from pve_auth_tui.core.recover.factorwords import is_locked, locks_of, ordered
from pve_auth_tui.core.recover.facts import DOWN, clustered
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.ways_show import addresses

FAILURES: Final = (
    "journalctl _SYSTEMD_UNIT=pvedaemon.service _UID=0 -g 'authentication failure'"
    " --since -7d --no-pager"
)
"""By unit and user of the process, as the kernel knows them: any user can write under any tag."""

ACCESS: Final = "grep -a 'POST /api2/.*/access/ticket' /var/log/pveproxy/access.log | tail -50"

_SEEN: Final = {True: "a: acknowledged", False: "pve-auth-tui recover --acknowledge"}
_MAY_BE_STOPPED: Final = ("pve-ha-lrm", "pve-ha-crm", "corosync", "pvedaemon", "pveproxy")


def afterwards(situation: Situation, *, on_screen: bool = True) -> tuple[Line, ...]:
    """In the order in which to do it; only what is missing yet. `on_screen`: where there are keys
    for it; else commands are named.
    """
    return (
        *_prove(situation, on_screen=on_screen),
        *_started(situation),
        *_factors(situation),
        *_logs(),
        Line(f"{_SEEN[on_screen]}, so that later sessions are not told of it again", "Seen"),
    )


def _prove(situation: Situation, *, on_screen: bool) -> Iterator[Line]:
    userid = plain(situation.userid)
    prove = "p" if on_screen else f"pve-auth-tui prove {quoted(userid)}"
    at = addresses(situation)[0]
    yield Line(f"Prove that {userid} gets in: {prove}, or log in at {at}.", "Login")


def _started(situation: Situation) -> Iterator[Line]:
    """What was stopped on the way, and still is."""
    condition = situation.condition
    mine = [unit for unit in _MAY_BE_STOPPED if unit != "corosync" or clustered(situation)]
    stopped = [unit for unit in mine if condition.service(unit) in DOWN]
    if stopped and condition.here:
        units = " ".join(stopped)
        yield Line(f"Start again what you stopped: systemctl start {units}", "Services")
    if condition.pmxcfs is not None and condition.pmxcfs.local:
        yield Line("Local mode still lasts: hand /etc/pve back to the cluster.", "pmxcfs")
    if condition.service("watchdog-mux") is Service.FAILED:
        yield Line("The watchdog's service has failed: systemctl status watchdog-mux", "HA")


def _factors(situation: Situation) -> Iterator[Line]:
    userid, entries = plain(situation.userid), ordered(situation)
    if login(situation.snapshot, situation.userid, situation.now).at_idp:
        return
    works = [one for one in entries if one.enable and not is_locked(situation, one)]
    left = recovery_left(locks_of(situation))
    if left is None or left <= RECOVERY_LOW:
        missing = "no recovery keys" if not left else f"{left} recovery keys left"
        yield Line(f"{userid} has {missing}: make a new set, and print it.", "Paper")
    devices = {one.type for one in works if one.type != "recovery"}
    if not devices:
        yield Line(f"{userid} has no second factor that works: add one now.", "Second factor")
    elif len([one for one in works if one.type != "recovery"]) == 1:
        yield Line("Add a second one on another device: the next loss is then none.", "Second one")
    if works and "webauthn" not in devices:
        yield Line("A security key is the only one that works without quorum.", "Key")


def _logs() -> Iterator[Line]:
    yield Line(FAILURES, "Log")
    yield Line(f"{ACCESS}  (www-data can write that file)")
    yield Line("pve-auth-tui journal: what was done here, with its reason")
