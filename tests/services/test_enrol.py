"""A new authenticator app or set of recovery keys, as far as the plan; and what PVE makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core import totp as rules
from pve_auth_tui.core.errors import ApiError, Refused, Unreachable, UsageError
from pve_auth_tui.core.otpauth import Totp, decode_base32, parse
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.qrsize import ROWS, qr_rows
from pve_auth_tui.core.recovery import keys_from
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Cluster
from pve_auth_tui.core.tfaconfig import TfaConfig
from pve_auth_tui.core.tfafile import NEVER_USED
from pve_auth_tui.services.enrol import EnrolService, NodeClock, TotpDraft
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.tfa.engine import TfaEngine
from tests.core.pictures import factor, factors, picture
from tests.core.test_totp import ADDED
from tests.services.factor_node import WITHOUT, Clock, FactorNode
from tests.services.fake_api import FakeApi


@pytest.fixture(scope="module")
def shared() -> FactorNode:
    """A node that no test of this module changes but by adding factors."""
    return FactorNode()


@pytest.fixture
def lab() -> FactorNode:
    return FactorNode()


# --- from the secret to the entry ---------------------------------------------------------


def test_an_app_is_enrolled_from_the_qr_code_to_the_entry(lab: FactorNode) -> None:
    draft = lab.enrol.start_totp(WITHOUT, lab.snapshot, " Nina's phone ")
    phone = parse(draft.qr_uri.reveal())  # what the app reads
    assert phone.secret == draft.totp.secret
    assert draft.groups.reveal().replace(" ", "") == rules.base32(phone.secret)
    assert qr_rows(draft.qr_uri.reveal()) <= ROWS
    checked = lab.enrol.check(draft, lab.phone(phone))
    assert checked == (True, 0, "The code is right.", lab.clock.at // 30 * 30 + 60)
    answer = lab.apply(lab.enrol.intent(draft, lab.phone(phone)))
    (entry,) = lab.snapshot.tfa.value.users[WITHOUT].entries
    assert (entry.id, entry.description, entry.type) == (answer["id"], "Nina's phone", "totp")
    assert parse(entry.data) == draft.totp
    assert draft.totp.issuer == "Proxmox VE - rack"


@pytest.mark.parametrize("digits", rules.DIGITS)
@pytest.mark.parametrize("period", [10, 30, 45, 60, 120])
@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
def test_pve_takes_every_kind_that_can_be_chosen(
    digits: int, period: int, algorithm: str, lab: FactorNode
) -> None:
    draft = lab.draft(digits=digits, period=period, algorithm=algorithm)
    assert qr_rows(draft.qr_uri.reveal()) <= ROWS
    for way in (draft.uri, draft.qr_uri):  # PVE would take the shorter one, too
        code = lab.phone(parse(way.reveal()))
        assert lab.enrol.check(draft, code).ok
    lab.apply(lab.enrol.intent(draft, code))
    (entry,) = lab.snapshot.tfa.value.users[WITHOUT].entries
    stored = parse(entry.data)
    assert (stored.digits, stored.period, stored.algorithm) == (digits, period, algorithm)


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize("digits", rules.DIGITS)
def test_the_core_takes_every_period_with_them(
    digits: int, algorithm: str, shared: FactorNode
) -> None:
    engine = TfaEngine(shared.node.sources, MemoryDisk({}))
    secret = decode_base32(shared.app.new_secret().reveal())
    for period in range(rules.SHORTEST, rules.LONGEST + 1):
        totp = Totp(secret, WITHOUT, "Proxmox VE - rack", digits, algorithm, period)
        assert rules.problem(totp) == ""
        code = shared.app.code(totp, shared.clock.at).reveal()
        added, _ = engine.add(
            TfaConfig({}),
            WITHOUT,
            "totp",
            description="phone",
            totp=rules.lean_uri(totp),
            value=code,
        )
        (entry,) = added.users[WITHOUT].entries
        assert rules.stored(entry) == (totp, NEVER_USED)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(rules.DIGITS), st.integers(10, 120))
def test_at_any_second_the_codes_that_pass_here_pass_at_the_node(
    shared: FactorNode, second: int, digits: int, period: int
) -> None:
    shared.clock.at = 1_795_300_860.0 + second
    draft = shared.draft(digits=digits, period=period)
    for ahead in (-2, -1, 0, 1, 2):
        code = shared.phone(draft.totp, ahead * period)
        checked = shared.enrol.check(draft, code)
        assert checked.ok == taken(shared, draft, code) == (abs(ahead) <= 1)


def taken(lab: FactorNode, draft: TotpDraft, code: str) -> bool:
    """Whether PVE takes the code for a new entry now; none is left."""
    path = ("access", "tfa", WITHOUT)
    secrets = {"totp": draft.uri, "value": Secret(code)}
    try:
        answer = lab.api.call("POST", path, {"type": "totp", "description": "phone"}, secrets)
    except ApiError as error:
        return "failed to verify TOTP challenge" not in str(error)
    lab.api.call("DELETE", (*path, answer["id"]))
    return True


def test_a_code_that_passed_is_taken_until_the_second_that_was_told(lab: FactorNode) -> None:
    draft = lab.draft()
    for ahead in (-30, 0, 30):
        code = lab.phone(draft.totp, ahead)
        until = lab.enrol.check(draft, code).until
        now, lab.clock.at = lab.clock.at, until - 1
        assert taken(lab, draft, code)
        lab.clock.at = until
        assert not taken(lab, draft, code)
        lab.clock.at = now


@pytest.mark.parametrize(
    "case",
    [case for case in ADDED if case["name"].startswith(("add-offset", "add-window"))],
    ids=lambda case: case["name"],
)
def test_recorded_codes_at_the_wrong_time_are_found_before_they_are_sent(case: Any) -> None:
    clock, lab = Clock(), FactorNode()
    clock.at = float(case["time"])
    enrol = EnrolService(lab.app, clock)
    totp = parse(case["request"]["totp"])
    draft = replace(lab.draft(period=totp.period), totp=totp)
    checked = enrol.check(draft, case["request"]["value"])
    assert checked.ok == ("error" not in case["result"])
    assert checked.offset is not None


# --- what is refused, and in which words -------------------------------------------------


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"digits": 5}, "6 to 8 digits"),
        ({"digits": 10}, "other codes than every phone"),
        ({"period": 0}, "crashes"),
        ({"period": 121}, "10 to 120"),
        ({"algorithm": "MD5"}, "PVE knows no other"),
    ],
)
def test_a_kind_that_would_not_work_is_refused(how: Any, why: str, shared: FactorNode) -> None:
    with pytest.raises(UsageError, match=why):
        shared.draft(**how)


@pytest.mark.parametrize("description", ["", "  ", "x" * 256, "a\nb"])
def test_a_description_that_is_none_is_refused(description: str, shared: FactorNode) -> None:
    with pytest.raises(UsageError):
        shared.enrol.start_totp(WITHOUT, shared.snapshot, description)


def test_nobody_who_does_not_exist_gets_a_factor(shared: FactorNode) -> None:
    with pytest.raises(UsageError, match="There is no user nobody@pve"):
        shared.draft("nobody@pve")


def test_what_speaks_against_it_is_noted_before_a_phone_is_taken_out(shared: FactorNode) -> None:
    assert any("only the provider" in note.text for note in shared.draft("anna@entra").notes)
    assert any("is locked" in note.text for note in shared.draft("anna.admin@corp").notes)
    assert shared.draft().notes == ()


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (-90, "your phone is 90 s behind, or this node's clock is ahead"),
        (60, "your phone is 60 s ahead, or this node's clock is behind"),
        (-600, "your phone is 10 min behind, or this node's clock is ahead"),
    ],
)
def test_a_phone_whose_clock_is_off_is_told_by_how_much(
    ahead: int, words: str, lab: FactorNode
) -> None:
    draft = lab.draft()
    checked = lab.enrol.check(draft, lab.phone(draft.totp, ahead))
    assert (checked.ok, checked.offset) == (False, ahead // 30)
    assert words in checked.sentence
    with pytest.raises(UsageError, match="Right secret, wrong time"):
        lab.enrol.intent(draft, lab.phone(draft.totp, ahead))


def test_a_phone_that_is_a_little_off_is_told_so_and_works(lab: FactorNode) -> None:
    draft = lab.draft()
    checked = lab.enrol.check(draft, lab.phone(draft.totp, -30))
    assert checked.ok
    assert "your phone is 30 s behind" in checked.sentence


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345x"])
def test_what_is_no_code_is_told_at_the_field(typed: str, shared: FactorNode) -> None:
    checked = shared.enrol.check(shared.draft(), typed)
    assert not checked.ok
    assert checked.sentence == rules.code_problem(typed, 6)


def test_a_code_of_another_entry_is_told_as_such(lab: FactorNode) -> None:
    checked = lab.enrol.check(lab.draft(), lab.phone(Totp(b"another secret", "x")))
    assert (checked.ok, checked.offset) == (False, None)
    assert "No code of this secret within 10 min" in checked.sentence


def test_blanks_in_a_code_do_not_reach_pve(lab: FactorNode) -> None:
    draft = lab.draft()
    code = lab.phone(draft.totp)
    (step,) = lab.enrol.intent(draft, f" {code[:3]} {code[3:]} ")(lab.snapshot).steps
    assert isinstance(step, ApiCall)
    assert step.secrets["value"].reveal() == code


def test_secrets_are_in_no_repr(lab: FactorNode) -> None:
    draft = lab.draft()
    code = lab.phone(draft.totp)
    text = f"{draft!r} {lab.enrol.intent(draft, code)(lab.snapshot)!r}"
    assert rules.base32(draft.totp.secret) not in text
    assert draft.groups.reveal() not in text
    assert repr(draft.totp.secret) not in text
    assert code not in text


# --- whose clock ---------------------------------------------------------------------------


def remote(answer: Any, lab: FactorNode) -> EnrolService:
    """Enrolment at a node that is another machine."""
    api = FakeApi(lab.snapshot, way="https", faults={"/nodes/pve1/time": answer})
    return EnrolService(lab.app, lab.clock, lambda: api)


def test_on_the_node_itself_there_is_one_clock(shared: FactorNode) -> None:
    assert shared.draft().clock == NodeClock(0.0, "")


def test_the_clock_of_another_node_decides(lab: FactorNode) -> None:
    enrol = remote({"time": int(lab.clock.at) + 95, "localtime": 0}, lab)
    draft = enrol.start_totp(WITHOUT, lab.snapshot, "phone")
    assert "The clock of pve1 is 95 s ahead of this machine's" in draft.clock.sentence
    assert not enrol.check(draft, lab.phone(draft.totp)).ok
    assert enrol.check(draft, lab.phone(draft.totp, 95)).ok
    assert enrol.now(draft) == lab.clock.at + 95


def test_clocks_that_agree_are_told_to_do_so(lab: FactorNode) -> None:
    clock = remote({"time": int(lab.clock.at) - 1}, lab).node_clock(lab.snapshot)
    assert clock.ahead == 0.0
    assert clock.sentence == "The clocks of pve1 and of this machine agree."
    behind = remote({"time": int(lab.clock.at) - 300}, lab).node_clock(lab.snapshot)
    assert "5 min behind" in behind.sentence


def test_an_answer_that_took_long_says_less_about_the_clock(lab: FactorNode) -> None:
    class Slow(FakeApi):
        def call(self, *args: Any, **more: Any) -> Any:
            told = {"time": int(lab.clock.at)}
            lab.clock.at += 10
            return told

    api = Slow(lab.snapshot, way="https")
    clock = EnrolService(lab.app, lab.clock, lambda: api).node_clock(lab.snapshot)
    assert "agree" in clock.sentence


@pytest.mark.parametrize(
    "answer",
    [
        Unreachable("gone"),
        None,
        {},
        {"time": "now"},
        {"time": 1e300},
        {"time": -5},
        {"time": float("inf")},
    ],
)
def test_a_clock_that_is_not_told_leaves_this_machines(answer: Any, lab: FactorNode) -> None:
    clock = remote(answer, lab).node_clock(lab.snapshot)
    assert clock.ahead == 0.0
    assert "could not be asked" in clock.sentence


def test_without_a_way_or_a_name_no_clock_is_asked(lab: FactorNode) -> None:
    assert EnrolService(lab.app, lab.clock).node_clock(lab.snapshot).sentence == ""
    nameless = picture(cluster=Cluster("", None, None))
    assert remote({"time": 1}, lab).node_clock(nameless).sentence == ""


def test_the_demo_can_show_what_a_phone_would(lab: FactorNode) -> None:
    draft = lab.draft(digits=8)
    assert lab.enrol.check(draft, lab.enrol.shown_by_app(draft).reveal()).ok


# --- recovery keys ---------------------------------------------------------------------------


def test_recovery_keys_are_made_once_and_then_replaced(lab: FactorNode) -> None:
    first = lab.enrol.recovery(WITHOUT, lab.snapshot)
    assert not first.replaces
    old = keys_from(lab.apply(first.intent))
    second = lab.enrol.recovery(WITHOUT, lab.snapshot)
    assert second.replaces
    new = keys_from(lab.apply(second.intent))
    assert not {key.reveal() for key in old.keys} & {key.reveal() for key in new.keys}
    (entry,) = lab.snapshot.tfa.value.users[WITHOUT].entries
    assert (entry.unused, entry.total) == (10, 10)
    with pytest.raises(Refused, match="one set only"):
        first.intent(lab.snapshot)


def test_whether_there_is_a_set_is_seen_without_its_secrets_too(lab: FactorNode) -> None:
    told = picture("user:ann@pve:1:0:::::", tfa=[factors("ann@pve", factor("recovery"))])
    assert lab.enrol.recovery("ann@pve", told).replaces


def test_the_sheet_names_user_node_and_time(lab: FactorNode) -> None:
    keys = keys_from(lab.apply(lab.enrol.recovery(WITHOUT, lab.snapshot).intent))
    text = lab.enrol.sheet(keys, WITHOUT, lab.snapshot).reveal()
    assert "SIMULATED" in text
    assert f"User      {WITHOUT}\nNode      pve1\nMade      2026-11-21 22:41\n" in text
    real = replace(lab.snapshot, demo=False)
    assert "SIMULATED" not in lab.enrol.sheet(keys, WITHOUT, real).reveal()
