"""R11: a file in config.db is replaced as pmxcfs would do it, and nothing else changes."""

import os
import stat

import pytest

from pve_auth_tui.adapters.dbedit import edit_database
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable
from pve_auth_tui.core.recover import edits
from tests.adapters.stopped_node import NEW, NOW, StoppedNode

KEPT = "config.db-before-2027-01-15-080000"
TFA = "/etc/pve/priv/tfa.cfg"
USER_INODE, PRIV_INODE, LAST_VERSION = 6954, 2, 6959


@pytest.fixture
def node(tmp_path):
    return StoppedNode(tmp_path)


def test_the_file_has_the_new_content_and_every_other_row_is_the_same(node):
    node.sql("UPDATE tree SET writer = 7 WHERE inode IN (0, 2, 6954)")
    before = node.rows()
    node.edit()
    after = node.rows()
    assert node.content() == NEW.encode("latin-1")
    mtime, version = int(NOW), LAST_VERSION + 1
    parent, _, _, _, kind, name, _ = before[USER_INODE]
    assert after.pop(USER_INODE) == (
        parent, version, 0, mtime, kind, name, NEW.encode("latin-1"),
    )  # fmt: skip
    assert after.pop(0) == (0, version, 0, mtime, 8, "__version__", None)
    for row in (0, USER_INODE):
        del before[row]
    assert after == before


def test_the_next_edit_counts_on(node):
    node.edit()
    node.edit(content="again\n")
    assert node.rows()[0][1] == LAST_VERSION + 2
    assert node.content() == b"again\n"


def test_a_file_that_is_not_there_gets_the_version_as_its_inode(node):
    node.sql("DELETE FROM tree WHERE name = 'tfa.cfg'")
    node.edit(TFA, '{"users":{}}', expected="")
    version = LAST_VERSION + 1
    assert node.rows()[version] == (
        PRIV_INODE, version, 0, int(NOW), 8, "tfa.cfg", b'{"users":{}}',
    )  # fmt: skip
    assert node.rows()[0][1] == version


def test_a_new_number_is_above_all_that_were_ever_given(node):
    """Where somebody wrote rows without the root's, pmxcfs's own rule would hit one of them."""
    node.sql("DELETE FROM tree WHERE name = 'tfa.cfg'", "UPDATE tree SET version=9 WHERE inode=0")
    before = node.rows()
    node.edit(TFA, "{}", expected="")
    assert len(node.rows()) == len(before) + 1
    assert node.rows()[0][1] == LAST_VERSION + 1


def test_an_empty_file_is_stored_as_pmxcfs_stores_it(node):
    node.edit(content="")
    assert node.rows()[USER_INODE][-1] is None
    assert node.content() == b""


def test_the_database_as_it_was_is_kept_beside_it_for_nobody_else(node):
    node.left_by_a_killed_pmxcfs("UPDATE tree SET mtime = 5 WHERE name = 'user.cfg'")
    before = node.files()
    assert set(before) == {"config.db", "config.db-shm", "config.db-wal"}
    node.edit()
    after = node.files()
    assert {name: after.pop(f"{KEPT}/{name}") for name in before} == before
    assert set(after) == {"config.db"}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (node.folder / KEPT).iterdir()}
    assert (stat.S_IMODE((node.folder / KEPT).stat().st_mode), modes) == (0o700, {0o600})
    assert KEPT.partition("2027")[0] in edits.KEPT


def test_two_edits_in_one_second_keep_two(node):
    node.edit()
    node.edit(content="again\n")
    assert f"{KEPT}/config.db" in node.files()
    assert f"{KEPT}-2/config.db" in node.files()


def test_what_stands_in_the_log_alone_is_not_lost_and_does_not_come_back(node):
    """Only the main file replaced beside its old -wal: the old data would be back."""
    node.left_by_a_killed_pmxcfs(
        "UPDATE tree SET data = x'41' WHERE name IN ('user.cfg', 'domains.cfg')"
    )
    assert node.content() == b"A"
    node.edit()
    assert node.content() == NEW.encode("latin-1")
    assert node.content("/etc/pve/domains.cfg") == b"A"
    assert node.rows()[USER_INODE][-1] == NEW.encode("latin-1")


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_the_journal_mode_owner_and_mode_stay(node, mode):
    node.sql(f"PRAGMA journal_mode = {mode}")
    node.database.chmod(0o640)
    node.edit()
    assert node.journal_mode() == mode
    assert stat.S_IMODE(node.database.stat().st_mode) == 0o640
    assert node.database.stat().st_uid == os.geteuid()


