"""`explain`, `who-can`, `what-if`, `compare`, `script`: what follows from the picture.

Each loads only what answers it. The keys of the JSON values are stable: see docs/command-line.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pve_auth_tui.core.aclpaths import placed
from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.effects.rights import Shift, shift_words
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.listing import Column
from pve_auth_tui.core.names import is_userid, split_tokenid
from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.verbs import privilege_of
from pve_auth_tui.core.words import count_words, listed, yes_no
from pve_auth_tui.output import headed, json_line, table

if TYPE_CHECKING:
    from pve_auth_tui.core.why.whatif import WhatIf

_ROOM: Final = 13  # cells for a heading
_HOLDERS: Final = (
    Column("User/API Token", 26, grow=True),
    Column("Through", 28, grow=True),
    Column("Propagate", 9),
    Column("Can log in", 10, grow=True),
)
_DIFFERENCES: Final = (
    Column("Path", 20, grow=True),
    Column("Only A", 24, grow=True),
    Column("Only B", 24, grow=True),
    Column("Both", 4),
)
_USABLE: Final[Mapping[bool | None, str]] = {True: "yes", False: "NO", None: "-"}


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
    return "".join(
        _row(line.text, width)
        if line.text.startswith(" ")
        else headed(line.heading, line.text, width, room=_ROOM if line.heading else 0)
        for line in explanation_lines(found)
    )


def _row(text: str, width: int | None) -> str:
    """A line of a table is cut, not wrapped."""
    return f"{text if width is None or cells(text) <= width else fit(text, width).rstrip()}\n"


def _who_can(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    from pve_auth_tui.core.why.whocan import who_can

    path = placed(options.path)
    privilege = privilege_of(options.privilege, path)
    if not privilege:
        raise UsageError("A privilege is needed.", "Such as VM.PowerMgmt, or 'start and stop it'.")
    holders = who_can(snapshot, privilege, path, now=snapshot.taken_at)
    if options.json:
        told = [
            {
                "subject": holder.subject,
                "propagates": holder.propagates,
                "through": holder.through,
                "usable": holder.usable.ok,
                "reason": holder.usable.reason,
            }
            for holder in holders
        ]
        return json_line({"privilege": privilege, "path": path, "holders": told})
    if not holders:
        return f"Nobody has {privilege} on {plain(path)}.\n"
    rows = [
        (holder.subject, holder.through, yes_no(holder.propagates), _USABLE[holder.usable.ok])
        for holder in holders
    ]
    return table(_HOLDERS, rows, width)


# --- what-if -----------------------------------------------------------------------------


def _what_if(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    from pve_auth_tui.actions import writing
    from pve_auth_tui.core.planning import make_plan
    from pve_auth_tui.core.why.whatif import what_if

    now = snapshot.taken_at
    plan = make_plan(writing.intent_of(options.change, options, now), snapshot, now=now)
    found = what_if(plan.before, plan.after, now=now)
    if options.json:
        return json_line(_what_if_json(plan, found))
    return "".join(f"{plain(line)}\n" for line in _what_if_lines(plan, found))


def _what_if_json(plan: Plan, found: WhatIf) -> dict[str, Any]:
    return {
        "title": plan.title,
        "commands": [shown(step) for step in plan.steps],
        "unforeseen": [shown(step) for step in plan.unforeseen],
        "asked": found.asked,
        "shifts": [_shift(shift, found) for shift in found.shifts],
        "wake": list(found.wake),
        "sleep": list(found.sleep),
    }


def _shift(shift: Shift, found: WhatIf) -> dict[str, Any]:
    return {
        "subject": shift.subject,
        "changes": [
            {
                "paths": list(paths),
                "gained": sorted(change.gained),
                "lost": sorted(change.lost),
                "gained_below": sorted(change.gained_below),
                "lost_below": sorted(change.lost_below),
            }
            for change, paths in shift.changes
        ],
        "unchanged": list(found.unchanged.get(shift.subject, ())),
    }


def _what_if_lines(plan: Plan, found: WhatIf) -> Iterator[str]:
    yield f"What if: {plan.title}"
    yield from (f"  {shown(step)}" for step in plan.steps)
    yield ""
    if plan.unforeseen:
        yield "What some of its steps do cannot be foretold."
    for shift in found.shifts:
        said = "; ".join(shift_words(change, paths) for change, paths in shift.changes)
        stays = found.unchanged.get(shift.subject, ())
        yield f"{shift.subject}  {said}{f'; nothing on {listed(stays)}' if stays else ''}"
    for who, what in ((found.wake, "can be used then"), (found.sleep, "can no longer be used")):
        yield from (f"{subject}  {what}" for subject in who)
    of = count_words(found.asked, "user and API token", "users and API tokens")
    if found.shifts:
        verb = "gains or loses" if len(found.shifts) == 1 else "gain or lose"
        yield f"{len(found.shifts)} of {of} {verb} something. Nothing was changed."
    else:
        yield f"Nobody of {of} gains or loses a privilege. Nothing was changed."


# --- compare -----------------------------------------------------------------------------


def _compare(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> str:
    from pve_auth_tui.core.why.compare import beside, compare, same

    one, other = options.one, options.other
    differences = compare(snapshot, one, other)
    facts = beside(snapshot, one, other, snapshot.taken_at)
    if options.json:
        return json_line(
            {
                "one": one,
                "other": other,
                "same": same(differences),
                "differences": [
                    {
                        "path": each.path,
                        "only_one": sorted(each.only_one),
                        "only_other": sorted(each.only_other),
                        "both": sorted(each.both),
                    }
                    for each in differences
                ],
                "beside": [fact._asdict() for fact in facts],
            }
        )
    head = _pair("A", one, width) + _pair("B", other, width)
    rows = [
        (each.path, _named(each.only_one), _named(each.only_other), str(len(each.both)))
        for each in differences
    ]
    told = "They may do the same everywhere.\n"
    if not same(differences):
        told = table(_DIFFERENCES, rows, width)
    more = "".join(_pair(fact.name, f"A {fact.one}; B {fact.other}", width) for fact in facts)
    return "\n".join(part for part in (head, told, more) if part)


def _pair(heading: str, text: str, width: int | None) -> str:
    return headed(heading, text, width, room=max(_ROOM, len(heading) + 2))


def _named(privileges: frozenset[str]) -> str:
    return ", ".join(sorted(privileges)) or "-"


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
