"""A file replaced in config.db while no pmxcfs runs: for a node of no cluster, in an emergency."""

from __future__ import annotations

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.plan import DatabaseEdit


def edit_database(step: DatabaseEdit) -> None:
    """Put the new content in place (R11). Raises Refused, Unreadable, Unwritable; then the old
    database is there, whole.
    """
    raise Refused("The database is not edited by this version.")
