"""Realms added, edited and removed with secrets at hand, as `scenes` has the rest."""

from __future__ import annotations

from typing import cast

from screens.choose import ChooseScreen
from screens.details import DetailsScreen
from screens.plan import PlanScreen
from screens.realm_form import RealmForm
from screens.realm_preset_form import DirectoryPresetForm, OpenIdPresetForm
from screens.realm_remove import RealmRemoveForm
from screens.realm_test import RealmTestScreen
from screens.sync_jobs import SyncJobsScreen
from screens.sync_preview import SyncPreviewScreen
from tests.canary.formscenes import fill, looked_at, to_field
from tests.canary.planted import NEW_CLIENT_KEY, NEW_PASSWORD, OPENID
from tests.canary.scenes import go, word
from tests.canary.stage import Stage

CORP = "corp"


async def _menu(stage: Stage, key: str) -> None:
    await go(stage, "realms")
    await stage.press("a")
    await stage.on(ChooseScreen)
    await stage.press(key)


async def _planned(stage: Stage) -> None:
    """Its plan is read, and left."""
    await stage.press("ctrl+o")
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f", "escape")


async def _run(stage: Stage) -> None:
    await stage.press("ctrl+o")
    await stage.on(PlanScreen)
    await stage.plan(word(stage))
    await stage.press("escape")


async def _show(stage: Stage, group: str) -> None:
    """Another group of options."""
    form = cast(RealmForm, stage.app.screen).form
    await to_field(stage, "show")
    while form.field("show").value != group:
        await stage.press("right")


async def a_new_realm(stage: Stage) -> None:
    """From a preset, with a bind password: looked at, left, come back to, made."""
    await _menu(stage, "2")
    await stage.on(DirectoryPresetForm)
    await stage.command("help", "steps")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await fill(stage, realm="new", domain="example.com", server1="dc01.example.com")
    await stage.command("next")
    await stage.on(RealmForm)
    await _show(stage, "Sync Options")
    await fill(stage, password=NEW_PASSWORD)
    await looked_at(stage)
    await stage.command("pick", "help", "back", "next")
    await stage.on(RealmForm)
    stage.require_hidden()
    await stage.command("review")
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f", "escape")
    await _run(stage)
    await _menu(stage, "2")
    await stage.command("back")


async def a_realm_is_tested_unsaved(stage: Stage) -> None:
    """With a bind password that is only typed yet."""
    await go(stage, "realms", CORP)
    await stage.press("e")
    await stage.on(RealmForm)
    await _show(stage, "Sync Options")
    await to_field(stage, "password.how")
    await stage.press("right")
    await fill(stage, password=NEW_PASSWORD)
    await stage.command("test")
    await stage.on(RealmTestScreen)
    screen = cast(RealmTestScreen, stage.app.screen)
    await stage.until(lambda: not screen.busy and not screen.why_nothing_tested(), "a test")
    await stage.press("escape")
    await stage.on(RealmForm)
    stage.require_hidden()


async def a_client_key(stage: Stage) -> None:
    """Of a new provider from a preset, not made; then another one for a realm that is there."""
    await _menu(stage, "6")
    await stage.on(ChooseScreen)
    await stage.press("8")
    await stage.on(OpenIdPresetForm)
    await stage.command("help", "steps")
    await stage.until(lambda: isinstance(stage.app.screen, DetailsScreen), "the steps")
    await stage.press("escape")
    await stage.on(OpenIdPresetForm)
    await fill(stage, realm="new")
    await stage.command("next")
    await stage.on(RealmForm)
    await fill(stage, **{"client-id": "pve", "client-key": NEW_CLIENT_KEY})
    await looked_at(stage)
    await stage.press("escape")
    await stage.command("back")
    await go(stage, "realms", OPENID)
    await stage.press("e")
    await stage.on(RealmForm)
    await to_field(stage, "client-key.how")
    await stage.press("right")
    await fill(stage, **{"client-key": NEW_CLIENT_KEY})
    await looked_at(stage)
    await _planned(stage)
    await _run(stage)


async def keys_of_realms(stage: Stage) -> None:
    """What is asked of a directory from the list."""
    for key, screen in (("t", RealmTestScreen), ("p", SyncPreviewScreen), ("o", SyncJobsScreen)):
        await go(stage, "realms", CORP)
        await stage.press(key)
        await stage.on(screen)
        await stage.press("escape", "escape")


async def a_realm_removed(stage: Stage) -> None:
    """With everything that it leaves: its plan is read and left."""
    await go(stage, "realms", OPENID)
    await stage.press("d")
    await stage.on(RealmRemoveForm)
    await stage.command("help")
    await stage.press("space", "down", "space")
    await _planned(stage)
    await stage.command("back")
    await go(stage, "realms", OPENID)
    await stage.press("d")
    await stage.command("review")
