"""Fields that several forms have, and how their answers are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core import expiry
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.words import date_time
from widgets.field import Answer, ChoiceEntry, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.snapshot import Snapshot

LIST_HELP: Final = (
    "Space opens the list; there type a part, space marks, Enter takes what is marked."
)
EXPIRE_LEFT: Final = "Blank leaves it as it is. never, a date like 2027-01-31, or +30d (h d w m y)."
"""Help on Expire of several objects at once."""

_EXPIRE: Final = "never, a date like 2027-01-31 (its first second), or +30d: h, d, w, m, y."
_LEAVE, _YES, _NO = "leave", "yes", "no"


def names_in(answer: Answer) -> tuple[str, ...]:
    """What is marked in a field of many."""
    return answer if isinstance(answer, tuple) else ()


# --- of several objects at once ------------------------------------------------------------


def flag_or_left(ident: str, label: str, help: str) -> ChoiceEntry:
    """Yes or no for several objects; at first it leaves them as they are."""
    options = [(_LEAVE, "leave as it is"), (_YES, "yes"), (_NO, "no")]
    return ChoiceEntry(ident, label, options, help=help)


def flag_in(answer: Answer) -> bool | None:
    """What is wanted; None for what is left as it is."""
    return {_LEAVE: None, _YES: True, _NO: False}[str(answer)]


# --- Expire --------------------------------------------------------------------------------


def expire_field(known: Snapshot | None, value: str, help: str = _EXPIRE) -> TextEntry:
    """`known`: from when on `+30d` counts while it is typed."""

    def problem(text: str) -> str:
        return expiry.expiry_problem(text, known.taken_at if known else 0.0)

    return TextEntry("expire", "Expire", value, help=help, rule=problem)


def expire_in(answers: Mapping[str, Answer], now: float) -> int:
    """Seconds since 1970, 0 for never. Raises UsageError for what is no time."""
    return expiry.until(str(answers["expire"]), now)


def expire_line(answers: Mapping[str, Answer], now: float) -> Line:
    """What the text means by the clock of this computer. Raises as `expire_in`."""
    epoch = expire_in(answers, now)
    return Line(f"{date_time(epoch)}, local time" if epoch else "never", "Expire")
