"""`enrol USER --webauthn`: a security key in this machine's USB, up to a proof that it works."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from typing import Any, Final

from pve_auth_tui.actions import prove as proving
from pve_auth_tui.actions import showing
from pve_auth_tui.actions.at_key import TerminalHands, cancelled_by_signals, chosen
from pve_auth_tui.actions.running import Outcome, carry_out
from pve_auth_tui.arguments import FAILED, INTERRUPTED, OK
from pve_auth_tui.asking import Answers, answers
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.intents import factors
from pve_auth_tui.core.keys import KeyPlace
from pve_auth_tui.core.keystages import key_texts, unfit
from pve_auth_tui.core.keytrouble import Back, KeyTrouble, Kind
from pve_auth_tui.core.keywords import default_description
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Intent, Plan
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.output import complain, json_line
from pve_auth_tui.services.enrolkey import NotEnrolled
from pve_auth_tui.services.keyasking import SOON
from pve_auth_tui.services.prove import Proof
from pve_auth_tui.services.report import Report
from pve_auth_tui.workshop import Workshop

_ANY: Final = "security key"  # how a dry run calls it where none is plugged in
_AGAIN: Final = (Back.SCAN, Back.DESCRIBE, Back.CHALLENGE)
_ENDS: Final = (Kind.ALREADY, Kind.NOT_THIS_KEY, Kind.UNSUPPORTED, Kind.KEY_FULL)
"""These come again with the same key."""


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout.

    1 also when the key was stored, but what should prove it failed; 130 when it was given up.
    Raises UsageError, Refused, and what planning and applying raise.
    """
    snapshot, _, node = workshop.outlooks.fresh()
    if options.dry_run:
        outcome = carry_out(_intent(options, options.description or _ANY), options, workshop)
        return outcome.code, outcome.text
    showing.require(node, Ability.SEND_SECRET)
    asked = answers(from_stdin=options.password_stdin)
    password = asked.line("") if options.password_stdin else ""
    enrolment = _Enrolment(options, workshop, asked)
    try:
        workshop.key_enrol.origin(snapshot)
        description = enrolment.described(snapshot)
        intent = _intent(options, options.description or description)
        outcome = carry_out(intent, options, workshop, apply=enrolment.applied)
    except KeyTrouble as trouble:
        return _ended(trouble, Outcome(FAILED, ""), options)
    if enrolment.ended is not None:
        return _ended(enrolment.ended, outcome, options)
    if outcome.code != OK or outcome.report is None:
        return outcome.code, _told(options, outcome, None)
    code, proof = enrolment.proved(password)
    return code, _told(options, outcome, proof)


def _intent(options: argparse.Namespace, description: str) -> Intent:
    return factors.add_key(options.userid, description)


