"""Tasks of the simulated node: what PVE runs in a worker, with its log and its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pve_auth_tui.simnode.node import SimNode


@dataclass
class Task:
    """`status` is OK or the error that ended it."""

    upid: str
    type: str
    id: str
    user: str
    start: int
    lines: list[str] = field(default_factory=list)
    status: str = ""


class TaskLog:
    """Tasks run at once here, before the answer goes out."""

    def __init__(self, node: SimNode) -> None:
        self._node = node
        self.tasks: dict[str, Task] = {}

    def run(self, kind: str, ident: str, user: str, work: Callable[[list[str]], None]) -> str:
        """Do the work, which adds its lines to the log; the task's UPID.

        An ApiError of the work is the task's end, not the caller's.
        """
        raise NotImplementedError
