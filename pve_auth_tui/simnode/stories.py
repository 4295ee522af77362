"""Demo stories: what can be broken on the demo cluster to see what the program makes of it.

With the demo's files there are stories of who is locked or disabled, with its USB of security
keys, with what stands around the node of directories and the provider, with its operating system.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.ports import Story
from pve_auth_tui.simnode.demousb import DEMO_PIN, DemoUsb
from pve_auth_tui.simnode.faults import Faults, Service
from pve_auth_tui.simnode.filestories import FileStories
from pve_auth_tui.simnode.hoststories import HostStories
from pve_auth_tui.simnode.outsidestories import OutsideStories

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
    if not dead:
        _tidy(faults)


def _tidy(faults: Faults) -> None:
    """What commands left: whoever mends a story mends what was done about it, too."""
    faults.stopped.clear()
    faults.lingers = faults.local_mode = False
    faults.expected = 0


def _cut_off(faults: Faults, on: bool) -> None:
    faults.quorate = not on
    faults.expected = 0


def _alone(faults: Faults, on: bool) -> None:
    faults.others_dead = on
    faults.expected = 0


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
        "cut off from the others: PVE's files are read-only",
        lambda faults: not faults.quorate,
        _cut_off,
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
        "all alone",
        "the other nodes are dead: no quorum, no answer",
        lambda faults: faults.others_dead,
        _alone,
    ),
    _service("corosync dead", "corosync does not start: no quorum", "corosync"),
    _Switch(
        "clock wrong",
        "this node's clock is three minutes ahead",
        lambda faults: faults.clock_wrong,
        lambda faults, on: setattr(faults, "clock_wrong", on),
    ),
    _Switch(
        "slow",
        "every answer of PVE's API takes a second",
        lambda faults: faults.slow > 0,
        lambda faults, on: setattr(faults, "slow", SLOW if on else 0.0),
    ),
)


@dataclass(frozen=True)
class _KeySwitch:
    name: str
    text: str
    is_on: Callable[[DemoUsb], bool]
    turn: Callable[[DemoUsb, bool], None]
    breaks: bool = True


def _first(name: str, text: str, which: str) -> _KeySwitch:
    """Something else than the first key in the first port."""
    return _KeySwitch(
        name,
        text,
        lambda usb: usb.first == which,
        lambda usb, on: usb.put_first(which if on else DemoUsb.KEY_A),
        breaks=False,
    )


def _next(usb: DemoUsb, on: bool) -> None:
    """Every turn is another key; only mending brings the first one back."""
    if on:
        usb.put_next()


_KEY_SWITCHES: Final = (
    _first("no key", "no security key is plugged in", DemoUsb.NOTHING),
    _KeySwitch(
        "second key",
        "Demo Key B is plugged in, too: a finger, no PIN",
        lambda usb: usb.second,
        DemoUsb.put_second,
        breaks=False,
    ),
    _KeySwitch(
        "next key",
        f"a fresh key takes the other's place, PIN {DEMO_PIN}",
        lambda usb: False,
        _next,
        breaks=False,
    ),
    _first("U2F key", "an old key takes the other's place", DemoUsb.OLD),
    _KeySwitch("hung key", "the key dies when it is to be touched", lambda u: u.hung, DemoUsb.hang),
    _KeySwitch("key in use", "another program talks to the key", lambda u: u.busy, DemoUsb.occupy),
    _KeySwitch(
        "wrong PINs",
        "somebody typed three, the key waits to be unplugged",
        lambda usb: usb.locked,
        DemoUsb.lock,
    ),
)


class DemoStories:
    """A `core.ports.Stories` over the faults of a simulated node, over its files, its USB, its
    operating system and what stands around it where they are given.

    "next key" is never on: each turn plugs in another fresh key.
    """

    def __init__(
        self,
        faults: Faults,
        usb: DemoUsb | None = None,
        files: FileStories | None = None,
        outside: OutsideStories | None = None,
        host: HostStories | None = None,
    ) -> None:
        self._faults = faults
        self._usb = usb
        self._files = files
        self._outside = outside
        self._host = host

    @property
    def stories(self) -> Sequence[Story]:
        """All of them, in the order of the menu."""
        found = [
            Story(switch.name, switch.text, switch.is_on(self._faults)) for switch in _SWITCHES
        ]
        if self._files:
            found += [Story(*each) for each in self._files.switches]
        if self._outside:
            found += [Story(*each) for each in self._outside.switches]
        if self._host:
            found += self._host.stories
        if usb := self._usb:
            found += [
                Story(each.name, each.text, each.is_on(usb), each.breaks) for each in _KEY_SWITCHES
            ]
        return found

    def turn(self, name: str, *, on: bool) -> None:
        """Break it, or mend it; an unknown name does nothing."""
        for switch in _SWITCHES:
            if switch.name == name:
                switch.turn(self._faults, on)
        if self._files:
            self._files.turn(name, on=on)
        if self._outside:
            self._outside.turn(name, on=on)
        if self._host:
            self._host.turn(name, on=on)
        for each in _KEY_SWITCHES if self._usb else ():
            if each.name == name and self._usb:
                each.turn(self._usb, on)

    def mend(self) -> None:
        """Everything works again, and Demo Key A is plugged in."""
        for switch in _SWITCHES:
            switch.turn(self._faults, False)
        _tidy(self._faults)
        if self._files:
            self._files.mend()
        if self._outside:
            self._outside.mend()
        if self._host:
            self._host.mend()
        if self._usb:
            self._usb.mend()
