"""The commands that answer and leave: lists, `permissions`, `status`, and those that say why.

Each gives the exit code and what goes to stdout; remarks go to stderr.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from pve_auth_tui.arguments import FAILED, FINDINGS, OK, WHY
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.names import is_userid, split_tokenid
from pve_auth_tui.core.overview import overview
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.snapshot import Part, Snapshot
from pve_auth_tui.output import complain, json_line, terminal_width
from pve_auth_tui.queries import QUERIES, exists, listing_text, permissions_text
from pve_auth_tui.status import status_json, status_text


def answer(
    options: argparse.Namespace, snapshot: Snapshot, told: Sequence[Finding] = ()
) -> tuple[int, str]:
    """The answer of the command that `options` name; raises UsageError. `told`: what `status` has
    to tell besides, which no picture shows.
    """
    if options.command == "status":
        return status_answer(options, snapshot, told)
    if options.command == "permissions":
        return permissions_answer(options, snapshot)
    if options.command == "survive":
        return survive_answer(options, snapshot)
    if options.command in WHY:
        return why_answer(options, snapshot)
    return list_answer(options, snapshot)


def list_answer(options: argparse.Namespace, snapshot: Snapshot) -> tuple[int, str]:
    """A list; FAILED with what there is of it, when a part it is made of could not be read."""
    query = QUERIES[options.command]
    code = _unread(query.unread(snapshot))
    if query.main(snapshot).value is None:
        return code, ""
    if options.json:
        return code, json_line(query.json(snapshot))
    _remark(query.main(snapshot))
    return code, listing_text(options.command, snapshot, terminal_width(sys.stdout))


def permissions_answer(options: argparse.Namespace, snapshot: Snapshot) -> tuple[int, str]:
    """What a user or token may do.

    Raises UsageError for what can be neither, Refused where not all of it is known.
    """
    subject = options.userid
    if not is_userid(subject) and split_tokenid(subject) is None:
        raise UsageError(
            f"{subject} is neither a user nor an API token.",
            "A user is written USER@REALM, an API token USER@REALM!TOKEN.",
        )
    access = snapshot.access
    if access.value is None:
        return _unread([access]), ""
    _require_all(snapshot, f"What {subject} may do")
    answer = Permissions(access.value).answer(subject, options.path)
    if options.json:
        return OK, json_line(answer)
    _remark(access)
    if not exists(subject, access.value):
        complain(f"{subject} does not exist here.")
    return OK, permissions_text(answer, terminal_width(sys.stdout))


def why_answer(options: argparse.Namespace, snapshot: Snapshot) -> tuple[int, str]:
    """Reasons. What was asked is answered, so the code is OK, whatever the answer is.

    Raises UsageError for what cannot be asked, Refused where not all of it is known, and for
    `what-if` what planning raises.
    """
    from pve_auth_tui.actions import why  # what the others have no need of

    subjects = why.subjects_of(options)
    access = snapshot.access
    if access.value is None:
        return _unread([access]), ""
    _require_all(snapshot, "This")
    text = why.answer(options, snapshot, terminal_width(sys.stdout))
    if not options.json:
        _remark(access)
        complain(
            *(f"{one} does not exist here." for one in subjects if not exists(one, access.value))
        )
    return OK, text


def survive_answer(options: argparse.Namespace, snapshot: Snapshot) -> tuple[int, str]:
    """The ways in; FINDINGS when fewer than two are independent, or a trouble leaves nobody.

    Raises Refused where not all of it is known.
    """
    from pve_auth_tui.actions import survive

    if snapshot.access.value is None:
        return _unread([snapshot.access]), ""
    _require_all(snapshot, "Who gets in")
    if not options.json:
        _remark(snapshot.access)
    return survive.answer(options, snapshot, terminal_width(sys.stdout))


def status_answer(
    options: argparse.Namespace, snapshot: Snapshot, told: Sequence[Finding] = ()
) -> tuple[int, str]:
    """Node, counts and findings, those of `told` first; FINDINGS when there are any."""
    seen = overview(snapshot, snapshot.taken_at)
    seen = replace(seen, findings=(*told, *seen.findings))
    code = FINDINGS if any(finding.word in ("BAD", "LOOK") for finding in seen.findings) else OK
    if snapshot.access.value is None:
        code = _unread([snapshot.access])
    if options.json:
        return code, json_line(status_json(snapshot, seen))
    return code, status_text(snapshot, seen, terminal_width(sys.stdout))


def _require_all(snapshot: Snapshot, what: str) -> None:
    if snapshot.restricted:
        raise Refused(
            f"{what} cannot be told: PVE shows this login only a part of it.",
            "Ask as somebody with Sys.Audit on /access, or as root on the node.",
        )


def _unread(parts: Iterable[Part[Any]]) -> int:
    """Say why parts are not there; the exit code."""
    code = OK
    for part in parts:
        complain(part.problem, part.hint)
        code = FAILED
    return code


def _remark(part: Part[Any]) -> None:
    """What there is to say about a part that could be read."""
    complain(part.problem, part.hint)
