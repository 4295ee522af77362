"""What the index answers is what PVE's own computation answers, of what is and of what will be."""

from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.aclview import AclView, view_of, with_changes
from pve_auth_tui.core.permissions import Permissions
from tests.core.aclworlds import GROUPS, PATHS, TOKENS, USERS, with_entries, with_member, worlds
from tests.core.pictures import config


def agree(view, made):
    engine = Permissions(made)
    for path in PATHS:
        for kind, subjects in (("user", USERS), ("token", TOKENS)):
            for subject in subjects:
                held = view.privileges(kind, subject, path)
                assert held == engine.privileges(subject, path).keys(), (subject, path)
    for userid in USERS:
        assert view.is_administrator(userid) == engine.is_administrator(userid)


@given(worlds())
def test_users_and_tokens_hold_what_the_engine_says(made):
    agree(view_of(made), made)


@given(worlds(), st.sampled_from(GROUPS), st.sampled_from(PATHS))
def test_a_group_holds_what_somebody_holds_who_is_in_no_other(made, group, path):
    engine = Permissions(with_member(made, "new@pve", group))
    held = view_of(made).privileges("group", group, path)
    assert held == engine.privileges("new@pve", path).keys()


@given(worlds(), worlds())
def test_changes_give_the_view_of_the_changed_configuration(made, other):
    added = other.acl
    removed = [entry for at, entry in enumerate(made.acl) if at % 2]
    named = {(e.path, e.kind, e.subject, e.role) for e in (*added, *removed)}
    kept = [e for e in made.acl if (e.path, e.kind, e.subject, e.role) not in named]
    changed = with_entries(made, [*kept, *added])
    before = AclView(made, acl_index(made))
    agree(with_changes(before, added, removed), changed)
    agree(before, made)


PEOPLE = ("user:ann@pve:1:0:::::", "user:bob@pve:1:0:::::")


def test_no_access_beside_administrator_leaves_nobody_an_administrator():
    made = config(*PEOPLE, "acl:1:/:ann@pve:Administrator:", "acl:0:/:ann@pve:NoAccess:")
    assert not view_of(made).is_administrator("ann@pve")
    assert not Permissions(made).is_administrator("ann@pve")


def test_a_token_that_is_not_there_holds_nothing():
    made = config(*PEOPLE, "acl:1:/:ann@pve:Administrator:")
    assert view_of(made).privileges("token", "ann@pve!gone", "/") == frozenset()


def test_who_leaves_a_group_has_no_longer_what_its_entries_give():
    lines = (*PEOPLE, "acl:1:/vms:@ops:PVEVMUser:")
    before = view_of(config(*lines, "group:ops:ann@pve,bob@pve::"))
    then = config(*lines, "group:ops:bob@pve::")
    after = with_changes(before, (), (), then)
    assert before.privileges("user", "ann@pve", "/vms")
    assert not after.privileges("user", "ann@pve", "/vms")
    assert after.privileges("user", "bob@pve", "/vms")
