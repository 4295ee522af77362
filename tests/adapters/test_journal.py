"""The journal's file, syslog and cluster log: what ends us leaves whole lines, or says so (R16)."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.adapters import journal as journal_module
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.journal import FILE, FileJournal, MemoryJournal
from pve_auth_tui.adapters.ladder import LadderApi, Way
from pve_auth_tui.adapters.syslog import Syslog
from pve_auth_tui.core.errors import Refused, Unreachable, Unreadable, Unwritable
from pve_auth_tui.core.journal import Entry, Who
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources

PROJECT = Path(__file__).parents[2]
CLOCK = FixedClock(DEMO_NOW)
JOE = Who("joe (uid 1001), session 7", "SUDO_USER joe")
NAME = 'joe\n{"number":2,"time":1.0,"hash":"x"}\r\n<86>sshd: \u2028@pve'


class Log:
    """A receiver of syslog lines; `full`: it takes none."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.full = False

    def send(self, text: str, now: float) -> None:
        if self.full:
            raise Unwritable("/dev/log: No such file or directory.")
        self.lines.append(text)


class ClusterLog:
    """The way to PVE in use; `trouble`: what it raises."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.asked = 0
        self.trouble: Exception | None = None

    def log_message(self, text: str, *, seconds: float = 5.0) -> None:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        self.lines.append(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "own" / "journal"


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def cluster() -> ClusterLog:
    return ClusterLog()


@pytest.fixture
def journal(folder: Path, log: Log, cluster: ClusterLog) -> FileJournal:
    return FileJournal(folder, JOE, CLOCK, syslog=log, cluster=lambda: cluster)


def step(number: int = 1, event: str = "intent", **more: str) -> Entry:
    return Entry(event, "p1", "disable joe@pve", number, **{"text": "pveum", **more})  # type: ignore[arg-type]


# --- the file --------------------------------------------------------------------------


def test_an_entry_lies_in_a_file_for_us_alone_and_is_read_again(
    journal: FileJournal, folder: Path
) -> None:
    kept = journal.write(step())
    assert kept.places == ("file", "syslog", "cluster log")
    assert kept.problems == ()
    assert journal.read() == (kept.written,)
    assert (folder.stat().st_mode & 0o777, (folder / FILE).stat().st_mode & 0o777) == (0o700, 0o600)
    assert journal.verify().ok


def test_without_a_file_there_are_no_entries_and_none_is_made(
    journal: FileJournal, folder: Path
) -> None:
    assert journal.read() == ()
    assert journal.verify().ok
    assert not journal.verify("0" * 64).ok
    assert not folder.parent.exists()


def test_numbers_go_on_in_the_next_program(journal: FileJournal, folder: Path) -> None:
    journal.write(step())
    kept = FileJournal(folder, JOE, CLOCK).write(step(2))
    assert kept.written is not None
    assert kept.written.number == 2
    assert journal.verify(kept.written.hash).entries == 2


def test_the_line_is_on_the_disk_before_write_is_back(
    journal: FileJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        if (folder / FILE).exists():
            synced.append(str((folder / FILE).read_bytes().count(b"\n")))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    journal.write(step())
    assert synced == ["own", "journal", "0", FILE, "1"]
    synced.clear()
    journal.write(step(2))
    assert synced == [FILE, "2"]


def test_a_long_journal_is_gone_on_with_without_reading_it_all(
    journal: FileJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_TAIL", 3000)
    for number in range(1, 20):
        journal.write(step(number))

    def never(file: int, size: int) -> bytes:
        raise AssertionError("all of it was read")

    with monkeypatch.context() as patched:
        patched.setattr(journal_module, "_text", never)
        journal.write(step(20))
    assert journal.verify().entries == 20


def test_a_damaged_end_is_gone_on_with_after_the_last_whole_entry(
    journal: FileJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.write(step())
    with (folder / FILE).open("ab") as file:
        file.write(b"\x00" * 5000)
    monkeypatch.setattr(journal_module, "_TAIL", 3000)
    journal.write(step(2))
    verdict = journal.verify()
    assert (verdict.ok, verdict.entries) == (True, 2)
    assert "half line" in verdict.notes[0]


def test_a_file_of_nothing_but_rubbish_is_gone_on_with_and_told(
    journal: FileJournal, folder: Path
) -> None:
    folder.mkdir(parents=True, mode=0o700)
    (folder / FILE).write_bytes(b"rubbish")
    (folder / FILE).chmod(0o600)
    journal.write(step())
    assert journal.verify().notes[0].startswith("Before entry 1 stands a half line")
    assert len(journal.read()) == 1


def test_a_line_that_lacks_only_its_line_feed_is_whole(journal: FileJournal, folder: Path) -> None:
    journal.write(step())
    os.truncate(folder / FILE, (folder / FILE).stat().st_size - 1)
    journal.write(step(2))
    assert journal.verify().entries == 2
    assert not any("half" in note for note in journal.verify().notes)


@pytest.mark.parametrize("change", ["edited", "removed", "reordered", "put in"])
def test_whatever_was_done_to_the_file_is_found(
    journal: FileJournal, folder: Path, change: str
) -> None:
    for number in range(1, 6):
        journal.write(step(number))
    lines = (folder / FILE).read_bytes().splitlines(keepends=True)
    if change == "edited":
        lines[2] = lines[2].replace(b"disable joe", b"disable ann")
    elif change == "removed":
        del lines[2]
    elif change == "reordered":
        lines[2], lines[3] = lines[3], lines[2]
    else:
        lines.insert(2, lines[0])
    (folder / FILE).write_bytes(b"".join(lines))
    assert (journal.verify().ok, journal.verify().number) == (False, 3)
    journal.write(step(6))
    assert not journal.verify().ok, "what is written later does not mend it"


def test_what_was_cut_off_is_found_with_a_line_of_syslog(
    journal: FileJournal, folder: Path, log: Log
) -> None:
    for number in range(1, 4):
        journal.write(step(number))
    head = log.lines[-1].rpartition("sha256:")[2].removesuffix("]")
    assert journal.verify(head).ok
    lines = (folder / FILE).read_bytes().splitlines(keepends=True)
    (folder / FILE).write_bytes(b"".join(lines[:2]))
    assert journal.verify().ok
    assert not journal.verify(head).ok


def test_a_journal_that_is_too_large_is_neither_read_nor_written(
    journal: FileJournal, folder: Path
) -> None:
    journal.write(step())
    os.truncate(folder / FILE, journal_module.MOST_BYTES + 1024 * 1024)
    with pytest.raises(Unreadable, match="more than"):
        journal.read()
    kept = journal.write(step())
    assert kept.places == ("syslog", "cluster log")
    assert "is full" in kept.problems[0]


# --- whose file it is --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "open to others"])
def test_what_is_not_our_own_private_file_is_neither_written_nor_read(
    journal: FileJournal, folder: Path, tmp_path: Path, kind: str
) -> None:
    folder.mkdir(parents=True, mode=0o700)
    target = tmp_path / "target"
    target.write_text("kept")
    target.chmod(0o600)  # ours and closed: only that it is a link speaks against it
    if kind == "link":
        (folder / FILE).symlink_to(target)
    elif kind == "pipe":
        os.mkfifo(folder / FILE, 0o600)
    elif kind == "folder":
        (folder / FILE).mkdir()
    else:
        (folder / FILE).write_text("kept")
        (folder / FILE).chmod(0o644)
    kept = journal.write(step())
    assert kept.written is None
    assert kept.problems[0].startswith("Not in the journal's file: ")
    with pytest.raises(Unreadable):
        journal.read()
    assert target.read_text() == "kept"


@pytest.mark.parametrize("where", ["journal", "own"])
def test_a_folder_that_others_may_write_to_gets_no_journal(
    journal: FileJournal, folder: Path, where: str
) -> None:
    journal.write(step())
    (folder if where == "journal" else folder.parent).chmod(0o777)
    assert "can be used by others" in journal.write(step()).problems[0]
    with pytest.raises(Unreadable, match="can be used by others"):
        journal.read()


# --- two at once -------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.journal import FileJournal
from pve_auth_tui.core.journal import Entry, Who

journal = FileJournal(Path(sys.argv[1]), Who(sys.argv[2]), SystemClock(), seconds=60.0)
sys.stdin.read(1)
for number in range(1, 41):
    journal.write(Entry("intent", sys.argv[2], "t", number, "x" * number))
"""


