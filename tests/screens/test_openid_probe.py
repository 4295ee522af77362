"""The probe of an OpenID provider by keys alone: stages as they come, fixes, its client secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.report import Advice, Check, Fix, Stage
from pve_auth_tui.core.secret import HIDDEN, Secret
from pve_auth_tui.services.openid import OpenIdService
from screens.choose import ChooseScreen
from screens.details import DetailsScreen
from screens.openid_claims import OpenIdClaimsScreen
from screens.openid_login import OpenIdLoginForm
from screens.openid_probe import OpenIdProbeScreen
from screens.plan import PlanScreen
from screens.realm_form import RealmForm
from screens.typed_yes import YesScreen
from tests.core.openids import ISSUER, NOW, answer, document
from tests.screens.conftest import (
    MakeApp,
    listening,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from tests.screens.openidtesting import CLIENT_SECRET, IDP, PLAIN, Probes
from tests.screens.realmtesting import give
from tests.services.test_openid import DOCUMENT, LINE, Pve, ScriptedWeb
from widgets.detail_pane import DetailPane


async def opened(
    pilot: Pilot[Any], probes: object, realm: Realm = IDP, **how: Any
) -> OpenIdProbeScreen:
    """The probe, at its end unless something is asked or held."""
    await settle(pilot)
    app = give(pilot, openid=probes)
    screen = OpenIdProbeScreen(realm, **how)
    await app.push_screen(screen)
    await pilot.pause(0.05)
    held = getattr(probes, "held", None)
    await until(pilot, lambda: bool(held or app.screen is not screen or at_end(screen)))
    return screen


def at_end(screen: OpenIdProbeScreen) -> bool:
    return not screen.busy and bool(screen._number)


@pytest.fixture
def probes() -> Probes:
    return Probes()


@pytest.fixture
async def idp(make_app: MakeApp, probes: Probes, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, probes)
        yield pilot


def row(pilot: Pilot[Any], number: int) -> str:
    return next(
        line for line in shown(pilot).splitlines() if line.lstrip(" >").startswith(f"{number} ")
    )


def pane(pilot: Pilot[Any]) -> str:
    return " ".join(pilot.app.screen.query_one(DetailPane).text.split())


# --- what is shown --------------------------------------------------------------------------


async def test_a_stage_is_a_row_and_the_worst_is_chosen(idp: Pilot[None]) -> None:
    await sees(idp, "Probe OpenID realm idp", "1 take a fix")
    lines = shown(idp).splitlines()
    assert "Probe OpenID realm idp" in lines[1]
    assert "not saved" not in lines[1]
    assert lines[2].split() == [ISSUER]
    assert row(idp, 1).split()[1:] == ["Address", "ok", "fine", "3", "ms"]
    assert row(idp, 12).split()[-4:] == ["-", "x", "tries", "it"]
    await until(idp, lambda: table(idp).key == Stage.ISSUER.value)
    await until(idp, lambda: pane(idp).startswith("5 Issuer, as text What "))
    await until(idp, lambda: f"Fix 1 set Issuer URL to {ISSUER}/" in pane(idp))
    await says_just(idp, "13 checks: 11 ok, 1 bad, 1 not decided. 0.7 s. Nothing changed.")
    assert "1 take a fix" in lines[-1]


async def test_everything_about_a_stage_opens_with_enter(idp: Pilot[None]) -> None:
    await press(idp, "enter")
    await on_top(idp, DetailsScreen)
    for text in ("issuer-slash-missing", "as it says", f"{ISSUER}/"):
        await sees(idp, text)


async def test_the_probe_begins_with_this_nodes_address_and_keeps_the_secret_back(
    idp: Pilot[None], probes: Probes
) -> None:
    (run,) = probes.runs
    assert run["redirect"] == "https://pve1.example.com:8006"
    assert (run["ask_secret"], run["token_host"], run["agreed"], run["saved"]) == (
        False, "", False, True,
    )  # fmt: skip
    await press(idp, "r")
    await until(idp, lambda: len(probes.runs) == 2)


async def test_stages_come_one_by_one_and_esc_stops_before_it_leaves(make_app: MakeApp) -> None:
    probes = Probes(held=Event())
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, probes)
        await until(pilot, lambda: "fine" in row(pilot, 1))
        assert row(pilot, 2).split()[-1] == "..."
        await pilot.press("x")
        await until(pilot, lambda: status(pilot) == "The probe runs. Esc stops it.")
        await pilot.press("escape")
        await until(pilot, lambda: status(pilot).startswith("Stopped. Nothing was changed."))
        await until(pilot, lambda: pilot.app.screen is screen)
        assert "not reached" in row(pilot, 2)
        await press(pilot, "escape")
        await until(pilot, lambda: pilot.app.screen is not screen)


async def test_what_cannot_be_probed_says_why(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, Probes(error=Refused("No network.", "Try later.")))
        await says_just(pilot, "No network. Try later.")
        await pilot.app.push_screen(OpenIdProbeScreen(Realm("corp", "ad", {})))
        await until(pilot, lambda: status(pilot) == "corp is no OpenID realm.")
        await press(pilot, "g", "l", "i", "f", "x")  # none of them ends the program


async def test_the_report_is_saved_without_the_secret(idp: Pilot[None], tmp_path: Path) -> None:
    await press(idp, "f")
    await until(idp, lambda: status(idp).startswith("Saved, for you alone: "))
    (file,) = (tmp_path / "saved").glob("*oidc-probe-idp*")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "issuer-slash-missing" in file.read_text()
    assert CLIENT_SECRET not in file.read_text()


async def test_the_addresses_stand_there_character_by_character(idp: Pilot[None]) -> None:
    await press(idp, "i")
    lines = [line.strip() for line in shown(idp).splitlines()]
    assert "https://pve1.example.com:8006" in lines
    assert any("cannot be told by its issuer" in line for line in lines)


@pytest.mark.parametrize(
    ("issuer", "said"),
    [
        ("https://sso.example.com/realms/lab", "At the provider, Keycloak:"),
        ("https://x.okta.com/oauth2/default", "At the provider, Okta:"),
        ("https://idm.example.com/oauth2/openid/pve", "system oauth2 add-redirect-url pve https:"),
    ],
)
async def test_a_provider_that_is_known_by_its_issuer_has_its_steps(
    make_app: MakeApp, probes: Probes, issuer: str, said: str
) -> None:
    async with make_app().run_test(size=(132, 60)) as pilot:
        realm = replace(IDP, options={**IDP.options, "issuer-url": issuer})
        await opened(pilot, probes, realm)
        await press(pilot, "i")
        await sees(pilot, said, f"Issuer URL: {issuer}")


async def test_claims_and_a_login_are_a_key_away(idp: Pilot[None]) -> None:
    for key, kind in (("g", OpenIdClaimsScreen), ("l", OpenIdLoginForm)):
        await press(idp, key)
        await on_top(idp, kind)
        await press(idp, "escape")


# --- fixes ---------------------------------------------------------------------------------------


async def test_a_fix_of_an_unsaved_realm_goes_back_to_its_form(
    make_app: MakeApp, probes: Probes
) -> None:
    taken: list[Mapping[str, str]] = []
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(
            pilot, probes, saved=False, on_fix=taken.append, secret=Secret("typed")
        )
        await sees(pilot, "Probe OpenID realm idp, not saved yet")
        assert (probes.runs[0]["given"], probes.runs[0]["saved"]) == (Secret("typed"), False)
        await press(pilot, "l")
        await says(pilot, "save it first")
        await press(pilot, "9")
        await says_just(pilot, "There is no fix 9 here.")
        await press(pilot, "1")
        await until(pilot, lambda: taken == [{"issuer-url": f"{ISSUER}/"}])
        assert pilot.app.screen is not screen


async def test_a_fix_that_is_no_option_says_so(
    make_app: MakeApp, probes: Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixes = (Fix("ask the provider"),)
    monkeypatch.setattr("screens.openid_probe.advice", lambda check, test: Advice("So.", "", fixes))
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, probes)
        await press(pilot, "1")
        await says_just(pilot, "No option of the realm does that: ask the provider.")
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_a_fix_of_a_saved_realm_is_a_plan_and_then_it_is_probed_again(
    make_app: MakeApp,
) -> None:
    probes = Probes()
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.snapshot
        assert app.snapshot.realms.value
        await opened(pilot, probes, app.snapshot.realms.value.realms["entra"])
        await press(pilot, "1")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        await sees(pilot, "edit realm entra")
        await press(pilot, "escape")
        await says_just(pilot, "Nothing was changed.")
        await press(pilot, "1")
        await listening(pilot)
        await press(pilot, "y")
        await until(pilot, lambda: "Done:" in shown(pilot))
        await press(pilot, "escape")
        await until(pilot, lambda: len(probes.runs) == 2)
        assert probes.runs[1]["settings"].issuer == f"{ISSUER}/"


async def test_the_forms_key_probes_what_is_typed_and_takes_the_fix(make_app: MakeApp) -> None:
    probes = Probes()
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        give(pilot, openid=probes)
        form = RealmForm("openid", given={"issuer-url": ISSUER, "client-id": "x"})
        await pilot.app.push_screen(form)
        await settle(pilot)
        form.form.focus_field("realm")
        await type_text(pilot, "idp")
        form.form.focus_field("client-key")
        await type_text(pilot, "typed")
        await press(pilot, "ctrl+t")
        await until(pilot, lambda: isinstance(pilot.app.screen, OpenIdProbeScreen))
        await until(pilot, lambda: "1 bad" in status(pilot))
        assert (probes.runs[0]["saved"], probes.runs[0]["given"]) == (False, Secret("typed"))
        await press(pilot, "1")
        await until(pilot, lambda: pilot.app.screen is form)
        assert form.form.field("issuer-url").value == f"{ISSUER}/"
        assert form.form.field("client-key").value == Secret("typed")


async def test_the_list_of_realms_opens_the_probe(make_app: MakeApp) -> None:
    probes = Probes()
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        give(pilot, openid=probes)
        await press(pilot, "8")
        table(pilot).go_to("entra")
        await press(pilot, "t")
        await until(pilot, lambda: isinstance(pilot.app.screen, OpenIdProbeScreen))
        await until(pilot, lambda: bool(probes.runs))
        assert probes.runs[0]["settings"].realm == "entra"


# --- the client secret ---------------------------------------------------------------------------


async def test_the_secret_is_tried_once_and_only_after_a_yes(
    idp: Pilot[None], probes: Probes
) -> None:
    """R23"""
    await press(idp, "x")
    await on_top(idp, ChooseScreen)
    await sees(idp, "The provider logs a failed login")
    await press(idp, "enter")
    await until(idp, lambda: (status(idp), len(probes.runs)) == ("Nothing was sent.", 1))
    await press(idp, "x", "escape")
    assert len(probes.runs) == 1
    await press(idp, "x", "2")
    await until(idp, lambda: len(probes.runs) == 2)
    assert probes.runs[1]["ask_secret"] is True
    await until(idp, lambda: table(idp).key == Stage.SECRET.value)
    await press(idp, "r")
    await until(idp, lambda: len(probes.runs) == 3)
    assert probes.runs[2]["ask_secret"] is False  # again is not that again


async def test_a_secret_that_pve_has_masked_is_not_tried(make_app: MakeApp) -> None:
    """Over PVE's API it comes as ****: that would be a wrong one."""
    probes = Probes()
    async with make_app().run_test(size=(80, 24)) as pilot:
        masked = replace(IDP, options={**IDP.options, "client-key": HIDDEN})
        screen = await opened(pilot, probes, masked)
        assert probes.runs[0]["settings"].secret is None
        await press(pilot, "x")
        await until(
            pilot, lambda: status(pilot).startswith("The client secret cannot be read from here.")
        )
        await until(pilot, lambda: pilot.app.screen is screen)


