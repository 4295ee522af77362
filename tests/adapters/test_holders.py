"""R11: whoever has the database open, in whatever way, is found; what cannot be told is a no."""

import builtins
import errno
import fcntl
import mmap
import os
import sqlite3
from types import SimpleNamespace

import pytest

from pve_auth_tui.adapters import dbexchange
from pve_auth_tui.adapters.holders import require_pmxcfs_stopped, require_unheld
from pve_auth_tui.core.errors import Refused
from tests.adapters.stopped_node import NEW, StoppedNode


@pytest.fixture
def node(tmp_path):
    return StoppedNode(tmp_path)


def refused(node):
    before = node.files()
    with pytest.raises(Refused) as caught:
        node.edit()
    assert node.files() == before
    return str(caught.value)


def shared(path):
    """Mapped, and no longer open; the mapping has to be kept."""
    fd = os.open(path, os.O_RDWR)
    mapped = mmap.mmap(fd, os.fstat(fd).st_size)
    os.close(fd)
    return mapped


@pytest.mark.parametrize("name", ["config.db", "config.db-wal", "config.db-shm"])
@pytest.mark.parametrize("hold", [lambda path: os.open(path, os.O_RDONLY), shared])
def test_a_process_that_has_a_file_open_or_mapped_is_named(node, name, hold):
    node.left_by_a_killed_pmxcfs("UPDATE tree SET mtime = 5 WHERE inode = 2")
    with node.another_process(lambda: hold(node.folder / name)) as pid:
        message = refused(node)
        assert f"(process {pid}) has {node.folder / name} open" in message
    node.edit()
    assert node.content() == NEW.encode("latin-1")


def test_so_is_a_file_that_our_own_process_has_open_besides(node):
    with open(node.database, "rb"):
        assert f"(process {os.getpid()})" in refused_with_ourselves(node)


def refused_with_ourselves(node):
    (node.proc / str(os.getpid())).symlink_to("/proc/self")
    return refused(node)


def test_the_same_number_in_another_process_is_a_holder(node):
    """Numbers of descriptors are small: somebody else has the same ones."""
    with (
        open(node.database, "rb") as ours,
        node.another_process(lambda: ours) as pid,
        pytest.raises(Refused, match=rf"process {pid}\)"),
    ):
        require_unheld([ours.fileno()], node.proc)


def test_our_own_descriptors_are_no_holder(node):
    (node.proc / str(os.getpid())).symlink_to("/proc/self")
    node.edit()
    assert node.content() == NEW.encode("latin-1")


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_connection_is_seen_by_its_lock_where_its_process_is_not_seen(node, mode):
    """A process in another namespace is not in /proc; locks know no namespaces."""
    node.sql(f"PRAGMA journal_mode = {mode}")

    def connect():
        connection = sqlite3.connect(node.database, isolation_level=None)
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM tree").fetchone()
        return connection

    with node.another_process(connect) as pid:
        (node.proc / str(pid)).rename(node.proc / "hidden")
        assert "another program holds the database" in refused(node)
        (node.proc / "hidden").rename(node.proc / str(pid))


def test_nobody_can_open_the_database_while_it_is_edited(node, monkeypatch):
    tried = []
    real = os.rename

    def rename(*names, **folders):
        child = os.fork()
        if not child:
            try:
                sqlite3.connect(f"{node.database}", timeout=0).execute("SELECT * FROM tree")
            except sqlite3.OperationalError as error:
                os._exit(7 if "locked" in str(error) else 1)
            os._exit(0)
        tried.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        real(*names, **folders)

    node.sql("PRAGMA journal_mode = WAL")
    node.left_by_a_killed_pmxcfs("UPDATE tree SET mtime = 5 WHERE inode = 2")
    monkeypatch.setattr(os, "rename", rename)
    node.edit()
    assert tried == [7, 7, 7]  # the copies' folder, the old content, the new


