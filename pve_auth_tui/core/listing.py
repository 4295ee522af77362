"""What a list is: columns, rows, prepared views, details; the same for screen and command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.snapshot import Snapshot

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class Column(NamedTuple):
    """`width` in cells at 80 columns; `grow` shares what is left over; `wide`: from 132 columns."""

    title: str
    width: int
    grow: bool = False
    wide: bool = False


class Row(NamedTuple):
    """`key` stays the same between reloads; `cells` has one text per column, untrusted and raw.

    `fields` are the names that finding knows (`realm:corp tfa:none`), lower case; their
    values are case-folded and may hold several words, each of which is matched as prefix
    (`core.find`). The field `look` of every row is `yes` or `no`: does it deserve a look.
    `sort` may replace the cells of the first columns for sorting.
    """

    key: str
    cells: tuple[str, ...]
    fields: Mapping[str, str] = _NO_FIELDS
    sort: tuple[str | int | float, ...] = ()


class View(NamedTuple):
    """A prepared selection (`v`): `query` is what one could type behind `/`.

    A query that ends in `:` is to be completed by the user.
    """

    name: str
    query: str


class Line(NamedTuple):
    """One line of a detail pane: an optional heading at the left, text, an optional state."""

    text: str
    heading: str = ""
    word: Word | None = None


class Listing(NamedTuple):
    """A list of the application.

    `rows(snapshot, now)` and `details(snapshot, key, now)` are pure; `now` is seconds
    since 1970. `noun` is (one, many). `part` names the part of a Snapshot the list lives
    from, so that its `problem` can be shown in place of rows. `fields` are the names that
    every row's `fields` has. `commands(key)` are shell lines that tell the same.
    """

    name: str
    title: str
    noun: tuple[str, str]
    part: str
    columns: tuple[Column, ...]
    views: tuple[View, ...]
    rows: Callable[[Snapshot, float], Sequence[Row]]
    details: Callable[[Snapshot, str, float], Sequence[Line]]
    heading: Callable[[Snapshot, str], str]
    fields: tuple[str, ...]
    commands: Callable[[str], Sequence[str]]
