"""What the kernel tells of mounts and processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.recover.hosttextproc import (
    Process,
    is_fuse,
    is_local_mode,
    is_pmxcfs,
    read_mounts,
    read_status,
)

ROOT = "27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro"
PVE = (
    "512 27 0:54 / /etc/pve rw,nosuid,nodev,relatime shared:300 - "
    "fuse /dev/fuse rw,user_id=0,group_id=0,default_permissions,allow_other"
)
ODD = r"600 27 0:60 / /mnt/a\040b\134c rw - nfs4 server:/x rw,hard"


def test_mounts_have_a_place_a_type_and_options():
    root, odd = read_mounts(f"{ROOT}\n{ODD}\n")
    assert (root.place, root.kind, root.device) == ("/", "ext4", "8:1")
    assert "errors=remount-ro" in root.options
    assert (odd.place, odd.kind) == ("/mnt/a b\\c", "nfs4")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([ROOT, PVE], True),
        ([ROOT], False),
        ([ROOT, PVE.replace("fuse /dev", "fuse.pmxcfs /dev")], True),
        ([PVE, PVE.replace("fuse /dev/fuse", "tmpfs tmpfs")], False),  # hidden by another
        ([PVE.replace("/etc/pve", "/etc/pve2")], False),
        ([PVE.replace("fuse /dev/fuse", "fuseblk /dev/sdb")], False),
    ],
)
def test_pmxcfs_is_what_stands_on_top(lines, expected):
    assert is_fuse(read_mounts("\n".join(lines)), "/etc/pve") is expected


def status(name="pmxcfs", state="S (sleeping)", uids="0\t0\t0\t0"):
    return f"Name:\t{name}\nUmask:\t0022\nState:\t{state}\nTgid:\t9\nUid:\t{uids}\nGid:\t0\n"


def test_a_process_has_a_name_and_a_user():
    assert read_status(status()) == Process("pmxcfs", 0)
    assert read_status(status("evil", uids="0\t1000\t0\t0")) == Process("evil", 1000)
    assert read_status(status(state="Z (zombie)")) is None
    assert read_status("") is None


def test_a_process_cannot_name_itself_into_another_line():
    """The kernel writes a line feed in a name as `\\n`; the first line of a kind counts."""
    assert read_status(status("x\\nUid:\t0", uids="7\t7\t7\t7")) == Process("x\\nUid:\t0", 7)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"/usr/bin/pmxcfs\0", False),
        (b"/usr/bin/pmxcfs\0-l\0", True),
        (b"pmxcfs\0--local\0", True),
        (b"pmxcfs\0-fl\0", True),
        (b"pmxcfs\0-f\0-d\0", False),
        (b"-l\0", False),
        (b"pmxcfs\0--\0-l\0", False),
        (b"pmxcfs\0--localhost\0", False),
        (b"", False),
    ],
)
def test_local_mode_stands_among_the_arguments(line, expected):
    assert is_local_mode(line) is expected


def test_an_upgrade_may_have_removed_the_file():
    assert is_pmxcfs("/usr/bin/pmxcfs")
    assert is_pmxcfs("/usr/bin/pmxcfs (deleted)")
    assert not is_pmxcfs("/usr/bin/perl")
    assert not is_pmxcfs("/usr/bin/pmxcfs2")


@given(st.text(), st.binary())
def test_anything_is_read(text, data):
    read_mounts(text)
    read_status(text)
    read_status(status(text, text, text))
    is_local_mode(data)
