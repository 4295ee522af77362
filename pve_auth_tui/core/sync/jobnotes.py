"""What is to be said of sync jobs: what one does, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.snapshot import Snapshot, SyncJob
from pve_auth_tui.core.sync.found import SyncOptions
from pve_auth_tui.core.sync.options import options_of, vanished_text

WHAT: Final[Mapping[str, str]] = {
    "users": "users",
    "groups": "groups",
    "both": "users and groups",
}


def is_enabled(job: SyncJob) -> bool:
    return truthy(job.options.get("enabled", "1"))


def removes(job: SyncJob, realm: Realm | None) -> frozenset[str]:
    """What it takes of who is gone: its own Remove Vanished, the realm's where it has none."""
    done = done_by(job, realm)
    return done.vanished if done else frozenset()


def done_by(job: SyncJob, realm: Realm | None) -> SyncOptions | None:
    """What it asks of PVE, the realm's defaults among it; None where that cannot be told."""
    if realm is None or realm.type not in DIRECTORIES:
        return None
    try:
        return options_of(realm, job.options)
    except UsageError:
        return None


def words(options: SyncOptions) -> str:
    """`users and groups, new ones enabled, removes entry and acl`"""
    new = "new ones enabled" if options.enable_new else "new ones not enabled"
    vanished = vanished_text(options)
    gone = "removes nothing" if vanished == "none" else f"removes {vanished.replace(';', ', ')}"
    return f"{WHAT[options.scope]}, {new}, {gone}"


def clash_of(job: SyncJob, others: Iterable[SyncJob], realm: Realm | None) -> Finding | None:
    """Another enabled job of the same realm that takes something else."""
    if not is_enabled(job):
        return None
    for other in others:
        if other.id == job.id or other.realm != job.realm or not is_enabled(other):
            continue
        if removes(other, realm) != removes(job, realm):
            return Finding(
                "LOOK",
                f"Jobs {job.id} and {other.id} of realm {job.realm} have different Remove Vanished",
                "Whichever runs last decides who is gone.",
            )
    return None


def problems(snapshot: Snapshot, job: SyncJob) -> Iterator[Finding]:
    """The worst first."""
    realms, jobs = snapshot.realms.value, snapshot.jobs.value
    realm = realms.realms.get(job.realm) if realms else None
    if realms is not None and realm is None:
        yield Finding("BAD", f"Realm {job.realm} is gone: every run fails", "Remove the job.")
    elif realm is not None and realm.type not in DIRECTORIES:
        yield Finding("BAD", f"Realm {job.realm} is no LDAP or AD realm: every run fails")
    if job.last_result:
        yield Finding("LOOK", f"The last run failed: {job.last_result}", "Test the realm.")
    if jobs is not None and (clash := clash_of(job, jobs.sync.values(), realm)):
        yield clash
    if not is_enabled(job):
        yield Finding("-", "The job is disabled: it never runs")
