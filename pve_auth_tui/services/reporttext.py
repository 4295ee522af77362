"""What came of a plan as text: the same on the Plan screen and on the command line."""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import HostStep
from pve_auth_tui.core.plantext import hanging
from pve_auth_tui.services.report import Progress, Report, State, StepResult

_WORDS: Final = {
    State.RUNS: "...",
    State.DONE: "ok",
    State.FAILED: "BAD",
    State.UNSURE: "LOOK",
    State.NOT_RUN: "-",
}
_INDENT: Final = 6
_LOOKED: Final = "The node was looked at after every step: each did what it is for."
_LAST: Final = 12  # lines of what a command said that are shown where it failed


def progress_text(progress: Progress) -> str:
    """One line while it runs: `ok    2 of 3  pveum user modify ...`; what it says is indented."""
    if progress.line and isinstance(progress.step, HostStep):
        return f"{'':<{_INDENT}}{plain(progress.line)}"
    text = plain(progress.line) or plain(shown(progress.step))
    return f"{_WORDS[progress.state]:<5} {progress.number} of {progress.of}  {text}"


def report_text(report: Report, width: int) -> list[str]:
    """What was done, what was not, where the node is not as foretold, how it is taken back."""
    texts: list[str] = []
    for result in report.results:
        texts += _step_text(result, width)
    if report.differences:
        texts += ["", *_each("Not as foretold", report.differences, "BAD", width)]
    elif report.ok and report.is_of_node:
        texts += ["", *hanging("ok", _LOOKED, width, _INDENT)]
    elif report.ok:
        texts += ["", *hanging("ok", "PVE was asked again, and it is as foretold.", width, _INDENT)]
    if report.others:
        texts += ["", *_each("Changed by somebody else meanwhile", report.others, "LOOK", width)]
    texts += ["", *_end(report, width)]
    for remark in report.remarks:
        texts += hanging("-", remark, width, _INDENT)
    return texts


def trouble_text(error: AuthTuiError, width: int) -> list[str]:
    """What happened, the next step, and below them PVE's own words."""
    texts = hanging("BAD", str(error), width, _INDENT)
    if error.hint:
        texts += hanging("", error.hint, width, _INDENT)
    if error.original:
        texts += ["", "Original"]
        for line in error.original.splitlines():
            texts += hanging("", line, width, _INDENT)
    return texts


def _step_text(result: StepResult, width: int) -> list[str]:
    texts = hanging(_WORDS[result.state], shown(result.step), width, _INDENT)
    if result.state is State.NOT_RUN and result.error is None:
        texts += hanging("", "Not run.", width, _INDENT)
    if result.state is State.UNSURE:
        texts += hanging("", "Nobody knows whether it was carried out: look.", width, _INDENT)
    if result.told:
        texts += hanging("", f"PVE answered {result.told}", width, _INDENT)
    if result.remark:
        texts += hanging("LOOK", result.remark, width, _INDENT)
    if result.seen:
        texts += hanging(
            "", "No answer came, but reading back shows that it was done.", width, _INDENT
        )
    if result.error is not None:
        texts += [f"{'':<{_INDENT}}{text}".rstrip() for text in _plain_trouble(result.error, width)]
    return texts


def _plain_trouble(error: AuthTuiError, width: int) -> list[str]:
    room = max(20, width - _INDENT)
    texts = wrap(plain(str(error)), room) + wrap(plain(error.hint), room)
    if isinstance(error, HostTrouble):
        lines = error.original.splitlines()
        left_out = [f"[{len(lines) - _LAST} lines before these]"] if len(lines) > _LAST else []
        return [*texts, *left_out, *(f"| {plain(line)}" for line in lines[-_LAST:])]
    if error.original:
        texts += wrap(f"PVE's words: {plain(error.original)}", room)
    return texts


def _each(heading: str, sentences: tuple[str, ...], word: str, width: int) -> list[str]:
    texts = [heading]
    for sentence in sentences:
        texts += hanging(word, sentence, width, _INDENT)
    return texts


def _end(report: Report, width: int) -> list[str]:
    if report.nothing_done:
        return ["Nothing was changed."]
    undo = "" if report.is_of_node else " and for undo"
    texts = [f"In the journal{undo} it is called {report.id}."]
    if report.is_of_node and report.ok:
        back = report.plan.back
        told = (f"It is taken back by: {back.otherwise}",) if back.otherwise else back.lost
        for sentence in told:
            texts += hanging("", sentence, width, _INDENT)
    elif not report.is_of_node and not report.undoable:
        texts += hanging("", "It cannot be taken back.", width, _INDENT)
    if report.stopped:
        texts += hanging("LOOK", "It was ended between two steps, as you wanted.", width, _INDENT)
    return texts