def started(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    )


def test_two_programs_that_write_at_once_make_one_chain(folder: Path) -> None:
    programs = [started(WRITER, str(folder), name) for name in ("one", "two")]
    for program in programs:
        assert program.stdin is not None
        program.stdin.write(b"!")
        program.stdin.flush()
    for program in programs:
        program.communicate(timeout=60)
        assert program.returncode == 0
    journal = FileJournal(folder, JOE, CLOCK)
    verdict = journal.verify()
    assert (verdict.ok, verdict.entries) == (True, 80)
    for name in ("one", "two"):
        steps = [one.entry.step for one in journal.read() if one.entry.plan == name]
        assert steps == list(range(1, 41))


def test_threads_that_write_at_once_make_one_chain(journal: FileJournal) -> None:
    def write() -> None:
        for number in range(1, 11):
            journal.write(step(number))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.verify().entries == 40


@pytest.fixture
def held(journal: FileJournal, folder: Path) -> Iterator[None]:
    """Another program that does not let go of the file."""
    journal.write(step())
    with (folder / FILE).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_a_program_that_does_not_let_go_holds_nobody_up_for_long(
    held: None, folder: Path, log: Log
) -> None:
    journal = FileJournal(folder, JOE, CLOCK, syslog=log, seconds=0.05)
    assert "is held by another program" in journal.write(step()).problems[0]
    with pytest.raises(Unreadable, match="is held by another program"):
        journal.read()


