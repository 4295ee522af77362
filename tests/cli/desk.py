"""A command that changes something, run on a small node, with somebody at a terminal or nobody."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pve_auth_tui.adapters.keepsake import Keepsake
from pve_auth_tui.adapters.mounts import Mount
from pve_auth_tui.adapters.recoveries import MemoryRecoveries
from pve_auth_tui.arguments import REFUSED, USAGE, parse
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.recover.condition import SERVICES, Condition, Neighbour, Service, Shadow
from pve_auth_tui.core.recover.condition import Mount as Mounted
from pve_auth_tui.services.recover import RecoverService
from pve_auth_tui.workshop import Workshop
from tests.services.workbench import Bench


class Ran(NamedTuple):
    """What a command left behind; `error` is what it raised for `cli` to tell."""

    code: int
    out: str
    err: str
    error: AuthTuiError | None = None

    @property
    def value(self) -> Any:
        import json

        return json.loads(self.out)


class Person(io.StringIO):
    """Somebody at a terminal who types these lines; a function among them is called first."""

    def __init__(self, *lines: str | Callable[[], str]) -> None:
        super().__init__()
        self._lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        if not self._lines:
            return ""
        line = self._lines.pop(0)
        return f"{line if isinstance(line, str) else line()}\n"


class Pipe(Person):
    """The same, from a file."""

    def isatty(self) -> bool:
        return False


class HeldProbe:
    """A machine of which a test says how it does; `asked`: how often the other nodes were."""

    def __init__(self, bench: Bench) -> None:
        services = dict.fromkeys(SERVICES, Service.RUNS)
        self.condition = Condition(
            bench.clock.now(), services=services, mount=Mounted.ANSWERS, shadow=Shadow.SET
        )
        self.neighbours: tuple[Neighbour, ...] = ()
        self.asked = 0

    def look(self) -> Condition:
        return self.condition

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        self.asked += 1
        for one in self.neighbours:
            on_answer(one)
        return self.neighbours


def recovering(bench: Bench, probe: HeldProbe) -> RecoverService:
    """Recover on that node."""
    return RecoverService(
        world=bench.outlooks,
        probe=probe,
        plans=bench.plans,
        recoveries=MemoryRecoveries(),
        clock=bench.clock,
        who=lambda: "a test",
    )


class Desk:
    """`run("change", "set", ...)` with whoever sits there."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self._monkeypatch = monkeypatch
        nothing: Any = None
        self.probe = HeldProbe(bench)
        self.workshop = Workshop(
            outlooks=bench.outlooks,
            plans=bench.plans,
            enrol=nothing,
            prove=nothing,
            token_test=nothing,
            journal=bench.journal,
            keepsake=Keepsake(lambda folder: Mount("tmpfs", frozenset()), never=()),
            keys=nothing,
            key_enrol=nothing,
            key_care=nothing,
            rack=nothing,
            proofs=nothing,
            names=nothing,
            recover=recovering(bench, self.probe),
            realm_test=nothing,
            sync=nothing,
            openid=nothing,
            clock=bench.clock,
            host=None,
            join=nothing,
            pam=nothing,
            trust=nothing,
        )

    def run(self, *words: str | Path, stdin: Person | None = None, piped: bool = False) -> Ran:
        """As `cli` does, without wiring anything. `piped`: stdout leads elsewhere."""
        from importlib import import_module

        options = parse([str(word) for word in words])
        module = import_module(f"pve_auth_tui.actions.{options.command.replace('-', '_')}")
        typist = stdin or Pipe()
        out = Screen(is_terminal=typist.isatty() and not piped)
        err = Screen(is_terminal=typist.isatty())
        for name, stream in (("stdin", typist), ("stdout", out), ("stderr", err)):
            self._monkeypatch.setattr(sys, name, stream)
        try:
            code, text = module.run(options, self.workshop)
        except AuthTuiError as error:
            code = {Refused: REFUSED, UsageError: USAGE}.get(type(error), 1)
            code = REFUSED if isinstance(error, Refused) else code
            return Ran(code, out.getvalue(), err.getvalue(), error)
        return Ran(code, out.getvalue() + text, err.getvalue())


class Screen(io.StringIO):
    """What is written to a terminal, or to a file."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def fileno(self) -> int:
        raise OSError("no descriptor")
