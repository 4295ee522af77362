"""What people do on the screens with secrets at hand, as keys; and a tour of everything else.

How a new command, list, form or dialog gets its canaries: see `tests.canary.screens`.
"""

from __future__ import annotations

from typing import Any, Final, cast

from pve_auth_tui.app import _screens
from pve_auth_tui.core.objects import Key, record
from screens.base import EVERYWHERE, BaseScreen
from screens.choose import ChooseScreen
from screens.details import DetailsScreen
from screens.enrol_recovery import EnrolRecoveryScreen
from screens.enrol_totp import EnrolTotpScreen
from screens.journal import JournalScreen
from screens.listing import ListScreen
from screens.once import OnceScreen
from screens.pam import PamScreen
from screens.plan import PlanScreen
from screens.prompt import PromptScreen
from screens.prove import ProveScreen
from screens.realm_remove import RealmRemoveForm
from screens.scan_totp import ScanTotpScreen
from screens.start import StartScreen
from screens.survive import SurviveScreen
from tests.canary.planted import (
    ADMIN,
    LOCKED,
    NEW_PASSWORD,
    OLD_KEYS,
    OPENID,
    PASSWORD,
    RECOVERY_KEY,
    WITHOUT,
)
from tests.canary.stage import Stage, name_of_command
from widgets.filter_table import FilterTable

HARMLESS: Final = {
    "commands.Help": "the words of the commands",
    "commands.Prompt": "names that can be typed",
    "commands.Reload": "reads again",
    "commands.Ways": "how the node is reached",
    "commands.Demo": "what can be broken",
    "commands.GlyphsCommand": "how it is drawn",
    "commands.Keep": "nothing takes itself back here; with something: `for_a_while`",
    "commands.Undo": "nothing was done yet; with something: `the_way_back`",
    "commands.ReviewCollected": "nothing is collected yet; with something: `collected`",
    "commands.JournalCommand": "opens it; what is in it: `for_a_while`",
    "commands.Recover": "opens it: `everything_on_recover`",
    "commands.Health": "not built yet",
    "list_commands.Open": "what is known of a row",
    "list_commands.Find": "a line to type into",
    "list_commands.Views": "names of views",
    "list_commands.Sort": "names of columns",
    "list_commands.Mark": "marks a row",
    "list_commands.NextFinding": "moves the cursor",
    "list_commands.ShowCommands": "lines that read",
    "list_commands.Save": "writes the rows shown to a file",
    "list_commands.Add": "opens a form; what is typed there: `a_new_user`, `secrets_of_tokens`",
    "list_commands.Edit": "opens a form",
    "list_commands.Why": "opens an answer: `answers`",
    "list_commands.WhoCan": "opens an answer",
    "list_commands.Compare": "opens an answer",
    "users.Switch": "a plan without a secret, of a user who has old keys",
    "users.EnableUsers": "the same",
    "users.DisableUsers": "the same",
    "roles.Holding": "names of privileges",
    "roles.CompareRoles": "names of roles",
    "tokens.OpenToken": "what is known of a token; its secret is not",
    "tokens.FindToken": "a line to type into",
    "tokens.ViewsOfTokens": "names of views",
    "tokens.MarkToken": "marks a row",
    "token_rights.TakeFix": "a plan without a secret",
    "token_rights.EditToken": "opens a form",
    "token_rights.WhyToken": "opens an answer",
    "acl.Person": "names of people",
    "acl.OpenBranch": "folds",
    "acl.CloseBranch": "folds",
    "acl.OpenAll": "folds",
    "acl.AddHere": "opens a form",
    "acl.NextHere": "moves the cursor",
    "explain.TakeFix": "a plan without a secret",
    "explain.ListWhoCan": "opens an answer",
    "explain.CompareWith": "opens an answer",
    "who_can.ExplainRow": "opens an answer",
    "compare.AnotherPerson": "names of people",
    "what_if.WorkOutAgain": "works it out again",
    "what_if.LeaveWhatIf": "back to the plan",
    "questions.SaveAnswer": "writes an answer to a file",
    "questions.ShowLines": "lines that read",
    "questions.LeaveAnswer": "one step back",
    "answer_rows.FindRow": "a line to type into",
    "answer_rows.OpenRow": "what is known of a row",
    "role_diff.OnlyDifferences": "shows less, or more",
    "start.AskWhy": "opens an answer",
    "anything.OpenThere": "goes to a list",
    "start.FindAnything": "goes to a list",
    "start.Next": "moves the cursor",
    "start.OpenFinding": "goes to a list",
    "survive_commands.OpenWay": "why a way in works, or not",
    "survive_commands.TroubleBefore": "chooses a column",
    "survive_commands.TroubleAfter": "chooses a column",
    "survive_commands.WhatToDo": "what needs a look",
    "survive_commands.SaveMatrix": "writes the matrix to a file",
    "survive_commands.Drill": "opens the login; what is typed there: `an_app`",
    "survive_commands.LeaveMatrix": "one step back",
    "pam_commands.OpenVerdict": "the lines of PAM that decide",
    "pam_commands.CheckAgain": "reads PAM's files again",
    "pam_commands.LeavePam": "one step back",
    "journal.OpenEntry": "what an entry says",
    "journal.FindEntry": "a line to type into",
    "journal.VerifyJournal": "follows the chain",
    "journal.NextLook": "moves the cursor",
    "journal.ReadAgain": "reads again",
}
"""Commands that deal with no secret of their own, and what they do. They are run all the same, on
every screen that offers them, with the cursor where secrets are near: none may come along.
"""

