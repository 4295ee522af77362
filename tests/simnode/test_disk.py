"""The folder of a simulated node: nothing outside it is read or written, whatever lies in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable
from pve_auth_tui.simnode.disk import FolderDisk

CANARY = b"outside"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/shadow").write_bytes(CANARY)
    (tmp_path / "state").mkdir(mode=0o700)
    return tmp_path / "state"


def test_what_is_written_is_read_again_and_for_its_owner_alone(state: Path) -> None:
    disk = FolderDisk(state)
    disk.write("etc/pve/user.cfg", b"one")
    disk.write("etc/pve/user.cfg", b"two")
    assert disk.read("etc/pve/user.cfg") == b"two"
    assert (disk.names(""), disk.names("etc"), disk.names("etc/pve")) == (
        ["etc"],
        ["pve"],
        ["user.cfg"],
    )
    assert (state / "etc/pve/user.cfg").stat().st_mode & 0o777 == 0o600
    assert (state / "etc/pve").stat().st_mode & 0o777 == 0o700
    disk.remove("etc/pve/user.cfg")
    disk.remove("etc/pve/user.cfg")
    assert disk.read("etc/pve/user.cfg") is None


def test_what_is_not_there_is_nothing(state: Path) -> None:
    disk = FolderDisk(state)
    disk.write("file", b"x")
    assert [disk.read(path) for path in ("none", "none/none", "file/none")] == [None] * 3
    assert [disk.names(path) for path in ("none", "file", "file/none")] == [()] * 3


def test_a_folder_that_changed_places_meanwhile_is_not_written_to(state: Path) -> None:
    """Who may write to the folder above can put another one in its place."""
    disk = FolderDisk(state)
    state.rename(state.with_name("moved"))
    state.mkdir()
    (state / "etc").symlink_to(state.with_name("outside"))
    disk.write("etc/shadow", b"root:*:::::::\n")
    assert (state.with_name("outside") / "shadow").read_bytes() == CANARY
    assert (state.with_name("moved") / "etc/shadow").exists()


def test_links_lead_nowhere(state: Path) -> None:
    (state / "etc").symlink_to(state.with_name("outside"))
    (state / "shadow").symlink_to(state.with_name("outside") / "shadow")
    disk = FolderDisk(state)
    assert (disk.read("etc/shadow"), disk.read("shadow"), disk.names("etc")) == (None, None, ())
    with pytest.raises(Unwritable):
        disk.write("etc/shadow", b"new")
    disk.write("shadow", b"new")
    assert (state.with_name("outside") / "shadow").read_bytes() == CANARY
    assert disk.read("shadow") == b"new"


@pytest.mark.parametrize("path", ["../outside/shadow", "etc/../../outside/shadow", ".."])
def test_no_path_leads_out(state: Path, path: str) -> None:
    disk = FolderDisk(state)
    disk.write("etc/file", b"x")
    assert disk.read(path) is None
    assert disk.names(path.removesuffix("/shadow")) == ()
    disk.remove(path)
    with pytest.raises(Unwritable):
        disk.write(path, b"new")
    assert (state.with_name("outside") / "shadow").read_bytes() == CANARY


def test_a_pipe_is_no_file_and_nobody_waits_for_it(state: Path) -> None:
    os.mkfifo(state / "pipe")
    assert FolderDisk(state).read("pipe") is None


def test_a_folder_of_others_is_refused(state: Path) -> None:
    state.chmod(0o770)
    with pytest.raises(Refused, match="changed by others"):
        FolderDisk(state)
    with pytest.raises(Unreadable):
        FolderDisk(state / "none")
    (state.with_name("link")).symlink_to(state)
    with pytest.raises(Unreadable):
        FolderDisk(state.with_name("link"))


def test_it_leaves_no_open_descriptor(state: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    disk = FolderDisk(state)
    disk.write("a/b/c", b"x")
    disk.read("a/b/none")
    disk.names("a/none")
    assert len(os.listdir("/proc/self/fd")) == before + 1
    del disk
    assert len(os.listdir("/proc/self/fd")) == before
