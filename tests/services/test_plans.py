"""A plan is run: a fresh look first, each step written down, read back, and told as it was."""

import threading
from dataclasses import replace

import pytest

from pve_auth_tui.core.errors import ApiError, Refused, Unreachable, Unreadable, Unwritable
from pve_auth_tui.core.host.goals import Joined
from pve_auth_tui.core.intents import removal
from pve_auth_tui.core.intents.users import remove, switch
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import ApiCall, Draft, HostCommand, HostFile, HostStep, Weight
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.admission import same, why_not
from pve_auth_tui.services.plans import PlanChanged, Progress, State
from tests.services.workbench import USERS, Bench, heard

BOB_OFF = switch(["bob@pve"], enable=False)
THREE_OFF = switch(["ann@pve", "bob@pve", "eve@pve"], enable=False)
CANARY = "canary-2b7e"


def silent(*, unsure):
    return Unreachable("No answer came.", "Look.", unsure=unsure)


def states(report):
    return [one.state for one in report.results]


# --- all goes well -----------------------------------------------------------------------


def test_a_change_is_done_read_back_and_reported():
    bench = Bench()
    report = bench.apply(BOB_OFF)
    assert report.ok
    assert states(report) == [State.DONE]
    assert (report.differences, report.others, report.remarks) == ((), (), ())
    assert report.undoable
    assert not bench.user("bob@pve").enable
    assert report.snapshot.access.value.users["bob@pve"].enable is False
    assert report.node.way == "direct"


def test_each_step_is_written_down_before_it_is_run_and_after_it():
    bench = Bench()
    seen = []
    bench.journal.on_write = lambda entry: seen.append((entry.event, len(bench.api.writes)))
    bench.apply(THREE_OFF, reason="they left")
    assert seen == [
        ("begin", 0),
        *(("intent", 0), ("result", 1)),
        *(("intent", 1), ("result", 2)),
        *(("intent", 2), ("result", 3)),
        ("end", 3),
    ]
    begin, intent = bench.journal.entries[:2]
    assert (begin.title, begin.text, begin.reason) == ("disable 3 users", "3 steps", "they left")
    assert intent.text == "pveum user modify ann@pve --enable 0"
    assert len({entry.plan for entry in bench.journal.entries}) == 1


def test_what_runs_is_told_step_by_step():
    bench, (told, listen) = Bench(), heard()
    bench.apply(switch(["ann@pve", "bob@pve"], enable=False), on_progress=listen)
    assert [(one.number, one.of, one.state) for one in told] == [
        *((1, 2, State.RUNS), (1, 2, State.DONE)),
        *((2, 2, State.RUNS), (2, 2, State.DONE)),
    ]


def test_what_a_command_prints_is_told_and_not_written_down():
    class Speaking:
        def run(self, step, on_line):
            on_line(CANARY)
            return 0

    bench, (told, listen) = Bench(), heard()
    step = HostCommand(("/usr/bin/true",))
    plans = bench.service()
    plans._applying = replace(plans._applying, runner=Speaking())
    intent = both(BOB_OFF, step)
    plans.apply(plans.review(intent, bench.outlooks.fresh()), on_progress=listen, override="2")
    assert Progress(2, 2, step, State.RUNS, CANARY) in told
    assert CANARY not in repr(bench.journal.entries)


def both(intent, step):
    """The intent's steps and one more."""
    return lambda snapshot: Draft("two things", (*intent(snapshot).steps, step))


def test_of_an_answer_only_known_fields_are_written_down():
    bench = Bench()
    token = ApiCall("POST", ("access", "users", "bob@pve", "token", "ci"))
    report = bench.apply(lambda snapshot: Draft("add an API token", (token,)))
    (result,) = [entry for entry in bench.journal.entries if entry.event == "result"]
    secret = report.results[0].answer["value"]
    assert result.text == "full-tokenid=bob@pve!ci"
    assert len(secret) > 30
    assert secret not in repr(bench.journal.entries)
    assert secret not in repr(report)


def test_secrets_of_a_step_are_in_no_record():
    bench = Bench()
    step = ApiCall(
        "POST", ("access", "users"), {"userid": "new@pve"}, {"password": Secret(f"{CANARY}-long")}
    )
    report = bench.apply(lambda snapshot: Draft("add a user", (step,)))
    assert report.ok
    for record in (report, bench.journal.entries, bench.saved.all()):
        assert CANARY not in repr(record)
    assert CANARY not in "".join(one.to_json() for one in bench.saved.all())


