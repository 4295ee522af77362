"""`join discover|check|run|permit|validate|leave DOMAIN`: this node in Active Directory."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from pve_auth_tui.actions.plainjson import plan_json
from pve_auth_tui.actions.plainjson import report_json as applied_json
from pve_auth_tui.actions.running import (
    Outcome,
    carry_out,
    stopping,
    tell_progress,
    text_of_report,
)
from pve_auth_tui.actions.signals import on_signals
from pve_auth_tui.arguments import FAILED, FINDINGS, INTERRUPTED, OK, PROGRAM, REFUSED, USAGE
from pve_auth_tui.asking import Answers, answers
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.join import asjson, astext, packages
from pve_auth_tui.core.join.model import JoinReport, JoinWish, Topic
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Intent, Plan
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.output import complain, json_line, terminal_width, write
from pve_auth_tui.services.join import JoinDone
from pve_auth_tui.services.report import Progress, Report
from pve_auth_tui.workshop import Workshop

_ASKING: Final = "Stopping ... nothing is changed by a check."
_GOES_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "user": ("check", "run", "leave"),
    "computer_name": ("check", "run"),
    "ou": ("check", "run"),
    "permit_group": ("run", "permit"),
    "permit_user": ("run", "permit"),
    "permit_nobody": ("run", "permit"),
    "permit_everybody": ("run", "permit"),
    "no_homes": ("run",),
    "take_over": ("check", "run"),
    "install": ("run",),
    "may": ("validate",),
    "must_not": ("validate",),
    "delete_account": ("leave",),
    "clean_up": ("leave",),
    "purge": ("leave",),
    "dry_run": ("run", "permit", "leave"),
    "yes": ("run", "permit", "leave"),
    "override": ("run", "permit", "leave"),
    "reason": ("run", "permit", "leave"),
}


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code (4 where anything is BAD or to be looked at) and what goes to stdout.

    Raises what planning and applying raise, and Refused where this is not the node itself; with
    --json that stands in the value.
    """
    one = _Join(options, workshop)
    try:
        if problem := workshop.join.why_not():
            raise Refused(problem, "Start this program there, as root.")
        _require_fitting(options)
        return _answered(one, options)
    except AuthTuiError as error:
        if not options.json:
            raise
        complain(str(error), error.hint)
        return _code_of(error), one.unplanned(error)


def _answered(one: _Join, options: argparse.Namespace) -> tuple[int, str]:
    match options.action:
        case "discover":
            return one.discover()
        case "check":
            return one.told(one.check(one.password() if options.password_stdin else None), "check")
        case "run":
            return one.run()
        case "permit":
            return one.permit()
        case "leave":
            return one.leave()
    return one.validate()


def _code_of(error: AuthTuiError) -> int:
    """As `cli` has it for what is raised."""
    if isinstance(error, Refused):
        return REFUSED
    return USAGE if isinstance(error, UsageError) else FAILED


def _require_fitting(options: argparse.Namespace) -> None:
    """Raises UsageError for options that do not go with the action."""
    for name, actions in _GOES_WITH.items():
        if getattr(options, name) and options.action not in actions:
            option = name.replace("_", "-")
            raise UsageError(
                f"--{option} does not go with {PROGRAM} join {options.action}.",
                f"It goes with: {', '.join(actions)}",
            )
    if options.action in ("run", "permit"):
        named = bool(options.permit_group or options.permit_user)
        if named + options.permit_nobody + options.permit_everybody != 1:
            raise UsageError(
                "Say who of the domain may log in then: a plain join lets all of them in.",
                "--permit-group G, --permit-user U, --permit-nobody or --permit-everybody",
            )
    if options.action == "leave" and bool(options.delete_account) != bool(options.user):
        raise UsageError("--delete-account and --user U go together.", "U deletes it.")