def test_both_databases_are_given_to_the_owner_and_group_of_the_one_in_place(node, monkeypatch):
    """PVE's is of root and www-data."""
    given = []
    monkeypatch.setattr(os, "fchown", lambda fd, user, group: given.append((user, group)))
    node.edit()
    before = node.database.stat()
    assert given == [(before.st_uid, before.st_gid)] * 2


def test_a_left_over_index_goes(node):
    (node.folder / "config.db-shm").write_bytes(b"old")
    node.edit()
    assert not (node.folder / "config.db-shm").exists()
    assert node.rows()


def test_the_runner_hands_such_a_step_over(node):
    StepRunner(lambda: None, edit_database=node.edits().edit).run(node.step(), print)
    assert node.content() == NEW.encode("latin-1")


# --- what is refused -------------------------------------------------------------------------


def refused(node, step=None, *, edits=None):
    """The complaint; nothing in the folder has changed by then."""
    before = node.files()
    with pytest.raises((Refused, Unreadable, Unwritable)) as caught:
        (edits or node.edits()).edit(step or node.step())
    assert node.files() == before
    return f"{caught.value} {caught.value.hint}"


def test_a_node_of_a_cluster_is_left_alone(node):
    node.sql(
        "INSERT INTO tree VALUES (7000, 0, 7000, 0, 0, 8, 'corosync.conf', x'41')",
        "UPDATE tree SET version = 7000 WHERE inode = 0",
    )
    assert "belongs to a cluster" in refused(node)


def test_something_else_than_was_looked_at_is_left_alone(node):
    for path, expected in (
        ("/etc/pve/user.cfg", "0" * 64),
        ("/etc/pve/user.cfg", ""),
        ("/etc/pve/datacenter.cfg", "0" * 64),
    ):
        assert "not what was looked at" in refused(node, node.step(path, expected=expected))
    node.sql("DELETE FROM tree WHERE name = 'user.cfg'")
    assert "not what was looked at" in refused(node, node.step(expected="0" * 64))


@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/etc/pve/corosync.conf", "/etc/pve/priv/authkey.key", "user.cfg"]
)
def test_only_a_few_files_may_be_replaced(node, path):
    step = node.step(path, expected="")
    assert "no file that this program replaces" in refused(node, step)
    with pytest.raises(Refused, match="no file that this program replaces"):
        edit_database(step)


@pytest.mark.parametrize(
    "database",
    ["var/lib/pve-cluster/config.db", "/mnt/config.db", "/a/../var/lib/pve-cluster/config.db", ""],
)
def test_only_pmxcfs_s_own_database_is_edited(node, database):
    assert "no database that this" in refused(node, node.step(database=database))


def test_only_its_owner_may_and_on_a_node_that_is_root(node):
    assert "Only root" in refused(node, edits=node.edits(os.geteuid() + 1))


def test_a_file_larger_than_pmxcfs_takes_is_refused(node):
    """R12: 1 MiB."""
    assert "no file above 1 MiB" in refused(node, node.step(content="x" * (1024 * 1024 + 1)))


def test_a_folder_in_place_of_the_file_or_no_folder_at_all(node):
    node.sql("UPDATE tree SET type = 4, data = NULL WHERE name = 'user.cfg'")
    assert "is a folder" in refused(node, node.step(expected=""))
    node.sql("DELETE FROM tree WHERE name IN ('tfa.cfg', 'user.cfg')")
    node.sql("UPDATE tree SET name = 'other' WHERE inode = 2")
    assert "no folder for that file" in refused(node, node.step(TFA, expected=""))


def test_a_database_that_is_not_there(node):
    step = node.step()
    node.database.unlink()
    assert "is not there" in refused(node, step)
    node.folder.rename(node.folder.with_name("other"))
    assert "is not there" in refused(node, step)


# --- R10, R11: nothing but what pmxcfs makes ---------------------------------------------------


@pytest.mark.parametrize("name", ["config.db", "config.db-wal", "config.db-shm"])
def test_a_link_in_place_of_a_file_is_not_followed(node, name):
    step = node.step()
    real = node.folder / name
    if real.exists():
        real.rename(node.folder / "elsewhere")
    else:
        (node.folder / "elsewhere").write_bytes(b"")
    real.symlink_to("elsewhere")
    assert "Too many levels of symbolic links" in refused(node, step)


