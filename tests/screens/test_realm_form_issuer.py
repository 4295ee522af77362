"""A form's probe of another issuer than the saved one: the stored client secret stays here."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.secret import HIDDEN
from screens.openid_probe import OpenIdProbeScreen
from screens.realm_form import RealmForm
from tests.screens.conftest import MakeApp, settle, until


@pytest.mark.parametrize(
    ("issuer", "is_hidden"),
    [("https://sso.example.net/x", True), ("https://login.microsoftonline.com/x", False)],
)
async def test_the_stored_client_secret_stays_with_its_issuer(
    make_app: MakeApp, issuer: str, is_hidden: bool
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        form = RealmForm("openid", "entra")
        pilot.app.push_screen(form)
        await until(pilot, lambda: form.is_mounted and pilot.app.screen is form)
        await settle(pilot)
        form.form.fill({"issuer-url": issuer})
        form.test_typed()
        await until(pilot, lambda: isinstance(pilot.app.screen, OpenIdProbeScreen))
        screen = pilot.app.screen
        assert isinstance(screen, OpenIdProbeScreen)
        assert screen._realm.options["issuer-url"] == issuer
        assert (screen._realm.options["client-key"] == HIDDEN) is is_hidden
