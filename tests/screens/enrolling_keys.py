"""Somebody at the demo's security keys, driven by keys alone; nobody waits for workers here."""

from __future__ import annotations

import pytest
from textual import events
from textual.css.query import NoMatches
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.proofs import How
from pve_auth_tui.simnode.demousb import DEMO_PIN, FIRST_PORT, DemoUsb
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from screens.enrol_key import EnrolKeyScreen
from screens.enrol_key_commands import Step
from screens.plan import PlanScreen
from tests.screens.conftest import sees, settle, shown, until

USER = "anna.admin@corp"  # has TOTP, and no security key
MODHEX = "cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a second for people takes a moment."""
    monkeypatch.setattr("pve_auth_tui.simnode.demousb.TOUCH_SECONDS", 0.05)
    monkeypatch.setattr("screens.key_watch._EVERY", 0.1)
    monkeypatch.setattr("screens.at_key._DEAF", 0.05)
    monkeypatch.setattr("screens.plan._LISTENS", 0.01)


def usb(pilot: Pilot[None]) -> DemoUsb:
    """The demo's ports, with their keys made."""
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.stories
    found = app.stories._usb  # type: ignore[attr-defined]
    assert isinstance(found, DemoUsb)
    found.look()
    return found


def first_key(pilot: Pilot[None]) -> SoftKey:
    key = usb(pilot).bus.key_at(FIRST_PORT)
    assert key
    return key


def turn(pilot: Pilot[None], story: str, *, on: bool = True) -> None:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.stories
    app.stories.turn(story, on=on)


async def at(pilot: Pilot[None], step: Step) -> EnrolKeyScreen:
    """Wait for that step of the enrolment."""

    def is_there() -> bool:
        screen = pilot.app.screen
        try:
            return isinstance(screen, EnrolKeyScreen) and screen.step is step
        except NoMatches:
            return False

    try:
        await until(pilot, is_there)
    except AssertionError:
        raise AssertionError(f"never {step}:\n{shown(pilot)}") from None
    screen = pilot.app.screen
    assert isinstance(screen, EnrolKeyScreen)
    return screen


async def hit(pilot: Pilot[None], *keys: str) -> None:
    """One key after the other, as a person does."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.07)


async def begun(pilot: Pilot[None], userid: str = USER) -> None:
    await settle(pilot)
    pilot.app.push_screen(EnrolKeyScreen(userid))


async def agreed(pilot: Pilot[None]) -> None:
    """From the description through the plan."""
    await at(pilot, Step.LABEL)
    await hit(pilot, "ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await until(pilot, lambda: "y run" in shown(pilot))
    await pilot.pause(0.05)
    await hit(pilot, "y")


async def asked_for_pin(pilot: Pilot[None]) -> None:
    await sees(pilot, "> PIN of the key")


async def typed(pilot: Pilot[None], pin: str = DEMO_PIN) -> None:
    await asked_for_pin(pilot)
    for digit in pin:
        await pilot.press(digit)
        await pilot.pause(0.02)
    await hit(pilot, "enter")


def burst(pilot: Pilot[None], text: str) -> None:
    """As a touched YubiKey types: all at once."""
    for character in text:
        key = "enter" if character == "\r" else character
        pilot.app.post_message(events.Key(key, None if key == "enter" else character))


def entries(pilot: Pilot[None], userid: str = USER) -> list[str]:
    """Descriptions of the user's security keys, as the program knows them."""
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.snapshot
    assert app.snapshot.tfa.value
    user = app.snapshot.tfa.value.users.get(userid)
    return [one.description for one in user.entries if one.type == "webauthn"] if user else []


def ways_seen(pilot: Pilot[None], userid: str = USER) -> list[How]:
    """How the picture that is shown says that somebody's factors were seen to work."""
    house = pilot.app
    assert isinstance(house, PveAuthApp)
    assert house.snapshot is not None
    return [mark.how for (user, _), mark in house.snapshot.proofs.items() if user == userid]


def never_touched(pilot: Pilot[None]) -> None:
    first_key(pilot).script.touch = "never"
