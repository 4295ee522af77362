"""`explain`, `who-can`, `what-if`, `compare`, `script`: what follows from the picture.

Each loads only what answers it. The keys of the JSON values are stable: see docs/command-line.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from pve_auth_tui.core.aclpaths import placed
from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.listing import Column, Line
from pve_auth_tui.core.names import is_userid, split_tokenid
from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.verbs import privilege_of
from pve_auth_tui.core.words import count_words
from pve_auth_tui.output import headed, json_line, table

if TYPE_CHECKING:
    from pve_auth_tui.core.why.whatif import WhatIf

_ROOM: Final = 13  # cells for a heading


def subjects_of(options: argparse.Namespace) -> tuple[str, ...]:
    """Whom the question names. Raises UsageError for what is neither a user nor an API token."""
    named = {"explain": ("userid",), "compare": ("one", "other")}.get(options.command, ())
    subjects = tuple(getattr(options, name) for name in named)
    for subject in subjects:
        if not is_userid(subject) and split_tokenid(subject) is None:
            raise UsageError(
                f"{subject} is neither a user nor an API token.",
                "A user is written USER@REALM, an API token USER@REALM!TOKEN.",
            )
    return subjects


def answer(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    """What goes to stdout; `width` of a terminal in cells. Raises UsageError and Refused."""
    return _ANSWERS[options.command](options, snapshot, width)


# --- explain and who-can -----------------------------------------------------------------


def _explain(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    from pve_auth_tui.core.why.asjson import explanation_json
    from pve_auth_tui.core.why.astext import explanation_lines
    from pve_auth_tui.core.why.explain import explain

    path = placed(options.path)
    privilege = privilege_of(" ".join(options.privilege), path)
    found = explain(snapshot, options.userid, path, privilege, now=snapshot.taken_at)
    if options.json:
        return json_line(explanation_json(found))
    return "".join(_said(explanation_lines(found), width))


def _said(lines: Iterable[Line], width: int | None) -> Iterator[str]:
    """What follows a line with a heading stands below its text, up to a table or an empty line."""
    room = 0
    for line in lines:
        in_table = line.text.startswith(" ")
        room = _ROOM if line.heading or (room and line.text and not in_table) else 0
        yield (
            _row(line.text, width)
            if in_table
            else headed(line.heading, line.text, width, room=room)
        )


def _row(text: str, width: int | None) -> str:
    """A line of a table is cut, not wrapped."""
    return f"{text if width is None or cells(text) <= width else fit(text, width).rstrip()}\n"


def _who_can(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    from pve_auth_tui.core.why.tables import HOLDER_COLUMNS, holder_rows, holders_json
    from pve_auth_tui.core.why.whocan import who_can

    path = placed(options.path)
    privilege = privilege_of(options.privilege, path)
    if not privilege:
        raise UsageError("A privilege is needed.", "Such as VM.PowerMgmt, or 'start and stop it'.")
    holders = who_can(snapshot, privilege, path, now=snapshot.taken_at)
    if options.json:
        told = holders_json(holders)
        return json_line({"privilege": privilege, "path": path, "holders": told})
    if not holders:
        return f"Nobody has {privilege} on {plain(path)}.\n"
    return table(HOLDER_COLUMNS, holder_rows(holders), width)


# --- what-if -----------------------------------------------------------------------------


def _what_if(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    from pve_auth_tui.actions import writing
    from pve_auth_tui.core.planning import make_plan
    from pve_auth_tui.core.why.tables import WHAT_IF_COLUMNS, what_if_json, what_if_rows
    from pve_auth_tui.core.why.whatif import what_if

    now = snapshot.taken_at
    plan = make_plan(writing.intent_of(options.change, options, now), snapshot, now=now)
    found = what_if(plan.before, plan.after, now=now)
    commands, unforeseen = [*map(shown, plan.steps)], [*map(shown, plan.unforeseen)]
    if options.json:
        return json_line(
            {
                "title": plan.title,
                "commands": commands,
                "unforeseen": unforeseen,
                "refusal": plan.refusal or None,
                "asked": found.asked,
                "shifts": what_if_json(found),
            }
        )
    parts = ["".join(f"{plain(line)}\n" for line in (f"What if: {plan.title}", *commands))]
    if unforeseen:
        parts.append("What some of it does cannot be foretold.\n")
    if plan.refusal:
        parts.append(f"It would be refused: {plain(plan.refusal)}\n")
    if rows := what_if_rows(found):
        parts.append(table(WHAT_IF_COLUMNS, rows, width))
    return "\n".join([*parts, f"{_counted(found)} Nothing was changed.\n"])


def _counted(found: WhatIf) -> str:
    number = len({*found.wake, *found.sleep, *(shift.subject for shift in found.shifts)})
    of = count_words(found.asked, "user and API token", "users and API tokens")
    if not number:
        return f"Nobody of {of} gains or loses anything."
    return f"{number} of {of} {'gains or loses' if number == 1 else 'gain or lose'} something."


# --- compare -----------------------------------------------------------------------------


def _compare(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    from pve_auth_tui.core.why.compare import beside, compare, same
    from pve_auth_tui.core.why.tables import compare_columns, compare_json, compare_rows

    one, other = options.one, options.other
    differences = compare(snapshot, one, other)
    facts = beside(snapshot, one, other, snapshot.taken_at)
    if options.json:
        return json_line(compare_json(one, other, differences, facts))
    told = "They may do the same everywhere.\n"
    if not same(differences):
        told = table(compare_columns(one, other), compare_rows(differences), width)
    rows = [(fact.name, fact.one, fact.other) for fact in facts]
    return f"{told}\n{table(_beside(one, other), rows, width)}" if rows else told


def _beside(one: str, other: str) -> tuple[Column, ...]:
    return Column("Besides", 8), Column(one, 20, grow=True), Column(other, 20, grow=True)


# --- script ------------------------------------------------------------------------------


def _script(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    from pve_auth_tui.core.script import script

    found = script(snapshot, now=snapshot.taken_at)
    if options.json:
        missing = [{"kind": key.kind, "name": key.name, "part": key.part} for key in found.missing]
        return json_line({"commands": [*map(shown, found.steps)], "missing": missing})
    return "".join(f"{plain(line)}\n" for line in found.lines)


_Answer: TypeAlias = Callable[[argparse.Namespace, Snapshot, int | None], str]
_ANSWERS: Final[Mapping[str, _Answer]] = {
    "explain": _explain,
    "who-can": _who_can,
    "what-if": _what_if,
    "compare": _compare,
    "script": _script,
}
