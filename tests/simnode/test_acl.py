"""ACL entries of the simulated node: what a call adds and removes, and who may make it."""

import pytest

from tests.simnode.small import file, refusal, small_node, who

MODIFY = "/access/acl"


def lines(node):
    return [line for line in file(node, "user.cfg").split("\n") if line.startswith("acl:")]


def test_one_call_adds_every_role_for_every_subject():
    node = small_node()
    params = {
        "path": "vms//100/",
        "roles": "Watch,PVEVMUser",
        "users": "ann@pve",
        "groups": "dev;ops",
        "tokens": "bob@pve!ci",
        "propagate": 0,
    }
    assert node.answer("PUT", MODIFY, params) is None
    assert lines(node) == ["acl:0:/vms/100:@dev,@ops,ann@pve,bob@pve!ci:PVEVMUser,Watch:"]


def test_an_entry_that_is_added_again_takes_the_new_propagate():
    node = small_node("acl:1:/vms:ann@pve:Watch:\n")
    params = {"path": "/vms", "roles": "Watch", "users": "ann@pve", "propagate": 0}
    node.answer("PUT", MODIFY, params)
    assert lines(node) == ["acl:0:/vms:ann@pve:Watch:"]


def test_deleting_leaves_other_roles_and_does_not_miss_what_is_not_there():
    node = small_node("acl:1:/vms:ann@pve:Watch,PVEVMUser:\n")
    params = {"path": "/vms", "roles": "Watch,NoAccess", "users": "ann@pve,bob@pve", "delete": 1}
    assert node.answer("PUT", MODIFY, params) is None
    assert lines(node) == ["acl:1:/vms:ann@pve:PVEVMUser:"]


def test_deleting_takes_any_path_and_adding_only_known_ones():
    node = small_node("acl:1:/nowhere/at/all:ann@pve:Watch:\n")
    params = {"path": "/nowhere/at/all", "roles": "Watch", "users": "ann@pve"}
    problem = {"path": "invalid ACL path '/nowhere/at/all'"}
    assert refusal(node, "PUT", MODIFY, params)[2] == problem
    assert node.answer("PUT", MODIFY, {**params, "delete": 1}) is None
    assert lines(node) == []


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"roles": "Nope", "users": "ann@pve"}, "role 'Nope' does not exist\n"),
        ({"roles": "Watch", "users": "ann@pve ghost@pve"}, "user 'ghost@pve' does not exist\n"),
        ({"roles": "Watch", "groups": "ghosts"}, "group 'ghosts' does not exist\n"),
        ({"roles": "Watch", "tokens": "ann@pve!x1"}, "no such token 'x1' for user 'ann@pve'\n"),
        ({"roles": "Watch", "tokens": "ghost@pve!x1"}, "no such user ('ghost@pve')\n"),
    ],
)
def test_one_name_that_is_not_there_and_nothing_changes(params, problem):
    node = small_node()
    code, text, _ = refusal(node, "PUT", MODIFY, {"path": "/vms", **params})
    assert (code, text) == (500, f"ACL update failed: {problem}")
    assert node.disk.written == []


def test_entries_of_root_are_not_written():
    node = small_node()
    node.answer("PUT", MODIFY, {"path": "/", "roles": "Watch", "users": "root@pam"})
    assert lines(node) == []


def test_the_owner_of_a_guest_hands_out_what_it_has_itself():
    node = small_node("acl:1:/vms/100:ann@pve:PVEVMAdmin:\n")
    params = {"path": "/vms/100", "roles": "PVEVMUser", "users": "bob@pve"}
    assert node.answer("PUT", MODIFY, params, who("ann@pve")) is None
    start = "ACL update failed: 400 Parameter verification failed.\nrole: Cannot"
    end = "requires 'Permissions.Modify' or superset of privileges.\n"
    params["roles"] = "PVEAdmin"
    _, text, _ = refusal(node, "PUT", MODIFY, params, who("ann@pve"))
    assert text == f"{start} add role 'PVEAdmin' - {end}"
    _, text, _ = refusal(node, "PUT", MODIFY, {**params, "delete": 1}, who("ann@pve"))
    assert text == f"{start} remove role 'PVEAdmin' - {end}"


def test_noaccess_needs_the_right_to_modify_permissions():
    node = small_node("acl:1:/vms/100:ann@pve:PVEVMAdmin:\n")
    params = {"path": "/vms/100", "roles": "NoAccess", "users": "bob@pve"}
    _, text, _ = refusal(node, "PUT", MODIFY, params, who("ann@pve"))
    assert text.endswith("role: Cannot add role 'NoAccess' - requires 'Permissions.Modify'\n")


def test_what_does_not_propagate_is_not_handed_out_with_propagation():
    node = small_node("acl:0:/vms/100:ann@pve:PVEVMAdmin:\n")
    params = {"path": "/vms/100", "roles": "PVEVMUser", "users": "bob@pve"}
    _, text, _ = refusal(node, "PUT", MODIFY, params, who("ann@pve"))
    assert "Cannot add role 'PVEVMUser' with propagation - requires" in text
    assert node.answer("PUT", MODIFY, {**params, "propagate": 0}, who("ann@pve")) is None


def test_the_list_shows_the_paths_that_one_may_change_or_all_to_an_auditor():
    entries = (
        "acl:1:/vms/100:ann@pve:PVEVMAdmin:\n"
        "acl:1:/storage/s1:bob@pve:Watch:\n"
        "acl:1:/access:bob@pve:PVEAuditor:\n"
    )
    node = small_node(entries)
    assert len(node.answer("GET", MODIFY)) == 3
    assert len(node.answer("GET", MODIFY, caller=who("bob@pve"))) == 3
    shown = node.answer("GET", MODIFY, caller=who("ann@pve"))
    assert [entry["path"] for entry in shown] == ["/vms/100"]


def test_a_path_that_is_none_is_told_before_rights_are():
    params = {"path": "/vms/a b", "roles": "Watch", "users": "ann@pve"}
    code, _, errors = refusal(small_node(), "PUT", MODIFY, params, who("ann@pve"))
    assert (code, errors) == (400, {"path": "invalid ACL path '/vms/a b'"})
