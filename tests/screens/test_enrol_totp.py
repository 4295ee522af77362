"""TOTP from its name to the proved login, by keys alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.qrsize import ROWS
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.terminal.profile import Profile
from screens.choose import ChooseScreen
from screens.enrol_totp import EnrolTotpScreen
from screens.prove import ProveScreen
from screens.scan_totp import ScanTotpScreen
from screens.start import StartScreen
from tests.screens.conftest import (
    UNICODE,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)
from tests.screens.enrolling import GROUPS, SECRET, House, house
from widgets.qr_view import QrView

USER = "bob.admin@corp"
SERIAL = Profile("ascii", "none", serial=True)
BLOCKS = frozenset("▀▄█")


async def begun(pilot: Pilot[None], userid: str = USER) -> House:
    app = pilot.app
    assert isinstance(app, House)
    await settle(pilot)
    app.push_screen(EnrolTotpScreen(userid))
    await settle(pilot)
    return app


async def scanning(pilot: Pilot[None], name: str = "phone") -> House:
    app = await begun(pilot)
    await type_text(pilot, name)
    await press(pilot, "ctrl+o")
    await on_top(pilot, ScanTotpScreen)
    return app


def code_of(app: House, steps: int = 0) -> str:
    """What the app shows, or a phone whose clock is that many periods ahead."""
    assert isinstance(app.screen, ScanTotpScreen)
    draft = app.screen._totp
    at = app.workshop.enrol.now(draft) + steps * draft.totp.period
    code: str = app.workshop.enrol._authenticator.code(draft.totp, at).reveal()
    return code


async def test_from_the_name_to_the_proof(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r")
        await sees(pilot, GROUPS)
        await type_text(pilot, code_of(app))
        await says(pilot, "The code is right.")
        await press(pilot, "ctrl+o")
        [draft] = app.drafts_made
        [step] = draft.steps
        assert isinstance(step, ApiCall)
        assert step.path == ("access", "tfa", USER)
        assert step.params == {"type": "totp", "description": "phone"}
        assert SECRET in step.secrets["totp"].reveal()
        await on_top(pilot, ProveScreen)
        await sees(pilot, "TOTP was added and its code is right.")
        assert [type(screen) for screen in app.screen_stack[1:]] == [StartScreen, ProveScreen]


async def test_the_code_that_the_demo_shows_is_the_one_of_now(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r")
        first = code_of(app)
        await sees(pilot, f"DEMO: the app shows {first}")
        clock = app.workshop.enrol._clock
        app.workshop.enrol._clock = FixedClock(clock.now() + 30)
        later = code_of(app)
        assert later != first
        await until(pilot, lambda: f"DEMO: the app shows {later}" in shown(pilot))


async def test_the_name_is_asked_for_before_anything_else(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await press(pilot, "ctrl+o")
        await on_top(pilot, EnrolTotpScreen)
        await sees(pilot, "A description is needed")
        await press(pilot, "ctrl+g")
        await says(pilot, "for example: phone")


async def test_other_codes_are_folded_away_until_they_are_wanted(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        assert "Period" not in shown(pilot)
        await type_text(pilot, "token")
        await press(pilot, "enter", "space", "enter", "space", "space", "enter")
        await sees(pilot, "Period in seconds")
        await press(pilot, *["backspace"] * 2, *"60x", "enter")
        await sees(pilot, "A number of seconds")
        await press(pilot, "up", *["backspace"] * 3, *"05", "ctrl+o")
        await sees(pilot, "nobody types a code in less")
        await press(pilot, "backspace", "backspace", *"60", "enter", "space", "ctrl+o")
        await on_top(pilot, ScanTotpScreen)
        await sees(pilot, "8 digits, every 60 s, SHA256")
        await type_text(pilot, code_of(app))
        await says(pilot, "The code is right.")


async def test_what_is_folded_away_again_does_not_count(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await type_text(pilot, "phone")
        await press(pilot, "enter", "space", "enter", "enter", "backspace", "up", "up", "space")
        await press(pilot, "ctrl+o")
        await sees(pilot, "6 digits, every 30 s, SHA1")
        await on_top(pilot, ScanTotpScreen)


async def test_the_secret_and_its_qr_code_are_hidden_until_a_key_and_hidden_again(
    tmp_path: Path,
) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        assert "JBSW" not in shown(pilot)
        assert not BLOCKS & set(shown(pilot))
        await press(pilot, "ctrl+r")
        await sees(pilot, GROUPS)
        await until(pilot, lambda: set(shown(pilot)) >= BLOCKS)
        assert app.screen.query_one(QrView).size.height <= ROWS
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: "JBSW" not in shown(pilot))
        assert not BLOCKS & set(shown(pilot))


async def test_the_qr_code_on_the_screen_is_whole(tmp_path: Path) -> None:
    from pve_auth_tui.terminal.qr import drawn

    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r")
        screen = app.screen
        assert isinstance(screen, ScanTotpScreen)
        view = screen.query_one(QrView)
        lines = shown(pilot).splitlines()[view.region.y :]
        code = drawn(screen._totp.qr_uri)
        assert [line[: code.width].ljust(code.width) for line in lines[: code.height]] == list(
            code.lines
        )
        styles = {
            (segment.style.color.name, segment.style.bgcolor.name)
            for y in range(code.height)
            for segment in view.render_line(y)
            if segment.style and segment.style.color and segment.style.bgcolor
        }
        assert styles == {("#000000", "#ffffff")}


@pytest.mark.parametrize(
    ("profile", "size", "said"),
    [
        (Profile("ascii", "none"), (80, 24), "This terminal shows no QR code."),
        (Profile("cp437", "16", console=True), (80, 24), "This terminal shows no QR code."),
        (UNICODE, (60, 20), "The QR code has no room here; it needs 77x24."),
    ],
    ids=["ascii", "font-unknown", "small"],
)
async def test_where_no_qr_code_can_be_shown_the_text_takes_its_place(
    tmp_path: Path, profile: Profile, size: tuple[int, int], said: str
) -> None:
    app = house(tmp_path, profile)
    async with app.run_test(size=size) as pilot:
        await scanning(pilot)
        await says(pilot, "^R shows the secret.")
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: said in " ".join(status(pilot).split()))
        await sees(pilot, GROUPS)
        assert not BLOCKS & set(shown(pilot))


async def test_the_qr_code_comes_when_the_window_grows_and_goes_when_it_shrinks(
    tmp_path: Path,
) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(60, 20)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: not BLOCKS & set(shown(pilot)))
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        await until(pilot, lambda: set(shown(pilot)) >= BLOCKS)
        await pilot.resize_terminal(80, 23)
        await until(pilot, lambda: not BLOCKS & set(shown(pilot)))


async def test_a_code_is_judged_when_it_is_whole_and_says_how_far_the_phone_is_off(
    tmp_path: Path,
) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await type_text(pilot, code_of(app, -3)[:5])
        assert "wrong" not in shown(pilot)
        await type_text(pilot, code_of(app, -3)[5])
        await sees(pilot, "your phone is 90 s behind")
        await press(pilot, "ctrl+o")
        await on_top(pilot, ScanTotpScreen)
        assert app.drafts_made == [], "nobody was asked"
        await press(pilot, *["backspace"] * 6)
        await until(pilot, lambda: "behind" not in shown(pilot))


async def test_blanks_in_a_code_do_not_matter(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        code = code_of(app)
        await type_text(pilot, f"{code[:3]} {code[3:]}")
        await says(pilot, "The code is right.")
        await press(pilot, "ctrl+o")
        assert app.drafts_made[0].steps[0].secrets["value"] == Secret(code)  # type: ignore[union-attr]


async def test_without_a_code_there_is_no_plan(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+o")
        await sees(pilot, "Type the code that the app shows now.")
        assert app.drafts_made == []


async def test_a_plan_that_is_left_adds_nothing_and_keeps_everything(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        app.runs = "left"
        await type_text(pilot, code_of(app))
        await press(pilot, "ctrl+o")
        await on_top(pilot, ScanTotpScreen)
        await says_just(pilot, "Nothing was added.")
        app.runs = "ok"
        await press(pilot, "ctrl+o")
        await on_top(pilot, ProveScreen)


async def test_a_plan_that_fails_leaves_the_secret_for_another_code(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        app.runs = "failed"
        await type_text(pilot, code_of(app))
        await press(pilot, "ctrl+o")
        await on_top(pilot, ScanTotpScreen)
        await says(pilot, "not added as planned")


async def test_escape_goes_back_step_by_step_and_what_was_typed_is_kept(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        draft = app.screen._totp  # type: ignore[attr-defined]
        await press(pilot, "escape")
        await on_top(pilot, EnrolTotpScreen)
        await press(pilot, "ctrl+o")
        assert app.screen._totp is draft, "what the app has scanned stays right"  # type: ignore[attr-defined]
        await press(pilot, "escape", *"s", "ctrl+o")
        await until(pilot, lambda: app.screen._totp is not draft)  # type: ignore[attr-defined]
        await press(pilot, "escape", "escape")
        await on_top(pilot, StartScreen)
        await begun(pilot)
        await sees(pilot, "phones")
        await press(pilot, "escape")
        await begun(pilot, "carl@corp")
        assert "phones" not in shown(pilot)


async def test_after_it_was_added_the_next_form_begins_anew(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await type_text(pilot, code_of(app))
        await press(pilot, "ctrl+o", "escape")
        await begun(pilot)
        assert "phone" not in shown(pilot)


async def test_what_the_service_refuses_is_said(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, "nobody@pve")
        await type_text(pilot, "phone")
        await press(pilot, "ctrl+o")
        await on_top(pilot, EnrolTotpScreen)
        await says(pilot, "There is no user nobody@pve.")
        await press(pilot, "x")
        await until(pilot, lambda: status(pilot) == "")  # what was said of another text goes


async def test_what_is_known_against_it_is_told_before(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, "anna.admin@corp")
        await type_text(pilot, "second phone")
        await press(pilot, "ctrl+o")
        await sees(pilot, "LOOK  TOTP of anna.admin@corp is locked")


async def test_the_clock_ticks_only_while_it_is_seen(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        asked: list[Any] = []
        now = app.workshop.enrol.now
        app.workshop.enrol.now = lambda draft: (asked.append(1), now(draft))[1]
        await sees(pilot, "22:41:00, next code in 30 s")
        await until(pilot, lambda: len(asked) >= 1)
        app.push_screen(ChooseScreen("Over it", ["one"]))
        await settle(pilot)
        seen = len(asked)
        await pilot.pause(1.3)
        assert len(asked) == seen
        await press(pilot, "escape")
        await until(pilot, lambda: len(asked) > seen)


async def test_digits_and_letters_do_nothing_but_text_in_a_form(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await type_text(pilot, "q27")
        await press(pilot, "enter", "q", "2")
        await on_top(pilot, EnrolTotpScreen)
        assert app.is_running
        await sees(pilot, "q27")
        await says(pilot, "Space and the arrows")


# --- terminals that may be recorded ------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "by"),
    [
        (SERIAL, "a serial line"),
        (Profile("unicode", "256", keeper="tmux"), "tmux"),
        (Profile("unicode", "16", keeper="screen"), "screen"),
        (Profile("unicode", "256", keeper="script"), "script"),
    ],
    ids=["serial", "tmux", "screen", "script"],
)
async def test_where_it_may_be_recorded_that_is_said_and_asked_first(
    tmp_path: Path, profile: Profile, by: str
) -> None:
    app = house(tmp_path, profile)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        warning = f"This terminal may be recorded ({by})"
        await until(pilot, lambda: warning in " ".join(status(pilot).split()))
        await press(pilot, "ctrl+r")
        await on_top(pilot, ChooseScreen)
        await sees(pilot, warning)
        assert "JBSW" not in shown(pilot)
        await press(pilot, "1")
        await until(pilot, lambda: "JBSW" not in shown(pilot))
        await says_just(pilot, "It stays hidden.")
        await press(pilot, "ctrl+r", "escape", "ctrl+r", "2")
        await sees(pilot, GROUPS)
        await press(pilot, "ctrl+r", "ctrl+r")
        await until(pilot, lambda: GROUPS in shown(pilot))  # it is asked once


async def test_on_a_serial_line_the_secret_goes_blank_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = house(tmp_path, SERIAL)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r", "2")
        await sees(pilot, GROUPS)
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: GROUPS not in shown(pilot))
        monkeypatch.setattr("screens.secrets._ON_A_LINE", 0.2)
        await press(pilot, "ctrl+r")  # it was asked once
        await says(pilot, "Hidden again after 2 minutes")
        await until(pilot, lambda: GROUPS not in shown(pilot))


async def test_elsewhere_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screens.secrets._ON_A_LINE", 0.05)
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r")
        await pilot.pause(0.3)
        await sees(pilot, GROUPS)


async def test_a_file_takes_the_place_of_the_screen(tmp_path: Path) -> None:
    app = house(tmp_path, SERIAL)
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r", "3", "ctrl+o")
        await sees(pilot, "The whole path of a new file")
        await type_text(pilot, str(folder / "totp.txt"))
        await press(pilot, "ctrl+o")
        await says(pilot, "Saved as")
        assert "JBSW" not in shown(pilot)
    text = (folder / "totp.txt").read_text()
    assert GROUPS in text
    assert (folder / "totp.txt").stat().st_mode & 0o777 == 0o600


async def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    app = house(tmp_path, SERIAL)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r", "3")
        await type_text(pilot, "totp.txt")
        await press(pilot, "ctrl+o")
        await says(pilot, "Give the whole path of a file")


# --- nothing is left -----------------------------------------------------------------------


@pytest.mark.parametrize("way", ["escape", "plan", "idle"])
async def test_the_terminal_is_cleared_however_the_secret_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    wiped: list[str] = []
    monkeypatch.setattr("pve_auth_tui.terminal.wipe.cleared", lambda driver: wiped.append("now"))
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "ctrl+r")
        assert wiped == []
        if way == "escape":
            await press(pilot, "escape")
        elif way == "plan":
            app.push_screen(ChooseScreen("A plan", ["one"]))
        else:
            app.open_start()
        await settle(pilot)
        assert wiped == ["now"]
        assert "JBSW" not in shown(pilot)


async def test_what_was_never_shown_needs_no_clearing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiped: list[str] = []
    monkeypatch.setattr("pve_auth_tui.terminal.wipe.cleared", lambda driver: wiped.append("now"))
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await scanning(pilot)
        await press(pilot, "escape", "escape")
        assert wiped == []


async def test_no_picture_yet_is_said(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        app.outlook = None
        await type_text(pilot, "phone")
        await press(pilot, "ctrl+o")
        await says(pilot, "Nothing was read yet.")


async def test_a_worker_that_fails_as_foreseen_does_not_end_the_program(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)

        def fails(*args: Any, **kwargs: Any) -> Any:
            raise Unreadable("The users could not be read.", "r reads again.")

        app.workshop.enrol.start_totp = fails
        await type_text(pilot, "phone")
        await press(pilot, "ctrl+o")
        await says_just(pilot, "The users could not be read. r reads again.")
