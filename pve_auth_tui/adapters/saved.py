"""What undo needs (security.md R13): records on disk; its secrets apart (`adapters.material`).

Records name the objects that a plan touched and hold no secret: one 0600 file each in a 0700
folder.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.material import Material, MemoryMaterial, RunMaterial, plan_file
from pve_auth_tui.adapters.privatefile import (
    private,
    read_file,
    replace_file,
    require_own_file,
)
from pve_auth_tui.core.applied import MOST_BYTES, Applied
from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable
from pve_auth_tui.core.plain import file_part
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.secret import Secret

FOLDER: Final = "saved-plans"
MOST_RECORDS: Final = 200
"""More are not kept; the oldest go first, but none that still takes itself back."""

_LOCK: Final = "lock"
_PAUSE: Final = 0.1  # seconds between two tries to get the lock
_LOCK_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_BUSY: Final = "Another session of this program is changing something, so nothing was done."
_BROKEN: Final = "Look at it; removed, that change can only be taken back by hand."


class _Saved:
    """The half of the port that is about secrets."""

    def __init__(self, material: Material) -> None:
        self._material = material

    def put_material(self, plan: str, material: Mapping[str, Secret]) -> None:
        if material:
            self._material.put(plan, material)

    def material(self, plan: str) -> Mapping[str, Secret]:
        return self._material.get(plan)

    def wipe(self, plan: str = "") -> int:
        return self._material.wipe(plan)

    def caution(self) -> str:
        return self._material.caution()


class FileSaved(_Saved):
    """A `core.ports.Saved` of this user on this computer.

    `folder` is our own folder; `place` names another cluster (`--host`), whose records stand
    apart. `material` holds the secrets: in /run for root.
    """

    def __init__(
        self, folder: Path, clock: Clock, *, place: str = "", material: Material | None = None
    ) -> None:
        self._folder = folder / FOLDER / file_part(place) if place else folder / FOLDER
        is_root = os.geteuid() == 0
        super().__init__(material or (RunMaterial(clock) if is_root else MemoryMaterial(clock)))

    @contextmanager
    def exclusively(self, seconds: float = 0.0) -> Iterator[None]:
        """As the port says, by flock(2) on a file of ours: it ends with whoever holds it."""
        with private(self._folder) as folder:
            handle = os.open(_LOCK, _LOCK_FLAGS, 0o600, dir_fd=folder)
        try:
            require_own_file(_LOCK, handle)
            _claim(handle, seconds)
            yield
        finally:
            os.close(handle)

    def put(self, applied: Applied) -> None:
        with private(self._folder) as folder:
            replace_file(folder, plan_file(applied.id), applied.to_json().encode())
            self._trim(folder)

    def all(self) -> Sequence[Applied]:
        if not self._folder.exists():
            return ()
        try:
            with private(self._folder) as folder:
                found = [self._read(folder, name) for name in _names(folder)]
        except Unwritable as error:
            raise Unreadable(str(error), error.hint, error.original) from error
        return sorted(found, key=lambda one: one.time)

    def _read(self, folder: int, name: str) -> Applied:
        try:
            applied = Applied.from_json(read_file(folder, name, MOST_BYTES).decode())
        except (Unreadable, UnicodeDecodeError) as error:
            told = f"{self._folder / name} is no record of a change: {error}"
            raise Unreadable(told, _BROKEN) from None
        if plan_file(applied.id) != name:
            raise Unreadable(f"{self._folder / name} is the record of another change.", _BROKEN)
        return applied

    def _trim(self, folder: int) -> None:
        names = _names(folder)
        for name in names[: max(0, len(names) - MOST_RECORDS)]:
            with suppress(Unreadable):  # `all` tells of it
                if self._read(folder, name).armed_until is None:
                    os.unlink(name, dir_fd=folder)


class MemorySaved(_Saved):
    """A `core.ports.Saved` that ends with this process: for the demo."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(MemoryMaterial(clock))
        self._records: dict[str, Applied] = {}
        self._lock = threading.Lock()

    @contextmanager
    def exclusively(self, seconds: float = 0.0) -> Iterator[None]:
        if not self._lock.acquire(timeout=seconds):
            raise Refused(_BUSY, "Wait until it has ended.")
        try:
            yield
        finally:
            self._lock.release()

    def put(self, applied: Applied) -> None:
        self._records[applied.id] = applied

    def all(self) -> Sequence[Applied]:
        return list(self._records.values())


def _names(folder: int) -> list[str]:
    """Of the records, oldest first: an id begins with the time."""
    found = (name for name in os.listdir(folder) if name.endswith(".json") and name[0] != ".")
    return sorted(found)


def _claim(handle: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Refused(_BUSY, "Wait until it has ended.") from None
            time.sleep(_PAUSE)
