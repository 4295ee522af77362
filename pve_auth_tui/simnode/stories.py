"""Demo stories: what can be broken on the demo cluster to see what the program makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.ports import Story
from pve_auth_tui.simnode.faults import Faults, Service

SLOW: Final = 1.0  # seconds a call: slow enough to see, quick enough to wait for
HELD: Final = "file-user_cfg"


@dataclass(frozen=True)
class _Switch:
    name: str
    text: str
    is_on: Callable[[Faults], bool]
    turn: Callable[[Faults, bool], None]


def _kill(service: Service, *, dead: bool, faults: Faults) -> None:
    (faults.dead.add if dead else faults.dead.discard)(service)


def _service(name: str, text: str, service: Service) -> _Switch:
    return _Switch(
        name,
        text,
        lambda faults: service in faults.dead,
        lambda faults, on: _kill(service, dead=on, faults=faults),
    )


def _hold(faults: Faults, on: bool) -> None:
    (faults.held_locks.add if on else faults.held_locks.discard)(HELD)


_SWITCHES: Final = (
    _Switch(
        "no quorum",
        "the other nodes are gone: PVE's files are read-only",
        lambda faults: not faults.quorate,
        lambda faults, on: setattr(faults, "quorate", not on),
    ),
    _service("pvedaemon dead", "nobody can log in over https", "pvedaemon"),
    _service("pveproxy dead", "nobody answers on port 8006", "pveproxy"),
    _Switch(
        "lock held",
        "somebody does not give the lock of user.cfg back",
        lambda faults: HELD in faults.held_locks,
        _hold,
    ),
    _service("pmxcfs dead", "/etc/pve is not mounted", "pmxcfs"),
    _service("dead mount", "/etc/pve is mounted and never answers", "mount"),
    _Switch(
        "disk full",
        "PVE cannot write its files",
        lambda faults: faults.disk_full,
        lambda faults, on: setattr(faults, "disk_full", on),
    ),
    _Switch(
        "slow",
        "every answer of PVE's API takes a second",
        lambda faults: faults.slow > 0,
        lambda faults, on: setattr(faults, "slow", SLOW if on else 0.0),
    ),
)


class DemoStories:
    """A `core.ports.Stories` over the faults of a simulated node."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    @property
    def stories(self) -> Sequence[Story]:
        """All of them, in the order of the menu."""
        return [Story(switch.name, switch.text, switch.is_on(self._faults)) for switch in _SWITCHES]

    def turn(self, name: str, *, on: bool) -> None:
        """Break it, or mend it; an unknown name does nothing."""
        for switch in _SWITCHES:
            if switch.name == name:
                switch.turn(self._faults, on)

    def mend(self) -> None:
        """Everything works again."""
        for switch in _SWITCHES:
            switch.turn(self._faults, False)
