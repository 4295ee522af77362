"""What was done to get back in: private, and kept until somebody has seen it (R18)."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pve_auth_tui.adapters import privatefile, recoveries
from pve_auth_tui.adapters.recoveries import MOST, FileRecoveries, MemoryRecoveries
from pve_auth_tui.core.errors import Unreadable, Unwritable
from pve_auth_tui.core.recover.evidence import Recovered, unseen

ONE = Recovered("1.000", 1.0, "root@pam", "unlock root@pam", "phone locked", "root on tty1")
TWO = Recovered("2.000", 2.0, "root@pam", "remove 1 factor", "", "root on ttyS0", "done", 9.0)


def file_of(folder: Path) -> Path:
    (found,) = (folder / "recoveries").glob("*.json")
    return found


def numbered(number: int, **more: Any) -> Recovered:
    return replace(ONE, id=str(number), at=float(number), **more)


def in_the_file(folder: Path, recoveries: list[Recovered]) -> None:
    """All of them at once: a put each reads and writes the whole file."""
    FileRecoveries(folder).put(ONE)
    rows = [[r.id, r.at, r.userid, r.title, r.reason, r.who, r.outcome, r.seen] for r in recoveries]
    file_of(folder).write_text(json.dumps({"form": 1, "recoveries": rows}))


# --- what is kept -----------------------------------------------------------------------


def test_a_later_session_is_told_of_it_oldest_first(tmp_path: Path) -> None:
    for one in (TWO, ONE):
        FileRecoveries(tmp_path).put(one)
    assert FileRecoveries(tmp_path).all() == (ONE, TWO)


@pytest.mark.parametrize("where", ["memory", "file"])
def test_another_state_takes_the_place_of_the_first(tmp_path: Path, where: str) -> None:
    kept = MemoryRecoveries() if where == "memory" else FileRecoveries(tmp_path)
    kept.put(ONE)
    kept.put(TWO)
    kept.put(replace(ONE, outcome="failed"))
    assert kept.all() == (replace(ONE, outcome="failed"), TWO)


def test_two_recoveries_at_once_are_two(tmp_path: Path) -> None:
    """Each put reads and writes the whole file."""
    again = range(20)
    program = (
        "import sys; from pathlib import Path;"
        " from pve_auth_tui.adapters.recoveries import FileRecoveries as F;"
        " from pve_auth_tui.core.recover.evidence import Recovered as R;"
        " [F(Path(sys.argv[1])).put(R(sys.argv[2] + str(n), 1.0, 'u', 't', 'r', 'w'))"
        f" for n in range({len(again)})]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "ab"
    ]
    assert [one.wait(60) for one in running] == [0, 0]
    found = {one.id for one in FileRecoveries(tmp_path).all()}
    assert found == {f"{name}{number}" for name in "ab" for number in again}


def test_who_holds_the_folder_and_hangs_keeps_no_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recoveries, "_PATIENCE", 0.05)
    FileRecoveries(tmp_path).put(ONE)
    folder = os.open(tmp_path / "recoveries", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        FileRecoveries(tmp_path).put(TWO)
    finally:
        os.close(folder)
    assert FileRecoveries(tmp_path).all() == (ONE, TWO)


def test_a_disk_that_is_dying_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read at every start."""
    FileRecoveries(tmp_path).put(ONE)

    def dying(path: Path) -> bool:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "exists", dying)
    with pytest.raises(Unreadable, match="Input/output error"):
        FileRecoveries(tmp_path).all()


def test_nothing_done_is_nothing_and_makes_no_file(tmp_path: Path) -> None:
    assert FileRecoveries(tmp_path / "none").all() == ()
    assert not (tmp_path / "none").exists()


def test_another_cluster_and_another_root_are_kept_apart(tmp_path: Path) -> None:
    places = ("", "192.0.2.1-8006", "root-/mnt/../x")
    for number, place in enumerate(places):
        FileRecoveries(tmp_path, place=place).put(numbered(number))
    found = [FileRecoveries(tmp_path, place=place).all() for place in places]
    assert [[one.id for one in each] for each in found] == [["0"], ["1"], ["2"]]
    names = {path.name for path in (tmp_path / "recoveries").iterdir()}
    assert names == {"here.json", "at-192.0.2.1-8006.json", "at-root-_mnt_.._x.json"}


def test_texts_are_cut_and_nothing_else_is(tmp_path: Path) -> None:
    FileRecoveries(tmp_path).put(replace(ONE, reason="x" * 2000, who="y" * 1024))
    (one,) = FileRecoveries(tmp_path).all()
    assert one == replace(ONE, reason="x" * 1024, who="y" * 1024)


def test_the_longest_texts_do_not_make_the_file_too_large_to_be_read(tmp_path: Path) -> None:
    """R12: as many as are kept, each text as long as it may be, of signs that take most room."""
    wide = "\U0001f511" * 1024
    texts = {"userid": wide, "title": wide, "reason": wide, "who": wide, "outcome": wide}
    in_the_file(tmp_path, [numbered(number, **texts) for number in range(MOST)])
    FileRecoveries(tmp_path).put(numbered(MOST, **texts))
    count = len(FileRecoveries(tmp_path).all())
    assert count == MOST