_ROWS: Final = {
    "users": OLD_KEYS,
    "realms": OPENID,
    "tokens": "root@pam!ansible",
    "tfa": ADMIN,
}
"""Where the cursor stands on the tour."""


def harmless_on(screen: type[BaseScreen]) -> list[str]:
    """The names of the commands that the tour runs there."""
    return [one.name for one in screen.OFFERS if name_of_command(one) in HARMLESS]


def lists() -> dict[str, type[ListScreen]]:
    """Every list, by the name that opens it."""
    return _screens()


def _list(stage: Stage) -> ListScreen:
    screen = stage.app.screen
    assert isinstance(screen, ListScreen), screen
    return screen


def _table(stage: Stage) -> FilterTable:
    return stage.app.screen.query_one(FilterTable)


async def go(stage: Stage, listing: str, row: str = "") -> None:
    """To a list, and to the last row that begins so: of somebody's factors the app."""
    stage.app.open_list(listing)
    await stage.settle()
    keys = [one.key for one in _list(stage).table.rows_shown]
    found = [key for key in keys if key.startswith(row)]
    assert found, (row, keys)
    _list(stage).table.go_to(found[-1])
    await stage.settle()


# --- the tour ----------------------------------------------------------------------------------


async def tour_of_lists(stage: Stage) -> None:
    """Every command that deals with no secret, on every list."""
    for name, screen in lists().items():
        await go(stage, name, _ROWS.get(name, ""))
        for command in harmless_on(screen):
            if _of(screen, command) in EVERYWHERE and name != "users":
                continue
            await stage.command(command)
            if not isinstance(stage.app.screen, screen) or stage.app.focused is not _table(stage):
                await stage.press("escape")
            if not isinstance(stage.app.screen, screen):
                await go(stage, name, _ROWS.get(name, ""))


async def tour_of_the_rest(stage: Stage) -> None:
    """Start, the journal, and what is the same everywhere."""
    for screen, opens in (
        (StartScreen, "back"),
        (JournalScreen, "journal"),
        (SurviveScreen, "survive"),
        (PamScreen, "pam"),
    ):
        for command in harmless_on(screen):
            if _of(screen, command) in EVERYWHERE:
                continue
            await back_to_start(stage)
            await stage.command(*([] if opens == "back" else [opens]))
            await stage.command(command)
    await back_to_start(stage)
    await stage.command("journal", "back", "ways", "back", "collect", "collect")
    for listing in lists():
        if any(command.name == listing for command in EVERYWHERE):
            await stage.command(listing)
    await stage.press("colon")
    await stage.on(PromptScreen)
    await stage.type(OLD_KEYS)
    await stage.press("enter", "enter")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    stage.app.open_start()
    await stage.settle()
    stage.leaves = True
    await stage.command("quit")


def _of(screen: type[BaseScreen], name: str) -> Any:
    return next(command for command in screen.OFFERS if command.name == name)


async def back_to_start(stage: Stage) -> None:
    """Out of every dialog, field and list."""
    for _ in range(6):
        if len(stage.app.screen_stack) <= 2:
            return
        await stage.press("escape")
    raise AssertionError(stage.screen)


# --- second factors ----------------------------------------------------------------------------


