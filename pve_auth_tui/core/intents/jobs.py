"""Sync jobs: when PVE syncs a realm by itself (reference 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core import versions
from pve_auth_tui.core.calendarevent import problem as schedule_problem
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.common import found, required
from pve_auth_tui.core.names import job_problem
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.snapshot import Jobs, Snapshot, SyncJob
from pve_auth_tui.core.sync.jobnotes import clash_of

OPTIONS: Final = ("schedule", "enabled", "comment", "scope", "enable-new", "remove-vanished")
_NEEDED: Final = ("schedule", "scope")
_FLAGS: Final = frozenset({"enabled", "enable-new"})
_PATH: Final = ("cluster", "jobs", "realm-sync")


def add(name: str, realm: str, options: Mapping[str, str]) -> Intent:
    """A new job; PVE needs `schedule` and `scope`. The intent raises UsageError for what PVE would
    not take.
    """
    given = {option: value for option, value in options.items() if value != ""}

    def intent(snapshot: Snapshot) -> Draft:
        _jobs(snapshot)
        if problem := new_job_problem(snapshot, name):
            raise UsageError(problem)
        known = found(snapshot, required(snapshot.realms, "Realms").realms, realm, "realm")
        if known.type not in DIRECTORIES:
            raise UsageError(f"Only LDAP and AD realms are synced, and {realm} is none.")
        if lacking := [option for option in _NEEDED if option not in given]:
            raise UsageError(f"A sync job needs {' and '.join(lacking)}.")
        _require_fine(given)
        params: dict[str, Param] = {"realm": realm, **_params(given)}
        step = ApiCall("POST", (*_PATH, name), params)
        notes = _notes(snapshot, SyncJob(name, realm, given))
        return Draft(f"add sync job {name} of realm {realm}", (step,), notes)

    return intent


def edit(name: str, changes: Mapping[str, str]) -> Intent:
    """Other options; "" leaves one to the realm. What is not named stays as it is."""
    wanted = dict(changes)

    def intent(snapshot: Snapshot) -> Draft:
        jobs = _jobs(snapshot)
        job = found(snapshot, jobs.sync, name, "sync job")
        new = {
            option: value
            for option, value in wanted.items()
            if value != "" and job.options.get(option) != value
        }
        gone = [option for option, value in wanted.items() if not value and option in job.options]
        if needed := [option for option in gone if option in _NEEDED]:
            raise UsageError(f"A sync job needs {needed[0]}.")
        _require_fine(new)
        if not new and not gone:
            raise Refused(f"Nothing would change: sync job {name} is so already.")
        # PVE wants the schedule in each of these calls
        given = {"schedule": job.options.get("schedule", ""), **new}
        params: dict[str, Param] = _params(given)
        if gone:
            params["delete"] = ",".join(gone)
        kept = {option: value for option, value in job.options.items() if option not in gone}
        notes = _notes(snapshot, SyncJob(name, job.realm, {**kept, **new}))
        return Draft(f"edit sync job {name}", (ApiCall("PUT", (*_PATH, name), params),), notes)

    return intent


def remove(name: str) -> Intent:
    """Users and groups stay; nobody syncs them by itself any more."""

    def intent(snapshot: Snapshot) -> Draft:
        found(snapshot, _jobs(snapshot).sync, name, "sync job")
        return Draft(f"remove sync job {name}", (ApiCall("DELETE", (*_PATH, name)),))

    return intent


def new_job_problem(snapshot: Snapshot, name: str) -> str:
    """What is wrong with the id of a new job, "" when nothing is."""
    if problem := job_problem(name):
        return problem
    jobs = snapshot.jobs.value
    taken = jobs is not None and (
        name in jobs.sync or any(section.id == name for section in jobs.sections)
    )
    return f"There is a job {name} already." if taken else ""


def _jobs(snapshot: Snapshot) -> Jobs:
    if not versions.has(release_of(snapshot), "realm-sync-jobs"):
        raise Refused("Sync jobs need PVE 8.0 or newer.")
    return required(snapshot.jobs, "Sync jobs")


def _require_fine(options: Mapping[str, str]) -> None:
    if unknown := [option for option in options if option not in OPTIONS]:
        raise UsageError(f"A sync job has no {unknown[0]}.")
    schedule = options.get("schedule")
    if schedule is not None and (problem := schedule_problem(schedule)):
        raise UsageError(f"{schedule} is no schedule: {problem.rstrip()}.")


def _params(options: Mapping[str, str]) -> dict[str, Param]:
    return {
        name: int(value) if name in _FLAGS and value in ("0", "1") else value
        for name, value in options.items()
    }


def _notes(snapshot: Snapshot, job: SyncJob) -> tuple[Finding, ...]:
    jobs, realms = snapshot.jobs.value, snapshot.realms.value
    realm = realms.realms.get(job.realm) if realms else None
    clash = clash_of(job, jobs.sync.values() if jobs else (), realm)
    return (clash,) if clash else ()
