"""The screen of one API token: beside its user, with fixes that digits take."""

from __future__ import annotations

from screens.explain import ExplainScreen
from screens.plan import PlanScreen
from screens.token_edit_form import TokenEditForm
from screens.token_rights import TokenRightsScreen
from screens.token_test import TokenTestScreen
from screens.tokens import TokensScreen
from tests.screens.conftest import press, settle, shown, status, table, until


async def opened(pilot, tokenid):
    await press(pilot, "3")
    table(pilot).go_to(tokenid)
    await press(pilot, "enter")
    await until(pilot, lambda: "both = what it gets" in shown(pilot) or "Priv." in shown(pilot))
    assert isinstance(pilot.app.screen, TokenRightsScreen)


async def test_digits_take_the_fixes_that_are_there_and_no_list(pilot):
    await opened(pilot, "mon@pve!grafana")
    assert "Fix 1    give the token PVEAuditor on /" in shown(pilot)
    assert "1-2 fix" in shown(pilot)
    await press(pilot, "7")
    assert status(pilot) == "There is no fix 7."
    assert isinstance(pilot.app.screen, TokenRightsScreen)
    await press(pilot, "2")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    assert "--privsep 0" in shown(pilot)
    await press(pilot, "escape")
    assert isinstance(pilot.app.screen, TokenRightsScreen)
    await press(pilot, "escape")
    assert isinstance(pilot.app.screen, TokensScreen)


async def test_its_keys_lead_to_the_form_the_test_and_the_explanation(pilot):
    await opened(pilot, "mon@pve!grafana")
    for key, screen in (("e", TokenEditForm), ("t", TokenTestScreen), ("w", ExplainScreen)):
        await press(pilot, key)
        assert isinstance(pilot.app.screen, screen)
        await press(pilot, "escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, TokenRightsScreen)


async def test_a_token_that_is_gone_says_so(pilot):
    await opened(pilot, "netbox@pve!sync")
    from pve_auth_tui.core.plan import ApiCall

    pilot.app.workshop.plans._applying.runner.run(
        ApiCall("DELETE", ("access", "users", "netbox@pve", "token", "sync")), lambda _: None
    )
    await press(pilot, "r")
    await until(pilot, lambda: "There is no API token of netbox@pve named sync." in shown(pilot))
    assert "fix" not in shown(pilot).splitlines()[-1]
    await press(pilot, "1")
    assert status(pilot) == "There is nothing here that a digit would take."


async def test_a_token_without_separation_is_told_to_be_its_user(pilot):
    await opened(pilot, "root@pam!ansible")
    assert "root@pam!ansible may do all that root@pam may, also later." in shown(pilot)
    assert "switch privilege separation on, with the roles" in shown(pilot)
