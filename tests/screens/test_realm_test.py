"""A realm's test by keys alone: stages as they come, both servers, fixes, one login, its report."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.realmtest.report import Advice, Check, Fix, Stage
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.terminal.profile import Profile
from screens.at_directory import BindPasswordForm
from screens.details import DetailsScreen
from screens.plan import PlanScreen
from screens.realm_test import RealmTestScreen
from screens.try_login import TryLoginForm
from screens.typed_yes import YesScreen
from tests.screens.conftest import (
    MakeApp,
    listening,
    on_top,
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from tests.screens.realmtesting import CORP, FIRST, PLAIN, SECOND, Tests, checks_of_corp, give
from widgets.detail_pane import DetailPane

ASCII = Profile("ascii", "none", serial=True)


async def opened(
    pilot: Pilot[Any], tests: Tests, realm: Realm = CORP, **how: Any
) -> RealmTestScreen:
    """The test, at its end unless something is asked or held."""
    await settle(pilot)
    app = give(pilot, realm_test=tests)
    screen = RealmTestScreen(realm, **how)
    app.push_screen(screen)
    await until(pilot, lambda: bool(tests.runs) or app.screen is not screen)
    await until(pilot, lambda: bool(tests.held) or app.screen is not screen or not screen.busy)
    await pilot.pause(0.05)
    return screen


@pytest.fixture
def tests() -> Tests:
    return Tests()


@pytest.fixture
async def corp(make_app: MakeApp, tests: Tests, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests)
        yield pilot


def row(pilot: Pilot[Any], number: int) -> str:
    return next(
        line for line in shown(pilot).splitlines() if line.lstrip(" >").startswith(f"{number} ")
    )


def pane(pilot: Pilot[Any]) -> str:
    return " ".join(pilot.app.screen.query_one(DetailPane).text.split())


# --- what is shown --------------------------------------------------------------------------


async def test_both_servers_stand_side_by_side(corp: Pilot[None]) -> None:
    lines = shown(corp).splitlines()
    assert "Test realm corp (AD)" in lines[1]
    assert "not saved" not in lines[1]
    assert lines[2].split() == [FIRST, f"[{SECOND}]"]
    cells = row(corp, 4)[31:].split()
    assert cells == ["ok", "241", "days", "4", "ms", "BAD", "other", "name", "4", "ms"]
    assert row(corp, 6)[31:].split() == ["ok", "6", "ms", "-", "not", "reached"]
    assert row(corp, 8)[31:].split() == ["ok", "3,016", "0.6", "s", "-", "not", "reached"]
    assert "l tries one" in row(corp, 11)
    await until(corp, lambda: status(corp).endswith("Nothing changed."))


async def test_the_cursor_goes_to_what_is_wrong_and_the_pane_tells_of_it(
    corp: Pilot[None],
) -> None:
    await until(corp, lambda: table(corp).key == Stage.CERTIFICATE.value)
    await until(corp, lambda: pane(corp).startswith(f"4 Certificate at {SECOND} (fallback)"))
    await until(corp, lambda: "What" in pane(corp))


async def test_left_and_right_choose_the_server(corp: Pilot[None]) -> None:
    await press(corp, "left")
    await sees(corp, f"[{FIRST}]")
    await until(corp, lambda: f"4 Certificate at {FIRST} " in pane(corp))
    await press(corp, "left", "right", "right")
    await sees(corp, f"[{SECOND}]")
    await until(corp, lambda: table(corp).key == Stage.CERTIFICATE.value)


async def test_the_pane_follows_the_cursor(corp: Pilot[None]) -> None:
    await press(corp, "left", "down", "j")
    await until(corp, lambda: "6 Bind as proxmox_auth" in pane(corp))


async def test_enter_tells_everything(corp: Pilot[None]) -> None:
    await press(corp, "enter")
    await on_top(corp, DetailsScreen)
    await sees(
        corp,
        "names dc2.example.com",
        "verify code 62",
        "Cause certificate-other-name",
        "Original Hostname mismatch",
    )
    await press(corp, "escape")
    await on_top(corp, RealmTestScreen)


async def test_stages_appear_as_they_come(make_app: MakeApp) -> None:
    tests = Tests(held=Event())
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests)
        await until(pilot, lambda: "192.0.2.10" in row(pilot, 1))
        assert row(pilot, 2)[31:].split() == ["..."]
        assert row(pilot, 3)[31:].split() == []
        await says_just(pilot, "Testing ... Esc stops it.")
        assert tests.held
        tests.held.set()
        await until(pilot, lambda: "Nothing changed." in status(pilot))


async def test_the_cursor_stays_where_somebody_has_put_it(make_app: MakeApp) -> None:
    tests = Tests(held=Event())
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests)
        await pilot.press("down")
        await pilot.pause(0.1)
        assert tests.held
        tests.held.set()
        await until(pilot, lambda: "Nothing changed." in status(pilot))
        await until(pilot, lambda: table(pilot).key == Stage.PORT.value)


# --- stopping -------------------------------------------------------------------------------


async def test_esc_stops_a_test_and_then_leaves(make_app: MakeApp) -> None:
    tests = Tests(held=Event())
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, tests)
        await until(pilot, lambda: "192.0.2.10" in row(pilot, 1))
        await pilot.press("escape")
        await until(pilot, lambda: "Stopped." in status(pilot))
        await until(pilot, lambda: pilot.app.screen is screen)
        assert "not reached" in row(pilot, 5)
        await press(pilot, "escape")
        await until(pilot, lambda: pilot.app.screen is not screen)


async def test_leaving_while_it_runs_stops_it(make_app: MakeApp) -> None:
    tests = Tests(held=Event())
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests)
        pilot.app.pop_screen()  # as the way to Start after ten idle minutes does
        await settle(pilot)
        assert len(pilot.app.screen_stack) == 2


async def test_r_tests_again_and_not_while_it_runs(make_app: MakeApp) -> None:
    tests = Tests()
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests)
        tests.held = Event()
        await pilot.press("r")
        await until(pilot, lambda: len(tests.runs) == 2)
        await pilot.press("r")
        await until(pilot, lambda: status(pilot) == "The test runs. Esc stops it.")
        tests.held.set()
        await until(pilot, lambda: "Nothing changed." in status(pilot))
        assert len(tests.runs) == 2


async def test_what_cannot_be_tested_says_why(make_app: MakeApp) -> None:
    tests = Tests(error=AuthTuiError("No network here.", "Ask on the node."))
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, tests)
        await until(pilot, lambda: status(pilot) == "No network here. Ask on the node.")
        assert screen.busy == ""


async def test_a_port_that_is_none_is_said(make_app: MakeApp) -> None:
    wrong = Realm("corp", "ad", {**CORP.options, "port": "x"})
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        give(pilot, realm_test=Tests())
        await pilot.app.push_screen(RealmTestScreen(wrong, saved=False))
        await until(pilot, lambda: status(pilot) == "x is no port.")
        await press(pilot, "l", "f", "enter", "1", "right")
        await press(pilot, "escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 2)


# --- what others could read ---------------------------------------------------------------------


async def test_a_realm_without_tls_asks_for_a_typed_yes_at_every_run(make_app: MakeApp) -> None:
    """R20: plain LDAP binds only after a typed yes, once per run."""
    tests = Tests(checks=lambda: [Check(Stage.ADDRESS, PLAIN.options["server1"], "ok")])
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, tests, PLAIN)
        await on_top(pilot, YesScreen)
        await sees(pilot, "plain LDAP", "the password of cn=reader,dc=lab")
        await type_text(pilot, "y")
        await press(pilot, "enter")
        await on_top(pilot, YesScreen)
        assert tests.runs == []
        await type_text(pilot, "es")
        await press(pilot, "enter")
        await until(pilot, lambda: bool(tests.runs) and not screen.busy)
        assert tests.runs[0]["agreed"] is True
        await press(pilot, "r")
        await on_top(pilot, YesScreen)
        await press(pilot, "escape")
        await until(pilot, lambda: len(tests.runs) == 2)
        assert tests.runs[1]["agreed"] is False


async def test_a_realm_that_is_safe_asks_nothing(corp: Pilot[None], tests: Tests) -> None:
    (run,) = tests.runs
    assert (run["agreed"], run["password"], run["saved"]) == (False, None, True)


async def test_where_nobody_binds_nothing_is_asked(make_app: MakeApp) -> None:
    """R20: there is no credential that others could read."""
    nobody = Realm("lab", "ldap", {k: v for k, v in PLAIN.options.items() if k != "bind_dn"})
    tests = Tests(checks=list)
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests, nobody)
        assert [run["agreed"] for run in tests.runs] == [False]


async def test_a_certificate_that_nobody_verifies_is_asked_about(make_app: MakeApp) -> None:
    """R20"""
    loose = Realm("corp", "ad", {**CORP.options, "verify": "0"})
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, Tests(), loose)
        await on_top(pilot, YesScreen)
        await sees(pilot, "does not verify the server's certificate")


async def test_a_password_that_cannot_be_read_is_asked_for_once(make_app: MakeApp) -> None:
    missing = Check(Stage.BIND, FIRST, "-", "no password", None, (Cause.NO_PASSWORD,))
    tests = Tests(checks=lambda: [missing])
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests)
        await until(pilot, lambda: isinstance(pilot.app.screen, BindPasswordForm))
        await settle(pilot)
        await sees(pilot, "No stored password is at hand")  # a new realm has none
        await press(pilot, "ctrl+o")
        await on_top(pilot, BindPasswordForm)  # an empty one is none
        await type_text(pilot, "bind-secret")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: len(tests.runs) == 2)
        assert tests.runs[1]["password"] == Secret("bind-secret")
        await until(pilot, lambda: isinstance(pilot.app.screen, RealmTestScreen))
        await settle(pilot)
        await on_top(pilot, RealmTestScreen)  # it is not asked for again


async def test_a_typed_password_is_used(make_app: MakeApp) -> None:
    tests = Tests()
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests, password=Secret("typed"), saved=False)
        assert tests.runs[0]["password"] == Secret("typed")
        assert tests.runs[0]["saved"] is False
        await sees(pilot, "Test realm corp (AD), not saved yet")


# --- fixes ---------------------------------------------------------------------------------------


def with_fixes(monkeypatch: pytest.MonkeyPatch, *fixes: Fix) -> None:
    monkeypatch.setattr(
        "screens.realm_test.advice", lambda check, test: Advice("It is so.", "", tuple(fixes))
    )


COMMENT = Fix("say it in the comment", {"comment": "mended"})


async def test_a_fix_of_an_unsaved_realm_goes_back_to_its_form(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_fixes(monkeypatch, Fix("another certificate"), COMMENT)
    taken: list[Mapping[str, str]] = []
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, Tests(), saved=False, on_fix=taken.append)
        await until(pilot, lambda: "1-2 take a fix" in shown(pilot))
        await until(pilot, lambda: "Fix 2 say it in the comment" in pane(pilot))
        await press(pilot, "3")
        await says_just(pilot, "There is no fix 3 here.")
        await press(pilot, "1")
        await says_just(pilot, "That is not done from here: another certificate.")
        assert (taken, pilot.app.screen) == ([], screen)
        await press(pilot, "2")
        await until(pilot, lambda: taken == [{"comment": "mended"}])
        assert pilot.app.screen is not screen


async def test_a_fix_of_a_saved_realm_is_a_plan_and_then_it_is_tested_again(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_fixes(monkeypatch, COMMENT)
    tests = Tests()
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.snapshot
        assert app.snapshot.realms.value
        corp = app.snapshot.realms.value.realms["corp"]
        screen = await opened(pilot, tests, corp)
        await press(pilot, "1")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        await sees(pilot, "edit realm corp")
        await press(pilot, "escape")
        await says_just(pilot, "Nothing was changed.")
        await press(pilot, "1")
        await listening(pilot)
        await press(pilot, "y")
        await until(pilot, lambda: "Done:" in shown(pilot))
        await press(pilot, "escape")
        await until(pilot, lambda: len(tests.runs) == 2 and app.screen is screen)
        assert screen._realm.options["comment"] == "mended"


async def test_a_realm_that_others_change_is_said_to_be_another_one(
    corp: Pilot[None], tests: Tests
) -> None:
    app = corp.app
    assert isinstance(app, PveAuthApp)
    app.house_screen.take_picture()  # the demo's corp has other options than the test's
    await says_just(corp, "The realm was changed. r tests it as it is now.")
    assert app.outlook
    await press(corp, "r")
    await until(corp, lambda: len(tests.runs) == 2)


# --- one person's login --------------------------------------------------------------------------


async def test_one_login_is_tried_once_and_its_row_tells(corp: Pilot[None], tests: Tests) -> None:
    """R23: one attempt per user action."""
    tests.login = Check(Stage.LOGIN, FIRST, "BAD", "locked", 0.01, (Cause.ACCOUNT_LOCKED,))
    await press(corp, "l")
    await on_top(corp, TryLoginForm)
    await press(corp, "ctrl+o")
    assert tests.attempts == []
    await type_text(corp, "ann@corp")
    await press(corp, "ctrl+o")
    await sees(corp, "Without @corp.")
    for _ in range(5):
        await corp.press("backspace")
    await press(corp, "down")
    await type_text(corp, "ann-secret")
    assert "ann-secret" not in shown(corp)
    await press(corp, "ctrl+o")
    await until(corp, lambda: bool(tests.attempts) and "locked" in shown(corp))
    assert tests.attempts == [("ann", Secret("ann-secret"), False)]
    await until(corp, lambda: table(corp).key == Stage.LOGIN.value)
    assert row(corp, 11)[31:].split()[:2] == ["BAD", "locked"]
    await says_just(corp, "ann: BAD locked. Nothing was changed in PVE.")
    await press(corp, "l")
    form = corp.app.screen
    assert isinstance(form, TryLoginForm)
    assert form.form.values["name"] == "ann"  # and no password
    assert form.form.values["password"] == Secret("")


async def test_a_login_of_an_unsafe_realm_is_agreed_to_first(make_app: MakeApp) -> None:
    """R20"""
    loose = Realm("corp", "ad", {**CORP.options, "verify": "0"})
    tests = Tests()
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, tests, loose, saved=False)
        await press(pilot, "escape")
        await until(pilot, lambda: bool(tests.runs) and not screen.busy)
        await press(pilot, "l")
        await on_top(pilot, YesScreen)
        await press(pilot, "escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        await says_just(pilot, "No login was tried: others could read the password.")
        await press(pilot, "l")
        await type_text(pilot, "yes")
        await press(pilot, "enter")
        await on_top(pilot, TryLoginForm)
        await type_text(pilot, "ann")
        await press(pilot, "down")
        await type_text(pilot, "x")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: bool(tests.attempts))
        assert tests.attempts[0][2] is True


# --- keeping it ----------------------------------------------------------------------------------


async def test_the_report_is_saved_for_root_alone(corp: Pilot[None], tmp_path: Path) -> None:
    await press(corp, "f")
    await until(corp, lambda: "Saved, for you alone" in status(corp))
    (file,) = (tmp_path / "saved").glob("*realm-test-corp.txt")
    assert "other name" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


# --- other terminals and hostile texts ------------------------------------------------------------


async def test_one_server_has_one_column(make_app: MakeApp) -> None:
    alone = Realm("corp", "ad", {k: v for k, v in CORP.options.items() if k != "server2"})
    tests = Tests(checks=lambda: [one for one in checks_of_corp() if one.server == FIRST])
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, tests, alone)
        await until(pilot, lambda: shown(pilot).splitlines()[2].split() == [FIRST])
        assert "left/right" not in shown(pilot)
        await press(pilot, "right")
        await says_just(pilot, "This realm has one server.")


async def test_a_small_terminal_shows_the_chosen_server_alone(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(40, 12)) as pilot:
        await opened(pilot, Tests())
        await sees(pilot, f"[{SECOND}]"[:16])
        assert FIRST not in shown(pilot)
        assert "BAD   other name" in row(pilot, 4)
        await press(pilot, "left")
        await sees(pilot, FIRST[:12])
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        await until(pilot, lambda: shown(pilot).splitlines()[2].split() == [f"[{FIRST}]", SECOND])


async def test_without_colour_and_boxes_the_words_say_it(make_app: MakeApp) -> None:
    async with make_app(profile=ASCII).run_test(size=(80, 24)) as pilot:
        await opened(pilot, Tests())
        assert "BAD   other name" in row(pilot, 4)
        assert shown(pilot).isascii()


async def test_what_servers_say_cannot_draw(make_app: MakeApp) -> None:
    """R19"""
    evil = Check(Stage.ADDRESS, FIRST, "LOOK", "a\x1b[2J[red]", 0.1, (), (), "\u202eoriginal\x07")
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, Tests(checks=lambda: [evil]))
        await sees(pilot, r"a\x1b[2J[red]"[:9])
        await press(pilot, "enter")
        await sees(pilot, r"\u202eoriginal\x07")


async def test_a_realm_whose_servers_are_gone_is_no_crash(make_app: MakeApp) -> None:
    none = Realm("old", "ldap", {"mode": "ldaps", "verify": "1", "user_attr": "uid"})
    tests = Tests(checks=list)
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, tests, none)
        await press(pilot, "1", "right", "down", "l", "enter")
        await until(
            pilot, lambda: pilot.app.screen is screen or isinstance(pilot.app.screen, DetailsScreen)
        )


async def test_a_new_picture_of_the_same_realm_says_nothing(make_app: MakeApp) -> None:
    tests = Tests()
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.outlook
        assert app.outlook.snapshot.realms.value
        await opened(pilot, tests, app.outlook.snapshot.realms.value.realms["corp"])
        before = status(pilot)
        app.outlook = app.outlook._replace(snapshot=replace(app.outlook.snapshot))
        app.house_screen.take_picture()
        await says_just(pilot, before)
