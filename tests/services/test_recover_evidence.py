"""What stays of a recovery (R18), and going on where nothing records it (R16)."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pve_auth_tui.adapters.recoveries import FileRecoveries
from pve_auth_tui.core.errors import NothingRecords, Refused, Unreachable, Unwritable
from pve_auth_tui.core.intents import factors, users
from pve_auth_tui.core.plan import Draft, Effect
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.recover.evidence import Recovered, recovery_findings, unseen
from pve_auth_tui.core.recover.intents import temporary_administrator
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.plans import PlanChanged
from pve_auth_tui.services.unrecorded import NO_UNDO, NOT_RECORDED
from tests.services.recovery_bench import ADDRESS, REASON, WHO, FullRecoveries, RecoveryBench

ROOT_FOLDER = Path(__file__).parent.parent.parent
ANN_OFF = users.switch(["ann@pve"], enable=False)
TWO_OFF = together([ANN_OFF, users.switch(["bob@pve"], enable=False)])
TFA = (
    '{"users":{"root@pam":{"totp":[{"id":"11111111-1111-4111-8111-111111111111",'
    '"description":"phone","created":1700000000,"entry":"otpauth://totp/x:r?secret='
    'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&digits=6&period=30"}],"totp-locked":true}}}'
)


@pytest.fixture
def bench() -> RecoveryBench:
    return RecoveryBench()


# --- recorded ---------------------------------------------------------------------------------


def test_it_is_recorded_before_the_first_step(bench: RecoveryBench) -> None:
    at_the_step: list[Recovered] = []
    bench.api.before[1] = lambda: at_the_step.extend(bench.recoveries.all())
    report = bench.run(ANN_OFF)
    assert [(one.outcome, one.reason, one.who) for one in at_the_step] == [("begun", REASON, WHO)]
    (ended,) = bench.recoveries.all()
    assert ended == replace(at_the_step[0], outcome="done")
    assert (ended.userid, ended.title) == ("root@pam", report.plan.title)
    assert bench.journal.entries[0].reason == REASON


def test_one_that_was_killed_is_told_all_the_same(tmp_path: Path) -> None:
    """`kill -9` at the first write: the next session still hears of it."""
    tmp_path.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-m", "tests.services.killed_recovery", str(tmp_path)],
        cwd=ROOT_FOLDER,
        check=False,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    (one,) = unseen(FileRecoveries(tmp_path).all())
    assert (one.outcome, one.reason) == ("begun", REASON)
    (finding,) = recovery_findings([one])
    assert finding.word == "LOOK"
    assert "(begun, its end is not recorded)" in finding.text
    (told,) = recovery_findings([replace(one, reason="3 a.m.")])
    assert "Reason: 3 a.m. By" in told.fix
    assert REASON in finding.fix


def test_a_step_that_fails_is_a_recovery_that_failed(bench: RecoveryBench) -> None:
    bench.api.before[2] = lambda: bench.node.faults.held_locks.add("file-user_cfg")
    assert not bench.run(TWO_OFF).ok
    assert [one.outcome for one in bench.recover.unseen()] == ["failed"]


def test_where_nothing_was_done_nobody_is_told(bench: RecoveryBench) -> None:
    bench.node.faults.held_locks.add("file-user_cfg")
    assert bench.run(ANN_OFF).nothing_done
    assert [one.outcome for one in bench.recoveries.all()] == ["nothing done"]
    assert bench.recover.unseen() == ()
    assert recovery_findings(bench.recoveries.all()) == []
    assert bench.mail.mails == []


def test_a_plan_that_is_refused_leaves_no_begun_recovery_behind(bench: RecoveryBench) -> None:
    plan = bench.review(ANN_OFF)
    bench.behind_our_back("PUT", "/access/users/ann@pve", comment="somebody else")
    bench.behind_our_back("PUT", "/access/users/ann@pve", enable=0)
    with pytest.raises((PlanChanged, Refused)):
        bench.recover.apply(plan, userid="root@pam", reason=REASON)
    assert [one.outcome for one in bench.recoveries.all()] == ["nothing done"]
    assert bench.recover.unseen() == ()


def test_a_disk_that_takes_no_recovery_is_a_remark_and_holds_nobody_up() -> None:
    bench = RecoveryBench(recoveries=FullRecoveries())
    report = bench.run(ANN_OFF)
    assert report.ok
    assert not bench.user("ann@pve").enable
    assert [line for line in report.remarks if line.startswith("Later sessions are not told")]
    assert len(set(report.remarks)) == len(report.remarks)


# --- acknowledged -----------------------------------------------------------------------------


def test_every_later_session_is_told_until_somebody_acknowledges(bench: RecoveryBench) -> None:
    bench.run(ANN_OFF)
    bench.clock.at += 60
    bench.run(users.switch(["bob@pve"], enable=False))
    later = bench.recovery()
    assert [one.outcome for one in later.unseen()] == ["done", "done"]
    bench.clock.at += 60
    assert later.acknowledge() == 2
    assert later.acknowledge() == 0
    assert bench.recovery().unseen() == ()
    assert {one.seen for one in bench.recoveries.all()} == {bench.clock.at}


def test_start_tells_the_last_one_first_and_no_text_of_it_is_markup(bench: RecoveryBench) -> None:
    odd = Recovered("1", 1.0, "root@pam", "unlock\x1b[31m", "why\nBAD all is lost", "w\u202eho")
    found = recovery_findings([odd, Recovered("2", 2.0, "root@pam", "second", "", "ann")])
    assert "second" in found[0].text
    assert "none was given" in found[0].fix
    shown = found[1].text + found[1].fix
    assert not any(sign in shown for sign in "\x1b\n\u202e")


# --- mailed -----------------------------------------------------------------------------------


def test_roots_address_gets_one_mail_after_it(bench: RecoveryBench) -> None:
    report = bench.run(ANN_OFF)
    ((to, subject, text),) = bench.mail.mails
    assert to == ADDRESS
    assert subject.startswith("[pve1] pve-auth-tui recover: disable ")
    for part in (REASON, WHO, "(done)", "pveum user modify ann@pve --enable 0"):
        assert part in text
    assert f"A mail about it went to {ADDRESS}." in report.remarks


def test_nobody_else_gets_one() -> None:
    """ann@pve has an address, root@pam has none."""
    bench = RecoveryBench(
        users="user:root@pam:1:0:::::\nuser:ann@pve:1:0:Ann::ann@example.com:::\n"
    )
    assert bench.run(ANN_OFF).ok
    assert bench.mail.mails == []


def test_a_mail_that_is_not_taken_is_a_remark(bench: RecoveryBench) -> None:
    bench.mail.broken = True
    report = bench.run(ANN_OFF)
    assert report.ok
    assert "No mail was sent: this node's mail system did not take it." in report.remarks


def test_where_mail_is_none_of_ours_nothing_is_said_of_it(bench: RecoveryBench) -> None:
    bench.recover = bench.recovery(mail=None)
    assert not [line for line in bench.run(ANN_OFF).remarks if "mail" in line.lower()]


def test_a_recovery_that_failed_is_mailed_too(bench: RecoveryBench) -> None:
    bench.api.before[2] = lambda: bench.node.faults.held_locks.add("file-user_cfg")
    bench.run(TWO_OFF)
    ((_, _, text),) = bench.mail.mails
    assert "(failed)" in text


def test_no_secret_is_in_the_mail_in_what_is_kept_or_in_the_journal(
    bench: RecoveryBench,
) -> None:
    """R8, R18: a temporary administrator, its reason and expiry in its comment."""
    word = "Tr0ub4dor-and-3"
    wanted = temporary_administrator("rescue@pve", Secret(word), 4, REASON, now=bench.clock.now())
    assert bench.run(wanted, override=bench.review(wanted).confirm).ok
    made = bench.user("rescue@pve")
    assert made.expire == bench.clock.at + 4 * 3600
    assert REASON in made.comment
    ((_, subject, text),) = bench.mail.mails
    kept = f"{bench.recoveries.all()} {bench.journal.entries} {subject} {text}"
    assert "rescue@pve" in text
    assert word not in kept


# --- where nothing records it -----------------------------------------------------------------


def test_without_journal_and_syslog_nothing_is_done(bench: RecoveryBench) -> None:
    """R16."""
    bench.journal.full_after = 0
    with pytest.raises(NothingRecords, match="The journal takes no entries"):
        bench.plans.apply(bench.review(ANN_OFF))
    with pytest.raises(NothingRecords):
        bench.run(ANN_OFF)
    assert bench.user("ann@pve").enable
    assert bench.api.writes == []
    assert bench.recover.unseen() == ()
    assert bench.mail.mails == []


@pytest.mark.parametrize("what", ["put", "put_material", "exclusively"])
def test_where_nothing_for_an_undo_can_be_kept_nothing_is_done(what: str) -> None:
    bench = RecoveryBench(tfa=TFA)
    bench.refusing(what, Unwritable("Read-only file system.", "Mount it."))
    phone = factors.remove("root@pam", ["11111111-1111-4111-8111-111111111111"])
    with pytest.raises(NothingRecords) as caught:
        bench.plans.apply(bench.review(phone), override=bench.review(phone).confirm)
    assert "nothing was changed" in str(caught.value)
    assert caught.value.hint == "Mount it."
    assert bench.api.writes == []


def test_after_a_yes_it_goes_on_and_says_that_nothing_is_recorded(bench: RecoveryBench) -> None:
    """R16: what the journal does not have stands in the report, once."""
    bench.journal.full_after = 0
    report = bench.run(ANN_OFF, unrecorded=True)
    assert not bench.user("ann@pve").enable
    assert bench.journal.entries == []
    assert report.ok
    assert report.remarks.count(NOT_RECORDED) == 1
    assert [one.outcome for one in bench.recover.unseen()] == ["done"]  # another file
    assert len(bench.mail.mails) == 1


@pytest.mark.parametrize(
    ("what", "remarks"),
    [("put", [NO_UNDO]), ("put_material", [NO_UNDO]), ("exclusively", [])],
)
def test_after_a_yes_it_goes_on_without_an_undo_and_says_so(what: str, remarks: list[str]) -> None:
    """Where only the lock cannot be made the undo is there."""
    bench = RecoveryBench(tfa=TFA)
    bench.refusing(what, Unwritable("Read-only file system."))
    phone = factors.remove("root@pam", ["11111111-1111-4111-8111-111111111111"])
    report = bench.run(phone, override=bench.review(phone).confirm, unrecorded=True)
    assert all(one.error is None for one in report.results)
    assert "root@pam" not in bench.node.state.tfa.users
    assert [line for line in report.remarks if line == NO_UNDO] == remarks
    assert report.undoable is not bool(remarks)
    assert bench.journal.told[-1].startswith("end")


def test_after_a_yes_on_a_disk_that_takes_nothing_at_all() -> None:
    """Neither journal nor records nor recoveries nor mail: it is done, and all of it is said."""
    bench = RecoveryBench(recoveries=FullRecoveries())
    bench.journal.full_after = 0
    bench.mail.broken = True
    for what in ("put", "put_material", "exclusively", "wipe"):
        bench.refusing(what, Unwritable("Read-only file system."))
    report = bench.run(ANN_OFF, unrecorded=True)
    assert report.ok
    assert not bench.user("ann@pve").enable
    for remark in (NOT_RECORDED, NO_UNDO):
        assert report.remarks.count(remark) == 1
    assert any(line.startswith("Later sessions are not told") for line in report.remarks)
    assert any(line.startswith("No mail was sent") for line in report.remarks)


def test_a_journal_that_fills_up_on_the_way_stops_a_plan_and_not_an_emergency(
    bench: RecoveryBench,
) -> None:
    bench.journal.full_after = 3  # begin, intent and result of the first step
    report = bench.run(TWO_OFF)
    assert not report.ok
    assert bench.user("bob@pve").enable
    again = RecoveryBench()
    again.journal.full_after = 3
    assert again.run(TWO_OFF, unrecorded=True).remarks.count(NOT_RECORDED) == 1
    assert not again.user("bob@pve").enable


def test_a_yes_is_none_against_another_session_that_changes_something(
    bench: RecoveryBench,
) -> None:
    """Only that nothing records it is forgiven: two at once never write."""
    bench.refusing("exclusively", Refused("Another session is changing something."))
    with pytest.raises(Refused, match="Another session"):
        bench.run(ANN_OFF, unrecorded=True)
    assert bench.user("ann@pve").enable


def test_a_yes_forgives_no_refusal_and_no_missing_word(bench: RecoveryBench) -> None:
    bench.journal.full_after = 0

    def heavy(snapshot: Snapshot) -> Draft:
        told = (Effect("ann@pve", "cannot log in any more"),)
        return ANN_OFF(snapshot)._replace(told=told, word="pve1")

    def refused(snapshot: Snapshot) -> Draft:
        return heavy(snapshot)._replace(refusal="pve2 is alive.")

    for wanted, why in ((heavy, "HEAVY"), (refused, "pve2 is alive")):
        with pytest.raises(Refused, match=why):
            bench.run(wanted, unrecorded=True)
    assert bench.user("ann@pve").enable
    assert bench.run(refused, override="pve1", unrecorded=True).ok


def test_a_node_that_dies_on_the_way_leaves_a_recovery_that_failed(bench: RecoveryBench) -> None:
    def dies() -> None:
        bench.api.dead = Unreachable("The node gave no answer.")
        raise bench.api.dead

    bench.api.before[2] = dies
    assert not bench.run(TWO_OFF).ok
    assert [one.outcome for one in bench.recover.unseen()] == ["failed"]
