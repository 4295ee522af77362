"""A plan on the command line: shown, asked for, run, told. Every command that changes goes here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple, TextIO

from pve_auth_tui.actions.plainjson import plan_json, report_json
from pve_auth_tui.actions.signals import on_signals
from pve_auth_tui.arguments import FAILED, INTERRUPTED, OK, REFUSED, USAGE
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.commands import quoted
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Intent, Plan, Weight
from pve_auth_tui.core.plantext import plan_heading, plan_text
from pve_auth_tui.core.words import date_time
from pve_auth_tui.output import complain, json_line, terminal_width, write
from pve_auth_tui.services.plans import PlanChanged, PlanService, Progress, Report, State
from pve_auth_tui.services.reporttext import progress_text, report_text
from pve_auth_tui.services.steps import OnProgress
from pve_auth_tui.workshop import Workshop

_UNWRAPPED: Final = 100_000  # cells: nobody looks at it line by line
_ALL: Final = 100_000  # commands
_STOPS: Final = "The running step ends, no other starts."


class Outcome(NamedTuple):
    """`code`: the exit code; `text`: what goes to stdout, with --json one JSON value; `report` is
    None where nothing was run.
    """

    code: int
    text: str
    report: Report | None = None


Apply = Callable[[Plan, str], Report]
"""Runs a plan that was agreed to, with the word that was typed for it."""


def carry_out(
    intent: Intent,
    options: argparse.Namespace,
    workshop: Workshop,
    *,
    apply: Apply | None = None,
) -> Outcome:
    """Make the plan of it, show it, have it confirmed, run it.

    A plan is confirmed by --yes, or by a person at a terminal who types `yes`; a HEAVY one by its
    word besides, from --override or typed. Where the node changes meanwhile, a person is shown
    the plan anew. Raises what planning and applying raise; with --json they stand in the value,
    unless no plan could be made. `apply`: what runs it, if not the usual way.
    """
    plan = workshop.plans.review(intent, workshop.outlooks.fresh())
    if options.dry_run:
        code = REFUSED if plan.refusal else OK
        return Outcome(code, _value(plan) if options.json else _as_text(plan, sys.stdout))
    try:
        while True:
            if not options.json:
                _show(_as_text(plan, sys.stdout), sys.stdout, options)
            try:
                word = _typed(plan, options)
                if apply is None:
                    report = _applied(plan, word, options, workshop.plans)
                else:
                    report = apply(plan, word)
            except PlanChanged as changed:
                if options.yes or not is_somebody_there():
                    raise
                complain(str(changed), changed.hint)
                plan = changed.plan
            else:
                return _told(report, options)
    except AuthTuiError as error:
        if not options.json:
            raise
        complain(str(error), error.hint)
        plan = error.plan if isinstance(error, PlanChanged) else plan
        return Outcome(_code_of(error), _value(plan, error=error))


# --- asking ------------------------------------------------------------------------------


def _typed(plan: Plan, options: argparse.Namespace) -> str:
    """The word of a HEAVY plan, "" for the others. Raises Refused when nobody confirms."""
    heavy = plan.weight is Weight.HEAVY or bool(plan.refusal)
    if heavy and options.override and options.override != plan.confirm:
        raise Refused(
            f"--override {options.override} is not the word that this plan asks for.",
            f"It is: {plan.confirm}. Nothing was done.",
        )
    if not is_somebody_there():
        _require_options(plan, options, heavy=heavy)
    elif heavy and not options.override:
        return _typed_word(plan, options)
    elif not options.yes:
        _require_yes(plan, options)
    return options.override if heavy else ""


def _require_options(plan: Plan, options: argparse.Namespace, *, heavy: bool) -> None:
    if plan.refusal and not options.override:
        raise Refused(
            plan.refusal, f"Whoever overrides that adds: --override {quoted(plan.confirm)}"
        )
    if heavy and not options.override:
        raise Refused(
            "This plan is HEAVY, so it needs its word; nothing was done.",
            f"Look at it with --dry-run, then add: --override {quoted(plan.confirm)}",
        )
    if not options.yes:
        raise Refused(
            "Nobody is there to be asked, so nothing was done.",
            "Look at the plan with --dry-run, then add: --yes",
        )


def _typed_word(plan: Plan, options: argparse.Namespace) -> str:
    _show_where_asked(plan, options)
    question = f"Type  {plain(plan.confirm)}  to run it, anything else to leave it: "
    if Answers().line(question, echo=True).strip() != plain(plan.confirm):
        raise Refused("That is not the word, so nothing was done.")
    return plan.confirm


def _require_yes(plan: Plan, options: argparse.Namespace) -> None:
    _show_where_asked(plan, options)
    if not Answers().says_yes("Run it?"):
        raise Refused("It was not confirmed, so nothing was done.")


def _show_where_asked(plan: Plan, options: argparse.Namespace) -> None:
    """Nobody says yes to what he cannot see: stdout may lead elsewhere, or be for JSON."""
    if options.json or not (sys.stdout and sys.stdout.isatty()):
        _show(_as_text(plan, sys.stderr), sys.stderr, options)


def is_somebody_there() -> bool:
    """Whether a person can be asked."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


