"""Sync jobs: added, edited, removed, taken back; what is wrong with one."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import jobs
from pve_auth_tui.core.lists.jobs import JOBS
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.snapshot import Jobs, Snapshot, SyncJob
from pve_auth_tui.core.sync.jobnotes import problems
from tests.core.pictures import CORP, NOW, PAM, PVE, picture

DAILY = {"schedule": "daily", "scope": "both", "enabled": "1"}


def there(*known: SyncJob) -> Snapshot:
    made: Snapshot = picture(realms=(PAM, PVE, CORP), jobs=Jobs({job.id: job for job in known}))
    return made


def plan(intent: Any, *known: SyncJob) -> Plan:
    return make_plan(intent, there(*known), now=NOW)


def job(name: str, realm: str = "corp", last: str = "", **options: str) -> SyncJob:
    given = {name.replace("_", "-"): value for name, value in options.items()}
    return SyncJob(name, realm, {**DAILY, **given}, last_run=1, last_result=last)


def test_a_job_is_added_and_taken_back() -> None:
    made = plan(jobs.add("night", "corp", {"schedule": "02:30", "scope": "users"}))
    assert [shown(step) for step in made.steps] == [
        "pvesh create /cluster/jobs/realm-sync/night --realm corp --schedule 02:30 --scope users"
    ]
    assert made.changes[0].text == (
        "new sync job of realm corp, 02:30: users, new ones enabled, removes nothing"
    )
    assert [shown(step) for step in made.back.steps] == [
        "pvesh delete /cluster/jobs/realm-sync/night"
    ]


def test_an_edited_job_gets_back_what_it_had() -> None:
    changes = {"schedule": "03:00", "remove-vanished": "entry", "comment": ""}
    made = plan(jobs.edit("night", changes), job("night", comment="old"))
    (step,) = made.steps
    assert step.params == {"schedule": "03:00", "remove-vanished": "entry", "delete": "comment"}
    (back,) = made.back.steps
    assert back.params == {"schedule": "daily", "comment": "old", "delete": "remove-vanished"}


def test_a_removed_job_is_made_anew_and_forgets_its_runs() -> None:
    made = plan(jobs.remove("night"), job("night"))
    assert made.back.steps[0].params == {"realm": "corp", **DAILY}
    assert "when it ran last is forgotten" in made.back.lost[0]


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        (jobs.add("night", "corp", DAILY), "There is a job night already"),
        (jobs.add("x!", "corp", DAILY), "begins with a letter"),
        (jobs.add("new", "pve", DAILY), "Only LDAP and AD realms"),
        (jobs.add("new", "gone", DAILY), "gone"),
        (jobs.add("new", "corp", {"schedule": "daily"}), "needs scope"),
        (jobs.add("new", "corp", {**DAILY, "schedule": "at noon"}), "no schedule"),
        (jobs.edit("night", {"scope": ""}), "needs scope"),
        (jobs.edit("night", {"realm": "x"}), "has no realm"),
        (jobs.edit("other", {"schedule": "daily"}), "other"),
    ],
)
def test_what_pve_would_not_take_is_refused(intent: Any, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        intent(there(job("night")))


def test_what_is_so_already_changes_nothing() -> None:
    with pytest.raises(Refused):
        jobs.edit("night", {"schedule": "daily"})(there(job("night")))


def test_two_jobs_that_disagree_on_who_is_gone_are_told() -> None:
    known = job("night"), job("day", remove_vanished="entry")
    told = [one.text for one in problems(there(*known), known[0])]
    assert any("different Remove Vanished" in text for text in told)
    off = job("day", remove_vanished="entry", enabled="0")
    assert not list(problems(there(known[0], off), known[0]))
    made = plan(jobs.add("third", "corp", {**DAILY, "remove-vanished": "acl"}), known[0])
    assert any("different Remove Vanished" in one.text for one in made.findings)


def test_what_the_realm_says_counts_where_a_job_says_nothing() -> None:
    own = {"sync-defaults-options": "remove-vanished=entry"}
    realm = Realm("corp", "ad", {**CORP.options, **own})
    known = job("night"), job("day", remove_vanished="entry")
    snapshot = picture(realms=(PAM, PVE, realm), jobs=Jobs({one.id: one for one in known}))
    assert not list(problems(snapshot, known[0]))


@pytest.mark.parametrize(
    ("of", "word", "text"),
    [
        (job("night", "gone"), "BAD", "Realm gone is gone"),
        (job("night", "pve"), "BAD", "no LDAP or AD realm"),
        (job("night", last="ldap bind failed"), "LOOK", "The last run failed: ldap bind failed"),
        (job("night", enabled="0"), "-", "disabled"),
    ],
)
def test_what_is_wrong_with_a_job(of: SyncJob, word: str, text: str) -> None:
    (told,) = problems(there(of), of)
    assert told.word == word
    assert text in told.text


def test_the_list_shows_when_with_what_and_how_it_went() -> None:
    known = job("a", remove_vanished="acl;entry"), job("b", "gone", last="no", enabled="0")
    rows = JOBS.rows(there(*known), NOW)
    assert [row.cells[:4] for row in rows] == [
        ("a", "corp", "yes", "daily"),
        ("b", "gone", "no", "daily"),
    ]
    assert [row.cells[5:7] for row in rows] == [("ok", "entry acl"), ("BAD", "?")]
    assert [row.fields["look"] for row in rows] == ["no", "yes"]
    told = JOBS.details(there(*known), "a", NOW)
    assert any("removes entry, acl" in line.text for line in told)
