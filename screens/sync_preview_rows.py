"""What a sync's preview shows, as sections and rows. Keys of rows: what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from pve_auth_tui.core.find import haystack
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.plain import fit
from pve_auth_tui.core.sync.found import SyncOptions
from pve_auth_tui.core.sync.options import SCOPES
from pve_auth_tui.core.sync.preview import TITLES, Change, Preview, Side, What
from pve_auth_tui.core.sync.preview import Row as Synced
from pve_auth_tui.core.words import thousands, yes_no
from widgets.sections import Entry, Section

KIND: Final = "kind:"
MEANS: Final = "means:"
CHOICE: Final = "choice:"
ENABLE_NEW: Final = "option:enable-new"
SCOPE: Final = "option:scope"
PVE: Final = "pve"
"""Keys of rows, or their beginnings."""

_NUMBERS: Final = f"{'Users':>8}{'Groups':>8}"
_NARROW: Final = 60  # columns below which there is no table
_HIGH: Final = 36  # rows from which on everything is told
_WORST: Final = 4  # findings that are told on fewer
_LEFT_OF_MEANING: Final = 9
_TITLE: Final = 9  # columns that the titles of the table take, with their gap
_SCOPES: Final[Mapping[str, str]] = {
    "users": "users only",
    "groups": "groups only",
    "both": "users and groups",
}


class Agreement(NamedTuple):
    """What PVE's own dry run came to in a sentence; `more`: line by line."""

    word: Word
    text: str
    more: tuple[str, ...] = ()


# --- the preview -----------------------------------------------------------------------------


def sections(preview: Preview, agreement: Agreement, width: int, height: int) -> list[Section]:
    """The table, what it means, what can be chosen, and what PVE says itself; for a terminal of
    that many columns and rows.
    """
    return [
        _narrow_table(preview) if width < _NARROW else _table(preview),
        _meaning(preview) if height >= _HIGH else _short_meaning(preview, width),
        _choices(preview),
        Section("", (Entry(PVE, agreement.word, agreement.text),), signs=4),
    ]


def _table(preview: Preview) -> Section:
    entries = (
        Entry(
            KIND + line.what,
            "",
            TITLES[line.what],
            f"{_number(preview.users, line.users)}{_number(preview.groups, line.groups)}"
            f"   {'' if line.word == '-' else line.word:<5} {line.text}".rstrip(),
        )
        for line in preview.lines
    )
    return Section(" " * (_TITLE + 3) + _NUMBERS, tuple(entries), signs=0)


def _narrow_table(preview: Preview) -> Section:
    entries = []
    for line in preview.lines:
        users = f"{thousands(line.users)} users" if preview.users.synced else ""
        groups = f"{thousands(line.groups)} groups" if preview.groups.synced else ""
        counts = ", ".join(filter(None, (users, groups)))
        word = "" if line.word == "-" else line.word
        text = line.text if word else ""
        entries.append(Entry(KIND + line.what, word, f"{TITLES[line.what]}: {counts}", text))
    return Section("", tuple(entries), signs=4)


def _number(side: Side, count: int) -> str:
    return f"{thousands(count) if side.synced else '-':>8}"


def _meaning(preview: Preview) -> Section:
    entries = (
        Entry(f"{MEANS}{number}", finding.word, finding.text)
        for number, finding in enumerate(preview.meaning)
    )
    return Section("What it means", tuple(entries), signs=4)


def _short_meaning(preview: Preview, width: int) -> Section:
    """The worst in a line each, so that the choices below stay in view."""
    shown, rest = preview.meaning[:_WORST], preview.meaning[_WORST:]
    room = max(8, width - _LEFT_OF_MEANING)
    entries = [
        Entry(f"{MEANS}{number}", finding.word, fit(finding.text, room).rstrip())
        for number, finding in enumerate(shown)
    ]
    if rest:
        more = f"{len(rest)} more: enter tells all"
        entries.append(Entry(f"{MEANS}{len(shown)}", rest[0].word, more))
    return Section("What it means", tuple(entries), signs=4)


def _choices(preview: Preview) -> Section:
    usual = ", ".join(one.name for one in preview.choices if one.usual) or "nothing"
    entries = [
        Entry(CHOICE + one.name, _box(one.taken), one.name, one.text) for one in preview.choices
    ]
    options = preview.options
    may = "may log in at once" if options.enable_new else "are created, and may not log in yet"
    entries += [
        Entry(ENABLE_NEW, _box(options.enable_new), "enable-new", f"new users {may}"),
        Entry(SCOPE, "", "scope", _SCOPES[options.scope]),
    ]
    title = f"Remove Vanished, for this run (the realm's default: {usual})"
    return Section(title, tuple(entries), signs=3)


