"""The query behind `/`: words and fields that rows must have.

    adm                     rows whose cells contain `adm`
    realm:corp tfa:none     rows whose field `realm` begins with `corp`, and `tfa` with `none`
    -lab  -enabled:no       rows without these
    "two words"  name:"A B" blanks inside quotes belong to the word

Everything typed must fit (and, not or). Upper and lower case are the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pve_auth_tui.core.listing import Row

_TERM = re.compile(r'(?P<no>-?)(?:(?P<field>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<word>\S*))')


@dataclass(frozen=True, slots=True)
class Term:
    """`text` is case-folded; `field` is empty for a word that any cell may contain."""

    text: str
    field: str = ""
    without: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed (`text`), understood; `problem` is one sentence for the user, or empty."""

    text: str
    terms: tuple[Term, ...]
    problem: str = ""

    def select(self, rows: Sequence[Row], haystacks: Sequence[str]) -> Sequence[int]:
        """Indices of the rows that fit, in their order; `haystacks[i]` is `haystack(rows[i])`."""
        chosen: Sequence[int] = range(len(rows))
        # Words first: looking into a haystack is quicker than into a row's fields.
        for term in sorted(self.terms, key=lambda term: bool(term.field)):
            if term.field:
                chosen = _by_field(term, rows, chosen)
            else:
                chosen = _by_word(term, haystacks, chosen)
        return chosen


def haystack(row: Row) -> str:
    """What words are looked for in: the row's cells, case-folded."""
    return "\n".join(row.cells).casefold()


def field_value(words: Iterable[str]) -> str:
    """The value of a field that holds several words, each of which can be found."""
    return " ".join(words).casefold()


def parse_query(text: str, fields: Collection[str] | None = None) -> Query:
    """Understand what was typed; never raises.

    `fields` are the names that the list knows (`Listing.fields`). An unknown one is said in
    `problem` and looked for as a plain word; with None every name is taken for a field.
    What is only begun (`realm:`, `-`, an open quote) leaves nothing out yet.
    """
    terms: list[Term] = []
    unknown: list[str] = []
    for match in _TERM.finditer(text):
        field = (match["field"] or "").lower()
        value = match["quoted"] if match["quoted"] is not None else match["word"]
        if field and fields is not None and field not in fields:
            unknown.append(field)
            field, value = "", f"{match['field']}:{value}"
        if value:
            terms.append(Term(value.casefold(), field, bool(match["no"])))
    problem = ""
    if unknown:
        known = ", ".join(fields or ()) or "none"
        problem = f"No field {unknown[0]} here, so it was looked for as text. Fields: {known}."
    return Query(text, tuple(terms), problem)


def _by_word(term: Term, haystacks: Sequence[str], chosen: Sequence[int]) -> Sequence[int]:
    word = term.text
    if term.without:
        return [index for index in chosen if word not in haystacks[index]]
    if len(chosen) == len(haystacks):
        return [index for index, text in enumerate(haystacks) if word in text]
    return [index for index in chosen if word in haystacks[index]]


def _by_field(term: Term, rows: Sequence[Row], chosen: Sequence[int]) -> Sequence[int]:
    """The field, or one of its words, begins with the text."""
    name, first = term.field, term.text
    later = " " + first
    without = term.without
    found: list[int] = []
    for index in chosen:
        value = rows[index].fields.get(name, "")
        if (value.startswith(first) or later in value) != without:
            found.append(index)
    return found