@pytest.mark.parametrize("part", ["var", "var/lib", "var/lib/pve-cluster"])
def test_a_folder_that_is_a_link_is_not_followed(node, part):
    step = node.step()
    folder = node.root / part
    folder.rename(node.root / "moved")
    folder.symlink_to(node.root / "moved")
    assert "Not a directory" in refused(node, step)


def test_the_root_itself_may_be_one(node):
    link = node.root.with_name("link")
    link.symlink_to(node.root)
    step = node.step(database=f"{link}/var/lib/pve-cluster/config.db")
    node.edits().edit(step)
    assert node.content() == NEW.encode("latin-1")


@pytest.mark.parametrize("name", ["config.db", "config.db-wal", "config.db-shm"])
def test_a_second_name_for_the_same_file_is_refused(node, name):
    step = node.step()
    (node.folder / name).touch()
    os.link(node.folder / name, node.root / "second")
    assert "not as pmxcfs makes it" in refused(node, step)


@pytest.mark.parametrize("name", ["config.db-wal", "config.db-shm", ".pmxcfs.lockfile"])
def test_what_is_no_file_is_refused_and_not_even_opened(node, name, monkeypatch):
    """R10: opening alone arms a watchdog and rewinds a tape; a FIFO shows it as well here."""
    step = node.step()
    os.mkfifo(node.folder / name)
    real, opened = os.open, []

    def spy(path, flags, *args, **places):
        opened.append(path)
        return real(path, flags, *args, **places)

    monkeypatch.setattr(os, "open", spy)
    assert "not as pmxcfs makes it" in refused(node, step)
    assert opened
    assert name not in opened


def test_a_folder_that_others_may_write_to_is_refused(node):
    node.folder.chmod(0o777)
    assert "not as pmxcfs makes it" in refused(node)


@pytest.mark.parametrize("is_kind", [stat.S_ISREG, stat.S_ISDIR])
def test_a_database_or_a_folder_of_somebody_else_is_refused(node, monkeypatch, is_kind):
    real = os.fstat

    def fstat(fd):
        found = list(real(fd))
        if is_kind(found[0]):
            found[4] += 1
        return os.stat_result(found)

    step = node.step()
    monkeypatch.setattr(os, "fstat", fstat)
    assert "not as pmxcfs makes it" in refused(node, step)


def test_a_rollback_journal_is_somebody_else_s(node):
    (node.folder / "config.db-journal").write_bytes(b"")
    assert "config.db-journal is there" in refused(node)


def test_a_log_that_is_too_large_is_refused(node):
    """R12: 256 MiB; a hole costs nothing."""
    step = node.step()
    with open(node.folder / "config.db-wal", "wb") as file:
        file.truncate(257 * 1024 * 1024)
    with pytest.raises(Refused, match="larger than 256 MiB"):
        node.edits().edit(step)


# --- a power cut -------------------------------------------------------------------------------


def test_each_step_is_on_the_disk_before_the_next_begins(node, monkeypatch):
    """fsync of a file before it takes a name, of the folder after every change of names."""
    node.left_by_a_killed_pmxcfs("UPDATE tree SET mtime = 5 WHERE name = 'user.cfg'")
    done = []
    fsync, rename, unlink = os.fsync, os.rename, os.unlink

    def told(real, say):
        def call(*args, **others):
            done.append(say(*args))
            return real(*args, **others)

        return call

    def opened(fd):
        return f"sync {os.path.basename(os.readlink(f'/proc/self/fd/{fd}'))}"

    step = node.step()
    monkeypatch.setattr(os, "fsync", told(fsync, opened))
    monkeypatch.setattr(os, "rename", told(rename, lambda old, new: f"{old} -> {new}"))
    monkeypatch.setattr(os, "unlink", told(unlink, lambda name: f"rm {name}"))
    node.edits().edit(step)
    assert done == [
        *("sync config.db", "sync config.db-wal", "sync config.db-shm", f"sync {KEPT}.half"),
        *(f"{KEPT}.half -> {KEPT}", "sync pve-cluster"),
        *("sync checkpointed.tmp", "sync edited.tmp", f"sync {KEPT}"),
        *("checkpointed.tmp -> config.db", "sync pve-cluster"),
        *("rm config.db-wal", "sync pve-cluster", "rm config.db-shm", "sync pve-cluster"),
        *("edited.tmp -> config.db", "sync pve-cluster"),
        *("rm checkpointed.tmp", "rm edited.tmp"),  # nothing of that name is left
    ]
