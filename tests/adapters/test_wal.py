"""A write-ahead log laid over a copy gives what SQLite itself would read from the two files."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.adapters import wal
from pve_auth_tui.adapters.wal import laid_over
from pve_auth_tui.core.errors import Unreadable

TRANSACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 8), st.integers(0, 9000)),
        st.tuples(st.just("drop"), st.integers(0, 8), st.just(0)),
        st.tuples(st.just("undo"), st.integers(0, 8), st.integers(0, 9000)),
        st.tuples(st.just("checkpoint"), st.just(0), st.just(0)),
        st.tuples(st.just("vacuum"), st.just(0), st.just(0)),
    ),
    max_size=12,
)


def written(folder: Path, transactions, page_size: int = 512) -> tuple[bytes, bytes]:
    """(database, log) of a database that somebody still has open."""
    file = folder / "live.db"
    live = sqlite3.connect(file, isolation_level=None)
    live.execute(f"PRAGMA page_size = {page_size}")
    live.execute("PRAGMA journal_mode = WAL")
    live.execute("PRAGMA wal_autocheckpoint = 0")
    live.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB)")
    for number, (what, row, size) in enumerate(transactions):
        if what == "checkpoint":
            live.execute("PRAGMA wal_checkpoint(FULL)")
        elif what == "vacuum":
            live.execute("VACUUM")
        elif what == "drop":
            live.execute("DELETE FROM t WHERE id = ?", (row,))
        else:
            live.execute("BEGIN")
            live.execute("REPLACE INTO t VALUES (?, ?)", (row, bytes([number]) * size))
            live.execute("COMMIT" if what == "put" else "ROLLBACK")
    log = Path(f"{file}-wal")
    both = file.read_bytes(), log.read_bytes() if log.exists() else b""
    live.close()
    return both


def by_sqlite(folder: Path, database: bytes, log: bytes) -> list:
    """What SQLite reads from the two files; `damaged` when it cannot."""
    copy = folder / "copy.db"
    copy.write_bytes(database)
    Path(f"{copy}-wal").write_bytes(log)
    return rows(sqlite3.connect(copy))


def by_us(database: bytes, log: bytes) -> list:
    image = bytearray(database)
    laid_over(image, log)
    image[18:20] = b"\1\1"
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(bytes(image))
    except MemoryError:  # nothing there at all
        return []
    return rows(connection)


def rows(connection: sqlite3.Connection) -> list:
    try:
        return connection.execute("SELECT id, data FROM t ORDER BY id").fetchall()
    except sqlite3.OperationalError:  # no such table yet
        return []
    finally:
        connection.close()


@given(transactions=TRANSACTIONS, page_size=st.sampled_from([512, 4096, 65536]))
@settings(max_examples=40, deadline=None)
def test_every_pending_change_is_seen(tmp_path_factory, transactions, page_size):
    folder = tmp_path_factory.mktemp("wal")
    database, log = written(folder, transactions, page_size)
    assert by_us(database, log) == by_sqlite(folder, database, log)
    shutil.rmtree(folder)


@given(transactions=TRANSACTIONS, data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_log_that_breaks_off_or_is_damaged_counts_as_far_as_sqlite_counts_it(
    tmp_path_factory, transactions, data
):
    folder = tmp_path_factory.mktemp("wal")
    database, log = written(folder, [*transactions, ("put", 1, 2000), ("put", 2, 700)])
    log = log[: data.draw(st.integers(0, len(log)))]
    if log:
        at = data.draw(st.integers(0, len(log) - 1))
        log = log[:at] + bytes([log[at] ^ data.draw(st.sampled_from([0, 1, 128]))]) + log[at + 1 :]
    assert by_us(database, log) == by_sqlite(folder, database, log)
    shutil.rmtree(folder)


def test_a_log_of_an_earlier_generation_changes_nothing(tmp_path):
    database, log = written(tmp_path, [("put", 1, 100)])
    other = tmp_path / "other"
    other.mkdir()
    _, foreign = written(other, [("put", 1, 3000), ("put", 2, 3000)])
    stale = log + foreign[len(log) :]
    assert by_us(database, stale) == [(1, bytes(100))] == by_sqlite(tmp_path, database, stale)


@given(garbage=st.binary(max_size=200))
def test_what_is_no_log_changes_nothing(garbage):
    image = bytearray(b"database")
    laid_over(image, garbage)
    assert image == b"database"


def test_a_log_cannot_make_the_database_huge(tmp_path, monkeypatch):
    database, log = written(tmp_path, [("put", 1, 100_000)])
    monkeypatch.setattr(wal, "DATABASE_BYTES", 64 * 1024)
    with pytest.raises(Unreadable, match=r"makes config\.db larger"):
        laid_over(bytearray(database), log)
