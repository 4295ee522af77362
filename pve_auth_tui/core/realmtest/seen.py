"""What a stage came to, before it is known at which server and how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.words import thousands

# Headings of facts that the words of an advice look for.
ADDRESS: Final = "Address"
IS_FOR: Final = "Is for"
SAME: Final = "Same server"
ISSUER: Final = "Issued by"
ENDS: Final = "Ends"
BEGINS: Final = "Begins"
DAYS: Final = "Days left"
CODE: Final = "Verify code"
WOULD: Final = "Verified"
TLS: Final = "TLS"
KNOWS: Final = "Knows"  # of DirectoryTrouble.facts
OFFERED: Final = "Offered"
FILTER: Final = "Filter"
PROBLEM: Final = "Problem"
LACKING: Final = "Never comes"
FITTING: Final = "Would fit"
BAD_ITEM: Final = "Not taken"
NAME_IN: Final = "Names are in"
OWN_BASE: Final = "Own base"
SKIPPED: Final = "Skipped"
TWICE: Final = "Twice"
DANGEROUS: Final = "Beware"
SUCH_AS: Final = "Such as"
NESTED: Final = "Nested"
RANGED: Final = "Too large"
PRIMARY: Final = "Primary"
ELSEWHERE: Final = "Nobody of"
POSIX: Final = "By name"
CLOCK_OFF: Final = "Clock"
PERSON: Final = "Person"
MISSES: Final = "Misses"
LIMIT: Final = "Locks at"
WHY: Final = "Why"
WHO: Final = "Refused"

_LISTED: Final = 12  # facts of one kind
_ORDER: Final[tuple[Word, ...]] = ("-", "ok", "LOOK", "BAD")


class Seen(NamedTuple):
    """As a Check has it."""

    word: Word
    text: str = ""
    causes: tuple[Cause, ...] = ()
    facts: tuple[Fact, ...] = ()
    original: str = ""


def trouble_seen(trouble: DirectoryTrouble, facts: Sequence[Fact] = ()) -> Seen:
    """A stage that a server brought to its end."""
    told = tuple(Fact(heading.capitalize(), text) for heading, text in trouble.facts.items())
    original = trouble.original or str(trouble)
    return Seen("BAD", SHORT[trouble.cause], (trouble.cause,), (*facts, *told), original)


def worst(words: Iterable[Word]) -> Word:
    """`ok` where there are none."""
    return max(words, key=_ORDER.index, default="ok")


def facts_of(heading: str, texts: Sequence[str], most: int = _LISTED) -> tuple[Fact, ...]:
    """One for each text, up to a number; then how many more there are."""
    shown = [Fact(heading, text) for text in texts[:most]]
    if len(texts) > most:
        shown.append(Fact(heading, f"and {thousands(len(texts) - most)} more"))
    return tuple(shown)
