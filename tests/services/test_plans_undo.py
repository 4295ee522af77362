"""What was applied can be taken back: by hand, by a timer, or not any more, and each says so."""

import threading

import pytest

from pve_auth_tui.adapters.authenticator import PyotpAuthenticator
from pve_auth_tui.adapters.timers import ProcessTimers
from pve_auth_tui.core.applied import Applied
from pve_auth_tui.core.changed import Changed
from pve_auth_tui.core.errors import Refused, Unreachable, Unreadable, UsageError
from pve_auth_tui.core.intents import factors, removal
from pve_auth_tui.core.intents.call import call
from pve_auth_tui.core.intents.users import switch
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.otpauth import parse
from pve_auth_tui.core.plan import Weight
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.plans import PlanChanged, State
from pve_auth_tui.services.undoing import settled
from tests.services.workbench import USERS, Bench, HeldTimers
from tests.simnode.small import NOW

BOB_OFF = switch(["bob@pve"], enable=False)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TFA = (
    '{"users":{"bob@pve":{"totp":[{"id":"11111111-1111-4111-8111-111111111111",'
    '"description":"phone","created":1700000000,"entry":"otpauth://totp/x:bob?'
    f'secret={SECRET}&issuer=x&algorithm=SHA1&digits=6&period=30"}}]}}}}}}'
)


@pytest.fixture
def bench():
    return Bench(timers=HeldTimers())


def armed(bench, minutes=10.0):
    """A change that takes itself back."""
    return bench.apply(BOB_OFF, minutes=minutes)


# --- by hand ---------------------------------------------------------------------------------


def test_the_last_change_is_taken_back_and_then_the_one_before(bench):
    bench.apply(BOB_OFF)
    bench.clock.at += 1
    bench.apply(switch(["eve@pve"], enable=False))
    bench.clock.at += 1
    assert bench.apply(bench.plans.undo()).plan.title == "take back: disable eve@pve"
    assert bench.apply(bench.plans.undo()).plan.title == "take back: disable bob@pve"
    assert bench.user("bob@pve").enable
    with pytest.raises(Refused, match="nothing to take back"):
        bench.plans.undo()


def test_an_undo_can_be_taken_back_by_its_id(bench):
    bench.apply(BOB_OFF)
    bench.clock.at += 1
    undone = bench.apply(bench.plans.undo())
    bench.clock.at += 1
    bench.apply(bench.plans.undo(undone.id))
    assert not bench.user("bob@pve").enable


def test_a_change_that_was_made_again_by_an_undo_of_its_undo_is_the_last_change(bench):
    bench.apply(BOB_OFF)
    for enabled in (True, False, True):
        bench.clock.at += 1
        last = bench.plans.history()[0].id
        bench.apply(bench.plans.undo(last if enabled is False else ""))
        assert bench.user("bob@pve").enable is enabled
    with pytest.raises(Refused, match="nothing to take back"):
        bench.plans.undo()


def test_what_was_taken_back_is_not_taken_back_again(bench):
    report = bench.apply(BOB_OFF)
    bench.apply(bench.plans.undo(report.id))
    with pytest.raises(Refused, match="taken back before"):
        bench.apply(bench.plans.undo(report.id))


def test_what_somebody_changed_since_is_left_to_him(bench):
    bench.apply(BOB_OFF)
    bench.behind_our_back("PUT", "/access/users/bob@pve", comment="mine")
    with pytest.raises(Refused, match="bob@pve was changed since"):
        bench.review(bench.plans.undo())
    assert len(bench.api.writes) == 1


def test_somebody_s_change_between_review_and_undo_stops_it(bench):
    bench.apply(switch(["bob@pve", "eve@pve"], enable=False))
    plan = bench.review(bench.plans.undo())
    bench.behind_our_back("PUT", "/access/users/eve@pve", enable=1)
    with pytest.raises(PlanChanged) as caught:
        bench.plans.apply(plan)
    assert [step.path[-1] for step in caught.value.plan.steps] == ["bob@pve"]


