"""A login with any browser by keys alone: told of first, its address, the way back, what it did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.errors import LoginRefused, Refused
from pve_auth_tui.core.openid.redirects import Uris
from pve_auth_tui.core.openid.settings import settings_of
from pve_auth_tui.services.openid import OpenIdService
from pve_auth_tui.services.openidlogin import LoggedIn
from pve_auth_tui.terminal.profile import Profile
from screens.details import DetailsScreen
from screens.openid_login import OpenIdLoginForm, OpenIdLoginScreen
from screens.openid_probe import OpenIdProbeScreen
from tests.core.openids import NOW, REDIRECT
from tests.screens.conftest import (
    MakeApp,
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    until,
)
from tests.screens.openidtesting import BEGUN, IDP, Probes, paste
from tests.screens.realmtesting import give
from tests.services.test_openid import CODE, TICKET, Pve, ScriptedWeb
from widgets.field import SecretEntry
from widgets.qr_view import QrView

BACK = f"{REDIRECT}/?code={CODE}&state=STATE"
SETTINGS = settings_of(IDP)


async def opened(pilot: Pilot[Any], openid: object) -> OpenIdLoginForm:
    await settle(pilot)
    give(pilot, openid=openid)
    form = OpenIdLoginForm(SETTINGS, Uris((REDIRECT,), ("https://pve1:8006",)))
    await pilot.app.push_screen(form)
    await settle(pilot)
    return form


async def begun(pilot: Pilot[Any], openid: object) -> OpenIdLoginScreen:
    await opened(pilot, openid)
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, OpenIdLoginScreen))
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, OpenIdLoginScreen)
    return screen


@pytest.fixture
def probes() -> Probes:
    return Probes()


@pytest.fixture
async def login(
    make_app: MakeApp, probes: Probes, still_cursor: None
) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await begun(pilot, probes)
        yield pilot


def words(pilot: Pilot[Any]) -> str:
    return " ".join(shown(pilot).split())


def held_by_field(pilot: Pilot[Any]) -> str:
    entry = pilot.app.screen.query_one(SecretEntry)
    return entry.value.reveal()


# --- before it ---------------------------------------------------------------------------------


async def test_what_a_login_may_do_is_said_before_pve_is_asked(make_app: MakeApp) -> None:
    probes = Probes()
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, probes)
        for text in (
            "This is a real login: PVE makes the user, if there is none",
            "The same node (pve1) has to take it back within 10 minutes.",
            "The ticket that comes of it is dropped at once.",
            "PVE asks for no second factor in OpenID realms",
        ):
            assert text in words(pilot)
        await press(pilot, "y", "enter")  # no letter and no Enter begins it
        assert probes.begins == []
        await press(pilot, "escape")
        assert probes.begins == []


async def test_a_redirect_uri_that_no_browser_sends_is_refused(make_app: MakeApp) -> None:
    probes = Probes()
    async with make_app().run_test(size=(80, 24)) as pilot:
        form = await opened(pilot, probes)
        await paste(pilot, "/")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "PVE's web interface would send" in words(pilot))
        assert probes.begins == []
        form.form.fill({"redirect": "https://pve1:8006"})
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: isinstance(pilot.app.screen, OpenIdLoginScreen))
        assert probes.begins == [("idp", "https://pve1:8006")]


async def test_an_address_that_pve_does_not_make_says_why(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        form = await opened(pilot, Probes(begun=Refused("There is no way to PVE.", "Run it there")))
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: status(pilot) == "There is no way to PVE. Run it there")
        await until(pilot, lambda: pilot.app.screen is form)


# --- the address -------------------------------------------------------------------------------


async def test_the_address_stands_there_as_text_and_where_it_fits_as_a_code(
    make_app: MakeApp,
) -> None:
    for size, fits in (((80, 24), True), ((40, 12), False)):
        async with make_app().run_test(size=size) as pilot:
            screen = await begun(pilot, Probes())
            assert screen.query_one(QrView).is_shown is fits
            await sees(pilot, BEGUN.url[:20], "> Way back")


async def test_a_terminal_without_codes_says_so(make_app: MakeApp) -> None:
    app = make_app(profile=Profile("ascii", "none", serial=True))
    async with app.run_test(size=(132, 43)) as pilot:
        screen = await begun(pilot, Probes())
        assert not screen.query_one(QrView).is_shown
        await sees(pilot, "This terminal shows no QR code.")


async def test_the_address_is_saved_for_root_alone(login: Pilot[None], tmp_path: Path) -> None:
    await press(login, "ctrl+t")
    await until(login, lambda: status(login).startswith("Saved, for you alone: "))
    (file,) = (tmp_path / "saved").glob("*oidc-login-idp*")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == f"{BEGUN.url}\n"


# --- the way back --------------------------------------------------------------------------------


async def test_the_code_is_never_echoed_and_goes_to_pve_once(
    login: Pilot[None], probes: Probes
) -> None:
    """R22"""
    await paste(login, BACK)
    await says_just(login, f"{len(BACK)} characters, hidden. ^O finishes.")
    await press(login, "ctrl+r", "shift+home", "ctrl+c", "ctrl+x")
    assert CODE not in shown(login)
    await press(login, "end", "ctrl+o")
    await until(login, lambda: isinstance(login.app.screen, DetailsScreen))
    assert [one.reveal() for one in probes.pasted] == [BACK]
    assert CODE not in shown(login)
    await press(login, "escape")
    await until(login, lambda: not isinstance(login.app.screen, OpenIdLoginScreen))


async def test_what_it_made_is_told(make_app: MakeApp) -> None:
    made = LoggedIn(
        "ann@idp", True, ("ops-idp",), ("ops-idp", "dev-idp"), ("local",), ("No journal.",)
    )
    async with make_app().run_test(size=(80, 24)) as pilot:
        await begun(pilot, Probes(login=made))
        await paste(pilot, BACK)
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: isinstance(pilot.app.screen, DetailsScreen))
        for text in (
            "ok ann@idp logged in. The ticket was dropped at once.",
            "PVE made that user.",
            "New groups ops-idp",
            "Joined ops-idp, dev-idp",
            "Left local",
            "LOOK No journal.",
        ):
            assert text in words(pilot)


async def test_a_login_through_the_real_service_is_journalled_without_its_code(
    make_app: MakeApp,
) -> None:
    """R22: the ticket is dropped, and neither it nor the code is written anywhere."""
    pve = Pve(login={"username": "ann@idp", "ticket": TICKET})
    service = OpenIdService(ScriptedWeb(), lambda: pve, FixedClock(NOW))
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, service)
        await paste(pilot, BACK)
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: isinstance(pilot.app.screen, DetailsScreen))
        await sees(pilot, "PVE changed no user and no group by it.")
        assert [call for call, _, _ in pve.calls] == ["auth-url", "login"]
        told = repr(screen.house.workshop.journal.read())
        assert "try a login of realm idp" in told
        assert CODE not in told
        assert TICKET not in told + shown(pilot)


async def test_another_logins_state_is_refused_and_a_new_address_helps(make_app: MakeApp) -> None:
    pve = Pve(login={"username": "ann@idp", "ticket": TICKET})
    service = OpenIdService(ScriptedWeb(), lambda: pve, FixedClock(NOW))
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, service)
        await paste(pilot, BACK.replace("STATE", "OTHER"))
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "belongs to another login" in shown(pilot))
        await says_just(pilot, "Nothing was sent. Paste another, or ^N begins anew.")
        assert [call for call, _, _ in pve.calls] == ["auth-url"]
        assert (CODE in shown(pilot), held_by_field(pilot)) == (False, "")
        await press(pilot, "ctrl+n")
        await until(pilot, lambda: status(pilot).startswith("A new address."))
        assert "belongs to another" not in shown(pilot)
        assert len(pve.calls) == 2
        await paste(pilot, BACK)
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: pilot.app.screen is not screen)
        await sees(pilot, "ann@idp logged in")


@pytest.mark.parametrize(
    ("back", "said"),
    [
        ("nothing", "That is no address of a way back."),
        (f"{REDIRECT}/?state=STATE", "There is no code in that address."),
        ("https://elsewhere.example/?code=x&state=STATE", "does not begin with"),
        (f"{REDIRECT}/?error=access_denied&error_description=not%1b[2Jassigned", "not allow"),
    ],
)
async def test_what_is_no_way_back_is_explained_and_not_sent(
    make_app: MakeApp, back: str, said: str
) -> None:
    pve = Pve()
    service = OpenIdService(ScriptedWeb(), lambda: pve, FixedClock(NOW))
    async with make_app().run_test(size=(80, 24)) as pilot:
        await begun(pilot, service)
        await paste(pilot, back)
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: said in words(pilot))
        assert "\x1b" not in shown(pilot)
        assert [call for call, _, _ in pve.calls] == ["auth-url"]


async def test_a_refused_code_is_spent_until_there_is_a_new_address(make_app: MakeApp) -> None:
    """R23: nothing is sent twice."""
    probes = Probes(login=LoginRefused("PVE refused the login.", "Its journal says why."))
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, probes)
        await paste(pilot, BACK)
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "BAD   PVE refused the login." in shown(pilot))
        assert not screen.query_one(QrView).is_shown
        await paste(pilot, BACK)
        await press(pilot, "ctrl+o")
        await says_just(pilot, "A code works once: ^N makes a new address.")
        assert len(probes.pasted) == 1
        await press(pilot, "ctrl+n")
        await until(pilot, lambda: status(pilot).startswith("A new address."))
        assert held_by_field(pilot) == ""
        assert screen.query_one(QrView).is_shown


async def test_whoever_stops_waiting_hears_that_it_may_have_worked(make_app: MakeApp) -> None:
    probes = Probes(held=Event())
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, probes)
        await paste(pilot, BACK)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: bool(probes.pasted))
        await pilot.press("escape")
        await until(pilot, lambda: "PVE may have taken it" in status(pilot))
        await until(pilot, lambda: pilot.app.screen is screen)
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: len(probes.pasted) == 1)
        assert probes.held
        probes.held.set()
        await press(pilot, "escape")
        await until(pilot, lambda: pilot.app.screen is not screen)


# --- the demo ------------------------------------------------------------------------------------


async def test_the_demo_says_calmly_that_its_node_refuses_every_login(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "8")
        table(pilot).go_to("entra")
        await press(pilot, "t")
        probe = pilot.app.screen
        assert isinstance(probe, OpenIdProbeScreen)
        await until(pilot, lambda: not probe.busy and not probe.why_nothing_tested())
        await press(pilot, "l", "ctrl+o")
        await until(pilot, lambda: isinstance(pilot.app.screen, OpenIdLoginScreen))
        screen = pilot.app.screen
        assert isinstance(screen, OpenIdLoginScreen)
        await settle(pilot)
        login = screen._login
        assert login.redirect == "https://pve1.example.com:8006"
        await paste(pilot, f"{login.redirect}/?code={CODE}&state={login.state}")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: "refuses every login" in words(pilot))
        await until(
            pilot,
            lambda: (
                "This is the demo: its node cannot check a provider's signature" in words(pilot)
            ),
        )
