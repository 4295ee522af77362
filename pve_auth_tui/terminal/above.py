"""The processes that run us: one of them may be recording (`script`, a bastion's recorder)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_MOST: Final = 32


def above(proc: Path = Path("/proc"), pid: int | None = None) -> list[str]:
    """Their names (proc(5), comm), our parent first; as far up as they can be read."""
    names: list[str] = []
    pid = os.getppid() if pid is None else pid
    while pid > 0 and len(names) < _MOST:
        try:
            stat = (proc / str(pid) / "stat").read_text(errors="replace")
        except OSError:
            break
        # `pid (comm) state ppid ...`, and comm may hold blanks and brackets
        head, _, tail = stat.rpartition(")")
        names.append(head.partition("(")[2])
        pid = int(tail.split()[1])
    return names