def test_what_nobody_has_seen_is_kept_longest(tmp_path: Path) -> None:
    """R18: nobody gets rid of the trace of one recovery by many others that are acknowledged."""
    seen = [numbered(number, seen=5.0) for number in range(1, MOST + 1)]
    in_the_file(tmp_path, [numbered(0), *seen])
    FileRecoveries(tmp_path).put(numbered(MOST + 1, seen=5.0))
    found = FileRecoveries(tmp_path).all()
    assert len(found) == MOST
    assert unseen(found) == (numbered(0),)
    assert [one.id for one in found[1:3]] == ["3", "4"]  # the oldest seen ones went


# --- whose file it is -------------------------------------------------------------------


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """R13b."""
    FileRecoveries(tmp_path).put(ONE)
    path = file_of(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_can_change_is_not_believed_and_not_lost(tmp_path: Path) -> None:
    FileRecoveries(tmp_path).put(ONE)
    file_of(tmp_path).chmod(0o666)
    with pytest.raises(Unreadable, match="can be used by others"):
        FileRecoveries(tmp_path).all()
    FileRecoveries(tmp_path).put(TWO)
    assert FileRecoveries(tmp_path).all() == (TWO,)
    assert (tmp_path / "recoveries/here.broken").exists()


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FileRecoveries(tmp_path).put(ONE)
    monkeypatch.setattr(privatefile.os, "geteuid", lambda: 12345)
    with pytest.raises(Unreadable, match="can be used by others"):
        FileRecoveries(tmp_path).all()
    with pytest.raises(Unwritable):
        FileRecoveries(tmp_path).put(TWO)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    FileRecoveries(tmp_path).put(ONE)
    path = file_of(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(Unreadable):
        FileRecoveries(tmp_path).all()
    before = elsewhere.read_bytes()
    FileRecoveries(tmp_path).put(TWO)
    assert elsewhere.read_bytes() == before
    assert FileRecoveries(tmp_path).all() == (TWO,)


# --- what is no such file ---------------------------------------------------------------

GOOD = ["1.000", 1.0, "root@pam", "unlock", "", "root", "done", 0.0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        "\udcff".encode("utf-8", "surrogateescape"),
        {"form": 2, "recoveries": []},
        {"form": 1},
        {"form": 1, "recoveries": 7},
        {"form": 1, "recoveries": [GOOD[:7]]},
        {"form": 1, "recoveries": [dict(enumerate(GOOD))]},
        {"form": 1, "recoveries": [[*GOOD[:3], "x" * 1025, *GOOD[4:]]]},
        {"form": 1, "recoveries": [[*GOOD[:3], None, *GOOD[4:]]]},
        {"form": 1, "recoveries": [[*GOOD[:1], True, *GOOD[2:]]]},
        {"form": 1, "recoveries": [[*GOOD[:7], -1]]},
        {"form": 1, "recoveries": [[*GOOD[:7], float("nan")]]},
        {"form": 1, "recoveries": [[*GOOD[:7], 1e300]]},
    ],
)
def test_a_broken_file_is_told_and_kept_beside_the_next_one(tmp_path: Path, content: Any) -> None:
    FileRecoveries(tmp_path).put(ONE)
    data = content if isinstance(content, bytes | str) else json.dumps(content)
    raw = data if isinstance(data, bytes) else data.encode()
    file_of(tmp_path).write_bytes(raw)
    with pytest.raises(Unreadable, match="does not tell what was done with Recover") as caught:
        FileRecoveries(tmp_path).all()
    assert "journal" in caught.value.hint
    FileRecoveries(tmp_path).put(TWO)
    assert FileRecoveries(tmp_path).all() == (TWO,)
    assert (tmp_path / "recoveries/here.broken").read_bytes() == raw


def test_each_broken_file_is_kept(tmp_path: Path) -> None:
    for number in range(3):
        FileRecoveries(tmp_path).put(ONE)
        file_of(tmp_path).write_text(f"broken {number}")
    FileRecoveries(tmp_path).put(TWO)
    kept = {path.name: path.read_text() for path in (tmp_path / "recoveries").glob("*.broken*")}
    names = ("here.broken", "here.broken-2", "here.broken-3")
    assert kept == {name: f"broken {number}" for number, name in enumerate(names)}


_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=9) | some.dictionaries(some.text(max_size=9), inner),
    max_leaves=20,
)


@given(
    some.binary(max_size=200)
    | _JSON.map(lambda found: json.dumps(found).encode())
    | some.lists(_JSON, max_size=3).map(
        lambda rows: json.dumps({"form": 1, "recoveries": rows}).encode()
    )
    | some.lists(_JSON, min_size=8, max_size=8).map(
        lambda row: json.dumps({"form": 1, "recoveries": [row]}).encode()
    )
)
def test_no_bytes_make_it_fail_in_another_way(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """R12: whatever stands there is a recovery, or Unreadable."""
    kept = FileRecoveries(tmp_path_factory.getbasetemp())
    kept.put(ONE)
    file_of(tmp_path_factory.getbasetemp()).write_bytes(data)
    try:
        found = kept.all()
    except Unreadable:
        return
    assert all(isinstance(one, Recovered) for one in found)


_TEXT = some.text(max_size=1024)
_TIME = some.floats(0, 2.0**52)


@given(some.builds(Recovered, _TEXT, _TIME, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _TIME))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, one: Recovered
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    FileRecoveries(folder).put(one)
    assert FileRecoveries(folder).all() == (one,)
