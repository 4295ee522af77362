"""What is said of ACL entries before they are made."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core import aclremarks
from pve_auth_tui.core.accessdata import AclEntry
from pve_auth_tui.core.aclpreview import preview, preview_edit
from pve_auth_tui.core.aclview import view_of, with_changes
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents.acl import Subjects
from pve_auth_tui.core.objects import acl_key
from pve_auth_tui.core.permissions import Permissions
from tests.core.aclworlds import GROUPS, PATHS, ROLES, TOKENS, USERS, with_entries, worlds
from tests.core.pictures import picture

PEOPLE = (
    "user:anna@corp:1:0:::::",
    "user:bob@pve:1:0:::::",
    "token:bob@pve!run:0:1::",
    "token:bob@pve!all:0:0::",
    "group:ops:anna@corp,bob@pve::",
    "group:admins:anna@corp::",
    "pool:lab::104::",
)
GUESTS = [(100, "web-01"), (104, "lab-db")]
ANNA, BOB = Subjects(users=("anna@corp",)), Subjects(users=("bob@pve",))
OPS, RUN = Subjects(groups=("ops",)), Subjects(tokens=("bob@pve!run",))


def told(lines):
    return [" ".join(part for part in (line.word, line.heading, line.text) if part)
            for line in lines]  # fmt: skip


def said(*acl, path="/vms/100", role="PVEAuditor", who=ANNA, propagate=True):
    made = picture(*PEOPLE, *acl, guests=GUESTS)
    roles = [role] if isinstance(role, str) else role
    return told(preview(made, [path], roles, who, propagate))


def test_what_an_entry_gives_is_said_beside_what_there_is():
    assert said() == [
        "1 new entry.",
        "Effect anna@corp on /vms/100 (web-01 on pve1): look (7 privileges), now nothing.",
    ]


def test_what_it_replaces_is_named_and_counted():
    assert said("acl:1:/:@admins:PVEVMUser:")[2] == (
        "REPLACES what anna@corp has further up: PVEVMUser on / through admins. Not given here: "
        "8 privileges, VM.Backup, VM.Config.CDROM, VM.Config.Cloudinit, VM.Console and 4 more."
    )


def test_a_pool_that_adds_it_back_is_named():
    assert said("acl:1:/:anna@corp:PVEVMUser:", path="/vms/104")[2] == (
        "POOL a pool adds it back (lab): this entry restricts nothing. Replaced would be "
        "PVEVMUser on /."
    )


def test_members_with_entries_of_their_own_are_named():
    found = said("acl:1:/vms/100:anna@corp:PVEVMUser:", who=OPS)
    assert found[1:] == [
        "Effect @ops, 2 members, on /vms/100 (web-01 on pve1): look (7 privileges), now nothing.",
        "HIDDEN does not count for anna@corp: own entries come first.",
    ]


def test_members_who_lose_what_they_have_through_others_are_named():
    found = said("acl:1:/vms:@admins:PVEVMAdmin:", who=OPS)
    assert found[2] == "TAKES 21 privileges on this path from anna@corp."


def test_the_first_entry_of_a_user_hides_those_of_groups():
    found = said("acl:1:/vms/100:@ops:PVEVMUser:", role="PVEVMAdmin")
    assert found[2] == "HIDES the group entry on the same path: @ops PVEVMUser."


def test_noaccess_says_how_much_it_takes():
    found = said("acl:1:/vms:anna@corp:PVEVMUser:", role="NoAccess")
    assert found[2] == (
        "BLOCKS NoAccess wins over every other role of anna@corp on this path: 10 privileges less."
    )


def test_a_role_beside_noaccess_never_counts():
    found = said("acl:1:/vms/100:anna@corp:NoAccess:", role="PVEVMUser")
    assert "UNUSED never counts: NoAccess of anna@corp stands on the same path." in found


def test_a_token_is_said_to_get_no_more_than_its_user():
    found = said("acl:1:/vms:bob@pve:PVEAuditor:", role="PVEVMUser", who=RUN)
    assert found[2].startswith("CAPPED its user lacks VM.Backup, VM.Config.CDROM, ")
    nothing = said(role="PVETemplateUser", who=RUN)
    assert nothing[2:] == [
        "CAPPED its user lacks VM.Audit and VM.Clone, so the token does, too.",
        "SAME gives bob@pve!run nothing more: it never gets more than its user.",
    ]
    assert said(who=Subjects(tokens=("bob@pve!all",)))[2] == (
        "UNUSED never counts: without privilege separation the token has its user's rights."
    )


def test_what_is_there_already_from_further_up_is_said():
    assert said("acl:1:/vms:anna@corp:PVEAuditor:")[2] == (
        "SAME gives anna@corp nothing more: it has all of that there already."
    )


def test_entries_further_down_stay_what_they_are():
    found = said("acl:1:/vms/104:anna@corp:PVEVMUser:", path="/vms")
    assert found[2] == "BELOW other entries count further down, on /vms/104: nothing changes there."
    assert len(said("acl:1:/vms/104:anna@corp:PVEVMUser:", path="/vms", propagate=False)) == 2


def test_new_administrators_are_named_and_those_who_are_none_any_more():
    found = said(path="/", role="Administrator", who=OPS)
    assert found[2] == (
        "ADMIN makes anna@corp and bob@pve administrators: everything, from / down."
    )
    assert said("acl:1:/:@admins:Administrator:", path="/")[2] == (
        "ADMIN anna@corp is no administrator any more."
    )


def test_a_way_to_root_is_named():
    assert said(path="/access", role="PVEUserAdmin", who=OPS)[2] == (
        "IS ROOT @ops can make itself root then: User.Modify on /access/groups."
    )


def test_a_path_where_nothing_is_yet_is_told():
    assert said(path="/vms/777")[1] == "LOOK There is no guest 777: the entry waits for one."


def test_what_is_there_and_what_only_propagates_otherwise_is_counted():
    acl = ("acl:1:/vms/100:anna@corp:PVEAuditor:", "acl:0:/vms/100:bob@pve:PVEAuditor:")
    both = Subjects(users=("anna@corp", "bob@pve"), groups=("ops",))
    assert said(*acl, who=both)[0] == (
        "1 new entry, 1 entry: only Propagate becomes yes, 1 entry there already."
    )
    assert said(acl[0]) == ["1 entry there already."]


def test_what_is_still_to_be_named_is_said():
    made = picture(*PEOPLE)
    assert told(preview(made, [], [], Subjects())) == [
        "Still to be named: a path, a role and somebody."
    ]
    assert told(preview(made, ["/"], [], ANNA)) == ["Still to be named: a role."]


def test_what_cannot_be_is_raised():
    made = picture(*PEOPLE)
    with pytest.raises(UsageError):
        preview(made, ["/dc"], ["PVEAuditor"], ANNA)
    with pytest.raises(Refused):
        preview(made, ["/"], ["PVEAuditor"], Subjects(users=("root@pam",)))


def test_of_many_the_same_is_said_once():
    guests = [f"/vms/{vmid}" for vmid in range(100, 105)]
    made = picture(*PEOPLE, "acl:1:/vms:anna@corp:PVEVMUser:", guests=GUESTS)
    found = told(preview(made, guests, ["PVEAuditor"], ANNA))
    assert found[-1] == (
        "REPLACES 5 of 5: anna@corp on /vms/100, anna@corp on /vms/101, anna@corp on /vms/102 "
        "and 2 more: take something that comes from further up."
    )


def test_only_so_many_are_looked_at_and_that_is_said():
    paths = [f"/vms/{vmid}" for vmid in range(100, 350)]
    made = picture(*PEOPLE)
    found = told(preview(made, paths, ["PVEAuditor"], BOB))
    assert found[-1] == "Only the first 200 of 250 were looked at."


# --- edits --------------------------------------------------------------------------------


def changed(*acl, path="/vms/100", **wanted):
    made = picture(*PEOPLE, *acl, guests=GUESTS)
    keys = [acl_key(entry) for entry in made.access.value.acl if entry.path == path]
    return told(preview_edit(made, keys, **wanted))


def test_an_edit_is_told_with_what_becomes_of_it():
    acl = ("acl:1:/vms:anna@corp:PVEVMAdmin:", "acl:1:/vms/100:anna@corp:PVEVMAdmin:")
    assert changed(*acl, role="PVETemplateUser")[:2] == [
        "1 entry: the new one is made first, then the old one goes.",
        "Effect anna@corp on /vms/100 (web-01 on pve1): change (2 privileges), "
        "now manage (23 privileges).",
    ]
    assert changed(*acl, role="PVETemplateUser")[2].startswith("REPLACES what anna@corp has")


def test_an_edit_of_propagate_says_what_becomes_of_what_lies_below():
    line = "acl:{}:/vms:anna@corp:PVEVMUser:"
    no = changed(line.format(1), path="/vms", propagate=False)
    assert no[1] == "LOOK Below It counts no longer for what lies below /vms."
    yes = changed(line.format(0), path="/vms", propagate=True)
    assert yes[1] == "LOOK Below It counts as well for what lies below /vms."
    guest = changed("acl:1:/vms/100:anna@corp:PVEVMUser:", propagate=False)
    assert not any("Below" in each for each in guest)


def test_an_edit_that_changes_propagate_only_says_so():
    found = changed("acl:1:/vms/100:anna@corp:PVEVMUser:", propagate=False)
    assert found[0] == "1 entry: only Propagate becomes no."


def test_an_edit_that_changes_nothing_says_so():
    found = changed("acl:1:/vms/100:anna@corp:PVEVMUser:", role="PVEVMUser", propagate=True)
    assert found == ["Nothing changes: it is so already."]


def test_an_entry_that_becomes_one_that_is_there_is_told_with_that():
    found = changed("acl:1:/vms/100:anna@corp:PVEVMUser,PVEVMAdmin:", role="PVEVMAdmin")
    assert found == [
        "1 entry: the new one is made first, then the old one goes.",
        "Effect anna@corp on /vms/100 (web-01 on pve1): manage (23 privileges), as now.",
    ]


# --- against the engine -------------------------------------------------------------------

_NEW = st.builds(
    AclEntry,
    st.sampled_from(PATHS),
    st.just("group"),
    st.sampled_from(GROUPS),
    st.sampled_from(ROLES),
    st.booleans(),
) | st.builds(
    lambda path, who, role, on: AclEntry(path, "token" if "!" in who else "user", who, role, on),
    st.sampled_from(PATHS),
    st.sampled_from((*USERS[:2], *TOKENS)),
    st.sampled_from(ROLES),
    st.booleans(),
)


def engines(made, entry):
    """Before the entry is made, and after."""
    name = (entry.path, entry.kind, entry.subject, entry.role)
    others = [e for e in made.acl if (e.path, e.kind, e.subject, e.role) != name]
    return Permissions(made), Permissions(with_entries(made, [*others, entry]))


def remarks(made, entry):
    before = view_of(made)
    found = aclremarks.remarks(before, with_changes(before, [entry], ()), [entry])
    return {remark.heading: remark.text for remark in found}


@given(worlds(), _NEW)
def test_members_are_said_to_lose_exactly_when_they_do(made, entry):
    if entry.kind != "group":
        return
    before, after = engines(made, entry)
    losers = [
        member
        for member in made.groups[entry.subject].members
        if member in made.users
        and before.privileges(member, entry.path).keys() - after.privileges(member, entry.path)
    ]
    text = remarks(made, entry).get(aclremarks.TAKES, "")
    assert bool(text) == bool(losers)
    assert all(member in text for member in losers)


@given(worlds(), _NEW)
def test_nothing_more_is_said_only_where_nothing_is_gained_or_lost(made, entry):
    if aclremarks.SAME not in remarks(made, entry) or entry.kind == "group":
        return
    before, after = engines(made, entry)
    was, then = (set(one.privileges(entry.subject, entry.path)) for one in (before, after))
    assert was == then


@given(worlds(), _NEW)
def test_administrators_are_told_of_exactly_when_they_change(made, entry):
    before, after = engines(made, entry)
    shifted = [who for who in USERS if before.is_administrator(who) != after.is_administrator(who)]
    text = remarks(made, entry).get(aclremarks.ADMIN, "")
    assert bool(text) == bool(shifted)


@given(worlds(), _NEW)
def test_a_preview_can_be_made_of_everything(made, entry):
    if entry.subject == "root@pam":
        return
    whole = picture()
    snapshot = replace(whole, access=whole.access._replace(value=made))
    subjects = Subjects(**{f"{entry.kind}s": (entry.subject,)})
    lines = preview(snapshot, [entry.path], [entry.role], subjects, entry.propagate)
    assert all(line.text.endswith(".") for line in lines)


def test_other_entries_further_down_are_told_of_where_one_of_several_roles_is_passed_on():
    lines = (*PEOPLE, "acl:1:/vms/104:anna@corp:PVEVMUser:", "acl:0:/vms:anna@corp:PVEAuditor:")
    before = view_of(picture(*lines).access.value)
    some = [
        AclEntry("/vms", "user", "anna@corp", role, on)
        for role, on in (("PVEVMUser", True), ("PVEPoolUser", False))
    ]
    after = with_changes(before, some, ())
    found = aclremarks.remarks(before, after, some)
    assert aclremarks.BELOW in [remark.heading for remark in found]
