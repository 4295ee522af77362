"""Sync jobs on the simulated node, and when they come next."""

from datetime import UTC, datetime

import pytest

from pve_auth_tui.simnode.nextrun import next_run
from tests.simnode.small import NOW, file, refusal, small_node, who

JOBS = "/cluster/jobs/realm-sync"
JOB = f"{JOBS}/nightly"
NEW = {"realm": "corp", "schedule": "02:15", "scope": "both"}
SATURDAY = int(datetime(2026, 11, 21, 22, 48, 30, tzinfo=UTC).timestamp())


@pytest.fixture
def node():
    node = small_node(domains="ldap: corp\n\tbase_dn dc=x\n\tserver1 a.b\n\tuser_attr uid\n")
    node.answer("POST", JOB, {**NEW, "comment": "ä", "enabled": 0})
    return node


def text_of(node, method, path, params=None):
    code, text, problems = refusal(node, method, path, params)
    assert (code, problems) == (500, {})
    return text


def test_a_job_is_written_as_pve_writes_it(node):
    assert file(node, "jobs.cfg") == (
        "realm-sync: nightly\n\tcomment %C3%A4\n\trealm corp\n\tschedule 02:15\n\tscope both\n"
        "\tenabled 0\n\n"
    )


def test_the_list_tells_the_last_run_and_the_next(node):
    state = (
        b'{"node":"pve1","upid":"UPID:pve1:00000001:00000001:6B49D100:auth-realm-sync:c:r@pam:"}'
    )
    [fresh] = node.answer("GET", JOBS)
    assert (fresh["last-run"], fresh["next-run"]) == (None, next_run("02:15", NOW))
    node.disk.write("etc/pve/priv/jobs/realm-sync-nightly.json", state)
    [ran] = node.answer("GET", JOBS)
    assert (ran["last-run"], ran["next-run"]) == (0x6B49D100, next_run("02:15", 0x6B49D100))


def test_one_name_is_one_job(node):
    assert text_of(node, "POST", JOB, NEW) == "Job 'nightly' already exists\n"


def test_a_backup_job_has_its_name_to_itself():
    node = small_node()
    node.disk.write("etc/pve/jobs.cfg", b"vzdump: nightly\n\tall 1\n\tschedule 1:00\n\n")
    assert text_of(node, "POST", JOB, NEW) == "Job 'nightly' already exists\n"


@pytest.mark.parametrize(
    ("realm", "why"),
    [("nosuch", "No such realm 'nosuch'"), ("pve", "Only LDAP/AD realms can be synced.")],
)
def test_the_realm_must_be_a_directory_and_its_refusal_is_nested(node, realm, why):
    assert text_of(node, "POST", f"{JOBS}/other", {**NEW, "realm": realm}) == (
        f"400 Parameter verification failed.\nrealm: {why}\n"
    )


def test_a_change_sets_and_deletes(node):
    node.answer("PUT", JOB, {"schedule": "daily", "delete": "comment,enabled"})
    assert node.answer("GET", JOB) == {
        "type": "realm-sync",
        "realm": "corp",
        "schedule": "daily",
        "scope": "both",
        "enabled": 1,
    }


@pytest.mark.parametrize(
    ("delete", "why"),
    [
        ("realm", "unable to delete required option 'realm'"),
        ("bogus", "no such option 'bogus'"),
        ("comment", "cannot set and delete property 'comment' at the same time!"),
    ],
)
def test_what_a_change_cannot_delete(node, delete, why):
    params = {"schedule": "daily", "comment": "c", "delete": delete}
    assert text_of(node, "PUT", JOB, params) == f"{why}\n"


def test_a_removed_job_takes_its_state_along(node):
    state = "etc/pve/priv/jobs/realm-sync-nightly.json"
    node.disk.write(state, b"{}")
    node.answer("DELETE", JOB)
    assert (file(node, "jobs.cfg"), node.disk.read(state)) == ("", None)
    assert text_of(node, "DELETE", JOB) == (
        "400 Parameter verification failed.\nid: No such job 'nightly'\n"
    )


def test_a_change_asks_for_rights_on_a_realm_that_it_does_not_name(node):
    code, text, _ = refusal(node, "PUT", JOB, {"schedule": "daily"}, who("ann@pve"))
    assert (code, text) == (
        403,
        "Permission check failed (/access/realm/-, Realm.AllocateUser)\n",
    )


@pytest.mark.parametrize(
    ("schedule", "when"),
    [
        ("minutely", "2026-11-21 22:49:00"),
        ("hourly", "2026-11-21 23:00:00"),
        ("daily", "2026-11-22 00:00:00"),
        ("weekly", "2026-11-23 00:00:00"),
        ("monthly", "2026-12-01 00:00:00"),
        ("yearly", "2027-01-01 00:00:00"),
        ("*:0/30", "2026-11-21 23:00:00"),
        ("30", "2026-11-21 23:30:00"),
        ("mon..fri 02:30", "2026-11-23 02:30:00"),
        ("fri..mon 1:00", "2026-11-22 01:00:00"),
        ("Tuesday,sat", "2026-11-24 00:00:00"),
        ("0/4:30", "2026-11-22 00:30:00"),
        ("8..17/3:10", "2026-11-22 08:10:00"),
        ("22:48:30,45", "2026-11-21 22:48:45"),
        ("2-29", "2028-02-29 00:00:00"),
        ("2027-2-28 10:00", "2027-02-28 10:00:00"),
        ("02:15 UTC", "2026-11-22 02:15:00"),
    ],
)
def test_when_a_schedule_comes_next(schedule, when):
    found = next_run(schedule, SATURDAY)
    assert found is not None
    assert f"{datetime.fromtimestamp(found, UTC):%Y-%m-%d %H:%M:%S}" == when


def test_a_day_that_is_over_never_comes():
    assert next_run("2025-1-1", SATURDAY) is None


def test_schedules_can_be_tried():
    found = small_node().answer(
        "GET",
        "/cluster/jobs/schedule-analyze",
        {"schedule": "0/12:00", "starttime": SATURDAY, "iterations": 2},
    )
    assert [one["utc"] for one in found] == [
        "Sun Nov 22 00:00:00 2026",
        "Sun Nov 22 12:00:00 2026",
    ]
