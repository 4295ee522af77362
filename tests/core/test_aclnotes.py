"""What the Note column says, one small user.cfg for each word."""

from dataclasses import replace

import pytest
from hypothesis import given

from pve_auth_tui.core import aclnotes
from pve_auth_tui.core.aclview import view_of
from pve_auth_tui.core.permissions import Permissions
from tests.core.aclworlds import PATHS, USERS, with_entries, with_member, worlds
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


def test_nothing_counts_beside_noaccess_of_the_same_subject():
    made = config(*PEOPLE, "acl:1:/vms/104:bob@pve:NoAccess,PVEVMUser:")
    found = {entry.role: noted for entry, noted in aclnotes.notes(made).items()}
    assert found == {"NoAccess": ("BLOCKS",), "PVEVMUser": ("UNUSED",)}


def test_what_is_passed_on_counts_below_noaccess_that_is_not():
    made = config(*PEOPLE, "acl:0:/vms:bob@pve:NoAccess:", "acl:1:/vms:bob@pve:PVEVMUser:")
    found = {entry.role: noted for entry, noted in aclnotes.notes(made).items()}
    assert found == {"NoAccess": ("BLOCKS",)}


def test_a_pool_that_gives_one_member_less_does_not_make_up_for_it():
    """Anna's own entry on the pool comes before that of her group."""
    acl = ("acl:1:/pool/lab:anna@corp:PVEAuditor:", "acl:1:/vms/104:@ops:PVEAuditor:")
    above = ("acl:1:/pool:@ops:PVEVMUser:", "acl:1:/vms:@ops:PVEVMUser:")
    assert noted(*above, *acl)["/vms/104 @ops"] == "REPLACES"
    assert noted(*above, acl[1])["/vms/104 @ops"] == "POOL"


def test_noaccess_on_a_pool_is_not_what_an_entry_takes():
    acl = ("acl:1:/vms:bob@pve:PVEVMAdmin:", "acl:1:/vms/104:bob@pve:PVEAuditor:")
    assert noted(*acl, "acl:1:/pool/lab:bob@pve:NoAccess:")["/pool/lab bob@pve"] == "BLOCKS"
    assert "/vms/104 bob@pve" not in noted(*acl, "acl:1:/pool/lab:bob@pve:NoAccess:")


def test_a_token_loses_nothing_that_its_user_does_not_have():
    acl = ("acl:1:/vms:bob@pve!run:PVEVMUser:", "acl:1:/vms/100:bob@pve!run:PVEAuditor:")
    assert noted(*acl, "acl:1:/vms:bob@pve:PVEAuditor:") == {"/vms bob@pve!run": "CAPPED"}
    assert noted(*acl, "acl:1:/:bob@pve:PVEVMUser:")["/vms/100 bob@pve!run"] == "CAPPED REPLACES"


def test_administrator_on_the_top_alone_is_root_in_effect():
    assert noted("acl:0:/:bob@pve:Administrator:") == {"/ bob@pve": "IS ROOT"}


def test_an_entry_of_root_hides_no_group():
    acl = ("acl:1:/vms:@all:PVEVMUser:", "acl:1:/vms:root@pam:PVEVMUser:")
    found = aclnotes.notes(config("group:all:root@pam::", *acl))
    assert [entry.shown_subject for entry in found] == ["root@pam"]


# --- against the engine -------------------------------------------------------------------


def held(made, subject, path):
    return set(Permissions(made).privileges(subject, path))


def without(made, unwanted):
    return with_entries(made, [entry for entry in made.acl if not unwanted(entry)])


def subjects_of(made, entry):
    """The shown subjects whose entries count for the entry's subject."""
    if entry.kind == "user":
        groups = made.groups.values()
        return {entry.subject, *(f"@{g.id}" for g in groups if entry.subject in g.members)}
    return {entry.shown_subject}


def counts(made, entry):
    """Is it for somebody who exists, and who has no rights from elsewhere alone?"""
    if aclnotes.is_ghost(made, entry) or (entry.kind, entry.subject) == ("user", "root@pam"):
        return False
    if entry.kind == "token":
        userid, _, name = entry.subject.rpartition("!")
        if not made.users[userid].tokens[name].privsep:
            return False
    return not any(
        other.role == "NoAccess"
        and (other.path, other.shown_subject) == (entry.path, entry.shown_subject)
        for other in made.acl
    )