def test_what_goes_on_in_the_background_is_remarked():
    bench = Bench()
    call, upid = bench.api.call, "UPID:pve1:00000001:00000001:00000001:realmsync:pve:root@pam:"
    bench.api.call = lambda method, *given, **named: (
        call(method, *given, **named) if method == "GET" else upid
    )
    sync = ApiCall("POST", ("access", "domains", "pve", "sync"))
    plan = bench.review(lambda snapshot: Draft("sync pve", (sync,)))
    report = bench.plans.apply(plan, override=plan.confirm)
    assert report.remarks == ("Step 1 goes on as a task of PVE's: see its task list.",)
    assert bench.journal.entries[2].text == f"task={upid}"


def test_a_task_is_told_by_its_name():
    from pve_auth_tui.services.report import told

    upid = "UPID:pve1:00000001:00000001:00000001:realmsync:corp:root@pam:"
    assert told(upid) == f"task={upid}"
    assert told("anything else") == told(None) == told(["id"]) == ""
    assert told({"id": "a\nb", "value": CANARY, "recovery": [CANARY]}) == r"id=a\nb"


# --- the node is not as it was ---------------------------------------------------------------


def test_a_plan_made_on_an_older_state_is_made_anew_and_not_run():
    bench = Bench()
    plan = bench.review(remove(["ann@pve"]))
    bench.behind_our_back("PUT", "/access/users/ann@pve", groups="")
    with pytest.raises(PlanChanged) as caught:
        bench.plans.apply(plan, override=plan.confirm)
    assert caught.value.plan.touched != plan.touched
    assert bench.api.writes == []
    assert bench.journal.entries == []
    report = bench.plans.apply(caught.value.plan, override=caught.value.plan.confirm)
    assert report.ok


def test_what_has_nothing_to_do_with_the_plan_may_change_meanwhile():
    bench = Bench()
    plan = bench.review(BOB_OFF)
    bench.behind_our_back("PUT", "/access/users/eve@pve", comment="new")
    assert bench.plans.apply(plan).ok


def test_what_somebody_did_meanwhile_is_an_answer_of_its_own():
    bench = Bench()
    plan = bench.review(BOB_OFF)
    bench.behind_our_back("PUT", "/access/users/bob@pve", enable=0)
    with pytest.raises(Refused, match="disabled already"):
        bench.plans.apply(plan)
    assert bench.journal.entries == []


def test_what_others_change_while_it_runs_is_told_apart():
    bench = Bench()
    bench.api.before[1] = lambda: bench.behind_our_back(
        "PUT", "/access/users/eve@pve", comment="hello"
    )
    report = bench.apply(BOB_OFF)
    assert report.ok
    assert report.others == ("user eve@pve: comment is hello, was empty.",)


def test_a_node_that_is_not_as_foretold_is_told():
    bench = Bench()
    bench.api.after[1] = lambda: bench.behind_our_back("PUT", "/access/users/bob@pve", enable=1)
    report = bench.apply(BOB_OFF)
    assert not report.ok
    assert report.differences == ("user bob@pve: enable is 1, not 0.",)
    assert bench.journal.told[-1] == "end 0 ok, 1 differences"


# --- not possible now --------------------------------------------------------------------------


@pytest.mark.parametrize("intent", [BOB_OFF, THREE_OFF])
def test_without_quorum_nothing_is_tried(intent):
    bench = Bench()
    plan = bench.review(intent)
    bench.node.faults.quorate = False
    bench.node.disk.write(
        "etc/pve/.members",
        b'{"nodename":"pve1","version":1,"cluster":'
        b'{"name":"c","version":1,"nodes":2,"quorate":1},"nodelist":{}}',
    )
    with pytest.raises(Refused, match="no quorum"):
        bench.plans.apply(plan)
    assert bench.api.writes == []
    assert bench.journal.entries == []


def test_a_lock_that_is_held_fails_the_step_and_nothing_is_changed():
    bench = Bench()
    plan = bench.review(BOB_OFF)
    bench.node.faults.held_locks.add("file-user_cfg")
    report = bench.plans.apply(plan)
    assert states(report) == [State.FAILED]
    assert isinstance(report.results[0].error, Refused)
    assert str(report.results[0].error) == (
        "Could not disable bob@pve: somebody else is changing user.cfg, so nothing was changed."
    )
    assert report.nothing_done
    assert not report.undoable
    assert bench.journal.told == [
        "begin 0",
        "intent 1",
        "result 1 failed: Refused",
        "end 0 failed: 0 of 1 done, 1 failed",
    ]
    assert bench.plans.history() == ()


