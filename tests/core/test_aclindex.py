"""The ACL turned round says what the permission engine says."""

from hypothesis import given, settings

from pve_auth_tui.core.aclindex import acl_index, parents, permissions_of, privileges_of
from pve_auth_tui.core.excerpt import excerpt
from pve_auth_tui.core.permissions import Permissions
from tests.core.pictures import config
from tests.core.random_pictures import PATHS, TOKENS, USERS, lines


def test_parents_come_nearest_first():
    assert parents("/vms/100") == ("/vms", "/")
    assert parents("/") == ()


def test_pools_are_known_by_their_members_and_from_above():
    index = acl_index(config("pool:lab::100:nfs:", "pool:lab/ci::101::"))
    assert index.pools_of == {
        "/vms/100": ("lab",),
        "/storage/nfs": ("lab",),
        "/vms/101": ("lab/ci",),
    }
    assert index.pools_below == {"/pool/lab": ("lab", "lab/ci"), "/pool/lab/ci": ("lab/ci",)}


def test_the_nearest_path_with_an_entry_counts():
    made = config(
        "user:anna@pve:1:0:::::",
        "group:ops:anna@pve::",
        "acl:1:/:@ops:PVEAdmin:",
        "acl:1:/vms:anna@pve:PVEVMUser:",
        "acl:0:/vms/100:@ops:PVEAuditor:",
    )
    index = acl_index(made)
    ranks = index.ranks("user", "anna@pve")
    assert [entry.role for entry in index.counting(ranks, "/vms/100")] == ["PVEAuditor"]
    assert [entry.role for entry in index.counting(ranks, "/vms/101")] == ["PVEVMUser"]
    assert [entry.role for entry in index.further_up(ranks, "/vms/100/x")] == ["PVEVMUser"]
    assert [entry.role for entry in index.counting(ranks, "/nodes")] == ["PVEAdmin"]


@given(lines())
@settings(deadline=None)
def test_administrators_are_those_of_the_engine(made):
    cluster = config(*made)
    engine = permissions_of(cluster)
    expected = {user for user in cluster.users if engine.is_administrator(user)}
    assert acl_index(cluster).administrators & set(cluster.users) == expected


@given(lines())
@settings(deadline=None)
def test_who_has_privileges_anywhere_has_rights(made):
    cluster = config(*made)
    index = acl_index(cluster)
    for user in cluster.users:
        if permissions_of(cluster).all_paths(user):
            assert index.has_rights(user)


@given(lines())
@settings(deadline=None)
def test_counting_entries_and_pools_give_the_privileges_of_the_engine(made):
    """For users; a token also needs what its user has."""
    cluster = config(*made)
    index = acl_index(cluster)
    for user in cluster.users.keys() - {"root@pam"}:
        ranks = index.ranks("user", user)
        for path in PATHS:
            if path not in index.pools_of:
                here = privileges_of(cluster, index.counting(ranks, path))
                assert here == set(permissions_of(cluster).privileges(user, path))


@given(lines())
@settings(deadline=None)
def test_an_excerpt_decides_as_the_whole(made):
    cluster = config(*made)
    for userid in USERS:
        for path in (*PATHS, "/vms/102", "/storage/ceph"):
            small = Permissions(excerpt(cluster, userid, path))
            for subject in (userid, *(token for token in TOKENS if token.startswith(userid))):
                whole = permissions_of(cluster).privileges(subject, path)
                assert small.privileges(subject, path) == whole


def test_an_excerpt_can_leave_one_entry_out():
    made = config("user:anna@pve:1:0:::::", "acl:1:/vms:anna@pve:PVEAuditor:")
    small = excerpt(made, "anna@pve", "/vms/100", without=made.acl[0])
    assert Permissions(small).privileges("anna@pve", "/vms/100") == {}
