"""What the rules share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pve_auth_tui.core.finding import Finding, Target, Word
from pve_auth_tui.core.words import thousands

SINGLY = 3
"""So many of a kind get a line each; more are counted in one."""

Findings = Iterator[Finding]


def few_or_many(
    found: Sequence[tuple[str, str]], many: str, fix: str, target: Target, *, word: Word = "LOOK"
) -> Findings:
    """A line each for a few (text, key in the target's list), else one that counts them."""
    if len(found) > SINGLY:
        yield Finding(word, f"{thousands(len(found))} {many}", fix, target)
        return
    for text, key in found:
        yield Finding(word, text, fix, Target(target.listing, key))