@pytest.mark.parametrize(
    ("lock", "said"), [(fcntl.flock, "pmxcfs or another"), (fcntl.lockf, "pmxcfs.lockfile open")]
)
def test_pmxcfs_s_own_lock_is_respected(node, lock, said):
    """pmxcfs.c takes it before it opens the database; then it is not open yet."""
    path = node.folder / ".pmxcfs.lockfile"

    def take():
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        lock(fd, fcntl.LOCK_EX)
        return fd

    with node.another_process(take):
        assert said in refused(node)


def test_a_pmxcfs_that_starts_meanwhile_waits(node, monkeypatch):
    seen = []
    real = os.rename

    def rename(*names, **folders):
        with open(node.folder / ".pmxcfs.lockfile", "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                seen.append("waits")
        real(*names, **folders)

    monkeypatch.setattr(os, "rename", rename)
    node.edit()
    assert seen == ["waits"] * 2


def test_whoever_comes_while_the_copies_are_made_is_found_before_anything_changes(
    node, monkeypatch
):
    calls = []
    real = dbexchange.require_unheld

    def unheld(files, proc):
        calls.append(1)
        if len(calls) == 2:
            raise Refused("sqlite3 (process 7) has it open.")
        real(files, proc)

    monkeypatch.setattr(dbexchange, "require_unheld", unheld)
    before = node.rows()
    with pytest.raises(Refused, match="process 7") as caught:
        node.edit()
    assert "is kept in" in caught.value.hint
    assert node.rows() == before


@pytest.mark.parametrize("name", ["config.db", "config.db-wal"])
def test_files_that_were_exchanged_meanwhile_are_left_alone(node, monkeypatch, name):
    real = dbexchange.require_unheld
    calls = []

    def unheld(files, proc):
        calls.append(1)
        if len(calls) == 2:
            (node.folder / "new").write_bytes(node.database.read_bytes())
            os.rename(node.folder / "new", node.folder / name)
        real(files, proc)

    monkeypatch.setattr(dbexchange, "require_unheld", unheld)
    before = node.database.read_bytes()
    with pytest.raises(Refused, match="exchanged meanwhile"):
        node.edit()
    assert node.database.read_bytes() == before


# --- what cannot be told is a no ---------------------------------------------------------------


def test_without_proc_nothing_is_edited(node):
    (node.proc / "self").unlink()
    assert "cannot be told" in refused(node)


@pytest.mark.parametrize("part", ["fd", "fd/3", "maps"])
def test_a_process_that_may_not_be_looked_at_is_a_no(node, monkeypatch, part):
    """Root without CAP_SYS_PTRACE sees the names of processes, and not their files."""
    shown = node.proc / "4711"
    (shown / "fd").mkdir(parents=True)
    (shown / "fd/3").symlink_to("/dev/null")
    (shown / "maps").touch()
    closed = f"{shown / part}"
    for where, name in ((os, "listdir"), (os, "readlink"), (builtins, "open")):
        real = getattr(where, name)

        def denied(path, *args, real=real, **others):
            if f"{path}" == closed:
                raise PermissionError(errno.EACCES, "Permission denied")
            return real(path, *args, **others)

        monkeypatch.setattr(where, name, denied)
    assert "cannot be told" in refused(node)


def test_a_kernel_that_does_not_number_open_files_is_a_no(node):
    (node.proc / "self").unlink()
    (node.proc / "self").mkdir()
    (node.proc / "self/fdinfo").mkdir()
    for fd in range(64):
        (node.proc / f"self/fdinfo/{fd}").write_text("pos:\t0\nflags:\t0100000\nmnt_id:\t24\n")
    assert "cannot be told" in refused(node)


def test_a_process_that_ends_while_it_is_looked_at_is_no_holder(tmp_path):
    proc = tmp_path / "proc"
    (proc / "4711").mkdir(parents=True)
    (proc / "self").symlink_to("/proc/self")
    with open(tmp_path / "file", "wb") as file:
        require_unheld([file.fileno()], proc)


@pytest.fixture
def stranger(tmp_path):
    """A process, and a file of ours whose number is that of a file that the process has."""
    file = tmp_path / "file"
    file.touch()
    process = tmp_path / "proc/4711"
    (process / "fd").mkdir(parents=True)
    (process / "fdinfo").mkdir()
    (process / "fdinfo/3").write_text(f"pos:\t0\nino:\t{file.stat().st_ino}\n")
    (process / "maps").touch()
    (process / "comm").write_text("stranger\n")
    (tmp_path / "proc/self").symlink_to("/proc/self")
    return file, process


def looked(file, process):
    with open(file, "rb") as opened:
        require_unheld([opened.fileno()], process.parent)


def test_what_is_below_etc_pve_is_never_looked_at(stranger, monkeypatch):
    """A file in a dead mount answers no `stat`, and whoever asks hangs for ever."""
    file, process = stranger
    (process / "fd/3").symlink_to("/etc/pve/priv/lock/x")
    asked = []
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **o: asked.append(path) or real(path, **o))
    looked(file, process)
    assert asked == []


