"""Edits of PVE's files where none of its services can do them: bytes in, bytes out.

Each changes the one thing that it names and keeps every other byte. Each reads its own result
with the parsers that know PVE's rules, and refuses to give it out unless everything else says
what it said before. All raise UsageError when there is nothing to do, and Refused for a file
that is not understood to the last byte.
"""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.recover.edits_access import enabled, without_realm_tfa
from pve_auth_tui.core.recover.edits_tfa import unlock, without_factors, without_user

__all__ = [
    "KEPT",
    "NOT_TRIED",
    "enabled",
    "unlock",
    "without_factors",
    "without_realm_tfa",
    "without_user",
]

# What a plan with a DatabaseEdit (adapters.dbedit) tells:
KEPT: Final = (
    "The database as it was stays beside it, with its -wal and -shm, in a new folder "
    "config.db-before-DATE."
)
NOT_TRIED: Final = (
    "Tried with pmxcfs 9.1.6 in local mode, which took the database and went on with it; not "
    "tried on a whole node, nor with other versions."
)
