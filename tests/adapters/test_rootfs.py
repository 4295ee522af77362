"""Files below a root: links stay inside, nothing but regular files is opened, sizes have limits."""

import os
import socket
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.adapters import limits, rootfs
from pve_auth_tui.adapters.rootfs import RootTree
from pve_auth_tui.core.errors import Missing, Unreadable
from tests.adapters.conftest import CANARY

USER_CFG = "etc/pve/user.cfg"


@pytest.fixture
def tree(root):
    return RootTree(root)


def replaced(root, path=USER_CFG):
    """The path of a file that was there and is gone now, to be made into something else."""
    (root / path).unlink()
    return root / path


def refusal(tree, path=USER_CFG):
    with pytest.raises(Unreadable) as caught:
        tree.read(path)
    assert not isinstance(caught.value, Missing)
    assert caught.value.hint
    return str(caught.value).replace(str(tree.shown("")), "ROOT")


# --- what is there ------------------------------------------------------------------------


def test_a_file_is_read_whole(tree):
    assert tree.read(USER_CFG) == b"user:ann@pve:1:0::::::\n"
    assert tree.source == "files"


def test_a_file_that_is_not_there_is_missing(tree, root):
    with pytest.raises(Missing, match=r"etc/pve/jobs\.cfg is not there\."):
        tree.read("etc/pve/jobs.cfg")


def test_names_are_sorted_and_hidden_ones_are_among_them(tree, root):
    (root / "etc/pve/.members").write_bytes(b"{}")
    assert tree.names("etc/pve") == [".members", "local", "nodes", "priv", "user.cfg"]


def test_a_folder_that_is_not_there_has_no_names(tree):
    assert tree.names("etc/pve/nodes/pve9/lxc") == ()


def test_a_name_that_is_not_utf8_comes_back_as_it_can_be_asked_for(tree, root):
    (root / "etc/pve" / os.fsdecode(b"\xfcser")).write_bytes(b"x")
    (name,) = [name for name in tree.names("etc/pve") if name.endswith("ser")]
    assert tree.read(f"etc/pve/{name}") == b"x"


def test_a_root_that_is_a_link_is_what_the_user_asked_for(tmp_path, root):
    (tmp_path / "disk").symlink_to("root")
    assert RootTree(tmp_path / "disk").read("etc/hostname") == b"pve1\n"


def test_a_root_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Unreadable, match=r"There is no folder .*/nothing\."):
        RootTree(tmp_path / "nothing").require()


def test_a_root_that_is_a_file_is_told(tmp_path, root):
    with pytest.raises(Unreadable, match="Not a directory"):
        RootTree(tmp_path / "canary").require()


# --- links ----------------------------------------------------------------------------------


def test_a_relative_link_is_followed_inside_the_tree(tree):
    assert tree.read("etc/pve/local/config") == b"description: one\n"
    assert tree.names("etc/pve/local") == ["config", "qemu-server"]


def test_an_absolute_link_starts_at_the_root_of_the_tree(tree, root):
    (root / "etc/pve/pve-www").symlink_to("/etc/hostname")
    assert tree.read("etc/pve/pve-www") == b"pve1\n"


def test_a_link_may_go_up_as_long_as_it_stays_inside(tree, root):
    (root / "etc/pve/name").symlink_to("../pve/../hostname")
    assert tree.read("etc/pve/name") == b"pve1\n"


@pytest.mark.parametrize("climb", ["../../../canary", "../../../../../../../etc/passwd"])
def test_a_link_that_climbs_out_is_refused(tree, root, climb):
    replaced(root).symlink_to(climb)
    assert refusal(tree) == "ROOT/etc/pve/user.cfg is a link that leads out of ROOT."


def test_an_absolute_link_to_the_host_finds_nothing_and_is_not_taken_for_an_empty_file(
    tree, root, tmp_path
):
    replaced(root).symlink_to(tmp_path / "canary")
    assert refusal(tree) == "ROOT/etc/pve/user.cfg is a link to something that is not below ROOT."


def test_a_folder_that_is_a_link_out_is_refused_too(tree, root, tmp_path):
    (root / "etc/pve/priv").rmdir()
    (root / "etc/pve/priv").symlink_to("../../..")
    assert "leads out of ROOT" in refusal(tree, "etc/pve/priv/canary")
    with pytest.raises(Unreadable, match="leads out"):
        tree.names("etc/pve/priv")


def test_links_that_lead_to_each_other_end(tree, root):
    replaced(root).symlink_to("other")
    (root / "etc/pve/other").symlink_to("user.cfg")
    assert refusal(tree) == "ROOT/etc/pve/user.cfg leads round in links."


def test_a_folder_that_holds_itself_through_a_link_ends(tree, root):
    (root / "etc/pve/again").symlink_to(".")
    assert "leads round in links" in refusal(tree, "etc/pve/" + "again/" * 40 + "user.cfg")


