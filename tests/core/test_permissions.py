"""Who may do what where: each rule of PVE's computation by its name (reference 3.2, 3.3).

All recorded answers of PVE's are in tests/conformance; here a rule is shown alone.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.permissions import Decision, Permissions
from pve_auth_tui.core.userconfig import parse_user_config
from tests.core.configs import DIRTY_FILES, PATHS, configs

PEOPLE = """
user:ann@pve:1:0:::::
user:bob@pve:1:0:::::
token:ann@pve!full:0:0::
token:ann@pve!own:0:1::
token:root@pam!full:0:0::
token:root@pam!own:0:1::
group:ops:ann@pve::
group:dev:ann@pve,bob@pve,ghost@pve::
role:Watch:VM.Audit:
role:Power:VM.PowerMgmt:
role:Both:VM.Audit,VM.PowerMgmt:
pool:lab::100,101:local:
pool:lab/deep::102:local:
"""
WATCH, POWER = {"VM.Audit": True}, {"VM.PowerMgmt": True}


def permissions(*acl):
    """Permissions of PEOPLE with these ACL lines, written like `1:/vms:@ops:Watch`."""
    lines = "".join(f"acl:{line}:\n" for line in acl)
    return Permissions(parse_user_config((PEOPLE + lines).encode()))


# Levels of the path.


def test_a_role_is_inherited_by_what_is_below_when_it_propagates():
    held = permissions("1:/vms:ann@pve:Watch")
    assert held.privileges("ann@pve", "/vms") == WATCH
    assert held.privileges("ann@pve", "/vms/100") == WATCH
    assert held.privileges("ann@pve", "/") == {}
    assert held.privileges("bob@pve", "/vms") == {}


def test_a_role_that_does_not_propagate_holds_on_its_path_alone():
    held = permissions("0:/vms:ann@pve:Watch")
    assert held.privileges("ann@pve", "/vms") == {"VM.Audit": False}
    assert held.privileges("ann@pve", "/vms/100") == {}


def test_an_entry_further_down_replaces_what_comes_from_above():
    held = permissions("1:/:ann@pve:Watch", "1:/vms/9:ann@pve:Power")
    assert held.privileges("ann@pve", "/vms/9") == POWER
    assert held.privileges("ann@pve", "/vms/8") == WATCH


def test_an_entry_that_does_not_propagate_replaces_nothing_below_it():
    held = permissions("1:/:ann@pve:Watch", "0:/vms:ann@pve:Power")
    assert held.privileges("ann@pve", "/vms") == {"VM.PowerMgmt": False}
    assert held.privileges("ann@pve", "/vms/100") == WATCH


def test_several_roles_on_one_path_add_up():
    held = permissions("1:/vms:ann@pve:Watch,Power")
    assert held.privileges("ann@pve", "/vms") == WATCH | POWER
    assert held.roles("ann@pve", "/vms") == {"Watch": True, "Power": True}


def test_a_privilege_propagates_when_one_of_its_roles_does():
    held = permissions("1:/vms:ann@pve:Watch", "0:/vms:ann@pve:Both")
    assert held.privileges("ann@pve", "/vms") == {"VM.Audit": True, "VM.PowerMgmt": False}


# Users and groups.


def test_the_users_own_entry_beats_groups_on_the_same_path():
    held = permissions("1:/vms:@ops:Watch", "1:/vms:ann@pve:Power")
    assert held.privileges("ann@pve", "/vms") == POWER


def test_a_group_further_down_beats_the_users_own_entry_above():
    held = permissions("1:/:ann@pve:PVEAdmin", "1:/vms/100:@ops:NoAccess")
    assert held.privileges("ann@pve", "/vms/100") == {}


def test_an_own_entry_that_does_not_reach_a_path_below_leaves_the_way_to_the_group():
    held = permissions("0:/vms:ann@pve:Watch", "1:/vms:@ops:Power")
    assert held.privileges("ann@pve", "/vms") == {"VM.Audit": False}
    assert held.privileges("ann@pve", "/vms/100") == POWER


def test_several_groups_on_one_path_add_up():
    held = permissions("1:/vms:@ops:Watch", "1:/vms:@dev:Power")
    assert held.privileges("ann@pve", "/vms") == WATCH | POWER


@pytest.mark.parametrize(("ops", "dev"), [(1, 0), (0, 1)])
def test_one_role_through_two_groups_reaches_what_is_below_when_either_propagates(ops, dev):
    held = permissions(f"{ops}:/vms:@ops:Watch", f"{dev}:/vms:@dev:Watch")
    assert held.privileges("ann@pve", "/vms/9") == WATCH
    # On the path itself PVE says one or the other by chance; here the last group counts.
    assert held.privileges("ann@pve", "/vms") == {"VM.Audit": bool(ops)}


def test_members_of_a_group_need_not_exist():
    assert permissions("1:/vms:@dev:Watch").privileges("ghost@pve", "/vms") == WATCH


# NoAccess.


def test_no_access_wins_over_other_roles_on_its_path():
    held = permissions("1:/vms:ann@pve:Watch,NoAccess")
    assert held.privileges("ann@pve", "/vms") == {}
    assert held.roles("ann@pve", "/vms") == {"NoAccess": True}


def test_no_access_through_one_group_wins_over_the_other_groups():
    held = permissions("1:/vms:@ops:Watch", "1:/vms:@dev:NoAccess")
    assert held.privileges("ann@pve", "/vms") == {}
    assert held.privileges("ann@pve", "/vms/100") == {}


def test_below_no_access_an_entry_gives_rights_again():
    held = permissions("1:/:ann@pve:NoAccess", "1:/vms/9:ann@pve:Watch")
    assert held.privileges("ann@pve", "/vms/9") == WATCH


# Pools.


def test_roles_on_a_pool_are_added_on_its_members_and_do_not_propagate():
    held = permissions("1:/vms/100:ann@pve:Watch", "1:/pool/lab:ann@pve:Power")
    assert held.privileges("ann@pve", "/vms/100") == {"VM.Audit": True, "VM.PowerMgmt": False}
    assert held.privileges("ann@pve", "/storage/local") == {"VM.PowerMgmt": False}
    assert held.privileges("ann@pve", "/vms/999") == {}


def test_a_role_held_on_the_member_itself_keeps_its_propagation():
    held = permissions("1:/vms/100:ann@pve:Watch", "0:/pool/lab:ann@pve:Watch")
    assert held.privileges("ann@pve", "/vms/100") == WATCH


def test_pools_inherit_from_above_so_root_rights_reach_members_that_replace_them():
    held = permissions("1:/:ann@pve:Watch", "1:/vms/100:ann@pve:Power", "1:/vms/9:ann@pve:Power")
    assert held.privileges("ann@pve", "/vms/100") == {"VM.Audit": False, "VM.PowerMgmt": True}
    assert held.privileges("ann@pve", "/vms/9") == POWER


def test_a_pool_in_a_pool_inherits_from_it():
    assert permissions("1:/pool/lab:ann@pve:Power").privileges("ann@pve", "/vms/102") == {
        "VM.PowerMgmt": False
    }


def test_no_access_on_the_member_wins_over_the_pool():
    held = permissions("1:/vms/100:ann@pve:NoAccess", "1:/pool/lab:ann@pve:Power")
    assert held.privileges("ann@pve", "/vms/100") == {}


def test_no_access_on_the_pool_wins_over_roles_on_the_member():
    held = permissions("1:/vms/100:ann@pve:Watch", "1:/pool/lab:ann@pve:NoAccess")
    assert held.privileges("ann@pve", "/vms/100") == {}
    assert held.roles("ann@pve", "/vms/100") == {"NoAccess": False}


def test_no_access_on_the_root_reaches_members_of_pools_whatever_they_have_themselves():
    held = permissions("1:/:ann@pve:NoAccess", "1:/vms/100:ann@pve:Watch")
    assert held.privileges("ann@pve", "/vms/100") == {}


def test_no_access_on_one_of_several_pools_is_enough():
    held = permissions("1:/pool/lab:ann@pve:Power", "1:/pool/lab/deep:ann@pve:NoAccess")
    assert held.privileges("ann@pve", "/storage/local") == {}
    assert held.privileges("ann@pve", "/vms/100") == {"VM.PowerMgmt": False}


# Tokens.


def test_without_privilege_separation_a_token_is_its_user():
    held = permissions("1:/vms:ann@pve:Watch", "1:/vms:ann@pve!full:Power")
    assert held.privileges("ann@pve!full", "/vms") == WATCH
    assert held.all_paths("ann@pve!full") == held.all_paths("ann@pve")


def test_with_privilege_separation_a_token_has_what_both_have():
    held = permissions("1:/vms:ann@pve:Watch", "1:/vms:ann@pve!own:Both")
    assert held.privileges("ann@pve!own", "/vms") == WATCH
    assert held.roles("ann@pve!own", "/vms") == {"Both": True}


def test_with_privilege_separation_a_token_without_entries_has_nothing():
    assert permissions("1:/:ann@pve:PVEAdmin").privileges("ann@pve!own", "/") == {}


@pytest.mark.parametrize(("user", "token", "both"), [(1, 0, False), (0, 1, False), (1, 1, True)])
def test_a_tokens_privilege_propagates_when_both_do(user, token, both):
    held = permissions(f"{user}:/vms:ann@pve:Watch", f"{token}:/vms:ann@pve!own:Watch")
    assert held.privileges("ann@pve!own", "/vms") == {"VM.Audit": both}


def test_a_token_of_root_with_privilege_separation_has_its_own_rights():
    held = permissions("1:/vms:root@pam!own:Watch")
    assert held.privileges("root@pam!own", "/vms") == WATCH
    assert held.privileges("root@pam!own", "/") == {}


def test_a_token_that_does_not_exist_has_nothing():
    held = permissions("1:/:ann@pve:PVEAdmin")
    assert held.privileges("ann@pve!gone", "/") == {}
    assert held.all_paths("ann@pve!gone") == {}


# Root, and who is as good as root.


@pytest.mark.parametrize("subject", ["root@pam", "root@pam!full"])
def test_root_may_do_everything_everywhere_whatever_the_acl_says(subject):
    held = permissions("1:/:root@pam:NoAccess")
    assert len(held.privileges(subject, "/vms/100")) == 47
    assert held.is_administrator(subject)


@pytest.mark.parametrize(
    ("line", "administrator"),
    [
        ("1:/:ann@pve:Administrator", True),
        ("1:/:@ops:Administrator", True),
        ("0:/:ann@pve:Administrator", False),
        ("1:/vms:ann@pve:Administrator", False),
        ("1:/:ann@pve:PVEAdmin", False),
    ],
)
def test_an_administrator_has_all_privileges_from_the_root_of_the_tree_on(line, administrator):
    held = permissions(line)
    assert held.is_administrator("ann@pve") == administrator
    assert held.is_administrator("ann@pve!full") == administrator
    assert not held.is_administrator("ann@pve!own")
    assert not held.is_administrator("bob@pve")


# All paths, and the answer of the API.


def test_all_paths_are_the_top_ones_the_acl_tree_and_the_members_of_pools():
    held = permissions("1:/:ann@pve:Watch", "1:/sdn/zones/z1:bob@pve:Power")
    assert sorted(held.all_paths("ann@pve")) == [
        *("/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/sdn/zones"),
        *("/sdn/zones/z1", "/storage", "/storage/local", "/vms", "/vms/100", "/vms/101"),
        "/vms/102",
    ]


def test_paths_without_any_privilege_are_left_out():
    assert permissions("0:/vms:ann@pve:Watch").all_paths("ann@pve") == {"/vms": {"VM.Audit": False}}


def test_the_answer_for_a_path_echoes_it_and_has_numbers():
    held = permissions("0:/vms:ann@pve:Watch")
    assert held.answer("ann@pve", "/vms") == {"/vms": {"VM.Audit": 0}}
    assert held.answer("ann@pve", "no path!") == {"no path!": {}}
    assert held.answer("ann@pve") == {"/vms": {"VM.Audit": 0}}


@pytest.mark.parametrize("path", ["", "0"])
def test_an_empty_path_asks_for_all_of_them(path):
    held = permissions("0:/vms:ann@pve:Watch")
    assert held.answer("ann@pve", path) == held.answer("ann@pve")


def test_a_path_without_its_leading_slash_inherits_nothing_from_the_root():
    held = permissions("1:/:ann@pve:Watch", "1:/vms:ann@pve:Power")
    assert held.privileges("ann@pve", "vms/100") == POWER
    assert held.privileges("ann@pve", "nodes") == {}
    assert held.privileges("ann@pve", "//") == {}


@pytest.mark.parametrize("subject", ["", "ann", "x@y", "a" * 70 + "@pve"])
def test_what_is_no_userid_has_nothing(subject):
    held = permissions("1:/:ann@pve:Watch")
    assert held.answer(subject, "/") == {"/": {}}
    assert held.decision(subject, "/") == Decision(None, "none")


# Why.


def decided(*acl, subject="ann@pve", path="/vms/100"):
    decision = permissions(*acl).decision(subject, path)
    entries = [(entry.path, entry.shown_subject, entry.role) for entry in decision.entries]
    return decision.path, decision.kind, entries, decision.pools


def test_the_deciding_level_is_the_last_one_with_an_entry_that_counts():
    lines = "1:/:ann@pve:Watch", "1:/vms:@ops:Power", "0:/vms:ann@pve:Watch"
    assert decided(*lines, path="/vms/9") == ("/vms", "group", [("/vms", "@ops", "Power")], ())


def test_only_entries_of_no_access_count_where_there_is_one():
    assert decided("1:/vms:@ops:NoAccess", "1:/vms:@dev:Watch,Power") == (
        "/vms",
        "group",
        [("/vms", "@ops", "NoAccess")],
        (),
    )


def test_pools_that_add_roles_are_named():
    assert decided("1:/:ann@pve:Watch") == ("/", "user", [("/", "ann@pve", "Watch")], ("lab",))
    assert decided("1:/pool/lab:ann@pve:Watch") == (None, "none", [], ("lab",))


def test_pools_that_no_access_on_the_member_overrides_are_not_named():
    assert decided("1:/vms/100:ann@pve:NoAccess", "1:/pool/lab:ann@pve:Watch")[3] == ()


def test_nobody_decides_about_root():
    assert decided(subject="root@pam") == (None, "root", [], ())


def test_the_decision_about_a_separate_token_has_that_about_its_user_beside_it():
    held = permissions("1:/vms:ann@pve!own:Watch", "1:/:ann@pve:Both")
    decision = held.decision("ann@pve!own", "/vms/9")
    assert (decision.path, decision.kind) == ("/vms", "token")
    assert decision.owner == held.decision("ann@pve", "/vms/9")
    assert held.decision("ann@pve!full", "/vms/9") == held.decision("ann@pve", "/vms/9")


# One path and all paths say the same.


def check_all_paths(config):
    held = Permissions(config)
    subjects = [*config.users, *(entry.subject for entry in config.acl)]
    subjects += [f"{user.id}!{token}" for user in config.users.values() for token in user.tokens]
    for subject in subjects:
        for path, privileges in held.all_paths(subject).items():
            assert held.privileges(subject, path) == privileges


@settings(max_examples=50)
@given(configs())
def test_a_path_has_the_same_privileges_alone_and_among_all(config):
    check_all_paths(config)


@settings(max_examples=50)
@given(DIRTY_FILES)
def test_a_path_of_a_dirty_file_has_the_same_privileges_alone_and_among_all(data):
    check_all_paths(parse_user_config(data))


@settings(max_examples=50)
@given(configs(), PATHS | st.text())
def test_where_somebody_has_roles_somebody_decided(config, path):
    held = Permissions(config)
    for subject in config.users:
        decision = held.decision(subject, path)
        assert bool(held.roles(subject, path)) == (decision.kind != "none" or bool(decision.pools))
