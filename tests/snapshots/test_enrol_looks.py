"""How second factors are given and proved, step by step. Chance and clock stand still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from pve_auth_tui.terminal.profile import Profile
from screens.enrol_recovery import EnrolRecoveryScreen
from screens.enrol_totp import EnrolTotpScreen
from screens.prove import ProveScreen
from screens.rename import RenameScreen
from tests.screens.conftest import press, settle, shown, type_text, until
from tests.screens.enrolling import KEYS, PASSWORD, House, house
from tests.screens.test_prove import code_of
from tests.snapshots.test_looks import SIZES

Run = Callable[[Pilot[None]], Awaitable[None]]
Looks = Callable[..., None]
USER = "carl@corp"
SERIAL = Profile("ascii", "none", serial=True)
PLAINER = pytest.mark.parametrize(
    "profile",
    [Profile("cp437", "16", console=True, font=frozenset(map(chr, range(32, 0x2600)))), SERIAL],
    ids=["linux-console", "serial-line"],
)


def on(screen: Callable[[], Screen[None]], *keys: str, text: str = "") -> Run:
    """Open a screen over Start, type, press."""

    async def run(pilot: Pilot[None]) -> None:
        await settle(pilot)
        pilot.app.push_screen(screen())
        await settle(pilot)
        await type_text(pilot, text)
        await press(pilot, *keys)

    return run


def totp() -> EnrolTotpScreen:
    return EnrolTotpScreen(USER)


def recovery() -> EnrolRecoveryScreen:
    return EnrolRecoveryScreen(USER)


@SIZES
def test_the_name(looks_the_same: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    looks_the_same(house(tmp_path), size=size, run_before=on(totp, text="phone"))


def test_other_codes_and_a_problem(looks_the_same: Looks, tmp_path: Path) -> None:
    keys = ("enter", "space", "enter", "enter", "backspace", "backspace", "5", "ctrl+o")
    looks_the_same(house(tmp_path), run_before=on(totp, *keys, text="phone"))


@SIZES
def test_the_qr_code(looks_the_same: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    run = on(totp, "ctrl+o", "ctrl+r", text="second phone")
    looks_the_same(house(tmp_path), size=size, run_before=run)


def test_the_qr_code_before_it_is_shown(looks_the_same: Looks, tmp_path: Path) -> None:
    looks_the_same(house(tmp_path), run_before=on(totp, "ctrl+o", text="second phone"))


@PLAINER
def test_the_secret_on_plainer_terminals(
    looks_the_same: Looks, tmp_path: Path, profile: Profile
) -> None:
    shows = ("ctrl+o", "ctrl+r", *(["2"] if profile.serial else []))
    looks_the_same(house(tmp_path, profile), run_before=on(totp, *shows, text="second phone"))


def test_the_warning_on_a_serial_line(looks_the_same: Looks, tmp_path: Path) -> None:
    run = on(totp, "ctrl+o", "ctrl+r", text="second phone")
    looks_the_same(house(tmp_path, SERIAL), run_before=run)


def test_a_code_of_a_phone_whose_clock_is_off(looks_the_same: Looks, tmp_path: Path) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await on(totp, "ctrl+o", "ctrl+r", text="second phone")(pilot)
        app = pilot.app
        assert isinstance(app, House)
        draft = app.screen._totp  # type: ignore[attr-defined]
        at = app.workshop.clock.now() - 90
        await type_text(pilot, app.workshop.enrol._authenticator.code(draft.totp, at).reveal())

    looks_the_same(house(tmp_path), run_before=run)


@SIZES
def test_recovery_keys(looks_the_same: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    looks_the_same(house(tmp_path), size=size, run_before=on(recovery, "ctrl+r"))


def test_recovery_keys_in_ascii_one_typed_back(looks_the_same: Looks, tmp_path: Path) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await on(recovery, text=KEYS[4].upper())(pilot)
        await press(pilot, "ctrl+o")

    looks_the_same(house(tmp_path, SERIAL), run_before=run)


def test_a_password_to_prove_a_login(looks_the_same: Looks, tmp_path: Path) -> None:
    run = on(lambda: ProveScreen(USER, "TOTP was added and its code is right."), text=PASSWORD)
    looks_the_same(house(tmp_path), run_before=run)


@SIZES
def test_a_proved_login(looks_the_same: Looks, tmp_path: Path, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, House)
        await on(lambda: ProveScreen(USER), text=PASSWORD)(pilot)
        code = code_of(app, USER)
        app.door.takes = (f"totp:{code}",)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "Code or key" in shown(pilot))
        for digit in code:
            await pilot.press(digit)
            await pilot.pause(0.02)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "logged in at" in shown(pilot))
        await settle(pilot)

    looks_the_same(house(tmp_path), size=size, run_before=run)


def test_another_description(looks_the_same: Looks, tmp_path: Path) -> None:
    run = on(lambda: RenameScreen("Description", "phone"))  # type: ignore[arg-type,return-value]
    looks_the_same(house(tmp_path), run_before=run)
