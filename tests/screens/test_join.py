"""A join by keys alone: need, check, who may log in, the plan, its proof; and leaving again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import JoinCheck, Topic
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.terminal.profile import Profile
from screens.details import DetailsScreen
from screens.join import JoinScreen
from screens.join_after_forms import LeaveDomainForm, ProofForm
from screens.join_flow import Step
from screens.join_forms import AccountForm, LoginsForm
from screens.plan import PlanScreen
from screens.start import StartScreen
from screens.typed_yes import YesScreen
from screens.user_form import UserForm
from tests.screens.conftest import (
    MakeApp,
    listening,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)
from tests.screens.jointesting import DOMAIN, MEMBER, Joins, proofs, wrong_password
from tests.screens.realmtesting import give
from widgets.detail_pane import DetailPane

ASCII = Profile("ascii", "none", serial=True)
_TYPED = "join-secret"


async def opened(pilot: Pilot[Any], joins: Joins, domain: str = DOMAIN) -> JoinScreen:
    """The screen, when nothing is looked at any more, or what it waits for is held."""
    await settle(pilot)
    app = give(pilot, join=joins)
    joins.plans = app
    screen = JoinScreen(domain)
    app.push_screen(screen)
    await until(pilot, lambda: bool(joins.held) or not screen.busy)
    await settle(pilot)
    return screen


@pytest.fixture
def joins() -> Joins:
    return Joins()


@pytest.fixture
async def join(make_app: MakeApp, joins: Joins, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, joins)
        yield pilot


def screen_of(pilot: Pilot[Any]) -> JoinScreen:
    screen = pilot.app.screen
    assert isinstance(screen, JoinScreen), screen
    return screen


def row(pilot: Pilot[Any], title: str) -> str:
    return next(line for line in shown(pilot).splitlines() if title in line)


def pane(pilot: Pilot[Any]) -> str:
    return " ".join(pilot.app.screen.query_one(DetailPane).text.split())


async def idle(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: not getattr(pilot.app.screen, "busy", ""))
    await settle(pilot)


async def check(pilot: Pilot[Any], password: str = "") -> None:
    """On to the check, with or without the account."""
    await press(pilot, "n")
    await on_top(pilot, AccountForm)
    if password:
        await type_text(pilot, password)
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, JoinScreen))
    await idle(pilot)


async def name_a_group(pilot: Pilot[Any], group: str = "ops-linux") -> None:
    """On to who may log in."""
    await press(pilot, "n")
    await on_top(pilot, LoginsForm)
    await type_text(pilot, group)
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: screen_of(pilot).flow.step is Step.WHO)


async def to_the_plan(pilot: Pilot[Any], password: str = _TYPED) -> None:
    await check(pilot, password)
    await name_a_group(pilot)
    await press(pilot, "n")
    await listening(pilot)


async def run_the_plan(pilot: Pilot[Any]) -> None:
    """With its word, where it asks for one."""
    await listening(pilot)
    plan = pilot.app.screen
    assert isinstance(plan, PlanScreen)
    await press(pilot, "end", "y")
    if plan.plan.confirm:
        await type_text(pilot, plan.plan.confirm)
        await press(pilot, "enter")
    await until(pilot, lambda: plan._report is not None)
    await press(pilot, "escape")


# --- do you need this? ---------------------------------------------------------------------------


async def test_first_it_is_asked_whether_a_join_is_needed_at_all(join: Pilot[None]) -> None:
    await sees(join, "Join pve1 to ad.example.com")
    lines = shown(join).splitlines()
    assert "Join pve1 to ad.example.com" in lines[1]
    assert "[NEED] ─ Check ─ Who may log in ─ Join ─ Proof" in lines[1]
    await sees(join, "lets people of the domain into PVE already")
    await says_just(join, "Nothing has been changed. n goes on to the check.")
    await press(join, "down")
    await until(join, lambda: "Next Keep that." in pane(join))


async def test_a_domain_is_proposed_from_the_realms_of_pve(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, Joins(), "")
        assert screen.flow.domain == "example.com"  # realm corp's


async def test_another_domain_is_named_and_looked_at(join: Pilot[None]) -> None:
    await press(join, "e")
    for _ in range(len(DOMAIN)):
        await join.press("backspace")
    await type_text(join, "no domain")
    await press(join, "ctrl+o")
    assert screen_behind(join).flow.domain == DOMAIN
    for _ in range(len("no domain")):
        await join.press("backspace")
    await type_text(join, "corp.example.net")
    await press(join, "ctrl+o")
    await idle(join)
    await until(join, lambda: screen_of(join).flow.domain == "corp.example.net")
    await sees(join, "Join pve1 to corp.example.net")


def screen_behind(pilot: Pilot[Any]) -> JoinScreen:
    return next(one for one in pilot.app.screen_stack if isinstance(one, JoinScreen))


# --- the check -----------------------------------------------------------------------------------


async def test_the_account_may_be_left_out(join: Pilot[None], joins: Joins) -> None:
    await check(join)
    assert [one["password"] for one in joins.checks] == [None]
    await until(join, lambda: status(join).startswith("13 checks: 10 ok, 2 to look at, 1 bad."))


async def test_a_password_that_the_domain_refuses_is_not_sent_again_unasked(
    join: Pilot[None], joins: Joins
) -> None:
    """A few wrong ones lock an account."""
    wrong = JoinCheck(Topic.ACCOUNT, "BAD", "wrong password", (JoinCause.WRONG_PASSWORD,))
    joins.rows = lambda: [wrong]
    await check(join, "join-secret")
    await press(join, "r")
    await idle(join)
    assert [one["password"] for one in joins.checks] == [Secret("join-secret"), None]
    await press(join, "1")
    await on_top(join, AccountForm)


async def test_rows_are_as_drawn_and_the_cursor_goes_to_what_is_wrong(join: Pilot[None]) -> None:
    await check(join)
    await until(join, lambda: "Need ─ [CHECK] ─ Who may log in" in shown(join).splitlines()[1])
    assert row(join, "Account PVE1$").startswith(" > BAD")
    await until(
        join, lambda: pane(join).startswith("─ Account PVE1$") or "Account PVE1$" in pane(join)
    )
    await until(join, lambda: "What" in pane(join))
    await until(join, lambda: "Fix 1" in pane(join))
    await until(join, lambda: "BEFORE the join" in pane(join))


async def test_the_password_reaches_the_check_and_stands_nowhere(
    join: Pilot[None], joins: Joins
) -> None:
    await check(join, "join-secret")
    assert joins.checks[0]["password"] == Secret("join-secret")
    assert "join-secret" not in repr(screen_of(join).flow)
    screen = screen_of(join)
    await press(join, "escape", "escape")
    await on_top(join, StartScreen)
    await until(join, lambda: screen.flow.password is None)


async def test_ten_idle_minutes_lead_to_start_and_the_password_goes(join: Pilot[None]) -> None:
    app = join.app
    assert isinstance(app, PveAuthApp)
    await check(join, "join-secret")
    screen = screen_of(join)
    app._last_key -= 700
    app._watch_idleness()
    await until(join, lambda: isinstance(app.screen, StartScreen))
    await until(join, lambda: screen.flow.password is None)


async def test_rows_appear_as_they_come_and_esc_stops(make_app: MakeApp) -> None:
    joins = Joins()
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, joins)
        joins.held = Event()
        await press(pilot, "n")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(pilot.app.screen, JoinScreen) and bool(joins.checks))
        await until(pilot, lambda: "of no domain" in shown(pilot))
        assert row(pilot, "Host name").split()[-1] == "..."
        await says_just(pilot, "The check runs. Esc stops it.")
        await pilot.press("n")
        await until(pilot, lambda: status(pilot) == "The check runs. Esc stops it.")
        assert screen.flow.step is Step.CHECK
        await pilot.press("escape")
        await until(pilot, lambda: status(pilot).startswith("Stopped. Nothing was changed."))
        await until(pilot, lambda: pilot.app.screen is screen)
        joins.held.set()
        await press(pilot, "r")
        await idle(pilot)
        assert len(joins.checks) == 2
        await says(pilot, "13 checks")


async def test_another_computer_name_is_a_fix_and_is_checked(
    join: Pilot[None], joins: Joins
) -> None:
    await check(join)
    fixes = {fix.kind: at for at, fix in numbered(join).items()}
    await press(join, str(fixes["computer"]))
    await idle(join)
    assert joins.checks[-1]["wish"].computer == "PVE1-RACK"
    await sees(join, "Account PVE1-RACK$")


async def test_an_account_is_taken_over_only_after_a_typed_yes(
    join: Pilot[None], joins: Joins
) -> None:
    await check(join)
    digit = {fix.kind: at for at, fix in numbered(join).items()}["take-over"]
    await press(join, str(digit))
    await on_top(join, YesScreen)
    await press(join, "escape")
    assert not screen_of(join).flow.take_over
    await press(join, str(digit))
    await type_text(join, "yes")
    await press(join, "enter")
    await idle(join)
    assert joins.checks[-1]["wish"].take_over is True


async def test_packages_are_a_plan_of_their_own_and_then_it_is_checked_again(
    join: Pilot[None], joins: Joins
) -> None:
    await check(join)
    screen_of(join).rows.go_to(f"topic:{Topic.PACKAGES.name}")
    digit = {fix.kind: at for at, fix in numbered(join).items()}["install"]
    await press(join, str(digit))
    await run_the_plan(join)
    await idle(join)
    assert joins.applied == ["install 3 packages"]
    assert len(joins.checks) == 2


def numbered(pilot: Pilot[Any]) -> dict[int, Any]:
    from screens.join_row import fixes_at

    screen = screen_of(pilot)
    return fixes_at(screen.flow, screen.rows.key)


async def test_a_digit_without_a_fix_says_so(join: Pilot[None]) -> None:
    await check(join)
    await press(join, "9")
    await says_just(join, "There is no fix 9 here.")
    screen_of(join).rows.go_to(f"topic:{Topic.DNS.name}")
    await press(join, "1")
    await says_just(join, "There is nothing to mend here.")


async def test_enter_tells_everything(join: Pilot[None]) -> None:
    await check(join)
    await press(join, "enter")
    await on_top(join, DetailsScreen)
    await sees(join, "account-of-another-host", "dNSHostName: pve1.old.ad.example.com")


# --- who may log in ------------------------------------------------------------------------------


async def test_nobody_goes_on_without_saying_who_may_log_in(join: Pilot[None]) -> None:
    """R30: asked before the join, and said who gets a shell by it."""
    await check(join)
    await press(join, "n")
    await on_top(join, LoginsForm)
    await press(join, "ctrl+o")
    await on_top(join, LoginsForm)
    await sees(join, "Name a group or a user, or choose nobody or everybody.")
    await press(join, "escape", "n")
    await on_top(join, LoginsForm)


async def test_who_controls_the_group_gets_a_shell(join: Pilot[None]) -> None:
    """R30"""
    await check(join)
    await name_a_group(join, "Ops Linux")
    await sees(
        join,
        "group Ops Linux",
        "Who controls group Ops Linux in Active Directory gets a shell here.",
        "Everybody else of ad.example.com is denied",
    )


async def test_what_is_typed_at_once_goes_where_a_group_is_named(join: Pilot[None]) -> None:
    await check(join)
    await press(join, "n")
    await type_text(join, "ops")
    form = join.app.screen
    assert isinstance(form, LoginsForm)
    assert (form.form.values["groups"], form.form.values["users"]) == ("ops", "")


async def test_what_is_typed_at_once_is_the_password_and_hidden(join: Pilot[None]) -> None:
    """The name stands there already, the first time and every other."""
    await press(join, "n")
    await on_top(join, AccountForm)
    form = join.app.screen
    assert isinstance(form, AccountForm)
    assert form.form.focused is form.form.field("password")
    await type_text(join, _TYPED)
    assert _TYPED not in shown(join)
    assert form.form.values["user"] == "Administrator"
    await press(join, "ctrl+o")
    await idle(join)
    await press(join, "e")
    form = join.app.screen
    assert isinstance(form, AccountForm)
    assert form.form.focused is form.form.field("password")


async def test_an_account_is_named_once_in_its_row(join: Pilot[None], joins: Joins) -> None:
    joins.rows = lambda: [JoinCheck(Topic.ACCOUNT, "ok", "PVE1$ is free")]
    await check(join)
    assert row(join, "Account PVE1$").split() == ["ok", "Account", "PVE1$", "is", "free"]


async def test_nobody_and_everybody_are_explicit(join: Pilot[None], joins: Joins) -> None:
    await check(join, "join-secret")
    await press(join, "n", "up", "right", "ctrl+o")
    await sees(join, "Nobody of ad.example.com may log in here")
    await press(join, "e", "right", "ctrl+o")
    assert row(join, "Everybody of ad.example.com gets a shell").split()[0] in ("BAD", ">")
    await press(join, "n")
    await until(join, lambda: isinstance(join.app.screen, PlanScreen))
    ((_, (wish, _, everybody)),) = joins.wanted
    assert (wish.users, wish.groups, everybody) == ((), (), True)


# --- the join ------------------------------------------------------------------------------------


async def test_commands_are_shown_without_a_password(join: Pilot[None], joins: Joins) -> None:
    await check(join, "join-secret")
    await press(join, "c")
    await on_top(join, DetailsScreen)
    await sees(join, "/usr/sbin/realm join")
    assert "join-secret" not in shown(join)
    assert joins.applied == []


async def test_a_join_ends_on_its_proof(join: Pilot[None], joins: Joins) -> None:
    await to_the_plan(join)
    await sees(join, "join pve1 to ad.example.com")
    await run_the_plan(join)
    await until(join, lambda: isinstance(join.app.screen, ProofForm))
    screen = screen_behind(join)
    assert screen.flow.password is None
    ((_, (wish, password, everybody)),) = joins.wanted
    assert (wish.domain, wish.groups, everybody) == (DOMAIN, ("ops-linux",), False)
    assert password == Secret("join-secret")
    await type_text(join, "alice")
    await press(join, "down")
    await type_text(join, "bob")
    await press(join, "ctrl+o")
    await idle(join)
    assert joins.tried[-1] == (("alice",), ("bob",))
    await sees(join, "pve1 in ad.example.com")


async def test_without_a_password_it_is_asked_for_before_the_plan(
    join: Pilot[None], joins: Joins
) -> None:
    await check(join)
    await name_a_group(join)
    await press(join, "n")
    await on_top(join, AccountForm)
    await press(join, "ctrl+o")
    await sees(join, "Nobody joins without a password.")
    await type_text(join, "join-secret")
    await press(join, "ctrl+o")
    await until(join, lambda: isinstance(join.app.screen, PlanScreen))


async def test_a_plan_that_is_left_changes_nothing(join: Pilot[None], joins: Joins) -> None:
    await to_the_plan(join)
    await press(join, "escape")
    await says_just(join, "Nothing was changed. n shows the plan again.")
    assert joins.applied == []
    await press(join, "n")
    await until(join, lambda: isinstance(join.app.screen, PlanScreen))


async def test_a_failed_join_tells_its_cause_what_was_rolled_back_and_the_output(
    join: Pilot[None], joins: Joins
) -> None:
    joins.fails = wrong_password()
    joins.left = ("The account PVE1$ is still there.",)
    await to_the_plan(join)
    await run_the_plan(join)
    screen = screen_of(join)
    assert screen.flow.step is Step.JOIN
    assert screen.flow.password is None
    await says(join, "It did not go as planned.")
    await sees(join, "Rolled back", "The account PVE1$ is still there.")
    await until(join, lambda: "What" in pane(join))
    await until(join, lambda: "Fix 1" in pane(join))
    await press(join, "o")
    await sees(join, "Preauthentication failed", "/var/lib/pve-auth-tui/output/1.txt")
    await press(join, "escape", "enter")
    await sees(join, "Cause wrong-password")


# --- a member ------------------------------------------------------------------------------------


@pytest.fixture
async def member(make_app: MakeApp, still_cursor: None) -> AsyncIterator[tuple[Pilot[None], Joins]]:
    joins = Joins(node=MEMBER)
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, joins, "")
        await idle(pilot)
        yield pilot, joins


async def test_a_node_that_has_joined_opens_on_its_proof(
    member: tuple[Pilot[None], Joins],
) -> None:
    pilot, joins = member
    assert screen_of(pilot).flow.step is Step.PROOF
    assert "Join ─ [PROOF]" in shown(pilot).splitlines()[1]
    await sees(pilot, "the computer's password works")
    assert joins.tried == [((), ())]
    assert status(pilot).startswith("7 checks: 5 ok, 2 not looked at.")


async def test_a_digit_at_who_may_log_in_asks_for_the_names(
    member: tuple[Pilot[None], Joins],
) -> None:
    """What it says is of a node that has joined, and not of a join to come."""
    pilot, joins = member
    refused = JoinCheck(Topic.MAY, "BAD", "bob is refused", (JoinCause.REFUSED_LOGIN,))
    joins.proof = lambda: [refused]
    await press(pilot, "r")
    await idle(pilot)
    await press(pilot, "1")
    await on_top(pilot, LoginsForm)
    await says_just(pilot, "The plan of it comes next.")
    await sees(pilot, f"Everybody else of {DOMAIN} is denied.")


async def test_it_leaves_with_or_without_the_account(member: tuple[Pilot[None], Joins]) -> None:
    pilot, joins = member
    await press(pilot, "l")
    await on_top(pilot, LeaveDomainForm)
    await press(pilot, "space", "ctrl+o")
    await sees(pilot, "Nobody deletes it without a password.")
    await type_text(pilot, "join-secret")
    await press(pilot, "ctrl+o")
    await run_the_plan(pilot)
    await idle(pilot)
    ((_, how),) = joins.wanted
    assert (how["delete"], how["user"], how["clean_up"]) == (True, "Administrator", True)
    assert how["password"] == Secret("join-secret")
    assert screen_of(pilot).flow.step is Step.NEED


async def test_who_may_log_in_is_changed(member: tuple[Pilot[None], Joins]) -> None:
    pilot, joins = member
    await press(pilot, "p")
    await on_top(pilot, LoginsForm)
    assert pilot.app.screen.form.values["groups"] == "ops-linux"  # as it is now
    await press(pilot, "down")
    await type_text(pilot, ", carol")
    await press(pilot, "ctrl+o")
    await run_the_plan(pilot)
    await idle(pilot)
    assert joins.wanted == [("permit", ((f"alice@{DOMAIN}", "carol"), ("ops-linux",), False))]
    assert len(joins.tried) == 2


async def test_somebody_of_the_domain_becomes_a_user_of_pve(
    member: tuple[Pilot[None], Joins],
) -> None:
    pilot, _ = member
    await press(pilot, "a")
    form = pilot.app.screen
    assert isinstance(form, UserForm)
    assert (form.form.values["name"], form.form.values["realm"]) == (f"alice@{DOMAIN}", "pam")


async def test_the_rows_with_letters_do_what_they_say(member: tuple[Pilot[None], Joins]) -> None:
    pilot, _ = member
    screen_of(pilot).rows.go_to("next:l")
    await press(pilot, "enter")
    await on_top(pilot, LeaveDomainForm)


# --- elsewhere -----------------------------------------------------------------------------------


async def test_over_https_only_the_need_is_told(make_app: MakeApp) -> None:
    joins = Joins(elsewhere=Refused("On the node itself only.", "Start it there."))
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, joins)
        await says_just(pilot, "On the node itself only. Start it there.")
        await sees(pilot, "lets people of the domain into PVE already")
        await press(pilot, "n")
        await says_just(pilot, "On the node itself only. Start it there.")
        assert joins.checks == []
        await press(pilot, "l")
        await says_just(pilot, "This node has not joined a domain.")


async def test_it_is_opened_by_its_name(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        joins = Joins()
        joins.plans = give(pilot, join=joins)
        await press(pilot, "colon")
        pilot.app.screen.query_one(Input).value = "join corp.example.net"  # on a busy machine, too
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JoinScreen))
        await idle(pilot)
        await until(pilot, lambda: screen_of(pilot).flow.domain == "corp.example.net")


# --- other terminals and hostile texts -----------------------------------------------------------


async def test_a_small_terminal_shows_the_step_and_the_rows(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(40, 12)) as pilot:
        await opened(pilot, Joins())
        await check(pilot)
        await sees(pilot, "2/5 Check", "BAD", "Account PVE1$")


async def test_without_colour_and_boxes_the_words_say_it(make_app: MakeApp) -> None:
    async with make_app(profile=ASCII).run_test(size=(80, 24)) as pilot:
        await opened(pilot, Joins())
        await check(pilot)
        await sees(pilot, "BAD   Account PVE1$")
        assert shown(pilot).isascii()


async def test_what_tools_say_cannot_draw(make_app: MakeApp) -> None:
    """R19"""
    evil = JoinCheck(Topic.SSSD, "LOOK", "a\x1b[2J[red]", original="\u202eoriginal\x07")
    joins = Joins(node=MEMBER, proof=lambda: [evil, *proofs()[2:]])
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, joins)
        await idle(pilot)
        await sees(pilot, r"a\x1b[2J[red]")
        screen_of(pilot).rows.go_to(f"topic:{Topic.SSSD.name}")
        await press(pilot, "enter")
        await sees(pilot, r"\u202eoriginal\x07")
