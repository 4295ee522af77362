"""What PAM does on a node, in words of its own: services, phases, verdicts, findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from pve_auth_tui.core.finding import Finding, Word


class Phase(Enum):
    """The value is the first word of a line in /etc/pam.d."""

    AUTH = "auth"
    ACCOUNT = "account"
    SESSION = "session"
    PASSWORD = "password"  # noqa: S105 (PAM's word)


class Place(NamedTuple):
    """A line of a file: `/etc/pam.d/common-auth`, 17. Line 0 is the file as a whole."""

    path: str
    line: int = 0

    @property
    def text(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Deciding(NamedTuple):
    """A line that decides. `code`: as it stands there, untrusted; `why`: what it does."""

    place: Place
    code: str
    why: str = ""


class PamFinding(NamedTuple):
    """Something that is wrong with a stack. `cause` is its name in --json and the documents.

    `text`: one line; `meaning`: what may come of it; `fix`: what to do, a command where there is
    one. `places`: the lines that it is about.
    """

    cause: str
    word: Word
    text: str
    meaning: str = ""
    fix: str = ""
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class PamCheck:
    """One phase of one service. `text`: one line for the table; `lines` decide it, in their order.

    `findings`: worst first.
    """

    service: str
    phase: Phase
    word: Word
    text: str
    lines: tuple[Deciding, ...] = ()
    findings: tuple[PamFinding, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.service} {self.phase.value}"


@dataclass(frozen=True, slots=True)
class PamReport:
    """All phases of the services that count, and what is wrong with the files themselves.

    `root`: whether root@pam logs in with its own password to PVE, whatever becomes of a
    directory, as things are (`ok`, or what stands against it). `after`: the same with the
    modules that a join puts in, by pam-auth-update's own rules.
    """

    checks: tuple[PamCheck, ...]
    findings: tuple[PamFinding, ...]
    root: Finding
    after: Finding

    @property
    def for_join(self) -> Finding:
        """The row of a join's checks: root logs in without AD, before and after."""
        if self.root.word == "BAD":
            return self.root
        return self.root if self.root.word == self.after.word == "LOOK" else self.after

    def of(self, service: str, phase: Phase) -> PamCheck | None:
        """The check of a phase, None where the service was not looked at."""
        for check in self.checks:
            if (check.service, check.phase) == (service, phase):
                return check
        return None

    @property
    def everything(self) -> tuple[PamFinding, ...]:
        """Each finding once, worst first."""
        found = [*self.findings, *(one for check in self.checks for one in check.findings)]
        return worst_first(dict.fromkeys(found))

    @property
    def worst(self) -> Word:
        words = {check.word for check in self.checks} | {one.word for one in self.findings}
        for word in _ORDER:
            if word in words:
                return word
        return "-"


_ORDER: tuple[Word, ...] = ("BAD", "LOOK", "ok")


def worst_first(found: Sequence[PamFinding] | dict[PamFinding, None]) -> tuple[PamFinding, ...]:
    order = {word: at for at, word in enumerate(_ORDER)}
    return tuple(sorted(found, key=lambda one: order.get(one.word, len(order))))