def test_a_way_that_is_dead_is_no_way_to_change_anything():
    bench = Bench()
    plan = bench.review(BOB_OFF)
    bench.api.dead = silent(unsure=False)
    with pytest.raises(Refused, match="PVE's API does not answer"):
        bench.plans.apply(plan)
    assert bench.journal.entries == []


def test_read_only_changes_nothing():
    bench = Bench()
    bench.nodes._read_only = True
    with pytest.raises(Refused, match="--read-only"):
        bench.apply(BOB_OFF)
    assert bench.api.writes == []


def test_read_only_runs_no_command_either():
    bench = Bench()
    bench.nodes._read_only = True
    node = bench.outlooks.fresh().node
    assert "--read-only" in why_not((HostCommand(("/usr/bin/true",)),), node)


def test_another_call_with_the_same_effect_is_another_plan():
    plan = Bench().review(BOB_OFF)
    (step,) = plan.steps
    other = replace(step, params={**step.params, "append": 1})
    assert same(plan, replace(plan))
    assert not same(plan, replace(plan, steps=(other,)))


JOIN = HostStep(("/usr/sbin/realm", "join", "a"), Secret("pw"), 90.0, Joined("a"))
NEW = HostFile("/etc/x", "y", 0o600, "ab")


@pytest.mark.parametrize(
    ("step", "other", "is_same"),
    [
        (JOIN, replace(JOIN, stdin=Secret("another")), True),
        (JOIN, replace(JOIN, stdin=None), False),
        (JOIN, replace(JOIN, goal=Joined("b")), False),
        (JOIN, replace(JOIN, argv=("/usr/sbin/realm", "join", "b")), False),
        (NEW, replace(NEW, content="z"), False),
        (NEW, replace(NEW, content=None), False),
        (NEW, replace(NEW, mode=0o644), False),
        (NEW, replace(NEW, expected="cd"), False),
        (NEW, replace(NEW), True),
    ],
)
def test_of_a_step_on_the_node_all_counts_but_the_secret(step, other, is_same):
    plan = replace(Bench().review(BOB_OFF), steps=(step,))
    assert same(plan, replace(plan, steps=(other,))) is is_same


def test_a_heavy_plan_needs_its_word():
    bench = Bench(users=f"{USERS}token:bob@pve!ci:0:1::\n")  # its secret never comes back
    plan = bench.review(removal.remove([Key("token", "bob@pve!ci")]))
    assert plan.weight is Weight.HEAVY
    for typed in ("", "yes", f"{plan.confirm} "):
        with pytest.raises(Refused, match="HEAVY"):
            bench.plans.apply(plan, override=typed)
    assert bench.api.writes == []
    assert bench.plans.apply(plan, override=plan.confirm).ok


def test_what_the_guard_refuses_needs_its_word_and_leaves_it_in_the_journal():
    bench = Bench()
    plan = bench.review(switch(["root@pam"], enable=False))
    assert plan.refusal
    with pytest.raises(Refused) as caught:
        bench.plans.apply(plan)
    assert str(caught.value) == plan.refusal
    assert bench.api.writes == []
    report = bench.plans.apply(plan, override=plan.confirm, reason="we mean it")
    assert report.ok
    begin = bench.journal.entries[0]
    assert begin.reason == f"overridden: {plan.refusal} we mean it"


def test_without_a_journal_nothing_is_changed():
    bench = Bench()
    bench.journal.full_after = 0
    with pytest.raises(Refused, match="journal takes no entries, so nothing was changed"):
        bench.apply(BOB_OFF)
    assert bench.api.writes == []
    assert bench.saved.all() == []


def test_without_a_record_for_undo_nothing_is_changed(monkeypatch):
    bench = Bench()

    def full(applied):
        raise Unreadable("The disk is full.")

    monkeypatch.setattr(bench.saved, "put", full)
    with pytest.raises(Refused, match="way back could not be prepared, so nothing was changed"):
        bench.apply(BOB_OFF)
    assert bench.api.writes == []
    assert bench.journal.told == ["begin 0", "end 0 failed: Unreadable"]


# --- it ends half-way -----------------------------------------------------------------------


