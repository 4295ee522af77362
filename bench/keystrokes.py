"""What a key costs while a long list is narrowed, and how much memory that takes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.results import Result
from bench.terminal import Terminal

_PROGRAM = str(Path(sys.executable).with_name("pve-auth-tui"))
_WORDS = ("user", "corp", "user00", "99", "zzz")


@dataclass(frozen=True, slots=True)
class _Typing:
    """Seconds of processor time and until the last byte, one of each per key; MB."""

    cpu: list[float]
    last: list[float]
    memory: float


def measure(large: Path, empty: Path) -> Sequence[Result]:
    """The same keys over 10,000 users and over an empty list, in two programs in turns."""
    many, none = _type(large, "10,000"), _type(empty, "1 user")
    cpu, last = median(many.cpu), median(many.last)
    return [
        Result("key that narrows 10,000 rows, CPU", 1000 * cpu, "ms", 10, _over(none.cpu)),
        Result("its last byte", last / median(none.last), "x", 1.3, f"{1000 * last:.0f} ms"),
        Result("memory with 10,000 users", many.memory, "MB", 150),
    ]


def _over(cpu: Sequence[float]) -> str:
    return f"{1000 * median(cpu):.1f} ms over an empty list"


def _type(root: Path, counted: str) -> _Typing:
    cpu, last = [], []
    with Terminal([_PROGRAM, "--root", str(root)], columns=100, rows=30) as terminal:
        terminal.until("to look at.")
        terminal.press("2")
        terminal.until(counted)
        terminal.press("/")
        terminal.settle()
        for word in _WORDS:
            for key in [*word, *["\x7f"] * len(word)]:
                before = terminal.cpu()
                pressed = terminal.press(key)
                last.append(terminal.settle() - pressed)
                cpu.append(terminal.cpu() - before)
        return _Typing(cpu, last, terminal.peak_memory())
