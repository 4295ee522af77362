"""jobs.cfg: realm-sync jobs between jobs of other kinds."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.jobs import parse_jobs, write_jobs
from pve_auth_tui.core.sectionconfig import WriteRefused
from pve_auth_tui.core.snapshot import SyncJob

SYNC = "realm-sync: nightly\n\trealm corp\n\tschedule mon..fri 02:00\n\tscope both\n"
BACKUP = "vzdump: backup-1\n\tschedule sat\n\tall 1\n\n"


def test_a_job_is_enabled_unless_it_says_otherwise():
    (job,) = parse_jobs(SYNC.encode()).sync.values()
    assert (job.id, job.realm) == ("nightly", "corp")
    assert job.options["enabled"] == "1"
    disabled = parse_jobs(f"{SYNC}\tenabled 0\n".encode())
    assert disabled.sync["nightly"].options["enabled"] == "0"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("enable-new x", "type check ('boolean') failed - got 'x'"),
        ("remove-vanished bad", "value does not match the regex pattern"),
        ("full 1", "unexpected property 'full'"),
        ("mailto x", "unknown property type"),
    ],
)
def test_values_are_checked(line, problem):
    (warning,) = parse_jobs(f"{SYNC}\t{line}\n".encode()).warnings
    assert warning.endswith(problem)


def test_a_bad_schedule_leaves_the_job_unreadable():
    jobs = parse_jobs(SYNC.replace("mon..fri 02:00", "never!").encode())
    assert jobs.sync == {}
    assert "invalid calendar event 'never!'" in jobs.warnings[0]
    assert jobs.warnings[1].endswith("missing value for required option 'schedule'")
    with pytest.raises(WriteRefused):
        write_jobs(jobs)


def test_backup_jobs_survive_a_change_of_others():
    jobs = parse_jobs((BACKUP + SYNC).encode())
    assert list(jobs.sync) == ["nightly"]
    changed = replace(jobs, sync={})
    assert write_jobs(changed).decode() == BACKUP


def test_a_new_job_comes_last():
    jobs = parse_jobs((SYNC + "\n" + BACKUP).encode())
    new = SyncJob("weekly", "corp", {"realm": "corp", "schedule": "weekly", "scope": "users"})
    written = write_jobs(replace(jobs, sync={**jobs.sync, "weekly": new})).decode()
    assert written.endswith(
        BACKUP + "realm-sync: weekly\n\trealm corp\n\tschedule weekly\n\tscope users\n\n"
    )
    assert list(parse_jobs(written.encode()).sync) == ["nightly", "weekly"]


def test_comments_are_encoded_and_decoded():
    jobs = parse_jobs(f"{SYNC}\tcomment n%C3%A4chtlich\n".encode())
    assert jobs.sync["nightly"].options["comment"] == "nächtlich"
    assert b"\tcomment n%C3%A4chtlich\n" in write_jobs(jobs)
