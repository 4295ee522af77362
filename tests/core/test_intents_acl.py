"""ACL entries: for several paths, subjects and roles at once; changed without a moment without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.accessdata import AclEntry
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import acl
from pve_auth_tui.core.intents.acl import Subjects
from pve_auth_tui.core.objects import acl_key
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.predict import forecast
from tests.core.pictures import NOW, picture

PEOPLE = (
    "user:ann@pve:1:0:::::",
    "user:bob@pve:1:0:::::",
    "token:ann@pve!ci:0:1::",
    "token:root@pam!auto:0:1::",
    "group:ops:bob@pve::",
)
BOTH = Subjects(users=("ann@pve",), groups=("ops",), tokens=("ann@pve!ci",))


def calls(intent, made):
    return [dict(step.params) for step in intent(made).steps]


def then(intent, made):
    """The entries that there are once it was done."""
    foretold = forecast(made, intent(made).steps, now=NOW)
    assert foretold.problems == ()
    return set(foretold.snapshot.access.value.acl)


def entries(made):
    return {(e.path, e.shown_subject, e.role, e.propagate) for e in made}


def test_everything_on_a_path_is_one_call():
    made = picture(*PEOPLE)
    intent = acl.add(["/vms/100", "vms//104/"], ["PVEVMUser", "PVEAuditor"], BOTH)
    assert intent(made).title == "add 12 ACL entries"
    assert calls(intent, made) == [
        {
            "path": path,
            "roles": "PVEVMUser,PVEAuditor",
            "groups": "ops",
            "tokens": "ann@pve!ci",
            "users": "ann@pve",
            "propagate": 1,
        }
        for path in ("/vms/100", "/vms/104")
    ]


def test_what_is_there_already_needs_no_call_and_is_told():
    made = picture(*PEOPLE, "acl:1:/vms:ann@pve:PVEVMUser:")
    draft = acl.add(["/vms"], ["PVEVMUser"], Subjects(("ann@pve", "bob@pve")))(made)
    assert [step.params["users"] for step in draft.steps] == ["bob@pve"]
    assert draft.title == "add ACL /vms bob@pve PVEVMUser"
    assert draft.already == (("ACL /vms ann@pve PVEVMUser", "none, there already"),)


def test_when_all_is_there_nothing_is_planned():
    made = picture(*PEOPLE, "acl:1:/vms:ann@pve:PVEVMUser:")
    with pytest.raises(Refused, match="Nothing would change"):
        make_plan(acl.add(["/vms"], ["PVEVMUser"], Subjects(("ann@pve",))), made, now=NOW)


def test_another_propagate_is_given_by_adding_once_more():
    made = picture(*PEOPLE, "acl:1:/vms:ann@pve:PVEVMUser:")
    intent = acl.add(["/vms"], ["PVEVMUser"], Subjects(("ann@pve",)), propagate=False)
    assert intent(made).title == "change ACL /vms ann@pve PVEVMUser"
    assert entries(then(intent, made)) == {("/vms", "ann@pve", "PVEVMUser", False)}


def test_many_subjects_are_several_calls():
    names = [f"u{number:03}@pve" for number in range(250)]
    made = picture(*(f"user:{name}:1:0:::::" for name in names))
    intent = acl.add(["/vms"], ["PVEVMUser"], Subjects(tuple(names)))
    assert [len(call["users"].split(",")) for call in calls(intent, made)] == [100, 100, 50]


@pytest.mark.parametrize(
    ("paths", "roles", "subjects", "message"),
    [
        ([], ["PVEVMUser"], BOTH, "No path was named."),
        (["/vms"], [], BOTH, "No role was named."),
        (["/vms"], ["PVEVMUser"], Subjects(), "Nobody was named"),
        (["/vms/99"], ["PVEVMUser"], BOTH, "VMID from 100 on"),
        (["/vms"], ["Nope"], BOTH, "There is no role Nope."),
        (["/vms"], ["PVEVMUser"], Subjects(("x@pve",)), "There is no user x@pve."),
        (["/vms"], ["PVEVMUser"], Subjects(groups=("x",)), "There is no group x."),
        (["/vms"], ["PVEVMUser"], Subjects(tokens=("ann@pve!x",)), "no API token of ann@pve"),
        (["/vms"], ["PVEVMUser"], Subjects(tokens=("ann@pve",)), "There is no user"),
    ],
)
def test_what_cannot_be_is_refused_by_name(paths, roles, subjects, message):
    with pytest.raises(UsageError, match=message):
        acl.add(paths, roles, subjects)(picture(*PEOPLE))


def test_root_gets_no_entry_but_its_tokens_do():
    with pytest.raises(Refused, match="root@pam may do everything"):
        acl.add(["/vms"], ["PVEVMUser"], Subjects(("root@pam",)))(picture(*PEOPLE))
    token = acl.add(["/vms"], ["PVEVMUser"], Subjects(tokens=("root@pam!auto",)))
    assert len(calls(token, picture(*PEOPLE))) == 1


def keys(made, *roles):
    return [acl_key(entry) for entry in made.access.value.acl if not roles or entry.role in roles]


def test_a_role_is_changed_by_the_new_entry_before_the_old_one_goes():
    made = picture(*PEOPLE, "acl:0:/vms:ann@pve,@ops:PVEVMUser:")
    intent = acl.edit(keys(made), role="PVEVMAdmin")
    assert calls(intent, made) == [
        {"path": "/vms", "roles": "PVEVMAdmin", "groups": "ops", "users": "ann@pve",
         "propagate": 0},
        {"path": "/vms", "roles": "PVEVMUser", "groups": "ops", "users": "ann@pve", "delete": 1},
    ]  # fmt: skip
    assert intent(made).title == "change 2 ACL entries"


def test_propagate_alone_is_one_call():
    made = picture(*PEOPLE, "acl:1:/vms:ann@pve:PVEVMUser:")
    intent = acl.edit(keys(made), propagate=False)
    assert calls(intent, made) == [
        {"path": "/vms", "roles": "PVEVMUser", "users": "ann@pve", "propagate": 0}
    ]


def test_several_roles_of_one_subject_become_one():
    made = picture(*PEOPLE, "acl:1:/vms:ann@pve:PVEVMUser,PVEAuditor,PVEVMAdmin:")
    intent = acl.edit(keys(made, "PVEVMUser", "PVEAuditor"), role="PVEVMAdmin")
    assert entries(then(intent, made)) == {("/vms", "ann@pve", "PVEVMAdmin", True)}
    assert all("delete" in call for call in calls(intent, made))


def test_entries_that_become_one_and_differ_in_propagate_need_a_word():
    made = picture(*PEOPLE, "acl:1:/vms:ann@pve:PVEVMUser:", "acl:0:/vms:ann@pve:PVEAuditor:")
    with pytest.raises(UsageError, match="they differ in Propagate"):
        acl.edit(keys(made), role="PVEVMAdmin")(made)
    intent = acl.edit(keys(made), role="PVEVMAdmin", propagate=False)
    assert entries(then(intent, made)) == {("/vms", "ann@pve", "PVEVMAdmin", False)}


def test_ghosts_cannot_be_changed():
    made = picture("acl:1:/vms:gone@pve:PVEVMUser:")
    with pytest.raises(Refused, match="There is no user gone@pve"):
        acl.edit(keys(made), role="PVEAuditor")(made)
    made = picture("acl:1:/vms:@gone:PVEVMUser:")
    with pytest.raises(Refused, match="There is no group gone"):
        acl.edit(keys(made), role="PVEAuditor")(made)


def test_what_is_not_there_and_nothing_at_all_are_refused():
    gone = acl_key(AclEntry("/vms", "user", "ann@pve", "PVEVMUser"))
    with pytest.raises(UsageError, match="There is no ACL /vms ann@pve PVEVMUser"):
        acl.edit([gone], role="PVEAuditor")(picture(*PEOPLE))
    with pytest.raises(UsageError, match="No ACL entry was named"):
        acl.edit([], role="PVEAuditor")(picture(*PEOPLE))
    made = picture(*PEOPLE, "acl:1:/vms:ann@pve:PVEVMUser:")
    with pytest.raises(Refused, match="Nothing would change"):
        make_plan(acl.edit(keys(made), role="PVEVMUser"), made, now=NOW)


def test_the_last_administrator_cannot_be_edited_away():
    made = picture("user:root@pam:0:0:::::", *PEOPLE, "acl:1:/:ann@pve:Administrator:")
    plan = make_plan(acl.edit(keys(made), role="PVEAuditor"), made, now=NOW)
    assert plan.refusal


_ROLES = ("PVEVMUser", "PVEAuditor", "PVEVMAdmin", "NoAccess")
_GRANTS = st.lists(
    st.tuples(
        st.sampled_from(("/", "/vms", "/vms/100")),
        st.sampled_from(("ann@pve", "@ops", "ann@pve!ci")),
        st.sampled_from(_ROLES),
        st.booleans(),
    ),
    unique_by=lambda grant: grant[:3],
    min_size=1,
    max_size=6,
)


@given(_GRANTS, st.sampled_from(_ROLES), st.booleans(), st.data())
def test_an_edit_ends_where_it_says_and_is_taken_back_to_where_it_was(
    grants, role, propagate, data
):
    lines = [f"acl:{int(on)}:{path}:{who}:{given}:" for path, who, given, on in grants]
    made = picture(*PEOPLE, *lines)
    there = set(made.access.value.acl)
    some = data.draw(st.sets(st.sampled_from(sorted(there, key=acl_key)), min_size=1))
    intent = acl.edit([acl_key(one) for one in some], role=role, propagate=propagate)
    new = {AclEntry(one.path, one.kind, one.subject, role, propagate) for one in some}
    places = {acl_key(one) for one in new}
    wanted = {one for one in there - some if acl_key(one) not in places} | new
    if wanted == there:
        return
    assert then(intent, made) == wanted
    plan = make_plan(intent, made, now=NOW)
    back = forecast(plan.after, plan.back.steps, now=NOW)
    assert set(back.snapshot.access.value.acl) == there


@given(_GRANTS, st.sampled_from(_ROLES[:3]))
def test_no_step_of_an_edit_leaves_anybody_with_less_than_before_and_after(grants, role):
    lines = [f"acl:{int(on)}:{path}:{who}:{given}:" for path, who, given, on in grants]
    made = picture(*PEOPLE, *lines)
    draft = acl.edit(keys(made), role=role, propagate=True)(made)
    picture_now, held = made, []
    for step in (None, *draft.steps):
        if step is not None:
            picture_now = forecast(picture_now, [step], now=NOW).snapshot
        engine = Permissions(picture_now.access.value)
        held.append({who: frozenset(engine.privileges(who, "/vms/100"))
                     for who in ("ann@pve", "bob@pve")})  # fmt: skip
    for now in held:
        for who, privileges in now.items():
            assert privileges >= held[0][who] & held[-1][who]
