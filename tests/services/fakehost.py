"""A node's operating system in memory: files, and commands that answer what they were told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from pve_auth_tui.core.errors import Missing, Refused, ToolMissing
from pve_auth_tui.core.host.ports import Look, OnLine, Said
from pve_auth_tui.core.secret import Secret

Answer = Said | Callable[[], Said]


def said(*out: str, code: int | None = 0, err: Sequence[str] = ()) -> Said:
    """What a command that nobody names said."""
    return Said("", code, out, tuple(err))


@dataclass
class FakeTree:
    """`files`: path without the first slash -> content."""

    files: dict[str, bytes]
    source: str = "files"

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise Missing(f"{path} is not there.")
        return self.files[path]

    def names(self, folder: str) -> Sequence[str]:
        below = [one[len(folder) + 1 :] for one in self.files if one.startswith(f"{folder}/")]
        return sorted({name.partition("/")[0] for name in below})


@dataclass
class FakeHost:
    """`answers`: the first words of a command (`realm list`) -> what it says, the longest match
    first; a list gives one after another, and its last for ever. What has none is not installed.
    `asked`: every argv; `fed`: what each got on its standard input.
    """

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    held: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    fed: list[Secret | None] = field(default_factory=list)

    def ask(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        assert argv[0].startswith("/")
        self.asked.append(tuple(argv))
        self.fed.append(stdin)
        tool = argv[0].rpartition("/")[2]
        words = [tool, *(word for word in argv[1:] if not word.startswith("-"))]
        for count in range(len(words), 0, -1):
            name = " ".join(words[:count])
            if name in self.answers:
                answer = self._next(name)
                for line in answer.lines:
                    on_line(line)
                return answer._replace(tool=tool)
        raise ToolMissing(f"{argv[0]} is not there.", "Is its package installed?")

    def _next(self, name: str) -> Said:
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer if isinstance(answer, Said) else answer()

    @property
    def files(self) -> FakeTree:
        return FakeTree(self.held)

    def look(self, path: str) -> Look | None:
        name = path.strip("/")
        if name in self.held:
            return Look("file", 0o644, 0, len(self.held[name]))
        below = any(one.startswith(f"{name}/") for one in self.held)
        return Look("folder", 0o755, 0, 0) if below else None

    def write(self, path: str, content: str | None, mode: int, expected: str) -> None:
        name = path.lstrip("/")
        now = sha256(self.held[name]).hexdigest() if name in self.held else ""
        if now != expected:
            raise Refused(f"{path} is not what was looked at any more.")
        if content is None:
            self.held.pop(name, None)
        else:
            self.held[name] = content.encode()


class Clock:
    """Time passes only while somebody waits."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def pause(self, seconds: float) -> None:
        self.at += seconds
