"""Files or config.db: which one is taken, and what is said when neither can be."""

import gc
import os
import shutil
import time
import weakref
from contextlib import suppress

import pytest

from pve_auth_tui.adapters import source
from pve_auth_tui.adapters.rootfs import AS_ROOT
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.core.errors import Missing, Refused, Unreadable
from tests.adapters.conftest import DATABASE, can_mount, in_a_dead_mount, our_python, run

USER_CFG = "etc/pve/user.cfg"


def refusal(root, rung="auto"):
    with pytest.raises(Unreadable) as caught:
        open_tree(root, rung)
    assert caught.value.hint
    assert not isinstance(caught.value, Missing)
    return str(caught.value).replace(str(root), "ROOT")


def with_database(root):
    (root / "var/lib/pve-cluster").mkdir(parents=True)
    return shutil.copyfile(DATABASE, root / "var/lib/pve-cluster/config.db")


# --- which one ----------------------------------------------------------------------------


def test_files_are_taken_where_there_is_a_user_cfg(root):
    with_database(root)
    tree = open_tree(root, "auto")
    assert tree.source == "files"
    assert tree.read(USER_CFG) == b"user:ann@pve:1:0::::::\n"


def test_the_database_is_taken_where_etc_pve_is_an_empty_mount_point(root, database):
    tree = open_tree(root, "auto")
    assert tree.source == "config.db"
    assert tree.read(USER_CFG).startswith(b"user:-dash@pve")
    assert tree.read("etc/hostname") == b"pve1\n"


def test_the_database_is_taken_where_there_is_no_etc_pve_at_all(root, database):
    (root / "etc/pve").rmdir()
    assert open_tree(root, "auto").source == "config.db"


def test_the_database_is_taken_where_user_cfg_cannot_be_read(root):
    with_database(root)
    (root / USER_CFG).unlink()
    os.mkfifo(root / USER_CFG)
    tree = open_tree(root, "auto")
    assert tree.source == "config.db"
    with pytest.raises(Unreadable, match=r"user\.cfg is a FIFO, not a file"):
        tree.read("etc/pve/.members")


def test_a_running_pmxcfs_without_user_cfg_is_a_cluster_where_only_root_may_do_things(root):
    with_database(root)
    (root / USER_CFG).unlink()
    (root / "etc/pve/.members").write_bytes(b'{"nodename": "pve1", "version": 0}')
    tree = open_tree(root, "auto")
    assert tree.source == "files"
    with pytest.raises(Missing):
        tree.read(USER_CFG)


def test_files_without_user_cfg_and_without_database_are_taken(root):
    (root / USER_CFG).unlink()
    assert open_tree(root, "auto").source == "files"


@pytest.mark.parametrize(("rung", "first"), [("files", b"user:ann"), ("database", b"user:-dash")])
def test_one_of_them_can_be_forced(root, rung, first):
    with_database(root)
    assert open_tree(root, rung).read(USER_CFG).startswith(first)


@pytest.mark.parametrize("rung", ["bridge", "https", "pvesh"])
def test_ways_that_are_not_built_in_are_refused(root, rung):
    with pytest.raises(Refused, match=f"The way `{rung}` is not built in") as caught:
        open_tree(root, rung)
    assert "--rung auto" in caught.value.hint


# --- neither ------------------------------------------------------------------------------


def test_a_folder_without_any_pve_is_told_with_what_was_looked_for(tmp_path):
    assert refusal(tmp_path) == (
        "There is no PVE here: neither ROOT/etc/pve/user.cfg "
        "nor ROOT/var/lib/pve-cluster/config.db is there."
    )


def test_a_root_that_is_not_there_is_told(tmp_path):
    for rung in ("auto", "files"):
        assert refusal(tmp_path / "nothing", rung) == "There is no folder ROOT."


def test_a_root_that_is_a_file_is_told(tmp_path, root):
    assert refusal(tmp_path / "canary") == "ROOT cannot be read: Not a directory."


def test_files_that_are_forced_must_be_there(root, database):
    assert refusal(root, "files") == (
        "ROOT/etc/pve holds nothing, as on a disk whose PVE does not run."
    )


def test_a_database_that_is_forced_must_be_there(root):
    assert refusal(root, "database") == "ROOT/var/lib/pve-cluster/config.db is not there."