def test_after_a_failure_nothing_more_is_run_and_the_done_part_can_be_taken_back():
    bench = Bench()
    bench.api.before[2] = lambda: bench.behind_our_back("DELETE", "/access/users/bob@pve")
    report = bench.apply(THREE_OFF)
    assert states(report) == [State.DONE, State.FAILED, State.NOT_RUN]
    assert len(bench.api.writes) == 2
    assert bench.user("eve@pve").enable
    assert report.differences == ()
    assert report.others == ("user bob@pve is not there any more.",)
    assert bench.journal.told[-1] == "end 0 failed: 1 of 3 done, 1 failed, 1 not run"
    assert str(report.results[1].error).startswith("Could not carry out step 2 of 3: ")
    assert report.undoable
    back = bench.apply(bench.plans.undo())
    assert back.ok
    assert [one.step.path[-1] for one in back.results] == ["ann@pve"]
    assert bench.user("ann@pve").enable


def test_a_journal_that_takes_no_more_ends_the_plan():
    bench = Bench()
    bench.journal.full_after = 3  # begin, intent and result of the first step
    report = bench.apply(THREE_OFF)
    assert states(report) == [State.DONE, State.NOT_RUN, State.NOT_RUN]
    assert len(bench.api.writes) == 1
    assert report.undoable
    assert report.differences[0] == "The journal took no more entries: No space left on device."
    assert not report.ok


def test_a_result_that_nobody_took_ends_the_plan_too():
    bench = Bench()
    bench.journal.full_after = 2
    report = bench.apply(THREE_OFF)
    assert states(report) == [State.DONE, State.NOT_RUN, State.NOT_RUN]
    assert report.undoable


def test_one_result_that_was_not_taken_is_enough_to_end_the_plan():
    bench = Bench()

    def hiccup(entry):
        if (entry.event, entry.step) == ("result", 1):
            raise Unwritable("No space left on device.", "Make room.")

    bench.journal.on_write = hiccup
    assert states(bench.apply(THREE_OFF)) == [State.DONE, State.NOT_RUN, State.NOT_RUN]
    assert bench.journal.told[-1].startswith("end 0 failed: 1 of 3 done, 2 not run")


def test_what_a_place_of_the_journal_did_not_take_is_remarked():
    bench = Bench()
    bench.journal.problems = ("Not in the cluster's log: busy",)
    report = bench.apply(BOB_OFF)
    assert report.ok
    assert report.remarks == ("Not in the cluster's log: busy",)


def test_a_bug_leaves_its_kind_in_the_journal_and_nothing_else():
    bench = Bench()

    def bug():
        raise ZeroDivisionError(CANARY)

    bench.api.before[2] = bug
    with pytest.raises(ZeroDivisionError):
        bench.apply(THREE_OFF)
    assert bench.journal.told[-2:] == [
        "result 2 broken off: ZeroDivisionError",
        "end 0 broken off: ZeroDivisionError",
    ]
    assert CANARY not in repr(bench.journal.entries)
    assert not bench.plans.busy
    back = bench.apply(bench.plans.undo())  # what was foretold, as far as it happened
    assert back.ok
    assert bench.user("ann@pve").enable


# --- nobody knows -----------------------------------------------------------------------------


def loses_its_answer(bench, number, *, done):
    """The n-th write gets no answer, after or before it was carried out."""

    def die():
        raise silent(unsure=True)

    (bench.api.after if done else bench.api.before)[number] = die


def test_a_step_without_an_answer_that_was_carried_out_is_seen_by_reading_back():
    bench = Bench()
    loses_its_answer(bench, 2, done=True)
    report = bench.apply(THREE_OFF)
    assert states(report) == [State.DONE, State.DONE, State.NOT_RUN]
    assert report.results[1].seen is True
    assert "result 2 unsure: Unreachable" in bench.journal.told
    assert "result 2 ok, seen by reading back" in bench.journal.told
    assert bench.user("eve@pve").enable
    bench.apply(bench.plans.undo())
    assert bench.user("bob@pve").enable


def test_a_step_without_an_answer_that_was_not_carried_out_is_seen_too():
    bench = Bench()
    loses_its_answer(bench, 1, done=False)
    report = bench.apply(BOB_OFF)
    assert states(report) == [State.FAILED]
    assert report.results[0].seen is False
    assert bench.journal.told[2:4] == [
        "result 1 unsure: Unreachable",
        "result 1 failed: Unreachable, seen by reading back",
    ]
    assert not report.undoable


def test_what_reading_back_cannot_show_stays_unsure():
    bench = Bench()
    loses_its_answer(bench, 1, done=True)
    bench.api.before[1] = lambda: bench.behind_our_back(
        "PUT", "/access/users/bob@pve", comment="and more"
    )
    report = bench.apply(BOB_OFF)
    assert states(report) == [State.UNSURE]
    assert report.undoable  # as it is now, whoever did it


