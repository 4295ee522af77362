"""What undo needs (security.md R13): records on disk, and apart from them, in memory, secrets.

Records name the objects that a plan touched and hold no secret: one 0600 file each in a 0700
folder. The secrets that undo alone can use (of a TOTP entry, of an OpenID realm) never reach a
disk: root's lie in a folder of /run, a tmpfs, and end with a restart of the node; everybody
else's lie in this process and end with it. Both end after a day.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from pve_auth_tui.adapters.privatefile import (
    new_file,
    private,
    read_file,
    replace_file,
    require_own_file,
)
from pve_auth_tui.adapters.timers import wipe_later
from pve_auth_tui.core.applied import MOST_BYTES, Applied
from pve_auth_tui.core.errors import AuthTuiError, Refused, Unreadable, Unwritable
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.secret import Secret

FOLDER: Final = "saved-plans"
IN_MEMORY: Final = Path("/run/pve-auth-tui")
KEPT_SECONDS: Final = 86400.0
MOUNTS: Final = Path("/proc/self/mounts")
SWAPS: Final = Path("/proc/swaps")
MOST_RECORDS: Final = 200
"""More are not kept; the oldest go first, but none that still takes itself back."""

_ID: Final = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
_PLACE: Final = re.compile(r"[^0-9A-Za-z.-]")
_LOCK: Final = "lock"
_RUN: Final = ["/run", "tmpfs"]
_PAUSE: Final = 0.1  # seconds between two tries to get the lock
_MOST_MATERIAL: Final = 4 * 1024 * 1024  # bytes
_LOCK_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_BUSY: Final = "Another session of this program is changing something, so nothing was done."
_BROKEN: Final = "Look at it; removed, that change can only be taken back by hand."


class Material(Protocol):
    """Where secrets lie until they are a day old. Times are seconds since 1970."""

    def put(self, plan: str, material: Mapping[str, Secret]) -> None:
        """Raises Unwritable."""

    def get(self, plan: str) -> Mapping[str, Secret]:
        """Nothing when they are gone."""

    def wipe(self, plan: str = "") -> int:
        """Of how many plans there was something."""

    def caution(self) -> str:
        """As the port says."""


class MemoryMaterial:
    """In this process alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, Mapping[str, Secret]]] = {}

    def put(self, plan: str, material: Mapping[str, Secret]) -> None:
        self._kept[plan] = (self._clock.now() + KEPT_SECONDS, dict(material))

    def get(self, plan: str) -> Mapping[str, Secret]:
        now = self._clock.now()
        self._kept = {name: one for name, one in self._kept.items() if now < one[0]}
        return self._kept[plan][1] if plan in self._kept else {}

    def wipe(self, plan: str = "") -> int:
        gone = [name for name in self._kept if plan in {"", name}]
        for name in gone:
            del self._kept[name]
        return len(gone)

    def caution(self) -> str:
        return ""


