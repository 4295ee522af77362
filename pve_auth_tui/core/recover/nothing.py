"""The picture where nothing of PVE could be read: Recover works with that, too."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.snapshot import Part, Snapshot

NOTHING: Final = "nothing"
"""Where such a picture says that it comes from."""

_PLAIN: Final = frozenset({"taken_at", "source", "demo", "restricted", "proofs"})
_UNTOLD: Final = frozenset({"health"})  # files do not tell it


def nothing_read(why: AuthTuiError, at: float) -> Snapshot:
    """Every part without a value, each with the same reason. `at`: seconds since 1970."""
    part: Part[Any] = Part(None, NOTHING, at, str(why), why.hint, why.original)
    names = {each.name for each in fields(Snapshot)} - _PLAIN - _UNTOLD
    parts: dict[str, Any] = dict.fromkeys(names, part)
    return Snapshot(taken_at=at, source=NOTHING, **parts)
