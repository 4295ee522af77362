"""A file replaced in config.db while no pmxcfs runs: for a node of no cluster, in an emergency."""

from __future__ import annotations

from pve_auth_tui.core.plan import DatabaseEdit


def edit_database(step: DatabaseEdit) -> None:
    """Put the new content in place (R11). Raises Refused and Unreadable, after which nothing has
    changed, and Unwritable, after which the old content is there, whole; or the new one, when the
    disk failed in the very last step. The hint names the folder with the copies, once there is one.
    """
    # Not at every start: it brings SQLite along.
    from pve_auth_tui.adapters.dbexchange import DatabaseEdits

    DatabaseEdits().edit(step)