def test_an_unknown_id_is_refused(bench):
    bench.apply(BOB_OFF)
    for plan in ("nope", "../../etc/passwd"):
        with pytest.raises(Refused, match="no applied plan"):
            bench.plans.undo(plan)


def test_after_an_hour_giving_something_back_asks_for_the_title(bench):
    bench.apply(BOB_OFF)
    bench.clock.at += 3601
    plan = bench.review(bench.plans.undo())
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "disable bob@pve")
    with pytest.raises(Refused, match="HEAVY"):
        bench.plans.apply(plan)
    assert bench.plans.apply(plan, override="disable bob@pve").ok


def test_after_a_day_nothing_is_given_back(bench):
    bench.apply(BOB_OFF)
    bench.clock.at += 86401
    with pytest.raises(Refused, match="After a day"):
        bench.plans.undo()


def test_a_changes_that_a_reader_needs_has_what_the_node_said(bench):
    bench.api.after[1] = lambda: bench.behind_our_back(
        "PUT", "/access/users/bob@pve", comment="later"
    )
    bench.apply(BOB_OFF)
    (applied,) = bench.plans.history()
    assert applied.changes[0].after["comment"] == "later"
    assert applied.complete


# --- secrets that undo needs -------------------------------------------------------------------


def without_totp(bench):
    key = Key("factor", "bob@pve", "11111111-1111-4111-8111-111111111111")
    plan = bench.review(removal.remove([key]))
    return bench.plans.apply(plan, override=plan.confirm)


def with_totp():
    bench = Bench(tfa=TFA, users=USERS.replace("user:bob@pve:1:0::::::", "user:bob@pve:1:0:::::x:"))
    bench.plans = bench.service(authenticator=PyotpAuthenticator())
    return bench


def test_a_totp_entry_comes_back_with_its_secret():
    bench = with_totp()
    report = without_totp(bench)
    assert report.ok
    (applied,) = bench.plans.history()
    assert SECRET not in applied.to_json()
    assert SECRET in "".join(s.reveal() for s in bench.saved.material(applied.id).values())
    back = bench.apply(bench.plans.undo())
    assert back.ok
    assert SECRET in (bench.node.disk.read("etc/pve/priv/tfa.cfg") or b"").decode()
    assert bench.saved.material(applied.id) == {}
    assert SECRET not in repr(bench.journal.entries) + repr(back) + repr(report)


def test_where_secrets_may_be_swapped_the_report_says_so(monkeypatch):
    bench = with_totp()
    monkeypatch.setattr(bench.saved, "caution", lambda: "This node may swap them.")
    assert bench.apply(BOB_OFF).remarks == ()  # it needs none
    assert without_totp(bench).remarks == ("This node may swap them.",)


def test_without_its_secret_a_totp_entry_does_not_come_back():
    bench = with_totp()
    without_totp(bench)
    bench.saved.wipe()  # the node was restarted
    with pytest.raises(Refused, match="Nothing can be taken back"):
        bench.review(bench.plans.undo())


def test_secrets_are_gone_after_a_day():
    bench = with_totp()
    plan = without_totp(bench).id
    bench.clock.at += 86399
    assert bench.saved.material(plan)
    bench.clock.at += 2
    assert bench.saved.material(plan) == {}


def test_what_is_kept_needs_no_secrets_any_more():
    bench = with_totp()
    bench.plans = bench.service(timers=HeldTimers())
    key = Key("factor", "bob@pve", "11111111-1111-4111-8111-111111111111")
    plan = bench.review(removal.remove([key]))
    report = bench.plans.apply(plan, override=plan.confirm, minutes=10)
    assert bench.saved.material(report.id)
    bench.plans.keep(report.id)
    assert bench.saved.material(report.id) == {}


