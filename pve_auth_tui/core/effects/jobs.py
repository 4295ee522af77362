"""What becomes of sync jobs, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.effects.scene import Scene, realms_of
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.snapshot import Snapshot, SyncJob
from pve_auth_tui.core.sync.jobnotes import done_by, is_enabled, words

_OF_THE_REALM: Final = "as the realm says"


def job_effects(scene: Scene) -> Iterator[Effect]:
    """One line for each."""
    for key in scene.kind("job"):
        old, new = scene.records[key]
        name = f"sync job {key.name}"
        if old is None:
            yield Effect(name, _new(scene.after, key))
        elif new is None:
            yield Effect(name, f"removed: realm {old['realm']} is not synced by it any more")
        else:
            names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            told = [f"{one} {_value(old.get(one))} -> {_value(new.get(one))}" for one in names]
            yield Effect(name, "; ".join(told))


def _new(after: Snapshot, key: Key) -> str:
    jobs = after.jobs.value
    job: SyncJob | None = jobs.sync.get(key.name) if jobs else None
    if job is None:
        return "new sync job"
    options = done_by(job, realms_of(after).get(job.realm))
    off = "" if is_enabled(job) else ", disabled"
    does = f": {words(options)}" if options else ""
    return f"new sync job of realm {job.realm}, {job.options.get('schedule', '')}{off}{does}"


def _value(text: str | None) -> str:
    return text or _OF_THE_REALM
