"""Forms and answers about users and permissions with secrets at hand, as `scenes` has the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from screens.acl_edit_form import AclEditForm
from screens.acl_form import AclForm
from screens.base import EVERYWHERE, BaseScreen
from screens.choose import ChooseScreen
from screens.compare import CompareScreen
from screens.explain import ExplainScreen
from screens.form import FormScreen
from screens.group_form import GroupForm, GroupsForm
from screens.listing import ListScreen
from screens.once import OnceScreen
from screens.password_form import PasswordForm
from screens.pick_many import PickManyScreen
from screens.plan import PlanScreen
from screens.pool_form import PoolForm
from screens.questions import QuestionScreen
from screens.rename import RenameScreen
from screens.role_diff import RoleDiffScreen
from screens.role_form import RoleForm, RolesForm
from screens.token_edit_form import TokenEditForm
from screens.token_form import TokenForm
from screens.token_rights import TokenRightsScreen
from screens.token_test import TokenTestScreen
from screens.user_form import UserForm
from screens.users_form import UsersForm
from screens.what_if import WhatIfScreen
from screens.who_can import WhoCanScreen
from tests.canary.planted import NEW_KEYS, NEW_PASSWORD, OLD_KEYS, PASSWORD, WITHOUT
from tests.canary.scenes import back_to_start, go, word
from tests.canary.stage import Stage

FORMS: Final[tuple[type[FormScreen], ...]] = (
    UsersForm, GroupForm, GroupsForm, RoleForm, RolesForm, PoolForm, AclForm, AclEditForm,
    TokenEditForm,
)  # fmt: skip
"""Those without a secret."""
TOKEN: Final = "root@pam!ansible"


def own(screen: type[BaseScreen]) -> list[str]:
    """The names of its commands, without those that hold everywhere."""
    return [command.name for command in screen.OFFERS if command not in EVERYWHERE]


async def to_field(stage: Stage, ident: str) -> None:
    """Into a field of the form that is open."""
    cast(FormScreen, stage.app.screen).form.focus_field(ident)
    await stage.settle()


async def fill(stage: Stage, **answers: str) -> None:
    for ident, text in answers.items():
        await to_field(stage, ident)
        await stage.type(text)


async def looked_at(stage: Stage) -> None:
    """A field with a secret is shown, cannot be copied from, and is hidden again."""
    await stage.press("ctrl+r", "shift+home", "ctrl+c", "ctrl+x", "ctrl+r", "ctrl+g")
    stage.require_hidden()
    await stage.press("end")


async def _plan_is_read(stage: Stage) -> None:
    """Its commands, its file, what it does to everybody."""
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f", "w")
    await stage.on(WhatIfScreen)
    await stage.until(lambda: cast(WhatIfScreen, stage.app.screen).has_answer, "who gains")
    await stage.press("escape")


async def _run(stage: Stage) -> None:
    """The plan that is shown; nothing may keep it from being run."""
    await stage.plan(word(stage))
    screen = stage.app.screen
    if stage.well:
        assert isinstance(screen, PlanScreen), screen
        assert screen._report, stage.screen
        assert screen._report.ok, stage.screen


def _left_alone(stage: Stage) -> None:
    stage.app._last_key -= 100_000
    stage.app._watch_idleness()


# --- passwords ---------------------------------------------------------------------------------


async def a_password(stage: Stage) -> None:
    """Left and come back to, left for too long, two that differ; then it is set."""
    stage.patch.setattr(PasswordForm, "_asker", "erik@pve")  # whoever is not root@pam
    await go(stage, "users", WITHOUT)
    await stage.press("p")
    await stage.on(PasswordForm)
    stage.require_hidden()
    await fill(stage, own=PASSWORD)
    await looked_at(stage)
    await fill(stage, password=NEW_PASSWORD, again=PASSWORD)
    await stage.press("ctrl+o")
    assert "not the same" in stage.screen
    await stage.press("ctrl+r", "escape", "p")
    await stage.on(PasswordForm)
    stage.require_hidden()
    draft = cast(PasswordForm, stage.app.screen).draft
    assert stage.app.drafts.of(draft)
    await stage.press("ctrl+r")
    _left_alone(stage)
    await stage.settle()
    assert not stage.app.drafts.of(draft), "nobody was there"
    await go(stage, "users", WITHOUT)
    await stage.press("p")
    await stage.on(PasswordForm)
    await fill(stage, own=PASSWORD, password=NEW_PASSWORD, again=NEW_PASSWORD)
    await stage.press("ctrl+o")
    await _plan_is_read(stage)
    await _run(stage)
    await stage.press("escape", "escape")
    await stage.command("journal", "open", "back")


async def a_new_user(stage: Stage) -> None:
    """With a password and old second factors; then these for somebody who had none, and gone."""
    await go(stage, "users", OLD_KEYS)
    await stage.press("a")
    await stage.on(UserForm)
    await fill(stage, name="new", password=NEW_PASSWORD)
    await looked_at(stage)
    await fill(stage, again=NEW_PASSWORD)
    await to_field(stage, "groups")
    await stage.press("ctrl+p")
    await stage.on(PickManyScreen)
    await stage.press("space", "enter")
    await _other_keys(stage)
    await stage.press("ctrl+r", "escape", "a")
    await stage.on(UserForm)
    stage.require_hidden()
    await stage.press("ctrl+o")
    await _plan_is_read(stage)
    await _run(stage)
    await stage.press("escape")
    await go(stage, "users", WITHOUT)
    await stage.press("e")
    await stage.on(UserForm)
    await _other_keys(stage)
    await stage.press("ctrl+o")
    await _plan_is_read(stage)
    await _run(stage)
    await stage.press("u")
    await _run(stage)
    await stage.press("escape")
    await stage.command("journal", "open", "back")


async def _other_keys(stage: Stage) -> None:
    await to_field(stage, "old-factors")
    await stage.press("right")
    await fill(stage, keys=NEW_KEYS)
    await looked_at(stage)


async def passwords_collected(stage: Stage) -> None:
    """A password waits for the review of all that is collected, and is dropped there."""
    await go(stage, "users", WITHOUT)
    await stage.command("collect", "password")
    await stage.on(PasswordForm)
    await fill(stage, password=NEW_PASSWORD, again=NEW_PASSWORD)
    await stage.press("ctrl+o")
    await go(stage, "users", OLD_KEYS)
    await stage.command("disable", "review")
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f")
    await _run(stage)
    await stage.press("escape")


# --- secrets of tokens -------------------------------------------------------------------------


async def secrets_of_tokens(stage: Stage) -> None:
    """A new token is told, saved and tried; others get new secrets, from the list and beside."""
    await go(stage, "tokens", TOKEN)
    await stage.press("a")
    await stage.on(TokenForm)
    await stage.command("help", "pick")
    await stage.press("escape", "escape", "a")
    await fill(stage, user="erik@pve", tokenid="ci", comment="builds")
    await stage.press("ctrl+o")
    await _plan_is_read(stage)
    await _run(stage)
    await stage.press("escape")
    await _told(stage, "ci")
    await stage.press("1")
    await _asked(stage)
    await stage.press("ctrl+r", "ctrl+g", "escape")
    await go(stage, "tokens", TOKEN)
    await stage.press("g")
    await _run(stage)
    await stage.press("escape")
    await _told(stage, "ansible")
    await stage.press("2")
    await stage.command("open")
    await stage.on(TokenRightsScreen)
    await stage.command("new-secret")
    await _run(stage)
    await stage.press("escape")
    await _told(stage, "again")
    await stage.press("1")
    await _asked(stage)
    await stage.press("escape")
    await stage.command("journal", "open", "back")


async def _told(stage: Stage, name: str) -> None:
    """Hidden at first, shown, hidden, saved; then somebody asks whether to try it."""
    await stage.on(OnceScreen)
    stage.require_hidden()
    await stage.press("ctrl+r", "ctrl+r", "f")
    await stage.on(RenameScreen)
    stage.require_hidden()
    await stage.type(str(stage.home.keys / name))
    await stage.press("ctrl+o", "escape")
    await stage.on(ChooseScreen)


async def _asked(stage: Stage) -> None:
    await stage.on(TokenTestScreen)
    await stage.until(lambda: "Logs in" in stage.screen, "what PVE answers")
    stage.require_hidden()


async def a_token_is_tried(stage: Stage) -> None:
    """With the secret that PVE has, with one that is typed, with one that is none, a wrong one."""
    await go(stage, "tokens", TOKEN)
    await stage.press("t")
    await stage.on(TokenTestScreen)
    await stage.press("ctrl+o")
    await _asked(stage)
    await to_field(stage, "source")
    await stage.press("right")
    known = stage.secret_of(TOKEN)
    for typed in (known, f"{TOKEN}={known}", f"{known} no", f"{known}x"):
        await fill(stage, secret=typed)
        await looked_at(stage)
        await stage.press("ctrl+o", *["backspace"] * len(typed))
        await _asked(stage) if " " not in typed else None
    await stage.type(known)
    await stage.press("ctrl+r")
    _left_alone(stage)
    await stage.settle()
    await go(stage, "tokens", TOKEN)
    await stage.press("enter")
    await stage.on(TokenRightsScreen)
    await stage.command("test")
    await stage.on(TokenTestScreen)
    await stage.press("ctrl+o")
    await _asked(stage)
    await stage.press("escape")
    await stage.on(TokenRightsScreen)
    await stage.command("edit", "back")
    await stage.on(TokenRightsScreen)
    await stage.command("why")
    await stage.on(ExplainScreen)
    await back_to_start(stage)
    await go(stage, "tokens", "carl@corp!laptop")
    await stage.press("enter")
    await stage.press("1", "escape")
    await stage.command("back")


# --- the rest ----------------------------------------------------------------------------------


async def forms(stage: Stage) -> None:
    """Every form without a secret: help, a list to pick from, its plan, and left."""
    one = {
        GroupForm: ("groups", ""),
        RoleForm: ("roles", "StoreKeeper"),
        PoolForm: ("pools", ""),
        AclEditForm: ("acl", ""),
        TokenEditForm: ("tokens", TOKEN),
    }
    several = {
        UsersForm: ("users", OLD_KEYS),
        GroupsForm: ("groups", "ops-corp"),
        RolesForm: ("roles", "PowerOnly"),
    }
    for kind, (listing, row) in (one | several).items():
        await go(stage, listing, row)
        if kind in several:
            await stage.press("space", "space")
        await stage.press("e")
        await _through(stage, kind)
        cast(ListScreen, stage.app.screen).table.set_marks(frozenset())
    await go(stage, "acl")
    await stage.press("a", "1")
    await _through(stage, AclForm)


async def _through(stage: Stage, kind: type[FormScreen]) -> None:
    await stage.on(kind)
    await stage.command("help")
    form = cast(FormScreen, stage.app.screen)
    picks = [field.ident for field in form.form.fields if field.choices]
    for ident in picks[:1] or [form.form.fields[-1].ident]:
        await to_field(stage, ident)
        await stage.command("pick")
        if stage.app.screen is not form:
            await stage.press("space", "enter")
    await stage.command("review")
    if isinstance(stage.app.screen, PlanScreen):
        await stage.press("f", "escape")
    await stage.command("back")
    assert stage.app.screen is not form


async def answers(stage: Stage) -> None:
    """What explains, lists, compares and foretells, about somebody who has old keys."""
    opens: dict[type[QuestionScreen], Callable[[], None]] = {
        ExplainScreen: lambda: stage.app.house_screen.explain(OLD_KEYS, "/vms/100", "VM.Audit"),
        WhoCanScreen: lambda: stage.app.house_screen.who_can("VM.Audit", "/vms/100"),
        CompareScreen: lambda: stage.app.house_screen.compare(OLD_KEYS, TOKEN),
    }
    for kind, opened in opens.items():
        for command in own(kind):
            await back_to_start(stage)
            opened()
            await _answered(stage, kind)
            if command == "fix":
                await stage.press("1")
            else:
                await stage.command(command)
    await back_to_start(stage)
    await go(stage, "users", OLD_KEYS)
    await stage.press("d", "w")
    await _answered(stage, WhatIfScreen)
    await stage.command("find", "open", "back", "save", "again", "back")
    await stage.on(PlanScreen)
    await back_to_start(stage)
    await go(stage, "roles", "PowerOnly")
    await stage.press("space", "space", "b")
    await stage.on(RoleDiffScreen)
    await stage.command("view", "back")


async def _answered(stage: Stage, kind: type[QuestionScreen]) -> None:
    await stage.on(kind)
    await stage.until(lambda: cast(QuestionScreen, stage.app.screen).has_answer, "an answer")
