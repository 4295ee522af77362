"""The tree in memory: what it answers, and how it is written to a folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pve_auth_tui.core.errors import Missing, Refused, Unreadable, Unwritable
from pve_auth_tui.simnode.memory import MARKER, MemoryTree

FILES = {
    "etc/hostname": b"pve1\n",
    "etc/pve/user.cfg": b"user:root@pam:1:0:::::\n",
    "etc/pve/priv/tfa.cfg": b"{}",
}


def small() -> MemoryTree:
    return MemoryTree(FILES)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def held(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_it_gives_the_bytes_of_a_file() -> None:
    assert small().read("etc/pve/priv/tfa.cfg") == b"{}"
    assert small().source == "demo"


def test_a_file_that_is_not_there_is_missing() -> None:
    with pytest.raises(Missing, match=r"/etc/pve/jobs\.cfg is not there\."):
        small().read("etc/pve/jobs.cfg")


def test_a_folder_cannot_be_read_as_a_file_nor_a_file_listed() -> None:
    with pytest.raises(Unreadable, match="/etc/pve is a folder") as caught:
        small().read("etc/pve")
    assert not isinstance(caught.value, Missing)
    with pytest.raises(Unreadable, match="/etc/hostname is a file"):
        small().names("etc/hostname")


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        ("", ["etc"]),
        ("etc", ["hostname", "pve"]),
        ("etc/pve", ["priv", "user.cfg"]),
        ("etc/pve/priv", ["tfa.cfg"]),
        ("etc/nothing", []),
    ],
)
def test_it_lists_files_and_folders_sorted(folder: str, names: list[str]) -> None:
    assert list(small().names(folder)) == names


def test_a_changed_tree_is_another_tree() -> None:
    tree = small()
    changed = tree.with_files({"etc/pve/jobs.cfg": b"", "etc/hostname": b"pve2\n"})
    assert changed.read("etc/hostname") == b"pve2\n"
    assert list(changed.names("etc/pve")) == ["jobs.cfg", "priv", "user.cfg"]
    assert tree.read("etc/hostname") == b"pve1\n"


def test_it_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    small().written_to(folder)
    assert {path: (folder / path).read_bytes() for path in FILES} == FILES
    for path in [folder, *folder.rglob("*")]:
        assert mode_of(path) == (0o700 if path.is_dir() else 0o600), path


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        small().written_to(tmp_path / "demo")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "demo") == 0o700
    assert mode_of(tmp_path / "demo/etc/pve/user.cfg") == 0o600


def test_an_empty_folder_of_our_own_is_filled(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir(mode=0o755)
    small().written_to(folder)
    assert (folder / "etc/hostname").read_bytes() == b"pve1\n"


def test_an_earlier_demo_goes_on_as_it_is(tmp_path: Path) -> None:
    small().written_to(tmp_path / "demo")
    changed = tmp_path / "demo/etc/pve/user.cfg"
    changed.write_bytes(b"changed\n")
    small().written_to(tmp_path / "demo")
    assert changed.read_bytes() == b"changed\n"


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "letter").write_text("dear")
    with pytest.raises(Refused, match="is not empty and holds no demo") as caught:
        small().written_to(folder)
    assert "empty folder" in caught.value.hint
    assert held(folder) == ["letter"]


def test_a_demo_that_was_only_begun_is_not_taken_for_one(tmp_path: Path) -> None:
    small().written_to(tmp_path / "demo")
    (tmp_path / "demo" / MARKER).unlink()
    with pytest.raises(Refused):
        small().written_to(tmp_path / "demo")


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_a_folder_that_others_can_change_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(Refused, match="can be changed by others"):
        small().written_to(folder)
    assert held(folder) == []


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(Unwritable):
        small().written_to(tmp_path / "link")
    assert held(tmp_path / "real") == []


def test_without_a_folder_above_it_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match="No such file or directory") as caught:
        small().written_to(tmp_path / "no" / "such")
    assert caught.value.hint
    assert held(tmp_path) == []
