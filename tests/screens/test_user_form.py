"""Users: added, edited, several at once, their passwords; what is typed stays whatever happens."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.userconfig import User
from screens.password_form import PasswordForm
from screens.plan import PlanScreen
from screens.user_fields import PeopleForm
from screens.user_form import UserForm
from screens.users_form import UsersForm
from tests.screens.conftest import (
    listening,
    on_top,
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from tests.screens.test_plan import ran
from widgets.detail_pane import DetailPane
from widgets.field import SecretEntry, TextEntry

ANNA = "anna.admin@corp"


async def form(pilot: Pilot[None], key: str, userid: str = "") -> PeopleForm:
    """The form that a key on Users opens."""
    await press(pilot, "2")
    if userid:
        table(pilot).go_to(userid)
    await press(pilot, key)
    screen = pilot.app.screen
    assert isinstance(screen, PeopleForm), status(pilot)
    return screen


async def into(pilot: Pilot[None], ident: str, text: str) -> None:
    """Text into a field, in place of what stands there."""
    screen = pilot.app.screen
    assert isinstance(screen, PeopleForm)
    field = screen.form.field(ident)
    assert isinstance(field, TextEntry | SecretEntry)
    field.control.put("")
    screen.form.focus_field(ident)
    await type_text(pilot, text)


async def take(pilot: Pilot[None], ident: str, *values: str) -> None:
    """Choose in the list of a field, by keys."""
    screen = pilot.app.screen
    assert isinstance(screen, PeopleForm)
    screen.form.focus_field(ident)
    await press(pilot, "space")
    for value in values:
        assert table(pilot).go_to(value), value
        await press(pilot, "space")
    await press(pilot, "enter")


async def remark(pilot: Pilot[None], words: str) -> None:
    """The lines below the fields say so, as soon as no key has come for a moment."""
    await until(pilot, lambda: words in " ".join(pane(pilot).split()))


def pane(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(DetailPane).text


def problem(pilot: Pilot[None], ident: str) -> str:
    screen = pilot.app.screen
    assert isinstance(screen, PeopleForm)
    return screen.form.field(ident).problem


async def run_it(pilot: Pilot[None]) -> None:
    """From the form through its plan, and back to the list."""
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape")


def user(pilot: Pilot[None], userid: str) -> User:
    return _config(pilot).users[userid]  # type: ignore[no-any-return]


def in_group(pilot: Pilot[None], userid: str, group: str) -> bool:
    return userid in _config(pilot).groups[group].members


def _config(pilot: Pilot[None]) -> Any:
    return pilot.app.snapshot.access.value  # type: ignore[attr-defined]


# --- add --------------------------------------------------------------------------------


async def test_a_user_is_added_with_groups_and_an_expiry_and_stands_in_the_list(
    pilot: Pilot[None],
) -> None:
    await form(pilot, "a")
    await into(pilot, "name", "zoe")
    await remark(pilot, "zoe@pve, 7 of 64 characters")
    await into(pilot, "password", "correct horse")
    await into(pilot, "again", "correct horse")
    await take(pilot, "groups", "admins-corp", "dev")
    await remark(pilot, "zoe@pve becomes an administrator: everything on /.")
    await into(pilot, "expire", "2027-01-31")
    await remark(pilot, "Expire 2027-01-31 00:00, local time")
    await into(pilot, "firstname", "Zoe")
    await press(pilot, "ctrl+o")
    await listening(pilot)
    text = shown(pilot)
    assert "correct horse" not in text
    assert "--password '***'" in " ".join(text.split())
    await press(pilot, "y")
    await ran(pilot)
    await sees(pilot, "it is as foretold")
    await press(pilot, "escape")
    made = user(pilot, "zoe@pve")
    assert (made.firstname, made.enable, made.expire) == ("Zoe", True, 1801353600)
    assert in_group(pilot, "zoe@pve", "dev")
    assert in_group(pilot, "zoe@pve", "admins-corp")
    await until(pilot, lambda: "zoe@pve" in [row.key for row in table(pilot).rows_shown])
    again = await form(pilot, "a")
    assert again.form.field("name").value == ""  # what was typed has served


async def test_a_password_is_asked_for_where_pve_stores_it_and_key_ids_when_wanted(
    pilot: Pilot[None],
) -> None:
    screen = await form(pilot, "a")
    asked = {field.ident for field in screen.form.asked}
    assert {"password", "again"} <= asked
    assert "keys" not in asked
    screen.form.focus_field("realm")
    while screen.form.field("realm").value != "corp":
        await press(pilot, "right")
    await until(
        pilot, lambda: {"password", "again"}.isdisjoint(field.ident for field in screen.form.asked)
    )
    await into(pilot, "name", "anna.admin")
    await press(pilot, "down")
    await until(pilot, lambda: problem(pilot, "name") == "The user anna.admin@corp exists already.")
    screen.form.focus_field("old-factors")
    await press(pilot, "right")
    await until(pilot, lambda: "keys" in {field.ident for field in screen.form.asked})


@pytest.mark.parametrize(
    ("ident", "text", "said"),
    [
        ("name", "a:b", "The name before @ has no blanks, no colon and no slash."),
        ("password", "short", "PVE wants 8 to 64 characters."),
        ("again", "other", "It is not the same password."),
        ("expire", "2027-02-30", "2027-02 has 28 days."),
        (
            "email",
            "a b@x",
            "PVE takes mail addresses like ann.b@example.com, without quotes or blanks.",
        ),
    ],
)
async def test_what_pve_does_not_take_is_said_at_the_field_while_it_is_typed(
    pilot: Pilot[None], ident: str, text: str, said: str
) -> None:
    screen = await form(pilot, "a")
    await into(pilot, ident, text)
    await until(pilot, lambda: problem(pilot, ident) == said)
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: pilot.app.screen is screen)
    await says_just(pilot, "Nothing was sent. What is typed stays.")


async def test_what_somebody_made_meanwhile_leaves_all_that_was_typed(pilot: Pilot[None]) -> None:
    screen = await form(pilot, "a")
    await into(pilot, "name", "zoe")
    await into(pilot, "comment", "night shift")
    await into(pilot, "password", "correct horse")
    await into(pilot, "again", "correct horse")
    await press(pilot, "ctrl+o")
    await listening(pilot)
    api = pilot.app._service._nodes.api  # type: ignore[attr-defined]
    api.call("POST", ("access", "users"), {"userid": "zoe@pve"})
    await press(pilot, "y")
    await until(pilot, lambda: "The user zoe@pve exists already." in shown(pilot))
    await press(pilot, "escape")
    await until(pilot, lambda: pilot.app.screen is screen)
    await says_just(pilot, "Nothing was changed. What is typed stays.")
    values = screen.form.values
    assert (values["name"], values["comment"]) == ("zoe", "night shift")
    assert values["again"] == Secret("correct horse")


# --- edit -------------------------------------------------------------------------------


async def test_a_user_is_edited_and_only_what_was_changed_is_sent(pilot: Pilot[None]) -> None:
    screen = await form(pilot, "e", ANNA)
    assert isinstance(screen, UserForm)
    assert screen.form.field("groups").value == ("admins-corp", "ops-corp")
    await sees(pilot, "marks second factors")
    await remark(pilot, "Nothing is changed yet.")
    await take(pilot, "groups", "admins-corp")
    await remark(pilot, "anna.admin@corp is no administrator any more.")
    await into(pilot, "comment", "on leave")
    await press(pilot, "ctrl+o")
    await listening(pilot)
    line = "pveum user modify anna.admin@corp --comment 'on leave' --groups ops-corp"
    await sees(pilot, line)
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: user(pilot, ANNA).comment == "on leave")
    assert not in_group(pilot, ANNA, "admins-corp")


async def test_nothing_changed_is_said_instead_of_a_plan(pilot: Pilot[None]) -> None:
    await form(pilot, "e", ANNA)
    await press(pilot, "ctrl+o")
    await says_just(pilot, "Nothing would change: anna.admin@corp is so already.")


async def test_root_is_said_to_be_administrator_whatever_its_groups(pilot: Pilot[None]) -> None:
    await form(pilot, "e", "root@pam")
    await remark(pilot, "root@pam is Administrator everywhere")


# --- several ----------------------------------------------------------------------------


async def test_marked_users_hidden_ones_too_are_one_plan(pilot: Pilot[None]) -> None:
    await press(pilot, "2")
    pilot.app.screen.find("realm:pve")  # type: ignore[attr-defined]
    await settle(pilot)
    table(pilot).set_marks(frozenset({ANNA, "backup-admin@pve"}))
    await press(pilot, "e")
    await on_top(pilot, UsersForm)
    await remark(pilot, "Nothing is changed yet.")
    await press(pilot, "right", "right")
    await into(pilot, "expire", "+1w")
    await take(pilot, "join", "dev")
    await take(pilot, "leave", "admins-corp")
    await remark(pilot, "anna.admin@corp: enabled -> disabled")
    await run_it(pilot)
    for userid in (ANNA, "backup-admin@pve"):
        assert not user(pilot, userid).enable
        assert user(pilot, userid).expire > 1795300860
        assert in_group(pilot, userid, "dev")
    assert not in_group(pilot, ANNA, "admins-corp")
    assert in_group(pilot, ANNA, "ops-corp")
    assert not table(pilot).marks


@pytest.mark.parametrize(("word", "enabled"), [("disable", False), ("enable", True)])
async def test_users_are_switched_by_name_without_a_form(
    pilot: Pilot[None], word: str, enabled: bool
) -> None:
    await press(pilot, "2")
    table(pilot).go_to("bob.admin@corp" if enabled else ANNA)
    await press(pilot, "colon")
    await type_text(pilot, word)
    await press(pilot, "enter")
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)
    assert user(pilot, "bob.admin@corp" if enabled else ANNA).enable is enabled


# --- passwords --------------------------------------------------------------------------


async def test_a_password_of_realm_pve_is_set_and_never_shown(pilot: Pilot[None]) -> None:
    screen = await form(pilot, "p", "helpdesk@pve")
    assert isinstance(screen, PasswordForm)
    await type_text(pilot, "short")
    await press(pilot, "enter")
    await until(pilot, lambda: problem(pilot, "password") == "PVE wants 8 to 64 characters.")
    await into(pilot, "password", "correct horse")
    await into(pilot, "again", "correct horse")
    assert "correct horse" not in shown(pilot)
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await sees(pilot, "pveum passwd helpdesk@pve", "HEAVY, CANNOT be taken back")
    await press(pilot, "y")
    await type_text(pilot, "helpdesk@pve")
    await press(pilot, "enter")
    await ran(pilot)
    assert "correct horse" not in shown(pilot)
    await press(pilot, "escape")
    again = await form(pilot, "p", "helpdesk@pve")
    assert again.form.field("password").value == Secret("")


@pytest.mark.parametrize(("userid", "kind"), [(ANNA, "AD"), ("admin@x.org@entra", "OpenID")])
async def test_a_password_that_pve_would_refuse_is_refused_at_once(
    pilot: Pilot[None], userid: str, kind: str
) -> None:
    await press(pilot, "2")
    table(pilot).go_to(userid)
    await press(pilot, "p")
    await until(pilot, lambda: status(pilot).startswith("PVE sets no passwords in the realm "))
    await until(pilot, lambda: status(pilot).endswith(f"which is of type {kind}."))


async def test_of_a_linux_user_the_form_names_the_node(pilot: Pilot[None]) -> None:
    await form(pilot, "p", "anna@pam")
    await remark(pilot, "It is the password of the Linux user anna on pve1 alone.")


async def test_who_is_not_root_gives_the_own_password_too(pilot: Pilot[None]) -> None:
    app: Any = pilot.app
    asker = app.outlook.node.__class__(way="https", user="helpdesk@pve", quorate=True)
    app.outlook = app.outlook._replace(node=asker)
    screen = await form(pilot, "p", "backup-admin@pve")
    assert [field.ident for field in screen.form.fields] == ["own", "password", "again"]
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: problem(pilot, "own") == "PVE wants your own password first.")
    await press(pilot, "escape")
    table(pilot).go_to("anna@pam")
    await press(pilot, "p")
    await says_just(
        pilot, "Only root@pam sets the password of anna@pam; helpdesk@pve is logged in here."
    )


async def test_a_way_that_others_can_read_takes_no_password(pilot: Pilot[None]) -> None:
    await form(pilot, "p", "helpdesk@pve")
    app: Any = pilot.app
    app.outlook = app.outlook._replace(node=app.outlook.node.__class__(way="pvesh"))
    for ident in ("password", "again"):
        await into(pilot, ident, "correct horse")
    await press(pilot, "ctrl+o")
    await says_just(
        pilot, "No password can be sent: pvesh cannot carry a secret: others could read it."
    )
    assert not isinstance(pilot.app.screen, PlanScreen)
