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
_WORDS = ("anna", "corp", "vera", "99", "zzz")
_PACE = 0.08  # seconds between keys, as people type


@dataclass(frozen=True, slots=True)
class _Typing:
    """Per key: seconds of processor time, and until the last byte; at most so many MB."""

    cpu: float
    last: float
    memory: float


def measure(large: Path, empty: Path) -> Sequence[Result]:
    """The same keys over 10,000 users and over an almost empty list."""
    many, none = _type(large, "10,000 users"), _type(empty, "1 user")
    over = f"{1000 * none.cpu:.1f} ms with an empty list"
    late = f"{1000 * many.last:.0f} ms, {1000 * none.last:.0f} ms with an empty list"
    return [
        Result("CPU of a key that narrows 10,000 rows", 1000 * many.cpu, "ms", 10, over),
        Result("last byte after such a key", many.last / none.last, "x", 1.3, late),
        Result("memory with 10,000 users", many.memory, "MB", 150),
    ]


def _type(root: Path, counted: str) -> _Typing:
    """Words are typed and taken back twice: at a typist's pace, and waiting after each key."""
    cpu, last = [], []
    with Terminal([_PROGRAM, "--root", str(root)], columns=100, rows=30) as terminal:
        terminal.until("Who gets in")
        terminal.settle()
        terminal.press("2")
        terminal.until(counted)
        terminal.press("/")
        terminal.settle()
        for word in _WORDS:
            keys = [*word, *["\x7f"] * len(word)]
            before = terminal.cpu()
            for key in keys:
                terminal.press(key)
                terminal.watch(_PACE)
            terminal.settle()
            cpu.append((terminal.cpu() - before) / len(keys))
            for key in keys:
                pressed = terminal.press(key)
                last.append(terminal.settle() - pressed)
        return _Typing(median(cpu), median(last), terminal.peak_memory())
