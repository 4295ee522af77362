"""R11: a database that was made to harm us is refused before anything is written."""

import sqlite3
from contextlib import closing

import pytest

from pve_auth_tui.core.errors import Unreadable
from tests.adapters.stopped_node import NEW, StoppedNode
from tests.adapters.test_database import CREATE

ROW = "INSERT INTO tree VALUES ({}, {}, 1, 0, 0, {}, '{}', NULL)"


@pytest.fixture
def node(tmp_path):
    return StoppedNode(tmp_path)


def refused(node, step=None):
    step = step or node.step()
    before = node.files()
    with pytest.raises(Unreadable) as caught:
        node.edits().edit(step)
    assert node.files() == before
    assert caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize(
    "trigger",
    [
        "CREATE TRIGGER t AFTER UPDATE ON tree BEGIN DELETE FROM tree WHERE inode = 2; END",
        "CREATE TRIGGER t BEFORE UPDATE ON tree BEGIN SELECT raise(IGNORE); END",
        "CREATE VIEW v AS SELECT * FROM tree",
        "CREATE VIRTUAL TABLE v USING fts5(a)",
    ],
)
def test_what_runs_by_itself_is_refused_and_does_not_run(node, trigger):
    node.sql(trigger)
    assert "triggers or views" in refused(node)
    assert 2 in node.rows()


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE tree RENAME TO other", "CREATE VIEW tree AS SELECT * FROM other"],
        ["ALTER TABLE tree ADD COLUMN more"],
        ["ALTER TABLE tree ADD COLUMN more GENERATED ALWAYS AS (1) VIRTUAL"],
        ["ALTER TABLE tree RENAME COLUMN writer TO author"],
        ["ALTER TABLE tree DROP COLUMN data", "ALTER TABLE tree ADD COLUMN data AS (x'41')"],
    ],
)
def test_another_tree_than_pmxcfs_s_is_refused(node, statements):
    step = node.step()
    node.sql(*statements)
    assert "is not the table that pmxcfs makes" in refused(node, step)


def test_no_tree_at_all_is_refused(node):
    step = node.step()
    node.sql("ALTER TABLE tree RENAME TO other")
    assert "no table `tree`" in refused(node, step)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([(7000, 7001, 4, "a"), (7001, 7000, 4, "b")], "lie inside each other"),
        ([(7000, 0, 8, "user.cfg")], "two entries named user.cfg"),
        ([(7000, 6999, 8, "a")], "a folder 6999 that is not there"),
        ([(7000, 0, 8, "../x")], "a name that no file can have"),
        ([(7000, 0, 10, "x")], "neither a file nor a folder"),
    ],
)
def test_rows_that_pmxcfs_would_not_load_are_refused(node, rows, complaint):
    step = node.step()
    node.sql(*(ROW.format(*row) for row in rows))
    assert complaint in refused(node, step)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("DELETE FROM tree WHERE inode = 0", "no `__version__`"),
        ("UPDATE tree SET version = 9223372036854775807 WHERE inode = 2", "never reaches"),
        ("UPDATE tree SET version = -9 WHERE inode > -1", None),
    ],
)
def test_a_version_that_pmxcfs_never_writes(node, statement, complaint):
    node.sql(statement)
    if complaint:
        assert complaint in refused(node)
    else:  # the numbers of the files are still larger
        node.edit()
        assert node.rows()[0][1] > max(inode for inode in node.rows())


def test_a_version_that_is_no_number_is_refused(node):
    step = node.step()
    node.database.unlink()
    node.sql(CREATE, "INSERT INTO tree VALUES (0, 0, 'x', 0, 0, 8, '__version__', NULL)")
    node.sql("INSERT INTO tree SELECT 2, 0, 1, 0, 0, 8, 'user.cfg', NULL")
    assert "no `__version__`" in refused(node, node.step()) or step


def test_pages_that_are_damaged_are_refused(node):
    """A page that pmxcfs itself would meet late, or never: integrity_check meets it."""
    with closing(sqlite3.connect(node.database)) as connection:
        connection.execute("CREATE TABLE other (a)")
        connection.execute("INSERT INTO other VALUES (zeroblob(9000))")
        connection.commit()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'other'")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(node.database.read_bytes())
    at = (page[0] - 1) * 4096
    data[at : at + 8] = b"\xff" * 8
    node.database.write_bytes(data)
    assert "is damaged" in refused(node)


def test_a_database_that_is_cut_off_or_none_at_all_is_refused(node):
    step = node.step()
    whole = node.database.read_bytes()
    node.database.write_bytes(whole[:-4096])
    assert "cut off" in refused(node, step)
    node.database.write_bytes(b"no database" * 999)
    assert "not an SQLite database" in refused(node, step)


def test_an_index_that_somebody_made_stays_and_keeps_in_step(node):
    node.sql("CREATE INDEX by_version ON tree (version)")
    node.edit()
    assert node.content() == NEW.encode("latin-1")
    assert node.sql("SELECT name FROM sqlite_master WHERE type = 'index'") == [("by_version",)]


def test_checks_that_never_end_are_ended(node, monkeypatch):
    """Progress handler: 5 s; here at once."""
    monkeypatch.setattr("pve_auth_tui.adapters.dbwrite._SECONDS", -1)
    monkeypatch.setattr("pve_auth_tui.adapters.dbwrite._STEPS", 1)
    assert "interrupted" in refused(node)


@pytest.mark.parametrize(
    ("unique", "complaint"),
    [
        ("version", "does not take the change"),  # the root's row, written last, drives it out
        ("parent, mtime", "does not keep what was not changed"),  # its neighbour, of NOW
    ],
)
def test_a_table_in_which_one_row_drives_out_another_is_refused(node, unique, complaint):
    """No trigger is needed: a table may say that a row that collides with another replaces it."""
    node.database.unlink()
    node.sql(
        f"{CREATE.rstrip().removesuffix(')')}, UNIQUE ({unique}) ON CONFLICT REPLACE)",
        "INSERT INTO tree VALUES (0, 0, 1, 0, 0, 8, '__version__', NULL)",
        "INSERT INTO tree VALUES (2, 0, 2, 0, 1, 4, 'priv', NULL)",
        "INSERT INTO tree VALUES (3, 2, 3, 0, 2, 8, 'tfa.cfg', 'a')",
        "INSERT INTO tree VALUES (4, 2, 4, 0, 1800000000, 8, 'shadow.cfg', 'b')",
    )
    assert complaint in refused(node, node.step("/etc/pve/priv/tfa.cfg"))
