"""Somebody at the command line: the whole program in this process, from its words to its end."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pytest

from pve_auth_tui import asking, cli
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.core.otpauth import Totp, decode_base32
from pve_auth_tui.simnode.tfa import totp as on_phone
from tests.canary import keyring
from tests.canary.evidence import Evidence
from tests.canary.node import Home, Served
from tests.canary.planted import ADMIN, NEW_TOTP, app_of
from tests.canary.trouble import Trouble

Line = str | Callable[["Desk"], str]
May = Mapping[str, Iterable[str]]
_URI: Final = re.compile(r"otpauth://totp/\S+")


@dataclass(frozen=True)
class Flow:
    """One use of a command. `words` come after the program's name; `{keys}` is a private folder,
    `{id}` the last change, `{host}` stands for how the node is reached from another machine.
    `lines` are typed, at a terminal or into a pipe. `may`: where which secrets are meant to be.
    `before`: flows that come first. `code`: the exit code when all goes well. `troubles`: what is
    tried besides, and `may_in_trouble` what holds then; `late`: only where PVE gets an answer.
    """

    name: str
    words: Sequence[str]
    lines: Sequence[Line] = ()
    terminal: bool = False
    code: int = 0
    may: May = field(default_factory=dict)
    before: Sequence[Flow] = ()
    troubles: Sequence[Trouble] = ()
    may_in_trouble: May = field(default_factory=dict)
    late: bool = False
    reads: bool = False
    touches_no_secret: str = ""


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str


class Desk:
    """Runs flows on one node; `evidence` gets what they write."""

    def __init__(
        self, served: Served, home: Home, patch: pytest.MonkeyPatch, evidence: Evidence
    ) -> None:
        self.served = served
        self.home = home
        self.evidence = evidence
        self._patch = patch
        self._out, self._err = _Screen(), _Screen()
        note_answers(evidence, patch)
        keyring.plug_into_this_machine(patch)
        keyring.note_answers(evidence, patch)

    def run(self, flow: Flow) -> Ran:
        """As somebody would who sits there."""
        self._out, self._err = _Screen(flow.terminal), _Screen(flow.terminal)
        typist = _Typist(self, flow.lines, is_terminal=flow.terminal)
        with self._patch.context() as patch:
            patch.setattr(sys, "stdin", typist)
            patch.setattr(sys, "stdout", self._out)
            patch.setattr(sys, "stderr", self._err)
            patch.setattr(asking, "_asked", lambda question: typist.readline().rstrip("\n"))
            code = cli.main([word for words in flow.words for word in self._words(words)])
        self.evidence.add("stdout", flow.name, self._out.getvalue())
        self.evidence.add("stderr", flow.name, self._err.getvalue())
        return Ran(code, self._out.getvalue(), self._err.getvalue())

    def _words(self, word: str) -> list[str]:
        if word == "{host}":
            host = ["--host", self.served.place, "--ca", str(self.served.ca)]
            return [*host, "--user", "root@pam"]
        keys = str(self.home.keys)
        known = {"{keys}": keys, "{id}": self._last(), "{app}": self._app()}
        for name, value in known.items():
            word = word.replace(name, value)
        return [word]

    def _app(self) -> str:
        """The id of the app of ADMIN."""
        users = json.loads(self.served.files["etc/pve/priv/tfa.cfg"])["users"]
        ident: str = users[ADMIN]["totp"][0]["id"]
        return ident

    def _last(self) -> str:
        saved = self.home.own / "saved-plans"
        names = sorted(path.stem for path in saved.glob("*.json")) if saved.exists() else []
        return names[-1] if names else "none"

    # --- what somebody knows ---------------------------------------------------------------

    @property
    def seen(self) -> str:
        """Everything on the terminal."""
        return self._out.getvalue() + self._err.getvalue()

    def code(self, totp: Totp) -> str:
        """What an app shows now; a canary, too."""
        shown = on_phone.code(totp, time.time())
        self.evidence.canaries.add("typed code", shown)
        return shown

    def new_code(self) -> str:
        """Of the app that is being added."""
        if uri := _URI.search(self.seen):
            self.evidence.canaries.add("new URI", uri[0])
        return self.code(Totp(decode_base32(NEW_TOTP), "", digits=8))

    def code_of(self, userid: str) -> str:
        """Of an app that the user has."""
        return self.code(app_of(userid, self.served.files))


def note_answers(evidence: Evidence, patch: pytest.MonkeyPatch) -> None:
    """What PVE makes up and tells once is a secret: keys, tokens, tickets."""
    run = StepRunner.run

    def noted(self: Any, *args: Any) -> Any:
        answer = run(self, *args)
        if isinstance(answer, dict):
            for name in ("value", "recovery", "challenge"):
                made = answer.get(name, [])
                evidence.canaries.add("made by PVE", *([made] if isinstance(made, str) else made))
        return answer

    patch.setattr(StepRunner, "run", noted)


class _Screen(io.StringIO):
    """What is written, to a terminal or into a file."""

    def __init__(self, is_terminal: bool = False) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def fileno(self) -> int:
        raise OSError("no descriptor")


class _Typist(io.TextIOBase):
    def __init__(self, desk: Desk, lines: Sequence[Line], *, is_terminal: bool) -> None:
        self._desk = desk
        self._lines = list(lines)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        if not self._lines:
            return ""
        line = self._lines.pop(0)
        return f"{line if isinstance(line, str) else line(self._desk)}\n"
