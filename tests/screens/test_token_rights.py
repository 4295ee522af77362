"""The screen of one API token: beside its user, with fixes that digits take."""

from __future__ import annotations

from screens.explain import ExplainScreen
from screens.plan import PlanScreen
from screens.token_edit_form import TokenEditForm
from screens.token_rights import TokenRightsScreen
from screens.token_test import TokenTestScreen
from screens.tokens import TokensScreen
from tests.screens.conftest import on_top, press, says_just, sees, settle, shown, table, until


async def opened(pilot, tokenid):
    await press(pilot, "3")
    table(pilot).go_to(tokenid)
    await press(pilot, "enter")
    await until(pilot, lambda: "both = what it gets" in shown(pilot) or "Priv." in shown(pilot))
    await on_top(pilot, TokenRightsScreen)


async def test_digits_take_the_fixes_that_are_there_and_no_list(pilot):
    await opened(pilot, "mon@pve!grafana")
    await sees(pilot, "Fix 1    give the token PVEAuditor on /", "1-2 fix")
    await press(pilot, "7")
    await says_just(pilot, "There is no fix 7.")
    await on_top(pilot, TokenRightsScreen)
    await press(pilot, "2")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await sees(pilot, "--privsep 0")
    await press(pilot, "escape")
    await on_top(pilot, TokenRightsScreen)
    await press(pilot, "escape")
    await on_top(pilot, TokensScreen)


async def test_its_keys_lead_to_the_form_the_test_and_the_explanation(pilot):
    await opened(pilot, "mon@pve!grafana")
    for key, screen in (("e", TokenEditForm), ("t", TokenTestScreen), ("w", ExplainScreen)):
        await press(pilot, key)
        await on_top(pilot, screen)
        await press(pilot, "escape")
        await settle(pilot)
        await on_top(pilot, TokenRightsScreen)


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
    await says_just(pilot, "There is nothing here that a digit would take.")


async def test_a_token_without_separation_is_told_to_be_its_user(pilot):
    await opened(pilot, "root@pam!ansible")
    await sees(
        pilot,
        "root@pam!ansible may do all that root@pam may, also later.",
        "switch privilege separation on, with the roles",
    )
