"""`keys [list|pin] [PATH]`: the security keys in this machine's USB, and the PIN of one of them.

Reset is never offered: it deletes every account on the key.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from pve_auth_tui.actions.plainjson import finding_json
from pve_auth_tui.arguments import FINDINGS, OK
from pve_auth_tui.asking import answers
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.keypins import LAST_TRY, no_pin_problem, pin_problem
from pve_auth_tui.core.keyrows import COLUMNS, as_json, lines_of, row, state_of
from pve_auth_tui.core.keys import KeyPlace, PinState, Scan
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import label, pin_words, scan_lines, tries_left
from pve_auth_tui.core.logins import webauthn_id
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.output import complain, headed, json_line, table, terminal_width
from pve_auth_tui.services.keycare import Plugged
from pve_auth_tui.workshop import Workshop

_ROOM: Final = 14  # cells of a heading
_NOT_DONE: Final = "The PIN was not changed."


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code, 4 where no key can be used, and what goes to stdout.

    Raises KeyTrouble, UsageError, Refused.
    """
    if options.action == "pin":
        return _changed_pin(options, workshop)
    care = workshop.key_care.list(_snapshot(workshop)) if not options.path else None
    if care is None:
        return _one(options, workshop)
    code = OK if any(_is_usable(one) for one in care.keys) else FINDINGS
    if options.json:
        return code, json_line(
            {
                "state": care.scan.state.value,
                "findings": [finding_json(finding) for finding in scan_lines(care.scan)],
                "keys": [as_json(one.info, one.held, one.unasked) for one in care.keys],
            }
        )
    if not care.keys:
        return code, _reasons(care.scan)
    rows = [row(one.info, one.held) for one in care.keys]
    text = table(COLUMNS, (each.cells for each in rows), terminal_width(sys.stdout))
    problems = (f"{label(one.info.place)}: {one.info.problem}" for one in care.keys)
    complain(*(each for each, one in zip(problems, care.keys, strict=True) if one.info.problem))
    return code, text


def _one(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    snapshot = _snapshot(workshop)
    place = _place(workshop.key_care.scan(), options.path)
    found = workshop.key_care.look(place, snapshot)
    code = OK if _is_usable(found) else FINDINGS
    if options.json:
        return code, json_line(as_json(found.info, found.held, found.unasked))
    width = terminal_width(sys.stdout)
    today = webauthn_id(snapshot) if snapshot else ""
    lines = lines_of(found.info, found.held, today, found.unasked)
    texts = [f"{line.word:<5} {line.text}" if line.word else line.text for line in lines]
    heads = [line.heading for line in lines]
    told = (headed(h, t, width, room=_ROOM) for h, t in zip(heads, texts, strict=True))
    return code, "".join(told)


def _snapshot(workshop: Workshop) -> Snapshot | None:
    """What a key holds is told where PVE's files can be read; the rest without them, too."""
    try:
        return workshop.outlooks.fresh().snapshot
    except AuthTuiError as error:
        complain(f"Whose entries the keys hold is not known: {error}")
        return None


def _is_usable(one: Plugged) -> bool:
    return state_of(one.info, one.held) != "BAD"


def _reasons(scan: Scan) -> str:
    lines = (f"{one.word:<5} {one.text} {one.fix}".rstrip() for one in scan_lines(scan))
    return "".join(f"{plain(line)}\n" for line in lines)


def _place(scan: Scan, path: str) -> KeyPlace:
    """The key at that path, or the only one. Raises KeyTrouble, UsageError."""
    if path in scan.denied:
        raise KeyTrouble(Kind.NOT_ALLOWED)
    found = [place for place in scan.keys if path in ("", place.path)]
    if not found:
        reasons = scan_lines(scan)[0]
        told = f"There is no security key at {path}." if path and scan.keys else reasons.text
        raise KeyTrouble(Kind.UNPLUGGED, message=told, hint=reasons.fix)
    if len(found) > 1:
        paths = ", ".join(place.path for place in found)
        raise UsageError("There are several security keys.", f"Name one of them: {paths}")
    return found[0]


# --- the PIN ----------------------------------------------------------------------------------


def _changed_pin(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    if options.read_only:
        raise Refused("With --read-only nothing is changed.", _NOT_DONE)
    care = workshop.key_care
    place = _place(care.scan(), options.path)
    info = care.look(place).info
    if problem := info.problem or no_pin_problem(info):
        raise Refused(problem, _NOT_DONE)
    complain(f"{label(place)}: its PIN is {pin_words(info)[0]}.")
    if info.pin_tries == 1:
        complain(f"LOOK {tries_left(1)}. {LAST_TRY}")
    from_stdin = options.password_stdin or not (sys.stdin and sys.stdin.isatty())
    typist = answers(from_stdin=from_stdin)
    old = Secret(typist.line("PIN now: ")) if info.pin is PinState.SET else None
    new = Secret(typist.line("New PIN: "))
    found = pin_problem(new, info)
    if found is not None and found.word == "BAD":
        raise UsageError(found.text, _NOT_DONE)
    if not from_stdin and Secret(typist.line("New PIN once more: ")) != new:
        raise UsageError("These are two different PINs.", _NOT_DONE)
    if found is not None:
        complain(f"LOOK {found.text}")
    now = care.change_pin(place.path, new, old)
    done = f"The PIN of {label(place)} is {'changed' if old else 'set'}."
    if options.json:
        return OK, json_line(as_json(now, None))
    return OK, f"{done} PIN: {pin_words(now)[0]}.\n"
