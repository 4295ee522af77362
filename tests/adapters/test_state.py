"""Saved lists: files for this user alone, or one sentence why there is none (R13b)."""

import errno
import os

import pytest

from pve_auth_tui.adapters.state import StateFolder
from pve_auth_tui.core.errors import Unwritable


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "saved"


def refusal(folder):
    with pytest.raises(Unwritable) as caught:
        StateFolder(folder).save("users.csv", "a,b\n")
    assert caught.value.hint
    return str(caught.value)


def test_only_we_can_read_what_is_saved(folder):
    path = StateFolder(folder).save("users.csv", "a,ä\n")
    assert path.read_text("utf-8") == "a,ä\n"
    assert path.name.endswith("-users.csv")
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_each_save_is_a_file_of_its_own(folder):
    state = StateFolder(folder)
    assert len({state.save("users.csv", "x") for _ in range(3)}) == 3


def test_a_link_in_place_of_the_folder_is_not_followed(folder, tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o700)
    folder.parent.mkdir()
    folder.symlink_to(tmp_path / "theirs")
    assert refusal(folder).startswith(str(folder))
    assert list((tmp_path / "theirs").iterdir()) == []


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o750, 0o701])
def test_a_folder_that_others_may_enter_gets_nothing(folder, mode):
    folder.mkdir(parents=True)
    folder.chmod(mode)
    assert "can be used by others" in refusal(folder)
    assert list(folder.iterdir()) == []


def test_a_folder_of_somebody_else_gets_nothing(folder, monkeypatch):
    folder.mkdir(parents=True, mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert "can be used by others" in refusal(folder)
    assert list(folder.iterdir()) == []


def test_what_lies_under_the_name_is_neither_followed_nor_overwritten(
    folder, tmp_path, monkeypatch
):
    target = tmp_path / "target"
    target.write_text("kept")
    opened = os.open

    def meanwhile(path, flags, *mode, **where):
        """Somebody knows the name beforehand."""
        if flags & os.O_CREAT:
            (folder / path).symlink_to(target)
        return opened(path, flags, *mode, **where)

    monkeypatch.setattr(os, "open", meanwhile)
    assert "File exists" in refusal(folder)
    assert target.read_text() == "kept"


def test_a_file_in_place_of_the_folder_is_told(folder):
    folder.parent.mkdir()
    folder.write_text("")
    assert refusal(folder).startswith(str(folder))


def test_a_full_disk_leaves_no_half_of_a_list(folder, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert refusal(folder).endswith("No space left on device.")
    assert list(folder.iterdir()) == []
