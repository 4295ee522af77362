"""Providers probed, claims pasted, logins tried with secrets at hand; the rest is in `scenes`."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Final, cast

from screens.choose import ChooseScreen
from screens.details import DetailsScreen
from screens.openid_claims import OpenIdClaimsScreen
from screens.openid_login import OpenIdLoginForm, OpenIdLoginScreen
from screens.openid_probe import OpenIdProbeScreen
from screens.pick import PickScreen
from screens.realm_form import RealmForm
from tests.canary.formscenes import fill, to_field
from tests.canary.planted import (
    CLAIMED_MAIL,
    LOGIN_CODE,
    NEW_CLIENT_KEY,
    OPENID,
    TOKEN_SIGNATURE,
)
from tests.canary.scenes import go, lists
from tests.canary.stage import Stage
from widgets.filter_table import FilterTable

CLAIMS: Final = {"preferred_username": "ann", "email": CLAIMED_MAIL, "groups": ["ops"]}


async def _at_end(stage: Stage) -> OpenIdProbeScreen:
    await stage.on(OpenIdProbeScreen)
    screen = cast(OpenIdProbeScreen, stage.app.screen)
    await stage.until(lambda: not screen.busy and not screen.why_nothing_tested(), "a probe")
    return screen


async def _probed(stage: Stage) -> OpenIdProbeScreen:
    await go(stage, "realms", OPENID)
    await stage.press("t")
    return await _at_end(stage)


def _without_proxy(stage: Stage) -> None:
    """The datacenter's own, with its password, answers nobody here."""
    stage.patch.setattr("screens.openid_probe.proxy_of", lambda snapshot: None)


async def a_provider_is_probed(stage: Stage) -> None:
    """With the client secret that PVE has stored, tried once: every key, every stage."""
    screen = await _probed(stage)
    await stage.command("save", "addresses")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    _without_proxy(stage)
    await stage.command("secret")
    await stage.on(ChooseScreen)
    await stage.press("2")
    await _at_end(stage)
    assert "accepted" in stage.screen, stage.screen
    await stage.command("save")
    table = screen.query_one(FilterTable)
    for row in [row.key for row in table.rows_shown]:
        table.go_to(row)
        await stage.settle()
        await stage.command("open")
        await stage.on(DetailsScreen)
        await stage.press("escape")
    await stage.command("reload")
    await _at_end(stage)
    await stage.command("fix", "back")
    for name in lists():
        if screen.command(name) is not None:
            await _probed(stage)
            await stage.command(name)


async def a_provider_is_probed_unsaved(stage: Stage) -> None:
    """With a client key that is only typed yet: it is refused, and the form still has it."""
    await go(stage, "realms", OPENID)
    await stage.press("e")
    await stage.on(RealmForm)
    await to_field(stage, "client-key.how")
    await stage.press("right")
    await fill(stage, **{"client-key": NEW_CLIENT_KEY})
    await stage.command("test")
    await _at_end(stage)
    _without_proxy(stage)
    await stage.command("secret")
    await stage.on(ChooseScreen)
    await stage.press("2")
    await _at_end(stage)
    assert "accepted" not in stage.screen, stage.screen
    await stage.command("save")
    await stage.press("escape")
    await stage.on(RealmForm)
    stage.require_hidden()


def _coded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def _read(stage: Stage) -> None:
    await stage.command("read")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await stage.on(OpenIdClaimsScreen)


async def pasted_claims(stage: Stage) -> None:
    """A token and userinfo, typed as a terminal without bracketed paste does it; then a file."""
    token = f"{_coded({'alg': 'RS256'})}.{_coded(CLAIMS)}.{TOKEN_SIGNATURE}"
    await _probed(stage)
    await stage.command("claims")
    await stage.on(OpenIdClaimsScreen)
    await fill(stage, pasted=token)
    await stage.press("ctrl+r", "shift+home", "ctrl+c", "ctrl+x", "end")
    stage.require_hidden()
    await stage.command("help")
    await _read(stage)
    await fill(stage, pasted=json.dumps(CLAIMS))
    await _read(stage)
    await fill(stage, pasted=TOKEN_SIGNATURE)  # no token
    await stage.command("read")
    await fill(stage, pasted=token)
    await stage.command("back", "claims")
    await stage.on(OpenIdClaimsScreen)
    file = Path("/dev/null")
    await to_field(stage, "source")
    await stage.press("right")
    await fill(stage, path=str(file))
    await stage.command("read", "back")


async def a_login_with_any_browser(stage: Stage) -> None:
    """Codes of another login and of this one: refused here, refused by PVE, and left."""
    await _probed(stage)
    await stage.command("login")
    await stage.on(OpenIdLoginForm)
    await stage.command("help", "pick")
    await stage.on(PickScreen)
    await stage.press("escape")
    await stage.command("back", "login")
    await stage.on(OpenIdLoginForm)
    await stage.command("begin")
    await stage.on(OpenIdLoginScreen)
    screen = cast(OpenIdLoginScreen, stage.app.screen)
    await stage.command("help", "save")
    login = screen._login
    await fill(stage, back=f"{login.redirect}/?code={LOGIN_CODE}&state=another")
    await stage.press("ctrl+r", "shift+home", "ctrl+c", "ctrl+x", "end")
    await stage.command("finish")
    await stage.until(lambda: "another login" in stage.screen, "a refusal")
    await fill(stage, back=f"{login.redirect}/?code={LOGIN_CODE}&state={login.state}")
    await stage.command("finish")
    await stage.until(lambda: not screen.busy, "PVE's answer")
    await stage.command("anew")
    await stage.until(lambda: not screen.busy, "a new address")
    await fill(stage, back=f"{login.redirect}/?code={LOGIN_CODE}&state={login.state}")
    await stage.command("back")
    await stage.on(OpenIdProbeScreen)
    await stage.command("journal")
    await stage.press("enter")