def test_a_plan_that_changed_nothing_leaves_no_secrets():
    bench = with_totp()
    bench.api.before[1] = lambda: bench.node.faults.held_locks.add("file-priv_tfa_cfg")
    report = without_totp(bench)
    assert [one.state for one in report.results] == [State.FAILED]
    assert bench.saved.material(report.id) == {}


def test_purging_leaves_nothing_to_undo_with():
    bench = with_totp()
    plan = without_totp(bench).id
    assert bench.plans.purge() == 1
    assert bench.saved.material(plan) == {}
    assert bench.journal.told[-1] == "purged 0"
    with pytest.raises(Refused, match="was removed"):
        bench.review(bench.plans.undo(plan))
    assert bench.plans.purge() == 0


def test_a_code_that_is_too_old_by_the_end_is_no_reason_to_doubt():
    bench = with_totp()
    uri = Secret(f"otpauth://totp/x:bob?secret={SECRET}&digits=6&period=30")
    code = PyotpAuthenticator().code(parse(uri.reveal()), bench.clock.at)
    add = factors.add_totp("bob@pve", "tablet", uri, code)

    def slowly():
        bench.clock.at += 600
        raise Unreachable("No answer came.", unsure=True)

    bench.api.after[1] = slowly
    report = bench.apply(add)
    assert [one.seen for one in report.results] == [True]
    assert report.ok
    (applied,) = bench.plans.history()
    assert [one.key.kind for one in applied.changes if one.was_made] == ["factor"]
    plan = bench.review(bench.plans.undo())
    assert bench.plans.apply(plan, override=plan.confirm).ok


def test_what_still_takes_itself_back_is_not_purged(bench):
    report = armed(bench)
    with pytest.raises(Refused, match="takes itself back unless it is kept: disable bob"):
        bench.plans.purge()
    bench.plans.keep(report.id)
    assert bench.plans.purge() == 1


# --- by itself ---------------------------------------------------------------------------------


def test_a_change_that_is_not_kept_is_taken_back(bench):
    report = armed(bench)
    assert report.deadline == bench.clock.at + 600
    assert bench.timers.armed == {report.id: 600.0}
    assert [entry.event for entry in bench.journal.entries][:2] == ["begin", "armed"]
    bench.clock.at += 600
    back = bench.plans.take_back(report.id)
    assert back.ok
    assert bench.user("bob@pve").enable
    assert bench.plans.armed() == ()
    assert "fired 0" in bench.journal.told


def test_the_timer_runs_before_the_first_step(bench):
    seen = []
    bench.api.before[1] = lambda: seen.append(dict(bench.timers.armed))
    report = armed(bench)
    assert seen == [{report.id: 600.0}]


def test_a_change_that_is_kept_stays(bench):
    report = armed(bench)
    kept = bench.plans.keep(report.id)
    assert kept.armed_until is None
    assert bench.timers.armed == {}
    assert bench.journal.told[-1] == "kept 0"
    with pytest.raises(Refused, match="to be kept"):
        bench.plans.take_back(report.id)  # the timer fired in the same moment
    with pytest.raises(Refused, match="nothing to keep"):
        bench.plans.keep(report.id)
    assert not bench.user("bob@pve").enable


def test_another_session_sees_what_is_armed_and_may_keep_it(bench):
    report = armed(bench)
    later = bench.service()
    assert [one.id for one in later.armed()] == [report.id]
    later.keep(report.id)
    assert bench.plans.armed() == ()


def test_what_was_taken_back_by_hand_does_not_take_itself_back(bench):
    report = armed(bench)
    bench.apply(bench.plans.undo(report.id))
    assert bench.timers.armed == {}
    with pytest.raises(Refused):
        bench.plans.take_back(report.id)


def test_only_what_is_armed_can_be_taken_back_by_a_timer(bench):
    report = bench.apply(BOB_OFF)
    for plan in (report.id, "nope", ""):
        with pytest.raises(Refused):
            bench.plans.take_back(plan)
    assert not bench.user("bob@pve").enable


