"""`prove USER`: a real login in two steps, once; without a password what can be checked here."""

from __future__ import annotations

import argparse
from typing import Any

from pve_auth_tui.arguments import OK
from pve_auth_tui.asking import Answers, answers
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.output import complain, json_line
from pve_auth_tui.services.prove import Proof
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout.

    Raises what `ProveService` raises: Refused for what was not tried, LoginRefused, Unreachable.
    """
    userid = options.userid
    snapshot, _, node = workshop.outlooks.fresh()
    complain(*workshop.prove.before(userid, snapshot))
    asked = answers(from_stdin=options.password_stdin)
    why_not = node.can(Ability.LOGIN)
    if why_not:
        complain(f"Nobody logs in here ({why_not}): only what is stored is looked at.")
    question = f"Password of {plain(userid)} (none: nobody logs in): "
    password = "" if why_not and not options.password_stdin else asked.line(question)
    if password and not why_not:
        proof = workshop.prove.prove(userid, Secret(password), asked.second_factor, snapshot)
    else:
        proof = _checked_here(userid, workshop, snapshot, asked)
    return OK, json_line(as_json(proof)) if options.json else text_of(proof)


def _checked_here(userid: str, workshop: Workshop, snapshot: Snapshot, asked: Answers) -> Proof:
    challenge = workshop.prove.expected(userid, snapshot)
    answer = asked.second_factor(challenge) if challenge.kinds else None
    return workshop.prove.local_check(userid, snapshot, answer)


def text_of(proof: Proof) -> str:
    """A line for each sentence: `ok` what was proved, `-` what was not."""
    lines = [f"ok    {sentence}" for sentence in proof.proved]
    lines += [f"-     Not proved: {sentence}" for sentence in proof.not_proved]
    return "".join(f"{plain(line)}\n" for line in lines)


def as_json(proof: Proof) -> dict[str, Any]:
    """The same as a value; `logged_in` tells a login from a check without one."""
    return {
        "userid": proof.userid,
        "logged_in": bool(proof.address),
        "address": proof.address,
        "offered": list(proof.offered),
        "used": proof.used,
        "proved": list(proof.proved),
        "not_proved": list(proof.not_proved),
    }
