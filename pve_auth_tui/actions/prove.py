"""`prove USER`: a real login in two steps, once; without a password what can be checked here."""

from __future__ import annotations

import argparse
from typing import Any

from pve_auth_tui.actions.at_key import (
    TerminalHands,
    cancelled_by_signals,
    chosen,
    code_of,
    there_is_one,
)
from pve_auth_tui.arguments import OK
from pve_auth_tui.asking import Answers, answers
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.keytrouble import KeyTrouble
from pve_auth_tui.core.logins import login
from pve_auth_tui.core.node import Ability, Node
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.output import complain, json_line
from pve_auth_tui.services.proofwords import proof_lines
from pve_auth_tui.services.prove import Proof, Second
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code, 130 where the key was given up, and what goes to stdout.

    Raises what `ProveService` raises: Refused for what was not tried, LoginRefused, Unreachable.
    """
    snapshot, _, node = workshop.outlooks.fresh()
    try:
        proof = proved(options, workshop, snapshot, node)
    except KeyTrouble as trouble:
        return gave_up(trouble)
    return OK, json_line(as_json(proof)) if options.json else text_of(proof)


def proved(
    options: argparse.Namespace, workshop: Workshop, snapshot: Snapshot, node: Node
) -> Proof:
    """One attempt, with what it costs told before. Raises what `run` does, and KeyTrouble."""
    complain(*workshop.prove.before(options.userid, snapshot))
    prover = _Prover(options, workshop, snapshot)
    why_not = node.can(Ability.LOGIN)
    if why_not:
        complain(f"Nobody logs in here ({why_not}): only what is stored is looked at.")
    return prover.proof(may_log_in=not why_not)


def gave_up(trouble: KeyTrouble) -> tuple[int, str]:
    """What `run` gives for trouble at a key."""
    complain(str(trouble), trouble.hint)
    return code_of(trouble), ""


class _Prover:
    """One proof, with whoever is asked for it; the key is found when it is needed."""

    def __init__(self, options: argparse.Namespace, workshop: Workshop, snapshot: Snapshot) -> None:
        self._options = options
        self._workshop = workshop
        self._snapshot = snapshot
        self._userid: str = options.userid
        usable = login(snapshot, self._userid, workshop.clock.now()).usable
        self._by_key = bool(options.key) or usable == {"key"}
        self._has_key = "key" in usable
        self._chosen = ""
        self._asked = self._answers()
        self._hands = TerminalHands(self._asked, many=not options.password_stdin)

    def _answers(self) -> Answers:
        there = self._by_key or (self._has_key and there_is_one(self._workshop.keys))
        return answers(
            from_stdin=self._options.password_stdin,
            key=self._answer if there else None,
            key_alone=self._by_key,
        )

    def proof(self, *, may_log_in: bool) -> Proof:
        """With a password a login, else what can be checked here."""
        prove, userid = self._workshop.prove, self._userid
        if self._by_key and may_log_in:
            may_log_in = self._is_of_use()
        question = f"Password of {plain(userid)} (none: nobody logs in): "
        is_read = may_log_in or self._options.password_stdin
        password = self._asked.line(question) if is_read else ""
        if password and may_log_in:
            second = self._asked.second_factor
            return prove.prove(userid, Secret(password), second, self._snapshot)
        if self._by_key:
            path = self._path()
            with cancelled_by_signals(self._hands):
                return prove.signature_check(userid, path, self._hands, self._snapshot)
        challenge = prove.expected(userid, self._snapshot)
        answer = self._asked.second_factor(challenge) if challenge.kinds else None
        return prove.local_check(userid, self._snapshot, answer)

    def _is_of_use(self) -> bool:
        """Found out before a password is asked for. Raises KeyTrouble for another key."""
        try:
            self._second()
        except Refused as error:
            complain(str(error), "Only the key's signature is checked.")
            return False
        return True

    def _path(self) -> str:
        """Looked for once: with several keys one has to be touched."""
        if not self._chosen:
            with cancelled_by_signals(self._hands):
                self._chosen = chosen(self._workshop.keys, self._options.key, self._hands)
        return self._chosen

    def _second(self) -> Second:
        return self._workshop.prove.with_key(
            self._path(), self._hands, self._snapshot, self._userid
        )

    def _answer(self, challenge: Challenge) -> Secret | None:
        second = self._second()
        with cancelled_by_signals(self._hands):
            return second(challenge)


def text_of(proof: Proof) -> str:
    """A line for each sentence, with its state."""
    told = (f"{line.word:<6}{line.text}" for line in proof_lines(proof))
    return "".join(f"{plain(line)}\n" for line in told)


def as_json(proof: Proof) -> dict[str, Any]:
    """The same as a value; `logged_in` tells a login from a check without one."""
    return {
        "userid": proof.userid,
        "logged_in": bool(proof.address),
        "address": proof.address,
        "offered": list(proof.offered),
        "used": proof.used,
        "entry": proof.entry,
        "proved": list(proof.proved),
        "not_proved": list(proof.not_proved),
        "remarks": list(proof.remarks),
    }
