"""What undo needs: records on disk without secrets, secrets in memory for a day, one writer."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pve_auth_tui.adapters import material as material_module
from pve_auth_tui.adapters import saved as saved_module
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.material import MemoryMaterial, RunMaterial, swap_caution
from pve_auth_tui.adapters.saved import (
    FOLDER,
    MOST_RECORDS,
    FileSaved,
    MemorySaved,
)
from pve_auth_tui.core.applied import Applied
from pve_auth_tui.core.changed import Changed
from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.secret import Secret

NOW = 1_800_000_000.0
CANARY = "canary-JBSWY3DPEHPK3PXP"
BOB = dict.fromkeys(("firstname", "lastname", "email", "comment", "keys", "groups"), "")
BOB |= {"enable": "1", "expire": "0"}
CHANGE = Changed(Key("user", "bob@pve"), BOB, {**BOB, "enable": "0"})
ROOT = Path(__file__).parent.parent.parent


def applied(number=1, **more):
    return Applied(
        f"20270115-080000-{number:06x}", "disable bob@pve", NOW + number, (CHANGE,), **more
    )


class Wipes(list):
    def __call__(self, path, seconds):
        self.append((path, seconds))


@pytest.fixture
def wipes():
    return Wipes()


@pytest.fixture
def files(tmp_path, wipes):
    material = RunMaterial(FixedClock(NOW), tmp_path / "run/ours", wipes)
    return FileSaved(tmp_path / "own", FixedClock(NOW), material=material)


@pytest.fixture
def memory():
    return MemorySaved(FixedClock(NOW))


@pytest.fixture(params=["files", "memory"])
def saved(request):
    return request.getfixturevalue(request.param)


# --- records ----------------------------------------------------------------------------


def test_records_come_back_as_they_were_oldest_first(saved):
    assert list(saved.all()) == []
    second, first = applied(2, armed_until=NOW + 600.0), applied(1, complete=False)
    saved.put(first)
    saved.put(second)
    assert list(saved.all()) == [first, second]


def test_a_record_takes_another_state(saved):
    saved.put(applied())
    saved.put(replace(applied(), undone=True))
    assert [one.undone for one in saved.all()] == [True]


def test_files_are_for_their_owner_alone_and_another_session_reads_them(files, tmp_path):
    files.put(applied())
    folder = tmp_path / "own" / FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
    assert list(FileSaved(tmp_path / "own", FixedClock(NOW)).all()) == [applied()]


def test_another_cluster_s_records_stand_apart(files, tmp_path):
    files.put(applied())
    other = FileSaved(tmp_path / "own", FixedClock(NOW), place="../pve9.example.com:8006")
    assert list(other.all()) == []
    other.put(applied(7))
    assert list(other.all()) == [applied(7)]
    assert list(files.all()) == [applied()]
    below = tmp_path / "own" / FOLDER
    assert all(below in path.parents for path in (tmp_path / "own").rglob("*.json"))


def test_looking_makes_no_folder(tmp_path):
    looking = FileSaved(
        tmp_path / "own", FixedClock(NOW), material=RunMaterial(FixedClock(NOW), tmp_path / "run")
    )
    assert (list(looking.all()), looking.material("x"), looking.wipe()) == ([], {}, 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\xff", '{"id":"x"}'])
def test_a_file_that_is_no_record_is_named(files, tmp_path, text):
    files.put(applied())
    path = tmp_path / "own" / FOLDER / f"{applied().id}.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(Unreadable, match=str(path)):
        files.all()


def test_a_record_under_another_name_is_not_taken(files, tmp_path):
    files.put(applied())
    folder = tmp_path / "own" / FOLDER
    (folder / f"{applied().id}.json").rename(folder / f"{applied(2).id}.json")
    with pytest.raises(Unreadable, match="another change"):
        files.all()


def test_a_record_that_others_could_write_is_not_taken(files, tmp_path):
    files.put(applied())
    (tmp_path / "own" / FOLDER / f"{applied().id}.json").chmod(0o644)
    with pytest.raises(Unreadable, match="others"):
        files.all()


def test_a_folder_that_others_can_use_takes_nothing(files, tmp_path):
    files.put(applied())
    (tmp_path / "own" / FOLDER).chmod(0o755)
    with pytest.raises(Unwritable):
        files.put(applied(2))
    with pytest.raises(Unwritable), files.exclusively():
        pass


@pytest.mark.parametrize("plan", ["", "../x", "a/b", "A", "x" * 65, ".hidden"])
def test_what_is_no_id_never_becomes_a_file(files, tmp_path, plan):
    with pytest.raises(Refused):
        files.put(replace(applied(), id=plan))
    with pytest.raises(Refused):
        files.put_material(plan, {"a": Secret(CANARY)})
    assert list(tmp_path.rglob("*.json")) == []


def test_the_oldest_records_go_but_none_that_still_takes_itself_back(files, monkeypatch):
    monkeypatch.setattr(saved_module, "MOST_RECORDS", 3)
    files.put(applied(1, armed_until=NOW + 600.0))
    for number in range(2, 7):
        files.put(applied(number))
    assert [one.id[-1] for one in files.all()] == ["1", "4", "5", "6"]
    assert MOST_RECORDS >= 100


# --- secrets ----------------------------------------------------------------------------


def test_secrets_are_in_no_record(files, tmp_path):
    files.put(applied())
    files.put_material(applied().id, {"totp bob@pve 1": Secret(CANARY)})
    for path in (tmp_path / "own").rglob("*"):
        assert path.is_dir() or CANARY not in path.read_text()
    (kept,) = (tmp_path / "run/ours").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "run/ours").stat().st_mode & 0o777 == 0o700


def test_another_session_may_use_them(files, tmp_path):
    files.put_material(applied().id, {"a": Secret(CANARY)})
    later = RunMaterial(FixedClock(NOW + 86399), tmp_path / "run/ours", print)
    assert {k: v.reveal() for k, v in later.get(applied().id).items()} == {"a": CANARY}


@pytest.mark.parametrize("now", [NOW + 86401, NOW - 100])
def test_they_are_gone_after_a_day_and_when_the_clock_was_set_back(files, tmp_path, now):
    files.put_material(applied().id, {"a": Secret(CANARY)})
    later = RunMaterial(FixedClock(now), tmp_path / "run/ours", print)
    assert later.get("another") == {}
    assert list((tmp_path / "run/ours").iterdir()) == []


def test_systemd_is_asked_to_remove_them_even_if_nobody_comes_back(files, tmp_path, wipes):
    files.put_material(applied().id, {"a": Secret(CANARY)})
    assert wipes == [(tmp_path / f"run/ours/{applied().id}.json", 86400.0)]


def test_nothing_to_keep_makes_no_file(files, tmp_path, wipes):
    files.put_material(applied().id, {})
    assert not (tmp_path / "run").exists()
    assert wipes == []


def test_a_wipe_takes_one_or_all(saved):
    for number in (1, 2, 3):
        saved.put_material(applied(number).id, {"a": Secret(CANARY)})
    assert saved.wipe(applied(2).id) == 1
    assert saved.wipe(applied(2).id) == 0
    assert saved.material(applied(2).id) == {}
    assert list(saved.material(applied(1).id)) == ["a"]
    assert saved.wipe() == 2
    assert saved.material(applied(1).id) == {}


def test_what_else_lies_there_is_nothing_and_goes(files, tmp_path):
    files.put_material(applied().id, {"a": Secret(CANARY)})
    ours = tmp_path / "run/ours"
    for name, text in (("x.json", "no json"), ("y.json", "[]"), ("z.json", '{"until":1}')):
        (ours / name).write_text(text)
        (ours / name).chmod(0o600)
    assert list(files.material(applied().id)) == ["a"]
    assert [path.name for path in ours.iterdir()] == [f"{applied().id}.json"]


def test_secrets_in_this_process_end_after_a_day():
    clock = FixedClock(NOW)
    material = MemoryMaterial(clock)
    material.put("a", {"x": Secret(CANARY)})
    assert material.get("a")
    material._clock = FixedClock(NOW + 86401)
    assert material.get("a") == {}
    assert material.wipe() == 0


def test_only_root_keeps_them_outside_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert isinstance(FileSaved(tmp_path, FixedClock(NOW))._material, MemoryMaterial)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert isinstance(FileSaved(tmp_path, FixedClock(NOW))._material, RunMaterial)


# --- one writer -------------------------------------------------------------------------


def test_one_session_at_a_time(saved):
    refused = pytest.raises(Refused, match="Another session")
    with saved.exclusively(), refused, saved.exclusively():
        pass
    with saved.exclusively():
        pass


def test_the_lock_is_no_way_to_another_file(files, tmp_path):
    files.put(applied())
    elsewhere = tmp_path / "elsewhere"
    (record,) = (path for path in tmp_path.rglob("*") if path.suffix == ".json")
    (record.parent / "lock").symlink_to(elsewhere)
    with pytest.raises(Unwritable), files.exclusively():
        pytest.fail("a link was followed")
    assert not elsewhere.exists()


def test_a_session_that_was_killed_holds_nothing(files, tmp_path):
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from pve_auth_tui.adapters.clock import FixedClock\n"
        "from pve_auth_tui.adapters.saved import FileSaved\n"
        "held = FileSaved(Path(sys.argv[1]), FixedClock(0.0)).exclusively()\n"
        "held.__enter__()\nprint('held', flush=True)\nsys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "own")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout.readline() == b"held\n"
    with pytest.raises(Refused), files.exclusively():
        pass
    child.kill()
    with files.exclusively(30.0):  # it waits until the kernel has let go
        pass
    child.communicate()


# --- swapping ---------------------------------------------------------------------------


def proc(tmp_path, monkeypatch, mounts, swaps):
    (tmp_path / "mounts").write_text(mounts)
    (tmp_path / "swaps").write_text(f"Filename Type Size Used Priority\n{swaps}")
    monkeypatch.setattr(material_module, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(material_module, "SWAPS", tmp_path / "swaps")


@pytest.mark.parametrize(
    ("options", "swaps", "said"),
    [
        ("rw,nosuid", "/dev/dm-1 partition 8388604 0 -2\n", True),
        ("rw,nosuid,noswap", "/dev/dm-1 partition 8388604 0 -2\n", False),
        ("rw,nosuid", "", False),
    ],
)
def test_where_memory_is_swapped_to_disk_that_is_said(tmp_path, monkeypatch, options, swaps, said):
    proc(tmp_path, monkeypatch, f"proc /proc proc rw 0 0\ntmpfs /run tmpfs {options} 0 0\n", swaps)
    assert bool(swap_caution()) is said


def test_where_nobody_knows_it_is_said_too(tmp_path, monkeypatch):
    monkeypatch.setattr(material_module, "MOUNTS", tmp_path / "nothing")
    assert "may swap" in swap_caution()


def test_the_file_of_secrets_is_json_of_ours(files, tmp_path):
    files.put_material(applied().id, {"a": Secret("ä\n")})
    (kept,) = (tmp_path / "run/ours").iterdir()
    assert json.loads(kept.read_bytes()) == {"until": NOW + 86400, "material": {"a": "ä\n"}}
