"""What the Note column says, one small user.cfg for each word."""

import pytest

from pve_auth_tui.core import aclnotes
from tests.core.pictures import config

PEOPLE = (
    "user:anna@corp:1:0:::::",
    "user:bob@pve:1:0:::::",
    "token:bob@pve!run:0:1::",
    "token:bob@pve!all:0:0::",
    "token:root@pam!auto:0:1::",
    "group:ops:anna@corp,bob@pve::",
    "group:admins:anna@corp::",
    "pool:lab::104::",
)


def noted(*acl):
    """`path subject` -> notes, of the entries that have any."""
    made = config(*PEOPLE, *acl)
    return {
        f"{entry.path} {entry.shown_subject}": " ".join(found)
        for entry, found in aclnotes.notes(made).items()
    }


def test_an_entry_for_nobody_is_a_ghost():
    assert noted("acl:1:/vms/1:gone@corp:PVEVMAdmin:", "acl:1:/vms:@none:PVEVMUser:") == {
        "/vms/1 gone@corp": "GHOST",
        "/vms @none": "GHOST",
    }


def test_an_entry_that_never_counts_is_unused():
    assert noted("acl:1:/vms:bob@pve!all:PVEVMUser:", "acl:1:/vms:bob@pve:PVEVMUser:") == {
        "/vms bob@pve!all": "UNUSED"
    }


def test_noaccess_blocks():
    assert noted("acl:1:/vms/110:@ops:NoAccess:") == {"/vms/110 @ops": "BLOCKS"}


def test_an_entry_replaces_what_comes_from_further_up_through_a_group():
    assert noted("acl:1:/:@admins:Administrator:", "acl:1:/vms/100:anna@corp:PVEAuditor:") == {
        "/vms/100 anna@corp": "REPLACES"
    }


def test_an_entry_that_only_adds_replaces_nothing():
    assert noted("acl:1:/vms:@ops:PVEVMUser:", "acl:1:/vms/100:anna@corp:PVEVMAdmin:") == {}


def test_several_roles_on_a_path_count_together():
    assert (
        noted(
            "acl:1:/vms:anna@corp:PVEVMAdmin:",
            "acl:1:/vms/100:anna@corp:PVEVMAdmin:",
            "acl:1:/vms/100:anna@corp:PVEAuditor:",
        )
        == {}
    )


def test_what_does_not_propagate_is_not_replaced():
    assert noted("acl:0:/vms:anna@corp:PVEVMAdmin:", "acl:1:/vms/100:anna@corp:PVEAuditor:") == {}


def test_a_group_is_looked_at_alone():
    """Anna is in admins, too; but not everybody in ops is."""
    assert noted("acl:1:/:@admins:Administrator:", "acl:1:/vms:@ops:PVEVMUser:") == {}


def test_a_pool_can_add_back_what_an_entry_replaces():
    assert noted("acl:1:/:anna@corp:Administrator:", "acl:1:/vms/104:anna@corp:PVEAuditor:") == {
        "/vms/104 anna@corp": "POOL"
    }


def test_a_pool_that_adds_less_does_not_make_up_for_it():
    assert noted(
        "acl:1:/vms:anna@corp:PVEVMAdmin:",
        "acl:1:/pool/lab:anna@corp:PVEVMUser:",
        "acl:1:/vms/104:anna@corp:PVEAuditor:",
    ) == {"/vms/104 anna@corp": "REPLACES"}


def test_a_users_own_entry_hides_the_groups_on_the_same_path():
    assert noted("acl:1:/vms/100:@ops:PVEVMUser:", "acl:1:/vms/100:anna@corp:PVEVMAdmin:") == {
        "/vms/100 @ops": "HIDDEN"
    }


def test_a_token_is_capped_by_its_user():
    assert noted("acl:1:/vms:bob@pve:PVEVMUser:", "acl:1:/vms/105:bob@pve!run:PVEVMAdmin:") == {
        "/vms/105 bob@pve!run": "CAPPED"
    }