def test_a_file_of_the_same_number_on_another_disk_is_another(stranger):
    file, process = stranger
    (process / "fd/3").symlink_to("/dev/null")
    looked(file, process)
    (process / "fd/3").unlink()
    (process / "fd/3").symlink_to(file)
    with pytest.raises(Refused, match=r"stranger \(process 4711\)"):
        looked(file, process)


def test_so_is_a_mapped_one_of_another_name(stranger):
    file, process = stranger
    line = f"7f00-7f10 r--p 00000000 08:01 {file.stat().st_ino}    "
    (process / "maps").write_text(f"{line}/usr/lib/libc.so.6\n7f20-7f30 rw-p 0 00:00 0\n")
    looked(file, process)
    (process / "maps").write_text(f"{line}/mnt/config.db-shm (deleted)\n")
    with pytest.raises(Refused, match="stranger"):
        looked(file, process)


# --- this system's own pmxcfs ------------------------------------------------------------------


@pytest.fixture
def proc(tmp_path):
    proc = tmp_path / "own"
    (proc / "self").mkdir(parents=True)
    (proc / "self/mountinfo").write_text("24 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    return proc


def test_a_running_pmxcfs_is_found_by_its_name(proc, monkeypatch):
    require_pmxcfs_stopped(proc)
    (proc / "77").mkdir()
    (proc / "77/comm").write_text("pmxcfs\n")
    monkeypatch.setattr(os, "stat", lambda path: SimpleNamespace(st_uid=0))
    with pytest.raises(Refused, match=r"pmxcfs runs \(process 77\)"):
        require_pmxcfs_stopped(proc)
    monkeypatch.setattr(os, "stat", lambda path: SimpleNamespace(st_uid=1000))
    require_pmxcfs_stopped(proc)  # somebody else's program of that name is none
    monkeypatch.setattr(os, "stat", lambda path: SimpleNamespace(st_uid=0))
    (proc / "77/comm").write_text("pmxcfs2\n")
    require_pmxcfs_stopped(proc)


def test_a_mount_that_a_killed_pmxcfs_left_is_found(proc):
    with open(proc / "self/mountinfo", "a") as file:
        file.write("99 24 0:50 / /etc/pve rw,nosuid - fuse /dev/fuse rw,user_id=0\n")
    with pytest.raises(Refused, match="still mounted") as caught:
        require_pmxcfs_stopped(proc)
    assert "umount -l /etc/pve" in caught.value.hint


def test_without_proc_it_is_not_told_to_be_stopped(tmp_path):
    with pytest.raises(Refused, match="cannot be told"):
        require_pmxcfs_stopped(tmp_path / "nothing")


def test_it_is_asked_for_where_the_database_is_this_system_s_own(node, monkeypatch):
    asked = []
    monkeypatch.setattr(dbexchange, "require_pmxcfs_stopped", asked.append)
    node.edit()
    assert asked == []
    real = os.path.samestat
    monkeypatch.setattr(
        os.path, "samestat", lambda one, other: other == os.stat("/") or real(one, other)
    )
    node.edit(content="own\n")
    assert asked == [node.proc] * 2