def test_when_neither_can_be_read_both_reasons_are_told(root, database):
    (root / USER_CFG).mkdir()
    database.write_bytes(b"no database")
    assert refusal(root) == (
        "ROOT/etc/pve/user.cfg is a folder, not a file; "
        "ROOT/var/lib/pve-cluster/config.db is not an SQLite database."
    )


def test_an_unreadable_user_cfg_without_database_is_told_as_it_is(root):
    (root / USER_CFG).unlink()
    (root / USER_CFG).symlink_to("/etc/shadow")
    assert refusal(root) == "ROOT/etc/pve/user.cfg is a link to something that is not below ROOT."


class Denied:
    """A tree of which nothing may be read, as for an ordinary user on a node."""

    source = "files"

    def __init__(self, root, rung, reason=""):
        self.rung = rung

    def read(self, path):
        raise Unreadable(f"/{path} cannot be read: Permission denied.", AS_ROOT)

    names = read


def test_an_ordinary_user_on_the_node_is_told_once_to_be_root(root, monkeypatch):
    monkeypatch.setattr(source, "BoundedTree", Denied)
    with pytest.raises(Unreadable) as caught:
        open_tree()
    assert str(caught.value) == "/etc/pve/user.cfg cannot be read: Permission denied."
    assert caught.value.hint == AS_ROOT


class Unmounted:
    """A node whose pmxcfs does not run; its database can be read or is missing, too."""

    def __init__(self, root, rung, reason=""):
        self.source, self.reason = rung, reason

    def read(self, path):
        raise Missing(f"/{path} is not there.")

    def names(self, folder):
        return ["user.cfg"] if self.source == "database" else []


def test_on_the_node_itself_a_missing_mount_is_named(monkeypatch):
    monkeypatch.setattr(source, "BoundedTree", Unmounted)
    assert open_tree().reason == "/etc/pve is not mounted: pmxcfs does not run."
    with pytest.raises(Unreadable, match="/etc/pve is not mounted: pmxcfs does not run") as caught:
        open_tree(rung="files")
    assert "systemctl status pve-cluster" in caught.value.hint


# --- a mount that is dead ---------------------------------------------------------------------

OPENED = """
from pathlib import Path
from pve_auth_tui.adapters import bounded
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.core.errors import Unreadable
bounded._SECONDS["files"] = 0.5
tree = open_tree(Path(sys.argv[1]))
print(tree.source, len(tree.read("etc/pve/user.cfg")))
try:
    tree.read("etc/pve/.members")
except Unreadable as error:
    print(error)
"""
# The child for files sleeps instead of reading; the one for the database does not.
FILES_SLEEP = """
really = bounded.BoundedTree.__init__
def sleeping(tree, root, rung, reason=""):
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    really(tree, root, rung, reason, command=sleeper if rung == "files" else ())
bounded.BoundedTree.__init__ = sleeping
"""


@pytest.mark.parametrize("dead", ["a reader that sleeps", *["a mount that is dead"] * can_mount()])
def test_a_dead_mount_is_left_for_the_database(root, dead):
    with_database(root)
    command = our_python(OPENED, str(root))
    if dead == "a mount that is dead":
        command = in_a_dead_mount(root / "etc/pve", command)
    else:
        command = our_python(OPENED.replace("tree =", f"{FILES_SLEEP}tree ="), str(root))
    started = time.monotonic()
    code, lines = run(command)
    assert (code, lines) == (
        0,
        ["config.db 1531", f"{root / USER_CFG} did not answer within 0.5 seconds."],
    )
    assert time.monotonic() - started < 5


def test_what_could_not_be_opened_leaves_no_tree_behind(tmp_path, monkeypatch):
    """Each has a child, which lives as long as the tree: no cycle may keep it."""
    opened = []

    class Seen(source.BoundedTree):
        def __init__(self, *args):
            super().__init__(*args)
            opened.append(weakref.ref(self))

    monkeypatch.setattr(source, "BoundedTree", Seen)
    (tmp_path / USER_CFG).mkdir(parents=True)  # as good as a mount that does not answer
    gc.disable()
    try:
        with suppress(Unreadable):
            open_tree(tmp_path)
        assert [tree() for tree in opened] == [None, None]
    finally:
        gc.enable()
