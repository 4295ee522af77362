"""Recorded calls of PVE's API as they stand in a folder of recordings.

The formats are those of golden/README.md: `replay/*.json` and `api/*.json`, the latter with
the files that each topic starts from in `api/START.json`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANONYMOUS = frozenset({"-", "anonymous"})
ROOT = "root@pam"
_RAW_BYTE = re.compile(r"\\x([0-9a-f]{2})")

Files = Mapping[str, str | None]  # below /etc/pve; None: not there


@dataclass(frozen=True)
class Answer:
    """What PVE answered; `bare`: without a body, as its proxy refuses."""

    status: int
    reason: str
    data: Any = None
    errors: Mapping[str, str] | None = None
    message: str | None = None
    total: int | None = None
    bare: bool = False


@dataclass(frozen=True)
class Entry:
    """One call. `who` is a user, a full token id, or a name of the recorder's (`half-ticket`);
    `auth_from` the entry whose ticket or secret it used; `dyn` names parameters that are to
    be computed anew; `stub`: a stand-in for the second factors' core had its part in it.
    """

    index: int
    who: str
    method: str
    path: str
    params: Mapping[str, str]
    answer: Answer
    seconds: float
    auth_from: int | None = None
    csrf: bool = True
    dyn: Mapping[str, str] | None = None
    stub: bool = False
    note: str = ""


@dataclass(frozen=True)
class Command:
    """A program run on the node as root, or (without words) a mere note."""

    index: int
    words: Sequence[str]
    succeeded: bool
    seconds: float


@dataclass(frozen=True)
class Topic:
    """One file: what was asked, from which files on, and which files it left."""

    name: str
    entries: Sequence[Entry | Command]
    start: Files
    after: Files

    @property
    def calls(self) -> list[Entry]:
        return [entry for entry in self.entries if isinstance(entry, Entry)]


def topics(folder: Path, kind: str) -> Iterator[Topic]:
    """All topics of a kind (`api`, `replay`) in a folder of recordings, by name."""
    place = folder / kind / "START.json"
    starts = json.loads(place.read_text("utf-8")) if place.exists() else {}
    for file in sorted((folder / kind).glob("[0-9]*.json")):
        recorded = json.loads(file.read_text("utf-8"))
        yield Topic(
            file.stem,
            tuple(_entry(index, call) for index, call in enumerate(recorded["calls"])),
            starts.get(file.stem, {}).get("files") or {},
            recorded.get("files_after") or {},
        )


def bytes_of(text: str) -> bytes:
    """A recorded file's bytes: those that are not UTF-8 are written as \\xNN."""
    parts = _RAW_BYTE.split(text)
    return b"".join(
        bytes.fromhex(part) if number % 2 else part.encode() for number, part in enumerate(parts)
    )


def text_of(data: bytes) -> str:
    """The other way round."""
    text = data.decode("utf-8", "surrogateescape")
    return "".join(
        f"\\x{ord(sign) - 0xDC00:02x}" if 0xDC80 <= ord(sign) <= 0xDCFF else sign for sign in text
    )


def _entry(index: int, call: Mapping[str, Any]) -> Entry | Command:
    seconds = call.get("ms", 0) / 1000
    if "method" not in call:
        code = call.get("rc", call.get("result", {}).get("returncode", 0))
        return Command(index, shlex.split(call.get("cli", "")), not code, seconds)
    return Entry(
        index,
        call["as"],
        call["method"],
        call["path"],
        {name: str(value) for name, value in call["params"].items()},
        Answer(
            call["status"],
            call["reason"],
            call.get("data"),
            call.get("errors"),
            call.get("message"),
            call.get("total"),
            "body_text" in call,
        ),
        seconds,
        call.get("auth_from"),
        not call.get("nocsrf") and call.get("note") != "no CSRF header",
        call.get("dyn"),
        call["stub"],
        call.get("note", ""),
    )