def _box(yes: bool) -> str:
    return "[x]" if yes else "[ ]"


def turned(options: SyncOptions, key: str) -> SyncOptions | None:
    """With the choice of that row turned; None for a row without one."""
    if key.startswith(CHOICE):
        vanished = options.vanished ^ {key.removeprefix(CHOICE)}
        return SyncOptions(options.scope, options.enable_new, vanished)
    if key == ENABLE_NEW:
        return SyncOptions(options.scope, not options.enable_new, options.vanished)
    if key == SCOPE:
        scopes: tuple[Literal["users", "groups", "both"], ...] = ("users", "groups", "both")
        scope = scopes[(SCOPES.index(options.scope) + 1) % len(scopes)]
        return SyncOptions(scope, options.enable_new, options.vanished)
    return None


# --- everybody in it -------------------------------------------------------------------------

FIELDS: Final = ("what", "kind", "name")
COLUMNS: Final = (
    Column("What", 8),
    Column("Kind", 5),
    Column("Name", 26, grow=True),
    Column("What happens", 30, grow=True),
)
Kind: TypeAlias = Literal["user", "group"]
_STAYS: Final = "Stays"
_MEMBERS: Final = "Members"
_LISTED: Final[tuple[What, ...]] = ("added", "changed", "removed", "skipped")


class Listed(NamedTuple):
    """A row of the list, what is found in it, and what is told of it."""

    row: Row
    text: str
    lines: tuple[Line, ...]


def everybody(preview: Preview, only: What | None = None) -> list[Listed]:
    """Users, then groups; `only`: those to whom that happens, else also who stays as he is."""
    found: list[Listed] = []
    sides: tuple[tuple[Kind, Side], ...] = (("user", preview.users), ("group", preview.groups))
    for kind, side in sides:
        for what in _LISTED if only is None else (only,):
            found += _listed(TITLES[what], kind, side.rows(what))
        if only in {None, "skipped"}:
            found += _listed("Value", kind, side.values)
        if only in {None, "same"} and side.synced:
            found += _listed(TITLES["same"], kind, _same(preview, kind, side))
        if only is None:
            found += _listed(_STAYS, kind, _stays(side))
    return found


def _same(preview: Preview, kind: Kind, side: Side) -> Iterator[Synced]:
    names = preview.found.users if kind == "user" else preview.found.groups
    moved = {row.name for row in (*side.added, *side.changed)}
    return (Synced(name, text="stays as it is") for name in sorted(names) if name not in moved)


def _stays(side: Side) -> Iterator[Synced]:
    gone = {row.name for row in side.removed}
    text = "gone from the directory, and stays in PVE"
    return (Synced(name, text=text) for name in side.vanished if name not in gone)


def _listed(title: str, kind: Kind, rows: Iterable[Synced]) -> Iterator[Listed]:
    for number, synced in enumerate(rows):
        happens = "; ".join((*map(_short, synced.changes), *filter(None, (synced.text,))))
        fields = {
            "what": title.casefold(),
            "kind": kind,
            "name": synced.name.casefold(),
            "look": yes_no(title in ("Removed", "Skipped", "Value")),
        }
        row = Row(
            f"{title} {kind} {number} {synced.name}", (title, kind, synced.name, happens), fields
        )
        yield Listed(row, haystack(row), tuple(_lines(title, kind, synced)))


def _short(change: Change) -> str:
    if change.field == _MEMBERS:
        joins = f"{change.new} join" if change.new else ""
        leaves = f"{change.old} leave" if change.old else ""
        return f"Members: {', '.join(filter(None, (joins, leaves)))}"
    return f"{change.field}: {change.old or 'none'} -> {change.new or 'none'}"


def _lines(title: str, kind: Kind, synced: Synced) -> Iterator[Line]:
    yield Line(f"this {kind}. {synced.text}".rstrip(". "), title)
    for change in synced.changes:
        before, after = ("leave", "join") if change.field == _MEMBERS else ("before", "after")
        yield Line(f"{before}: {change.old or 'none'}", change.field)
        yield Line(f"{after}: {change.new or 'none'}", " ")
