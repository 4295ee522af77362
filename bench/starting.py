"""From the start of the process to the first rows on the screen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.minimal import ROW
from bench.results import Result
from bench.terminal import Terminal

_PROGRAM = [str(Path(sys.executable).with_name("pve-auth-tui")), "demo"]
_MINIMAL = [sys.executable, str(Path(__file__).with_name("minimal.py"))]
_FIRST_ROW = "root@pam: TOTP locked"  # of the demo's things to look at


def measure(runs: int = 9) -> Sequence[Result]:
    """Ours and a minimal Textual application in turns; the ratio of the medians."""
    ours, least = [], []
    for _ in range(runs):
        least.append(_first_rows(_MINIMAL, ROW))
        ours.append(_first_rows(_PROGRAM, _FIRST_ROW))
    ratio = median(ours) / median(least)
    detail = f"{median(ours) * 1000:.0f} ms, a minimal application {median(least) * 1000:.0f} ms"
    return [Result("start to first rows", ratio, "x", 1.8, detail)]


def _first_rows(argv: Sequence[str], row: str) -> float:
    with Terminal(argv) as terminal:
        return terminal.until(row)
