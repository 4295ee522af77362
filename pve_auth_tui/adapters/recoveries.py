"""What was done to get back in, kept beside the journal. `core.ports.Recoveries`.

One JSON file, 0600, without secrets; it is read at every start where it is there.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from pve_auth_tui.core.errors import Missing, Unreadable, Unwritable
from pve_auth_tui.core.plain import file_part
from pve_auth_tui.core.recover.evidence import Recovered

FOLDER: Final = "recoveries"
MOST: Final = 200
"""Recoveries that are kept; the oldest that somebody has seen go first."""

_MOST_BYTES: Final = 16 * 1024 * 1024  # MOST of the longest, in JSON's escapes
_LONGEST: Final = 1024  # characters of a text
_LATEST: Final = 2.0**53
_FORM: Final = 1
_PATIENCE: Final = 2.0  # seconds; a put takes a few milliseconds
_PAUSE: Final = 0.01


class MemoryRecoveries:
    """As long as the program runs: for the demo."""

    def __init__(self) -> None:
        self._all: dict[str, Recovered] = {}

    def all(self) -> Sequence[Recovered]:
        """Oldest first."""
        return tuple(self._all.values())

    def put(self, recovered: Recovered) -> None:
        """A new one, or another state of one."""
        self._all[recovered.id] = recovered


class FileRecoveries:
    """Of this user on this computer. `folder` is our own; `place` names another cluster (`--host`)
    or another system (`--root`), whose recoveries stand apart.
    """

    def __init__(self, folder: Path, *, place: str = "") -> None:
        self._folder = folder / FOLDER
        self._name = f"at-{file_part(place)}.json" if place else "here.json"

    def all(self) -> Sequence[Recovered]:
        """Raises Unreadable for a file that is none of ours."""
        kept = self._folder / self._name
        try:
            if not kept.exists():
                return ()
        except OSError as error:  # a disk that is dying
            raise Unreadable(f"{kept}: {error.strerror}.", "", str(error)) from error
        from pve_auth_tui.adapters.privatefile import private, read_file

        try:
            with private(self._folder) as folder:
                data = read_file(folder, self._name, _MOST_BYTES)
        except Missing:
            return ()
        except Unwritable as error:
            raise Unreadable(str(error), error.hint, error.original) from error
        return tuple(sorted(self._parsed(data), key=lambda one: one.at))

    def put(self, recovered: Recovered) -> None:
        """A broken file is kept beside the new one: it tells of somebody. Raises Unwritable."""
        from pve_auth_tui.adapters.privatefile import private, replace_file

        cut = Recovered(*(_cut(value) for value in asdict(recovered).values()))
        with private(self._folder) as folder:
            _claim(folder)
            try:
                found = {one.id: one for one in self.all()}
            except Unreadable:
                found = {}
                self._set_aside()
            found[cut.id] = cut
            replace_file(folder, self._name, _written(_kept(found.values())))

    def _set_aside(self) -> None:
        broken = self._folder / self._name
        aside = broken.with_suffix(".broken")
        number = 1
        while os.path.lexists(aside):  # an earlier one tells of somebody, too
            number += 1
            aside = broken.with_suffix(f".broken-{number}")
        try:
            broken.rename(aside)
        except OSError as error:
            raise Unwritable(f"{broken}: {error.strerror}.", "Look at it.", str(error)) from error

    def _parsed(self, data: bytes) -> list[Recovered]:
        import json

        try:
            found = json.loads(data)
            if not isinstance(found, dict) or found.get("form") != _FORM:
                raise ValueError("another form")
            return [_recovered(one) for one in found["recoveries"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unreadable(
                f"{self._folder / self._name} does not tell what was done with Recover.",
                "Look at the journal: pve-auth-tui journal.",
                str(error),
            ) from None


def _claim(folder: int) -> None:
    """Until the descriptor is closed nobody else writes: two at once would lose what one of them
    wrote. Whoever holds it longer is stopped or hangs; waiting on would keep a recovery.
    """
    until = monotonic() + _PATIENCE
    while monotonic() < until:
        with suppress(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        sleep(_PAUSE)


def _kept(found: Any) -> list[Recovered]:
    """The unseen ones, and the newest of the others."""
    newest = sorted(found, key=lambda one: (not one.seen, one.at), reverse=True)[:MOST]
    return sorted(newest, key=lambda one: one.at)


def _written(found: Sequence[Recovered]) -> bytes:
    import json

    rows = [list(asdict(one).values()) for one in found]
    return json.dumps({"form": _FORM, "recoveries": rows}, separators=(",", ":")).encode()


def _cut(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value


def _recovered(row: Any) -> Recovered:
    """Raises ValueError and TypeError for what is none."""
    if not isinstance(row, list) or len(row) != len(fields(Recovered)):
        raise ValueError("a recovery is none")
    ident, at, userid, title, reason, who, outcome, seen = row
    for text in (ident, userid, title, reason, who, outcome):
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise ValueError("a text is none")
    for time in (at, seen):
        if type(time) not in (int, float) or not 0 <= time < _LATEST:
            raise ValueError("a time is none")
    return Recovered(ident, float(at), userid, title, reason, who, outcome, float(seen))
