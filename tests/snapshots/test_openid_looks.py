"""How a provider's probe, pasted claims and a login with any browser look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from pve_auth_tui.core.openid.claims import claimed, read_claims
from pve_auth_tui.core.openid.redirects import Uris
from pve_auth_tui.core.openid.report import OpenIdTest
from pve_auth_tui.core.openid.settings import settings_of
from pve_auth_tui.terminal.profile import Profile
from screens.details import DetailsScreen
from screens.openid_claims import OpenIdClaimsScreen
from screens.openid_claims_rows import claimed_lines
from screens.openid_login import OpenIdLoginForm, OpenIdLoginScreen
from screens.openid_probe import OpenIdProbeScreen
from tests.core.openids import NOW, REDIRECT
from tests.core.test_openid_claims import token
from tests.screens.conftest import UNICODE, MakeApp, make_app, rack, settle, shown, until
from tests.screens.openidtesting import BEGUN, IDP, Probes
from tests.screens.realmtesting import give
from tests.services.test_openid import usual_url
from tests.snapshots.resting import rest

__all__ = ["make_app", "rack"]

ASCII = Profile("ascii", "none", serial=True)
Looks = Callable[..., None]
Run = Callable[[Pilot[Any]], Awaitable[None]]

SIZES = pytest.mark.parametrize(
    ("size", "profile"),
    [((80, 24), UNICODE), ((132, 43), UNICODE), ((40, 12), UNICODE), ((80, 24), ASCII)],
    ids=["80x24", "132x43", "40x12", "ascii"],
)
LOGIN = BEGUN._replace(url=usual_url())


def after(make: Callable[[], Screen[Any]], *keys: str) -> Run:
    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        give(pilot, openid=Probes(begun=LOGIN))
        screen = make()
        await pilot.app.push_screen(screen)
        if isinstance(screen, OpenIdProbeScreen):
            await until(pilot, lambda: not (screen.busy or screen.why_nothing_tested()))
        for key in keys:
            await settle(pilot)
            await pilot.press(key)
            await pilot.pause(0.1)
        await rest(pilot)

    return run


def probe() -> OpenIdProbeScreen:
    return OpenIdProbeScreen(IDP)


@SIZES
def test_a_providers_probe(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=after(probe))


def test_the_demos_own_provider(looks_the_same: Looks, make_app: MakeApp) -> None:
    """Times differ from run to run: they are left out."""

    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        app = pilot.app
        domains = app.snapshot.realms.value  # type: ignore[attr-defined]
        screen = OpenIdProbeScreen(domains.realms["entra"])
        await app.push_screen(screen)
        await until(pilot, lambda: not (screen.busy or screen.why_nothing_tested()))
        found = screen._test
        assert isinstance(found, OpenIdTest)
        screen._test = replace(
            found, checks=tuple(replace(one, seconds=None) for one in found.checks), seconds=0.1
        )
        screen._show()
        screen.say("")
        await rest(pilot)

    looks_the_same(make_app(), run_before=run)


def test_the_question_before_the_secret_is_tried(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after(probe, "x"))


def test_the_addresses_to_register(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after(probe, "i"))


@SIZES
def test_the_form_of_pasted_claims(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await after(lambda: OpenIdClaimsScreen(settings_of(IDP)))(pilot)
        pilot.app.post_message(events.Paste(token(pad="x" * 4000).reveal()))
        await until(pilot, lambda: "characters" in shown(pilot))
        await settle(pilot)

    looks_the_same(make_app(profile=profile), size=size, run_before=run)


def test_what_pve_would_make_of_claims(looks_the_same: Looks, make_app: MakeApp) -> None:
    def made() -> Screen[Any]:
        from tests.core.test_openid_claims import SNAPSHOT

        found = claimed(settings_of(IDP), read_claims(token(groups=["ops", "b c"])), SNAPSHOT, NOW)
        return DetailsScreen("Realms", "What PVE would make of them", tuple(claimed_lines(found)))

    looks_the_same(make_app(), run_before=after(made))


@SIZES
def test_what_a_login_may_do(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    def made() -> Screen[Any]:
        return OpenIdLoginForm(settings_of(IDP), Uris((REDIRECT,)))

    looks_the_same(make_app(profile=profile), size=size, run_before=after(made))


@SIZES
def test_the_address_of_a_login(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    run = after(lambda: OpenIdLoginScreen(LOGIN))
    looks_the_same(make_app(profile=profile), size=size, run_before=run)
