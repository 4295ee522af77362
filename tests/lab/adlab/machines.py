"""A Debian tree that runs: root file system, processes, name and network of its own.

What it changes lies in memory, and is gone with it. Its first process may be anything.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.lab.adlab.places import Place
from tests.lab.adlab.safety import PREFIX, Unsafe, may_set_the_clock

_START: Final = Path(__file__).with_name("machine.sh")
_KINDS: Final = ("--mount", "--pid", "--uts", "--ipc")
_PATIENCE: Final = 60.0  # seconds


class Machine:
    """`trees`: uppermost first. `folder`: to be made, for what it says. `shared` is seen inside as
    /run/lab. `kept`: a folder that keeps what the machine changes.
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
    ) -> None:
        self.name = name
        self._place = place
        folder.mkdir(parents=True)
        self.log = folder / "log"
        mountpoint = folder / "overlay"
        mountpoint.mkdir()
        lower = ":".join(map(str, trees))
        script = ["sh", "-e", str(_START), str(mountpoint), lower, name, str(shared), *command]
        unshare = ["/usr/bin/unshare", *_KINDS, "--fork", "--kill-child=KILL"]
        environment = {**os.environ, **({"UPPER": str(kept)} if kept else {})}
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

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A command inside, as its root; it may fail."""
        first = self.first()
        if may_set_the_clock(first):
            raise Unsafe(f"{self.name} could set the clock.")
        enter = [f"--target={first}", *_KINDS, "--net", "--root", "--wd=/"]
        return subprocess.run(
            [*PREFIX, "/usr/bin/nsenter", *enter, "--", *argv],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )

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
