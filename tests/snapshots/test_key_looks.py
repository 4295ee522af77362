"""How a security key's enrolment looks, stage by stage. The keys are the demo's; nothing ticks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.terminal.profile import Profile
from screens.enrol_key_commands import Step
from tests.screens.conftest import MakeApp, make_app, rack, sees
from tests.screens.enrolling_keys import (
    agreed,
    asked_for_pin,
    at,
    begun,
    first_key,
    hit,
    quicken,
    turn,
    typed,
)

__all__ = ["make_app", "rack"]

Looks = Callable[..., None]
Run = Callable[[Pilot[None]], Awaitable[None]]
CONSOLE = Profile("cp437", "16", console=True, font=frozenset(map(chr, range(32, 0x2600))))
SERIAL = Profile("ascii", "none", serial=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)
    monkeypatch.setattr("screens.at_key._TICK", 1000.0)


async def label(pilot: Pilot[None]) -> None:
    await begun(pilot)
    await at(pilot, Step.LABEL)
    await sees(pilot, "> Description")


async def pin(pilot: Pilot[None]) -> None:
    await label(pilot)
    await agreed(pilot)
    await asked_for_pin(pilot)


async def wrong_pin(pilot: Pilot[None]) -> None:
    await pin(pilot)
    await typed(pilot, "999999")
    await sees(pilot, "7 tries left.", "> PIN of the key")


async def touch(pilot: Pilot[None]) -> None:
    await label(pilot)
    first_key(pilot).script.touch = "never"
    await agreed(pilot)
    await typed(pilot)
    await sees(pilot, "Touch the key now.")


async def stored(pilot: Pilot[None]) -> None:
    await pin(pilot)
    await typed(pilot)
    await at(pilot, Step.STORED)
    await sees(pilot, "Nobody has logged in with it yet.")


async def signed(pilot: Pilot[None]) -> None:
    await stored(pilot)
    await pilot.pause(0.1)
    await hit(pilot, "3")
    await at(pilot, Step.AFTER)
    await sees(pilot, "Done.")


async def several(pilot: Pilot[None]) -> None:
    turn(pilot, "second key")
    await begun(pilot)
    await at(pilot, Step.CHOOSE)
    await sees(pilot, "2 Demo Key B")


async def none(pilot: Pilot[None]) -> None:
    turn(pilot, "no key")
    await begun(pilot)
    await sees(pilot, "Looked for every second")


async def already(pilot: Pilot[None]) -> None:
    await begun(pilot, "root@pam")
    await at(pilot, Step.TROUBLE)
    await sees(pilot, "has this key already")


async def cancelled(pilot: Pilot[None]) -> None:
    await touch(pilot)
    await hit(pilot, "escape")
    await at(pilot, Step.TROUBLE)
    await sees(pilot, "r tries again.")


async def setup(pilot: Pilot[None]) -> None:
    trouble = KeyTrouble(Kind.ORIGIN, message="The WebAuthn settings have no ID.")

    def bad(snapshot: object) -> str:
        raise trouble

    pilot.app.workshop.key_enrol.origin = bad  # type: ignore[attr-defined]
    await begun(pilot)
    await at(pilot, Step.SETUP)
    await sees(pilot, "e opens the settings")


STAGES = pytest.mark.parametrize(
    "run",
    [setup, none, several, already, label, pin, wrong_pin, touch, cancelled, stored, signed],
    ids=lambda run: run.__name__,
)


@STAGES
def test_a_stage(looks_the_same: Looks, make_app: MakeApp, run: Run) -> None:
    looks_the_same(make_app(), run_before=run)


def test_a_touch_on_a_large_screen(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), size=(132, 43), run_before=touch)


def test_a_pin_on_the_smallest_screen(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), size=(60, 16), run_before=pin)


@pytest.mark.parametrize("profile", [CONSOLE, SERIAL], ids=["linux-console", "serial-line"])
def test_a_touch_on_plainer_terminals(
    looks_the_same: Looks, make_app: MakeApp, profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), run_before=touch)