@dataclass
class _Join:
    """One command, with whoever is asked for a password; it is asked for once. `more`: what the
    JSON value of a plan has besides, as far as the command has come.
    """

    options: argparse.Namespace
    workshop: Workshop
    done: list[JoinDone] = field(default_factory=list)
    back: list[Plan] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._asked: Answers = answers(from_stdin=self.options.password_stdin)

    # --- looking -----------------------------------------------------------------------------

    def discover(self) -> tuple[int, str]:
        """What realmd finds; 4 where that is no Active Directory."""
        report = self.check(None)
        row, found = report.at(Topic.DISCOVERY), report.membership
        code = INTERRUPTED if report.stopped else OK if found else FINDINGS
        if self.options.json:
            return code, json_line(asjson.report_json(report))
        if found is None:
            alone = JoinReport(report.domain, (row,), report.state, seconds=report.seconds)
            return code, astext.report_text(alone, self._title("Discovery of"), self._width())
        return code, astext.membership_text(found, self._width())

    def check(self, password: Secret | None) -> JoinReport:
        """The prerequisites; a signal ends it between two rows."""
        stop = Event()
        with on_signals(stop.set, _ASKING):
            outlook = self.workshop.outlooks.fresh()
            return self.workshop.join.check(
                self._wish(), outlook, password=password, stopped=stop.is_set
            )

    def validate(self) -> tuple[int, str]:
        stop = Event()
        with on_signals(stop.set, _ASKING):
            report = self.workshop.join.validate(
                self.options.domain,
                may=self.options.may,
                must_not=self.options.must_not,
                stopped=stop.is_set,
            )
        return self.told(report, "Membership in")

    def told(self, report: JoinReport, title: str) -> tuple[int, str]:
        """As `status` has it: 4 for anything to look at."""
        code = INTERRUPTED if report.stopped else OK if report.worst in ("ok", "-") else FINDINGS
        if self.options.json:
            return code, json_line(asjson.report_json(report))
        named = "Join to" if title == "check" else title
        return code, astext.report_text(report, self._title(named), self._width())

    # --- changing ----------------------------------------------------------------------------

    def run(self) -> tuple[int, str]:
        """Checked, the missing packages first, then the join; each of them is a plan."""
        options, service = self.options, self.workshop.join
        preview = options.dry_run and not options.password_stdin
        password = None if preview else self.password()
        report = self.check(password)
        self.more["check"] = asjson.report_json(report)
        if report.stopped:
            return INTERRUPTED, self.unplanned() if options.json else ""
        self._show(report)
        text = ""
        if options.install and packages.missing(report.state.packages):
            outcome = self._carried(service.install(report))
            text = outcome.text
            if options.json:
                self.more["install"] = json.loads(outcome.text)
            if outcome.code != OK:
                return outcome.code, self.unplanned() if options.json else text
            if not options.dry_run:
                report = self.check(password)
                self.more["check"] = asjson.report_json(report)
        intent = service.join(
            self._wish(),
            password,
            report,
            everybody=options.permit_everybody,
            preview=options.dry_run,
        )
        code, joined = self._finished(self._carried(intent))
        if options.json:
            return code, joined
        if code == OK and not options.dry_run:
            proof = f"Prove it: {PROGRAM} join validate {options.domain} --may U --must-not U"
            joined += f"{proof}\n"
        return code, text + joined

    def permit(self) -> tuple[int, str]:
        options = self.options
        intent = self.workshop.join.permit(
            options.domain,
            options.permit_user,
            options.permit_group,
            everybody=options.permit_everybody,
        )
        return self._finished(self._carried(intent))

    def leave(self) -> tuple[int, str]:
        options = self.options
        password = None
        if options.delete_account:
            shown = options.dry_run and not options.password_stdin
            password = Secret("-") if shown else self.password()  # of a plan that is not run
        intent = self.workshop.join.leave(
            options.domain,
            delete=options.delete_account,
            user=options.user,
            password=password,
            clean_up=options.clean_up,
            purge=options.purge,
        )
        return self._finished(self._carried(intent))

    def _carried(self, intent: Intent) -> Outcome:
        return carry_out(intent, self.options, self.workshop, apply=self._applied)

    def _applied(self, plan: Plan, word: str) -> Report:
        """A signal lets the running step end; the roll back that follows is not stopped by it."""
        service = self.workshop.join
        with stopping(self.workshop.plans) as signals:

            def on_progress(progress: Progress) -> None:
                if signals and not self.back:
                    service.stop()
                tell_progress(progress)

            def on_roll_back(plan: Plan) -> None:
                self.back.append(plan)
                complain("It did not come to its end, so what was done is rolled back ...")

            done = service.apply(
                plan,
                override=word,
                reason=self.options.reason,
                on_progress=on_progress,
                on_roll_back=on_roll_back,
            )
        self.done.append(done)
        return done.report

    def unplanned(self, error: AuthTuiError | None = None) -> str:
        """The JSON value where there is no plan, or no check: why, if something was in the way."""
        told = {"message": str(error), "hint": error.hint} if error else None
        if self.options.action not in ("run", "permit", "leave"):
            return json_line({"error": told})
        value: dict[str, Any] = {"plan": None, "result": None, "error": told}
        return json_line({**value, "rolled_back": None, "left": [], **self.more})

    def _finished(self, outcome: Outcome) -> tuple[int, str]:
        """With what was rolled back, and what stays of it."""
        done = self.done[-1] if self.done and outcome.report is not None else None
        back = done.rolled_back if done else None
        left = list(done.left) if done else []
        code = outcome.code
        if code == OK and left and back is not None:
            code = FAILED
        if self.options.json:
            value = {**json.loads(outcome.text), **self.more}
            value["rolled_back"] = (
                {"plan": plan_json(back.plan), "result": applied_json(back)} if back else None
            )
            value["left"] = left
            return code, json_line(value)
        text = outcome.text
        if back is not None:
            text += f"\n{plain(back.plan.title)}\n{text_of_report(back)}"
        if done and not done.report.ok and not left and back is not None:
            text += "The node is as it was before.\n"
        return code, text + "".join(f"Left: {plain(one)}\n" for one in left)

    # --- helpers -----------------------------------------------------------------------------

    def password(self) -> Secret:
        """Of whoever joins or deletes, asked for once."""
        whose = self.options.user or "Administrator"
        return self._asked.password(whose, self.options.domain)

    def _wish(self) -> JoinWish:
        options = self.options
        return JoinWish(
            domain=options.domain,
            user=options.user or "Administrator",
            computer=options.computer_name,
            ou=options.ou,
            users=tuple(options.permit_user),
            groups=tuple(options.permit_group),
            homes=not options.no_homes,
            take_over=options.take_over,
        )

    def _show(self, report: JoinReport) -> None:
        if not self.options.json:
            text = astext.report_text(report, self._title("Join to"), self._width())
            write(f"{text}\n", ascii_only=self.options.glyphs == "ascii")

    def _title(self, what: str) -> str:
        return f"{what} {self.options.domain}"

    def _width(self) -> int | None:
        return terminal_width(sys.stdout)
