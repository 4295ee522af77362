"""`recover [USER]`: what is wrong, what somebody still has, and the ways back, least harm first.

Looking changes nothing. A way is taken with `--way ID`, or by a person at the terminal who chooses
one: then it is a plan, shown and confirmed as every plan is. What stays of it is the same however
it was asked for, and nothing does it quietly (R18).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from pve_auth_tui.actions.recoverasking import (
    asked_for_held,
    asked_for_reason,
    asked_for_way,
    held_by_options,
    is_among,
    temporary,
    way_named,
)
from pve_auth_tui.actions.recoverjson import done_json, found_json
from pve_auth_tui.actions.running import carry_out, is_somebody_there, told_on_the_way
from pve_auth_tui.arguments import FINDINGS, OK
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.errors import NothingRecords, Unreadable, UsageError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.names import is_userid
from pve_auth_tui.core.node import node_of
from pve_auth_tui.core.overview import overview
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.recover.afterwards import afterwards
from pve_auth_tui.core.recover.astext import diagnosis_text, have_text, lines_text, ways_text
from pve_auth_tui.core.recover.condition import Neighbour
from pve_auth_tui.core.recover.diagnosis import Diagnosis, diagnose
from pve_auth_tui.core.recover.have import Have, questions
from pve_auth_tui.core.recover.nothing import nothing_read
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.watch import asks_others
from pve_auth_tui.core.recover.ways import Kind, WayBack, ways_back
from pve_auth_tui.core.words import count_words
from pve_auth_tui.output import complain, json_line, terminal_width, write
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.report import Report
from pve_auth_tui.workshop import Workshop

_UNWRAPPED: Final = 100_000  # cells: nobody looks at it line by line
_UNRECORDED: Final = "Nothing will tell later what was done here. Go on all the same?"


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout; FINDINGS where something is wrong and nothing was
    done about it. Raises UsageError, and what planning and applying raise.
    """
    if options.acknowledge:
        return OK, _acknowledged(options, workshop)
    if not is_userid(options.userid):
        raise UsageError("A user is named USER@REALM.", "A password is asked for, not given here.")
    return _Recovery(options, workshop).run()


