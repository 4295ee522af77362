"""Sync jobs (reference 4.3; PVE::API2::Jobs::RealmSync of pve-access-control 9.1.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pve_auth_tui.core.jobs import PLUGINS, REALM_SYNC
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.predict.access import stored
from pve_auth_tui.core.predict.call import Params
from pve_auth_tui.core.predict.refusal import Refusal, missing
from pve_auth_tui.core.predict.world import World
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.snapshot import SyncJob

_OPTIONS: Final = PLUGINS.options[REALM_SYNC]


def add_job(world: World, params: Params) -> None:
    """One that leaves out `enabled` is switched on."""
    name, jobs = params.text("id"), world.jobs
    if name in jobs.sync or any(section.id == name for section in jobs.sections):
        raise Refusal(f"The job {name} exists already.")
    realm = world.realms.realms.get(params.text("realm"))
    if realm is None or realm.type is None:
        raise missing(f"The realm {params.text('realm')} does not exist.")
    if realm.type not in DIRECTORIES:
        raise Refusal(f"Only LDAP and AD realms are synced, and {realm.name} is none.")
    options = {"enabled": "1", **_values(params)}
    job = SyncJob(name, realm.name, options)
    world.jobs = replace(jobs, sync={**jobs.sync, name: job})


def change_job(world: World, params: Params) -> None:
    """What is to be deleted is left to the realm, or to PVE."""
    job, gone = _job(world, params), split_list(params.text("delete"))
    new = _values(params)
    for option in gone:
        if option not in _OPTIONS:
            raise Refusal(f"A sync job has no {option}.")
        if not _OPTIONS[option].optional:
            raise Refusal(f"A sync job needs {option}.")
        if option in new:
            raise Refusal(f"{option} cannot be set and deleted at once.")
    kept = {name: value for name, value in job.options.items() if name not in gone}
    options = {"enabled": "1", **kept, **new}
    changed = replace(job, options=options) if options != job.options else job
    world.jobs = replace(world.jobs, sync={**world.jobs.sync, job.id: changed})


def remove_job(world: World, params: Params) -> None:
    """PVE forgets when it ran, too."""
    job = _job(world, params)
    sync = {name: other for name, other in world.jobs.sync.items() if name != job.id}
    world.jobs = replace(world.jobs, sync=sync)


def _job(world: World, params: Params) -> SyncJob:
    job = world.jobs.sync.get(params.text("id"))
    if job is None:
        raise missing(f"The sync job {params.text('id')} does not exist.")
    return job


def _values(params: Params) -> dict[str, str]:
    """As the file has them: a comment without blanks around it, none where it is empty."""
    values = params.without("id", "delete")
    if "comment" in values:
        values["comment"] = stored(values["comment"]) or ""
    return values