def service(web: ScriptedWeb) -> OpenIdService:
    return OpenIdService(web, Pve, FixedClock(NOW))


async def test_the_secret_goes_to_another_host_only_if_its_name_is_typed(
    make_app: MakeApp,
) -> None:
    """R21: the provider's document alone leads a secret nowhere."""
    elsewhere = document(token_endpoint="https://elsewhere.example/token")
    web = ScriptedWeb()
    web.says["document"] = answer(elsewhere, url=DOCUMENT, line=LINE)
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, service(web))
        await press(pilot, "x", "2")
        await until(pilot, lambda: isinstance(pilot.app.screen, YesScreen))
        await sees(pilot, "Type elsewhere.example")
        assert web.posted == []
        await type_text(pilot, "yes")
        await press(pilot, "ctrl+o")
        await on_top(pilot, YesScreen)
        await press(pilot, "escape")
        await says_just(pilot, "The client secret was not sent.")
        assert web.posted == []
        await press(pilot, "x", "2")
        await until(pilot, lambda: isinstance(pilot.app.screen, YesScreen))
        await type_text(pilot, "elsewhere.example")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: bool(web.posted))
        await until(pilot, lambda: not screen.busy)
        ((url, _, _, basic),) = web.posted
        assert url == "https://elsewhere.example/token"
        assert basic[1].reveal() == CLIENT_SECRET
        assert CLIENT_SECRET not in shown(pilot)