class _Recovery:
    """One run, for one user, with whoever sits there."""

    def __init__(self, options: argparse.Namespace, workshop: Workshop) -> None:
        self._options = options
        self._workshop = workshop
        self._somebody = is_somebody_there() and not (options.json or options.dry_run)

    def run(self) -> tuple[int, str]:
        options = self._options
        situation = self._situation()
        diagnosis = diagnose(situation)
        asked = questions(situation)
        held_by_options(asked, options.have, options.lost)  # a mistake is said before anything
        self._say(lambda width: [*diagnosis_text(diagnosis, width), ""])
        held, ways = self._ways(situation, asked)
        self._say(lambda width: [*ways_text(ways, width), ""])
        way = self._way(ways)
        found = {}
        if options.json:
            found = found_json(diagnosis, asked, held, ways, situation.snapshot)
        if way is None or way.kind is Kind.SHOW:
            return self._shown(diagnosis, way, found)
        return self._taken(way, situation, diagnosis, found)

    # --- looking -------------------------------------------------------------------------

    def _situation(self) -> Situation:
        """The other nodes are asked only where they may be the way back."""
        outlook, recover = self._outlook(), self._workshop.recover
        situation = recover.look(outlook, self._options.userid)
        if not (situation.condition.here and asks_others(situation)):
            return situation
        if is_somebody_there():
            complain("asking the other nodes ...")
        return recover.ask(situation, self._tell_answer)

    def _outlook(self) -> Outlook:
        try:
            return self._workshop.outlooks.fresh()
        except Unreadable as error:  # where PVE was to be asked over one way alone
            now = self._workshop.clock.now()
            snapshot = nothing_read(error, now)
            return Outlook(snapshot, overview(snapshot, now), node_of(snapshot))

    def _tell_answer(self, neighbour: Neighbour) -> None:
        if is_somebody_there() and neighbour.alive:
            complain(f"{neighbour.name} answers")

    # --- choosing ------------------------------------------------------------------------

    def _ways(
        self, situation: Situation, asked: Sequence[Have]
    ) -> tuple[frozenset[str], Sequence[WayBack]]:
        """What is held, and the ways. Whoever names one that needs what is only guessed to be lost
        has it.
        """
        options = self._options
        held = held_by_options(asked, options.have, options.lost)
        ways = ways_back(situation, held)
        said = bool(options.have or options.lost)
        if options.way and not said and not is_among(ways, options.way):
            everything = frozenset(one.id for one in asked)
            more = ways_back(situation, everything)
            held, ways = (everything, more) if is_among(more, options.way) else (held, ways)
        if asked:
            self._say(lambda width: have_text(asked, held, width))
        if asked and self._somebody and not (said or options.way):
            held = asked_for_held(asked)
            ways = ways_back(situation, held)
        if asked:
            self._say(lambda width: [""])
        return held, ways

    def _way(self, ways: Sequence[WayBack]) -> WayBack | None:
        options = self._options
        if options.way:
            return way_named(ways, options.way)
        if options.dry_run:
            return next((way for way in ways if way.kind is Kind.PLAN), None)
        return asked_for_way(ways) if ways and self._somebody else None

    # --- doing ---------------------------------------------------------------------------

    def _shown(
        self, diagnosis: Diagnosis, way: WayBack | None, found: dict[str, Any]
    ) -> tuple[int, str]:
        code = FINDINGS if _is_wrong(diagnosis) else OK
        if self._options.json:
            return code, json_line({**found, "way": way.id if way else None})
        return code, _text(lines_text(way.lines, self._width())) if way else ""

    def _taken(
        self, way: WayBack, situation: Situation, diagnosis: Diagnosis, found: dict[str, Any]
    ) -> tuple[int, str]:
        if way.kind is not Kind.REFUSED:  # what there is to say of those stands above
            self._say(lambda width: [*lines_text(way.lines, width), ""] if way.lines else [])
        reason = self._reason(diagnosis)
        intent = way.intent or temporary(
            self._options, reason, situation.now, somebody=self._somebody
        )
        outcome = carry_out(
            intent,
            self._options,
            self._workshop,
            apply=lambda plan, word: self._applied(plan, word, reason),
        )
        done = outcome.report is not None and outcome.report.ok
        then = self._then() if done else ()
        if self._options.json:
            return outcome.code, json_line(done_json(found, way.id, outcome.text, then))
        told = ["", "What to do now", *lines_text(then, self._width(), indent=2)] if then else []
        return outcome.code, outcome.text + _text(told)

    def _then(self) -> Sequence[Line]:
        """What is left to do, as things are by now."""
        situation = self._workshop.recover.look(self._outlook(), self._options.userid)
        return afterwards(situation, on_screen=False)

    def _reason(self, diagnosis: Diagnosis) -> str:
        """Asked for where somebody can answer; else the verdict (R18)."""
        verdict = diagnosis.sentences[0] if diagnosis.sentences else ""
        if self._options.reason:
            return str(self._options.reason)
        if self._somebody and not self._options.yes:
            return asked_for_reason(verdict)
        return verdict

    def _applied(self, plan: Plan, word: str, reason: str) -> Report:
        """Recorded; where nothing takes a line only if somebody says so (R16)."""
        try:
            return self._run(plan, word, reason)
        except NothingRecords as error:
            complain(str(error), error.hint)
            if not (self._options.unrecorded or Answers().says_yes(_UNRECORDED)):
                raise
            return self._run(plan, word, reason, unrecorded=True)

    def _run(self, plan: Plan, word: str, reason: str, *, unrecorded: bool = False) -> Report:
        return told_on_the_way(
            self._workshop.plans,
            lambda on_progress: self._workshop.recover.apply(
                plan,
                userid=self._options.userid,
                reason=reason,
                override=word,
                unrecorded=unrecorded,
                on_progress=on_progress,
            ),
        )

    # --- telling -------------------------------------------------------------------------

    def _say(self, made: Callable[[int], Sequence[str]]) -> None:
        """To stdout at once; where that leads elsewhere, to whoever is asked, too."""
        if self._options.json:
            return
        text = _text(made(self._width()))
        with suppress(OSError):  # a reader who has gone does not stop an emergency
            write(text, ascii_only=self._options.glyphs == "ascii")
        if self._somebody and sys.stderr and not (sys.stdout and sys.stdout.isatty()):
            with suppress(OSError):
                sys.stderr.write(_text(made(terminal_width(sys.stderr) or _UNWRAPPED)))
                sys.stderr.flush()

    def _width(self) -> int:
        return terminal_width(sys.stdout) or _UNWRAPPED


def _acknowledged(options: argparse.Namespace, workshop: Workshop) -> str:
    """Raises Unreadable, Unwritable."""
    count = workshop.recover.acknowledge()
    if options.json:
        return json_line({"acknowledged": count})
    if not count:
        return "There was nothing to acknowledge.\n"
    return f"{count_words(count, 'recovery', 'recoveries')} acknowledged: not told of again.\n"


def _is_wrong(diagnosis: Diagnosis) -> bool:
    return bool(diagnosis.causes) or any(check.word == "BAD" for check in diagnosis.checks)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)
