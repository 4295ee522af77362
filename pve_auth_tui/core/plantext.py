"""A plan as text: the same on the Plan screen, on the command line and in a saved file.

The order is that of design/screens.md: what to look at, who can still log in, what changes, what
stays, the commands, the way back.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Effect, Plan, TakeBack
from pve_auth_tui.core.words import count_words, thousands

_SUBJECT: Final = 28  # cells for names, if all fit
_COMMANDS: Final = 50  # shown at the plan; the rest stands behind `c` and in a saved file
_NAMED: Final = 200  # changes, and losses; a saved file has all of them
_TOO_NARROW: Final = 20
_ATOM: Final = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|[^\\]")
_WORD: Final = re.compile(r"""#.*|(?:\$'(?:\\.|[^'\\])*'|'[^']*'|"[^"]*"|[^\s'"])+""")


def plan_heading(plan: Plan) -> tuple[str, str]:
    """For the rule at the top: the title, and at the right the weight and the way back."""
    if not plan.back.steps:
        back = "taken back by another plan" if plan.back.otherwise else "CANNOT be taken back"
    elif plan.back.gone:
        back = "can be taken back in part"
    else:
        back = "can be taken back"
    return f"Plan: {plain(plan.title)}", f"{plan.weight.value}, {back}"


def plan_text(plan: Plan, width: int, *, most: int = _COMMANDS, undo: str = "u") -> list[str]:
    """All of it, wrapped to `width` cells, in plain text. `undo`: the key or command for that.
    Of more than `most` commands the first, and of the longest lists, with how many more.
    """
    texts: list[str] = []
    for finding in plan.findings:
        texts += finding_text(finding, width)
    if plan.changes:
        texts += ["", "Changes", *_effects(plan.changes[: _named(most)], width)]
        texts += _and_more(len(plan.changes) - _named(most))
    for number, stays in enumerate(plan.stays):
        texts += hanging("Stays" if number == 0 else "", stays, width, 10)
    count = len(plan.steps)
    texts += ["", f"Commands  {count}" if count != 1 else "Command"]
    texts += command_text(plan, width, most=most)
    texts += ["", *back_text(plan.back, width, most=most, undo=undo)]
    return texts[1:] if texts and not texts[0] else texts


def finding_text(finding: Finding, width: int) -> list[str]:
    """`LOOK  sentence`, and what to do about it below."""
    texts = hanging(finding.word, finding.text, width, 6)
    if finding.fix:
        texts += hanging("", finding.fix, width, 6)
    return texts


def command_text(plan: Plan, width: int, *, most: int = _COMMANDS) -> list[str]:
    """What a person would type, step by step; of many the first ones."""
    return _lines_of(plan.steps, width, most)


def back_text(back: TakeBack, width: int, *, most: int = _COMMANDS, undo: str = "u") -> list[str]:
    """How it is taken back, and what does not come back."""
    if not back.steps:
        texts = ["Taken back by" if back.otherwise else "Cannot be taken back"]
        if back.otherwise:
            texts += _shell_lines(plain(back.otherwise), width)
    else:
        texts = [f"Take back  {undo}, or by hand:", *_lines_of(back.steps, width, most)]
    for lost in back.lost[: _named(most)]:
        texts += hanging("LOOK" if back.steps else "", lost, width, 6 if back.steps else 2)
    return [*texts, *_and_more(len(back.lost) - _named(most))]


def _named(most: int) -> int:
    """What is read before somebody agrees is cut later than what can be typed."""
    return max(most, _NAMED)


def _and_more(count: int) -> list[str]:
    return [f"  and {thousands(count)} more: f saves all of them"] if count > 0 else []


def _lines_of(steps: Sequence[object], width: int, most: int) -> list[str]:
    texts: list[str] = []
    for step in steps[:most]:
        texts += _shell_lines(plain(shown(step)), width)  # type: ignore[arg-type]
    if len(steps) > most:
        texts.append(f"  and {count_words(len(steps) - most, 'more', 'more')}: c shows all")
    return texts


def _shell_lines(line: str, width: int) -> list[str]:
    r"""A command over several lines, each but the last with a `\` at its end: half of it, copied
    or typed, must not be a command of its own (`pveum user tfa delete` without its `--id`).
    """
    if line.startswith("#"):
        room = max(_TOO_NARROW, width)
        return wrap(line, room, initial_indent="  ", subsequent_indent="  # ")
    room = max(_TOO_NARROW, width) - 6  # beside the indent and the mark
    texts = ["  "]
    for word in _WORD.findall(line):
        first, *rest = _pieces(word, room)
        if not texts[-1].strip():
            texts[-1] += first
        elif len(texts[-1].strip()) + 1 + len(word) <= room:
            texts[-1] += f" {first}"
        else:
            texts[-1] += " \\"
            texts.append(f"    {first}")
        for piece in rest:  # at the very left: a blank before it would end the word
            texts[-1] += "\\"
            texts.append(piece)
    return texts


def _pieces(word: str, room: int) -> list[str]:
    """A word that is too long, as several that a shell puts together again."""
    if len(word) <= room or word.startswith("#"):
        return [word]
    if word.startswith("$'") and word.endswith("'"):
        atoms, around = _ATOM.findall(word[2:-1]), "$'{}'"
    elif "'" not in word:
        atoms, around = list(word), "{}"
    else:
        text = "".join(shlex.split(word))
        atoms, around = ["'\"'\"'" if letter == "'" else letter for letter in text], "'{}'"
    pieces = [""]
    for atom in atoms:
        if len(pieces[-1]) + len(atom) > room - len(around):
            pieces.append("")
        pieces[-1] += atom
    return [around.replace("{}", piece) for piece in pieces]


def _effects(effects: Sequence[Effect], width: int) -> Iterator[str]:
    names = [plain(effect.subject) for effect in effects]
    column = max(map(len, names))
    column = column if column <= _SUBJECT and width - column > _TOO_NARROW + 4 else 0
    for name, effect in zip(names, effects, strict=True):
        text = plain(effect.text)
        if column:
            yield from hanging(f"  {name}", text, width, column + 4)
        else:
            yield from hanging("", f"{name}: {text}" if name else text, width, 2, more=4)


def hanging(left: str, text: str, width: int, indent: int, more: int | None = None) -> list[str]:
    """`left` in a column of `indent` cells, `text` beside it, wrapped; nothing is left out."""
    room = max(_TOO_NARROW, width)
    return wrap(
        plain(text),
        room,
        initial_indent=f"{left:<{indent}}",
        subsequent_indent=" " * (indent if more is None else more),
        break_on_hyphens=False,
        replace_whitespace=False,
    ) or [left]
