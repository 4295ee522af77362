"""`enrol USER --totp`: an authenticator app, from its secret to a proved login."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

from pve_auth_tui.actions import enrol_key, enrol_recovery, enrol_yubico, showing
from pve_auth_tui.actions import prove as proving
from pve_auth_tui.actions.running import Outcome, carry_out
from pve_auth_tui.arguments import FAILED, OK
from pve_auth_tui.asking import Answers, answers
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.output import complain, headed, json_line
from pve_auth_tui.services.enrol import TotpDraft
from pve_auth_tui.services.prove import Proof
from pve_auth_tui.workshop import Workshop

_TRIES: Final = 5  # codes that are looked at here; PVE is asked once
_HEADINGS: Final = 12  # cells
_SECONDS: Final = 60


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout.

    1 also when the app was added, but the login that should prove it failed. Raises UsageError,
    Refused, and what planning and applying raise.
    """
    if options.recovery:
        return enrol_recovery.run(options, workshop)
    if options.webauthn:
        return enrol_key.run(options, workshop)
    if options.yubico:
        return enrol_yubico.run(options, workshop)
    snapshot, _, node = workshop.outlooks.fresh()
    draft = workshop.enrol.start_totp(
        options.userid,
        snapshot,
        options.description,
        digits=options.digits,
        period=options.period,
        algorithm=options.algorithm,
    )
    if options.dry_run:
        any_code = workshop.enrol.shown_by_app(draft).reveal()
        outcome = carry_out(workshop.enrol.intent(draft, any_code), options, workshop)
        return outcome.code, outcome.text
    showing.require(node, Ability.SEND_SECRET)
    asked = answers(from_stdin=options.password_stdin)
    stream = showing.sight(options)
    showing.require_consent(stream, options, asked)
    password = asked.line("") if options.password_stdin else ""
    showing.show(stream, _lines(draft, workshop if snapshot.demo else None))
    code = _right_code(draft, workshop, asked, tries=1 if options.password_stdin else _TRIES)
    outcome = carry_out(workshop.enrol.intent(draft, code), options, workshop)
    if outcome.code != OK or outcome.report is None:
        return outcome.code, _told(options, draft, outcome, None)
    if not options.password_stdin:
        password = _password(options.userid)
    exit_code, proof = OK, None
    if password:
        exit_code, proof = _proved(draft, code, password, workshop, asked)
    else:
        complain(f"No login has proved it yet: prove {options.userid}")
    return exit_code, _told(options, draft, outcome, proof)


def _lines(draft: TotpDraft, demo: Workshop | None) -> list[str]:
    """What somebody types into the app, and which clock counts. `demo` tells a code, too."""
    totp = draft.totp
    told = {
        "Account": f"{draft.userid}, {totp.issuer}",
        "Secret": draft.groups.reveal(),
        "Kind": f"TOTP, {totp.digits} digits, {totp.period} s, {totp.algorithm}",
        "URI": draft.uri.reveal(),
        "Clock": draft.clock.sentence,
    }
    if demo is not None:
        told["Demo"] = f"its clock is no phone's: type {demo.enrol.shown_by_app(draft).reveal()}"
    lines = [headed(head, text, None, room=_HEADINGS) for head, text in told.items() if text]
    return [line.rstrip("\n") for line in lines]


def _right_code(draft: TotpDraft, workshop: Workshop, asked: Answers, tries: int) -> str:
    """A code that PVE would take now; wrong ones are told and not sent. Raises UsageError."""
    sentence = ""
    for _ in range(tries):
        typed = asked.line(f"Code that the app shows for {plain(draft.userid)}: ")
        checked = workshop.enrol.check(draft, typed)
        if checked.ok:
            left = checked.until - workshop.enrol.now(draft)
            complain(f"{checked.sentence} PVE takes it for another {int(left)} s.")
            return typed
        if not typed.strip():
            raise UsageError("No code was typed.", "Nothing was changed.")
        sentence = checked.sentence
        complain(sentence)
    raise UsageError(sentence, "Nothing was changed.")


def _password(userid: str) -> str:
    """For the proof; "" where nobody is there to be asked, or who is there does not want to."""
    try:
        return Answers().line(
            f"Password of {plain(userid)}, to prove it by a login (none: later): "
        )
    except UsageError:
        return ""


def _proved(
    draft: TotpDraft, code: str, password: str, workshop: Workshop, asked: Answers
) -> tuple[int, Proof | None]:
    """One login. The code of adding is free there, as long as it is good."""

    def second(challenge: Challenge) -> Secret | None:
        if challenge.totp and workshop.enrol.check(draft, code).ok:
            return Secret(f"totp:{''.join(code.split())}")
        return asked.second_factor(challenge)

    snapshot = workshop.outlooks.fresh().snapshot
    try:
        return OK, workshop.prove.prove(draft.userid, Secret(password), second, snapshot)
    except Refused as error:
        complain("It was added. No login proves it:", str(error), error.hint)
        return OK, None
    except AuthTuiError as error:
        complain("It was added, but the login that should prove it failed:", str(error), error.hint)
        return FAILED, None


def _told(
    options: argparse.Namespace, draft: TotpDraft, outcome: Outcome, proof: Proof | None
) -> str:
    """What goes to stdout: the report, and what was proved."""
    if not options.json:
        return f"{outcome.text}{proving.text_of(proof) if proof else ''}"
    value: dict[str, Any] = json.loads(outcome.text)
    value["proof"] = proving.as_json(proof) if proof else None
    if showing.in_json(options):
        value |= {"secret": draft.groups.reveal(), "uri": draft.uri.reveal()}
    return json_line(value)