@given(worlds())
def test_replaces_and_pool_are_what_the_engine_says(made):
    """REPLACES: with nothing on the path the subject would have more. POOL: it has it anyway."""
    for entry in made.acl:
        if not counts(made, entry):
            continue
        noted = aclnotes.notes(made).get(entry, ())
        world, who = made, entry.subject
        if entry.kind == "group":
            world, who = with_member(made, "new@pve", entry.subject), "new@pve"
        own = subjects_of(world, entry)
        bare = without(world, lambda e, o=own, p=entry.path: e.path == p and e.shown_subject in o)
        missing = held(bare, who, entry.path) - held(world, who, entry.path)
        if missing:
            assert "REPLACES" in noted
        elif entry.kind != "group":
            assert "REPLACES" not in noted
        if "POOL" in noted:
            poolless = [
                set(Permissions(replace(w, pools={})).privileges(who, entry.path))
                for w in (bare, world)
            ]
            if entry.kind != "token":
                assert poolless[0] - poolless[1]


@given(worlds())
def test_an_entry_with_pool_restricts_nobody(made):
    for entry, noted in aclnotes.notes(made).items():
        if "POOL" not in noted:
            continue
        here = (entry.path, entry.shown_subject)
        gone = without(made, lambda e, h=here: (e.path, e.shown_subject) == h)
        people = made.groups[entry.subject].members if entry.kind == "group" else (entry.subject,)
        for who in people:
            if who.partition("!")[0] in made.users:
                assert held(gone, who, entry.path) <= held(made, who, entry.path)


@given(worlds())
def test_a_group_that_replaces_takes_from_somebody_who_could_be_or_is_in_it(made):
    for entry, noted in aclnotes.notes(made).items():
        if "REPLACES" not in noted or entry.kind != "group":
            continue
        more = with_member(made, "new@pve", entry.subject)
        here = (entry.path, entry.shown_subject)
        gone = without(more, lambda e, h=here: (e.path, e.shown_subject) == h)
        assert any(
            held(gone, who, entry.path) - held(more, who, entry.path)
            for who in more.groups[entry.subject].members
            if who in more.users
        )


@given(worlds())
def test_hidden_are_those_that_do_not_count_for_a_member(made):
    engine = Permissions(made)
    for entry in made.acl:
        if entry.kind != "group" or entry.subject not in made.groups:
            continue
        members = [m for m in made.groups[entry.subject].members if m in made.users]
        decisions = [engine.decision(m, entry.path) for m in members if m != "root@pam"]
        hidden = any(d.kind == "user" and d.path == entry.path for d in decisions)
        noted = aclnotes.notes(made).get(entry, ())
        if "UNUSED" not in noted:
            assert ("HIDDEN" in noted) == hidden


@given(worlds())
def test_capped_is_what_the_user_of_the_token_lacks(made):
    for entry in made.acl:
        if entry.kind != "token" or not counts(made, entry):
            continue
        userid = entry.subject.rpartition("!")[0]
        lacks = made.roles[entry.role].privs - held(made, userid, entry.path)
        noted = aclnotes.notes(made).get(entry, ())
        assert ("CAPPED" in noted) == bool(lacks and userid != "root@pam")


@given(worlds())
def test_blocks_leaves_nothing_and_what_is_unused_changes_nothing(made):
    for entry, noted in aclnotes.notes(made).items():
        if entry.kind == "group":
            continue
        if "BLOCKS" in noted:
            assert held(made, entry.subject, entry.path) == set()
        if "UNUSED" in noted:
            gone = without(made, lambda e, x=entry: e == x)
            for path in PATHS:
                assert held(gone, entry.subject, path) == held(made, entry.subject, path)


@given(worlds())
def test_who_is_said_to_make_itself_root_has_the_privilege_for_it(made):
    for who, way in aclnotes.self_made_roots(made).items():
        privilege, _, rest = way.partition(" on ")
        assert privilege in held(made, who, rest.partition(",")[0])


@given(worlds())
def test_who_has_such_a_privilege_is_said_to_make_itself_root(made):
    """Through whatever entries; administrators are left out."""
    engine = Permissions(made)
    found = aclnotes.self_made_roots(made)
    for who in (*USERS[:2], "ann@pve!own", "root@pam!auto"):
        if engine.is_administrator(who):
            continue
        ways = [way for way in aclnotes.ROOT_WAYS if way[1] in engine.privileges(who, way[0])]
        if ways:
            assert who in found


@given(worlds())
def test_the_notes_of_one_entry_are_those_of_all(made):
    view = view_of(made)
    noted = aclnotes.notes(made)
    for entry in made.acl:
        assert aclnotes.notes_of(view, entry) == noted.get(entry, ())
