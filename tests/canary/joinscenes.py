"""A node joined to Active Directory with passwords at hand, as `scenes` has the rest."""

from __future__ import annotations

from typing import cast

from pve_auth_tui.simnode.made_up import PASSWORD as OF_THE_DOMAIN
from screens.details import DetailsScreen
from screens.join import JoinScreen
from screens.join_after_forms import LeaveDomainForm, ProofForm
from screens.join_flow import Step
from screens.join_forms import AccountForm, LoginsForm
from screens.plan import PlanScreen
from screens.rename import RenameScreen
from screens.user_form import UserForm
from tests.canary.formscenes import fill, looked_at
from tests.canary.planted import NEW_PASSWORD
from tests.canary.scenes import back_to_start, lists
from tests.canary.stage import Stage


async def _join(stage: Stage) -> JoinScreen:
    """When nothing is looked at any more."""
    await stage.on(JoinScreen)
    screen = cast(JoinScreen, stage.app.screen)
    await stage.until(lambda: not screen.busy, "the end of a look")
    return screen


async def _opened(stage: Stage) -> JoinScreen:
    await back_to_start(stage)
    await stage.command("join")
    return await _join(stage)


async def _to_the_plan(stage: Stage, password: str) -> None:
    """From the check on, with packages installed, to the plan of the join."""
    screen = await _join(stage)
    await stage.command("next")
    await stage.on(LoginsForm)
    await fill(stage, groups="ProxmoxAdmins")
    await stage.command("go on")
    await _join(stage)
    await stage.command("next")
    if screen.flow.password is None:
        await stage.on(AccountForm)
        await fill(stage, password=password)
        await stage.command("go on")
    await stage.until(lambda: not screen.busy, "a plan")


async def a_join_that_is_refused(stage: Stage) -> None:
    """A password that the domain does not take: checked with it, then joined with it."""
    screen = await _opened(stage)
    await stage.command("edit")
    await stage.on(RenameScreen)
    await stage.press("escape")
    await stage.command("next")
    await stage.on(AccountForm)
    await fill(stage, password=NEW_PASSWORD)
    await looked_at(stage)
    await stage.command("help", "reveal", "go on")
    await _join(stage)
    screen.rows.go_to("topic:PACKAGES")
    await stage.settle()
    await stage.press("1")
    await stage.plan()
    await stage.press("escape")
    await _join(stage)
    screen.rows.go_to("topic:ACCOUNT")
    await stage.command("open")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await stage.command("edit")
    await stage.on(AccountForm)
    await stage.command("back", "reload")
    await _join(stage)
    await stage.command("fix")
    if isinstance(stage.app.screen, AccountForm):
        await stage.press("escape")
    await stage.command("commands")
    if isinstance(stage.app.screen, DetailsScreen):
        await stage.press("escape")
    await _to_the_plan(stage, NEW_PASSWORD)
    await stage.on(JoinScreen)
    await stage.until(lambda: "does not take this password" in stage.screen, "a refusal")
    assert screen.flow.password is None


async def a_join(stage: Stage) -> None:
    """Carried out, proved, changed, and left again; the account's password is typed twice."""
    screen = await _opened(stage)
    await stage.command("next")
    await stage.on(AccountForm)
    await stage.command("back", "reload")
    await _join(stage)
    screen.rows.go_to("topic:PACKAGES")
    await stage.settle()
    await stage.press("1")
    await stage.plan()
    await stage.press("escape")
    await _join(stage)
    await _to_the_plan(stage, OF_THE_DOMAIN)
    await stage.on(PlanScreen)
    await stage.plan()
    await stage.press("escape")
    await stage.on(ProofForm)
    await fill(stage, may="anna.admin")
    await stage.command("help", "reveal", "go on")
    await _join(stage)
    assert screen.flow.step is Step.PROOF
    await stage.command("next")
    await stage.on(ProofForm)
    await stage.command("back", "output", "add")
    await stage.on(UserForm)
    await stage.press("escape")
    await stage.command("permit")
    await stage.on(LoginsForm)
    await stage.command("help", "reveal", "back", "leave")
    await stage.on(LeaveDomainForm)
    await stage.press("space")
    await fill(stage, password=NEW_PASSWORD)
    await looked_at(stage)
    await stage.command("help", "reveal", "go on")
    await stage.on(PlanScreen)
    await stage.press("escape")
    await stage.command("leave")
    await stage.on(LeaveDomainForm)
    await stage.command("back", "back")
    for name in lists():
        if screen.command(name) is not None:
            await _opened(stage)
            await stage.command(name)
