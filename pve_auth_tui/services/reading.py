"""One reading of PVE's files, from which a Snapshot is made: a Tree within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.core.ports import BulkTree, Clock, LiveTree, Tree
from pve_auth_tui.core.snapshot import Part
from pve_auth_tui.core.tfaconfig import TfaUnreadable

SECONDS = 15.0
BYTES = 128 * 1024 * 1024  # pmxcfs holds no more altogether (MEMDB_MAX_FSSIZE)
_AGAIN: Final = "Press r to read again, or see `systemctl status pve-cluster` on the node."

T = TypeVar("T")


class Found(NamedTuple, Generic[T]):
    """A value, and what is to be said with it."""

    value: T
    problem: str = ""
    hint: str = ""


class Reading:
    """A Tree behind one deadline and one budget of bytes, both from now on."""

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self._tree = tree
        self._clock = clock
        self._until = time.monotonic() + SECONDS
        self._left = BYTES

    def read(self, path: str) -> bytes:
        """The file's bytes; raises Missing or Unreadable as the tree does."""
        self._require_time(path)
        return self._counted(self._tree.read(path))

    def optional(self, path: str) -> bytes:
        """The file's bytes, b"" where it is not there: nothing is configured then."""
        try:
            return self.read(path)
        except Missing:
            return b""

    def names(self, folder: str) -> Sequence[str]:
        """Sorted names in a folder; raises Unreadable as the tree does."""
        self._require_time(folder)
        return self._tree.names(folder)

    def read_many(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """Those of many small files that can be read in time; together where the tree can."""
        found: dict[str, bytes] = {}
        if isinstance(self._tree, BulkTree):
            self._require_time(paths[0] if paths else "")
            found.update(self._tree.read_many(paths))
            self._counted(*found.values())
            return found
        for path in paths:
            try:
                found[path] = self.read(path)
            except Unreadable:
                continue
        return found

    def owner_may_write(self, path: str) -> bool | None:
        """The write bit of a mounted /etc/pve; None where there is none to ask."""
        if not isinstance(self._tree, LiveTree):
            return None
        try:
            self._require_time(path)
            return self._tree.owner_may_write(path)
        except Unreadable:
            return None

    def part(self, read: Callable[[], Found[T]]) -> Part[T]:
        """What `read` gives, with its source and time, or why it gives nothing."""
        try:
            value, problem, hint = read()
        except Unreadable as error:
            refused = isinstance(error, TfaUnreadable) and bool(error.original)
            source, now = self._tree.source, self._clock.now()
            return Part(None, source, now, str(error), error.hint, error.original, refused)
        return Part(value, self._tree.source, self._clock.now(), problem, hint)

    def _require_time(self, path: str) -> None:
        if time.monotonic() > self._until:
            raise Unreadable(
                f"/{path} was not read: reading took longer than {SECONDS:g} seconds.", _AGAIN
            )

    def _counted(self, *found: bytes) -> bytes:
        self._left -= sum(map(len, found))
        if self._left < 0:
            raise Unreadable(
                f"These files hold more than {BYTES // 1024**2} MiB.",
                "No PVE has that much. Is it the right folder?",
            )
        return found[0] if found else b""
