"""A preview as text: the same on the command line and in a saved file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plantext import finding_text, hanging
from pve_auth_tui.core.sync.dryrun import Agreement
from pve_auth_tui.core.sync.preview import TITLES, Change, Preview, Row, What
from pve_auth_tui.core.words import thousands

_LISTED: Final[tuple[What, ...]] = ("added", "changed", "removed", "skipped")
_NO_LIMIT: Final = 100_000


def preview_text(
    preview: Preview, agreement: Agreement | None = None, *, width: int = 0, rows: bool = True
) -> list[str]:
    """Lines; `width` 0 wraps nothing. `rows`: with everybody by name, too."""
    room = width or _NO_LIMIT
    lines = [f"Sync realm {plain(preview.realm)}: Preview. Nothing is written."]
    lines += hanging("", preview.heading, room, 0)
    lines += ["", *_table(preview, room)]
    if preview.meaning:
        lines += ["", "What it means", *_findings(preview, room)]
    lines += ["", *_choices(preview, room)]
    if agreement is not None:
        lines += ["", *hanging("", agreement.text, room, 0)]
        for difference in agreement.differences:
            lines += hanging("LOOK", difference, room, 6)
    for sentence in (preview.refusal, preview.limit):
        if sentence:
            lines += ["", *hanging("", sentence, room, 0)]
    return [*lines, *_everybody(preview, room)] if rows else lines


def _table(preview: Preview, room: int) -> Iterator[str]:
    yield f"{'':<10}{'Users':>9}{'Groups':>9}"
    for line in preview.lines:
        users = thousands(line.users) if preview.users.synced else "-"
        groups = thousands(line.groups) if preview.groups.synced else "-"
        word = f"{line.word}  " if line.word != "-" else ""
        left = f"{TITLES[line.what]:<10}{users:>9}{groups:>9}    "
        yield from (
            hanging(left, f"{word}{line.text}", room, len(left))
            if (line.text or word)
            else [left.rstrip()]
        )


def _findings(preview: Preview, room: int) -> Iterator[str]:
    for finding in preview.meaning:
        yield from finding_text(Finding(*finding[:3]), room)


def _choices(preview: Preview, room: int) -> Iterator[str]:
    usual = " ".join("x" if one.usual else "-" for one in preview.choices)
    yield f"Remove Vanished, for this run (the realm's default: {usual})"
    for one in preview.choices:
        yield from hanging(f"[{'x' if one.taken else ' '}] {one.name}", one.text, room, 16)


def _everybody(preview: Preview, room: int) -> Iterator[str]:
    for noun, side in (("users", preview.users), ("groups", preview.groups)):
        for what in _LISTED:
            if rows := side.rows(what):
                yield ""
                yield f"{TITLES[what]} {noun}"
                for row in rows:
                    yield from hanging("", row_text(row), room, 2, more=4)
        if side.values:
            yield ""
            yield "Skipped values"
            for row in side.values:
                yield from hanging("", row_text(row), room, 2, more=4)


def row_text(row: Row) -> str:
    """`ann@corp: E-Mail a@example.com -> b@example.com`"""
    told = [change_text(one) for one in row.changes]
    text = "; ".join([*told, *([row.text] if row.text else [])])
    return f"{row.name}: {text}" if text else row.name


def change_text(change: Change) -> str:
    """Members come and go; other fields are one value in place of another."""
    if change.field == "Members":
        came = [f"+ {change.new}"] if change.new else []
        went = [f"- {change.old}"] if change.old else []
        return "; ".join([*came, *went])
    return f"{change.field} {change.old or 'none'} -> {change.new or 'none'}"
