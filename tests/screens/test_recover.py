"""Recover: what is wrong, what is still there, the ways back; nothing is lost by looking again."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from time import monotonic

import pytest
from textual.widgets import Input

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.recover.condition import Condition, Neighbour
from pve_auth_tui.core.recover.diagnosis import Check
from pve_auth_tui.core.recover.ways import Kind, WayBack
from screens.details import DetailsScreen
from screens.pick import PickScreen
from screens.plan import PlanScreen
from screens.recover import RecoverScreen
from screens.recover_details import WayScreen
from screens.recover_reason import ReasonScreen
from screens.start import StartScreen
from screens.temporary_form import TemporaryForm
from tests.screens.conftest import (
    listening,
    on_top,
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)
from tests.screens.recovering import (
    ALONE,
    CUT_OFF,
    CUT_OFF_WAYS,
    LOCKED_USER,
    NO_QUORUM,
    PHONE_LOST,
    WAYS,
    WELL,
    FakeProbe,
    Told,
    hint_line,
    opened,
    probe_with,
    rows,
    tell,
)


@pytest.fixture
def told(monkeypatch):
    return tell(monkeypatch, Told())


def lines(pilot):
    return [line.rstrip() for line in shown(pilot).split("\n")]


# --- the drawings ------------------------------------------------------------------------------


async def test_a_lost_phone_is_drawn_as_in_the_design(pilot, told):
    await opened(pilot)
    await until(
        pilot,
        lambda: (
            lines(pilot)[1:-2]
            == [
                f" ─ Recover {'─' * 68}",
                " root@pam cannot log in to the web interface: TOTP is locked (8 wrong codes).",
                " You are root here, that is enough. Nothing has been changed yet.",
                "",
                "   ok    node           quorate, services run, clock in step, disk 41 % full",
                "   ok    password       root's Linux password is set, not expired",
                '   BAD   TOTP           "phone": LOCKED 02:47 on pve1; last right code 20 Nov',
                '   ok    key            "rack 3": works at https://pve1.example.com:8006',
                "   LOOK  recovery keys  3 of 10 left",
                "",
                " What do you still have?",
                ' > [ ] the phone "phone"',
                '   [x] the key "rack 3"',
                "   [ ] the paper with the recovery keys",
                "",
                " Ways back, least harm first",
                '   1 log in with the key "rack 3"                changes nothing',
                '   2 remove "phone" and its lock, keep the rest  then a new phone: o',
                "   3 remove everything but the key               if the paper is lost, too",
                "   4 a second administrator for 4 hours          own password, expires by itself",
                "",
            ]
        ),
    )
    await until(
        pilot,
        lambda: lines(pilot)[-1].startswith(
            " space yes/no  1-4 show the plan  enter details  c commands  esc back"
        ),
    )


async def test_no_quorum_is_drawn_as_in_the_design(pilot, told):
    told.diagnosis, told.haves, told.ways = NO_QUORUM, (), CUT_OFF_WAYS
    await opened(pilot)
    await until(
        pilot,
        lambda: (
            lines(pilot)[2:-1]
            == [
                " pve1 is cut off: the other two nodes run and have quorum without it.",
                " Nothing in /etc/pve can be changed here. Nothing is broken on pve2 and pve3.",
                "",
                "   BAD   corosync       link 0 (10.0.0.0/24): pve2, pve3 not seen for 14 min",
                "   BAD   network        ens5f0 (10.0.0.1): no carrier",
                "   ok    other nodes    answer on 192.0.2.0/24; both say: quorate, 2 of 3 votes",
                "   LOOK  HA             2 services were here; pve2 has taken them over",
                "   BAD   root@pam TOTP  fails here although the code is right (must be stored)",
                '   ok    root@pam key   "rack 3" works here, without quorum, too',
                "",
                " Ways back, least harm first",
                " > 1 use pve2, it has quorum   https://pve2.example.com:8006, or: ssh pve2",
                "   2 repair the link           plug ens5f0 in; this screen sees it by itself",
                "   3 log in here with the key  to look only; start and stop need quorum",
                "   - count this node alone     REFUSED: pve2 and pve3 are alive. Two halves that",
                "     (pvecm expected 1)        both write cannot be merged again.",
                "   - local mode (pmxcfs -l)    REFUSED: same reason",
                "",
                "",
                "",
                " Checked again every 5 s. Nothing has been changed.",
            ]
        ),
    )
    await until(pilot, lambda: "1-3 show how" in hint_line(pilot))
    assert "space" not in hint_line(pilot)


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (80, 24), (132, 43), (200, 60)])
async def test_it_follows_the_size_and_every_row_can_be_reached(make_app, told, size):
    async with make_app().run_test(size=size) as pilot:
        await settle(pilot)
        await opened(pilot)
        await until(pilot, lambda: len(lines(pilot)) == size[1])
        await sees(pilot, "root@pam cannot log in")
        await press(pilot, "end")
        await until(pilot, lambda: rows(pilot).key == "way:temporary")
        assert any(line.startswith(" > 4 a second administrator") for line in lines(pilot))
        await press(pilot, "home")
        await sees(pilot, "root@pam cannot log in")


async def test_where_there_is_no_room_what_is_well_is_one_line_and_opens(make_app, told):
    async with make_app().run_test(size=(80, 20)) as pilot:
        await settle(pilot)
        await opened(pilot)
        await until(pilot, lambda: "   ok    node, password, key" in lines(pilot))
        await press(pilot, "home", "down", "down")
        await until(pilot, lambda: rows(pilot).key == "folded")
        await press(pilot, "enter")
        await on_top(pilot, DetailsScreen)
        await sees(pilot, "root's Linux password is set")


async def test_what_does_not_fit_is_counted(make_app, told):
    async with make_app().run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        await opened(pilot)
        assert any("more lines below" in line for line in lines(pilot))
        await press(pilot, "end")
        await until(pilot, lambda: not any("more lines below" in line for line in lines(pilot)))


async def test_on_a_serial_line_it_says_that_secrets_are_asked_for(make_app, told):
    from pve_auth_tui.terminal.profile import Profile

    app = make_app(profile=Profile("ascii", "none", serial=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await opened(pilot)
        await says_just(pilot, "This line may be recorded: secrets are shown only after you agree.")
        await until(pilot, lambda: "LINE: SERIAL" in lines(pilot)[0])
        assert shown(pilot).isascii()


# --- what somebody has -------------------------------------------------------------------------


async def test_space_says_that_something_is_still_there_and_the_ways_follow(pilot, told):
    await opened(pilot)
    assert told.held[-1] == {"rack"}
    await press(pilot, "space")
    await until(pilot, lambda: told.held[-1] == {"phone", "rack"})
    await until(pilot, lambda: ' > [x] the phone "phone"' in lines(pilot))
    await press(pilot, "space", "down", "space")
    await until(pilot, lambda: told.held[-1] == frozenset())
    await press(pilot, "end", "space")
    await says_just(pilot, "Space is for the lines with [ ].")


async def test_enter_on_a_question_tells_what_two_factor_knows(make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        screen = await opened(pilot)
        rows(pilot).go_to(f"have:{screen._asked[1].id}")
        await press(pilot, "enter")
        await on_top(pilot, DetailsScreen)
        await sees(pilot, "Created", "Recovery Keys, TOTP")


# --- the cursor and looking again --------------------------------------------------------------


async def test_looking_again_keeps_the_cursor_and_what_was_said(pilot, told):
    screen = await opened(pilot)
    await press(pilot, "space", "down", "down", "down", "down")
    await until(pilot, lambda: rows(pilot).key == "way:remove-lost")
    told.diagnosis = replace(
        PHONE_LOST, checks=(Check("BAD", "disk", "full"), *PHONE_LOST.checks[1:])
    )
    told.ways = (WayBack("new", "something new", "", Kind.SHOW), *WAYS)
    screen.look(ask=False)
    await settle(pilot)
    await sees(pilot, "disk")
    await until(pilot, lambda: rows(pilot).key == "way:remove-lost")
    await until(pilot, lambda: '   [x] the phone "phone"' in lines(pilot))


async def test_a_row_that_is_gone_leaves_the_cursor_near_by(pilot, told):
    screen = await opened(pilot)
    await press(pilot, "end")
    told.ways = WAYS[:2]
    screen.look(ask=False)
    await settle(pilot)
    await until(pilot, lambda: rows(pilot).key == "way:remove-lost")


async def test_a_look_that_says_the_same_draws_nothing(pilot, told):
    screen = await opened(pilot)
    drawn = rows(pilot).times_drawn
    for _ in range(3):
        screen.look(ask=False)
        await settle(pilot)
    await until(pilot, lambda: rows(pilot).times_drawn == drawn)


async def test_the_machine_is_looked_at_again_while_something_is_wrong(pilot, told, monkeypatch):
    probe = probe_with(pilot.app, FakeProbe())
    monkeypatch.setattr("screens.recover_watch.EVERY", 0.05)
    await opened(pilot)
    await until(pilot, lambda: probe.looks > 3)
    told.diagnosis = WELL
    await until(pilot, lambda: "Nothing keeps root@pam out." in shown(pilot))
    await settle(pilot)
    count = probe.looks
    await pilot.pause(0.3)
    assert probe.looks <= count + 1, "all is well, so nobody looks any more"


async def test_nothing_is_looked_at_while_something_else_is_seen(pilot, told, monkeypatch):
    probe = probe_with(pilot.app, FakeProbe())
    monkeypatch.setattr("screens.recover_watch.EVERY", 0.05)
    await opened(pilot)
    await press(pilot, "enter")
    await settle(pilot)
    count = probe.looks
    await pilot.pause(0.3)
    assert probe.looks == count
    await press(pilot, "escape")
    await until(pilot, lambda: probe.looks > count)
    await press(pilot, "escape")
    await on_top(pilot, StartScreen)
    await settle(pilot)
    count = probe.looks
    await pilot.pause(0.3)
    assert probe.looks == count


async def test_nothing_is_looked_at_while_a_plan_runs(pilot, told, monkeypatch):
    probe = probe_with(pilot.app, FakeProbe())
    screen = await opened(pilot)
    count = probe.looks
    monkeypatch.setattr(type(pilot.app), "is_changing", property(lambda self: True))
    screen._tick()
    await settle(pilot)
    assert probe.looks == count


async def test_other_nodes_are_asked_without_quorum_and_seldom(pilot, told):
    others = (Neighbour("pve2", alive=True, quorate=True), Neighbour("pve3", alive=False))
    probe = probe_with(pilot.app, FakeProbe(CUT_OFF, others))
    screen = await opened(pilot)
    assert probe.asks == 1
    assert told.situations[-1].condition.neighbours == others
    for _ in range(2):
        screen._tick()
        await settle(pilot)
    assert (probe.looks, probe.asks) == (3, 1)
    assert told.situations[-1].condition.neighbours == others, "what they said is not forgotten"
    screen._tick()
    await settle(pilot)
    assert probe.asks == 2


async def test_with_quorum_no_other_node_is_asked(pilot, told):
    probe = probe_with(pilot.app, FakeProbe())
    await opened(pilot)
    assert (probe.looks, probe.asks) == (1, 0)


async def test_when_the_machine_changes_the_picture_is_read_again(pilot, told):
    probe = probe_with(pilot.app, FakeProbe(CUT_OFF))
    screen = await opened(pilot)
    rounds = pilot.app.rounds
    screen.look(ask=False)
    await settle(pilot)
    assert pilot.app.rounds == rounds
    probe.condition = Condition(CUT_OFF.taken_at)
    screen.look(ask=False)
    await settle(pilot)
    assert pilot.app.rounds == rounds + 1
    assert probe.looks == 3, "a reading that the screen has asked for is no reason to look again"


async def test_what_takes_long_to_read_is_read_seldom(pilot, told):
    """With 100,000 users one reading takes half a minute: r alone does not wait."""
    probe = probe_with(pilot.app, FakeProbe())
    screen = await opened(pilot)
    rounds, looks = pilot.app.rounds, probe.looks
    pilot.app.rests_until = monotonic() + 3600
    for _ in range(3):
        screen._tick()
        await settle(pilot)
    assert (pilot.app.rounds, probe.looks) == (rounds, looks + 3)
    await press(pilot, "r")
    await settle(pilot)
    assert pilot.app.rounds == rounds + 1
    assert pilot.app.rests_until < monotonic() + 3600, "as long as this reading took, ten times"
    pilot.app.rests_until = 0.0
    for _ in range(3):
        screen._tick()
        await settle(pilot)
    assert pilot.app.rounds == rounds + 2


async def test_r_reads_and_looks_at_everything(pilot, told):
    probe = probe_with(pilot.app, FakeProbe(CUT_OFF))
    await opened(pilot)
    rounds, looks, asks = pilot.app.rounds, probe.looks, probe.asks
    await press(pilot, "r")
    await settle(pilot)
    assert (pilot.app.rounds, probe.looks, probe.asks) == (rounds + 1, looks + 1, asks + 1)


async def test_a_machine_that_does_not_answer_holds_up_nothing(pilot, told):
    hold = Event()
    probe_with(pilot.app, FakeProbe(hold=hold))
    pilot.app.open_recover()
    try:
        await until(pilot, lambda: "What do you still have?" in shown(pilot))
        await says_just(pilot, "Looking at the machine ...")
        await pilot.press("down")
        await pilot.pause(0.1)
        await until(pilot, lambda: rows(pilot).key == "have:rack")
        await pilot.press("2")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReasonScreen))
    finally:
        hold.set()
        await settle(pilot)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unreadable("systemd does not answer.", "Is it dead?"), "systemd does not answer. Is it"),
        (ValueError("\x1b[2Jbroken"), "The machine could not be looked at: ValueError"),
    ],
)
async def test_a_machine_that_cannot_be_looked_at_is_told_and_the_ways_stay(
    pilot, told, error, said
):
    probe_with(pilot.app, FakeProbe(error=error))
    await opened(pilot)
    await until(pilot, lambda: status(pilot).startswith(said))
    assert "\x1b" not in shown(pilot)
    await sees(pilot, "Ways back, least harm first")
    await press(pilot, "2")
    await on_top(pilot, ReasonScreen)


async def test_without_a_workshop_the_files_alone_tell(make_app, rack, told):
    async with make_app(rack).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await opened(pilot)
        await says_just(pilot, "Nothing can be changed here. Start it on a node.")
        await sees(pilot, "Ways back, least harm first")


# --- details and commands ----------------------------------------------------------------------


async def test_enter_opens_everything_about_a_check(pilot, told):
    await opened(pilot)
    rows(pilot).go_to("check:TOTP")
    await press(pilot, "enter")
    await sees(pilot, "8 wrong codes in a row.", "PVE counts them on each node by itself.")
    await press(pilot, "escape")
    await until(pilot, lambda: rows(pilot).key == "check:TOTP")


async def test_two_checks_of_one_subject_are_two_rows(pilot, told):
    told.diagnosis = replace(
        PHONE_LOST, checks=(Check("BAD", "link", "zero"), Check("BAD", "link", "one"))
    )
    await opened(pilot)
    rows(pilot).go_to("check:link 2")
    await press(pilot, "enter")
    await sees(pilot, "one")
    assert "zero" not in shown(pilot)


async def test_a_way_that_changes_nothing_is_shown(pilot, told):
    await opened(pilot)
    await press(pilot, "1")
    await on_top(pilot, WayScreen)
    await sees(pilot, "Open https://pve1.example.com:8006.")
    await press(pilot, "x")
    await until(
        pilot, lambda: status(pilot).startswith("This changes nothing, so there is no plan")
    )
    await press(pilot, "escape")
    await on_top(pilot, RecoverScreen)
    await until(pilot, lambda: rows(pilot).key == "way:key")


async def test_c_shows_the_commands_of_the_way_under_the_cursor(pilot, told):
    await opened(pilot)
    await press(pilot, "c")
    await says_just(pilot, "c is for a way back: put the cursor on one.")
    rows(pilot).go_to("way:key")
    await press(pilot, "c")
    await until(pilot, lambda: status(pilot).startswith("That way runs no commands"))
    await press(pilot, "down", "c")
    await on_top(pilot, DetailsScreen)
    await sees(pilot, f"pveum user tfa unlock {LOCKED_USER}")


async def test_names_that_others_chose_do_not_reach_the_terminal(pilot, told):
    """R19"""
    told.diagnosis = replace(PHONE_LOST, sentences=("\x1b[2J\u202eroot",))
    told.ways = (
        WayBack("a", "\x1b]52;c;x\x07title", "no\nte", Kind.SHOW, (Line("\x1b[H", "\x1b"),)),
    )
    await opened(pilot)
    await press(pilot, "end", "enter")
    await on_top(pilot, WayScreen)
    for _ in range(2):
        assert "\x1b" not in shown(pilot)
        assert "\u202e" not in shown(pilot)
        await press(pilot, "escape")


# --- digits, and where they lead ---------------------------------------------------------------


async def test_a_digit_without_a_way_says_so_and_opens_no_list(pilot, told):
    await opened(pilot)
    await press(pilot, "8")
    await on_top(pilot, RecoverScreen)
    await says_just(pilot, "There is no 8 here.")
    told.ways = ()
    await press(pilot, "space", "1")
    await says_just(pilot, "There are no ways back here yet.")


async def test_lists_are_reached_by_their_names(pilot, told):
    await opened(pilot)
    await press(pilot, "colon")
    pilot.app.screen.query_one(Input).value = "users"
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app.screen.listing.name == "users")
    await press(pilot, "0")
    await on_top(pilot, RecoverScreen)
    await press(pilot, "escape")
    await on_top(pilot, StartScreen)


async def test_a_refused_way_has_no_digit_and_its_details_lead_to_the_plan(pilot, told):
    told.diagnosis, told.haves, told.ways = NO_QUORUM, (), CUT_OFF_WAYS
    await opened(pilot)
    await press(pilot, "4")
    await says_just(pilot, "There is no 4 here.")
    await press(pilot, "down", "down", "down", "enter")
    await on_top(pilot, WayScreen)
    await sees(pilot, ALONE[:40])
    await press(pilot, "x")
    await on_top(pilot, ReasonScreen)
    await press(pilot, "escape")
    await says_just(pilot, "Nothing was done.")


async def test_the_reason_is_asked_and_goes_to_the_plan(pilot, told):
    """R18: a reason, which Enter takes as it is proposed."""
    await opened(pilot)
    await press(pilot, "2")
    await on_top(pilot, ReasonScreen)
    await sees(pilot, "root@pam cannot log in to the web interface")
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await until(pilot, lambda: pilot.app.screen._recovers.reason == PHONE_LOST.sentences[0])
    await until(pilot, lambda: pilot.app.screen._recovers.userid == "root@pam")


async def test_whoever_types_writes_over_the_proposed_reason(pilot, told):
    """R18"""
    await opened(pilot)
    await press(pilot, "2")
    await type_text(pilot, "phone lost")
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await until(pilot, lambda: pilot.app.screen._recovers.reason == "phone lost")


async def test_there_is_no_plan_without_a_reason(pilot, told):
    """R18"""
    await opened(pilot)
    await press(pilot, "2", "backspace", "enter")
    await on_top(pilot, ReasonScreen)
    await sees(pilot, "Say why in a few words")


async def test_a_plan_that_is_left_changes_nothing_and_says_so(pilot, told):
    await opened(pilot)
    await press(pilot, "2", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await press(pilot, "escape")
    await says_just(pilot, "Nothing was changed.")
    assert not pilot.app.workshop.journal.read()


# --- somebody else -----------------------------------------------------------------------------


async def test_w_asks_whose_login_it_is_about(make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await opened(pilot)
        await press(pilot, "w")
        await on_top(pilot, PickScreen)
        await type_text(pilot, "anna.admin")
        await press(pilot, "enter")
        await settle(pilot)
        await until(pilot, lambda: pilot.app.screen.userid == LOCKED_USER)
        await until(pilot, lambda: f"Recover: {LOCKED_USER}" in lines(pilot)[1])
        await until(pilot, lambda: LOCKED_USER in lines(pilot)[2])


async def test_recover_with_a_name_is_about_somebody_else(pilot, told):
    await press(pilot, "2", "colon")
    pilot.app.screen.query_one(Input).value = f"recover {LOCKED_USER}"
    await press(pilot, "enter")
    await settle(pilot)
    await until(pilot, lambda: pilot.app.screen.userid == LOCKED_USER)
    await press(pilot, "colon")
    pilot.app.screen.query_one(Input).value = "recover nobody@x"
    await press(pilot, "enter")
    await says_just(pilot, "There is no user nobody@x.")
    await until(pilot, lambda: pilot.app.screen.userid == LOCKED_USER)


async def test_for_somebody_else_the_answers_begin_anew(pilot, told):
    screen = await opened(pilot)
    await press(pilot, "space", "end")
    screen.about(LOCKED_USER)
    await settle(pilot)
    assert told.held[-1] == {"rack"}
    await until(pilot, lambda: rows(pilot).key == "have:phone")


# --- a second administrator for some hours ------------------------------------------------------


async def test_a_temporary_administrator_is_asked_for_and_planned(pilot, told):
    """R18: reason and expiry stand in the comment."""
    await opened(pilot)
    await press(pilot, "4")
    await on_top(pilot, TemporaryForm)
    await press(pilot, "enter")
    await type_text(pilot, "correct horse")
    await press(pilot, "enter")
    await type_text(pilot, "correct horse")
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await sees(pilot, "rescue@pve")
    text = shown(pilot)
    assert "correct horse" not in text
    await until(pilot, lambda: pilot.app.screen._recovers.reason == PHONE_LOST.sentences[0])
    await listening(pilot)
    await press(pilot, "y")
    await until(pilot, lambda: pilot.app.screen._report is not None)
    user = pilot.app.snapshot.access.value.users["rescue@pve"]
    assert user.expire == 4 * 3600 + int(pilot.app.workshop.clock.now())
    assert "TOTP is locked" in user.comment
    await press(pilot, "escape")
    await on_top(pilot, RecoverScreen)
    await until(pilot, lambda: "Afterwards" in rows(pilot).text)


@pytest.mark.parametrize("hours", ["0", "73", "-1", "four", "", "4.5", "٤"])
async def test_hours_that_are_none_are_refused(pilot, told, hours):
    await opened(pilot)
    await press(pilot, "4")
    form = pilot.app.screen.form
    form.field("hours").value = hours
    form.check()
    assert form.field("hours").problem == "A number from 1 to 72."


async def test_a_name_that_somebody_has_is_refused(pilot, told):
    await opened(pilot)
    await press(pilot, "4")
    form = pilot.app.screen.form
    form.field("name").value = "backup-admin"
    form.check()
    assert form.field("name").problem