def test_a_token_is_not_capped_where_a_pool_gives_its_user_the_rest():
    assert (
        noted("acl:1:/pool/lab:bob@pve:PVEVMAdmin:", "acl:1:/vms/104:bob@pve!run:PVEVMAdmin:") == {}
    )


def test_a_token_of_root_is_not_capped():
    assert noted("acl:1:/vms:root@pam!auto:PVEVMAdmin:") == {}


@pytest.mark.parametrize(
    ("entry", "way"),
    [
        ("acl:1:/access/groups:bob@pve:PVEUserAdmin:", "User.Modify on /access/groups"),
        ("acl:0:/access/groups:bob@pve:PVEUserAdmin:", "User.Modify on /access/groups"),
        ("acl:1:/access:bob@pve:PVEUserAdmin:", "User.Modify on /access/groups"),
        ("acl:1:/:bob@pve:PVEAdmin:", "User.Modify on /access/groups"),
        ("acl:1:/access/realm:bob@pve:Administrator:", "Realm.Allocate on /access/realm"),
        ("acl:0:/access:bob@pve:Administrator:", "Sys.Modify on /access"),
        ("acl:0:/:bob@pve:Own:", "Permissions.Modify on /"),
        (
            "acl:1:/access/groups/admins:bob@pve:PVEUserAdmin:",
            "User.Modify on /access/groups/admins, which has administrators",
        ),
    ],
)
def test_ways_to_become_root(entry, way):
    made = config(
        *PEOPLE,
        "role:Own:Permissions.Modify:",
        "acl:1:/:@admins:Administrator:",
        entry,
    )
    bobs = next(each for each in made.acl if each.subject == "bob@pve")
    assert aclnotes.root_way(made, bobs) == way
    assert "IS ROOT" in aclnotes.notes(made)[bobs]
    assert aclnotes.self_made_roots(made) == {"bob@pve": way}


@pytest.mark.parametrize(
    "entry",
    [
        "acl:1:/:bob@pve:Administrator:",  # says so itself
        "acl:0:/:bob@pve:PVEAdmin:",  # does not reach /access/groups
        "acl:1:/vms:bob@pve:Administrator:",
        "acl:1:/access/groups/ops:bob@pve:PVEUserAdmin:",  # nobody there is an administrator
        "acl:1:/access/groups:bob@pve:PVEAuditor:",
        "acl:1:/access/groups:bob@pve:NoAccess:",
    ],
)
def test_no_way_to_become_root(entry):
    assert "IS ROOT" not in " ".join(noted(entry).values())


def test_a_way_to_root_that_is_replaced_further_down_is_none():
    found = noted("acl:1:/:bob@pve:PVEAdmin:", "acl:1:/access:bob@pve:PVEAuditor:")
    assert found == {"/access bob@pve": "REPLACES"}


def test_a_token_makes_itself_root_only_if_its_user_could():
    entry = "acl:1:/access/groups:bob@pve!run:PVEUserAdmin:"
    assert noted(entry) == {"/access/groups bob@pve!run": "CAPPED"}
    both = noted(entry, "acl:1:/access/groups:bob@pve:PVEUserAdmin:")
    assert both["/access/groups bob@pve!run"] == "IS ROOT"


def test_all_members_of_a_group_can_make_themselves_root():
    made = config(*PEOPLE, "acl:1:/access:@ops:PVEUserAdmin:")
    assert sorted(aclnotes.self_made_roots(made)) == ["anna@corp", "bob@pve"]


def test_ghosts_and_administrators_are_not_said_to_make_themselves_root():
    made = config(
        *PEOPLE,
        "acl:1:/:anna@corp:Administrator:",
        "acl:1:/access:anna@corp:PVEUserAdmin:",
        "acl:1:/access:ghost@pve:PVEUserAdmin:",
    )
    assert aclnotes.self_made_roots(made) == {}
