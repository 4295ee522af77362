"""What was seen of second factors, on disk: private, bounded, and never in the way."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.adapters import proofs
from pve_auth_tui.adapters.proofs import FileProofs, MemoryProofs
from pve_auth_tui.core.errors import Unreadable, Unwritable
from pve_auth_tui.core.proofs import How, Mark

MARK = Mark("ann@pve", "1-2", How.LOGIN, 1795300860.5, "pve1", "example.com", 7)
OTHER = Mark("bob@corp", "recovery", How.SIGNATURE, 5.0)


def file_of(folder: Path) -> Path:
    (found,) = (folder / "proofs").glob("*.json")
    return found


def test_what_is_noted_is_there_the_next_time(tmp_path: Path) -> None:
    FileProofs(tmp_path).put(MARK)
    FileProofs(tmp_path).put(OTHER)
    assert FileProofs(tmp_path).all() == {
        ("ann@pve", "1-2"): MARK,
        ("bob@corp", "recovery"): OTHER,
    }


@pytest.mark.parametrize(
    "odd", [{"entry": "i" * 513}, {"rp_id": "x" * 513}, {"counter": 2**32}, {"at": -1.0}]
)
def test_a_mark_that_nobody_could_read_is_not_noted_and_spoils_no_other(
    tmp_path: Path, odd: dict[str, Any]
) -> None:
    FileProofs(tmp_path).put(MARK)
    with pytest.raises(Unwritable, match="cannot be noted"):
        FileProofs(tmp_path).put(replace(OTHER, **odd))
    assert FileProofs(tmp_path).all() == {("ann@pve", "1-2"): MARK}


def test_the_last_mark_of_an_entry_counts(tmp_path: Path) -> None:
    for store in (FileProofs(tmp_path), MemoryProofs()):
        store.put(MARK)
        store.put(Mark("ann@pve", "1-2", How.ENROLLED, 9.0))
        (mark,) = store.all().values()
        assert mark.how is How.ENROLLED


def test_nothing_noted_is_nothing_and_makes_no_file(tmp_path: Path) -> None:
    assert FileProofs(tmp_path / "none").all() == {}
    assert not (tmp_path / "none").exists()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    FileProofs(tmp_path).put(MARK)
    path = file_of(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_each_cluster_has_its_own(tmp_path: Path) -> None:
    here, there = FileProofs(tmp_path), FileProofs(tmp_path, place="pve1.lab/../x-8006")
    here.put(MARK)
    there.put(OTHER)
    assert list(here.all()) == [("ann@pve", "1-2")]
    assert list(there.all()) == [("bob@corp", "recovery")]
    names = {path.name for path in (tmp_path / "proofs").iterdir()}
    assert names == {"here.json", "at-pve1.lab_.._x-8006.json"}


def test_marks_of_entries_that_are_gone_are_dropped_with_the_next_one(tmp_path: Path) -> None:
    FileProofs(tmp_path).put(MARK)
    FileProofs(tmp_path, there=frozenset).put(OTHER)
    assert list(FileProofs(tmp_path).all()) == [("bob@corp", "recovery")]


def test_the_oldest_go_where_there_are_too_many(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(proofs, "MOST", 2)
    for at in (3.0, 1.0, 2.0):
        FileProofs(tmp_path).put(Mark("ann@pve", f"e{at:.0f}", How.LOGIN, at))
    assert {entry for _, entry in FileProofs(tmp_path).all()} == {"e2", "e3"}


GOOD = ["ann@pve", "1", "login", 1, "", "", 0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        "\udcff".encode("utf-8", "surrogateescape"),
        {"form": 2, "marks": []},
        {"form": 1},
        {"form": 1, "marks": {}},
        {"form": 1, "marks": [GOOD[:6]]},
        {"form": 1, "marks": [["x" * 513, *GOOD[1:]]]},
        {"form": 1, "marks": [[*GOOD[:2], "seen", *GOOD[3:]]]},
        {"form": 1, "marks": [[*GOOD[:3], True, *GOOD[4:]]]},
        {"form": 1, "marks": [[*GOOD[:3], -1, *GOOD[4:]]]},
        {"form": 1, "marks": [[*GOOD[:6], 2**32]]},
        {"form": 1, "marks": [GOOD] * (proofs.MOST + 1)},
    ],
)
def test_a_broken_file_is_told_and_replaced_by_the_next_mark(tmp_path: Path, content: Any) -> None:
    FileProofs(tmp_path).put(MARK)
    data = content if isinstance(content, bytes | str) else json.dumps(content)
    file_of(tmp_path).write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(Unreadable, match="does not tell which second factors were proved"):
        FileProofs(tmp_path).all()
    FileProofs(tmp_path).put(OTHER)
    assert list(FileProofs(tmp_path).all()) == [("bob@corp", "recovery")]


def test_a_file_that_others_can_change_is_not_believed(tmp_path: Path) -> None:
    FileProofs(tmp_path).put(MARK)
    file_of(tmp_path).chmod(0o666)
    with pytest.raises(Unreadable, match="can be used by others"):
        FileProofs(tmp_path).all()


def test_a_folder_that_others_can_use_is_written_to_by_nobody(tmp_path: Path) -> None:
    FileProofs(tmp_path).put(MARK)
    (tmp_path / "proofs").chmod(0o777)
    with pytest.raises(Unreadable):
        FileProofs(tmp_path).all()
    with pytest.raises(Unwritable):
        FileProofs(tmp_path).put(OTHER)
