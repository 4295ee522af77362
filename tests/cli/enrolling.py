"""The commands that enrol and prove, on the demo cluster, with somebody who types."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pve_auth_tui import asking
from pve_auth_tui.adapters.keepsake import Keepsake
from pve_auth_tui.adapters.ladder import LadderApi, Way
from pve_auth_tui.adapters.mounts import Mount
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.adapters.saved import MemorySaved
from pve_auth_tui.arguments import parse
from pve_auth_tui.services.node import NodeService
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.workshop import Workshop
from tests.services.factor_node import FactorNode
from tests.services.workbench import ListJournal


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


class Screen(io.StringIO):
    """What a command writes, on a terminal or into a file."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


class Typist(io.TextIOBase):
    """Types one line after another; a function among them looks first at what was shown."""

    def __init__(self, *lines: str | Callable[[str], str], is_terminal: bool = False) -> None:
        self._lines = list(lines)
        self._is_terminal = is_terminal
        self.sees: Callable[[], str] = str

    def isatty(self) -> bool:
        return self._is_terminal

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        if not self._lines:
            return ""
        line = self._lines.pop(0)
        return f"{line if isinstance(line, str) else line(self.sees())}\n"


class Bench(FactorNode):
    """A FactorNode with its workshop."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = ListJournal()
        ladder = LadderApi([Way("direct", lambda: self.api)])
        nodes = NodeService(lambda: ladder, self.clock, demo=True)
        pictures = SnapshotService(self.node.tree, self.clock, demo=True)
        outlooks = OutlookService(pictures, nodes)
        plans = PlanService(
            outlooks,
            StepRunner(lambda: ladder),
            self.journal,
            MemorySaved(self.clock),
            self.clock,
            authenticator=self.app,
        )
        nothing: Any = None
        self.workshop = Workshop(
            outlooks=outlooks,
            plans=plans,
            enrol=self.enrol,
            prove=self.proofs,
            token_test=self.token_test,
            journal=self.journal,
            keepsake=Keepsake(lambda folder: Mount("tmpfs", frozenset()), never=()),
            keys=nothing,
            key_enrol=nothing,
            key_care=nothing,
            rack=nothing,
            proofs=nothing,
            names=nothing,
            recover=nothing,
            realm_test=nothing,
            sync=nothing,
            openid=nothing,
            clock=self.clock,
            host=None,
            join=nothing,
            pam=nothing,
            trust=nothing,
            simulated=True,
        )


Run = Callable[..., tuple[int, str]]


def options_of(*words: str | Path) -> argparse.Namespace:
    """As the command line gives them; --password-stdin, which needs a host there, is for here."""
    argv = [str(word) for word in words]
    from_stdin = "--password-stdin" in argv
    options = parse([word for word in argv if word != "--password-stdin"])
    options.password_stdin = from_stdin
    return options


def run_with(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    bench: Bench,
    *words: str | Path,
    typist: Typist,
    is_terminal: bool = False,
) -> Ran:
    """Run a command in this process. `is_terminal`: what it writes is seen by somebody.

    What is asked for without echo is read from the typist, too.
    """
    out, err = Screen(is_terminal=is_terminal), Screen(is_terminal=is_terminal)
    typist.sees = lambda: out.getvalue() + err.getvalue()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setattr(sys, "stdin", typist)
        patch.setattr(asking, "_asked", lambda question: typist.readline().rstrip("\n"))
        code, text = run(options_of(*words), bench.workshop)
    return Ran(code, out.getvalue() + text, err.getvalue())
