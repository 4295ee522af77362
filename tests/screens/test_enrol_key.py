"""A security key is enrolled on the screen, with the demo's keys: every way it can go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.proofs import How
from pve_auth_tui.simnode.demousb import FIRST_PORT
from screens.at_key import TOO_EARLY
from screens.enrol_key import EnrolKeyScreen
from screens.enrol_key_commands import Step
from screens.plan import PlanScreen
from screens.start import StartScreen
from screens.webauthn_form import WebauthnForm
from tests.screens.conftest import MakeApp, on_top, said, says_just, sees, shown, status, until
from tests.screens.enrolling_keys import (
    MODHEX,
    USER,
    agreed,
    asked_for_pin,
    at,
    begun,
    burst,
    entries,
    first_key,
    hit,
    never_touched,
    quicken,
    turn,
    typed,
    ways_seen,
)

NAME = "Demo Key A 0001 2026-11-21"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


async def stored(pilot: Pilot[None]) -> None:
    await at(pilot, Step.STORED)
    await sees(pilot, "ok Stored", "Nobody has logged in with it yet.")


async def seen_gone(pilot: Pilot[None]) -> None:
    """Wait until the screen has seen that no key is plugged in: one that comes back is another."""
    screen = pilot.app.screen
    assert isinstance(screen, EnrolKeyScreen)
    await until(pilot, lambda: screen.scan is not None and not screen.scan.keys)


async def test_a_wrong_pin_then_the_right_one_and_the_key_is_stored(pilot: Pilot[None]) -> None:
    await begun(pilot)
    await at(pilot, Step.LABEL)
    await sees(pilot, "ok Settings https://pve1.example.com:8006, ID example.com")
    await sees(pilot, "also enrolled for root@pam: rack 3")
    await sees(pilot, "DEMO: The keys are software and touch themselves. Their PIN is")
    await agreed(pilot)
    await typed(pilot, "999999")
    await sees(pilot, "That is not the key's PIN. 7 tries left.")
    await typed(pilot)
    await stored(pilot)
    await until(pilot, lambda: entries(pilot) == [NAME])
    await sees(pilot, f"ok Label {NAME}")
    assert "999999" not in shown(pilot)
    await hit(pilot, "2")
    await sees(pilot, f"later: t in Two Factor, or `pve-auth-tui prove {USER}`")
    await sees(pilot, "1 Recovery keys: there are none yet", "2 A second key")
    await hit(pilot, "escape")
    await on_top(pilot, StartScreen)


async def test_the_signature_alone_says_what_it_does_not_prove(pilot: Pilot[None]) -> None:
    await begun(pilot)
    await agreed(pilot)
    await typed(pilot)
    await stored(pilot)
    await hit(pilot, "3")
    await at(pilot, Step.AFTER)
    await sees(pilot, "ok Proof signature checked; nobody has logged in")
    await sees(pilot, "Not proved: the password: none was given.")
    await until(pilot, lambda: How.SIGNATURE in ways_seen(pilot))  # before anything is read anew


async def test_escape_at_the_pin_leaves_nothing_and_again_needs_no_second_plan(
    pilot: Pilot[None],
) -> None:
    await begun(pilot)
    await agreed(pilot)
    await asked_for_pin(pilot)
    await hit(pilot, "1", "2", "escape")
    await at(pilot, Step.TROUBLE)
    await sees(pilot, "Cancelled.")
    await sees(pilot, "No entry was stored.")
    assert "PIN of the key" not in shown(pilot)
    assert entries(pilot) == []
    await hit(pilot, "r")
    await typed(pilot)
    await stored(pilot)
    await until(pilot, lambda: entries(pilot) == [NAME])


async def test_escape_while_it_waits_for_a_touch(pilot: Pilot[None]) -> None:
    await begun(pilot)
    await at(pilot, Step.LABEL)
    never_touched(pilot)
    await agreed(pilot)
    await typed(pilot)
    await sees(pilot, "Touch the key now.", "s left.", "esc give up")
    await hit(pilot, "escape")
    await at(pilot, Step.TROUBLE)
    await sees(pilot, "Cancelled.")
    await hit(pilot, "escape")
    await on_top(pilot, StartScreen)


async def test_a_key_that_is_pulled_and_comes_back_goes_on(pilot: Pilot[None]) -> None:
    await begun(pilot)
    await at(pilot, Step.LABEL)
    key = first_key(pilot)
    key.script.touch = "never"
    await agreed(pilot)
    await typed(pilot)
    await sees(pilot, "Touch the key now.")
    turn(pilot, "no key")
    await at(pilot, Step.TROUBLE)
    await sees(pilot, "BAD The key was unplugged.")
    await seen_gone(pilot)
    key.script.touch = "auto"
    turn(pilot, "no key", on=False)
    await typed(pilot)
    await stored(pilot)


async def test_a_key_that_hangs_is_given_up_within_seconds(pilot: Pilot[None]) -> None:
    await begun(pilot)
    await at(pilot, Step.LABEL)
    turn(pilot, "hung key")
    await agreed(pilot)
    await typed(pilot)
    await sees(pilot, "BAD The key does not answer.", "Unplug it and plug it in again.")


async def test_a_key_that_another_program_uses(pilot: Pilot[None]) -> None:
    turn(pilot, "key in use")
    await begun(pilot)
    await sees(pilot, "BAD", "Another program uses the key.")
    turn(pilot, "key in use", on=False)
    await hit(pilot, "r")
    await at(pilot, Step.LABEL)


async def test_a_key_that_the_user_has_already_is_named(pilot: Pilot[None]) -> None:
    await begun(pilot, "root@pam")
    await at(pilot, Step.TROUBLE)
    await sees(pilot, "BAD root@pam has this key already: rack 3.")
    await sees(pilot, "Take another key, or remove the old entry first.")
    turn(pilot, "next key")
    await at(pilot, Step.LABEL)
    await sees(pilot, "Demo Key 3")


async def test_without_a_key_it_says_why_and_sees_one_being_plugged_in(
    pilot: Pilot[None],
) -> None:
    turn(pilot, "no key")
    await begun(pilot)
    await sees(pilot, "2 HID devices are plugged in", "not visible over SSH or noVNC")
    turn(pilot, "no key", on=False)
    screen = await at(pilot, Step.LABEL)
    assert screen.description == NAME
    turn(pilot, "no key")
    await sees(pilot, "The key was unplugged.")
    await at(pilot, Step.SCAN)


async def test_of_several_keys_one_is_taken_by_its_digit_or_by_touch(pilot: Pilot[None]) -> None:
    turn(pilot, "second key")
    await begun(pilot)
    await at(pilot, Step.CHOOSE)
    await sees(pilot, "1 Demo Key A 0001, /dev/hidraw2")
    await hit(pilot, "2")
    await at(pilot, Step.LABEL)
    await sees(pilot, "also enrolled for bob.admin@corp: blue key")
    await hit(pilot, "escape")
    await at(pilot, Step.CHOOSE)
    await hit(pilot, "t")
    screen = await at(pilot, Step.LABEL)
    assert screen.description == NAME  # it touches itself first


async def test_an_old_u2f_key_needs_a_touch_and_no_pin(pilot: Pilot[None]) -> None:
    turn(pilot, "U2F key")
    await begun(pilot)
    await at(pilot, Step.LABEL)
    await sees(pilot, "The key will want one touch, and no PIN.")
    await agreed(pilot)
    await stored(pilot)


async def test_three_wrong_pins_and_the_key_wants_to_be_plugged_in_anew(
    pilot: Pilot[None],
) -> None:
    await begun(pilot)
    await agreed(pilot)
    for left in ("7 tries left.", "6 tries left."):
        await typed(pilot, "999999")
        await sees(pilot, left)
    await typed(pilot, "999999")
    await at(pilot, Step.TROUBLE)
    await sees(pilot, "BAD Three wrong PINs in a row: the key wants to be unplugged.")
    turn(pilot, "no key")
    await seen_gone(pilot)
    turn(pilot, "no key", on=False)
    await typed(pilot)
    await stored(pilot)


async def test_bad_settings_lead_to_their_form_and_are_looked_at_again(
    pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    trouble = KeyTrouble(Kind.ORIGIN, "pve: no webauthn configuration")
    with monkeypatch.context() as broken:

        def bad(snapshot: object) -> str:
            raise trouble

        broken.setattr(app.workshop.key_enrol, "origin", bad)
        await begun(pilot)
        await at(pilot, Step.SETUP)
        await sees(pilot, "BAD Settings")
        await hit(pilot, "o")
        await sees(pilot, "Original pve: no webauthn configuration")
        await hit(pilot, "e")
        await until(pilot, lambda: isinstance(app.screen, WebauthnForm))
    await hit(pilot, "escape")
    await at(pilot, Step.LABEL)


async def test_a_touched_key_that_types_runs_nothing_and_is_told(pilot: Pilot[None]) -> None:
    await begun(pilot)
    screen = await at(pilot, Step.LABEL)
    burst(pilot, MODHEX + "\r")
    await until(pilot, lambda: status(pilot) == TOO_EARLY)
    await pilot.pause(0.4)
    assert screen.description == NAME
    first_key(pilot).script.touch = "manual"
    await agreed(pilot)
    await asked_for_pin(pilot)
    burst(pilot, MODHEX + "\r")
    await until(pilot, lambda: status(pilot) == TOO_EARLY)
    await pilot.pause(0.4)
    assert first_key(pilot).pin.tries == 8
    await typed(pilot)
    await sees(pilot, "Touch the key now.")
    burst(pilot, MODHEX + "\r")
    await until(pilot, lambda: status(pilot) == TOO_EARLY)
    assert screen.step is Step.WORK
    first_key(pilot).press()
    await stored(pilot)


async def test_for_a_second_after_a_touch_only_escape_is_heard(
    pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.at_key._DEAF", 60.0)
    await begun(pilot)
    await agreed(pilot)
    await typed(pilot)
    await stored(pilot)
    await hit(pilot, "2")
    await says_just(pilot, "One moment: the key was touched just now.")
    await hit(pilot, "escape")
    await on_top(pilot, StartScreen)


async def test_nothing_has_the_cursor_that_enter_could_press_near_a_touch(
    pilot: Pilot[None],
) -> None:
    await begun(pilot)
    await at(pilot, Step.LABEL)
    never_touched(pilot)
    await agreed(pilot)
    await typed(pilot)
    await sees(pilot, "Touch the key now.")
    assert pilot.app.focused is not None
    await until(pilot, lambda: pilot.app.focused.id == "key-now")
    before = said(pilot)[:200]
    await hit(pilot, "enter", "r", "y")
    assert said(pilot)[:200] == before
    await says_just(pilot, "The key works. Esc gives up.")


async def test_a_plan_that_no_longer_holds_is_shown_anew(
    pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pve_auth_tui.services.plans import PlanChanged

    app = pilot.app
    assert isinstance(app, PveAuthApp)
    await begun(pilot)
    await at(pilot, Step.LABEL)
    with monkeypatch.context() as changed:

        def enrol(plan: object, *args: object, **more: object) -> None:
            raise PlanChanged(plan)  # type: ignore[arg-type]

        changed.setattr(app.workshop.key_enrol, "enrol", enrol)
        await agreed(pilot)
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        await sees(pilot, "this is the plan made anew")
    await until(pilot, lambda: "y run" in shown(pilot))
    await hit(pilot, "y")
    await typed(pilot)
    await stored(pilot)


async def test_settings_that_were_changed_meanwhile_are_seen_and_agreed_to_anew(
    pilot: Pilot[None],
) -> None:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    await begun(pilot)
    await agreed(pilot)
    await asked_for_pin(pilot)
    await hit(pilot, "escape")
    screen = await at(pilot, Step.TROUBLE)
    assert screen._plan is not None
    screen._settings_good(replace(screen.ready, rp_id="other.example"))  # type: ignore[type-var]
    await at(pilot, Step.LABEL)
    await pilot.pause(0.2)
    assert screen.step is Step.LABEL
    assert screen._plan is None


async def test_who_is_left_for_another_plan_is_asked_for_it(pilot: Pilot[None]) -> None:
    await begun(pilot)
    await at(pilot, Step.LABEL)
    await hit(pilot, "ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await hit(pilot, "escape")
    await at(pilot, Step.LABEL)
    await sees(pilot, "Nothing was changed. What is typed stays.")
    await hit(pilot, "end", "x", "ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await sees(pilot, f"{NAME}x")


async def test_a_screen_that_is_left_lets_the_key_go(pilot: Pilot[None]) -> None:
    await begun(pilot)
    await at(pilot, Step.LABEL)
    never_touched(pilot)
    await agreed(pilot)
    await typed(pilot)
    await sees(pilot, "Touch the key now.")
    pilot.app.pop_screen()
    await until(pilot, lambda: "cancelled" in first_key(pilot).log)
    assert entries(pilot) == []


async def test_who_cannot_have_one_is_told_before_a_key_is_looked_for(
    pilot: Pilot[None],
) -> None:
    await begun(pilot, "nobody@pve")
    await at(pilot, Step.TROUBLE)
    await sees(pilot, "BAD Settings")
    await sees(pilot, "nobody@pve")
    await sees(pilot, "r begins again.")


async def test_the_same_usb_is_told_once(pilot: Pilot[None]) -> None:
    await begun(pilot)
    screen = await at(pilot, Step.LABEL)
    told: list[object] = []
    screen.scanned = told.append  # type: ignore[method-assign,assignment]
    await pilot.pause(0.5)
    assert told == []


async def test_ten_idle_minutes_at_the_pin_lead_back_to_start_and_let_the_key_go(
    pilot: Pilot[None],
) -> None:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    await begun(pilot)
    await agreed(pilot)
    await asked_for_pin(pilot)
    screen = await at(pilot, Step.WORK)
    await hit(pilot, "1", "2")
    assert app.is_changing, "the plan runs while the key is asked"
    app._last_key -= 601
    app._watch_idleness()
    await until(pilot, lambda: isinstance(app.screen, StartScreen))
    await until(pilot, lambda: not app.is_changing)
    assert not screen.key_works
    assert entries(pilot) == []
    app.workshop.keys.open(FIRST_PORT).close()


async def test_on_the_smallest_terminal_what_is_asked_is_seen(
    make_app: MakeApp, still_cursor: None
) -> None:
    async with make_app().run_test(size=(40, 12)) as pilot:
        await begun(pilot)
        await at(pilot, Step.LABEL)
        await sees(pilot, "> Description Key A 0001")
        never_touched(pilot)
        await agreed(pilot)
        await typed(pilot)
        await sees(pilot, "Touch the key now.")
        await pilot.resize_terminal(80, 24)
        await sees(pilot, "Touch the key now.", "- Stored")
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: "Stored" not in said(pilot))
        await sees(pilot, "Touch the key now.")
        await hit(pilot, "escape")
        await sees(pilot, "Cancelled.")


async def test_a_user_whom_pve_never_asks_is_told_before_the_plan(pilot):
    await begun(pilot, "admin@x.org@entra")
    await sees(pilot, "PVE never asks admin@x.org@entra for it: in OpenID realms only")
    await at(pilot, Step.LABEL)
