"""The secrets that undo alone can use (security.md R13): of a TOTP entry, of an OpenID realm.

They never reach a disk: root's lie in a folder of /run, a tmpfs, and end with a restart of the
node; everybody else's lie in this process and end with it. Both end after a day.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from pve_auth_tui.adapters.privatefile import new_file, private, read_file
from pve_auth_tui.adapters.timers import wipe_later
from pve_auth_tui.core.errors import AuthTuiError, Refused, Unreadable, Unwritable
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.secret import Secret

IN_MEMORY: Final = Path("/run/pve-auth-tui")
KEPT_SECONDS: Final = 86400.0
MOUNTS: Final = Path("/proc/self/mounts")
SWAPS: Final = Path("/proc/swaps")

_ID: Final = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
_RUN: Final = ["/run", "tmpfs"]
_MOST_MATERIAL: Final = 4 * 1024 * 1024  # bytes


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
            new_file(folder, plan_file(plan), data)
        self._later(self._folder / plan_file(plan), KEPT_SECONDS)

    def get(self, plan: str) -> Mapping[str, Secret]:
        with suppress(AuthTuiError), self._opened() as folder:
            self._drop_old(folder)
            found = _material(folder, plan_file(plan))
            return {name: Secret(value) for name, value in found["material"].items()}
        return {}

    def wipe(self, plan: str = "") -> int:
        with suppress(Unwritable), self._opened() as folder:
            gone = [name for name in os.listdir(folder) if plan == "" or name == plan_file(plan)]
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


def plan_file(plan: str) -> str:
    """Raises Refused for what is no plan's id: it becomes a file's name."""
    if not _ID.fullmatch(plan):
        raise Refused("That is no plan's id.", "See: undo --list.")
    return f"{plan}.json"
