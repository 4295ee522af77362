"""A small PVE below a folder, and a secret beside it that no reader may ever see."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

DATABASE = Path(__file__).parent / "data" / "config.db"
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
