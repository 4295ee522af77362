"""config.db: what pmxcfs wrote is read, pending changes too; what would harm is one sentence."""

import os
import sqlite3
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pve_auth_tui.adapters import dbcopy, pmxcfsdb
from pve_auth_tui.adapters.database import DatabaseTree
from pve_auth_tui.adapters.rootfs import RootTree
from pve_auth_tui.core.errors import Missing, Unreadable
from tests.adapters.conftest import DATABASE

USER_CFG = "etc/pve/user.cfg"
CREATE = """
    CREATE TABLE tree (
      inode INTEGER PRIMARY KEY NOT NULL, parent INTEGER NOT NULL, version INTEGER NOT NULL,
      writer INTEGER NOT NULL, mtime INTEGER NOT NULL, type INTEGER NOT NULL,
      name TEXT NOT NULL, data BLOB)
"""
FOLDER, REGULAR = 4, 8


@pytest.fixture
def live(database):
    """The database as pmxcfs has it open: in WAL mode, changes pending in the -wal."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    yield connection
    connection.close()


def made(database, *rows, create=CREATE):
    """A database with rows (inode, parent, type, name, data) instead of the real one."""
    database.unlink()
    connection = sqlite3.connect(database)
    connection.execute(create)
    connection.execute("INSERT INTO tree VALUES (0, 0, 9, 0, 0, 8, '__version__', NULL)")
    for inode, parent, kind, name, data in rows:
        connection.execute(
            "INSERT INTO tree VALUES (?, ?, 1, 0, 0, ?, ?, ?)", (inode, parent, kind, name, data)
        )
    connection.commit()
    return connection


def refusal(root):
    with pytest.raises(Unreadable) as caught:
        DatabaseTree(root)
    assert caught.value.hint
    return str(caught.value).replace(str(root), "ROOT")


# --- what pmxcfs wrote ----------------------------------------------------------------------


def test_a_real_database_answers_like_the_files_below_etc_pve(root, database):
    tree = DatabaseTree(root)
    assert tree.source == "config.db"
    assert tree.read(USER_CFG).startswith(b"user:-dash@pve:1:0::::::\n")
    assert b"root@pam" in tree.read("etc/pve/priv/tfa.cfg")
    assert tree.names("etc/pve/nodes") == ["pve1"]
    assert tree.names("etc/pve/priv") == [
        *("acme", "authkey.key", "jobs", "lock", "pve-root-ca.key", "pve-root-ca.srl"),
        *("shadow.cfg", "tfa.cfg", "token.cfg"),
    ]
    assert "__version__" not in tree.names("etc/pve")


def test_what_is_not_in_it_is_missing_and_has_no_names(root, database):
    tree = DatabaseTree(root)
    for path in ("etc/pve/jobs.cfg", "etc/pve/nothing/x", "etc/pve/user.cfg/x", "etc/pve/\ud800"):
        with pytest.raises(Missing):
            tree.read(path)
    assert tree.names("etc/pve/nothing") == ()


def test_a_folder_is_no_file_and_a_file_no_folder(root, database):
    tree = DatabaseTree(root)
    with pytest.raises(Unreadable, match="is a folder in config"):
        tree.read("etc/pve/priv")
    with pytest.raises(Unreadable, match="is a file in config"):
        tree.names(USER_CFG)


def test_everything_outside_etc_pve_comes_from_the_files(root, database):
    tree = DatabaseTree(root)
    assert tree.read("etc/hostname") == b"pve1\n"
    assert tree.names("etc") == ["hostname", "pve"]
    with pytest.raises(Missing):
        tree.read("var/lib/dpkg/status")


def test_files_below_etc_pve_are_not_looked_at(root, database):
    (root / "etc/pve/jobs.cfg").write_bytes(b"not from the database")
    with pytest.raises(Missing):
        DatabaseTree(root).read("etc/pve/jobs.cfg")


def test_what_only_the_running_pmxcfs_knows_is_refused_with_the_reason(root, database):
    with pytest.raises(Unreadable, match=r"^/etc/pve is not mounted\.$"):
        DatabaseTree(root, "/etc/pve is not mounted.").read("etc/pve/.members")
    with pytest.raises(Unreadable, match="what the running nodes know"):
        DatabaseTree(root).read("etc/pve/.vmlist")


def test_content_that_an_admin_stored_as_text_is_read_as_pmxcfs_reads_it(root, database):
    made(database, (1, 0, REGULAR, "user.cfg", "user:b\u00e4r@pve:1:\n"))
    assert DatabaseTree(root).read(USER_CFG) == "user:b\u00e4r@pve:1:\n".encode()


def test_an_empty_file_is_empty(root, database):
    made(database, (1, 0, REGULAR, "user.cfg", None))
    assert DatabaseTree(root).read(USER_CFG) == b""


# --- the log --------------------------------------------------------------------------------


def test_a_pending_log_is_seen(root, database, live):
    live.execute("UPDATE tree SET data = ? WHERE name = 'user.cfg'", (b"user:new@pve:1:\n",))
    assert Path(f"{database}-wal").stat().st_size > 0
    assert b"new@pve" not in database.read_bytes()
    assert DatabaseTree(root).read(USER_CFG) == b"user:new@pve:1:\n"


def test_a_change_is_seen_by_a_tree_that_is_open_already(root, database, live):
    tree = DatabaseTree(root)
    for number in (b"1", b"2"):
        live.execute("UPDATE tree SET data = ? WHERE name = 'user.cfg'", (number,))
        assert tree.read(USER_CFG) == number
    live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert tree.read(USER_CFG) == b"2"


def test_without_its_log_the_source_says_so(root, database, live):
    live.execute("UPDATE tree SET data = x'00' WHERE name = 'user.cfg'")
    log = Path(f"{database}-wal")
    pending = log.read_bytes()
    live.close()
    log.unlink(missing_ok=True)
    log.mkdir()
    assert pending
    assert DatabaseTree(root).source == "config.db without its -wal"


def test_nothing_is_written_beside_the_database_or_anywhere_below_the_root(root, database, live):
    def picture():
        return {str(path): path.lstat().st_mtime_ns for path in (root, *root.rglob("*"))}

    live.execute("UPDATE tree SET data = x'00' WHERE name = 'user.cfg'")
    before = picture()
    DatabaseTree(root).read(USER_CFG)
    assert picture() == before


def test_a_database_of_a_read_only_disk_is_read_with_its_log(root, database, live):
    live.execute("UPDATE tree SET data = x'41' WHERE name = 'user.cfg'")
    for path in (database, Path(f"{database}-wal")):
        path.chmod(0o400)
    database.parent.chmod(0o500)
    try:
        assert DatabaseTree(root).read(USER_CFG) == b"A"
    finally:
        database.parent.chmod(0o700)


def test_a_database_that_is_being_written_to_is_always_read_as_one_state(root, database, live):
    """A writer changes two files in one transaction, over and over, with checkpoints between."""
    live.execute("UPDATE tree SET data = x'00' WHERE name IN ('user.cfg', 'domains.cfg')")
    files = RootTree(root)
    stop = threading.Event()

    def write():
        writer = sqlite3.connect(database, isolation_level=None)
        writer.execute("PRAGMA wal_autocheckpoint = 20")
        number = 0
        while not stop.is_set():
            number += 1
            both = str(number).encode() * 3000
            writer.execute("BEGIN")
            writer.execute("UPDATE tree SET data = ? WHERE name = 'user.cfg'", (both,))
            writer.execute("UPDATE tree SET data = ? WHERE name = 'domains.cfg'", (both,))
            writer.execute("COMMIT")
            if not number % 50:
                writer.execute("PRAGMA wal_checkpoint(RESTART)")
            time.sleep(0.002)
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        seen = set()
        until = time.monotonic() + 1
        while time.monotonic() < until:
            with suppress(Unreadable):  # it may change faster than it can be read
                image = pmxcfsdb.PmxcfsDatabase(dbcopy.copied(files).image, "config.db")
                found = {
                    image.content(image.find([name])) for name in (b"user.cfg", b"domains.cfg")
                }
                assert len(found) == 1
                seen |= found
        assert len(seen) > 3
    finally:
        stop.set()
        thread.join()


def test_a_rollback_journal_that_is_still_hot_is_told(root, database):
    Path(f"{database}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    assert refusal(root) == (
        "ROOT/var/lib/pve-cluster/config.db was left in the middle of a change."
    )
    Path(f"{database}-journal").write_bytes(bytes(600))
    assert DatabaseTree(root).source == "config.db"


# --- what is no database of pmxcfs -------------------------------------------------------------


def test_a_database_that_is_not_there_is_missing(root):
    with pytest.raises(Missing, match=r"config\.db is not there"):
        DatabaseTree(root)


@pytest.mark.parametrize(
    "content",
    [b"", b"SQLite format 3\0", b"\0" * 20480, b"SQLite format 3\0" + bytes(range(256)) * 40],
    ids=["empty", "header only", "zeros", "garbage"],
)
def test_a_file_that_is_no_database_is_told(root, database, content):
    database.write_bytes(content)
    assert refusal(root).startswith("ROOT/var/lib/pve-cluster/config.db is ")


@pytest.mark.parametrize("length", [600, 4096, 5000, 8192, 16384, 20479])
def test_a_database_that_is_cut_off_is_told(root, database, length):
    os.truncate(database, length)
    assert refusal(root) == ("ROOT/var/lib/pve-cluster/config.db is cut off: its end is missing.")


def test_a_database_of_another_program_is_told(root, database):
    database.unlink()
    sqlite3.connect(database).execute("CREATE TABLE other (a)")
    assert refusal(root) == (
        "ROOT/var/lib/pve-cluster/config.db has no table `tree`: it is not pmxcfs's."
    )


def test_a_database_of_ten_gigabytes_is_refused_at_once(root, database):
    os.truncate(database, 10 * 1024**3)
    started = time.monotonic()
    assert "is larger than 256 MiB" in refusal(root)
    assert time.monotonic() - started < 1


def test_a_database_that_is_a_link_out_of_the_tree_is_refused(root, database, tmp_path):
    database.rename(tmp_path / "other.db")
    database.symlink_to("../../../../other.db")
    assert "is a link that leads out of ROOT" in refusal(root)


ENDLESS = """
    CREATE VIEW tree AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT i AS inode, 0 AS parent, 1 AS version, 0 AS writer, 0 AS mtime, 8 AS type,
           'x' || i AS name, zeroblob(100) AS data FROM n
