"""Rack mode played on the demo: two people, a bag of keys, and what goes wrong with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.rackfile import FileRacks
from pve_auth_tui.adapters.state import StateFolder
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.logins import entries_of
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import Place, Proving, State
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.simnode.demo import DEMO_NOW, PASSWORD
from pve_auth_tui.simnode.demousb import DEMO_PIN
from pve_auth_tui.wiring import wired
from pve_auth_tui.workshop import Workshop
from screens.plan import PlanScreen
from screens.rack import RackScreen
from screens.rack_cells import Step
from screens.rack_proof import OwnerEntry
from screens.rack_setup import RackSetup
from tests.screens.conftest import (
    UNICODE,
    BothAtOnce,
    MakeApp,
    press,
    said,
    sees,
    settle,
    shown,
    table,
    type_text,
    until,
)
from tests.screens.enrolling_keys import MODHEX, burst, quicken, turn, usb
from widgets.filter_table import FilterTable

ERIK, NINA = "erik@pve", "nina@pve"
A1, A2, B1, B2 = Place(0, 0), Place(0, 1), Place(1, 0), Place(1, 1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
async def pilot(make_app: MakeApp, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        yield pilot


def rack_screen(pilot: Pilot[None]) -> RackScreen:
    screen = pilot.app.screen
    assert isinstance(screen, RackScreen)
    return screen


async def shows(pilot: Pilot[None], kind: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.is_mounted)
    await pilot.pause(0.05)


async def at(pilot: Pilot[None], step: Step) -> RackScreen:
    def is_there() -> bool:
        screen = pilot.app.screen
        return isinstance(screen, RackScreen) and screen.step is step

    try:
        await until(pilot, is_there)
    except AssertionError:
        raise AssertionError(f"never at {step}: {said(pilot)}") from None
    await pilot.pause(0.05)
    return rack_screen(pilot)


async def keys(pilot: Pilot[None], *names: str) -> None:
    for name in names:
        await pilot.press(name)
        await pilot.pause(0.07)


async def typed(pilot: Pilot[None], text: str) -> None:
    for character in text:
        await pilot.press(character)
        await pilot.pause(0.015)
    await keys(pilot, "enter")


async def agreed(pilot: Pilot[None]) -> None:
    await shows(pilot, PlanScreen)
    await keys(pilot, "y")


async def begun(
    pilot: Pilot[None],
    *userids: str,
    each: int = 2,
    proving: Proving = Proving.SIGNATURE,
    plugged: bool = False,
) -> None:
    """The form, the plan, and a yes to it; with no key, unless `plugged`."""
    if not plugged:
        turn(pilot, "no key")
    pilot.app.push_screen(RackScreen(userids))
    await shows(pilot, RackSetup)
    form = pilot.app.screen
    assert isinstance(form, RackSetup)
    form.form.fill({"keys": str(each), "proof": proving.value})
    await keys(pilot, "ctrl+o")
    await agreed(pilot)


async def next_key(pilot: Pilot[None]) -> None:
    """Pull the key, plug a fresh one in; nobody is quicker than the program is."""
    await until(pilot, lambda: rack_screen(pilot).step in {Step.PLUG, Step.PULL, Step.ASKS})
    turn(pilot, "next key")


async def typed_pin(pilot: Pilot[None], pin: str = DEMO_PIN) -> None:
    await until(pilot, lambda: pilot.app.screen.query_one("#key-now").display)
    await sees(pilot, "PIN of the key")
    await typed(pilot, pin)


def last_line(pilot: Pilot[None]) -> str:
    return shown(pilot).splitlines()[-1].replace("\xa0", " ").strip()


def entries(pilot: Pilot[None], userid: str) -> list[TfaEntry]:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    snapshot = app.workshop.outlooks.fresh().snapshot
    return [one for one in entries_of(snapshot, userid) if one.description.startswith("key ")]


async def test_two_keys_for_two_people(pilot: Pilot[None], tmp_path: Path) -> None:
    await begun(pilot, NINA, ERIK)
    for place in (A1, A2, B1, B2):
        await next_key(pilot)
        await typed_pin(pilot)
        screen = await at(pilot, Step.PULL)
        assert screen.rack
        assert screen.rack.cell(place).how is How.SIGNATURE
    await sees(pilot, "4 of 4 keys", "Nothing is open any more")
    await until(pilot, lambda: [len(entries(pilot, userid)) for userid in (ERIK, NINA)] == [2, 2])
    await keys(pilot, "f")
    await sees(pilot, "Saved, for you alone")
    (sheet,) = (tmp_path / "saved").iterdir()
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert "proof   signed" in sheet.read_text()
    assert DEMO_PIN not in sheet.read_text()
    await keys(pilot, "escape")
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.workshop.rack.unfinished() is None


async def test_a_key_of_somebody_else_waits_for_a_yes_and_a_burst_is_none(
    pilot: Pilot[None],
) -> None:
    await begun(pilot, NINA, each=1, plugged=True)  # root's key, from the start
    await at(pilot, Step.ASKS)
    await sees(pilot, "It is a key of root@pam", "holds root@pam rack 3")
    burst(pilot, MODHEX + "\r")
    await sees(pilot, "touched too early")
    await pilot.pause(0.4)  # until the burst is over
    assert rack_screen(pilot).step is Step.ASKS
    await keys(pilot, "6")  # of a PIN that is typed too early
    await sees(pilot, "Nothing asks for a PIN now.")
    await until(pilot, lambda: last_line(pilot) == "y take it  esc no")
    assert rack_screen(pilot).step is Step.ASKS
    await keys(pilot, "y")
    await typed_pin(pilot)
    await at(pilot, Step.PULL)
    await until(pilot, lambda: len(entries(pilot, NINA)) == 1)
    burst(pilot, MODHEX + "\r")
    await sees(pilot, "touched too early")
    assert rack_screen(pilot).step is Step.PULL


async def test_a_no_to_it_leaves_the_cell_open_for_the_next_key(pilot: Pilot[None]) -> None:
    await begun(pilot, NINA, each=1, plugged=True)
    await at(pilot, Step.ASKS)
    await keys(pilot, "escape")
    await sees(pilot, "Given up: A1 is open")
    await next_key(pilot)
    await typed_pin(pilot)
    screen = await at(pilot, Step.PULL)
    assert screen.rack
    assert screen.rack.cell(A1).tag.serial == "0003"


async def test_a_wrong_pin_says_how_many_tries_are_left_and_esc_leaves_nothing(
    pilot: Pilot[None],
) -> None:
    await begun(pilot, NINA)
    await next_key(pilot)
    await typed_pin(pilot, "000000")
    await sees(pilot, "That is not the key's PIN. 7 tries left.")
    await until(pilot, lambda: last_line(pilot) == "enter send  esc give up")
    await keys(pilot, "escape")
    screen = await at(pilot, Step.PULL)
    assert screen.rack
    assert screen.rack.cell(A1).state is State.OPEN
    assert entries(pilot, NINA) == []
    await keys(pilot, "a")
    await typed_pin(pilot)
    await at(pilot, Step.PULL)
    await until(pilot, lambda: len(entries(pilot, NINA)) == 1)


async def test_the_same_key_again_is_refused_for_the_same_person(pilot: Pilot[None]) -> None:
    await begun(pilot, NINA)
    await next_key(pilot)
    await typed_pin(pilot)
    await at(pilot, Step.PULL)
    key = usb(pilot).bus.key_at("/dev/hidraw2")
    assert key
    turn(pilot, "no key")
    await at(pilot, Step.PLUG)
    await sees(pilot, "Plug in the key for A2 nina@pve")
    turn(pilot, "no key", on=False)
    usb(pilot).put_first(key.product)
    await sees(pilot, "nina@pve has this key already")
    screen = await at(pilot, Step.PULL)
    assert screen.rack
    assert screen.rack.cell(A2).state is State.OPEN


async def test_a_key_pulled_in_the_middle_is_told_and_the_cell_waits(pilot: Pilot[None]) -> None:
    await begun(pilot, NINA, each=1)
    await next_key(pilot)
    await sees(pilot, "PIN of the key")
    turn(pilot, "no key")
    await typed(pilot, DEMO_PIN)
    screen = await at(pilot, Step.PLUG)
    await sees(pilot, "BAD Stored The key was unplugged.")
    assert screen.rack
    assert screen.rack.unfinished == (A1,)


async def test_the_owner_types_the_password_and_logs_in_with_the_key(pilot: Pilot[None]) -> None:
    await begun(pilot, NINA, proving=Proving.NOW)
    await next_key(pilot)
    await typed_pin(pilot)
    await at(pilot, Step.OWNER)
    await until(pilot, lambda: pilot.app.screen.query_one(OwnerEntry).display)
    await until(pilot, lambda: last_line(pilot) == "enter log in  esc later")
    await typed(pilot, MODHEX)
    await sees(pilot, "touched too early")
    await typed(pilot, "wrong")
    await sees(pilot, "A1 is stored, and not proved")
    await keys(pilot, "a")
    await until(pilot, lambda: pilot.app.screen.query_one(OwnerEntry).display)
    await typed(pilot, PASSWORD)
    await sees(pilot, "A1 is proved by a login")
    await next_key(pilot)
    await typed_pin(pilot)
    await at(pilot, Step.OWNER)
    await keys(pilot, "escape")
    screen = await at(pilot, Step.PULL)
    await sees(pilot, "A2 is stored; nobody has proved it")
    assert screen.rack
    assert [screen.rack.cell(place).how for place in (A1, A2)] == [How.LOGIN, How.ENROLLED]


async def test_arrows_choose_another_cell_and_s_skips_one(pilot: Pilot[None]) -> None:
    await begun(pilot, NINA, ERIK)
    screen = await at(pilot, Step.PLUG)
    await keys(pilot, "s")
    await sees(pilot, "Plug in the key for A2 erik@pve")
    await keys(pilot, "down", "right", "left", "left")
    await sees(pilot, "Plug in the key for B1 nina@pve")
    assert screen.at == B1
    await keys(pilot, "up", "s")
    assert screen.rack
    assert screen.rack.cell(A1).state is State.OPEN
    for _ in range(4):
        await keys(pilot, "s")
    assert screen.rack.unfinished == ()
    await sees(pilot, "none is open")
    await keys(pilot, "s")
    await at(pilot, Step.PLUG)


async def test_a_plan_that_was_left_is_shown_again_and_the_form_left_leaves_the_rack(
    pilot: Pilot[None],
) -> None:
    before = pilot.app.screen
    pilot.app.push_screen(RackScreen((NINA,)))
    await shows(pilot, RackSetup)
    await keys(pilot, "ctrl+o")
    await shows(pilot, PlanScreen)
    await keys(pilot, "escape")
    await shows(pilot, RackSetup)
    await keys(pilot, "escape")
    await until(pilot, lambda: pilot.app.screen is before)


async def test_another_key_in_the_other_port_stays_alone(pilot: Pilot[None]) -> None:
    await begun(pilot, NINA, each=2, plugged=True)
    await at(pilot, Step.ASKS)
    await keys(pilot, "escape")
    turn(pilot, "second key")
    await pilot.pause(0.3)
    assert rack_screen(pilot).step is Step.PULL
    await next_key(pilot)
    await sees(pilot, "2 keys are plugged in")
    turn(pilot, "second key", on=False)
    await typed_pin(pilot)
    await at(pilot, Step.PULL)


async def test_what_somebody_else_changes_is_agreed_to_anew(pilot: Pilot[None]) -> None:
    await begun(pilot, NINA, each=1)
    await at(pilot, Step.PLUG)
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    behind(app)
    await next_key(pilot)
    await shows(pilot, PlanScreen)
    await sees(pilot, "requires TOTP")
    await keys(pilot, "y")
    await typed_pin(pilot)
    await at(pilot, Step.PULL)
    await until(pilot, lambda: len(entries(pilot, NINA)) == 1)


def behind(app: PveAuthApp) -> None:
    """Somebody else changes what the realm demands."""
    api = app.workshop.outlooks._nodes.api  # type: ignore[union-attr]
    assert api
    api.call("PUT", ("access", "domains", "pve"), {"tfa": "type=oath"})


# --- ended in the middle --------------------------------------------------------------------

Again = Callable[[], PveAuthApp]


@pytest.fixture
def again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Again:
    """The program, started once more on the same node."""
    own = tmp_path / "own"
    own.mkdir(mode=0o700)
    monkeypatch.setattr("pve_auth_tui.equipment.MemoryRacks", lambda: FileRacks(own))
    options = parse(["demo"])
    found = wired(options, FixedClock(DEMO_NOW))

    def start() -> PveAuthApp:
        outlooks = BothAtOnce(found.pictures, found.nodes)

        def workshop() -> Workshop:
            from pve_auth_tui.equipment import equipped

            return equipped(options, found, outlooks, {})

        exports = Exports(StateFolder(tmp_path / "saved"))
        return PveAuthApp(outlooks, UNICODE, exports, found.stories, workshop)

    return start


async def test_a_rack_that_was_interrupted_goes_on_in_another_session(
    again: Again, still_cursor: None
) -> None:
    async with again().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await begun(pilot, NINA, each=2)
        await next_key(pilot)
        await typed_pin(pilot)
        await at(pilot, Step.PULL)
        await next_key(pilot)
        await sees(pilot, "PIN of the key")
    async with again().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        pilot.app.push_screen(RackScreen())
        await sees(pilot, "An unfinished rack of 2026-11-21: 1 of 2 keys", "1 Go on with it")
        await keys(pilot, "1")
        await agreed(pilot)
        await typed_pin(pilot)
        screen = await at(pilot, Step.PULL)
        assert screen.rack
        assert screen.rack.unfinished == ()
        await until(pilot, lambda: len(entries(pilot, NINA)) == 2)


async def test_an_unfinished_rack_is_dropped_when_nobody_wants_it(
    again: Again, still_cursor: None
) -> None:
    async with again().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await begun(pilot, NINA)
        await at(pilot, Step.PLUG)
        await keys(pilot, "escape")
        await sees(pilot, "Kept: 0 of 2 keys. :rack goes on.")
        pilot.app.push_screen(RackScreen())
        await sees(pilot, "An unfinished rack")
        await keys(pilot, "2")
        await shows(pilot, RackSetup)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.workshop.rack.unfinished() is None


async def test_twenty_people_with_three_keys_have_room(pilot: Pilot[None]) -> None:
    turn(pilot, "no key")
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.snapshot
    assert app.snapshot.access.value
    people = [one for one in app.snapshot.access.value.users if one.endswith("@corp")][:20]
    pilot.app.push_screen(RackScreen(people))
    await shows(pilot, RackSetup)
    await settle(pilot)
    screen = rack_below(pilot)
    from pve_auth_tui.core.rack import new_rack

    screen.rack = new_rack(people, 3, now=DEMO_NOW)
    await pilot.app.pop_screen()
    screen.show_rack()
    await keys(pilot, "end")
    assert screen.at == Place(19, 0)
    table = screen.query_one(FilterTable)
    assert table.count == 20
    await sees(pilot, "T ")
    assert not table.is_cut


def rack_below(pilot: Pilot[None]) -> RackScreen:
    screen = pilot.app.screen_stack[-2]
    assert isinstance(screen, RackScreen)
    return screen


async def test_it_begins_with_the_users_who_are_marked_on_a_list(pilot):
    await press(pilot, "2")
    for userid in ("nina@pve", "erik@pve"):
        table(pilot).set_marks(table(pilot).marks | {userid})
    await press(pilot, "colon")
    await type_text(pilot, "rack")
    await press(pilot, "enter")
    await until(pilot, lambda: "4 keys for 2 people" in shown(pilot))
    await sees(pilot, "erik@pve, nina@pve")


async def test_who_only_plugs_keys_in_is_not_sent_back_to_start(pilot: Pilot[None]) -> None:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    await begun(pilot, ERIK, each=1)
    await at(pilot, Step.PLUG)
    screen = rack_screen(pilot)
    app._last_key -= 601
    await next_key(pilot)
    await sees(pilot, "PIN of the key")
    app._watch_idleness()
    await pilot.pause()
    assert app.screen is screen
    await keys(pilot, "escape")
    await at(pilot, Step.PULL)
