"""`pool add|edit|remove`: pools, with the words of `pveum pool`.

As there, `--vms` and `--storage` come into a pool, and with `--delete` go out of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from pve_auth_tui.actions import writing
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import pools
from pve_auth_tui.core.intents.common import access_of, found
from pve_auth_tui.core.plan import Draft, Intent
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    return writing.run("pool", options, workshop)


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted. Raises UsageError."""
    match options.verb:
        case "add":
            return pools.add(
                options.poolid,
                comment=options.comment or "",
                vms=options.vms or (),
                storage=options.storage or (),
                allow_move=bool(options.allow_move),
            )
        case "edit":
            return _edited(options)
    return pools.remove(options.names, empty=bool(options.empty))


def _edited(options: argparse.Namespace) -> Intent:
    if options.comment is None and not options.vms and not options.storage:
        raise UsageError("Nothing is to change.", "For example: --vms 100,101")

    def intent(snapshot: Snapshot) -> Draft:
        pool = found(snapshot, access_of(snapshot).pools, options.poolid, "pool")
        change = _without if options.delete else _with
        vms = change(map(str, pool.vms), options.vms, f"guest of pool {pool.id}")
        storage = change(pool.storage, options.storage, f"storage of pool {pool.id}")
        edit = pools.edit(
            pool.id,
            comment=options.comment,
            vms=vms,
            storage=storage,
            allow_move=bool(options.allow_move),
        )
        return edit(snapshot)

    return intent


def _with(there: Iterable[str], named: Sequence[str] | None, what: str) -> list[str] | None:
    return [*dict.fromkeys((*there, *named))] if named else None


def _without(there: Iterable[str], named: Sequence[str] | None, what: str) -> list[str] | None:
    """PVE refuses to take out what is not in it; raises UsageError."""
    members = list(there)
    if strange := sorted(set(named or ()) - set(members)):
        raise UsageError(f"{listed(strange)}: no {what}.")
    return [name for name in members if name not in named] if named else None