async def to_the_app(stage: Stage) -> None:
    """From the list of users to the QR code."""
    await go(stage, "users", WITHOUT)
    await stage.press("o")
    await stage.on(ChooseScreen)
    await stage.press("1")
    await stage.on(EnrolTotpScreen)
    await stage.command("help")
    await stage.type("phone")
    await stage.press("ctrl+o")
    await stage.on(ScanTotpScreen)


async def an_app(stage: Stage) -> None:
    """Somebody gets one, and proves it."""
    await to_the_app(stage)
    stage.require_hidden()
    await stage.press("ctrl+r", "ctrl+c", "ctrl+x", "ctrl+r")
    stage.require_hidden()
    await stage.press("ctrl+r", "ctrl+g")
    await stage.type("000000")
    await stage.press("ctrl+o", *["backspace"] * 6)
    await stage.type(stage.new_code())
    await stage.press("ctrl+o")
    await stage.plan()
    await stage.press("escape")
    await stage.on(ProveScreen)
    stage.require_hidden()
    await _log_in(stage, PASSWORD, stage.new_code())
    await stage.until(lambda: "logged in at" in stage.screen, "a login")
    await stage.press("escape")


async def _log_in(stage: Stage, password: str, code: str) -> None:
    """On the screen that proves; passwords and codes are looked at with ^R, and never copied."""
    await stage.type(password)
    await stage.press("ctrl+r", "shift+home", "ctrl+c", "ctrl+x", "ctrl+r", "ctrl+g", "ctrl+o")
    await stage.until(lambda: "second factor" in stage.screen.lower(), "the second question")
    await stage.type(code)
    await stage.press("ctrl+r", "ctrl+o")


async def an_app_after_all_not(stage: Stage) -> None:
    """Left while it is shown, left at the plan, saved to a file, left for too long."""
    await to_the_app(stage)
    await stage.press("ctrl+r", "escape", "escape", "o", "1", "ctrl+o")
    await stage.on(ScanTotpScreen)
    await stage.type(stage.new_code())
    await stage.press("ctrl+o")
    await stage.on(PlanScreen)
    await stage.press("escape")
    screen = cast(ScanTotpScreen, stage.app.screen)
    screen.save_secrets()
    await stage.settle()
    await stage.type(str(stage.home.keys / "totp.txt"))
    await stage.press("ctrl+o")
    await stage.press("ctrl+r")
    stage.app._last_key -= 100_000
    stage.app._watch_idleness()
    await stage.settle()


async def recovery_keys(stage: Stage) -> None:
    """Made, shown, typed back, saved."""
    await go(stage, "tfa", ADMIN)
    await stage.press("a")
    await stage.type(WITHOUT)
    await stage.press("enter")
    await stage.on(ChooseScreen)
    await stage.press("3")
    await stage.plan()
    await stage.press("escape")
    await stage.on(EnrolRecoveryScreen)
    screen = cast(EnrolRecoveryScreen, stage.app.screen)
    assert screen.keys is not None
    keys = [key.reveal() for key in screen.keys.keys]
    stage.require_hidden()
    await stage.press("ctrl+r", "ctrl+g", "ctrl+r")
    stage.require_hidden()
    await stage.press("ctrl+r")
    await stage.type(keys[3])
    await stage.press("ctrl+r", "shift+home", "ctrl+c", "ctrl+o", "down")
    await stage.type(str(stage.home.keys / "keys.txt"))
    await stage.press("ctrl+o")
    await stage.press("ctrl+r", "escape", "escape")


async def recovery_keys_after_all_not(stage: Stage) -> None:
    """The plan is left."""
    await go(stage, "users", WITHOUT)
    await stage.command("second-factor")
    await stage.press("3")
    await stage.on(PlanScreen)
    await stage.press("escape")


async def a_proof(stage: Stage) -> None:
    """A wrong password, a wrong code, given up, a recovery key, an app; and without a password."""
    await go(stage, "tfa", ADMIN)
    await stage.press("t")
    await stage.on(ProveScreen)
    await stage.type(NEW_PASSWORD)
    await stage.press("ctrl+o")
    await stage.until(lambda: "one attempt" in stage.screen, "a refusal")
    for code in ("999999", RECOVERY_KEY):
        await stage.type(PASSWORD)
        await stage.press("ctrl+o")
        await stage.until(lambda: "second factor" in stage.screen.lower(), "the second question")
        if code == RECOVERY_KEY:
            await stage.press("up", "right", "down")
        await stage.type(code)
        await stage.press("ctrl+o")
        await stage.until(lambda: "Password" in stage.screen, "an end")
    await stage.type(PASSWORD)
    await stage.press("ctrl+o")
    await stage.until(lambda: "second factor" in stage.screen.lower(), "the second question")
    await stage.press("escape", "escape")
    await go(stage, "users", ADMIN)
    await stage.press("t", "ctrl+o")
    await stage.type(stage.code_of(ADMIN))
    await stage.press("ctrl+o", "escape")


