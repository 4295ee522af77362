"""`enrol USER --webauthn`: what is shown, asked and told, and what ends it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from pve_auth_tui.actions import enrol
from pve_auth_tui.arguments import FAILED, INTERRUPTED, OK, REFUSED, parse
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.proofs import How
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from tests.cli.at_key import PIN, KeyBench
from tests.cli.enrolling import Ran, Typist, run_with
from tests.services.factor_node import ADDRESS, WITHOUT

MARK_STAYS = "No entry was stored. PVE keeps a mark in user.cfg (keys=x), which does nothing."

Enrolled = Callable[..., Ran]


@pytest.fixture
def enrolled(monkeypatch: pytest.MonkeyPatch) -> Enrolled:
    """Runs the command on a bench, with what is typed for it."""

    def run(
        bench: KeyBench, *words: str, typed: tuple[Any, ...] = (), is_terminal: bool = False
    ) -> Ran:
        typist = Typist(*typed, is_terminal=is_terminal)
        argv = ("enrol", WITHOUT, "--webauthn", *words)
        return run_with(
            monkeypatch, enrol.run, bench, *argv, typist=typist, is_terminal=is_terminal
        )

    return run


def key(**how: Any) -> SoftKey:
    return SoftKey(script=Script(touch_delay=0.02), **how)


# --- the way through -------------------------------------------------------------------------


def test_a_key_is_enrolled_and_proved_by_a_login(enrolled: Enrolled) -> None:
    bench = KeyBench(key())
    ran = enrolled(bench, "--yes", typed=(PASSWORD,), is_terminal=True)
    assert ran.code == OK
    (entry,) = bench.entries()
    assert entry.description.startswith("Software key 0001 ")
    assert "enrol security key Software key 0001" in ran.out
    assert f"ok    {ADDRESS} took the password of {WITHOUT} and a security key." in ran.out
    for phase in ("Asking PVE for a challenge.", "Touch the key now.", "Sending the key's answer"):
        assert phase in ran.err
    assert bench.marks.all()[WITHOUT, entry.id].how is How.LOGIN


def test_no_password_means_a_signature_alone(enrolled: Enrolled) -> None:
    bench = KeyBench(key())
    ran = enrolled(bench, "--yes", "--description", "rack 9", typed=("",), is_terminal=True)
    assert ran.code == OK
    assert "the signature fits the public key that PVE has stored of rack 9." in ran.out
    assert "-     Not proved: the password: none was given." in ran.out
    (mark,) = bench.marks.all().values()
    assert (mark.how, bench.logins) == (How.SIGNATURE, 0)


def test_where_nobody_is_there_the_proof_is_left_for_later(enrolled: Enrolled) -> None:
    bench = KeyBench(key())
    ran = enrolled(bench, "--yes")
    assert ran.code == OK
    assert f"Nothing has proved it yet: pve-auth-tui prove {WITHOUT}" in ran.err
    (mark,) = bench.marks.all().values()
    assert mark.how is How.ENROLLED


def test_password_and_pin_from_standard_input(enrolled: Enrolled) -> None:
    bench = KeyBench(key(pin=PIN, make_cred_uv_not_rqd=False))
    ran = enrolled(bench, "--yes", "--json", "--password-stdin", typed=(PASSWORD, PIN))
    assert ran.code == OK
    assert ran.value["proof"]["logged_in"] is True
    assert ran.value["proof"]["used"] == "webauthn"
    (entry,) = bench.entries()
    assert ran.value["proof"]["entry"] == entry.id
    assert PIN not in ran.out + ran.err


def test_a_wrong_pin_is_asked_for_again_with_the_tries_that_are_left(enrolled: Enrolled) -> None:
    asked: list[str] = []
    bench = KeyBench(key(pin=PIN, make_cred_uv_not_rqd=False))
    lines = iter(["1111", PIN, ""])

    def record(question: str) -> str:
        asked.append(question)
        return next(lines)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.cli.enrolling.Typist.readline", lambda self: "\n")
        patch.setattr("tests.cli.enrolling.asking._asked", record)
        patch.setattr("sys.stdin", Typist(is_terminal=True))
        code, _ = enrol.run(options("--yes"), bench.workshop)
    assert code == OK
    assert asked[:2] == [
        "PIN of the security key (8 tries left): ",
        "That is not the key's PIN. PIN of the security key (7 tries left): ",
    ]
    assert len(bench.entries()) == 1


def test_a_wrong_pin_from_standard_input_is_tried_once(enrolled: Enrolled) -> None:
    stick = key(pin=PIN, make_cred_uv_not_rqd=False)
    bench = KeyBench(stick)
    ran = enrolled(bench, "--yes", "--json", "--password-stdin", typed=("", "1111", "2222"))
    assert ran.code == FAILED
    assert ran.value["error"]["kind"] == "pin-wrong"
    assert stick.pin.tries == 7
    assert bench.entries() == ()


def test_a_dry_run_needs_no_key_and_sends_nothing(enrolled: Enrolled) -> None:
    bench = KeyBench()
    ran = enrolled(bench, "--dry-run", "--description", "rack 9")
    assert ran.code == OK
    assert "new WebAuthn rack 9" in ran.out
    assert "# what the security key answers to that goes to POST /access/tfa/nina@pve" in ran.out
    assert bench.entries() == ()


# --- which key ---------------------------------------------------------------------------------


def test_without_a_key_the_reason_is_told(enrolled: Enrolled) -> None:
    bench = KeyBench()
    bench.bus.machine = "kvm"
    with pytest.raises(AuthTuiError, match="none is a security key") as caught:
        enrolled(bench, "--yes")
    assert "qm set <id> -usb0" in caught.value.hint


def test_a_key_that_may_not_be_opened_is_told(enrolled: Enrolled) -> None:
    bench = KeyBench(key())
    bench.bus.denied.add(bench.paths[0])
    ran = enrolled(bench, "--yes", "--key", bench.paths[0])
    assert ran.code == FAILED
    assert "Run this program as root on the node." in ran.err


def test_of_several_keys_the_one_that_is_touched(enrolled: Enrolled) -> None:
    first, second = key(serial="soft-1111"), key(serial="soft-2222")
    first.script.touch = "never"
    bench = KeyBench(first, second)
    ran = enrolled(bench, "--yes")
    assert ran.code == OK
    assert "2 keys: Software key 1111 and Software key 2222." in ran.err
    assert (len(first.credentials), len(second.credentials)) == (0, 1)


def test_the_key_that_is_named(enrolled: Enrolled) -> None:
    bench = KeyBench(key(), key())
    assert enrolled(bench, "--yes", "--key", bench.paths[1]).code == OK
    with pytest.raises(UsageError, match="/dev/sda is no security key") as caught:
        enrolled(bench, "--yes", "--key", "/dev/sda")
    assert bench.paths[0] in caught.value.hint


def test_a_key_that_is_registered_already_is_told_with_its_entry(enrolled: Enrolled) -> None:
    bench = KeyBench(key())
    enrolled(bench, "--yes", "--description", "rack 9")
    ran = enrolled(bench, "--yes", "--json")
    assert ran.code == FAILED
    assert ran.value["error"]["kind"] == "already"
    assert "rack 9" in ran.value["error"]["message"]
    assert len(bench.entries()) == 1


# --- what ends it -------------------------------------------------------------------------------


def test_ctrl_c_at_the_touch_ends_it_and_tells_what_stays(enrolled: Enrolled) -> None:
    stick = key()
    stick.script.touch = "never"
    bench = KeyBench(stick)
    interrupt_at(bench, "touch")
    ran = enrolled(bench, "--yes")
    assert ran.code == INTERRUPTED
    assert MARK_STAYS in ran.err
    assert bench.entries() == ()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_at_the_pin_ends_it(enrolled: Enrolled) -> None:
    bench = KeyBench(key(pin=PIN, make_cred_uv_not_rqd=False))

    def press(seen: str) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return PIN

    ran = enrolled(bench, "--yes", typed=(press,))
    assert ran.code == INTERRUPTED
    assert bench.entries() == ()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (Script(touch_delay=0.0, unplug_at="touch"), "The key was unplugged."),
        (Script(touch="deny"), "It was declined at the key."),
        (Script(touch="never", touch_timeout=0.2), "The key was not touched in time."),
    ],
)
def test_a_key_that_fails_is_told_in_words(
    enrolled: Enrolled, script: Script, sentence: str
) -> None:
    bench = KeyBench(SoftKey(script=script))
    ran = enrolled(bench, "--yes", "--json")
    assert ran.code == FAILED
    assert ran.value["error"]["message"] == sentence
    assert ran.value["error"]["stays"] == MARK_STAYS
    assert ran.value["proof"] is None
    assert [one["state"] for one in ran.value["result"]["steps"]] == ["done", "failed"]


def test_again_with_the_same_plan_is_offered_to_somebody(enrolled: Enrolled) -> None:
    stick = key()
    stick.script.touch = "deny"
    bench = KeyBench(stick)

    def mend(seen: str) -> str:
        stick.script.touch = "auto"
        return "yes"

    typed = ("yes", mend, "")
    ran = enrolled(bench, typed=typed, is_terminal=True)
    assert ran.code == OK
    assert ran.err.count("Again, with the same plan? Type yes: ") == 1
    assert len(bench.entries()) == 1


def test_settings_with_which_no_key_works_are_told_first(enrolled: Enrolled) -> None:
    bench = KeyBench(key())
    bench.api.call("PUT", ("cluster", "options"), {"delete": "webauthn"})
    ran = enrolled(bench, "--yes", "--json")
    assert (ran.code, ran.value["error"]["kind"]) == (FAILED, "origin")
    assert ran.value["error"]["stays"] == "Nothing was changed."


def test_a_login_that_fails_leaves_the_key_and_says_so(enrolled: Enrolled) -> None:
    bench = KeyBench(key())
    ran = enrolled(bench, "--yes", "--password-stdin", typed=("wrong", ""))
    assert ran.code == FAILED
    assert "The key was stored, but what should prove it failed:" in ran.err
    assert len(bench.entries()) == 1


def test_a_user_who_does_not_exist_is_refused_before_anything(monkeypatch: Any) -> None:
    bench = KeyBench(key())
    with pytest.raises((UsageError, Refused)):
        run_with(
            monkeypatch, enrol.run, bench, "enrol", "nobody@pve", "--webauthn", "--yes",
            typist=Typist(),
        )  # fmt: skip


def test_a_plan_that_nobody_confirms_is_refused(enrolled: Enrolled) -> None:
    bench = KeyBench(key())
    ran = enrolled(bench, "--json")
    assert ran.code == REFUSED
    assert bench.entries() == ()


def options(*words: str) -> Any:
    found = parse(["enrol", WITHOUT, "--webauthn", *words])
    found.password_stdin = False
    return found


def interrupt_at(bench: KeyBench, word: str) -> None:
    """ctrl+c as soon as the key waits for that."""
    service: Any = bench.workshop.key_enrol
    enrol_with = service.enrol

    def watched(plan: Any, path: str, hands: Any, *more: Any, **named: Any) -> Any:
        waits = hands.waits

        def telling(phase: Any, seconds: float = 0.0) -> None:
            waits(phase, seconds)
            if phase.name.lower() == word:
                os.kill(os.getpid(), signal.SIGINT)

        hands.waits = telling
        return enrol_with(plan, path, hands, *more, **named)

    service.enrol = watched