def test_a_timer_undoes_nothing_that_somebody_changed_since_and_says_so(bench):
    report = armed(bench)
    bench.behind_our_back("PUT", "/access/users/bob@pve", comment="mine")
    bench.clock.at += 600
    with pytest.raises(Refused, match="bob@pve was changed since"):
        bench.plans.take_back(report.id)
    assert bench.journal.told[-1] == "expired 0 was not taken back: Refused"
    assert len(bench.api.writes) == 1


def test_what_was_not_taken_back_is_told_to_every_later_session_once_in_the_journal(bench):
    report = armed(bench)
    bench.clock.at += 600
    bench.node.faults.dead.add("pmxcfs")  # or a restart of the node: nothing fired
    assert not bench.plans.missed(bench.plans.armed()[0])  # it may be at work just now
    bench.clock.at += 121
    for _ in range(2):
        (left,) = bench.service().armed()
        assert bench.plans.missed(left)
    assert bench.journal.told.count("expired 0 was not taken back") == 1
    bench.plans.keep(report.id)
    assert bench.plans.armed() == ()


def test_a_timer_that_cannot_be_ended_does_nothing_when_it_fires(bench):
    report = armed(bench)
    bench.timers.disarm = lambda plan: refuse_to_arm(plan, 0.0)
    with pytest.raises(Refused, match="systemd"):
        bench.plans.keep(report.id)
    with pytest.raises(Refused, match="to be kept"):
        bench.plans.take_back(report.id)
    assert not bench.user("bob@pve").enable


@pytest.mark.parametrize("minutes", [-1.0, 60.5, 9999.0, float("inf"), float("nan")])
def test_a_timer_is_no_delayed_grant(bench, minutes):
    with pytest.raises(UsageError, match="after 60 minutes at the most"):
        armed(bench, minutes=minutes)
    assert bench.api.writes == []
    assert bench.journal.entries == []
    assert bench.timers.armed == {}


def test_a_timer_that_comes_hours_late_gives_nothing_back_that_nobody_typed(bench):
    report = armed(bench)
    bench.clock.at += 20 * 3600  # the node slept, or somebody calls take-back himself
    with pytest.raises(Refused, match="Its time was over long ago") as refused:
        bench.plans.take_back(report.id)
    assert refused.value.hint.startswith(f"pve-auth-tui undo {report.id} ")
    assert bench.journal.told[-2:] == ["fired 0", "expired 0 was not taken back: Refused"]
    assert not bench.user("bob@pve").enable
    plan = bench.review(bench.plans.undo(report.id))
    assert bench.plans.apply(plan, override=plan.confirm).ok
    assert bench.plans.armed() == ()


def test_a_timer_that_comes_late_still_takes_away_what_was_added(bench):
    report = bench.apply(call("POST", ("access", "groups"), {"groupid": "new"}), minutes=10)
    bench.clock.at += 20 * 3600
    assert bench.plans.take_back(report.id).ok


def used_a_moment_ago(pause):
    """Bob's TOTP is removed right after he logged in with it, and takes itself back."""
    entry = TFA[TFA.index('"otpauth:') : -len("}]}}}")]
    used = f'{{"totp":{entry},"last-count":{NOW // 30 + 1}}}'
    bench = Bench(
        tfa=TFA.replace(entry, used),
        users=USERS.replace("user:bob@pve:1:0::::::", "user:bob@pve:1:0:::::x:"),
        timers=HeldTimers(),
    )
    bench.plans = bench.service(
        authenticator=PyotpAuthenticator(), pause=lambda seconds: pause(bench, seconds)
    )
    key = Key("factor", "bob@pve", "11111111-1111-4111-8111-111111111111")
    plan = bench.review(removal.remove([key]))
    report = bench.plans.apply(plan, override=plan.confirm, minutes=1)
    bench.clock.at += 60
    return bench, report.id


