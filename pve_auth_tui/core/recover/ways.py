"""The ways back, the one that does least first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.recover.situation import Situation


class Kind(Enum):
    """SHOW changes nothing: it tells what to do. PLAN leads to a plan. ASK asks for more first: a
    temporary administrator. REFUSED is a plan that should not be run now; its word runs it.
    """

    SHOW = "show"
    PLAN = "plan"
    ASK = "ask"
    REFUSED = "refused"


@dataclass(frozen=True)
class WayBack:
    """`id` is stable, for the command line: `unlock`, `remove-lost`. `title` says what is done,
    `note` what that changes, in a few words; `lines`: everything about it, with what it risks, and
    of what could not be tried without a real pmxcfs that it was not. `intent` is None with SHOW and
    ASK.
    """

    id: str
    title: str
    note: str
    kind: Kind
    lines: tuple[Line, ...] = ()
    intent: Intent | None = field(default=None, repr=False, compare=False)


def ways_back(situation: Situation, held: Collection[str]) -> tuple[WayBack, ...]:
    """`held`: ids of the factors that somebody still has. REFUSED ones come last."""
    return ()
