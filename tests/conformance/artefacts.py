"""What cannot be equal by its nature, by name, with the reason; all else must be equal.

An artefact is a kind of text or number. Two values of that kind are equal when everything in
them is that does not depend on chance, on the time or on the recording machine: what the
groups of `pattern` capture. Most kinds are remembered: wherever the recorded value turns up
later, in a path, a parameter or an answer, ours stands for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Artefact:
    """`fields`: names of the fields it may stand in; none: any field, whole values only.

    `ours`: how ours looks, where that is not how the recorded value looks.
    `within`: how far two numbers may be apart; None: any distance.
    `stub`: only where a stand-in for the second factors' core had its part in the answer.
    `lasting`: the recorded value stands for the same value of ours until the end.
    """

    name: str
    reason: str
    pattern: str = ""
    fields: frozenset[str] = frozenset()
    ours: str = ""
    number: bool = False
    within: float | None = None
    stub: bool = False
    lasting: bool = False

    def is_kind(self, field: str, recorded: Any) -> bool:
        """Whether a recorded value is of this kind."""
        if self.fields and field not in self.fields:
            return False
        if self.number:
            return type(recorded) is int
        return isinstance(recorded, str) and bool(_found(self.pattern, recorded))

    def same(self, recorded: Any, ours: Any) -> bool:
        """Whether ours is as equal to a recorded value of this kind as it can be."""
        if self.number:
            return type(ours) is int and (
                self.within is None or abs(recorded - ours) <= self.within
            )
        if not isinstance(ours, str):
            return False
        theirs, found = _found(self.pattern, recorded), _found(self.ours or self.pattern, ours)
        return bool(theirs and found and theirs.groups() == found.groups())


_SIGNATURE = r"[A-Za-z0-9+/]{342}=="
_TIME = r"[0-9A-F]{8}"
_NO_SUCH_NAME = "Temporary failure in name resolution|Name or service not known"

ARTEFACTS = (
    Artefact(
        "ticket",
        "signed with the node's own key, at its own time",
        rf"PVE:([^:!]+):{_TIME}::{_SIGNATURE}",
    ),
    Artefact(
        "half ticket",
        "signed with the node's own key, at its own time",
        rf"PVE:!tfa!(.*):{_TIME}::{_SIGNATURE}",
    ),
    Artefact(
        "CSRF token",
        "made with the node's own secret, at its own time",
        rf"{_TIME}:[A-Za-z0-9+/]{{43}}",
        fields=frozenset({"CSRFPreventionToken"}),
    ),
    Artefact(
        "uuid",
        "ids of second factors and secrets of tokens are random",
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        lasting=True,
    ),
    Artefact(
        "recovery code",
        "random",
        r"(?:[0-9a-f]{4}-){3}[0-9a-f]{4}",
        fields=frozenset({"recovery"}),
        lasting=True,
    ),
    Artefact(
        "digest",
        "of the file's bytes, in which secrets and the order of sections are random",
        r"[0-9a-f]{40}",
        fields=frozenset({"digest"}),
        lasting=True,
    ),
    Artefact(
        "task id",
        "has the number of a process and the time in it",
        rf"UPID:([^:]*):{_TIME}:{_TIME}:{_TIME}:([^:]*):([^:]*):([^:]*):",
        lasting=True,
    ),
    Artefact(
        "process",
        "the number of a process, and when it began",
        fields=frozenset({"pid", "pstart"}),
        number=True,
    ),
    Artefact(
        "time",
        "when it was done; a replay only knows it roughly",
        fields=frozenset({"created", "starttime", "endtime"}),
        number=True,
        within=60,
    ),
    Artefact(
        "time step",
        "of the last one-time code; a replay only knows its time roughly",
        fields=frozenset({"last-count"}),
        number=True,
        within=2,
    ),
    Artefact(
        "next run",
        "a stand-in computed it in the recording",
        fields=frozenset({"next-run"}),
        number=True,
    ),
    Artefact(
        "version",
        "the recording node's is made up",
        r"(\d+)\.\d+\.\d+-harness",
        fields=frozenset({"version"}),
        ours=r"(\d+)\.\d+\.\d+",
    ),
    Artefact(
        "release",
        "the recording node's is made up",
        r"(\d+)\.\d+",
        fields=frozenset({"release"}),
    ),
    Artefact(
        "commit",
        "the recording node's is made up",
        r"0123456789abcdef",
        fields=frozenset({"repoid"}),
        ours=r"[0-9a-f]{8,40}",
    ),
    Artefact(
        "password hash",
        "its salt is random",
        r"(\$5\$)[./A-Za-z0-9]{8}\$[./A-Za-z0-9]{43}",
    ),
    Artefact(
        "recovery hash",
        "of random codes under a random secret",
        r"[0-9a-f]{64}|[0-9a-f]{16}",
        fields=frozenset({"entries", "secret"}),
    ),
    Artefact(
        "name of a host",
        "why a name is not found depends on the machine's resolver",
        rf"(.*: |)(?:{_NO_SUCH_NAME})(\n?)",
        fields=frozenset({"message", "reason"}),
    ),
    Artefact(
        "calendar event",
        "a stand-in read schedules in the recording; why one cannot be read is its own text",
        r"(.* - unable to parse calendar event '[^']*' - )no rust parser here\n\n",
        fields=frozenset({"schedule"}),
        ours=r"(.* - unable to parse calendar event '[^']*' - )[^\n]+\n\n",
    ),
    Artefact(
        "stand-in for WebAuthn",
        "its texts are not those of PVE's own core, which are in tfa/webauthn.json",
        r"(?:STUB-WEBAUTHN: [^\n]*|credential id already present)(\n?)",
        fields=frozenset({"message", "reason"}),
        stub=True,
        ours=r"[^\n]+(\n?)",
    ),
    Artefact(
        "place in JSON",
        "the stand-in does not say where in an answer the mistake is",
        r"(error parsing challenge response: )(?:invalid JSON|missing field `\w+`)(\n?)",
        fields=frozenset({"message", "reason"}),
        stub=True,
        ours=r"(error parsing challenge response: ).* at line \d+ column \d+(\n?)",
    ),
)


def artefact_of(field: str, recorded: Any, *, stub: bool) -> Artefact | None:
    """The kind that a recorded value is of, or None for what must be equal."""
    return next(
        (kind for kind in ARTEFACTS if kind.stub <= stub and kind.is_kind(field, recorded)), None
    )


def _found(pattern: str, text: str) -> re.Match[str] | None:
    return re.fullmatch(pattern, text, re.DOTALL)