def test_a_timer_waits_until_a_used_code_does_not_count_again():
    def pause(bench, seconds):
        bench.clock.at += seconds
        with bench.saved.exclusively():  # others may change and keep something meanwhile
            assert not bench.plans.busy

    bench, plan = used_a_moment_ago(pause)
    assert bench.plans.take_back(plan).ok
    assert bench.clock.at > NOW + 60
    assert SECRET in (bench.node.disk.read("etc/pve/priv/tfa.cfg") or b"").decode()
    assert [told.split()[0] for told in bench.journal.told].count("fired") == 1
    assert "expired" not in {told.split()[0] for told in bench.journal.told}


def test_a_change_that_is_kept_while_its_timer_waits_stays():
    def pause(bench, seconds):
        if bench.plans.armed():
            bench.plans.keep(plan)

    bench, plan = used_a_moment_ago(pause)
    with pytest.raises(Refused, match="It is to be kept"):
        bench.plans.take_back(plan)
    assert bench.plans.armed() == ()


def test_a_timer_that_is_ended_while_it_waits_says_so():
    bench, plan = used_a_moment_ago(lambda bench, seconds: bench.plans.stop())
    with pytest.raises(Refused, match="It was ended before"):
        bench.plans.take_back(plan)
    assert bench.journal.told[-1] == "expired 0 was not taken back: it was ended before"


def test_a_timer_waits_for_a_code_only_so_long():
    def pause(bench, seconds):
        bench.clock.at -= 300  # a clock that is set back again and again

    bench, plan = used_a_moment_ago(pause)
    with pytest.raises(Refused):
        bench.plans.take_back(plan)
    assert bench.journal.told[-1].startswith("expired 0 was not taken back: ")


def test_a_timer_waits_for_a_plan_that_runs():
    fires = threading.Event()
    others = set(threading.enumerate())
    bench = Bench()
    taken = []
    timers = ProcessTimers(lambda plan: taken.append(bench.plans.take_back(plan)))
    bench.timers, bench.plans = timers, bench.service(timers=timers)
    report = armed(bench, minutes=60.0)
    plan = bench.review(switch(["eve@pve"], enable=False))

    def fire():
        timers.arm(report.id, 0.0)  # its time is over in the middle of another plan
        fires.set()

    bench.api.before[2] = fire
    assert bench.plans.apply(plan).ok
    assert fires.is_set()
    for thread in set(threading.enumerate()) - others:
        thread.join(60)
    assert [one.ok for one in taken] == [True]
    assert bench.user("bob@pve").enable
    assert not bench.user("eve@pve").enable


def test_without_quorum_a_timer_says_that_it_could_not(bench):
    report = armed(bench)
    bench.node.faults.quorate = False
    bench.clock.at += 600
    failed = bench.plans.take_back(report.id)
    assert [one.state for one in failed.results] == [State.FAILED]
    assert bench.journal.told[-1] == "expired 0 was not taken back: not all of it is as it was"
    bench.clock.at += 121
    assert bench.plans.missed(bench.plans.armed()[0])


def test_the_guard_holds_for_a_timer_too():
    bench = Bench(timers=HeldTimers(), shadow="ann:$5$01234567$abcdefgh:\n")
    grant = {"path": "/", "users": "ann@pve", "roles": "Administrator"}
    report = bench.apply(call("PUT", ["access", "acl"], grant), minutes=5)
    bench.behind_our_back("PUT", "/access/users/root@pam", enable=0)
    with pytest.raises(Refused) as caught:
        bench.plans.take_back(report.id)
    assert "ann@pve would be no administrator any more" in str(caught.value)
    assert len(bench.api.writes) == 1
    assert [one.id for one in bench.plans.armed()] == [report.id]


