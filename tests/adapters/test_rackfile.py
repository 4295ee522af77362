"""The unfinished rack on disk: private (R13b), and nothing foreign is taken for it."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from pve_auth_tui.adapters.rackfile import FOLDER, FileRacks, MemoryRacks
from pve_auth_tui.core.errors import Unreadable, Unwritable
from pve_auth_tui.core.ports import Racks
from tests.core.test_rackjson import worked

FILE = "unfinished.json"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    return folder


def test_what_was_saved_is_there_until_it_is_dropped(own: Path) -> None:
    racks: Racks
    for racks in (FileRacks(own), MemoryRacks()):
        assert racks.load() is None
        racks.drop()
        racks.save(worked())
        assert racks.load() == worked()
        racks.drop()
        assert racks.load() is None
        racks.drop()


def test_nobody_else_can_read_it(own: Path) -> None:
    FileRacks(own).save(worked())
    assert stat.S_IMODE((own / FOLDER).stat().st_mode) == 0o700
    assert stat.S_IMODE((own / FOLDER / FILE).stat().st_mode) == 0o600


def test_racks_of_other_clusters_stand_apart(own: Path) -> None:
    here, there = FileRacks(own), FileRacks(own, place="pve9/../x-8006")
    there.save(worked())
    assert here.load() is None
    assert there.load() == worked()
    assert {path.parent for path in (own / FOLDER).iterdir()} == {own / FOLDER}


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"[" * 10_000, b"x" * (2**20 + 1)])
def test_what_is_no_rack_is_unreadable_and_can_be_dropped(own: Path, data: bytes) -> None:
    racks = FileRacks(own)
    racks.save(worked())
    (own / FOLDER / FILE).write_bytes(data)
    with pytest.raises(Unreadable):
        racks.load()
    racks.drop()
    assert racks.load() is None


def test_a_file_that_others_can_change_or_a_link_is_not_read(own: Path) -> None:
    racks = FileRacks(own)
    racks.save(worked())
    path = own / FOLDER / FILE
    path.chmod(0o666)
    with pytest.raises(Unreadable):
        racks.load()
    path.rename(own / "elsewhere")
    path.symlink_to(own / "elsewhere")
    with pytest.raises(Unreadable):
        racks.load()


def test_a_folder_that_others_can_use_is_told(own: Path) -> None:
    FileRacks(own).save(worked())
    (own / FOLDER).chmod(0o777)
    with pytest.raises(Unreadable):
        FileRacks(own).load()
    with pytest.raises(Unwritable):
        FileRacks(own).save(worked())


def test_what_could_not_be_read_again_is_not_saved_over_what_can(own: Path) -> None:
    racks = FileRacks(own)
    racks.save(worked())
    strange = replace(worked(), pattern="x" * 5000)
    with pytest.raises(Unwritable):
        racks.save(strange)
    assert racks.load() == worked()
