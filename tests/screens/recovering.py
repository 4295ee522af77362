"""Recover with made-up findings: what the screen does with them, whatever the knowledge says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.intents.factors import unlock
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.recover.condition import Condition, Mount, Neighbour, Service, Votes
from pve_auth_tui.core.recover.diagnosis import Cause, Check, Diagnosis
from pve_auth_tui.core.recover.have import Have
from pve_auth_tui.core.recover.ways import Kind, WayBack
from pve_auth_tui.simnode.demo import DEMO_NOW
from screens.recover import RecoverScreen
from tests.screens.conftest import settle, until
from widgets.lines import KeyLine
from widgets.sections import Sections

LOCKED_USER = "anna.admin@corp"
UNLOCK = unlock(LOCKED_USER)

PHONE_LOST = Diagnosis(
    "root@pam",
    (
        "root@pam cannot log in to the web interface: TOTP is locked (8 wrong codes).",
        "You are root here, that is enough. Nothing has been changed yet.",
    ),
    (Cause.LOCKED,),
    (
        Check("ok", "node", "quorate, services run, clock in step, disk 41 % full"),
        Check("ok", "password", "root's Linux password is set, not expired"),
        Check("BAD", "TOTP", '"phone": LOCKED 02:47 on pve1; last right code 20 Nov',
              ("8 wrong codes in a row.", "PVE counts them on each node by itself.")),
        Check("ok", "key", '"rack 3": works at https://pve1.example.com:8006'),
        Check("LOOK", "recovery keys", "3 of 10 left"),
    ),
)  # fmt: skip
HAVES = (
    Have("phone", 'the phone "phone"', False),
    Have("rack", 'the key "rack 3"', True),
    Have("paper", "the paper with the recovery keys", False),
)
WAYS = (
    WayBack("key", 'log in with the key "rack 3"', "changes nothing", Kind.SHOW,
            (Line("Open https://pve1.example.com:8006.", "Do"), Line("Touch the key."))),
    WayBack("remove-lost", 'remove "phone" and its lock, keep the rest', "then a new phone: o",
            Kind.PLAN, (Line("one TOTP entry", "Changes"),), UNLOCK),
    WayBack("keep-key", "remove everything but the key", "if the paper is lost, too",
            Kind.PLAN, (), UNLOCK),
    WayBack("temporary", "a second administrator for 4 hours",
            "own password, expires by itself", Kind.ASK),
)  # fmt: skip

NO_QUORUM = Diagnosis(
    "root@pam",
    (
        "pve1 is cut off: the other two nodes run and have quorum without it.",
        "Nothing in /etc/pve can be changed here. Nothing is broken on pve2 and pve3.",
    ),
    (Cause.NO_QUORUM,),
    (
        Check("BAD", "corosync", "link 0 (10.0.0.0/24): pve2, pve3 not seen for 14 min"),
        Check("BAD", "network", "ens5f0 (10.0.0.1): no carrier"),
        Check("ok", "other nodes", "answer on 192.0.2.0/24; both say: quorate, 2 of 3 votes"),
        Check("LOOK", "HA", "2 services were here; pve2 has taken them over"),
        Check("BAD", "root@pam TOTP", "fails here although the code is right (must be stored)"),
        Check("ok", "root@pam key", '"rack 3" works here, without quorum, too'),
    ),
)
ALONE = "pve2 and pve3 are alive. Two halves that both write cannot be merged again."
CUT_OFF_WAYS = (
    WayBack("other-node", "use pve2, it has quorum",
            "https://pve2.example.com:8006, or: ssh pve2", Kind.SHOW),
    WayBack("repair-link", "repair the link",
            "plug ens5f0 in; this screen sees it by itself", Kind.SHOW),
    WayBack("key", "log in here with the key",
            "to look only; start and stop need quorum", Kind.SHOW),
    WayBack("expected-1", "count this node alone (pvecm expected 1)", ALONE, Kind.REFUSED,
            (Line("Two halves that both write.", "Risks"),), UNLOCK),
    WayBack("local", "local mode (pmxcfs -l)", "same reason", Kind.REFUSED, (), UNLOCK),
)  # fmt: skip
WELL = Diagnosis("root@pam", ("Nothing keeps root@pam out.",), (), (Check("ok", "node", "runs"),))

CUT_OFF = Condition(
    DEMO_NOW,
    clustered=True,
    mount=Mount.ANSWERS,
    services={"corosync": Service.STOPPED},
    votes=Votes(1, 3, 2),
    neighbours=(),
)


@dataclass
class Told:
    """What the knowledge says, until a test says otherwise."""

    diagnosis: Diagnosis = PHONE_LOST
    haves: tuple[Have, ...] = HAVES
    ways: tuple[WayBack, ...] = WAYS
    held: list[frozenset[str]] = field(default_factory=list)
    situations: list[Any] = field(default_factory=list)

    def diagnose(self, situation: Any) -> Diagnosis:
        self.situations.append(situation)
        return self.diagnosis

    def questions(self, situation: Any) -> tuple[Have, ...]:
        return self.haves

    def ways_back(self, situation: Any, held: Any) -> tuple[WayBack, ...]:
        self.held.append(frozenset(held))
        return self.ways


def tell(monkeypatch: pytest.MonkeyPatch, told: Told) -> Told:
    """The screen hears this, not what the demo cluster would lead to."""
    for name in ("diagnose", "questions", "ways_back"):
        monkeypatch.setattr(f"screens.recover.{name}", getattr(told, name))
    return told


@dataclass
class FakeProbe:
    """A `core.ports.Probe` that counts; it may wait until it is let go, or raise."""

    condition: Condition = field(default_factory=lambda: Condition(DEMO_NOW))
    neighbours: Sequence[Neighbour] = ()
    error: Exception | None = None
    hold: Event | None = None
    looks: int = 0
    asks: int = 0

    def look(self) -> Condition:
        self.looks += 1
        if self.hold is not None:
            assert self.hold.wait(20), "nobody has let it go"
        if self.error is not None:
            raise self.error
        return self.condition

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        self.asks += 1
        for one in self.neighbours:
            on_answer(one)
        return self.neighbours


def probe_with(app: Any, probe: FakeProbe) -> FakeProbe:
    """In place of the demo's own."""
    shop = app.workshop
    app._workshop = replace(shop, recover=replace(shop.recover, probe=probe, clock=_CLOCK))
    return probe


_CLOCK = FixedClock(DEMO_NOW)


async def opened(pilot: Pilot[None], userid: str = "") -> RecoverScreen:
    """Recover, when the machine was looked at."""
    pilot.app.open_recover(userid)  # type: ignore[attr-defined]
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, RecoverScreen)
    return screen


async def looked(pilot: Pilot[None]) -> None:
    """Recover is there, and nothing is being looked at any more."""
    await until(pilot, lambda: isinstance(pilot.app.screen, RecoverScreen))
    await until(pilot, lambda: not pilot.app.screen.busy)  # type: ignore[attr-defined]
    await settle(pilot)


def rows(pilot: Pilot[None]) -> Sections:
    return pilot.app.screen.query_one(Sections)


def hint_line(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(KeyLine).text


def digit_of(screen: RecoverScreen, ident: str) -> str:
    """The digit that takes a way back."""
    from screens.recover_rows import numbered

    return next(str(digit) for digit, way in numbered(screen._ways).items() if way.id == ident)