async def changes_of_factors(stage: Stage) -> None:
    """Another name, off and on again, unlocked."""
    await go(stage, "tfa", ADMIN)
    await stage.press("e", "1")
    await stage.type("new")
    await stage.press("ctrl+o")
    await stage.plan()
    await stage.press("escape", "e", "2")
    await stage.on(PlanScreen)
    await stage.press("escape")
    for listing in ("tfa", "users"):
        await go(stage, listing, LOCKED)
        await stage.press("l")
        await stage.on(PlanScreen)
        await stage.press("escape")
    for command in ("disable", "enable"):
        await go(stage, "tfa", ADMIN)
        await stage.command(command)
        if command == "disable":
            await stage.on(PlanScreen)
            await stage.press("f")
        await stage.press("escape")


# --- plans -------------------------------------------------------------------------------------


async def for_a_while(stage: Stage) -> None:
    """An app is removed: looked at, saved, tried, kept; what the journal says of it."""
    await go(stage, "tfa", ADMIN)
    await stage.press("d")
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f")
    await stage.plan(ADMIN, key="m")
    await stage.until(lambda: stage.app.armed, "a change that takes itself back")
    await stage.press("K")
    await stage.until(lambda: not stage.app.armed, "a change that is kept")
    await stage.press("escape")
    await stage.command("journal")
    await stage.on(JournalScreen)
    await stage.command("verify", "open", "back", "find")
    await stage.type("erik")
    await stage.press("escape", "escape")


async def the_way_back(stage: Stage) -> None:
    """An app is removed and comes back, and so does a realm with its client key."""
    await go(stage, "tfa", ADMIN)
    await stage.press("d")
    await stage.plan(ADMIN)
    await stage.press("u")
    await stage.plan(ADMIN if stage.app.screen_stack and _heavy(stage) else "")
    await stage.press("escape")
    await go(stage, "realms", OPENID)
    await stage.press("d")
    await stage.on(RealmRemoveForm)
    await stage.press("ctrl+o")
    await stage.plan(OPENID if _heavy(stage) else "")
    await stage.press("escape", "u")
    await stage.plan(OPENID if _heavy(stage) else "")
    await stage.press("escape")
    if stage.well:
        snapshot = stage.app.snapshot
        assert snapshot
        assert record(snapshot, Key("realm", OPENID)), "it has come back"


def _heavy(stage: Stage) -> bool:
    screen = stage.app.screen
    return isinstance(screen, PlanScreen) and bool(screen.plan.confirm)


async def collected(stage: Stage) -> None:
    """Several changes in one plan."""
    await go(stage, "users", OLD_KEYS)
    await stage.command("collect", "switch")
    await stage.press("1")
    await go(stage, "tfa", ADMIN)
    await stage.press("d")
    await stage.command("review")
    await stage.plan(word(stage))
    await stage.press("escape")


def word(stage: Stage) -> str:
    screen = stage.app.screen
    return screen.plan.confirm if isinstance(screen, PlanScreen) else ""


async def removals(stage: Stage) -> None:
    """The plan that removes a row, of every list that has one; that of a token is run."""
    for name, screen in lists().items():
        if not any(command.name == "remove" for command in screen.OFFERS):
            continue
        await go(stage, name, _ROWS.get(name, ""))
        await stage.press("d")
        if name == "tokens":
            await stage.plan(word(stage))
        await back_to_start(stage)


async def a_token_that_comes_back(stage: Stage) -> None:
    """With a new secret, which PVE tells once."""
    await go(stage, "tokens", "root@pam!ansible")
    await stage.press("d")
    await stage.plan(word(stage))
    await stage.press("u")
    await stage.plan(word(stage))
    await stage.press("escape")
    await stage.on(OnceScreen)
    stage.require_hidden()
    await stage.press("escape", "ctrl+r", "ctrl+r", "f")
    stage.require_hidden()
    await stage.type(str(stage.home.keys / "token"))
    await stage.press("ctrl+o")
    await stage.press("ctrl+r", "escape")