def test_a_way_that_dies_in_mid_plan_is_read_back_from_the_files():
    bench = Bench()

    def die():
        bench.api.dead = silent(unsure=False)
        raise silent(unsure=True)

    bench.api.after[2] = die
    report = bench.apply(THREE_OFF)
    assert states(report) == [State.DONE, State.DONE, State.NOT_RUN]
    assert not report.node.asks_pve
    assert report.differences == ()


def test_where_nothing_can_be_read_back_the_report_says_so():
    bench = Bench()
    bench.outlooks._pictures = bench.nodes  # as from another host: there are no files

    def die():
        bench.api.dead = silent(unsure=False)
        raise silent(unsure=True)

    bench.api.after[1] = die
    report = bench.apply(BOB_OFF)
    assert states(report) == [State.UNSURE]
    assert report.differences == ("What the node says now could not be read: No answer came.",)
    assert not report.ok
    (applied,) = bench.plans.history()
    assert applied.changes[0].key == Key("user", "bob@pve")


# --- stopping -----------------------------------------------------------------------------------


def test_after_stop_the_running_step_ends_and_the_rest_does_not_start():
    bench = Bench()
    bench.api.before[2] = bench.plans.stop
    report = bench.apply(THREE_OFF)
    assert states(report) == [State.DONE, State.DONE, State.NOT_RUN]
    assert report.stopped
    assert not report.ok
    assert bench.journal.told[-1] == "end 0 stopped: 2 of 3 done, 1 not run"
    assert report.undoable


def test_a_stop_in_the_last_step_stops_nothing():
    bench = Bench()
    bench.api.before[1] = bench.plans.stop
    report = bench.apply(BOB_OFF)
    assert report.ok
    assert not report.stopped


def test_a_stop_holds_for_one_plan():
    bench = Bench()
    bench.api.before[1] = bench.plans.stop
    bench.apply(BOB_OFF)
    assert bench.apply(switch(["ann@pve", "eve@pve"], enable=False)).ok


def test_a_stop_at_the_very_end_of_a_plan_is_not_for_the_next_one(monkeypatch):
    bench = Bench()
    end = bench.plans._idle.set

    def stopped_just_before():
        bench.plans.stop()
        end()

    monkeypatch.setattr(bench.plans._idle, "set", stopped_just_before)
    assert bench.apply(BOB_OFF).ok
    monkeypatch.undo()
    assert bench.apply(switch(["eve@pve"], enable=False)).ok


def test_a_stop_while_nothing_runs_stops_nothing():
    bench = Bench()
    bench.plans.stop()
    assert bench.apply(THREE_OFF).ok


def test_two_plans_never_run_at_once():
    bench = Bench()
    refused = []
    other = bench.service()

    def second():
        assert bench.plans.busy
        assert not bench.plans.wait(0.0)
        for plans in (bench.plans, other):  # in this process, and in another session
            with pytest.raises(Refused) as caught:
                plans.apply(plan)
            refused.append(str(caught.value))

    plan = bench.review(switch(["eve@pve"], enable=False))
    bench.api.before[1] = second
    bench.apply(BOB_OFF)
    assert refused[0] == "Another plan is running."
    assert refused[1].startswith("Another session of this program is changing something")
    assert bench.plans.wait(0.0)
    assert not bench.plans.busy


def test_whoever_waits_hears_when_it_has_ended():
    bench = Bench()
    runs, go = threading.Event(), threading.Event()

    def hold():
        runs.set()
        assert go.wait(30)

    bench.api.before[1] = hold
    plan = bench.review(BOB_OFF)
    thread = threading.Thread(target=bench.plans.apply, args=(plan,))
    thread.start()
    assert runs.wait(30)
    assert not bench.plans.wait(0.01)
    go.set()
    assert bench.plans.wait(30)
    thread.join(30)


def test_a_plan_of_several_changes_runs_as_one():
    bench = Bench()
    report = bench.apply(together([BOB_OFF, switch(["eve@pve"], enable=False)]))
    assert report.ok
    assert states(report) == [State.DONE, State.DONE]


def test_nothing_that_pve_says_is_taken_for_our_own_error():
    bench = Bench()

    def refuse():
        raise ApiError(500, "something\nstrange")

    bench.api.before[1] = refuse
    report = bench.apply(BOB_OFF)
    assert str(report.results[0].error) == "Could not disable bob@pve: PVE says: something strange."
