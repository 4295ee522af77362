"""Somebody's claims by keys alone: a paste of many KiB, a file, what PVE would make of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.openid.settings import settings_of
from screens.details import DetailsScreen
from screens.openid_claims import OpenIdClaimsScreen
from tests.core.openids import ISSUER
from tests.core.test_openid_claims import token, userinfo
from tests.screens.conftest import (
    MakeApp,
    on_top,
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)
from tests.screens.openidtesting import paste
from widgets.field import SecretEntry

ENTRA = Realm(
    "entra",
    "openid",
    {
        "issuer-url": ISSUER,
        "client-id": "proxmox",
        "username-claim": "preferred_username",
        "groups-claim": "groups",
        "autocreate": "1",
    },
)


@pytest.fixture
async def claims(make_app: MakeApp, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 40)) as pilot:
        await settle(pilot)
        await pilot.app.push_screen(OpenIdClaimsScreen(settings_of(ENTRA)))
        await settle(pilot)
        yield pilot


def field(pilot: Pilot[None]) -> str:
    """What the field for a paste holds."""
    screen = next(one for one in pilot.app.screen_stack if isinstance(one, OpenIdClaimsScreen))
    entry = screen.form.field("pasted")
    assert isinstance(entry, SecretEntry)
    return entry.value.reveal()


async def read(pilot: Pilot[None]) -> str:
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, DetailsScreen))
    return shown(pilot)


async def test_a_token_of_many_kib_is_pasted_hidden_and_forgotten(claims: Pilot[None]) -> None:
    text = token(pad="x" * 20_000).reveal()
    await paste(claims, text)
    await until(claims, lambda: status(claims).startswith(f"{len(text):,} characters, hidden."))
    await until(claims, lambda: field(claims) == text)
    assert text[-30:] not in shown(claims)
    told = await read(claims)
    assert "User ID  ann@entra" in told
    assert "Its signature was not verified: PVE does that at a login." in told
    assert "ann@example.com" not in told, "values of claims are nobody's business"
    assert field(claims) == ""
    await press(claims, "escape")
    await says_just(claims, "It was read, and is forgotten.")
    assert not claims.app.drafts._kept


async def test_userinfo_on_many_lines_arrives_whole(claims: Pilot[None]) -> None:
    """A field of its own would take the first line alone."""
    groups = ["ops", "with blank", "b7c9e2d4-3a55-4c1b-8e0f-91d2c3b4a5f6"]
    value = json.loads(userinfo(groups=groups).reveal())
    await paste(claims, json.dumps(value, indent=2))
    told = await read(claims)
    assert "ops: stays out ops-entra (there is no such group, and none is made)" in told
    assert "with blank: skipped" in told
    assert "b7c9e2d4-3a55-4c1b-8e0f-91d2c3b4a5f6: joins" in told
    assert "Claims   email, given_name, groups, preferred_username, sub" in told
    assert "A new user gets: email, firstname." in told


async def test_a_console_without_a_paste_takes_a_file(claims: Pilot[None], tmp_path: Path) -> None:
    file = tmp_path / "userinfo.json"
    file.write_text(userinfo().reveal())
    await press(claims, "up", "right", "down")
    await sees(claims, "File")
    await type_text(claims, "userinfo.json")
    await press(claims, "ctrl+o")
    await sees(claims, "The whole path of a file")
    await press(claims, "home")
    await paste(claims, f"{tmp_path}/")
    assert "User ID  ann@entra" in await read(claims)


async def test_a_file_that_cannot_be_read_says_so(claims: Pilot[None], tmp_path: Path) -> None:
    await press(claims, "up", "right", "down")
    await paste(claims, str(tmp_path / "gone"))
    await press(claims, "ctrl+o")
    await until(claims, lambda: "No such file" in status(claims))
    await on_top(claims, OpenIdClaimsScreen)


async def test_what_is_no_token_is_refused_and_not_repeated(claims: Pilot[None]) -> None:
    await press(claims, "ctrl+o")
    await sees(claims, "Nothing was pasted yet.")
    await paste(claims, "S3CRET-no-token")
    await press(claims, "ctrl+o")
    await until(claims, lambda: status(claims).startswith("That is no ID token"))
    assert "S3CRET" not in shown(claims)
    assert field(claims) == ""


async def test_keys_that_show_a_secret_elsewhere_show_nothing_here(claims: Pilot[None]) -> None:
    await paste(claims, "S3CRET")
    await press(claims, "ctrl+r", "shift+home", "ctrl+c", "ctrl+x")
    assert "S3CRET" not in shown(claims)


async def test_another_source_forgets_what_was_pasted(claims: Pilot[None]) -> None:
    await paste(claims, "S3CRET")
    await press(claims, "up", "right", "right")
    assert field(claims) == ""


async def test_a_realm_that_makes_no_users_says_that_nobody_gets_in(make_app: MakeApp) -> None:
    options = {**ENTRA.options, "autocreate": "0"}
    async with make_app().run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        realm = Realm("entra", "openid", options)
        await pilot.app.push_screen(OpenIdClaimsScreen(settings_of(realm)))
        await settle(pilot)
        await paste(pilot, userinfo().reveal())
        told = await read(pilot)
        assert "BAD   Nobody gets in: no such user" in told