async def test_a_name_that_hides_something_is_not_asked_for(make_app: MakeApp) -> None:
    hidden = Check(Stage.SECRET, "-", "x", None, (Cause.TOKEN_ELSEWHERE,))
    probes = Probes(checks=lambda: [hidden])
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, probes)
        screen._ask_host("a\u202eb.example")
        await settle(pilot)
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_an_issuer_without_tls_is_asked_after_a_typed_yes_to_each_run(
    make_app: MakeApp,
) -> None:
    """R21"""
    web = ScriptedWeb()
    web.says["document"] = OpenIdTrouble(Cause.NOT_HTTPS, "no")
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, service(web), PLAIN)
        await on_top(pilot, YesScreen)
        await until(pilot, lambda: "has no TLS" in shown(pilot))
        assert web.asked == []
        await press(pilot, "escape")
        await until(pilot, lambda: bool(web.asked) and not screen.busy)
        assert {agreed for _, agreed, _, _ in web.asked} == {False}
        web.asked.clear()
        await press(pilot, "r")
        await until(pilot, lambda: isinstance(pilot.app.screen, YesScreen))
        await type_text(pilot, "yes")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: bool(web.asked) and not screen.busy)
        assert {agreed for _, agreed, _, _ in web.asked} == {True}
        await press(pilot, "r")
        await until(pilot, lambda: isinstance(pilot.app.screen, YesScreen))


async def test_untrusted_words_of_a_provider_do_nothing(make_app: MakeApp) -> None:
    evil = Check(Stage.DISCOVERY, "BAD", "[bold]x[/]\x1b]0;y\x07\u202e", None, (), (), "\x1b[2J[b]")
    async with make_app().run_test(size=(40, 12)) as pilot:
        await opened(pilot, Probes(checks=lambda: [evil]))
        assert "\x1b" not in shown(pilot)
        await press(pilot, "enter")
        assert "\x1b" not in shown(pilot)
        await sees(pilot, "[b]")
