"""The shape of a cause's words."""

from __future__ import annotations

from typing import NamedTuple

from pve_auth_tui.core.join.model import FixKind


class Said(NamedTuple):
    """`{domain}` and so on are filled in. `fixes`: text, and what a screen does for it."""

    what: str
    now: str
    fixes: tuple[tuple[str, FixKind], ...]


def do(*fixes: str) -> tuple[tuple[str, FixKind], ...]:
    """Fixes that a person does elsewhere."""
    return tuple((text, "") for text in fixes)