"""
GENERATED = CREATE.replace("data BLOB", "data BLOB AS (zeroblob(1000000000)) VIRTUAL")
RENAMED = CREATE.replace("mtime", "when_")
VIRTUAL = "CREATE VIRTUAL TABLE tree USING fts5(inode, parent, version, writer, mtime, type, name)"


@pytest.mark.parametrize(
    "create", [ENDLESS, GENERATED, RENAMED, VIRTUAL], ids=["view", "generated", "columns", "fts"]
)
def test_only_the_plain_table_that_pmxcfs_makes_is_read(root, database, create):
    database.unlink()
    connection = sqlite3.connect(database)
    connection.execute(create)
    connection.commit()
    started = time.monotonic()
    assert refusal(root) == (
        "ROOT/var/lib/pve-cluster/config.db cannot be used: "
        "its `tree` is not the table that pmxcfs makes."
    )
    assert time.monotonic() - started < 1


def test_a_trigger_never_runs(root, database):
    connection = sqlite3.connect(database)
    connection.execute(
        "CREATE TRIGGER boom AFTER UPDATE ON tree BEGIN SELECT RAISE(ABORT, 'boom'); END"
    )
    connection.commit()
    connection.close()
    assert DatabaseTree(root).read(USER_CFG)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(1, 2, FOLDER, "a", None), (2, 1, FOLDER, "b", None)], "lie inside each other"),
        ([(1, 1, FOLDER, "a", None)], "lie inside each other"),
        (
            [(n, n - 1, FOLDER, "d", None) for n in range(1, 100)],
            "lie inside each other without end",
        ),
        (
            [(1, 0, REGULAR, "user.cfg", b"1"), (2, 0, REGULAR, "user.cfg", b"2")],
            "two entries named user.cfg in one folder",
        ),
        ([(2, 7, REGULAR, "x", b"")], "entries in a folder 7 that is not there"),
        (
            [(1, 0, REGULAR, "f", b""), (2, 1, REGULAR, "x", b"")],
            "entries in a folder 1 that is not there",
        ),
        ([(1, 0, 10, "link", b"/etc/shadow")], "entry 1 is neither a file nor a folder"),
        ([(1, 0, REGULAR, "", b"")], "entry 1 has no proper name"),
        ([(1, 0, REGULAR, b"blob", b"")], "entry 1 has no proper name"),
        ([(1, 0, REGULAR, "x" * 256, b"")], "entry 1 has no proper name"),
        ([(1, 0, REGULAR, "a/b", b"")], "entry 1 has a name that no file can have"),
        ([(1, 0, REGULAR, "..", b"")], "entry 1 has a name that no file can have"),
        ([(1, 0, REGULAR, "a\0b", b"")], "entry 1 has a name that no file can have"),
        ([(1, 0, REGULAR, "x", 3.5)], "entry 1 has content of the wrong type"),
        ([(1, 0, FOLDER, "x", b"content")], "entry 1 has content of the wrong type"),
        ([(1, "zero", REGULAR, "x", b"")], "entry 1 has numbers of another type"),
        ([(1, 0, "8x", "x", b"")], "entry 1 has numbers of another type"),
    ],
)
def test_rows_that_pmxcfs_would_refuse_are_told(root, database, rows, why):
    made(database, *rows)
    assert f"config.db cannot be used: {why}" in refusal(root).replace("it has ", "").replace(
        "its folders ", ""
    )


def test_a_root_of_another_name_is_told(root, database):
    made(database).execute("UPDATE tree SET name = 'x' WHERE inode = 0").connection.commit()
    assert "its root has another name than `__version__`" in refusal(root)


def test_a_huge_file_is_refused_and_the_others_are_read(root, database):
    made(
        database,
        (1, 0, REGULAR, "datacenter.cfg", bytes(2 * 1024**2)),
        (2, 0, REGULAR, "user.cfg", b"user:"),
    )
    tree = DatabaseTree(root)
    with pytest.raises(Unreadable, match=r"datacenter\.cfg in config\.db is larger than 1 MiB"):
        tree.read("etc/pve/datacenter.cfg")
    assert tree.read(USER_CFG) == b"user:"


def test_a_row_beyond_all_measure_is_refused(root, database):
    made(database, (1, 0, REGULAR, "x" * 17 * 1024**2, b""))
    assert "config.db is damaged: string or blob too big" in refusal(root)


def test_a_row_that_is_not_in_order_is_told(root, database):
    made(database, *((number, 0, REGULAR, f"{number}.cfg", b"x") for number in range(1, 7))).close()
    image = bytearray(database.read_bytes())
    page = int.from_bytes(image[16:18])  # the table has the second page for itself
    (cell,) = struct.unpack_from(">H", image, page + 8 + 2)
    assert image[page + cell + 1] == 1  # of the second row
    image[page + cell + 1] = 99
    database.write_bytes(image)
    with pytest.raises(Unreadable, match="entry 99 is not where it should be"):
        DatabaseTree(root).read("etc/pve/1.cfg")


@example(damage=[(4027, 128)])  # the name of a table is not UTF-8
@given(
    damage=st.lists(
        st.tuples(st.integers(0, 200) | st.integers(0, 2**16), st.integers(0, 255)), max_size=20
    )
)
def test_a_damaged_database_is_read_or_refused(damage):
    image = bytearray(DATABASE.read_bytes())
    for at, value in damage:
        image[at % len(image)] = value
    image[18:20] = b"\1\1"  # as the copy has it that is given to SQLite
    with suppress(Unreadable):
        database = pmxcfsdb.PmxcfsDatabase(bytes(image), "config.db")
        for name in database.names(database.find([])):
            assert isinstance(database.content(database.find([name])), bytes)


def test_more_rows_than_pmxcfs_takes_are_refused(root, database, monkeypatch):
    monkeypatch.setattr(pmxcfsdb, "ENTRIES", 3)
    made(database, *((number, 0, REGULAR, str(number), b"") for number in range(1, 6)))
    assert "has more than 3 entries" in refusal(root)


def test_reading_that_goes_on_for_ever_is_ended(root, database, monkeypatch):
    monkeypatch.setattr(pmxcfsdb, "_SECONDS", -1.0)
    monkeypatch.setattr(pmxcfsdb, "_STEPS", 1)
    assert "took longer than" in refusal(root)
