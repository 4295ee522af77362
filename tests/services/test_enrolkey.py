"""A security key from the plan to the entry, on a simulated node that checks it as PVE does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pve_auth_tui.adapters.proofs import MemoryProofs
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.core.errors import ApiError, Unreachable, Unwritable
from pve_auth_tui.core.intents import factors
from pve_auth_tui.core.keyids import Holding
from pve_auth_tui.core.keys import KeyPlace, Phase
from pve_auth_tui.core.keytrouble import Back, KeyTrouble, Kind
from pve_auth_tui.core.plan import ApiCall, KeyCall, Plan, Step, Weight
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Datacenter
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.services.enrolkey import KeyEnrolService, NotEnrolled
from pve_auth_tui.services.keyrunner import KeyRunner
from pve_auth_tui.services.plans import PlanChanged
from pve_auth_tui.services.report import Report, State
from tests.cli.enrolling import Bench
from tests.services.factor_node import KNOWN_AS, WITHOUT
from tests.services.keystand import PATH, PIN, StandHands, StandKey, StandKeys

TOUCHED = [Phase.OPENING, Phase.ASKING, Phase.WORKING, Phase.TOUCH, Phase.SENDING]
MARK_STAYS = "No entry was stored. PVE keeps a mark in user.cfg (keys=x), which does nothing."


class Lab(Bench):
    """A node whose calls are counted, with one key in its USB. `fails`: raised by that call."""

    def __init__(self, key: StandKey | None = None) -> None:
        super().__init__()
        self.key = key or StandKey()
        self.keys = StandKeys(self.key)
        self.hands = StandHands()
        self.marks = MemoryProofs()
        self.calls: list[Step] = []
        self.fails: dict[int, Exception] = {}
        self.lost = False
        self.twist: Callable[[dict[str, Any]], object] | None = None  # of what PVE asks the key
        self.service = KeyEnrolService(
            self.keys, self.workshop.plans, self, self.clock, lambda: KNOWN_AS, proofs=self.marks
        )

    def run(self, step: Step, on_line: Any) -> Any:
        self.calls.append(step)
        error = self.fails.get(len(self.calls))
        if error is not None and not self.lost:
            raise error
        answer = StepRunner(lambda: self.api).run(step, on_line)
        if error is not None:
            raise error
        if self.twist is not None and "challenge" in answer:
            asked = json.loads(answer["challenge"])
            self.twist(asked["publicKey"])
            answer = {**answer, "challenge": json.dumps(asked)}
        return answer

    def plan(self, userid: str = WITHOUT, description: str = "rack 9") -> Plan:
        outlook = self.workshop.outlooks.fresh()
        return self.workshop.plans.review(factors.add_key(userid, description), outlook)

    def register(self, plan: Plan | None = None) -> Report:
        return self.service.enrol(plan or self.plan(), PATH, self.hands)

    def ended(self, plan: Plan | None = None) -> NotEnrolled:
        with pytest.raises(NotEnrolled) as caught:
            self.register(plan)
        return caught.value

    def entries(self, userid: str = WITHOUT) -> tuple[TfaEntry, ...]:
        tfa = self.snapshot.tfa.value
        assert tfa is not None
        user = tfa.users.get(userid)
        return user.entries if user else ()

    def mark_of(self, userid: str = WITHOUT) -> str:
        access = self.snapshot.access.value
        assert access is not None
        return access.users[userid].keys or ""


@pytest.fixture
def lab() -> Lab:
    return Lab()


# --- the plan ---------------------------------------------------------------------------------


def test_the_plan_says_what_it_does_and_how_it_is_taken_back(lab: Lab) -> None:
    plan = lab.plan()
    assert plan.title == "enrol security key rack 9 for nina@pve"
    assert [type(step) for step in plan.steps] == [ApiCall, KeyCall]
    assert (WITHOUT, "new WebAuthn rack 9") in plan.changes
    assert [(one.method, one.path[:3]) for one in plan.back.steps if isinstance(one, ApiCall)] == [
        ("DELETE", ("access", "tfa", WITHOUT))
    ]
    assert not plan.unforeseen


def test_the_entry_is_as_foretold_and_undo_removes_it(lab: Lab) -> None:
    report = lab.register()
    assert (report.ok, report.undoable, report.differences) == (True, True, ())
    (entry,) = lab.entries()
    assert (entry.type, entry.description, entry.enable) == ("webauthn", "rack 9", True)
    plans = lab.workshop.plans
    undo = plans.review(plans.undo(report.id), lab.workshop.outlooks.fresh())
    assert plans.apply(undo, override=undo.confirm).ok
    assert lab.entries() == ()


def test_the_usual_runner_makes_no_answer_of_a_key(lab: Lab) -> None:
    report = lab.workshop.plans.apply(lab.plan())
    assert [one.state for one in report.results] == [State.DONE, State.FAILED]
    assert lab.entries() == ()


# --- the flow -----------------------------------------------------------------------------------


def test_between_the_touch_and_the_entry_there_is_one_call(lab: Lab) -> None:
    at_touch: list[int] = []
    lab.key.on_touch = lambda: at_touch.append(len(lab.calls))
    assert lab.register().ok
    assert at_touch == [1]
    assert len(lab.calls) == 2
    assert lab.hands.phases == TOUCHED
    assert lab.key.closed == 1


def test_what_is_sent_with_the_keys_answer_is_what_pves_own_page_sends(lab: Lab) -> None:
    assert lab.register().ok
    asked, answered = lab.calls
    assert isinstance(asked, ApiCall)
    assert isinstance(answered, ApiCall)
    assert asked.params == {"type": "webauthn", "description": "rack 9"}
    assert answered.params == {"type": "webauthn"}
    assert set(answered.secrets) == {"challenge", "value"}


def test_the_pin_is_forgotten_when_the_key_has_answered_or_failed(
    lab: Lab, monkeypatch: Any
) -> None:
    made: list[KeyRunner] = []

    class Remembered(KeyRunner):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            made.append(self)

    monkeypatch.setattr("pve_auth_tui.services.enrolkey.KeyRunner", Remembered)
    lab.key.wanted_pin = PIN
    lab.hands.pins = [PIN, PIN]
    assert lab.register().ok
    lab.fails = {4: ApiError(500, "no such challenge")}
    lab.ended(lab.plan("erik@pve", "rack 10"))
    assert [runner._pin for runner in made] == [None, None]


def test_the_touch_is_counted_down_from_what_is_left_of_the_challenge(lab: Lab) -> None:
    lab.key.wanted_pin = PIN
    lab.hands.pins = [PIN]
    lab.hands.on_pin = lambda: forward(lab, 60)
    assert lab.register().ok
    assert lab.key.asked[0]["timeout"] == 110_000
    assert lab.hands.seconds[lab.hands.phases.index(Phase.TOUCH)] == 50.0
    assert lab.hands.seconds[lab.hands.phases.index(Phase.PIN)] == 0.0


def test_a_challenge_that_grew_old_at_the_pin_is_asked_for_anew_without_a_word(lab: Lab) -> None:
    lab.key.wanted_pin = PIN
    lab.hands.pins = [PIN]
    lab.hands.on_pin = lambda: forward(lab, 400)
    assert lab.register().ok
    first, renewed, _ = lab.calls
    assert first == renewed
    challenges = [options["challenge"] for options in lab.key.asked]
    assert len(challenges) == len(set(challenges)) == 2
    assert len(lab.hands.asked) == 1  # the PIN is not asked for twice


def test_a_wrong_pin_that_came_late_is_asked_for_again(lab: Lab) -> None:
    lab.key.wanted_pin = PIN
    lab.hands.pins = ["1111", PIN]
    lab.hands.on_pin = lambda: forward(lab, 100)
    assert lab.register().ok
    assert [asked.wrong for asked in lab.hands.asked] == [False, True]


def test_89_seconds_are_not_old(lab: Lab) -> None:
    lab.key.wanted_pin = PIN
    lab.hands.pins = [PIN]
    lab.hands.on_pin = lambda: forward(lab, 89)
    assert lab.register().ok
    assert len(lab.calls) == 2


def test_the_journal_has_both_steps_and_neither_challenge_nor_answer(lab: Lab) -> None:
    lab.key.wanted_pin = PIN
    lab.hands.pins = [PIN]
    lab.register()
    assert lab.journal.told == [
        "begin 0",
        "intent 1",
        "result 1 ok",
        "intent 2",
        "result 2 ok",
        "end 0 ok",
    ]
    text = repr(lab.journal.entries)
    call = lab.calls[-1]
    assert isinstance(call, ApiCall)
    secrets = [secret.reveal() for secret in call.secrets.values()]
    assert all(len(secret) > 40 and secret not in text for secret in secrets)
    assert PIN not in text


def test_a_new_key_is_noted_as_never_proved(lab: Lab) -> None:
    lab.register()
    (entry,) = lab.entries()
    mark = Mark(WITHOUT, entry.id, How.ENROLLED, lab.clock.at, "pve1", "example.com")
    assert lab.marks.all() == {(WITHOUT, entry.id): mark}


def test_a_mark_that_cannot_be_written_spoils_nothing(lab: Lab, monkeypatch: Any) -> None:
    def full(mark: Mark) -> None:
        raise Unwritable("No space left on device.")

    monkeypatch.setattr(lab.marks, "put", full)
    report = lab.register()
    assert report.ok
    assert "could not be noted: No space left on device." in report.remarks[-1]


# --- what ends it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [Kind.UNPLUGGED, Kind.SILENT, Kind.TIMEOUT, Kind.DECLINED, Kind.PIN_BLOCKED, Kind.KEY_FULL],
)
def test_a_key_that_fails_at_the_touch_leaves_nothing_but_the_mark(lab: Lab, kind: Kind) -> None:
    def fail() -> None:
        raise KeyTrouble(kind, "the key's own words")

    lab.key.on_touch = fail
    ended = lab.ended()
    assert (ended.kind, ended.original) == (kind, "the key's own words")
    assert ended.stays == MARK_STAYS
    assert ended.report is not None
    assert [one.state for one in ended.report.results] == [State.DONE, State.FAILED]
    assert (lab.entries(), lab.mark_of(), len(lab.calls)) == ((), "x", 1)
    assert lab.journal.told[-2:] == [
        f"result 2 failed: KeyTrouble {kind.value}",
        "end 0 failed: 1 of 2 done, 1 failed",
    ]
    assert lab.key.closed == 1
    assert not lab.marks.all()


def test_whoever_gives_up_at_the_touch_sends_nothing(lab: Lab) -> None:
    lab.key.on_touch = lambda: setattr(lab.hands, "gone", True)
    ended = lab.ended()
    assert (ended.kind, ended.back, ended.stays) == (Kind.CANCELLED, Back.CLOSE, MARK_STAYS)
    assert (lab.entries(), len(lab.calls)) == ((), 1)


def test_an_answer_that_came_after_giving_up_is_not_sent(lab: Lab) -> None:
    register = lab.key.register

    def late(*args: Any) -> Any:
        answer = register(*args)
        lab.hands.gone = True
        return answer

    lab.key.register = late  # type: ignore[method-assign]
    assert lab.ended().kind is Kind.CANCELLED
    assert (lab.entries(), len(lab.calls)) == ((), 1)


def test_whoever_gives_up_before_pve_is_asked_changes_nothing(lab: Lab) -> None:
    lab.hands.gone = True
    ended = lab.ended()
    assert (ended.kind, ended.stays) == (Kind.CANCELLED, "Nothing was changed.")
    assert (lab.mark_of(), lab.calls) == ("", [])


def test_no_pin_ends_it(lab: Lab) -> None:
    lab.key.wanted_pin = PIN
    assert lab.ended().kind is Kind.PIN_CANCELLED
    assert lab.entries() == ()


def test_stopping_the_plan_between_its_steps_is_giving_up(lab: Lab) -> None:
    plans = lab.workshop.plans
    with pytest.raises(NotEnrolled) as caught:
        lab.service.enrol(lab.plan(), PATH, lab.hands, on_progress=lambda told: plans.stop())
    assert (caught.value.kind, caught.value.stays) == (Kind.CANCELLED, "Nothing was changed.")


def test_a_key_that_is_not_there_is_told_before_anything_else(lab: Lab) -> None:
    lab.keys.keys.clear()
    ended = lab.ended()
    assert (ended.kind, ended.report, lab.calls) == (Kind.UNPLUGGED, None, [])


@pytest.mark.parametrize("enabled", [True, False])
def test_a_key_that_is_registered_is_told_before_pve_is_asked(lab: Lab, *, enabled: bool) -> None:
    lab.register()
    (entry,) = lab.entries()
    if not enabled:
        lab.api.call("PUT", ("access", "tfa", WITHOUT, entry.id), {"enable": 0})
    lab.calls.clear()
    ended = lab.ended()
    assert ended.kind is Kind.ALREADY
    off = "" if enabled else ", which is disabled"
    assert str(ended) == f"nina@pve has this key already: rack 9{off}."
    assert lab.calls == []


def test_a_key_that_tells_nothing_is_found_by_pves_own_list(lab: Lab) -> None:
    lab.register()
    lab.key.tells = False
    assert lab.ended().kind is Kind.ALREADY
    assert len(lab.entries()) == 1


def test_whose_entries_a_key_holds(lab: Lab) -> None:
    lab.register()
    (entry,) = lab.entries()
    held = lab.service.known(lab.key, lab.snapshot).held
    assert held == (Holding(WITHOUT, entry.id, "rack 9", True, "example.com", True),)
    assert lab.service.known(StandKey(), lab.snapshot).held == ()


def test_the_same_key_for_somebody_else_is_no_obstacle(lab: Lab) -> None:
    lab.register()
    assert lab.register(lab.plan("backup-admin@pve")).ok


# --- what PVE says --------------------------------------------------------------------------


def test_what_pve_refuses_of_the_answer_is_told_in_words(lab: Lab) -> None:
    lab.key.rp_id = "other.example"
    lab.key.flags = 0
    ended = lab.ended()
    assert ended.kind is Kind.KEY_ERROR
    assert ended.original == "The user present bit is not set, and required"
    assert str(ended) == "The key answered without a touch, and PVE wants one."
    assert lab.entries() == ()


def test_an_address_behind_several_nodes_is_told(lab: Lab) -> None:
    lab.fails = {2: ApiError(500, "no such challenge\n")}
    ended = lab.ended()
    assert (ended.kind, ended.back) == (Kind.SERVER_CHALLENGE, Back.CHALLENGE)
    assert "the challenge that it gave 0 s ago" in str(ended)
    assert "--host" in ended.hint


def test_a_challenge_that_ended_at_the_touch_is_told(lab: Lab) -> None:
    lab.key.on_touch = lambda: forward(lab, 121)
    ended = lab.ended()
    assert (ended.kind, ended.original) == (Kind.SERVER_CHALLENGE, "no such challenge")
    assert str(ended) == "It took longer than the two minutes that PVE waits."


def test_no_quorum_keeps_its_own_sentence(lab: Lab) -> None:
    lab.fails = {1: ApiError(500, "cluster not ready - no quorum?\n")}
    ended = lab.ended()
    assert ended.kind is Kind.SERVER
    assert "no quorum" in str(ended)
    assert "pvecm status" in ended.hint
    assert ended.stays == "Nothing was changed."


def test_an_answer_that_got_lost_is_looked_for(lab: Lab) -> None:
    lab.lost = True
    lab.fails = {2: Unreachable("No answer came.", unsure=True)}
    report = lab.register()
    assert [one.state for one in report.results] == [State.DONE, State.DONE]
    assert report.results[1].seen is True
    assert len(lab.entries()) == 1
    (mark,) = lab.marks.all().values()
    assert mark.how is How.ENROLLED


def test_a_call_that_got_lost_stored_nothing_and_is_told_so(lab: Lab) -> None:
    lab.fails = {2: Unreachable("No answer came.", unsure=True)}
    ended = lab.ended()
    assert (ended.kind, str(ended)) == (Kind.SERVER, "No answer came.")
    assert ended.stays == MARK_STAYS
    assert lab.entries() == ()


def test_an_answer_that_is_no_challenge_is_told(lab: Lab, monkeypatch: Any) -> None:
    monkeypatch.setattr(lab, "run", lambda step, on_line: {"challenge": "[]"})
    ended = lab.ended()
    assert (ended.kind, str(ended)) == (
        Kind.SERVER,
        "PVE asks for a new security key in a way that this program does not know.",
    )


@pytest.mark.parametrize("asked", ["com", "pve1.example.com", "example.org", "x" * 5000])
def test_a_key_makes_nothing_for_another_id_than_that_of_the_settings(lab: Lab, asked: str) -> None:
    lab.twist = lambda question: question["rp"].update(id=asked)
    ended = lab.ended()
    assert (ended.kind, ended.back) == (Kind.ORIGIN, Back.SETTINGS)
    assert f"the WebAuthn ID {asked[:80]}, and its settings say example.com" in str(ended)
    assert (lab.key.asked, len(lab.calls), lab.entries()) == ([], 1, ())
    assert (ended.stays, lab.mark_of()) == (MARK_STAYS, "x")


def test_a_challenge_for_another_id_is_refused_when_it_is_renewed_too(lab: Lab) -> None:
    lab.key.wanted_pin = PIN
    lab.hands.pins = [PIN]

    def late() -> None:
        forward(lab, 100)
        lab.twist = lambda question: question["rp"].update(id="com")

    lab.hands.on_pin = late
    assert lab.ended().kind is Kind.ORIGIN
    assert [options["rp"]["id"] for options in lab.key.asked] == ["example.com"]


def test_a_key_that_took_the_place_of_the_one_that_was_described_is_left_alone(lab: Lab) -> None:
    seen = KeyPlace(PATH, "Stand Key", "1234")
    with pytest.raises(NotEnrolled, match="is not plugged in any more") as caught:
        lab.service.enrol(lab.plan(), PATH, lab.hands, seen=seen)
    assert (caught.value.kind, caught.value.report) == (Kind.UNPLUGGED, None)
    assert (lab.calls, lab.key.closed, lab.entries()) == ([], 0, ())
    (there,) = lab.keys.scan().keys
    there = there._replace(path="/dev/hidraw0")  # where it was before it was plugged in again
    assert lab.service.enrol(lab.plan(), PATH, lab.hands, seen=there).ok


# --- again --------------------------------------------------------------------------------------


def test_again_is_the_same_plan_and_nobody_agrees_anew(lab: Lab) -> None:
    plan = lab.plan()

    def unplug() -> None:
        raise KeyTrouble(Kind.UNPLUGGED)

    lab.key.on_touch = unplug
    assert lab.ended(plan).kind is Kind.UNPLUGGED
    lab.key.on_touch = lambda: None
    assert lab.register(plan).ok
    assert len(lab.entries()) == 1


def test_again_asks_anew_where_there_is_more_to_say_than_was_agreed_to(lab: Lab) -> None:
    plan = lab.plan(description="phone")
    lab.enrolled()  # an app, called phone
    with pytest.raises(PlanChanged) as caught:
        lab.register(plan)
    said = [finding.text for finding in caught.value.plan.findings]
    assert f"{WITHOUT} has a second factor named phone already." in said
    assert lab.calls == []


def test_again_asks_anew_where_more_would_change_than_was_agreed_to(lab: Lab) -> None:
    """Even where nothing of it is a warning."""
    before = lab.disk.read("etc/pve/user.cfg")
    assert before is not None
    lab.api.call("PUT", ("access", "users", WITHOUT), {"keys": "x"})  # drops what PVE cannot read
    plan = lab.plan()
    lab.disk.write("etc/pve/user.cfg", before)
    with pytest.raises(PlanChanged) as caught:
        lab.register(plan)
    assert set(caught.value.plan.changes) > set(plan.changes)
    assert lab.calls == []


@pytest.mark.parametrize(
    "agreed", [{"refusal": "No way in."}, {"confirm": "typed"}, {"weight": Weight.HEAVY}]
)
def test_a_plan_that_asks_for_another_word_than_was_typed_is_shown_anew(
    lab: Lab, agreed: dict[str, Any]
) -> None:
    with pytest.raises(PlanChanged):
        lab.register(replace(lab.plan(), **agreed))
    assert lab.calls == []


def test_of_two_new_entries_nobody_guesses_which_is_ours(lab: Lab) -> None:
    """The answer got lost, and somebody else added one at the same time."""
    lab.fails, lab.lost = {2: Unreachable("No answer came.", unsure=True)}, True
    lab.key.on_touch = lambda: lab.api.call(
        "POST", ("access", "tfa", WITHOUT), {"type": "recovery"}
    )
    lab.register()
    assert len(lab.entries()) == 2
    assert not lab.marks.all()


def test_where_nobody_knows_whether_it_was_stored_nobody_says_that_it_was_not(lab: Lab) -> None:
    lab.fails = {2: Unreachable("No answer came.", unsure=True)}
    ended = lab.ended()
    assert ended.report is not None
    *first, last = ended.report.results
    unsure = replace(ended.report, results=(*first, replace(last, state=State.UNSURE)))
    assert NotEnrolled(ended, unsure).stays.startswith("Nobody knows whether PVE has stored")


# --- where ----------------------------------------------------------------------------------------


def test_the_origin_is_what_a_browser_would_write(lab: Lab) -> None:
    assert lab.service.origin(lab.snapshot) == "https://pve1.example.com:8006"


def test_settings_that_do_not_fit_are_told_before_the_key_is_opened(lab: Lab) -> None:
    snapshot = lab.snapshot
    settings = Datacenter({"webauthn": {"rp": "rack", "id": "other.example"}})
    datacenter = snapshot.datacenter._replace(value=settings)
    with pytest.raises(KeyTrouble, match=r"other\.example") as caught:
        lab.service.origin(replace(snapshot, datacenter=datacenter))
    assert (caught.value.kind, caught.value.back) == (Kind.ORIGIN, Back.SETTINGS)


def forward(lab: Lab, seconds: float) -> None:
    """The clock goes on."""
    lab.clock.at += seconds
