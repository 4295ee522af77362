"""One way back, and what every one of them says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plan import Intent

UNTRIED: Final = (
    "Not tried with a real pmxcfs and corosync: it follows PVE's sources and manual. Read what "
    "each command answers."
)


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


def about(
    *,
    changes: str = "nothing",
    risks: str = "none that is known",
    back: str = "there is nothing to take back",
    do: Iterable[str] = (),
    more: Iterable[str] = (),
    tried: bool = True,
) -> tuple[Line, ...]:
    """What it changes, what it risks, how it is taken back, what to type; whether it was tried."""
    lines = [Line(changes, "Changes"), Line(risks, "Risks"), Line(back, "Taken back")]
    lines += [Line(text, "" if number else "Do") for number, text in enumerate(do)]
    lines += [Line(text, "" if number else "And") for number, text in enumerate(more)]
    if not tried:
        lines.append(Line(UNTRIED, "Not known"))
    return tuple(lines)
