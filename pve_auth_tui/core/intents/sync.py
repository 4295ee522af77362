"""Sync an LDAP or AD realm with what its directory was just seen to hold (reference 6)."""

from __future__ import annotations

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.plan import Draft, Intent
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.previewing import preview, sync_call


def sync(realm: str, found: Found, options: SyncOptions) -> Intent:
    """The intent raises UsageError for a realm that cannot be synced, Refused where nothing would
    change, or where the answer of the directory does not allow it.
    """

    def intent(snapshot: Snapshot) -> Draft:
        seen = preview(snapshot, found, options, now=snapshot.taken_at)
        if seen.refusal:
            raise Refused(seen.refusal, "Leave them out for this run.")
        return Draft(
            f"sync realm {realm}",
            (sync_call(found, options),),
            seen.notes,
            word=seen.word,
        )

    return intent
