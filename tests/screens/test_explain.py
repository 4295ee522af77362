"""Why somebody can or cannot do something: asked, answered, mended; by keys alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from screens.explain import ExplainScreen
from screens.pick import PickScreen
from screens.plan import PlanScreen
from screens.start import StartScreen
from screens.who_can import WhoCanScreen
from tests.screens.conftest import (
    listening,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    table,
    type_text,
    until,
)
from tests.screens.test_plan import ran
from widgets.answer import Answer
from widgets.lines import KeyLine
from widgets.question import Question

ANNA = "anna.admin@corp"


async def ask(pilot, who=ANNA, where="/vms/100", privilege="VM.PowerMgmt"):
    pilot.app.screen.explain(who, where, privilege)
    await settle(pilot)


def answer(pilot):
    return " ".join(pilot.app.screen.query_one(Answer).text.split())


def questions(pilot):
    return [question.text for question in pilot.app.screen.query(Question)]


def keys(pilot):
    return pilot.app.screen.query_one(KeyLine).text


async def test_the_verdict_comes_first_then_the_entries_and_what_would_change_it(pilot):
    await ask(pilot)
    await until(
        pilot,
        lambda: (
            questions(pilot)
            == [
                f"Who  {ANNA}  Anna Admin",
                "Does  start and stop it  VM.PowerMgmt",
                "Where  /vms/100  web-01 on pve2",
            ]
        ),
    )
    verdict = f"NO. {ANNA} can see VM 100 (web-01) but not start or stop it."
    await until(pilot, lambda: answer(pilot).startswith(verdict))
    said = answer(pilot)
    assert "Log in NO: TOTP is locked" in said
    assert f"To allow it 1 remove PVEAuditor of {ANNA} on /vms/100" in said
    assert "users and 1 token; enter lists them with the reason" in said
    assert "PVE answers the same: Datastore.Audit" in said
    entries = [row.cells for row in table(pilot).rows_shown]
    assert ("/vms/100", ANNA, "PVEAuditor", "YES: this decides") in entries
    assert ("/", "@admins-corp", "Administrator", "no, replaced further down") in entries
    await until(pilot, lambda: table(pilot).row.cells[3] == "YES: this decides")


async def test_at_80x24_the_verdict_and_every_fix_are_seen_and_more_is_told_of(pilot):
    await ask(pilot)
    await sees(pilot, " NO. anna.admin@corp can see VM 100")
    text = shown(pilot)
    number = len(pilot.app.screen._explanation.fixes)
    assert number >= 2
    assert all(f" {digit} " in text for digit in range(1, number + 1))
    assert f"1-{number} plan" in text
    await says(pilot, "There is more below than fits")
    assert "Check" not in text
    await press(pilot, "tab", "end")
    await sees(pilot, "Check")


async def test_a_digit_shows_the_plan_of_its_fix_and_when_it_was_run_the_answer_is_another(pilot):
    await ask(pilot)
    await press(pilot, "1")
    await listening(pilot)
    await until(pilot, lambda: "/vms/100" in pilot.app.screen.plan.title)
    await press(pilot, "escape")
    await on_top(pilot, ExplainScreen)
    await until(pilot, lambda: answer(pilot).startswith("NO."))
    await press(pilot, "1")
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape")
    await settle(pilot)
    await until(pilot, lambda: answer(pilot).startswith("YES"))
    await until(pilot, lambda: "can start and stop VM 100" in answer(pilot))
    await says_just(pilot, "Done. This is the answer now.")


async def test_a_digit_without_a_fix_says_so(pilot):
    await ask(pilot)
    await press(pilot, "9")
    await on_top(pilot, ExplainScreen)
    await says_just(pilot, "There is no 9 here.")
    await ask(pilot, "root@pam", "/", "")
    assert "plan" not in keys(pilot)
    await press(pilot, "1")
    await says_just(pilot, "There is nothing here that a digit would take.")


async def test_tab_and_arrows_go_round_what_is_asked_and_enter_there_asks_otherwise(pilot):
    await ask(pilot)
    pilot.app.screen.focus_on(0)
    await press(pilot, "down", "down")
    await until(pilot, lambda: pilot.app.focused is pilot.app.screen.query_one("#question-2"))
    await until(pilot, lambda: "enter choose" in keys(pilot))
    await press(pilot, "enter")
    await on_top(pilot, PickScreen)
    await until(pilot, lambda: "web-01 on pve2" in shown(pilot) or "everything" in shown(pilot))
    await type_text(pilot, "/vms/104")
    await press(pilot, "enter")
    await until(
        pilot,
        lambda: (
            questions(pilot)[2] == "Where  /vms/104  lab-db on pve1, pool lab"
            or (questions(pilot)[2].startswith("Where  /vms/104  lab-db"))
        ),
    )
    await until(pilot, lambda: answer(pilot).startswith("YES, but not now."))
    await press(pilot, "home", "up")
    await until(pilot, lambda: pilot.app.focused is pilot.app.screen.query_one("#question-2"))
    await press(pilot, "up", "up", "up")
    await until(pilot, lambda: pilot.app.focused is pilot.app.screen.query_one("#question-0"))


async def test_words_and_privileges_can_be_picked_and_anything_asks_for_all(pilot):
    await ask(pilot)
    pilot.app.screen.focus_on(1)
    await press(pilot, "enter")
    await type_text(pilot, "console")
    await press(pilot, "enter")
    await until(pilot, lambda: questions(pilot)[1] == "Does  open its console  VM.Console")
    pilot.app.screen.focus_on(1)
    await press(pilot, "enter")
    await type_text(pilot, "anything")
    await press(pilot, "enter")
    await until(pilot, lambda: questions(pilot)[1] == "Does  anything  all privileges")
    await until(
        pilot, lambda: answer(pilot).startswith(f"YES, but not now. {ANNA} has 7 privileges")
    )
    assert "Who can" not in answer(pilot)


async def test_a_path_that_nobody_knows_can_be_typed(pilot):
    await ask(pilot)
    pilot.app.screen.focus_on(2)
    await press(pilot, "enter")
    await type_text(pilot, "/vms/99999")
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app.screen.asked[2] == "/vms/99999")
    await until(pilot, lambda: answer(pilot).startswith(("YES", "NO")))


async def test_w_on_start_asks_for_everything_one_after_the_other(pilot):
    await until(pilot, lambda: "w why" in keys(pilot))
    await press(pilot, "w")
    await on_top(pilot, PickScreen)
    await type_text(pilot, "grafana")
    await press(pilot, "enter")
    await type_text(pilot, "open its cons")
    await press(pilot, "enter")
    await press(pilot, "enter")  # the first path
    await on_top(pilot, ExplainScreen)
    await until(pilot, lambda: pilot.app.screen.asked == ("mon@pve!grafana", "VM.Console", "/"))
    await until(pilot, lambda: "no ACL of its own" in answer(pilot))
    await until(pilot, lambda: "Its user NO. mon@pve" in answer(pilot))
    await press(pilot, "escape")
    await on_top(pilot, StartScreen)


async def test_esc_in_the_list_of_people_leaves_the_question_open(pilot):
    await press(pilot, "w", "escape")
    await until(pilot, lambda: "Nothing is asked yet: Enter on Who" in answer(pilot))
    for key, said in (("b", "Nothing is asked yet"), ("c", "Nothing is asked yet"),
                      ("f", "There is no answer yet.")):  # fmt: skip
        await press(pilot, key)
        await says(pilot, said)
    await press(pilot, "enter")
    await on_top(pilot, PickScreen)


async def test_a_user_that_does_not_exist_and_names_that_cannot_be_are_answered_calmly(pilot):
    await ask(pilot, "nobody@pve")
    await until(pilot, lambda: "There is no user nobody@pve" in answer(pilot))
    await ask(pilot, "no such thing")
    await until(pilot, lambda: "no such thing is no user and no API token." in answer(pilot))
    await until(pilot, lambda: table(pilot).total == 0)
    await ask(pilot, ANNA, "some where")
    await until(pilot, lambda: "some where is no path." in answer(pilot))


async def test_names_cannot_draw_on_the_screen(pilot):
    await ask(pilot, "[b]x\x1b[2J@pve", "/", "")
    await sees(pilot, r"[b]x\x1b[2J@pve")
    assert "\x1b" not in shown(pilot)
    await ask(pilot, "mallory@pve", "/", "")
    await sees(pilot, "[b]Mallory, night shift")


async def test_r_reads_again_and_answers_the_same_question_with_what_is_there_now(pilot):
    await ask(pilot)
    node = pilot.app.stories
    before = pilot.app.screen._explanation
    node.turn("no quorum", on=True)
    await press(pilot, "r")
    await says_just(pilot, "Read again.")
    assert pilot.app.screen._explanation is not before
    await until(pilot, lambda: table(pilot).row.cells[3] == "YES: this decides")
    await press(pilot, "1")
    await says(pilot, "Nothing can be changed now: no quorum.")


def without(snapshot, userid):
    access = snapshot.access.value
    users = {name: user for name, user in access.users.items() if name != userid}
    acl = tuple(entry for entry in access.acl if entry.subject != userid)
    groups = {
        name: replace(group, members=tuple(m for m in group.members if m != userid))
        for name, group in access.groups.items()
    }
    value = replace(access, users=users, acl=acl, groups=groups)
    return replace(snapshot, access=snapshot.access._replace(value=value))


async def test_somebody_who_is_gone_meanwhile_is_told_of(pilot):
    await ask(pilot)
    outlook = pilot.app.outlook
    pilot.app.outlook = outlook._replace(snapshot=without(outlook.snapshot, ANNA))
    pilot.app.screen.take_picture()
    await settle(pilot)
    await until(pilot, lambda: f"There is no user {ANNA}" in answer(pilot))


async def test_what_was_not_read_cannot_be_explained_and_says_so(pilot):
    outlook = pilot.app.outlook
    access = outlook.snapshot.access._replace(value=None, problem="user.cfg cannot be read.")
    pilot.app.outlook = outlook._replace(snapshot=replace(outlook.snapshot, access=access))
    await ask(pilot)
    await until(pilot, lambda: "so nobody can tell. user.cfg cannot be read." in answer(pilot))
    assert "plan" not in keys(pilot)


async def test_enter_lists_who_can(pilot):
    await ask(pilot)
    await press(pilot, "enter")
    await on_top(pilot, WhoCanScreen)
    await until(pilot, lambda: pilot.app.screen.asked == ("VM.PowerMgmt", "/vms/100"))
    await press(pilot, "escape")
    await on_top(pilot, ExplainScreen)


async def test_f_saves_the_answer_for_this_user_alone_and_c_shows_pve_s_own_lines(pilot, tmp_path):
    await ask(pilot)
    await press(pilot, "f")
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.stat().st_mode & 0o077 == 0
    text = saved.read_text()
    assert f"NO. {ANNA} can see VM 100" in text
    assert "YES: this decides" in text
    assert "To allow it" in text
    await press(pilot, "c")
    await sees(pilot, "pveum user permissions anna.admin@corp --path /vms/100")


async def test_a_security_key_that_is_touched_applies_nothing(pilot):
    await ask(pilot)
    for key in "cccccceiblbkvutlkvdinvllbbduergkuhngfjcyenicy":
        await pilot.press(key)
    await pilot.press("enter")
    await settle(pilot)
    assert not isinstance(pilot.app.screen, PlanScreen)


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (200, 60)])
async def test_it_opens_at_any_size_with_the_verdict_in_view(make_app, still_cursor, size):
    async with make_app().run_test(size=size) as pilot:
        await settle(pilot)
        await ask(pilot)
        await sees(pilot, "NO. anna.admin@corp can see VM 100")
