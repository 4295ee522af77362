"""What a server says of itself before anybody has bound: its base and its clock (RFC 4512 5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.seen import CLOCK_OFF, Seen
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.words import span

Root = Mapping[str, Sequence[bytes]]

_LOOK: Final = 120.0  # seconds
_BAD: Final = 300.0  # seconds: Kerberos refuses from here on (RFC 4120 5.9.1, clockskew)
_TIME: Final = re.compile(rb"(\d{14})(?:[.,]\d+)?(?:Z|([+-])(\d\d)(\d\d)?)")


def own_base(root: Root) -> str:
    """What an AD server calls its own, "" for one that names none."""
    return _first(root, "defaultnamingcontext").decode("utf-8", "replace")


def clock_seen(root: Root, now: float) -> Seen:
    """`currentTime`, which AD tells, beside ours; `now` in seconds since 1970."""
    theirs = generalized_time(_first(root, "currenttime"))
    if theirs is None or abs(theirs - now) <= _LOOK:
        return Seen("ok")
    ahead = theirs > now
    said = f"the server is {span(abs(theirs - now))} {'ahead' if ahead else 'behind'}"
    word: Word = "BAD" if abs(theirs - now) > _BAD else "LOOK"
    return Seen(word, SHORT[Cause.CLOCK], (Cause.CLOCK,), (Fact(CLOCK_OFF, said),))


def generalized_time(text: bytes) -> float | None:
    """`20261122215400.0Z` (RFC 4517 3.3.13) in seconds since 1970; None for what is none."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1].decode("ascii"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    hours, minutes = int(found[3] or 0), int(found[4] or 0)
    offset = (hours * 60 + minutes) * 60
    return moment.timestamp() - (-offset if found[2] == b"-" else offset)


def _first(root: Root, name: str) -> bytes:
    return next(iter(root.get(name, ())), b"")
