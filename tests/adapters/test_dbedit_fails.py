"""R11: whatever fails, and wherever the program is killed, the database is whole: old or new."""

import errno
import os
import resource
import signal

import pytest

from pve_auth_tui.adapters import dbexchange, dbwrite
from pve_auth_tui.core.errors import AuthTuiError, Refused, Unreadable, Unwritable
from tests.adapters.stopped_node import NEW, StoppedNode

PENDING = "UPDATE tree SET data = CAST('pending' AS BLOB) WHERE name IN ('user.cfg', 'domains.cfg')"
DOMAINS = "/etc/pve/domains.cfg"
USER_INODE = 6954


@pytest.fixture(params=["a log is pending", "no log"])
def node(tmp_path, request):
    node = StoppedNode(tmp_path)
    if request.param == "no log":
        node.sql("PRAGMA journal_mode = WAL", PENDING)
    else:
        node.left_by_a_killed_pmxcfs(PENDING)
    return node


def state(node):
    """(what our reader finds, what SQLite itself finds), both of them whole."""
    rows = node.rows()
    by_name = {row[5]: row[6] for row in rows.values()}
    assert node.content() == by_name["user.cfg"]
    assert node.content(DOMAINS) == by_name["domains.cfg"]
    return rows


def test_killed_at_any_point_the_old_or_the_new_content_is_there_whole(node):
    """kill -9 before every call that opens, makes, renames or removes something.

    No copy that looks whole is half, and what was not done yet can be done again.
    """
    step = node.step()
    old, saved = state(node), node.files()
    seen = []
    while node.killed_at(len(seen) + 1, step):
        found = state(node)
        if found != old:
            assert found.keys() == old.keys()
            assert {inode for inode in old if old[inode] != found[inode]} == {0, USER_INODE}
            assert node.content() == NEW.encode("latin-1")
        seen.append("old" if found == old else "new")
        for folder in node.folder.glob("config.db-before-*[0-9]"):
            kept = {path.name: path.read_bytes() for path in folder.iterdir()}
            assert {name: kept.get(name) for name in saved} == saved
        if found == old:
            node.edits().edit(step)
        assert state(node)[USER_INODE][-1] == NEW.encode("latin-1")
        put_back(node, saved)
    assert state(node)[USER_INODE][-1] == NEW.encode("latin-1")
    assert seen == sorted(seen, reverse=True)  # once new, new for ever
    assert {"old", "new"} == set(seen)


def put_back(node, saved):
    for path in sorted(node.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for name, data in saved.items():
        (node.folder / name).write_bytes(data)


@pytest.mark.parametrize("name", ["mkdir", "rename", "unlink", "fsync", "fchmod", "fchown"])
@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EIO])
def test_every_call_may_fail_and_the_content_is_old_or_new(node, monkeypatch, name, code):
    """A read-only or full or broken disk; the second, third ... call of a kind fails, in turn."""
    step, saved = node.step(), node.files()
    old = state(node)
    real = getattr(os, name)
    for nth in range(1, 30):
        calls = []

        def fail(*args, calls=calls, nth=nth, **others):
            calls.append(args)
            if len(calls) == nth:
                raise OSError(code, os.strerror(code))
            return real(*args, **others)

        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            failed = None
            try:
                node.edits().edit(step)
            except Unwritable as error:
                failed = error
        if failed is None:
            assert len(calls) < nth
            break
        kept = [path.name for path in node.folder.glob("config.db-before-*")]
        assert os.strerror(code) in str(failed)
        assert all(each in failed.hint for each in kept)
        found = state(node)
        assert found == old or node.content() == NEW.encode("latin-1")
        put_back(node, saved)
    assert nth > 1


def test_no_room_is_told_before_anything_is_written(node, monkeypatch):
    real = os.fstatvfs

    def full(fd):
        found = list(real(fd))
        found[4] = 1  # f_bavail
        return os.statvfs_result(found)

    step, before = node.step(), node.files()
    monkeypatch.setattr(os, "fstatvfs", full)
    with pytest.raises(Refused, match="has no room for copies"):
        node.edits().edit(step)
    assert node.files() == before


@pytest.mark.parametrize("limit", [1, 5000, 20_000, 40_000])
def test_a_file_that_cannot_be_written_whole_leaves_no_copy(node, limit):
    """As on a full disk: the kernel takes only so many bytes of a file."""
    step, before = node.step(), node.files()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            node.edits().edit(step)
        except Unwritable as error:
            os._exit(7 if "File too large" in str(error) else 8)
        finally:
            os._exit(9)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 7:
        found = node.files()
        assert {name: found[name] for name in before} == before
    else:
        assert limit == 40_000
        assert code == 9


def test_a_disk_that_keeps_something_else_is_told(node, monkeypatch):
    real = dbexchange._image
    images = []

    def image(place):
        images.append(real(place))
        return images[-1] if len(images) == 1 else images[-1][:-1]

    step = node.step()
    monkeypatch.setattr(dbexchange, "_image", image)
    with pytest.raises(Unwritable, match="does not hold what was written") as caught:
        node.edits().edit(step)
    assert "is kept in" in caught.value.hint


def test_a_log_that_cannot_be_read_is_never_thrown_away(node, monkeypatch):
    monkeypatch.setattr("pve_auth_tui.adapters.dbcopy._log", lambda files: None)
    step, before = node.step(expected=""), node.files()
    with pytest.raises(Refused, match="-wal cannot be read"):
        node.edits().edit(step)
    assert node.files() == before


@pytest.mark.parametrize(
    "more",
    [
        "UPDATE tree SET mtime = 1 WHERE inode = 2",
        "DELETE FROM tree WHERE inode = 6956",
        "INSERT INTO tree VALUES (9000, 0, 1, 0, 0, 8, 'x', NULL)",
        "UPDATE tree SET data = CAST(data AS TEXT) WHERE inode = 6956",
        "CREATE TABLE other (a)",
    ],
)
def test_a_change_to_anything_else_would_be_noticed(node, monkeypatch, more):
    real = dbwrite._write

    def write(connection, *others):
        inode = real(connection, *others)
        connection.execute(more)
        return inode

    step, before = node.step(), node.files()
    monkeypatch.setattr(dbwrite, "_write", write)
    with pytest.raises(Unreadable, match="does not keep what was not changed"):
        node.edits().edit(step)
    assert node.files() == before


def test_another_content_than_wanted_would_be_noticed(node, monkeypatch):
    real = dbwrite._write

    def write(connection, *others):
        inode = real(connection, *others)
        connection.execute("UPDATE tree SET data = x'00' WHERE inode = ?", (inode,))
        return inode

    step = node.step()
    monkeypatch.setattr(dbwrite, "_write", write)
    with pytest.raises(AuthTuiError, match="does not take the change"):
        node.edits().edit(step)
