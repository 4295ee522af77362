"""API tokens: added, tried over TLS, mended, edited, given a new secret; all on the demo."""

from __future__ import annotations

from dataclasses import replace

from pve_auth_tui.core.snapshot import Snapshot
from screens.choose import ChooseScreen
from screens.once import OnceScreen
from screens.plan import PlanScreen
from screens.token_rights import TokenRightsScreen
from screens.token_test import TokenTestScreen
from screens.tokens import TokensScreen
from tests.screens.conftest import (
    keys_shown,
    listening,
    on_top,
    press,
    says,
    says_just,
    sees,
    shown,
    status,
    table,
    type_text,
    until,
)
from tests.screens.test_plan import ran


async def run_plan(pilot):
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)


async def asked(pilot):
    await until(pilot, lambda: "Logs in" in shown(pilot) and "asked ..." not in status(pilot))


async def test_a_new_token_is_tried_sees_nothing_and_is_mended_without_leaving_the_keyboard(pilot):
    await press(pilot, "3", "a")
    await type_text(pilot, "mon@pve")
    await press(pilot, "enter")
    await type_text(pilot, "icinga")
    await until(pilot, lambda: "sees NOTHING" in shown(pilot))
    await press(pilot, "ctrl+o")
    await run_plan(pilot)
    ((tokenid, secret),) = pilot.app.screen._report.told_once
    assert tokenid == "mon@pve!icinga"
    await says(pilot, "Esc goes on to it")

    await press(pilot, "escape")
    await on_top(pilot, OnceScreen)
    await press(pilot, "ctrl+r")
    await sees(
        pilot, f"mon@pve!icinga={secret.reveal()}", f"PVEAPIToken=mon@pve!icinga={secret.reveal()}"
    )

    await press(pilot, "escape")
    await on_top(pilot, ChooseScreen)
    assert secret.reveal() not in shown(pilot)
    await press(pilot, "1")
    await asked(pilot)
    await sees(
        pilot,
        "Logs in  ok    yes, at https://pve1:8006 (DEMO)",
        "0 of 212 guests",
        "PVE says as well that it has no permission anywhere.",
    )
    assert secret.reveal() not in shown(pilot)

    await press(pilot, "escape")
    await on_top(pilot, TokensScreen)
    table(pilot).go_to("mon@pve!icinga")
    await press(pilot, "enter")
    await until(pilot, lambda: "Fix 2" in shown(pilot))
    await press(pilot, "1")
    await run_plan(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: "Fix 1" not in shown(pilot))
    await press(pilot, "t", "ctrl+o")
    await asked(pilot)
    await sees(pilot, "PVE's own answer about its permissions is the one here")
    assert " 0 of " not in shown(pilot)
    await press(pilot, "escape")
    await on_top(pilot, TokenRightsScreen)
    await sees(pilot, "Asked as the token:")


async def test_a_new_secret_is_shown_once_and_the_old_one_is_refused(pilot):
    old = pilot.app.workshop.token_test.stored("mon@pve!grafana")
    await press(pilot, "3")
    table(pilot).go_to("mon@pve!grafana")
    await press(pilot, "g")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await listening(pilot)
    await until(pilot, lambda: [step.method for step in pilot.app.screen.plan.steps] == ["PUT"])
    await sees(pilot, "stops working at once")
    await press(pilot, "pagedown", "y")
    await type_text(pilot, pilot.app.screen.plan.confirm)
    await press(pilot, "enter")
    await ran(pilot)
    await press(pilot, "escape", "ctrl+r", "escape")
    await press(pilot, "2", "t")
    await until(pilot, lambda: isinstance(pilot.app.screen, TokenTestScreen))
    await press(pilot, "right")
    await press(pilot, "down")
    await type_text(pilot, old.reveal())
    await press(pilot, "ctrl+o")
    await asked(pilot)
    await sees(pilot, "PVE refuses mon@pve!grafana. The secret is not the right")
    assert old.reveal() not in shown(pilot)


async def test_all_marked_tokens_get_new_secrets_and_all_of_them_can_be_read(pilot):
    await press(pilot, "3", "home", *["space"] * 8, "g")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await listening(pilot)
    plan = pilot.app.screen.plan
    assert plan.title == "new secrets for 8 API tokens"
    assert len(plan.steps) == 8
    await press(pilot, "pagedown", "pagedown", "pagedown", "y")
    await type_text(pilot, plan.confirm)
    await press(pilot, "enter")
    await ran(pilot)
    await press(pilot, "escape", "ctrl+r")
    await says_just(pilot, "PgDn shows more. f saves all of them to a file.")
    first = shown(pilot)
    await press(pilot, "end")
    await until(pilot, lambda: shown(pilot) != first)
    await sees(pilot, "PVEAPIToken=netbox@pve!import=")


async def test_an_older_version_makes_the_token_again_with_its_entries(pilot):
    outlook = pilot.app.outlook
    snapshot: Snapshot = outlook.snapshot
    cluster = replace(snapshot.cluster.value, access_control="9.0.4", pve_release="9.1")
    older = replace(snapshot, cluster=snapshot.cluster._replace(value=cluster))
    plans = pilot.app.workshop.plans
    from pve_auth_tui.core.intents.tokens import regenerate

    plan = plans.review(regenerate("backup@pve!pbs"), outlook._replace(snapshot=older))
    assert [step.method for step in plan.steps] == ["DELETE", "POST", "PUT"]
    assert plan.touched[0].name == "backup@pve!pbs"


async def test_marked_tokens_are_edited_together_and_what_is_left_stays(pilot):
    await press(pilot, "3")
    marked = frozenset({"netbox@pve!import", "netbox@pve!sync"})
    table(pilot).set_marks(marked)
    await press(pilot, "e")
    await sees(pilot, "Nothing is changed yet.")
    await press(pilot, "down")
    await type_text(pilot, "+90d")
    await until(pilot, lambda: "expire never ->" in shown(pilot))
    await press(pilot, "ctrl+o")
    await run_plan(pilot)
    access = pilot.app.workshop.outlooks.load().snapshot.access.value
    tokens = access.users["netbox@pve"].tokens
    assert tokens["import"].expire == tokens["sync"].expire > 0
    await press(pilot, "escape")
    await on_top(pilot, TokensScreen)
    await until(pilot, lambda: table(pilot).marks == frozenset())
    await until(pilot, lambda: marked <= set(keys_shown(pilot)))


async def test_a_name_that_is_taken_and_a_user_who_is_not_there_are_said_in_the_form(pilot):
    await press(pilot, "3", "a")
    await type_text(pilot, "nobody@pve")
    await press(pilot, "enter")
    await sees(pilot, "There is no user nobody@pve")
    await press(pilot, "up", *["backspace"] * len("nobody@pve"))
    await type_text(pilot, "mon@pve")
    await press(pilot, "enter")
    await type_text(pilot, "grafana")
    await press(pilot, "enter")
    await sees(pilot, "The API token mon@pve!grafana exists already.")
    await press(pilot, "escape", "a")
    await sees(pilot, "mon@pve")
