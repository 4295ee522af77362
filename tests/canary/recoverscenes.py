"""Recover with secrets at hand, as `scenes` has the rest."""

from __future__ import annotations

from typing import cast

from pve_auth_tui.core.recover.ways import WayBack
from screens.details import DetailsScreen
from screens.enrol_totp import EnrolTotpScreen
from screens.pick import PickScreen
from screens.plan import PlanScreen
from screens.prove import ProveScreen
from screens.recover import RecoverScreen
from screens.recover_details import WayScreen
from screens.recover_reason import ReasonScreen
from screens.recover_rows import WAY, numbered
from screens.temporary_form import TemporaryForm
from tests.canary.formscenes import fill, looked_at
from tests.canary.planted import ADMIN, LOCKED, NEW_PASSWORD, PASSWORD
from tests.canary.scenes import back_to_start, lists, word
from tests.canary.stage import Stage
from widgets.sections import Sections


async def _recover(stage: Stage, userid: str = "") -> RecoverScreen:
    await back_to_start(stage)
    await stage.command("recover")
    await stage.on(RecoverScreen)
    stage.app.open_recover(userid)
    await stage.settle()
    screen = cast(RecoverScreen, stage.app.screen)
    await stage.until(lambda: not screen.busy, "a look")
    return screen


async def _taken(stage: Stage, ident: str) -> None:
    """A way back by its digit; where it is not offered, something went wrong on purpose."""
    screen = await _recover(stage, LOCKED)
    digits = {way.id: str(digit) for digit, way in numbered(screen._ways).items()}
    await stage.until(lambda: ident in digits, ident)
    await stage.press(digits[ident])


async def everything_on_recover(stage: Stage) -> None:
    """Every key there, every row; whose files are full of secrets."""
    screen = await _recover(stage)
    await stage.command("who")
    await stage.on(PickScreen)
    await stage.type(ADMIN)
    await stage.press("enter")
    await stage.on(RecoverScreen)
    await stage.press("home")
    rows = screen.query_one(Sections)
    for key in list(rows._keys):
        rows.go_to(key)
        await stage.command("yes-no", "commands")
        if isinstance(stage.app.screen, DetailsScreen):
            await stage.press("escape")
        await stage.command("open")
        if stage.app.screen is not screen:
            await stage.press("escape")
    await stage.command("reload", "way", "acknowledge", "totp")
    await stage.on(EnrolTotpScreen)
    await stage.press("escape")
    await stage.command("prove")
    await stage.on(ProveScreen)
    await stage.press("escape")
    await stage.command("recovery-keys")
    await stage.on(PlanScreen)
    await stage.press("escape", "escape")
    for name in lists():
        if (await _recover(stage)).command(name) is not None:
            await stage.command(name)
    await _recover(stage)
    await stage.command("back")


def _plans(screen: RecoverScreen) -> list[WayBack]:
    return [way for way in numbered(screen._ways).values() if way.intent is not None]


async def a_lost_factor(stage: Stage) -> None:
    """Its plan from the details of the way, left; then with a reason, run; acknowledged."""
    screen = await _recover(stage, LOCKED)
    await stage.until(lambda: _plans(screen), "a way that is a plan")
    plan = _plans(screen)[-1]
    screen.query_one(Sections).go_to(WAY + plan.id)
    await stage.command("open")
    await stage.on(WayScreen)
    await stage.command("back")
    await stage.press("enter")
    await stage.on(WayScreen)
    await stage.command("plan")
    await stage.on(ReasonScreen)
    await stage.press("escape")
    await _taken(stage, plan.id)
    await stage.on(ReasonScreen)
    await stage.type("lost it in a lake")
    await stage.press("enter")
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f")
    await stage.plan(word(stage))
    await stage.press("escape")
    await stage.until(lambda: stage.app.recovered, "what stays of it")
    await back_to_start(stage)
    await stage.command("recover", "acknowledge")


async def a_second_administrator(stage: Stage) -> None:
    """Two passwords that differ, then one; looked at, left, come back to."""
    await _taken(stage, "temporary")
    await stage.on(TemporaryForm)
    stage.require_hidden()
    await fill(stage, password=NEW_PASSWORD)
    await looked_at(stage)
    await fill(stage, again=PASSWORD)
    await stage.press("ctrl+o")
    assert "not the same" in stage.screen
    await stage.press("ctrl+r", "escape")
    await _taken(stage, "temporary")
    await stage.on(TemporaryForm)
    stage.require_hidden()
    await fill(stage, password=NEW_PASSWORD, again=NEW_PASSWORD)
    await stage.press("ctrl+o")
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f")
    await stage.plan(word(stage))
    await stage.press("escape")
    await stage.command("journal", "open", "back")
