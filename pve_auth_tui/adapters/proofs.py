"""What was seen of second factors, kept beside the journal. `core.ports.Proofs`.

One JSON file, which holds no secret: whose factor, how and when it was seen to work, where. It is
read at every start where it is there, so what is not needed for that is not imported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from pve_auth_tui.core.errors import Missing, Unreadable, Unwritable
from pve_auth_tui.core.plain import file_part
from pve_auth_tui.core.proofs import How, Mark

FOLDER: Final = "proofs"
MOST: Final = 5000
"""Marks that are kept; the oldest go first."""

_MOST_BYTES: Final = 4 * 1024 * 1024
_LONGEST: Final = 512  # characters of a name
_LATEST: Final = 2.0**53
_MOST_COUNTER: Final = 2**32 - 1
_FORM: Final = 1

There = Callable[[], Collection[tuple[str, str]] | None]
"""The (userid, entry) that there are now; None where that is not known."""


class MemoryProofs:
    """As long as the program runs: for the demo."""

    def __init__(self, marks: Mapping[tuple[str, str], Mark] | None = None) -> None:
        self._marks = dict(marks or {})

    def all(self) -> Mapping[tuple[str, str], Mark]:
        """(userid, entry's id) -> the last mark."""
        return dict(self._marks)

    def put(self, mark: Mark) -> None:
        """Note one, in place of the older one of the same entry."""
        self._marks[mark.userid, mark.entry] = mark


class FileProofs:
    """Of this user on this computer, in a 0600 file of a 0700 folder.

    `folder` is our own; `place` names another cluster (`--host`), whose marks stand apart. Marks
    of entries that are not `there` any more are dropped with the next one.
    """

    def __init__(self, folder: Path, *, place: str = "", there: There = lambda: None) -> None:
        self._folder = folder / FOLDER
        self._name = f"at-{file_part(place)}.json" if place else "here.json"
        self._there = there

    def all(self) -> Mapping[tuple[str, str], Mark]:
        """Raises Unreadable for a file that is none of ours."""
        if not (self._folder / self._name).exists():
            return {}
        from pve_auth_tui.adapters.privatefile import private, read_file

        try:
            with private(self._folder) as folder:
                data = read_file(folder, self._name, _MOST_BYTES)
        except Missing:
            return {}
        except Unwritable as error:
            raise Unreadable(str(error), error.hint, error.original) from error
        return {(mark.userid, mark.entry): mark for mark in self._marks(data)}

    def put(self, mark: Mark) -> None:
        """A broken file is replaced: what stands in it was told by `all`, and can be seen anew.

        Raises Unwritable, also for a mark that `all` would not read: its entry's id is PVE's.
        """
        from pve_auth_tui.adapters.privatefile import private, replace_file

        _require_readable(mark)
        try:
            marks = dict(self.all())
        except Unreadable:
            marks = {}
        marks[mark.userid, mark.entry] = mark
        there = self._there()
        if there is not None:
            kept = {*there, (mark.userid, mark.entry)}
            marks = {key: one for key, one in marks.items() if key in kept}
        newest = sorted(marks.values(), key=lambda one: one.at)[-MOST:]
        with private(self._folder) as folder:
            replace_file(folder, self._name, _written(newest))

    def _marks(self, data: bytes) -> list[Mark]:
        import json

        try:
            found = json.loads(data)
            if not isinstance(found, dict) or found.get("form") != _FORM:
                raise ValueError("another form")
            marks = found["marks"]
            if not isinstance(marks, list) or len(marks) > MOST:
                raise ValueError("no list of marks")
            return [_mark(one) for one in marks]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unreadable(
                f"{self._folder / self._name} does not tell which second factors were proved.",
                "It is written anew with the next proof; removing it costs nothing else.",
                str(error),
            ) from None


def _written(marks: Sequence[Mark]) -> bytes:
    import json

    rows = [_row(one) for one in marks]
    return json.dumps({"form": _FORM, "marks": rows}, separators=(",", ":")).encode()


def _row(one: Mark) -> list[Any]:
    return [one.userid, one.entry, one.how.value, one.at, one.node, one.rp_id, one.counter]


def _require_readable(mark: Mark) -> None:
    try:
        _mark(_row(mark))
    except (ValueError, TypeError) as error:
        raise Unwritable(f"It cannot be noted: {error}.") from None


def _mark(row: Any) -> Mark:
    """Raises ValueError and TypeError for what is none."""
    if not isinstance(row, list) or len(row) != len(fields(Mark)):
        raise ValueError("a mark is none")
    userid, entry, how, at, node, rp_id, counter = row
    for text in (userid, entry, node, rp_id):
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise ValueError("a name is none")
    if type(at) not in (int, float) or not 0 <= at < _LATEST:
        raise ValueError("a time is none")
    if type(counter) is not int or not 0 <= counter <= _MOST_COUNTER:
        raise ValueError("a counter is none")
    return Mark(userid, entry, How(how), float(at), node, rp_id, counter)
