"""A small PVE below a folder, and a secret beside it that no reader may ever see."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

DATABASE = Path(__file__).parent / "data" / "config.db"
PROJECT = Path(__file__).parents[2]
CANARY = b"the host's own secret"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """ROOT with a node's files; the canary lies beside ROOT, as /etc/shadow does."""
    (tmp_path / "canary").write_bytes(CANARY)
    root = tmp_path / "root"
    pve = root / "etc/pve"
    (pve / "priv").mkdir(parents=True)
    (pve / "nodes/pve1/qemu-server").mkdir(parents=True)
    (pve / "local").symlink_to("nodes/pve1")
    (pve / "user.cfg").write_bytes(b"user:ann@pve:1:0::::::\n")
    (pve / "nodes/pve1/config").write_bytes(b"description: one\n")
    (root / "etc/hostname").write_bytes(b"pve1\n")
    return root


@pytest.fixture
def database(root: Path) -> Path:
    """ROOT's config.db, a copy of a real one; /etc/pve is an empty mount point."""
    shutil.rmtree(root / "etc/pve")
    (root / "etc/pve").mkdir()
    folder = root / "var/lib/pve-cluster"
    folder.mkdir(parents=True)
    return Path(shutil.copyfile(DATABASE, folder / "config.db"))


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[None]:
    """Our own standard input has something to read, which no child may take."""
    (tmp_path / "typed").write_bytes(CANARY)
    before = os.dup(0)
    with open(tmp_path / "typed", "rb") as file:
        os.dup2(file.fileno(), 0)
    yield
    os.dup2(before, 0)
    os.close(before)


def our_python(code: str, *argv: str) -> list[str]:
    """The command for a Python of the same version that can import the project."""
    return [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n{code}",
        *argv,
    ]


def run(command: list[str]) -> tuple[int, list[str]]:
    """(exit code, lines of its output) of a command that may not take half a minute."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def in_a_dead_mount(folder: Path, command: list[str]) -> list[str]:
    """The command that runs another while `folder` is a mount that answers nothing."""
    return [sys.executable, str(Path(__file__).with_name("dead_mount.py")), str(folder), *command]


@cache
def can_mount() -> bool:
    """Whether this machine allows a FUSE mount in a namespace of our own."""
    return run(in_a_dead_mount(Path("/mnt"), our_python("pass")))[0] == 0
