"""What stands around the access files: pmxcfs's own texts, corosync, storages, guests, dpkg."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core import cluster
from pve_auth_tui.core.cluster import Corosync, Members
from pve_auth_tui.core.snapshot import ClusterNode, Guest

# As pmxcfs 9.1.6 writes them (status.c).
IN_A_CLUSTER = b"""{
"nodename": "pve1",
"version": 12,
"cluster": { "name": "rack", "version": 3, "nodes": 3, "quorate": 1 },
"nodelist": {
  "pve3": { "id": 3, "online": 0},
  "pve1": { "id": 1, "online": 1, "ip": "192.0.2.21"},
  "pve2": { "id": 2, "online": 1, "ip": "192.0.2.22"}
  }
}
"""
ALONE = b'{\n"nodename": "pve1",\n"version": 0\n}\n'
VMLIST = b"""{
"version": 3,
"ids": {
"105": { "node": "pve2", "type": "lxc", "version": 2 },
"100": { "node": "pve1", "type": "qemu", "version": 1 }}

}
"""
COROSYNC = b"""logging {
  debug: off
}
# a comment: with a colon
nodelist {
  node {
    name: pve2
    nodeid: 2
    ring0_addr: 10.0.0.2
  }
  node {
    name: pve1
  }
}
totem {
  cluster_name: rack
  interface {
    linknumber: 0
    name: no-node
  }
}
"""


# --- .members -------------------------------------------------------------------------------


def test_members_of_a_cluster_are_sorted_and_say_who_is_online():
    assert cluster.parse_members(IN_A_CLUSTER) == Members(
        "pve1",
        "rack",
        True,
        (
            ClusterNode("pve1", True, "192.0.2.21"),
            ClusterNode("pve2", True, "192.0.2.22"),
            ClusterNode("pve3", False, None),
        ),
    )


def test_a_node_that_hears_of_no_cluster_only_says_its_name():
    assert cluster.parse_members(ALONE) == Members("pve1", None, None, ())


def test_a_cluster_without_quorum_is_not_quorate():
    members = cluster.parse_members(IN_A_CLUSTER.replace(b'"quorate": 1', b'"quorate": 0'))
    assert members is not None
    assert members.quorate is False


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{}", b"[]", b"null", b'{"nodename": 3}', b'{"nodename": "../x"}'),
        *(b'{"nodename": ""}', b'{"nodename": "a.b"}', b'{"nodename": "pve1"', b"\xff\xfe"),
        *(b"[" * 100_000, b'{"nodename":' * 100_000, b"1" * 5000),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_pmxcfs_would_not_write_is_nothing(data):
    assert cluster.parse_members(data) is None


def test_nodes_with_impossible_names_are_left_out():
    data = json.dumps(
        {
            "nodename": "pve1",
            "cluster": {"name": 7, "quorate": "yes"},
            "nodelist": {
                "../etc": {"online": 1},
                "a b": {},
                "ok": {"online": [], "ip": {}},
                "x": 1,
            },
        }
    ).encode()
    assert cluster.parse_members(data) == Members("pve1", "", False, (ClusterNode("ok", False),))


@pytest.mark.parametrize(
    ("text", "name"),
    [("pve1\n", "pve1"), ("pve1.example.com\n", "pve1"), ("", ""), ("../x", ""), ("a b", "")],
)
def test_the_node_is_called_like_its_host_without_the_domain(text, name):
    assert cluster.node_name(text) == name


# --- guests -----------------------------------------------------------------------------------


def test_the_list_of_guests_is_sorted_by_number():
    assert list(cluster.parse_vmlist(VMLIST).items()) == [
        (100, Guest(100, "", "pve1", "qemu")),
        (105, Guest(105, "", "pve2", "lxc")),
    ]


def test_a_node_without_guests_has_none():
    assert cluster.parse_vmlist(b'{\n"version": 1\n\n}\n') == {}


def test_entries_that_are_no_guests_are_left_out():
    entries = {
        "99": {"node": "pve1", "type": "qemu"},
        "0100": {"node": "pve1", "type": "qemu"},
        "x": {"node": "pve1", "type": "qemu"},
        "101": {"node": "../../..", "type": "qemu"},
        "102": {"node": "pve1", "type": "openvz"},
        "103": {"node": ["pve1"], "type": ["qemu"]},
        "104": "pve1",
        "1" * 5000: {"node": "pve1", "type": "qemu"},
        "105": {"node": "pve1", "type": "lxc"},
    }
    assert list(cluster.parse_vmlist(json.dumps({"ids": entries}).encode())) == [105]


def test_without_the_list_guests_are_known_by_their_files():
    names = ["100.conf", "105.conf.tmp.9", "99.conf", "x.conf", "200.conf"]
    assert cluster.guests_of_folder("pve1", "lxc", names) == {
        100: Guest(100, "", "pve1", "lxc"),
        200: Guest(200, "", "pve1", "lxc"),
    }


@pytest.mark.parametrize(
    ("kind", "path"),
    [("qemu", "etc/pve/nodes/n/qemu-server/7.conf"), ("lxc", "etc/pve/nodes/n/lxc/7.conf")],
)
def test_each_kind_of_guest_has_its_own_folder(kind, path):
    assert cluster.guest_path(Guest(7, "", "n", kind)) == path


@pytest.mark.parametrize(
    ("data", "kind", "name"),
    [
        (b"cores: 2\nname: web-01\nname: other\n", "qemu", "web-01"),
        (b"#name: in a description\nhostname:  db \r\n", "lxc", "db"),
        (b"hostname: not for machines\n", "qemu", ""),
        (b"cores: 2\n[before-update]\nname: old\n", "qemu", ""),
        (b"", "qemu", ""),
        (b"name: \xff\xfe\n", "qemu", "\ufffd\ufffd"),
    ],
)
def test_a_guest_is_called_as_its_present_configuration_says(data, kind, name):
    assert cluster.guest_name(data, kind) == name


# --- corosync, storages -------------------------------------------------------------------------


def test_corosync_names_the_cluster_and_its_nodes():
    assert cluster.parse_corosync(COROSYNC) == Corosync("rack", ("pve1", "pve2"))


def test_corosync_means_the_same_on_a_few_lines():
    """As in a recorded database of pmxcfs."""
    data = (
        b"nodelist { # all of them\n"
        b"  node { name: pve2 nodeid: 2 ring0_addr: 10.99.0.2 } node { name: pve1 }\n}\n"
        b"totem { cluster_name: rack interface { linknumber: 0 } version: 2 }\n"
    )
    assert cluster.parse_corosync(data) == Corosync("rack", ("pve1", "pve2"))


def test_corosync_with_braces_that_do_not_fit_is_read_as_far_as_it_goes():
    assert cluster.parse_corosync(b"}\n}\ntotem {\ncluster_name: x\n") == Corosync("x", ())
    assert cluster.parse_corosync(b"{\n" * 50_000) == Corosync("", ())


def test_storages_are_those_of_the_file_and_always_local():
    data = (
        b"dir: local\n\tpath /var/lib/vz\n\tcontent iso,vztmpl\n\n"
        b"rbd: ceph-vm\n\tpool vm\n\nzfspool: local-zfs\n\tpool rpool/data\n\n: bad\nnfs: b/d\n"
    )
    assert cluster.parse_storages(data) == ("ceph-vm", "local", "local-zfs")
    assert cluster.parse_storages(b"") == ("local",)


# --- versions -------------------------------------------------------------------------------------

STATUS = b"""Package: libpve-access-control
Status: install ok installed
Version: 9.1.1
Description: with a line
 Package: pve-manager

