"""Which programs run us."""

from __future__ import annotations

import os
from pathlib import Path

from pve_auth_tui.terminal.above import above


def process(proc: Path, pid: int, name: str, parent: int) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0 -1 4194560 12\n")


def test_the_names_go_from_the_parent_up(tmp_path: Path) -> None:
    process(tmp_path, 1, "systemd", 0)
    process(tmp_path, 20, "tmux: server", 1)
    process(tmp_path, 30, "odd) name (", 20)
    assert above(tmp_path, 30) == ["odd) name (", "tmux: server", "systemd"]


def test_a_process_that_cannot_be_read_ends_the_row(tmp_path: Path) -> None:
    process(tmp_path, 30, "bash", 20)
    assert above(tmp_path, 30) == ["bash"]
    assert above(tmp_path / "none", 30) == []


def test_a_circle_ends(tmp_path: Path) -> None:
    process(tmp_path, 30, "bash", 30)
    assert set(above(tmp_path, 30)) == {"bash"}


def test_of_the_real_ones_the_parent_comes_first() -> None:
    with open(f"/proc/{os.getppid()}/comm") as file:
        assert above()[0] == file.read().rstrip("\n")
