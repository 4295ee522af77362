"""`ca list|import|remove|check`: the CAs that this node trusts."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from threading import Event
from typing import Final, TextIO

from pve_auth_tui.actions.running import carry_out, is_somebody_there, told_on_the_way
from pve_auth_tui.actions.signals import on_signals
from pve_auth_tui.arguments import FINDINGS, INTERRUPTED, OK, PROGRAM, USAGE
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Intent, Plan
from pve_auth_tui.core.trust.asjson import check_json, offer_json, store_json
from pve_auth_tui.core.trust.astext import check_text, offer_text, store_text
from pve_auth_tui.core.trust.model import MOST, Candidate, Offer
from pve_auth_tui.core.trust.naming import fingerprint
from pve_auth_tui.core.trust.store import word_of
from pve_auth_tui.core.trust.words import compare_sentences
from pve_auth_tui.output import complain, json_line, terminal_width, write
from pve_auth_tui.services.report import Report
from pve_auth_tui.services.steps import OnProgress
from pve_auth_tui.services.trust import TrustService
from pve_auth_tui.workshop import Workshop

_NAMED: Final = {"import": "FILE or -", "remove": "NAME", "check": "HOST or DOMAIN"}


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code (4 where anything is BAD or to be looked at) and what goes to stdout.

    Raises what planning and applying raise, and Refused where this is not the node itself.
    """
    _require_fitting(options)
    match options.action:
        case "import":
            return _import(options, workshop)
        case "remove":
            outlook = workshop.outlooks.fresh()
            intent = workshop.trust.remove(options.names, outlook)
            return _carried_out(intent, options, workshop)
        case "check":
            return _check(options, workshop.trust)
    return _list(options, workshop.trust)


def _require_fitting(options: argparse.Namespace) -> None:
    """Raises UsageError for words that do not go with the action."""
    action, names = options.action, options.names
    if (options.server or options.sha256) and action != "import":
        raise UsageError(f"--server and --sha256 go with {PROGRAM} ca import.")
    if action == "list" and names:
        raise UsageError(f"{PROGRAM} ca list takes no name.")
    if action == "import" and bool(names) == bool(options.server):
        raise UsageError("Name a FILE, or - for what is pasted, or --server HOST.")
    if action in ("remove", "check") and not names:
        raise UsageError(f"Name a {_NAMED[action]}.", f"See: {PROGRAM} ca --help")
    if action in ("import", "check") and len(names) > 1:
        raise UsageError(f"One {_NAMED[action]} at a time.")


# --- looking ---------------------------------------------------------------------------------


def _list(options: argparse.Namespace, trust: TrustService) -> tuple[int, str]:
    store, now = trust.listed(), trust.clock.now()
    wrong = bool(store.ghosts or store.problem) or any(
        word_of(one, now) in ("BAD", "LOOK") for one in store.files
    )
    code = FINDINGS if wrong else OK
    if options.json:
        return code, json_line(store_json(store, now))
    return code, store_text(store, now, terminal_width(sys.stdout))


def _check(options: argparse.Namespace, trust: TrustService) -> tuple[int, str]:
    stop = Event()
    with on_signals(stop.set, "Stopping ... nothing is changed by a check."):
        check = trust.check(options.names[0], stopped=stop.is_set)
    code = INTERRUPTED if check.stopped else OK if check.worst == "ok" else FINDINGS
    if options.json:
        return code, json_line(check_json(check))
    return code, check_text(check, trust.clock.now(), terminal_width(sys.stdout))


# --- changing --------------------------------------------------------------------------------


def _import(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    trust = workshop.trust
    if problem := trust.why_not():
        raise Refused(problem, "Start this program there, as root.")
    fingerprints = [fingerprint(one) for one in options.sha256]
    offer = _offered(options, trust)
    shown = offer_text(offer, trust.clock.now(), terminal_width(sys.stdout))
    picked = _picked(offer, fingerprints)
    if picked is not None and not picked:
        complain(
            f"{plain(offer.source)} holds more than one CA, so nothing was done.",
            "Say which, once for each: --sha256 HEX",
        )
        return USAGE, json_line(offer_json(offer)) if options.json else shown
    if options.server and not fingerprints:
        _require_compared(picked or offer.importable, options)
    if not options.json:
        write(shown, ascii_only=options.glyphs == "ascii")
    code, text = _carried_out(trust.import_(offer, picked), options, workshop)
    if options.json:
        text = json_line({**json.loads(text), "input": offer_json(offer)})
    return code, text


def _offered(options: argparse.Namespace, trust: TrustService) -> Offer:
    if not options.server:
        name = options.names[0]
        if name == "-":
            return trust.from_octets(_pasted())
        return trust.from_file(name)
    check = trust.check(options.server)
    for one in check.checks:
        if one.root is not None:
            return trust.from_chain(one.host, (one.root,))
    why = "it is trusted already" if check.worst == "ok" else "it sends no untrusted root"
    raise Refused(
        f"There is no CA to import from {options.server}: {why}.",
        f"See: {PROGRAM} ca check {options.server}",
    )


def _pasted() -> bytes:
    """All of standard input; at a terminal up to an empty line. Raises UsageError."""
    if sys.stdin is None:
        raise UsageError("There is nothing to read it from.")
    if not sys.stdin.isatty():
        octets = getattr(sys.stdin, "buffer", None)
        if octets is not None:
            return bytes(octets.read(MOST + 1))
        return _lines_of(sys.stdin, "")
    sys.stderr.write("Paste the PEM, then an empty line:\n")
    sys.stderr.flush()
    return _lines_of(sys.stdin, "\n")


def _lines_of(stream: TextIO, last: str) -> bytes:
    """Up to that line, or to the end."""
    text = ""
    while len(text) <= MOST and (line := stream.readline(MOST)) not in ("", last):
        text += line
    return text.encode("utf-8", "replace")


def _picked(offer: Offer, fingerprints: list[str]) -> tuple[Candidate, ...] | None:
    """None for the only one that can be imported, or none at all; () for several."""
    if fingerprints:
        return offer.picked(fingerprints)
    return () if len(offer.importable) > 1 else None


def _require_compared(candidates: tuple[Candidate, ...], options: argparse.Namespace) -> None:
    """What came over the network is never imported unseen. Raises Refused."""
    if not is_somebody_there() or options.json:
        raise Refused(
            "A CA that a server sent is imported only by its fingerprint; nothing was done.",
            "Add the one that whoever runs the CA tells you: --sha256 HEX",
        )
    for one in candidates:
        complain(*(plain(sentence) for sentence in compare_sentences(one.authority)))
    if not Answers().says_yes("Was it compared, and is it the same?"):
        raise Refused("It was not compared, so nothing was done.")


def _carried_out(
    intent: Intent, options: argparse.Namespace, workshop: Workshop
) -> tuple[int, str]:
    outcome = carry_out(intent, options, workshop, apply=partial(_apply, options, workshop))
    return outcome.code, outcome.text


def _apply(options: argparse.Namespace, workshop: Workshop, plan: Plan, word: str) -> Report:
    def announced(back: Plan) -> None:
        complain(f"It failed, so it is taken back: {plain(back.title)}.")

    def ran(on_progress: OnProgress) -> Report:
        done = workshop.trust.apply(
            plan,
            override=word,
            reason=options.reason,
            on_progress=on_progress,
            on_roll_back=announced,
        )
        if done.rolled_back is not None:
            ok = done.rolled_back.ok
            complain("It was taken back." if ok else "It could not be taken back: see the journal.")
        return done.report

    return told_on_the_way(workshop.plans, ran)