Package: pve-manager
Status: deinstall ok config-files
Version: 8.4.0

Package: pve-manager-extra
Status: install ok installed
Version: 1.0
"""


def test_only_installed_packages_have_a_version():
    asked = ("libpve-access-control", "pve-manager", "pve-manager-extra", "nothing")
    assert cluster.installed_versions(STATUS, asked) == {
        "libpve-access-control": "9.1.1",
        "pve-manager-extra": "1.0",
    }


def test_a_version_that_is_none_is_left_out():
    data = STATUS.replace(b"Version: 9.1.1", b"Version: \x1b[31m; rm")
    assert cluster.installed_versions(data, ("libpve-access-control",)) == {}


@pytest.mark.parametrize(
    ("version", "release"),
    [("9.2.11", "9.2"), ("8.4.0~rc1", "8.4"), ("9.10", "9.10"), ("9", ""), ("", ""), ("x9.2", "")],
)
def test_the_release_is_the_beginning_of_the_managers_version(version, release):
    assert cluster.release_of(version) == release


# --- sync jobs ----------------------------------------------------------------------------------

UPID = "UPID:pve1:0000C3F1:00F3A2B1:68F4F2C0:auth-realm-sync:corp:root@pam:"


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ({"node": "pve1", "upid": UPID}, (0x68F4F2C0, "")),
        ({"node": "pve1", "time": 1760000000}, (1760000000, "")),
        ({"time": 1760000000, "error": "no such realm\n"}, (1760000000, "no such realm")),
        ({"upid": "UPID:broken", "time": 1760000000}, (None, "")),
        ({"time": True}, (None, "")),
        ({"time": "1760000000"}, (None, "")),
        ({"time": -1, "error": 5}, (None, "")),
        ([], (None, "")),
    ],
)
def test_the_last_run_of_a_job_is_what_pve_says_it_is(state, answer):
    assert cluster.parse_job_state(json.dumps(state).encode()) == answer


# --- anything -------------------------------------------------------------------------

KEYS = (
    *("nodename", "cluster", "nodelist", "ids", "100", "node", "type", "online", "ip"),
    *("name", "quorate", "upid", "time", "error"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(data=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_whatever_raise(data):
    cluster.parse_members(data)
    cluster.parse_vmlist(data)
    cluster.parse_corosync(data)
    cluster.parse_storages(data)
    cluster.parse_job_state(data)
    cluster.installed_versions(data, ("pve-manager",))
    assert cluster.guest_name(data, "qemu") == cluster.guest_name(data, "qemu").strip()


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        (b"127.0.0.1 localhost\n192.0.2.1 pve1.example.com pve1\n", "pve1.example.com"),
        (b"192.0.2.1 pve1 pve1.example.com", "pve1.example.com"),
        (b"192.0.2.1 pvelocalhost pve1 # pve1.example.com", "pve1"),
        (b"192.0.2.1 other.example.com pve1", "pve1"),
        (b"# 192.0.2.1 pve1.example.com pve1", "pve1"),
        (b"\xff\x00", "pve1"),
        (b"", "pve1"),
    ],
)
def test_a_nodes_full_name_stands_in_etc_hosts(hosts, name):
    assert cluster.full_name("pve1", hosts) == name
