"""What systemd and chrony print, read: how units do, whether the clock follows a time server.

Never raises, whatever the text is; what cannot be understood is left out. Formats: systemctl(1)
`show`, org.freedesktop.systemd1(5) for the states, timedatectl(1) `show`, chronyc(1) `tracking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pve_auth_tui.core.recover.condition import SERVICES, Service

UNIT_PROPERTIES: Final = ("Id", "LoadState", "ActiveState", "SubState", "Result", "NRestarts")

_SUFFIX: Final = ".service"
_RUNNING: Final = frozenset({"active", "reloading", "refreshing"})
_STARTED_OVER: Final = frozenset({"auto-restart", "auto-restart-queued"})
_COMM: Final = 15  # the kernel keeps that many characters of a process's name
_PROCESS_OF: Final = {"pve-cluster": "pmxcfs"}


def unit_states(text: str) -> dict[str, Service]:
    """`systemctl show --property=...` of several units -> name without `.service` -> state."""
    found = {}
    for unit in _blocks(text):
        name = unit.get("Id", "")
        if name.endswith(_SUFFIX):
            found[name.removesuffix(_SUFFIX)] = _state(unit)
    return found


def states_of_processes(names: Iterable[str], complete: bool) -> dict[str, Service]:
    """The same from the names of running processes, where systemd does not answer.

    `complete`: these are all of them; only then one that is not there has stopped.
    """
    running = frozenset(names)
    missing = Service.STOPPED if complete else Service.UNKNOWN
    return {
        name: Service.RUNS if _PROCESS_OF.get(name, name)[:_COMM] in running else missing
        for name in SERVICES
    }


def is_synchronised(text: str) -> bool | None:
    """Of `timedatectl show --property=NTPSynchronized`; None when it does not say."""
    said = _values(text.split("\n"), "=").get("NTPSynchronized", "")
    return {"yes": True, "no": False}.get(said)


def chrony_is_synchronised(text: str) -> bool | None:
    """Of `chronyc -n tracking`; None when it does not say."""
    said = _values(text.split("\n"), ":").get("Leap status", "")
    return None if not said else said != "Not synchronised"


def _state(unit: Mapping[str, str]) -> Service:
    active = unit.get("ActiveState", "")
    if active in _RUNNING:
        return Service.RUNS
    if unit.get("LoadState") == "not-found":
        return Service.ABSENT
    if active == "failed":
        return Service.FAILED
    if active == "activating":
        again = unit.get("SubState") in _STARTED_OVER or unit.get("NRestarts", "0") != "0"
        return Service.FAILED if again else Service.STOPPED
    return Service.STOPPED if active in {"inactive", "deactivating"} else Service.UNKNOWN


def _blocks(text: str) -> Iterator[Mapping[str, str]]:
    """One for each unit; an empty line stands between two."""
    lines: list[str] = []
    for line in (*text.split("\n"), ""):
        if line:
            lines.append(line)
        elif lines:
            yield _values(lines, "=")
            lines = []


def _values(lines: Iterable[str], sign: str) -> dict[str, str]:
    parts = (line.partition(sign) for line in lines)
    return {name.strip(): value.strip() for name, there, value in parts if there}
