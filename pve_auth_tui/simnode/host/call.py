"""One command on the simulated node: what it was given, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pve_auth_tui.core.errors import CommandFailed


@dataclass
class Call:
    """`stdin`: as somebody would type it, None for nothing. `code`: None when its time was over."""

    tool: str
    args: list[str]
    stdin: str | None = None
    seconds: float = 15.0
    on_line: Callable[[str], None] = lambda line: None
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    code: int | None = 0

    def out(self, text: str) -> None:
        """Lines on its stdout."""
        for line in text.split("\n"):
            self.output.append(line)
            self.on_line(line)

    def err(self, text: str) -> None:
        """Lines on its stderr."""
        for line in text.split("\n"):
            self.errors.append(line)
            self.on_line(line)

    def fail(self, text: str, code: int = 1) -> None:
        """It ends like this."""
        self.err(text)
        self.code = code

    def unknown(self) -> CommandFailed:
        """What the simulated node does not know is refused like a missing program."""
        words = " ".join((self.tool, *self.args))[:80]
        return CommandFailed(f"The simulated node does not know `{words}`.")
