"""Datacenter, Permissions, Realms: their sync jobs."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import GONE, argument, look, realm_of
from pve_auth_tui.core.snapshot import Snapshot, SyncJob
from pve_auth_tui.core.sync.jobnotes import WHAT, done_by, is_enabled, problems, words
from pve_auth_tui.core.sync.options import vanished_text
from pve_auth_tui.core.words import ago, date_time, yes_no

_COLUMNS = (
    Column("ID", 10, grow=True),
    Column("Realm", 9),
    Column("Enabled", 7),
    Column("Schedule", 15, grow=True),
    Column("Last run", 9),
    Column("Result", 6),
    Column("Removes", 16),
    Column("Scope", 16, wide=True),
    Column("Comment", 20, grow=True, wide=True),
)
_VIEWS = (
    View("to look at", "look:yes"),
    View("failed", "result:bad"),
    View("disabled", "enabled:no"),
    View("of realm", "realm:"),
)
_FIELDS = ("id", "realm", "enabled", "schedule", "result", "removes", "look")


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    jobs = snapshot.jobs.value
    if jobs is None:
        return ()
    return [_row(snapshot, job, now) for _, job in sorted(jobs.sync.items())]


def _row(snapshot: Snapshot, job: SyncJob, now: float) -> Row:
    options = done_by(job, realm_of(snapshot, job.realm))
    schedule = job.options.get("schedule", "")
    result = "BAD" if job.last_result else "ok" if job.last_run else "-"
    removes = vanished_text(options) if options else "?"
    cells = (
        job.id,
        job.realm,
        yes_no(is_enabled(job)),
        schedule,
        ago(job.last_run, now) if job.last_run else "never",
        result,
        removes.replace(";", " "),
        WHAT[options.scope] if options else "?",
        job.options.get("comment", ""),
    )
    fields = {
        "id": job.id.casefold(),
        "realm": job.realm.casefold(),
        "enabled": cells[2],
        "schedule": schedule.casefold(),
        "result": result.casefold(),
        "removes": cells[6],
        "look": look(any(one.word != "-" for one in problems(snapshot, job))),
    }
    return Row(job.id, cells, fields, (*cells[:4], float(job.last_run or 0)))


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    job = _job(snapshot, key)
    if job is None:
        return GONE
    lines = [
        Line(f"{one.text}. {one.fix}".rstrip(), "Job", one.word) for one in problems(snapshot, job)
    ]
    options = done_by(job, realm_of(snapshot, job.realm))
    lines.append(Line(job.realm, "Realm"))
    lines.append(Line(job.options.get("schedule", "none"), "Schedule"))
    lines.append(Line(words(options) if options else "not known", "Syncs"))
    if job.last_run:
        how = "failed" if job.last_result else "went well"
        lines.append(Line(f"{date_time(job.last_run)}, {how}", "Last run"))
    else:
        lines.append(Line("never", "Last run"))
    if comment := job.options.get("comment"):
        lines.append(Line(comment, "Comment"))
    return lines


def _job(snapshot: Snapshot, key: str) -> SyncJob | None:
    jobs = snapshot.jobs.value
    return jobs.sync.get(key) if jobs else None


def _heading(snapshot: Snapshot, key: str) -> str:
    job = _job(snapshot, key)
    return f"{key} ({job.realm})" if job else key


def _commands(key: str) -> Sequence[str]:
    path = "/cluster/jobs/realm-sync"
    return (f"pvesh get {path}", f"pvesh get {path}/{argument(key)}")


JOBS = Listing(
    name="jobs",
    title="Sync Jobs",
    noun=("sync job", "sync jobs"),
    part="jobs",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
