"""The ACL paths that are offered: PVE's shapes per release, and everything that is there."""

import pytest

from pve_auth_tui.core import aclpaths, names, versions
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, Guest, Inventory
from tests.core.pictures import picture

GUESTS = Inventory(
    {100: Guest(100, "web-01", "pve2", "qemu"), 99999: Guest(99999, "", "pve1", "lxc")},
    ("local", "nfs"),
)


def made(release="9.1.1"):
    nodes = (ClusterNode("pve1"), ClusterNode("pve2"))
    return picture(
        "user:a@pve:1:0:::::",
        "group:ops:a@pve:The operators:",
        "pool:lab:Lab:100:nfs:",
        "pool:lab/in::::",
        "acl:1:/sdn/zones/z1/vnet:a@pve:PVESDNUser:",
        "acl:1:/vms/555:a@pve:PVEVMUser:",
        inventory=GUESTS,
        cluster=Cluster("pve1", "rack", True, nodes, access_control=release),
    )


def known(release="9.1.1"):
    return dict(aclpaths.known_paths(made(release)))


def test_live_objects_are_offered_with_what_they_are():
    found = known()
    assert found["/vms/100"] == "web-01 on pve2, pool lab"
    assert found["/vms/99999"] == "guest on pve1"
    assert found["/storage/nfs"] == "storage, pool lab"
    assert found["/pool/lab"] == "pool, Lab"
    assert found["/access/groups/ops"] == "group, The operators"
    assert found["/access/realm/corp"] == "realm, ad"
    assert found["/nodes/pve2"] == "node"


def test_a_zone_is_known_by_its_entries_and_a_guest_that_is_gone_is_not_offered():
    found = known()
    assert found["/sdn/zones/z1/vnet"] == "has entries"
    assert "/vms/555" not in found


def test_what_pves_own_chooser_offers_is_there():
    shapes = {
        "/", "/access", "/access/groups", "/access/realm", "/mapping", "/mapping/pci",
        "/mapping/usb", "/nodes", "/pool", "/sdn/fabrics", "/sdn/zones", "/storage", "/vms",
    }  # fmt: skip
    assert shapes < known().keys()


@pytest.mark.parametrize("release", ["7.4-2", "8.0.3", "8.2.2", "9.0.4", versions.NEWEST])
def test_every_path_offered_can_be_given(release):
    for path in known(release):
        assert names.path_shape_problem(path, release=release) is None


def test_an_old_release_is_not_offered_what_it_does_not_know():
    assert not {"/mapping", "/sdn/fabrics", "/pool/lab/in"} & known("7.4-2").keys()


def test_they_are_in_the_order_of_the_tree():
    order = [path for path in known() if path.startswith(("/pool", "/storage", "/vms"))]
    assert order == [
        "/pool", "/pool/lab", "/pool/lab/in", "/storage", "/storage/local", "/storage/nfs",
        "/vms", "/vms/100", "/vms/99999",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "path"),
    [("vms//100/", "/vms/100"), ("/", "/"), ("//", "/"), ("/vms/0", "/vms"), ("a b", "a b")],
)
def test_a_path_goes_where_pve_puts_it(typed, path):
    assert aclpaths.placed(typed) == path


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("/vms/100, /storage/nfs", ""),
        ("/vms/100 /", ""),
        ("", "A path is needed, for example /vms/100. / is everything."),
        ("/vms/99", "A guest's path is /vms/VMID, with a VMID from 100 on."),
        ("/vms/100,/dc", "PVE knows no path /dc; "),
        ("/access/realms/pve", "PVE knows no path /access/realms/pve; "),
    ],
)
def test_typed_paths_are_judged_as_pve_does(text, problem):
    found = aclpaths.paths_problem(made(), text)
    assert found.startswith(problem)
    assert bool(found) == bool(problem)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/vms/100", ""),
        ("/vms/555", "guest 555"),
        ("/storage/x", "storage x"),
        ("/pool/lab/out", "pool lab/out"),
        ("/access/groups/none", "group none"),
        ("/access/realm/none", "realm none"),
        ("/nodes/pve9", "node pve9"),
        ("/mapping/pci/gpu", ""),
        ("/", ""),
        ("/vms", ""),
    ],
)
def test_what_does_not_exist_yet_is_named(path, what):
    assert aclpaths.missing_at(made(), path) == what
