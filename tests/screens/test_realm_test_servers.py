"""A form's test of other servers than the saved ones: what PVE has stored is not sent there."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.realmtest.report import Check, Stage
from pve_auth_tui.core.secret import Secret
from screens.at_directory import BindPasswordForm
from screens.realm_test import RealmTestScreen
from tests.screens.conftest import MakeApp, settle, shown, until
from tests.screens.realmtesting import CORP, FIRST, SECOND, Tests, give

OTHER = "dc9.example.com"
MISSING = Check(Stage.BIND, OTHER, "LOOK", "no password", None, (Cause.NO_PASSWORD,))


def typed(**options: str) -> Realm:
    """The demo's corp with what somebody has typed over it."""
    return Realm("corp", "ad", {**CORP.options, **options})


async def at_its_end(
    pilot: Pilot[Any], realm: Realm, password: Secret | None = None, **how: Any
) -> Tests:
    """The test of a form, at its end."""
    tests = Tests(checks=lambda: [MISSING])
    await settle(pilot)
    screen = RealmTestScreen(realm, password, **{"saved": False, **how})
    give(pilot, realm_test=tests).push_screen(screen)
    await until(pilot, lambda: bool(tests.runs) and not screen.busy)
    return tests


async def test_the_stored_password_is_not_sent_to_a_server_that_somebody_typed(
    make_app: MakeApp,
) -> None:
    for options in ({"server1": OTHER}, {"server2": OTHER}):
        async with make_app().run_test(size=(80, 24)) as pilot:
            tests = await at_its_end(pilot, typed(**options))
            assert tests.runs[0]["password"] == Secret(""), "none at all, not the stored one"
            await until(pilot, lambda: "goes to the saved servers alone" in shown(pilot))


async def test_what_is_typed_in_the_form_is_sent_there(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        tests = await at_its_end(pilot, typed(server1=OTHER), Secret("typed"))
        assert tests.runs[0]["password"] == Secret("typed")


async def test_the_saved_servers_get_the_stored_one_in_any_order(make_app: MakeApp) -> None:
    swapped = typed(server1=SECOND.upper(), server2=FIRST, filter="(cn=x)")
    async with make_app().run_test(size=(80, 24)) as pilot:
        tests = await at_its_end(pilot, swapped)
        assert tests.runs[0]["password"] is None, "None is the stored one"


async def test_a_realm_that_is_not_made_yet_asks_for_its_password(make_app: MakeApp) -> None:
    """What PVE may keep of an earlier realm of that name is not for it either."""
    async with make_app().run_test(size=(80, 24)) as pilot:
        tests = await at_its_end(pilot, Realm("fresh", "ad", CORP.options))
        assert tests.runs[0]["password"] == Secret("")
        await until(pilot, lambda: isinstance(pilot.app.screen, BindPasswordForm))


async def test_a_login_over_typed_servers_does_not_use_the_stored_one_either(
    make_app: MakeApp,
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await at_its_end(pilot, typed(server1=OTHER))
        screen = pilot.app.screen
        assert isinstance(screen, RealmTestScreen)
        assert screen._test is not None
        assert screen._usable(screen._test.settings) == Secret("")
