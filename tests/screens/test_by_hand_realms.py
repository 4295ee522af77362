"""What somebody who tried realms by hand stumbled over: refused at its field, told with a step."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from screens.realm_form import RealmForm
from screens.realm_preset_form import DirectoryPresetForm, OpenIdPresetForm
from screens.trust import TrustScreen
from screens.trust_check import TargetForm, TrustCheckScreen
from tests.screens.conftest import on_top, press, says, sees, shown, type_text, until
from tests.screens.test_realm_form import into, realms
from tests.screens.test_user_form import remark

NO_DOMAIN = ("\x1b[31m", "a/b", "a;b", "a b", "a,dc=b", "a)(uid=*", "example..com", "10.0.0.1")


async def is_refused(pilot: Pilot[Any], ident: str, typed: str, sentence: str) -> None:
    """`^O` stays here, says why at the field, and keeps what was typed."""
    screen: Any = pilot.app.screen
    await into(pilot, **{ident.replace(".", "__"): typed})
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: sentence in " ".join(shown(pilot).split()))
    assert pilot.app.screen is screen
    assert screen.form.field(ident).value == typed
    await says(pilot, "Nothing was sent. What is typed stays.")


@pytest.mark.parametrize("typed", NO_DOMAIN)
async def test_a_directory_s_dns_are_made_of_domains_alone(pilot: Pilot[None], typed: str) -> None:
    await realms(pilot)
    await press(pilot, "a", "2")
    await on_top(pilot, DirectoryPresetForm)
    await into(pilot, realm="lab2", server1="dc1.example.com", domain="corp.test")
    await remark(pilot, "OU=Proxmox Groups,DC=corp,DC=test.")
    wrong = "That is an address." if typed == "10.0.0.1" else "A domain is a DNS name"
    await is_refused(pilot, "domain", typed, wrong)
    await remark(pilot, "OU=Proxmox Groups,DC=example,DC=com.")
    await into(pilot, domain=" example.com ")
    await press(pilot, "ctrl+o")
    await on_top(pilot, RealmForm)


@pytest.mark.parametrize(
    ("ident", "typed", "sentence"),
    [
        ("ask.host", "idp/\x1b[31m", "That is no host of the provider: sso.example.com"),
        ("ask.host", "a b", "That is no host of the provider: sso.example.com"),
        ("ask.name", "../x?y", "That is no keycloak's realm: lab"),
        ("ask.name", "", "The issuer is made of it."),
        ("also", "pve.example.com/path", "is no address of a web interface."),
    ],
)
async def test_an_issuer_is_made_of_what_a_url_can_have(
    pilot: Pilot[None], ident: str, typed: str, sentence: str
) -> None:
    await realms(pilot)
    await press(pilot, "a", "6", "4")
    await on_top(pilot, OpenIdPresetForm)
    await into(pilot, realm="idp", ask__host="https://sso.example.com/", ask__name="lab")
    await is_refused(pilot, ident, typed, sentence)


# --- does this node trust a server? --------------------------------------------------------


async def trust_asked(pilot: Pilot[Any]) -> TargetForm:
    await press(pilot, "colon")
    await type_text(pilot, "ca")
    await press(pilot, "enter")
    await on_top(pilot, TrustScreen)
    await until(pilot, lambda: not pilot.app.screen.busy)
    await press(pilot, "t")
    await on_top(pilot, TargetForm)
    form = pilot.app.screen
    assert isinstance(form, TargetForm)
    return form


async def test_a_key_that_picks_is_named_where_there_is_something_to_pick(
    pilot: Pilot[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await trust_asked(pilot)
    await says(pilot, "^O tests, ^P picks.")
    await press(pilot, "escape")
    await on_top(pilot, TrustScreen)
    monkeypatch.setattr(TargetForm, "_known", lambda form: [])
    await press(pilot, "t")
    await on_top(pilot, TargetForm)
    await says(pilot, "no password is sent. ^O tests.")


async def test_silent_name_servers_are_told_with_where_to_look(
    pilot: Pilot[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(settings: object, host: str) -> None:
        raise DirectoryTrouble(
            Cause.DNS_SILENT, f"No name server answers for {host}.", "", "no answer within 10 s"
        )

    form: Any = await trust_asked(pilot)
    directories = pilot.app.workshop.trust._directories  # type: ignore[attr-defined]
    monkeypatch.setattr(directories, "handshake", silent)
    form.form.fill({"target": "dc9.example.com"})
    await press(pilot, "ctrl+o")
    await on_top(pilot, TrustCheckScreen)
    await sees(
        pilot,
        "DNS is silent",
        "No name server answers: look at those of this node (System, DNS).",
        "no answer within 10 s",
    )
