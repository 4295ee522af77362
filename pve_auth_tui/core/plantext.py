"""A plan as text: the same on the Plan screen, on the command line and in a saved file.

The order is that of design/screens.md: what to look at, who can still log in, what changes, what
stays, the commands, the way back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Effect, Plan, TakeBack
from pve_auth_tui.core.words import count_words

_SUBJECT: Final = 28  # cells for names, if all fit
_COMMANDS: Final = 50  # shown at the plan; the rest stands behind `c` and in a saved file
_TOO_NARROW: Final = 20


def plan_heading(plan: Plan) -> tuple[str, str]:
    """For the rule at the top: the title, and at the right the weight and the way back."""
    if not plan.back.steps:
        back = "CANNOT be taken back"
    elif plan.back.gone:
        back = "can be taken back in part"
    else:
        back = "can be taken back"
    return f"Plan: {plain(plan.title)}", f"{plan.weight.value}, {back}"


def plan_text(plan: Plan, width: int, *, most: int = _COMMANDS) -> list[str]:
    """All of it, wrapped to `width` cells, in plain text."""
    texts: list[str] = []
    for finding in plan.findings:
        texts += finding_text(finding, width)
    if plan.changes:
        texts += ["", "Changes", *_effects(plan.changes, width)]
    for number, stays in enumerate(plan.stays):
        texts += _hanging("Stays" if number == 0 else "", stays, width, 10)
    count = len(plan.steps)
    texts += ["", f"Commands  {count}" if count != 1 else "Command"]
    texts += command_text(plan, width, most=most)
    texts += ["", *back_text(plan.back, width, most=most)]
    return texts[1:] if texts and not texts[0] else texts


def finding_text(finding: Finding, width: int) -> list[str]:
    """`LOOK  sentence`, and what to do about it below."""
    texts = _hanging(finding.word, finding.text, width, 6)
    if finding.fix:
        texts += _hanging("", finding.fix, width, 6)
    return texts


def command_text(plan: Plan, width: int, *, most: int = _COMMANDS) -> list[str]:
    """What a person would type, step by step; of many the first ones."""
    return _lines_of(plan.steps, width, most)


def back_text(back: TakeBack, width: int, *, most: int = _COMMANDS) -> list[str]:
    """How it is taken back, and what does not come back."""
    if not back.steps:
        texts = ["Cannot be taken back"]
    else:
        texts = ["Take back  u, or by hand:", *_lines_of(back.steps, width, most)]
    for lost in back.lost:
        texts += _hanging("LOOK" if back.steps else "", lost, width, 6 if back.steps else 2)
    return texts


def _lines_of(steps: Sequence[object], width: int, most: int) -> list[str]:
    texts: list[str] = []
    for step in steps[:most]:
        texts += _hanging("", shown(step), width, 2, more=4)  # type: ignore[arg-type]
    if len(steps) > most:
        texts.append(f"  and {count_words(len(steps) - most, 'more', 'more')}: c shows all")
    return texts


def _effects(effects: Sequence[Effect], width: int) -> Iterator[str]:
    names = [plain(effect.subject) for effect in effects]
    column = max(map(len, names))
    column = column if column <= _SUBJECT and width - column > _TOO_NARROW + 4 else 0
    for name, effect in zip(names, effects, strict=True):
        text = plain(effect.text)
        if column:
            yield from _hanging(f"  {name}", text, width, column + 4)
        else:
            yield from _hanging("", f"{name}: {text}" if name else text, width, 2, more=4)


def _hanging(left: str, text: str, width: int, indent: int, more: int | None = None) -> list[str]:
    """`left` in a column of `indent` cells, `text` beside it, wrapped; names are never cut."""
    room = max(_TOO_NARROW, width)
    return wrap(
        plain(text),
        room,
        initial_indent=f"{left:<{indent}}",
        subsequent_indent=" " * (indent if more is None else more),
        break_on_hyphens=False,
        replace_whitespace=False,
    ) or [left]
