"""Recorded runs of realm, adcli, sssctl, apt and their like, as `Said`.

`transcripts/bookworm` and `transcripts/trixie` were taken on Debian 12 and 13 against a Samba
domain `ad.lab.test`, `transcripts/host` on Debian 13: argv, exit code, seconds, and what came on
which stream, in pieces of [seconds, "out", "err" or "tty" for both, text]. No passwords in them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pve_auth_tui.core.host.ports import Said

FOLDER = Path(__file__).parent / "transcripts"
SUITES = ("bookworm", "trixie")


@dataclass(frozen=True)
class Transcript:
    """One recorded run. `pieces`: (seconds since its start, stream, text)."""

    suite: str
    name: str
    argv: tuple[str, ...]
    said: Said
    note: str = ""
    pieces: tuple[tuple[float, str, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.suite}/{self.name}"


@cache
def transcripts(*suites: str) -> tuple[Transcript, ...]:
    """All of these suites, by name; without a name both of Debian's."""
    found = (path for suite in suites or SUITES for path in (FOLDER / suite).glob("*.json"))
    return tuple(_read(path) for path in sorted(found))


@cache
def transcript(name: str, suite: str = "trixie") -> Transcript:
    return _read(FOLDER / suite / f"{name}.json")


def said(name: str, suite: str = "trixie") -> Said:
    """What that run printed, and how it ended."""
    return transcript(name, suite).said


def told(
    tool: str, code: int | None = 0, out: str = "", err: str = "", seconds: float = 0.1
) -> Said:
    """A run that nobody has recorded."""
    return Said(tool, code, tuple(out.splitlines()), tuple(err.splitlines()), seconds)


def _read(path: Path) -> Transcript:
    raw = json.loads(path.read_text("utf-8"))
    argv: Sequence[str] = raw["argv"]
    pieces = tuple((float(at), stream, text) for at, stream, text in raw["pieces"])
    on_out = "".join(text for _, stream, text in pieces if stream == "out")
    on_err = "".join(text for _, stream, text in pieces if stream != "out")
    ended = Said(
        argv[0].rpartition("/")[2],
        raw["rc"],
        tuple(on_out.splitlines()),
        tuple(on_err.splitlines()),
        raw["seconds"],
    )
    return Transcript(path.parent.name, path.stem, tuple(argv), ended, raw.get("note", ""), pieces)
