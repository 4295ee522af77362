"""Realms tested and synced with secrets at hand, as `scenes` has the rest."""

from __future__ import annotations

from typing import cast

from pve_auth_tui.core.domains import Realm
from screens.at_directory import BindPasswordForm
from screens.choose import ChooseScreen
from screens.details import DetailsScreen
from screens.pick import PickScreen
from screens.plan import PlanScreen
from screens.prompt import PromptScreen
from screens.realm_test import RealmTestScreen
from screens.sync_job_form import SyncJobForm
from screens.sync_jobs import SyncJobsScreen
from screens.sync_list import SyncListScreen
from screens.sync_preview import SyncPreviewScreen
from screens.sync_preview_rows import CHOICE, KIND
from screens.try_login import TryLoginForm
from screens.typed_yes import YesScreen
from tests.canary.formscenes import fill, looked_at
from tests.canary.planted import NEW_PASSWORD
from tests.canary.scenes import back_to_start, lists
from tests.canary.stage import Stage
from widgets.filter_table import FilterTable

REALM = "corp"


async def _prompted(stage: Stage, words: str) -> None:
    await back_to_start(stage)
    await stage.press("colon")
    await stage.on(PromptScreen)
    await stage.type(words)
    await stage.press("enter")


async def _tested(stage: Stage) -> RealmTestScreen:
    """To its end, or until something is asked."""
    await stage.on(RealmTestScreen)
    screen = cast(RealmTestScreen, stage.app.screen)
    await stage.until(lambda: not screen.busy and not screen.why_nothing_tested(), "a test")
    return screen


async def a_realm_is_tested(stage: Stage) -> None:
    """With the password that PVE has stored: every key, and the plan of a fix."""
    await back_to_start(stage)
    await stage.command("realm-test")
    await stage.on(PickScreen)
    await stage.press("escape")
    await _prompted(stage, f"realm-test {REALM}")
    screen = await _tested(stage)
    await stage.command("server after", "server before", "save")
    table = screen.query_one(FilterTable)
    for row in [row.key for row in table.rows_shown]:
        table.go_to(row)
        await stage.settle()
        await stage.command("open")
        await stage.on(DetailsScreen)
        await stage.press("escape")
    await stage.command("reload")
    await _tested(stage)
    await stage.command("fix", "back")
    for name in lists():
        if screen.command(name) is not None:
            await _prompted(stage, f"realm-test {REALM}")
            await _tested(stage)
            await stage.command(name)


async def a_login_at_a_directory(stage: Stage) -> None:
    """Typed, looked at, left; then tried once."""
    await _prompted(stage, f"realm-test {REALM}")
    screen = await _tested(stage)
    await stage.command("try login")
    await stage.on(TryLoginForm)
    await fill(stage, name="anna.admin", password=NEW_PASSWORD)
    await looked_at(stage)
    await stage.command("help", "back")
    await stage.on(RealmTestScreen)
    await stage.command("try login")
    await stage.on(TryLoginForm)
    await fill(stage, name="anna.admin", password=NEW_PASSWORD)
    await stage.command("reveal", "try once")
    await stage.on(RealmTestScreen)
    await stage.until(lambda: not screen.busy, "an answer")
    await stage.command("open")
    await stage.press("escape")
    await stage.command("save", "back")


async def a_bind_password_is_typed(stage: Stage) -> None:
    """Where the stored one cannot be read, and where others could read it."""
    await back_to_start(stage)
    options = {"server1": "dc01.example.com", "domain": "example.com", "bind_dn": "cn=x,dc=y"}
    open_realm = Realm(REALM, "ad", options)
    screen = RealmTestScreen(open_realm, saved=False)
    stage.app.push_screen(screen)
    await stage.on(YesScreen)
    await stage.type("yes")
    await stage.press("enter")
    await _tested(stage)
    test = screen._test
    assert test is not None
    screen.ask_bind_password(test.settings, screen._use_password)
    await stage.on(BindPasswordForm)
    await stage.type(NEW_PASSWORD)
    await looked_at(stage)
    await stage.command("help", "back")
    await stage.on(RealmTestScreen)
    screen.ask_bind_password(test.settings, screen._use_password)
    await stage.on(BindPasswordForm)
    await stage.type(NEW_PASSWORD)
    await stage.command("reveal", "go on")
    await stage.on(YesScreen)
    await stage.type("yes")
    await stage.press("enter")
    await _tested(stage)
    await stage.command("save")


async def a_sync_is_previewed(stage: Stage) -> None:
    """Read with the stored password: its lists, its choices, its plan."""
    await _prompted(stage, f"sync {REALM}")
    await stage.on(SyncPreviewScreen)
    screen = cast(SyncPreviewScreen, stage.app.screen)
    await stage.until(lambda: not screen.why_no_preview(), "a preview")
    await stage.command("save")
    screen.rows.go_to(f"{CHOICE}properties")
    await stage.command("change")
    screen.rows.go_to(f"{KIND}added")
    await stage.command("open")
    await stage.on(SyncListScreen)
    listed = cast(SyncListScreen, stage.app.screen)
    await stage.until(lambda: listed.table.key, "rows")
    await stage.command("save", "open")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await stage.command("find")
    await stage.press("escape")
    await stage.command("back")
    await stage.command("find")
    await stage.on(SyncListScreen)
    await stage.press("escape", "escape")
    await stage.on(SyncPreviewScreen)
    await stage.command("plan")
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f", "escape")
    await stage.command("reload")
    await stage.until(lambda: not screen.busy, "another reading")
    await stage.command("test")
    await stage.on(RealmTestScreen)
    await _tested(stage)
    await stage.press("escape")
    await stage.command("back", "sync")
    await stage.on(PickScreen)
    await stage.press("escape")


async def sync_jobs(stage: Stage) -> None:
    """Every key of the list and of its form."""
    await back_to_start(stage)
    await stage.command("sync-jobs")
    await stage.on(SyncJobsScreen)
    screen = cast(SyncJobsScreen, stage.app.screen)
    await stage.until(lambda: screen.table.key, "rows")
    for name, opens in (("view", ChooseScreen), ("sort", ChooseScreen)):
        await stage.command(name)
        await stage.on(opens)
        await stage.press("escape")
    await stage.command("mark", "next", "save", "find")
    await stage.press("escape")
    await stage.command("back", "open")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await stage.command("commands")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await stage.command("remove")
    await stage.on(PlanScreen)
    await stage.press("escape")
    await stage.command("add")
    await stage.on(SyncJobForm)
    await stage.command("help", "pick", "review", "back")
    await stage.command("edit")
    await stage.on(SyncJobForm)
    await stage.press("escape")
    await stage.command("preview")
    await stage.on(SyncPreviewScreen)
    preview = cast(SyncPreviewScreen, stage.app.screen)
    await stage.until(lambda: not preview.why_no_preview(), "a preview")
    await stage.press("escape")
    await stage.on(SyncJobsScreen)
    await stage.command("back")
