"""/cluster/jobs (PVE::API2::Jobs::RealmSync, PVE::API2::Cluster::Jobs)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pve_auth_tui.core import answers
from pve_auth_tui.core.cluster import parse_job_state
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.jobs import PLUGINS, REALM_SYNC
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.snapshot import Jobs, SyncJob
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.router import BAD_PARAMETERS
from pve_auth_tui.simnode.sectionchecks import checked, required
from pve_auth_tui.simnode.state import as_text

_JOBS: Final = "/cluster/jobs/realm-sync"
_JOB: Final = f"{_JOBS}/{{id}}"
_OPTIONS: Final = PLUGINS.options[REALM_SYNC]
_USUAL_ITERATIONS: Final = 10


def list_jobs(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """With the last run, and when it would run next, even a job that is switched off."""
    from pve_auth_tui.simnode.nextrun import next_run

    jobs = node.state.jobs
    sync = {job.id: replace(job, last_run=_last_run(node, job.id)) for job in jobs.sync.values()}
    now = int(node.sources.now())
    coming = {
        job.id: when
        for job in sync.values()
        if (
            when := next_run(job.options["schedule"], now if job.last_run is None else job.last_run)
        )
    }
    return answers.realm_sync_jobs(replace(jobs, sync=sync), coming)


def _last_run(node: SimNode, job_id: str) -> int | None:
    return parse_job_state(node.disk.read(f"etc/pve/{_state_file(job_id)}") or b"")[0]


def _state_file(job_id: str) -> str:
    return f"priv/jobs/realm-sync-{job_id}.json"


def show_job(node: SimNode, request: Request) -> dict[str, Any]:
    return answers.realm_sync_job(node.state.jobs, request.params["id"])


def add_job(node: SimNode, request: Request) -> None:
    job_id, given = _given(request)
    with node.state.change("jobs_cfg") as change:
        jobs = change.jobs
        if job_id in jobs.sync or any(section.id == job_id for section in jobs.sections):
            raise ApiError(500, f"Job '{job_id}' already exists\n")
        options = checked(REALM_SYNC, given, PLUGINS)
        required(REALM_SYNC, options, PLUGINS)
        realm = change.realms.realms.get(options["realm"])
        if realm is None or realm.type is None:
            raise _nested({"realm": f"No such realm '{options['realm']}'"})
        if realm.type not in ("ldap", "ad"):
            raise _nested({"realm": "Only LDAP/AD realms can be synced."})
        job = SyncJob(job_id, realm.name, options)
        change.jobs = replace(jobs, sync={**jobs.sync, job_id: job})


def change_job(node: SimNode, request: Request) -> None:
    job_id, given = _given(request)
    gone = split_list(given.pop("delete", ""))
    with node.state.change("jobs_cfg") as change:
        options = checked(REALM_SYNC, given, PLUGINS)
        if job_id not in change.jobs.sync:
            raise ApiError(500, "no such realm-sync job\n")
        job = change.jobs.sync[job_id]
        _require_removable(gone, options)
        kept = {name: value for name, value in job.options.items() if name not in gone}
        job = replace(job, options={**kept, **options})
        change.jobs = replace(change.jobs, sync={**change.jobs.sync, job_id: job})


def _require_removable(gone: list[str], new: Mapping[str, str]) -> None:
    """PVE::SectionConfig::delete_from_config."""
    for name in gone:
        if name not in _OPTIONS:
            raise ApiError(500, f"no such option '{name}'\n")
        if not _OPTIONS[name].optional:
            raise ApiError(500, f"unable to delete required option '{name}'\n")
        if name in new:
            raise ApiError(500, f"cannot set and delete property '{name}' at the same time!\n")


def remove_job(node: SimNode, request: Request) -> None:
    job_id = request.params["id"]
    with node.state.change("jobs_cfg") as change:
        jobs: Jobs = change.jobs
        if job_id not in jobs.sync:
            raise _nested({"id": f"No such job '{job_id}'"})
        sync = {other: job for other, job in jobs.sync.items() if other != job_id}
        change.jobs = replace(jobs, sync=sync)
    node.state.put(_state_file(job_id), None)


def _given(request: Request) -> tuple[str, dict[str, str]]:
    given = {name: str(value) for name, value in request.params.items()}
    return given.pop("id"), given


def _nested(problems: Mapping[str, str]) -> ApiError:
    """A 400 that dies within a lock is a 500 with the whole text."""
    return ApiError(500, as_text(ApiError(400, BAD_PARAMETERS, problems)))


def analyse(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """The next moments of a schedule."""
    params = request.params
    start = params.get("starttime", int(node.sources.now()))
    return list(_moments(params["schedule"], start, params.get("iterations", _USUAL_ITERATIONS)))


def _moments(schedule: str, after: int, count: int) -> Iterator[dict[str, Any]]:
    from pve_auth_tui.simnode.nextrun import next_run

    for _ in range(count):
        moment = next_run(schedule, after)
        if moment is None:
            return
        shown = datetime.fromtimestamp(moment, UTC)
        text = f"{shown:%a %b} {shown.day:2} {shown:%H:%M:%S %Y}"  # Perl's scalar(gmtime)
        yield {"timestamp": moment, "utc": text}
        after = moment


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _JOBS): list_jobs,
    ("GET", _JOB): show_job,
    ("POST", _JOB): add_job,
    ("PUT", _JOB): change_job,
    ("DELETE", _JOB): remove_job,
    ("GET", "/cluster/jobs/schedule-analyze"): analyse,
}
