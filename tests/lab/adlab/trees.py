"""Debian root trees, built once from the mirror that apt uses here and kept below a cache.

`CI_CACHE` names the cache (/var/tmp/pve-auth-tui-ci), which several labs share: one of them builds.
What is in it may be deleted while no lab runs; nobody else does that.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.lab.adlab.places import run
from tests.lab.adlab.safety import PREFIX

SUITE: Final = "trixie"  # Proxmox VE 9's Debian
_LEFT_OUT: Final = ("man", "locale", "doc")  # below /usr/share
_WHAT_APT_DOES: Final = ("Acquire::Check", "Acquire::Retries", "Acquire::http")
_PATIENCE: Final = 900.0  # seconds


def tree(
    name: str,
    packages: tuple[str, ...],
    suite: str = SUITE,
    *,
    hooks: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
) -> Path:
    """A root tree with these packages and what they cannot do without.

    `hooks`: shell lines that are run at its end, with its folder as $1; `keep`: what is not
    cleaned up after that, as mmdebstrap calls it (`apt/lists`).
    """

    def build(folder: Path, log: Path) -> None:
        options = [
            '--aptopt=Apt::Install-Recommends "false"',
            '--aptopt=Acquire::Languages "none"',
            '--aptopt=Acquire::Retries "3"',
            *(f"--aptopt={line}" for line in _apt_here()),
            *(f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in _LEFT_OUT),
            *(f"--customize-hook={line}" for line in hooks),
            *(f"--skip=cleanup/{what}" for what in keep),
        ]
        include = f"--include={','.join(packages)}"
        words = [
            "mmdebstrap",
            "--variant=minbase",
            *options,
            include,
            suite,
            str(folder),
            _mirror(),
        ]
        _logged([*PREFIX, *words], log)

    return kept(name, (suite, *packages, *hooks, *keep), build)


def kept(name: str, recipe: tuple[str, ...], build: Callable[[Path, Path], None]) -> Path:
    """What `build` makes in a folder, which is made again only for another recipe.

    It is called with a folder that is not there yet, and a file for what it has to say.
    """
    digest = hashlib.sha256("\0".join(recipe).encode()).hexdigest()[:12]
    with _cache(f"{name}-{digest}") as cache:
        folder = cache / f"{name}-{digest}"
        if not folder.exists():
            draft = cache / f"{name}-{digest}.new"
            shutil.rmtree(draft, ignore_errors=True)  # of a build that was killed
            build(draft, cache / f"{name}-{digest}.log")
            draft.rename(folder)
    return folder


@contextmanager
def _cache(name: str) -> Iterator[Path]:
    """Where that name is ours alone while the block runs; nobody else may write there."""
    top = Path(os.environ.get("CI_CACHE", "/var/tmp/pve-auth-tui-ci"))  # noqa: S108 (checked)
    top.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = top.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(f"{top} belongs to somebody else")
    folder = top / "lab"
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _apt_here() -> list[str]:
    """How apt reaches its mirror on this system: proxy, dates."""
    return [
        line for line in run("apt-config", "dump").splitlines() if line.startswith(_WHAT_APT_DOES)
    ]


def _mirror() -> str:
    kind = ("--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages", "Component: main")
    for line in run("apt-get", "indextargets", *kind).splitlines():
        release, _, address = line.partition(" ")
        if not set(release) & {"-", "/"}:  # neither updates nor security
            return address
    raise RuntimeError("apt's sources name no Debian mirror")


def _logged(command: list[str], log: Path) -> None:
    with log.open("wb") as said:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_PATIENCE,
        )
    if done.returncode:
        raise RuntimeError(
            f"{command[len(PREFIX)]} failed: {log.read_text(errors='replace')[-2000:]}"
        )
