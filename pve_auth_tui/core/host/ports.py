"""What joins, CA trust and PAM checks need of this node's operating system.

The demo has a node of its own in software, and recorded runs are replayed through the same port.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from pve_auth_tui.core.ports import Tree
from pve_auth_tui.core.secret import Secret

OnLine = Callable[[str], None]


class Said(NamedTuple):
    """How a command ended, and what it printed: untrusted lines, both streams apart.

    `code`: its exit code; less than 0 for the signal that ended it; None when its time was over
    and it was ended, or it is left to run. `tool`: the last part of argv's first word.
    """

    tool: str
    code: int | None
    out: tuple[str, ...] = ()
    err: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything, its complaints last."""
        return (*self.out, *self.err)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Look(NamedTuple):
    """A path of the node, links followed. `mode`: permission bits alone; `size` in bytes."""

    kind: Literal["file", "folder", "other"]
    mode: int
    uid: int
    size: int


class Host(Protocol):
    """This node's commands and files, as root. Nothing here changes anything unless the command
    that is given does.
    """

    def ask(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        """Run it to its end in a clean environment; every exit code is an answer.

        `argv` begins with an absolute path; `on_line` hears both streams as they come. Raises
        CommandFailed only when it could not be started (`ToolMissing` when it is not there).
        """

    @property
    def files(self) -> Tree:
        """Files below `/`, without the slash: `etc/krb5.conf`."""

    def look(self, path: str) -> Look | None:
        """What lies at an absolute path; None for nothing. Raises Unreadable."""

    def write(self, path: str, content: str | None, mode: int, expected: str) -> None:
        """Put a whole file in its place at once, or remove it (None). Owned by root.

        `expected`: SHA-256 (hex) of what must lie there until then, "" for no file. Missing
        folders are made (0755). Raises Refused when something else lies there, Unwritable.
        """
