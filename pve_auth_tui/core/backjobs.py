"""The way back of sync jobs (PVE::API2::Jobs::RealmSync of pve-access-control 9.1.1)."""

from __future__ import annotations

from pve_auth_tui.core.changed import Way, call
from pve_auth_tui.core.ports import Param

_FIXED = "realm"


def jobs(way: Way) -> None:
    """A job that is made anew has not run yet, as far as PVE knows."""
    for one in way.of("job"):
        path = ("cluster", "jobs", "realm-sync", one.key.name)
        before, after = one.before or {}, one.after or {}
        if one.was_made:
            way.remove("job", call("DELETE", *path))
        elif one.was_removed or before.get(_FIXED) != after.get(_FIXED):
            if not one.was_removed:
                way.make("job", call("DELETE", *path))
            way.make("job", call("POST", *path, params=dict(before)))
            way.renew(f"Sync job {one.key.name} is made anew: when it ran last is forgotten.")
        else:
            gone = sorted(name for name in after if name not in before)
            params: dict[str, Param] = {"schedule": before["schedule"], **one.back}
            if gone:
                params["delete"] = ",".join(gone)
            way.make("job", call("PUT", *path, params=params))