def test_a_file_that_was_moved_away_meanwhile_is_not_written_to(
    journal: FileJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.write(step())
    real = fcntl.flock

    def moved(file: int, how: int) -> None:
        real(file, how)
        monkeypatch.setattr(fcntl, "flock", real)
        (folder / FILE).rename(folder / "old")

    monkeypatch.setattr(fcntl, "flock", moved)
    kept = journal.write(step(2))
    assert kept.written is not None
    assert kept.written.number == 1, "a new file, a new chain"
    assert (folder / "old").read_bytes().count(b"\n") == 1


# --- kill -9 -----------------------------------------------------------------------------

ACTOR = """
import os, signal, sys
from pathlib import Path
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.journal import FileJournal
from pve_auth_tui.core.journal import Entry, Who

folder, wanted, done = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
points = 0

def point(half=None):
    global points
    points += 1
    if points == wanted:
        if half:
            half()
        os.kill(os.getpid(), signal.SIGKILL)

real_write, real_fsync = os.write, os.fsync

def write(handle, data):
    point()
    point(half=lambda: real_write(handle, bytes(data)[: len(data) // 2]))
    count = real_write(handle, data)
    point()
    return count

def fsync(handle):
    point()
    real_fsync(handle)
    point()

os.write, os.fsync = write, fsync
journal = FileJournal(folder, Who("joe"), SystemClock())
journal.write(Entry("begin", "p1", "t"))
for number in (1, 2):
    journal.write(Entry("intent", "p1", "t", number, "pveum"))
    point()
    with done.open("a") as file:
        file.write(f"{number} ")
    point()
    journal.write(Entry("result", "p1", "t", number, outcome="ok"))
journal.write(Entry("end", "p1", "t", outcome="ok"))
print(points)
"""


def acted(folder: Path, wanted: int, done: Path) -> tuple[int, str]:
    program = started(ACTOR, str(folder), str(wanted), str(done))
    said, _ = program.communicate(timeout=60)
    return program.returncode, said.decode()


def test_killed_at_any_point_an_intent_or_a_result_tells_how_far_it_came(tmp_path: Path) -> None:
    code, said = acted(tmp_path / "whole" / "journal", 0, tmp_path / "done")
    assert code == 0
    number_of_points = int(said)
    assert number_of_points > 30
    halves = 0
    for wanted in range(1, number_of_points + 1):
        folder, done = tmp_path / str(wanted) / "journal", tmp_path / f"done-{wanted}"
        assert acted(folder, wanted, done)[0] == -signal.SIGKILL
        journal = FileJournal(folder, JOE, CLOCK)
        verdict = journal.verify()
        assert verdict.ok
        halves += any("half an entry" in note for note in verdict.notes)
        entries = [one.entry for one in journal.read()]
        last = entries[-1] if entries else None
        acts = done.read_text().split() if done.exists() else []
        assert {str(one.step) for one in entries if one.event == "intent"} >= set(acts)
        how_far = [note for note in verdict.notes if note.startswith("Plan p1")]
        if last is None or last.event == "end":
            assert how_far == []
        elif last.event == "intent":
            assert f"step {last.step} was intended and has no result" in how_far[0]
        elif last.event == "result":
            assert f"the result of step {last.step} (ok)" in how_far[0]
            assert acts[-1] == str(last.step)
        else:
            assert "none of its steps was begun" in how_far[0]
            assert acts == []
        journal.write(step(9))
        assert journal.verify().ok, "the chain goes on after it"
    assert halves == 6, "one for each entry"


# --- a full disk ---------------------------------------------------------------------------


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_on_a_full_disk_the_file_stays_as_it_was_and_syslog_takes_the_entry(
    journal: FileJournal, folder: Path, log: Log, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.write(step())
    before = (folder / FILE).read_bytes()
    monkeypatch.setattr(os, call, full)
    kept = journal.write(step(2))
    assert (folder / FILE).read_bytes() == before
    assert kept.places == ("syslog", "cluster log")
    assert "No space left on device" in kept.problems[0]
    assert log.lines[-1].endswith(
        f"[not in the journal's file: {folder}: No space left on device.]"
    )
    monkeypatch.undo()
    assert journal.write(step(3)).problems == ()
    assert journal.verify().entries == 2


def test_when_the_disk_takes_half_a_line_none_of_it_stays(
    journal: FileJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.write(step())
    before = (folder / FILE).read_bytes()
    real, calls = os.write, []

    def half(handle: int, data: bytes) -> int:
        calls.append(len(data))
        return real(handle, bytes(data)[:100]) if len(calls) == 1 else full()

    monkeypatch.setattr(os, "write", half)
    assert journal.write(step(2)).written is None
    assert (folder / FILE).read_bytes() == before


def test_a_line_that_is_taken_piece_by_piece_is_whole(
    journal: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data)[:7]))
    journal.write(step())
    assert journal.verify().entries == 1


def test_when_neither_file_nor_syslog_takes_it_nothing_may_be_changed(
    journal: FileJournal, log: Log, cluster: ClusterLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", full)
    log.full = True
    with pytest.raises(Unwritable, match=r"Not in the journal's file: .*Not in syslog: ") as caught:
        journal.write(step())
    assert "Nothing is changed without a journal" in caught.value.hint
    assert cluster.asked == 0


def test_without_syslog_a_full_disk_refuses(
    folder: Path, cluster: ClusterLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Unwritable):
        FileJournal(folder, JOE, CLOCK, cluster=lambda: cluster).write(step())


# --- the cluster's log -----------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [Refused("The way in use is https."), Unreachable("Silence.")])
def test_a_cluster_log_that_takes_nothing_stops_nothing_and_is_told(
    journal: FileJournal, cluster: ClusterLog, trouble: Exception
) -> None:
    cluster.trouble = trouble
    kept = journal.write(step())
    assert kept.places == ("file", "syslog")
    assert kept.problems == (f"Not in the cluster's log: {trouble}",)


def test_a_cluster_log_that_gave_no_answer_is_not_asked_again_at_once(
    journal: FileJournal, cluster: ClusterLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.trouble = Unreachable("Silence.")
    now = [1000.0]
    monkeypatch.setattr("pve_auth_tui.adapters.journal.time.monotonic", lambda: now[0])
    journal.write(step())
    assert journal.write(step()).problems == (
        "Not in the cluster's log: It gave no answer a moment ago.",
    )
    assert cluster.asked == 1
    now[0] += 61.0
    journal.write(step())
    assert cluster.asked == 2


def test_of_a_long_plan_the_cluster_gets_what_fits_and_all_that_failed(
    journal: FileJournal, cluster: ClusterLog
) -> None:
    journal.write(step(0, "begin"))
    for number in range(1, 31):
        journal.write(step(number))
        journal.write(step(number, "result", outcome="ok" if number != 25 else "failed: ApiError"))
    journal.write(step(0, "end"))
    assert len(cluster.lines) == 1 + 2 * 10 + 1 + 1
    assert "step 25 result" in cluster.lines[-2]
    assert journal.verify().entries == 62


def test_without_a_way_to_pve_it_is_told(folder: Path, log: Log) -> None:
    journal = FileJournal(folder, JOE, CLOCK, syslog=log, cluster=lambda: None)
    assert journal.write(step()).problems == (
        "Not in the cluster's log: PVE's own modules write it, and they are not in use.",
    )


# --- one entry, everywhere -------------------------------------------------------------------


def test_no_name_makes_a_second_entry_in_file_syslog_or_cluster_log(
    folder: Path, tmp_path: Path
) -> None:
    node = SimNode(MemoryDisk(demo_tree().files), system_sources(CLOCK))
    ladder = LadderApi([Way("direct", lambda: DirectApi(node))])
    before = len(node.answer("GET", "/cluster/log"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "log"))
        receiver.settimeout(5.0)
        journal = FileJournal(
            folder, Who(NAME, NAME), CLOCK, syslog=Syslog(tmp_path / "log"), cluster=lambda: ladder
        )
        entry = Entry("intent", NAME, NAME, 1, f"pveum user modify {NAME}", NAME, NAME)
        kept = journal.write(entry)
        datagram = receiver.recv(65536).decode()
        receiver.setblocking(False)
        with pytest.raises(BlockingIOError):
            receiver.recv(65536)
    assert kept.places == ("file", "syslog", "cluster log")
    assert kept.written is not None
    data = (folder / FILE).read_bytes()
    assert (data.count(b"\n"), data.isascii()) == (1, True)
    assert json.loads(data)["entry"]["title"] == NAME
    assert datagram.isprintable()
    assert datagram.endswith(f"[1 sha256:{kept.written.hash}]")
    told = node.answer("GET", "/cluster/log")
    assert len(told) == before + 1
    (message,) = (one for one in told if one["tag"] == "pve-auth-tui")
    assert message["user"] == "root@pam"
    assert message["msg"].isprintable()
    assert message["msg"].isascii()
    assert kept.written.hash in message["msg"]
    ladder.close()


def test_the_demos_journal_chains_in_memory(cluster: ClusterLog) -> None:
    journal = MemoryJournal(JOE, CLOCK, cluster=lambda: cluster)
    journal.write(step())
    kept = journal.write(step(1, "result"))
    assert kept.places == ("memory", "cluster log")
    assert [one.number for one in journal.read()] == [1, 2]
    assert journal.verify().ok
    assert len(cluster.lines) == 2
