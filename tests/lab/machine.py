"""A machine with a real systemd as its first process, in namespaces of its own; needs root.

Its root is an overlay on this system's, in memory: whatever is done there is gone afterwards.
It has no network, no device but those of /dev, and of units only the targets that a timer needs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent.parent
_START = """\
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1"/upper "$1"/work "$1"/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1"/root
cd "$1"/root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mkdir -p ".$2" var/lib/pve-auth-tui
mount -t tmpfs -o mode=700 tmpfs var/lib/pve-auth-tui
mount --bind "$2" ".$2"
mkdir etc/lab
for unit in lab sysinit basic timers shutdown time-set time-sync; do
    printf '[Unit]\\nDefaultDependencies=no\\n' > etc/lab/$unit.target
done
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    SYSTEMD_UNIT_PATH=/etc/lab:/run/systemd/transient chroot . \\
    /lib/systemd/systemd --system --unit=lab.target --log-target=console --log-level=warning
"""
_NAMESPACES = ("--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup")
_PATIENCE = 60.0  # seconds


class Machine:
    """`folder` is an empty one, for its overlay. Entered, it runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        command = [
            "/usr/bin/unshare",
            *_NAMESPACES,
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            _START,
            "lab",
        ]
        self._outer = subprocess.Popen(
            [*command, str(self._folder), str(ROOT)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self._wait_for(self._runs)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._outer.send_signal(signal.SIGKILL)
        self._outer.wait(_PATIENCE)
        assert self._outer.stderr
        self._outer.stderr.close()

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A command inside, as root; it may fail."""
        inside = [f"--target={self._first()}", *_NAMESPACES, "--root", "--wd=/"]
        return subprocess.run(
            ["/usr/bin/nsenter", *inside, "--", *argv],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )

    def file(self, path: str) -> str:
        """What a file inside holds; "" while it is not there."""
        try:
            return Path(f"/proc/{self._first()}/root", path.lstrip("/")).read_text()
        except FileNotFoundError:
            return ""

    def _runs(self) -> bool:
        return self.run("systemctl", "is-active", "lab.target").stdout.strip() == "active"

    def _first(self) -> str:
        """Its first process, by the number that it has out here."""
        children = f"/proc/{self._outer.pid}/task/{self._outer.pid}/children"
        return Path(children).read_text().split()[0]

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if self._outer.poll() is not None:
                assert self._outer.stderr
                raise RuntimeError(f"It did not start: {self._outer.stderr.read()}")
            try:
                if condition():
                    return
            except (IndexError, OSError):
                pass
            time.sleep(0.1)
        raise TimeoutError("It did not start in time.")


def require_root() -> None:
    """Nobody else can make a machine, and a lab that cannot start has failed."""
    if os.geteuid() != 0:
        raise PermissionError("The machine with systemd needs root: run make lab as root.")