PARTS = st.sampled_from(["..", "..", ".", "", "a", "b", "folder", "file", "canary", "etc"])
TARGETS = st.builds(
    lambda absolute, parts: "/" * absolute + "/".join(parts) or ".",
    st.booleans(),
    st.lists(PARTS, min_size=1, max_size=8),
)


@given(a=TARGETS, b=TARGETS, asked=st.sampled_from(["a", "b", "folder/a", "a/file", "b/canary"]))
def test_no_link_whatever_leads_out(tmp_path_factory, a, b, asked):
    above = tmp_path_factory.mktemp("links")
    (above / "canary").write_bytes(CANARY)
    root = above / "root"
    (root / "folder").mkdir(parents=True)
    (root / "file").write_bytes(b"inside")
    (root / "folder/file").write_bytes(b"inside")
    (root / "a").symlink_to(a)
    (root / "b").symlink_to(b)
    (root / "folder/a").symlink_to(b)
    with suppress(Unreadable):
        assert RootTree(root).read(asked) == b"inside"


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/hostname", "etc//hostname", "etc/./hostname", "etc/pve/../hostname"),
        *("etc/hostname/", "../canary", "etc/host\0name", "etc/\ud800"),
        *("etc/" + "x" * 5000, "etc/" + "x" * 300),
    ],
    ids=lambda path: ascii(path)[:24],
)
def test_only_plain_paths_are_asked_for(tree, path):
    with pytest.raises(Unreadable) as caught:
        tree.read(path)
    assert not isinstance(caught.value, Missing)


def test_nothing_outside_the_root_is_ever_opened(tree, root, tmp_path, monkeypatch):
    (root / "etc/pve/out").symlink_to("../../../canary")
    (root / "etc/pve/abs").symlink_to("/etc/shadow")
    (root / "etc/pve/up").symlink_to("..")
    opened = []
    really = os.open

    def noted(path, flags, mode=0o777, *, dir_fd=None):
        fd = really(path, flags, mode, dir_fd=dir_fd)
        opened.append(os.readlink(f"/proc/self/fd/{fd}"))
        return fd

    monkeypatch.setattr(rootfs.os, "open", noted)
    for path in ("out", "abs", "up", "up/hostname", "local/config", "user.cfg", "nothing"):
        for ask in (tree.read, tree.names):
            with suppress(Unreadable):
                ask(f"etc/pve/{path}")
    assert str(root / "etc/hostname") in opened
    assert [path for path in opened if path != str(root) and not path.startswith(f"{root}/")] == []


def test_reading_leaves_the_tree_as_it_is_and_no_descriptor_open(tree, root):
    def picture():
        found = [*root.rglob("*"), root]
        return sorted((str(path), path.lstat().st_mtime_ns, path.lstat().st_size) for path in found)

    (root / "etc/pve/loop").symlink_to("loop")
    before, descriptors = picture(), sorted(os.listdir("/proc/self/fd"))
    for path in picture():
        below = os.path.relpath(path[0], root)
        for ask in (tree.read, tree.names):
            with suppress(Unreadable):
                ask(below)
    assert picture() == before
    assert sorted(os.listdir("/proc/self/fd")) == descriptors


# --- what is no file --------------------------------------------------------------------------


def test_a_fifo_is_refused_without_waiting(tree, root):
    os.mkfifo(replaced(root))
    started = time.monotonic()
    assert refusal(tree) == "ROOT/etc/pve/user.cfg is a FIFO, not a file."
    assert time.monotonic() - started < 1