class _Enrolment:
    """One key for one user, with whoever stands there."""

    def __init__(self, options: argparse.Namespace, workshop: Workshop, asked: Answers) -> None:
        self._options = options
        self._workshop = workshop
        self._asked = asked
        self._alone = options.password_stdin or not (sys.stdin and sys.stdin.isatty())
        self.path = ""
        self._seen: KeyPlace | None = None
        self.ended: NotEnrolled | None = None

    def hands(self) -> TerminalHands:
        """For one thing that is done with the key."""
        return TerminalHands(self._asked, many=not self._options.password_stdin)

    def described(self, snapshot: Snapshot) -> str:
        """Which key it is, told on stderr, and how its entry may be called.

        Raises KeyTrouble for one that cannot be enrolled, AuthTuiError where there is none.
        """
        self._choose()
        with closing(self._workshop.keys.open(self.path)) as key:
            info = key.info()
        self._seen = info.place
        userid = self._options.userid
        found = self._workshop.key_care.look(info.place, snapshot, userid, seconds=SOON)
        complain(*key_texts(info, found.held, found.unasked))
        if trouble := unfit(info, found.held or (), userid):
            raise trouble
        return default_description(info, self._workshop.clock.now())

    def _choose(self) -> None:
        hands = self.hands()
        with cancelled_by_signals(hands):
            self.path = chosen(self._workshop.keys, self._options.key, hands)

    def applied(self, plan: Plan, word: str) -> Report:
        """Runs the plan, again where somebody wants that; what it ended with stays in `ended`."""
        while True:
            hands = self.hands()
            with cancelled_by_signals(hands, self._workshop.plans.stop):
                try:
                    report = self._workshop.key_enrol.enrol(
                        plan,
                        self.path,
                        hands,
                        word,
                        seen=self._seen,
                        reason=self._options.reason,
                        minutes=float(self._options.keep_within),
                    )
                except NotEnrolled as ended:
                    self.ended = ended
            if self.ended is None:
                return report
            if not self._wants_again(self.ended, hands):
                if self.ended.report is None:
                    raise self.ended
                return self.ended.report
            if self.ended.back is Back.SCAN:
                self._choose()
            self.ended = None

    def _wants_again(self, ended: NotEnrolled, hands: TerminalHands) -> bool:
        if self._alone or hands.given_up() or ended.back not in _AGAIN or ended.kind in _ENDS:
            return False
        complain(str(ended), ended.hint, ended.stays)
        return self._asked.says_yes("Again, with the same plan?")

    def proved(self, password: str) -> tuple[int, Proof | None]:
        """A login where there is a password, else a signature; neither where nobody is there."""
        if not password and self._alone and not self._options.password_stdin:
            complain(f"Nothing has proved it yet: pve-auth-tui prove {self._options.userid}")
            return OK, None
        if not self._options.password_stdin:
            password = self._password()
        hands = self.hands()
        try:
            with cancelled_by_signals(hands):
                return OK, self._proof(password, hands)
        except Refused as error:
            complain("The key was stored. Nothing proves it:", str(error), error.hint)
            return OK, None
        except AuthTuiError as error:
            complain("The key was stored, but what should prove it failed:", str(error), error.hint)
            return INTERRUPTED if hands.given_up() else FAILED, None

    def _password(self) -> str:
        question = f"Password of {plain(self._options.userid)}, to prove it by a login (none:"
        try:
            return self._asked.line(f"{question} the key's signature alone): ")
        except UsageError:
            return ""

    def _proof(self, password: str, hands: TerminalHands) -> Proof:
        userid, prove = self._options.userid, self._workshop.prove
        snapshot = self._workshop.outlooks.fresh().snapshot
        if not password:
            return prove.signature_check(userid, self.path, hands, snapshot)
        answer = prove.with_key(self.path, hands, snapshot, userid)
        return prove.prove(userid, Secret(password), answer, snapshot)


def _ended(ended: KeyTrouble, outcome: Outcome, options: argparse.Namespace) -> tuple[int, str]:
    """What the key or PVE ended: why, and what stays on the node."""
    stays = ended.stays if isinstance(ended, NotEnrolled) else "Nothing was changed."
    complain(str(ended), ended.hint, stays)
    code = INTERRUPTED if ended.kind is Kind.CANCELLED else outcome.code
    if not options.json:
        return code, outcome.text
    value: dict[str, Any] = json.loads(outcome.text or '{"plan": null, "result": null}')
    value["error"] = {
        "kind": ended.kind.value,
        "message": str(ended),
        "hint": ended.hint,
        "stays": stays,
    }
    return code, json_line({**value, "proof": None})


def _told(options: argparse.Namespace, outcome: Outcome, proof: Proof | None) -> str:
    """What goes to stdout: the report, and what was proved."""
    if not options.json:
        return f"{outcome.text}{proving.text_of(proof) if proof else ''}"
    value: dict[str, Any] = json.loads(outcome.text)
    return json_line({**value, "proof": proving.as_json(proof) if proof else None})