def test_where_no_timer_can_run_nothing_is_done():
    for timers, told in ((None, "Nothing can be taken back"), (HeldTimers("No systemd."), "No sy")):
        bench = Bench(timers=timers)
        assert bench.plans.why_no_timer().startswith(told)
        with pytest.raises(Refused, match=told):
            armed(bench)
        assert bench.api.writes == []


def test_a_timer_that_cannot_be_armed_leaves_nothing_done(bench):
    bench.timers.arm = refuse_to_arm
    with pytest.raises(Refused, match="way back could not be prepared"):
        armed(bench)
    assert bench.api.writes == []
    assert bench.plans.armed() == ()


def refuse_to_arm(plan, seconds):
    raise Refused("systemd does not take the timer.")


def test_what_has_no_way_back_cannot_take_itself_back(bench):
    unlock = call("PUT", ["access", "users", "bob@pve"], {"comment": "y"})
    report = bench.apply(unlock, minutes=1)
    assert report.deadline
    password = call(
        "PUT", ["access", "password"], {"userid": "bob@pve"}, {"password": Secret("x" * 9)}
    )
    plan = bench.review(password)
    with pytest.raises(Refused, match="cannot take itself back"):
        bench.plans.apply(plan, override=plan.confirm, minutes=10)


def test_a_plan_that_changed_nothing_has_no_timer_left(bench):
    plan = bench.review(BOB_OFF)
    bench.node.faults.held_locks.add("file-user_cfg")
    report = bench.plans.apply(plan, minutes=10)
    assert report.deadline is None
    assert bench.timers.armed == {}
    assert bench.plans.armed() == ()


def test_a_plan_that_ended_half_way_still_takes_its_part_back(bench):
    bench.api.before[2] = bench.plans.stop
    report = bench.apply(switch(["ann@pve", "bob@pve", "eve@pve"], enable=False), minutes=10)
    assert report.stopped
    assert bench.plans.take_back(report.id).ok
    assert [bench.user(f"{name}@pve").enable for name in ("ann", "bob", "eve")] == [True] * 3


# --- a session that ended in the middle ---------------------------------------------------------


def test_what_a_killed_session_left_is_taken_back_as_far_as_it_went(bench):
    def killed():
        raise KeyboardInterrupt

    bench.api.before[2] = killed
    with pytest.raises(KeyboardInterrupt):
        bench.apply(switch(["ann@pve", "bob@pve"], enable=False), minutes=10)
    (left,) = bench.plans.armed()
    assert not left.complete
    back = bench.plans.take_back(left.id)
    assert back.ok
    assert bench.user("ann@pve").enable


def test_where_a_killed_session_had_done_nothing_nothing_is_taken_back(bench):
    def killed():
        raise KeyboardInterrupt

    bench.api.before[1] = killed
    with pytest.raises(KeyboardInterrupt):
        bench.apply(BOB_OFF)
    with pytest.raises(Refused, match="Nothing of it was done"):
        bench.review(bench.plans.undo())


def test_a_new_factor_of_a_killed_session_is_known_by_what_it_is():
    bench = Bench(tfa=TFA)
    snapshot = bench.outlooks.fresh().snapshot
    new = Changed(
        Key("factor", "bob@pve", "?1"),
        None,
        {"type": "totp", "description": "phone", "enable": "1"},
    )
    applied = Applied("a", "add TOTP", 1_700_000_030.0, (new,), complete=False)
    (found,) = settled(applied, snapshot).changes
    assert found.key.part == "11111111-1111-4111-8111-111111111111"
    older = Applied("a", "add TOTP", 1_700_009_000.0, (new,), complete=False)
    assert settled(older, snapshot).changes == ()


def test_records_that_cannot_be_read_are_told(bench):
    def broken():
        raise Unreadable("saved-plans/x.json is no record of a change.")

    bench.saved.all = broken
    for ask in (bench.plans.history, bench.plans.armed, bench.plans.undo):
        with pytest.raises(Unreadable):
            ask()
