"""The rack: a cell that asks for a yes, and a large table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import Place, Rack, Tag, failed, new_rack, proved, skipped, stored
from pve_auth_tui.simnode.demo import DEMO_NOW
from screens.rack import RackScreen
from screens.rack_setup import RackSetup
from tests.screens.conftest import MakeApp, make_app, settle, until

__all__ = ["make_app"]

A1, A2, B1, B2 = Place(0, 0), Place(0, 1), Place(1, 0), Place(1, 1)
THREE = ("anna.admin@corp", "erik@pve", "nina@pve")


def worked(people: tuple[str, ...], keys: int) -> Rack:
    made = new_rack(people, keys, now=DEMO_NOW)
    made = stored(made, A1, "9f2c1b04-77aa", Tag("Demo Key 3", "0003", "aaguid"), DEMO_NOW)
    made = proved(made, A1, How.SIGNATURE)
    made = failed(made, A2, str(KeyTrouble(Kind.TIMEOUT)))
    return skipped(made, B1)


async def opened(pilot: Pilot[None], rack: Rack, place: Place) -> None:
    """The screen with a rack in that state, without anybody at a key."""
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    await settle(pilot)
    screen = RackScreen(THREE)
    await app.push_screen(screen)
    await until(pilot, lambda: isinstance(app.screen, RackSetup))
    await settle(pilot)
    screen.rack, screen.at = rack, place
    app.pop_screen()
    screen.show_rack()
    screen.focus_table()
    screen.say("")
    await settle(pilot)


def test_the_form(make_app: MakeApp, looks_the_same: Callable[..., None]) -> None:
    async def begin(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await pilot.app.push_screen(RackScreen())
        await until(pilot, lambda: isinstance(pilot.app.screen, RackSetup))
        await pilot.pause(0.5)
        await settle(pilot)

    looks_the_same(make_app(), run_before=begin)


def test_three_people_with_two_keys(make_app: MakeApp, looks_the_same: Callable[..., None]) -> None:
    async def begin(pilot: Pilot[Any]) -> None:
        await opened(pilot, worked(THREE, 2), A2)

    looks_the_same(make_app(), run_before=begin)


def test_twenty_people_with_three_keys(
    make_app: MakeApp, looks_the_same: Callable[..., None]
) -> None:
    people = tuple(f"person{number:02}@corp" for number in range(1, 21))

    async def begin(pilot: Pilot[Any]) -> None:
        await opened(pilot, worked(people, 3), A1)

    looks_the_same(make_app(), size=(132, 43), run_before=begin)
