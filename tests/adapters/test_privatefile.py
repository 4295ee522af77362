"""Files for one user alone: how they are made, replaced and read (R13b)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.adapters.privatefile import (
    new_file,
    private,
    private_folder,
    read_file,
    replace_file,
)
from pve_auth_tui.core.errors import Missing, Unreadable, Unwritable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own" / "things"


@pytest.fixture
def folder(path: Path) -> Iterator[int]:
    handle = private_folder(path)
    yield handle
    os.close(handle)


def full_disk(handle: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_missing_folders_are_made_for_us_alone(folder: int, path: Path) -> None:
    assert [one.stat().st_mode & 0o777 for one in (path, path.parent)] == [0o700, 0o700]


def test_the_mode_of_a_file_does_not_hang_on_the_umask(folder: int, path: Path) -> None:
    before = os.umask(0)
    try:
        new_file(folder, "a", b"x")
    finally:
        os.umask(before)
    assert (path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o722])
def test_a_folder_inside_one_that_others_may_write_to_is_refused(path: Path, mode: int) -> None:
    path.parent.mkdir()
    path.parent.chmod(mode)
    with pytest.raises(Unwritable, match="own can be used by others"):
        private_folder(path)
    assert list(path.parent.iterdir()) == []


def test_a_refused_folder_leaves_no_descriptor_open(path: Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o755)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(Unwritable):
        private_folder(path)
    assert os.listdir("/proc/self/fd") == before


def test_a_new_file_never_takes_the_place_of_anything(folder: int, path: Path) -> None:
    (path / "a").symlink_to("/nowhere")
    with pytest.raises(FileExistsError):
        new_file(folder, "a", b"x")


def test_a_file_is_replaced_as_a_whole(folder: int, path: Path) -> None:
    replace_file(folder, "a", b"one")
    replace_file(folder, "a", b"two")
    assert read_file(folder, "a", 10) == b"two"
    assert os.listdir(path) == ["a"]


def test_a_link_is_replaced_and_not_written_through(
    folder: int, path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.write_text("kept")
    (path / "a").symlink_to(target)
    replace_file(folder, "a", b"new")
    assert target.read_text() == "kept"
    assert read_file(folder, "a", 10) == b"new"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    folder: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_file(folder, "a", b"old")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        replace_file(folder, "a", b"new")
    assert os.listdir(path) == ["a"]
    assert read_file(folder, "a", 10) == b"old"


def test_within_private_a_full_disk_is_one_sentence(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.close(private_folder(path))
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(Unwritable) as caught, private(path) as folder:
        new_file(folder, "a", b"x")
    assert str(caught.value) == f"{path}: No space left on device."
    assert caught.value.hint


def test_what_is_not_there_is_missing(folder: int) -> None:
    with pytest.raises(Missing, match="a is not there"):
        read_file(folder, "a", 10)


def test_no_more_is_read_than_was_asked_for(folder: int) -> None:
    new_file(folder, "a", b"x" * 11)
    with pytest.raises(Unreadable, match="more than 10 bytes"):
        read_file(folder, "a", 10)


def test_a_link_is_not_read_even_if_it_leads_to_a_file_of_ours(folder: int, path: Path) -> None:
    new_file(folder, "ours", b"x")
    (path / "link").symlink_to("ours")
    with pytest.raises(Unreadable):
        read_file(folder, "link", 10)


def test_a_link_is_no_folder_even_if_it_leads_to_one_of_ours(path: Path) -> None:
    os.close(private_folder(path.parent / "other"))
    path.symlink_to("other")
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        private_folder(path)
    with pytest.raises(Unwritable), private(path):
        pytest.fail("it was opened")


def test_a_link_a_pipe_a_folder_and_a_file_of_others_are_not_read(folder: int, path: Path) -> None:
    new_file(folder, "open", b"x")
    (path / "open").chmod(0o640)
    (path / "link").symlink_to("open")
    (path / "folder").mkdir()
    os.mkfifo(path / "pipe", 0o600)
    for name in ("open", "link", "folder", "pipe"):
        with pytest.raises(Unreadable):
            read_file(folder, name, 10)
