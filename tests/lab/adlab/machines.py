"""A Debian tree that runs: root file system, processes, name and network of its own.

What it changes lies in memory, and is gone with it. Its first process may be anything.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.lab.adlab.places import Place
from tests.lab.adlab.safety import PREFIX, Unsafe, may_set_the_clock

_START: Final = Path(__file__).with_name("machine.sh")
_KINDS: Final = ("--mount", "--pid", "--uts", "--ipc")
_PATIENCE: Final = 60.0  # seconds
_NOTHING: Final[Mapping[str, Path]] = {}
_NUMBERS: Final = itertools.count()
_UNGROUP: Final = """\
mount -t cgroup2 cgroup2 "$1"
for turn in $(seq 100); do
    find "$1/$2" -depth -type d -exec rmdir {} + 2>/dev/null && exit
    sleep 0.05
done
"""


class Machine:
    """`trees`: uppermost first. `folder`: to be made, for what it says. `shared` is seen inside as
    /run/lab. `kept`: a folder that keeps what the machine changes. `seen`: path inside -> folder
    that is seen there, read-only. `grouped`: with a control group of its own, as systemd wants one.
    """

    def __init__(
        self,
        name: str,
        trees: Sequence[Path],
        place: Place,
        folder: Path,
        command: Sequence[str],
        *,
        shared: Path,
        kept: Path | None = None,
        seen: Mapping[str, Path] = _NOTHING,
        grouped: bool = False,
    ) -> None:
        self.name = name
        self._place = place
        self._kinds = (*_KINDS, "--cgroup") if grouped else _KINDS
        self._folder = folder
        self._group = f"pve-auth-tui-lab-{os.getpid()}-{next(_NUMBERS)}" if grouped else ""
        folder.mkdir(parents=True)
        self.log = folder / "log"
        mountpoint = folder / "overlay"
        mountpoint.mkdir()
        lower = ":".join(map(str, trees))
        script = ["sh", "-e", str(_START), str(mountpoint), lower, name, str(shared), *command]
        unshare = ["/usr/bin/unshare", *_KINDS, "--fork", "--kill-child=KILL"]
        lines = "".join(f"{outside}|{within}\n" for within, outside in seen.items())
        environment = {**os.environ, "GROUP": self._group, "SEEN": lines}
        if kept:
            environment["UPPER"] = str(kept)
        with self.log.open("wb") as log:
            self._outer = subprocess.Popen(
                [*place.enter, *unshare, *script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )

    @property
    def place(self) -> Place:
        return self._place

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def run(
        self, *argv: str, stdin: str | None = None, patience: float = _PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        """A command inside, as its root; it may fail."""
        return subprocess.run(
            self.inside(*argv),
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
            **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
        )

    def inside(self, *argv: str) -> list[str]:
        """The words that run a command inside, from out here. Raises Unsafe."""
        first = self.first()
        if may_set_the_clock(first):
            raise Unsafe(f"{self.name} could set the clock.")
        enter = [f"--target={first}", *self._kinds, "--net", "--root", "--wd=/"]
        # nsenter's own / is the one out here, which is nowhere inside.
        return [*PREFIX, "/usr/bin/nsenter", *enter, "--", "/usr/bin/env", "--chdir=/", *argv]

    def first(self) -> int:
        """Its first process, by the number that it has out here. Raises RuntimeError."""
        try:
            children = f"/proc/{self._outer.pid}/task/{self._outer.pid}/children"
            return int(Path(children).read_text().split()[0])
        except (OSError, IndexError):
            raise RuntimeError(f"{self.name} does not run: {self.said[-2000:]}") from None

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Raises RuntimeError with what it said when it ends before, or does not get there."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._outer.poll() is None:
            if condition():
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start: {self.said[-2000:]}")

    def wait(self) -> None:
        """Until its command is done; raises RuntimeError when that failed."""
        if self._outer.wait(_PATIENCE * 5):
            raise RuntimeError(f"{self.name}: {self.said[-2000:]}")

    def close(self) -> None:
        """All that runs in it ends at once."""
        self._outer.kill()
        self._outer.wait(_PATIENCE)
        if self._group:
            self._ungroup()

    def _ungroup(self) -> None:
        """The kernel keeps groups when nobody is in them any more."""
        place = str(self._folder / "overlay")
        command = ["/usr/bin/unshare", "--mount", "sh", "-c", _UNGROUP, "sh", place, self._group]
        subprocess.run(command, check=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL)