# --- running -----------------------------------------------------------------------------


def _applied(plan: Plan, word: str, options: argparse.Namespace, plans: PlanService) -> Report:
    return told_on_the_way(
        plans,
        lambda on_progress: plans.apply(
            plan,
            override=word,
            reason=options.reason,
            minutes=float(options.keep_within),
            on_progress=on_progress,
        ),
    )


def told_on_the_way(plans: PlanService, run: Callable[[OnProgress], Report]) -> Report:
    """What `run` gives: each step is told on the terminal, and a signal ends it between two."""
    with stopping(plans) as signals:

        def on_progress(progress: Progress) -> None:
            if signals:  # one that came before the plan had begun
                plans.stop()
            tell_progress(progress)

        return run(on_progress)


@contextmanager
def stopping(plans: PlanService) -> Iterator[list[bool]]:
    """Within: after ctrl+c, SIGTERM or a lost terminal the running step ends, and no other starts.

    Gives a list that is empty until one came.
    """
    came: list[bool] = []

    def stop() -> None:
        came.append(True)
        plans.stop()

    with on_signals(stop, _STOPS):
        yield came


def tell_progress(progress: Progress) -> None:
    """On the terminal, if it is still there."""
    if progress.state is State.RUNS and not progress.line:
        return
    with suppress(OSError, ValueError):
        if sys.stderr and sys.stderr.isatty():
            sys.stderr.write(f"{progress_text(progress)}\n")
            sys.stderr.flush()


# --- telling -----------------------------------------------------------------------------


def _told(report: Report, options: argparse.Namespace) -> Outcome:
    code = code_of_report(report)
    if options.json:
        return Outcome(code, _value(report.plan, report), report)
    return Outcome(code, text_of_report(report), report)


def text_of_report(report: Report) -> str:
    """What was done, and what may be done about it next."""
    lines = ["", *report_text(report, terminal_width(sys.stdout) or _UNWRAPPED)]
    if report.deadline is not None:
        at = date_time(report.deadline)
        lines.append(f"It is taken back at {at} unless it is kept: pve-auth-tui keep {report.id}")
    elif report.undoable:
        lines.append(f"Take it back: pve-auth-tui undo {report.id}")
    return "".join(f"{line}\n" for line in lines)


def code_of_report(report: Report) -> int:
    """0, 1; 130 when it was ended between two steps; 3 when its first step was refused."""
    if report.ok:
        return OK
    if report.stopped:
        return INTERRUPTED
    first = report.results[0]
    if report.nothing_done and isinstance(first.error, Refused):
        return REFUSED
    return FAILED


def _code_of(error: AuthTuiError) -> int:
    """As `cli` has it for what is raised."""
    if isinstance(error, Refused):
        return REFUSED
    return USAGE if isinstance(error, UsageError) else FAILED


def _value(plan: Plan, report: Report | None = None, error: AuthTuiError | None = None) -> str:
    value: dict[str, Any] = {
        "plan": plan_json(plan),
        "result": report_json(report) if report else None,
        "error": {"message": str(error), "hint": error.hint} if error else None,
    }
    return json_line(value)


def _as_text(plan: Plan, stream: TextIO | None) -> str:
    width = terminal_width(stream) or _UNWRAPPED
    lines = [
        "  ".join(plan_heading(plan)),
        *plan_text(plan, width, most=_ALL, undo="pve-auth-tui undo"),
    ]
    if plan.confirm:
        lines += ["", f"HEAVY: it runs only with its word: {plain(plan.confirm)}"]
    return "".join(f"{line}\n" for line in lines)


def _show(text: str, stream: TextIO | None, options: argparse.Namespace) -> None:
    """Before it is run. A reader who has gone does not stop what somebody has confirmed."""
    with suppress(OSError):
        if stream is sys.stdout:
            write(text, ascii_only=options.glyphs == "ascii")
        elif stream is not None:
            stream.write(text)
            stream.flush()