def test_a_socket_is_refused(tree, root, monkeypatch):
    monkeypatch.chdir(root / "etc/pve")
    replaced(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("user.cfg")
        assert refusal(tree) == "ROOT/etc/pve/user.cfg is a socket, not a file."


@pytest.mark.parametrize("device", ["dev/null", "dev/zero"])
def test_a_device_is_refused_without_opening_it(device):
    with pytest.raises(Unreadable, match=f"/{device} is a device, not a file"):
        RootTree("/").read(device)


def test_a_folder_in_place_of_a_file_is_refused(tree, root):
    replaced(root).mkdir()
    assert refusal(tree) == "ROOT/etc/pve/user.cfg is a folder, not a file."


def test_a_file_in_place_of_a_folder_is_refused(tree):
    assert refusal(tree, "etc/hostname/x") == (
        "ROOT/etc/hostname/x cannot be read: Not a directory."
    )
    with pytest.raises(Unreadable, match="etc/hostname is not a folder"):
        tree.names("etc/hostname")


def test_who_may_not_read_is_told_to_be_root(tree, monkeypatch):
    really = os.open

    def denied(path, flags, mode=0o777, *, dir_fd=None):
        if path == "user.cfg" and not flags & os.O_PATH:
            raise PermissionError(13, "Permission denied", path)
        return really(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(rootfs.os, "open", denied)
    with pytest.raises(Unreadable, match=r"user\.cfg cannot be read: Permission denied") as caught:
        tree.read(USER_CFG)
    assert caught.value.hint == rootfs.AS_ROOT


def test_a_mount_whose_daemon_died_names_the_service(tree, monkeypatch):
    def disconnected(path, flags, mode=0o777, *, dir_fd=None):
        raise OSError(107, "Transport endpoint is not connected", path)

    monkeypatch.setattr(rootfs.os, "open", disconnected)
    with pytest.raises(Unreadable, match="not connected") as caught:
        tree.read(USER_CFG)
    assert "systemctl status pve-cluster" in caught.value.hint


def test_a_file_exchanged_for_a_link_at_the_last_moment_is_noticed(tree, root, monkeypatch):
    really = os.open

    def exchanged(path, flags, mode=0o777, *, dir_fd=None):
        if path == "user.cfg" and not flags & os.O_PATH:
            (root / "new").write_bytes(CANARY)
            os.replace(root / "new", root / USER_CFG)
        return really(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(rootfs.os, "open", exchanged)
    with pytest.raises(Unreadable, match="was exchanged while it was read"):
        tree.read(USER_CFG)


# --- sizes --------------------------------------------------------------------------------------


def test_a_file_of_ten_gigabytes_is_refused_at_once(tree, root):
    os.truncate(root / USER_CFG, 10 * 1024**3)
    started = time.monotonic()
    assert refusal(tree) == "ROOT/etc/pve/user.cfg is larger than 4 MiB."
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("etc/pve/datacenter.cfg", 1024**2),
        ("etc/pve/user.cfg", 4 * 1024**2),
        ("etc/pve/priv/tfa.cfg", 4 * 1024**2),
    ],
)
def test_a_file_may_be_as_large_as_its_limit_and_no_larger(tree, root, path, limit):
    (root / path).write_bytes(b"")
    os.truncate(root / path, limit)
    assert len(tree.read(path)) == limit
    os.truncate(root / path, limit + 1)
    assert "is larger than" in refusal(tree, path)


def growing(monkeypatch, file, by, *, always):
    """The file grows by so many bytes when it is begun to be read, or at every single read."""
    really = os.read

    def read(fd, count):
        data = really(fd, count)
        if always or os.lseek(fd, 0, os.SEEK_CUR) == len(data) > 0:
            with file.open("ab") as more:
                more.write(bytes(by))
        return data

    monkeypatch.setattr(rootfs.os, "read", read)


def test_a_file_that_grows_while_it_is_read_is_told(tree, root, monkeypatch):
    growing(monkeypatch, root / USER_CFG, 1, always=False)
    assert refusal(tree) == "ROOT/etc/pve/user.cfg changes while it is read."


def test_a_file_that_grows_faster_than_it_is_read_ends_at_the_limit(tree, root, monkeypatch):
    monkeypatch.setattr(rootfs, "_CHUNK", 64 * 1024)
    growing(monkeypatch, root / "etc/hostname", 128 * 1024, always=True)
    assert refusal(tree, "etc/hostname") == "ROOT/etc/hostname is larger than 1 MiB."


def test_a_file_that_changed_once_is_read_again(tree, root, monkeypatch):
    changes = iter([b"second version\n"])
    reading = os.read

    def read(fd, count):
        data = reading(fd, count)
        for change in changes:
            (root / USER_CFG).write_bytes(change)
        return data

    monkeypatch.setattr(rootfs.os, "read", read)
    assert tree.read(USER_CFG) == b"second version\n"


def test_a_folder_of_too_many_names_is_refused(tree, monkeypatch):
    monkeypatch.setattr(rootfs, "ENTRIES", 3)
    with pytest.raises(Unreadable, match="holds more than 3 files"):
        tree.names("etc/pve")


def test_binary_garbage_comes_as_it_is(tree, root):
    garbage = bytes(range(256)) * 100
    (root / USER_CFG).write_bytes(garbage)
    assert tree.read(USER_CFG) == garbage


def test_limits_are_pmxcfs_own_where_it_has_one():
    assert limits.file_bytes("etc/pve/domains.cfg") == 1024 * 1024
    assert limits.file_bytes("var/lib/dpkg/status") > 8 * 1024 * 1024


# --- quorum -------------------------------------------------------------------------------------


def test_the_write_bit_is_that_of_the_thing_itself(tree, root):
    (root / "etc/pve/priv").chmod(0o500)
    assert tree.owner_may_write("etc/pve/local")
    assert tree.owner_may_write("etc/pve/user.cfg")
    assert not tree.owner_may_write("etc/pve/priv")
    with pytest.raises(Missing):
        tree.owner_may_write("etc/pve/nothing")
