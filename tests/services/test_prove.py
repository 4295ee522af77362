"""Proof that somebody can log in: over a real TLS socket, or by what can be checked without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import LoginRefused, Refused, Unreachable
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.recovery import RecoveryKeys, keys_from
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.prove import NOT_SENT, ProveService
from pve_auth_tui.simnode.demo import PASSWORD
from tests.core.pictures import PVE, factor, factors, picture
from tests.services.factor_node import ADDRESS, WITHOUT, Clock, FactorNode


@pytest.fixture
def lab() -> FactorNode:
    return FactorNode()


def recovery_keys(lab: FactorNode, userid: str = WITHOUT) -> RecoveryKeys:
    """A new set."""
    return keys_from(lab.apply(lab.enrol.recovery(userid, lab.snapshot).intent))


# --- real logins ------------------------------------------------------------------------


def test_a_new_app_is_proved_by_a_login_over_tls(lab: FactorNode) -> None:
    totp = lab.enrolled()
    proof = lab.prove(f"totp:{lab.phone(totp)}")
    assert (proof.userid, proof.address) == (WITHOUT, ADDRESS)
    assert (proof.offered, proof.used) == (("totp",), "totp")
    assert proof.proved == (
        f"{ADDRESS} took the password of {WITHOUT} and a code of the authenticator app.",
        "That code is used up: for the next login, wait for the next one.",
        "The login's ticket was dropped at once.",
    )
    assert proof.not_proved == ("A login at pve2 and pve3, each with a clock of its own.",)
    assert (lab.logins, lab.failures(), lab.refusals) == (1, 0, 0)


def test_the_code_of_adding_is_free_at_the_login_and_used_up_after_it(lab: FactorNode) -> None:
    totp = lab.enrolled()
    code = lab.phone(totp)
    assert lab.prove(f"totp:{code}").used == "totp"
    with pytest.raises(Refused, match="has used this code for a login already") as caught:
        lab.prove(f"totp:{code}")
    assert NOT_SENT in caught.value.hint
    assert lab.failures() == 0
    lab.clock.at += 30
    assert lab.prove(f"totp:{lab.phone(totp)}").used == "totp"


def test_a_used_code_is_found_in_pves_files_too(lab: FactorNode) -> None:
    totp = lab.enrolled()
    lab.prove(f"totp:{lab.phone(totp)}")
    another = ProveService(lab.door, lab.app, lab.clock)
    for ahead in (0, -30):  # this one, and one before it
        answer = Secret(f"totp:{lab.phone(totp, ahead)}")
        with pytest.raises(Refused, match="or a later one"):
            another.prove(WITHOUT, Secret(PASSWORD), lambda _, told=answer: told, lab.snapshot)
    assert lab.failures() == 0


def test_a_used_code_that_pve_is_asked_about_is_explained(lab: FactorNode) -> None:
    totp = lab.enrolled()
    answer = Secret(f"totp:{lab.phone(totp)}")
    lab.prove(answer.reveal())
    another = ProveService(lab.door, lab.app, lab.clock)
    with pytest.raises(LoginRefused, match="PVE refused a code") as caught:
        another.prove(WITHOUT, Secret(PASSWORD), lambda _: answer)  # without PVE's files
    assert "used already" in caught.value.hint
    assert "one failed attempt, and nothing was tried again" in caught.value.hint
    assert lab.failures() == 1


def test_a_wrong_code_counts_once_where_nothing_can_be_compared(lab: FactorNode) -> None:
    lab.enrolled()
    with pytest.raises(LoginRefused, match="The password of nina@pve is right"):
        lab.prove("totp:000000", known=False)
    assert (lab.failures(), lab.refusals, lab.logins) == (1, 1, 1)


def test_a_wrong_code_is_not_sent_where_it_can_be_compared(lab: FactorNode) -> None:
    lab.enrolled()
    with pytest.raises(Refused, match="no code of an app of nina@pve") as caught:
        lab.prove("totp:000000")
    assert caught.value.hint == NOT_SENT
    assert (lab.failures(), lab.refusals, lab.logins) == (0, 0, 1)


def test_a_code_of_a_phone_that_is_off_is_not_sent_and_explained(lab: FactorNode) -> None:
    totp = lab.enrolled()
    with pytest.raises(Refused, match="Right app, wrong time: your phone is 90 s behind"):
        lab.prove(f"totp:{lab.phone(totp, -90)}")
    assert lab.failures() == 0


def test_the_first_of_two_entries_that_a_code_fits_decides_as_at_the_node(lab: FactorNode) -> None:
    first, second = lab.enrolled(), lab.enrolled()
    assert lab.prove(f"totp:{lab.phone(second)}").used == "totp"
    assert lab.prove(f"totp:{lab.phone(first)}").used == "totp"
    assert lab.failures() == 0


@pytest.mark.parametrize("answer", ["totp:12345", "totp:", "nonsense", "recovery:x", "yubico:x"])
def test_what_cannot_be_an_answer_is_not_sent(answer: str, lab: FactorNode) -> None:
    lab.enrolled()
    with pytest.raises(Refused) as caught:
        lab.prove(answer, known=False)
    assert caught.value.hint == NOT_SENT
    assert (lab.failures(), lab.refusals) == (0, 0)


def test_a_wrong_password_is_one_attempt_and_pve_never_says_which(lab: FactorNode) -> None:
    lab.enrolled()
    with pytest.raises(LoginRefused, match="PVE refused the login of nina@pve") as caught:
        lab.prove("totp:000000", password="not this one")
    assert "PVE never says whether" in caught.value.hint
    assert caught.value.hint.endswith("It was one attempt.")
    assert (lab.failures(), lab.refusals, lab.logins) == (0, 1, 1)


def test_without_a_second_factor_that_is_said(lab: FactorNode) -> None:
    proof = lab.prove("totp:000000")
    assert (proof.offered, proof.used) == ((), "")
    assert proof.proved == (f"{ADDRESS} took the password of {WITHOUT}.",)
    assert proof.not_proved[0] == "A second factor: PVE did not ask for one."


def test_giving_up_sends_no_code(lab: FactorNode) -> None:
    lab.enrolled()
    with pytest.raises(LoginRefused, match="given up") as caught:
        lab.proofs.prove(WITHOUT, Secret(PASSWORD), lambda _: None, lab.snapshot)
    assert caught.value.hint == "No code was sent, and none is lost."
    assert lab.failures() == 0


def test_who_is_asked_is_shown_what_pve_would_take(lab: FactorNode) -> None:
    totp = lab.enrolled()
    recovery_keys(lab)
    asked: list[Challenge] = []

    def second(challenge: Challenge) -> Secret:
        asked.append(challenge)
        return Secret(f"totp:{lab.phone(totp)}")

    proof = lab.proofs.prove(WITHOUT, Secret(PASSWORD), second)
    assert asked[0].kinds == ("totp", "recovery")
    assert "PVE would also have taken a recovery key." in proof.proved


# --- recovery keys ----------------------------------------------------------------------


def test_a_recovery_key_opens_the_door_once_and_the_count_goes_down(lab: FactorNode) -> None:
    lab.enrolled()
    key = recovery_keys(lab).keys[3].reveal()
    proof = lab.prove(f"recovery:{key}")
    assert proof.used == "recovery"
    assert "That recovery key is used up, 9 are left: cross it out." in proof.proved
    (left,) = [e.unused for e in lab.snapshot.tfa.value.users[WITHOUT].entries if e.total]
    assert left == 9
    for known in (True, False):
        with pytest.raises(Refused):
            lab.prove(f"recovery:{key}", known=known)
    assert lab.failures() == 0


def test_a_key_of_nobody_is_not_sent(lab: FactorNode) -> None:
    recovery_keys(lab)
    with pytest.raises(Refused, match="none of the unused recovery keys"):
        lab.prove("recovery:0123-4567-89ab-cdef")
    with pytest.raises(LoginRefused, match="refused a recovery key"):
        lab.prove("recovery:0123-4567-89ab-cdef", known=False)
    assert lab.failures() == 1


def test_keys_that_were_replaced_no_longer_work(lab: FactorNode) -> None:
    old = recovery_keys(lab).keys[0].reveal()
    new = recovery_keys(lab).keys[0].reveal()
    with pytest.raises(Refused, match="none of the unused"):
        lab.prove(f"recovery:{old}")
    assert lab.prove(f"recovery:{new}").used == "recovery"


# --- what would fail in any case --------------------------------------------------------


def lock_totp(lab: FactorNode) -> None:
    """Eight wrong codes, somewhere else."""
    elsewhere = ProveService(lab.door, lab.app, lab.clock)
    for number in range(8):
        wrong = Secret(f"totp:{number:06}")
        with pytest.raises(LoginRefused):
            elsewhere.prove(WITHOUT, Secret(PASSWORD), lambda _, told=wrong: told)


def test_a_lock_is_explained_before_anybody_types_a_password(lab: FactorNode) -> None:
    totp = lab.enrolled()
    lock_totp(lab)
    before = lab.logins
    with pytest.raises(Refused, match="TOTP is locked, and there is no other factor"):
        lab.proofs.before(WITHOUT, lab.snapshot)
    with pytest.raises(Refused, match="TOTP is locked"):
        lab.prove(f"totp:{lab.phone(totp)}")
    assert lab.logins == before
    lab.api.call("PUT", ("access", "users", WITHOUT, "unlock-tfa"))
    assert lab.prove(f"totp:{lab.phone(totp)}").used == "totp"


def test_with_recovery_keys_a_lock_refuses_codes_alone(lab: FactorNode) -> None:
    totp = lab.enrolled()
    key = recovery_keys(lab).keys[0].reveal()
    lock_totp(lab)
    failures = lab.failures()
    with pytest.raises(Refused, match="PVE refuses right codes, too"):
        lab.prove(f"totp:{lab.phone(totp)}")
    with pytest.raises(LoginRefused, match="PVE refused a code of"):
        lab.prove(f"totp:{lab.phone(totp)}", known=False)
    assert lab.failures() == failures  # a locked factor is not even looked at
    assert lab.prove(f"recovery:{key}").used == "recovery"
    assert lab.prove(f"totp:{lab.phone(totp)}").used == "totp"  # a recovery key unlocks


def test_without_quorum_no_code_is_wasted(lab: FactorNode) -> None:
    totp = lab.enrolled()
    lab.node.faults.quorate = False
    with pytest.raises(Refused, match="Without quorum PVE refuses every code"):
        lab.proofs.before(WITHOUT, lab.snapshot)
    with pytest.raises(Refused, match="Without quorum"):
        lab.prove(f"totp:{lab.phone(totp)}")
    assert lab.logins == 0
    with pytest.raises(LoginRefused) as caught:
        lab.prove(f"totp:{lab.phone(totp)}", known=False)
    assert "no quorum" in caught.value.hint


def test_without_quorum_a_password_alone_still_opens(lab: FactorNode) -> None:
    lab.node.faults.quorate = False
    assert lab.prove("totp:000000").used == ""


@pytest.mark.parametrize(
    ("userid", "why"),
    [
        ("anna@entra", "at the identity provider"),
        ("old-admin@pve", "the account has expired"),
        ("bob.admin@corp", "the account is disabled"),
        ("nobody@pve", "there is no such user"),
    ],
)
def test_who_cannot_log_in_is_told_why_and_nothing_is_tried(
    userid: str, why: str, lab: FactorNode
) -> None:
    with pytest.raises(Refused, match=why):
        lab.proofs.before(userid, lab.snapshot)
    with pytest.raises(Refused, match=why):
        lab.prove("totp:000000", userid)
    with pytest.raises(Refused, match=why):
        lab.proofs.local_check(userid, lab.snapshot)
    assert lab.logins == 0


def test_what_an_attempt_costs_is_said_before(lab: FactorNode) -> None:
    assert lab.proofs.before(WITHOUT, lab.snapshot) == ()
    (code,) = lab.proofs.before("lena@pve", lab.snapshot)
    assert "is used up" in code
    directory, _ = lab.proofs.before("carl@corp", lab.snapshot)
    assert "counts at the directory" in directory
    recovery_keys(lab)
    (key,) = lab.proofs.before(WITHOUT, lab.snapshot)
    assert "this login uses one up" in key


def test_a_dead_daemon_is_no_refusal(lab: FactorNode) -> None:
    lab.node.faults.dead.add("pvedaemon")
    with pytest.raises(Unreachable, match="pveproxy"):
        lab.prove("totp:000000")


# --- without a password -----------------------------------------------------------------


def test_without_a_password_it_is_said_what_was_checked_and_what_not(lab: FactorNode) -> None:
    totp = lab.enrolled()
    answer = Secret(f"totp:{lab.phone(totp)}")
    proof = lab.proofs.local_check(WITHOUT, lab.snapshot, answer)
    assert (proof.address, proof.used) == ("", "totp")
    assert proof.proved == (
        f"As far as PVE's files tell, nothing keeps {WITHOUT} out.",
        "A code of the authenticator app fits what PVE has stored, right now.",
    )
    assert "The password: none was given." in proof.not_proved
    assert (lab.logins, lab.failures()) == (0, 0)
    assert lab.prove(answer.reveal()).used == "totp"  # nothing was used up


def test_a_check_without_a_code_says_that_too(lab: FactorNode) -> None:
    lab.enrolled()
    assert "right one" in lab.proofs.local_check(WITHOUT, lab.snapshot).not_proved[-1]
    bare = lab.proofs.local_check("helpdesk@pve", lab.snapshot)
    assert bare.not_proved[-1] == "A second factor: PVE would not ask for one."


def test_a_recovery_key_is_checked_without_using_it_up(lab: FactorNode) -> None:
    key = recovery_keys(lab).keys[9].reveal()
    proof = lab.proofs.local_check(WITHOUT, lab.snapshot, Secret(f"recovery:{key}"))
    assert proof.proved[-1].startswith("A recovery key fits")
    with pytest.raises(Refused, match="none of the unused"):
        lab.proofs.local_check(WITHOUT, lab.snapshot, Secret("recovery:0123-4567-89ab-cdef"))


def test_a_picture_without_secrets_checks_no_code() -> None:
    told = picture(
        "user:ann@pve:1:0:::::", realms=(PVE,), tfa=[factors("ann@pve", factor("totp", "phone"))]
    )
    lab = FactorNode()
    service = ProveService(lab.door, lab.app, Clock())
    with pytest.raises(Refused, match="does not hold what"):
        service.local_check("ann@pve", told, Secret("totp:123456"))
    with pytest.raises(Refused, match="6 to 8 digits"):
        service.local_check("ann@pve", told, Secret("totp:12"))
    with pytest.raises(Refused, match="does not ask for a recovery key"):
        service.local_check("ann@pve", told, Secret("recovery:0123-4567-89ab-cdef"))


def test_short_secrets_of_old_entries_are_compared_too(lab: FactorNode) -> None:
    old = Totp(b"0123456789", WITHOUT)  # 80 bits
    code = Secret(lab.phone(old))
    lab.api.call(
        "POST",
        ("access", "tfa", WITHOUT),
        {"type": "totp", "description": "of 2015"},
        {"totp": Secret(old.uri()), "value": code},
    )
    assert lab.prove(f"totp:{code.reveal()}").used == "totp"


def test_no_answer_stays_in_a_repr_or_an_error(lab: FactorNode) -> None:
    lab.enrolled()
    with pytest.raises(LoginRefused) as caught:
        lab.prove("totp:424242", known=False)
    error = caught.value
    assert "424242" not in f"{error!r} {error.hint} {error.original} {error.__dict__}"
    assert PASSWORD not in f"{error!r} {error.hint} {error.original}"
    proof = lab.proofs.local_check(WITHOUT, replace(lab.snapshot))
    assert "****" not in repr(proof)