class RunMaterial:
    """In a folder of a tmpfs, one 0600 file for each plan, so that another run of the program can
    use them. What is too old is removed whenever the folder is used, and by a timer.
    """

    def __init__(
        self,
        clock: Clock,
        folder: Path = IN_MEMORY,
        later: Callable[[Path, float], None] = wipe_later,
    ) -> None:
        self._clock = clock
        self._folder = folder
        self._later = later

    def put(self, plan: str, material: Mapping[str, Secret]) -> None:
        until = self._clock.now() + KEPT_SECONDS
        kept = {name: secret.reveal() for name, secret in material.items()}
        data = json.dumps({"until": until, "material": kept}).encode()
        with private(self._folder) as folder:
            new_file(folder, _file(plan), data)
        self._later(self._folder / _file(plan), KEPT_SECONDS)

    def get(self, plan: str) -> Mapping[str, Secret]:
        with suppress(AuthTuiError), self._opened() as folder:
            self._drop_old(folder)
            found = _material(folder, _file(plan))
            return {name: Secret(value) for name, value in found["material"].items()}
        return {}

    def wipe(self, plan: str = "") -> int:
        with suppress(Unwritable), self._opened() as folder:
            gone = [name for name in os.listdir(folder) if plan == "" or name == _file(plan)]
            for name in gone:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)
            return len(gone)
        return 0

    def caution(self) -> str:
        return swap_caution()

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Only what is there: looking makes no folder. Raises Unwritable."""
        if not self._folder.exists():
            raise Unwritable(f"{self._folder} is not there.")
        with private(self._folder) as folder:
            yield folder

    def _drop_old(self, folder: int) -> None:
        now = self._clock.now()
        for name in os.listdir(folder):
            try:
                until = float(_material(folder, name)["until"])
            except (AuthTuiError, TypeError, ValueError):
                until = 0.0
            if not now < until <= now + KEPT_SECONDS + 1:  # or the clock was set back
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)


def _material(folder: int, name: str) -> dict[str, Any]:
    """Raises Unreadable; nothing of it stands in the error (R8)."""
    try:
        found = json.loads(read_file(folder, name, _MOST_MATERIAL))
        if isinstance(found["material"], dict):
            return found  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Unreadable(f"{name} is not what this program wrote.")


def swap_caution() -> str:
    """What must be said of secrets in /run: "" when they cannot reach a disk by swapping."""
    with suppress(OSError):
        mounts = [line.split() for line in MOUNTS.read_text("utf-8", "replace").splitlines()]
        swaps = SWAPS.read_text("utf-8", "replace").splitlines()[1:]
        never = any(one[1:3] == _RUN and "noswap" in one[3].split(",") for one in mounts)
        if never or not swaps:
            return ""
    return "What undo needs of secrets lies in memory for a day; this node may swap that to disk."


class FileSaved:
    """A `core.ports.Saved` of this user on this computer.

    `folder` is our own folder; `place` names another cluster (`--host`), whose records stand
    apart. `material` holds the secrets: in /run for root.
    """

    def __init__(
        self, folder: Path, clock: Clock, *, place: str = "", material: Material | None = None
    ) -> None:
        self._folder = folder / FOLDER / _PLACE.sub("_", place) if place else folder / FOLDER
        is_root = os.geteuid() == 0
        self._material: Material = material or (
            RunMaterial(clock) if is_root else MemoryMaterial(clock)
        )

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
            replace_file(folder, _file(applied.id), applied.to_json().encode())
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

    def put_material(self, plan: str, material: Mapping[str, Secret]) -> None:
        if material:
            self._material.put(plan, material)

    def material(self, plan: str) -> Mapping[str, Secret]:
        return self._material.get(plan)

    def wipe(self, plan: str = "") -> int:
        return self._material.wipe(plan)

    def caution(self) -> str:
        return self._material.caution()

    def _read(self, folder: int, name: str) -> Applied:
        try:
            applied = Applied.from_json(read_file(folder, name, MOST_BYTES).decode())
        except (Unreadable, UnicodeDecodeError) as error:
            told = f"{self._folder / name} is no record of a change: {error}"
            raise Unreadable(told, _BROKEN) from None
        if _file(applied.id) != name:
            raise Unreadable(f"{self._folder / name} is the record of another change.", _BROKEN)
        return applied

    def _trim(self, folder: int) -> None:
        names = _names(folder)
        for name in names[: max(0, len(names) - MOST_RECORDS)]:
            with suppress(Unreadable):  # `all` tells of it
                if self._read(folder, name).armed_until is None:
                    os.unlink(name, dir_fd=folder)


class MemorySaved:
    """A `core.ports.Saved` that ends with this process: for the demo."""

    def __init__(self, clock: Clock) -> None:
        self._material = MemoryMaterial(clock)
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

    def put_material(self, plan: str, material: Mapping[str, Secret]) -> None:
        if material:
            self._material.put(plan, material)

    def material(self, plan: str) -> Mapping[str, Secret]:
        return self._material.get(plan)

    def wipe(self, plan: str = "") -> int:
        return self._material.wipe(plan)

    def caution(self) -> str:
        return self._material.caution()


def _file(plan: str) -> str:
    """Raises Refused for what is no plan's id: it becomes a file's name."""
    if not _ID.fullmatch(plan):
        raise Refused("That is no plan's id.", "See: undo --list.")
    return f"{plan}.json"


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
