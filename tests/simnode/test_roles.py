"""Roles of the simulated node."""

from tests.simnode.small import file, refusal, small_node


def test_put_role_without_privileges_empties_it():
    node = small_node()
    node.answer("PUT", "/access/roles/Watch")
    assert node.answer("GET", "/access/roles/Watch") == {}


def test_append_adds_to_a_role():
    node = small_node()
    node.answer("PUT", "/access/roles/Watch", {"privs": "VM.Console", "append": 1})
    assert node.answer("GET", "/access/roles/Watch") == {"VM.Audit": 1, "VM.Console": 1}


def test_removing_a_role_drops_its_acl_lines():
    """They stay in the file until PVE writes it the next time."""
    node = small_node("acl:1:/vms:ann@pve:Watch:\n")
    node.answer("DELETE", "/access/roles/Watch")
    assert "acl:1:/vms:ann@pve:Watch:" in file(node, "user.cfg")
    assert node.answer("GET", "/access/acl") == []
    node.answer("POST", "/access/groups", {"groupid": "new"})
    assert "acl:" not in file(node, "user.cfg")


def test_a_role_has_only_privileges_that_exist():
    params = {"roleid": "New", "privs": "VM.Audit VM.Fly"}
    assert refusal(small_node(), "POST", "/access/roles", params) == (
        400,
        "Parameter verification failed.\n",
        {"privs": "invalid format - invalid privilege 'VM.Fly'\n"},
    )


def test_names_of_pve_are_kept_for_pve():
    node = small_node()
    _, _, errors = refusal(node, "POST", "/access/roles", {"roleid": "pveMine"})
    problem = "cannot use role ID starting with the (case-insensitive) 'PVE' namespace"
    assert errors == {"roleid": problem}
    _, text, _ = refusal(node, "POST", "/access/roles", {"roleid": "NoAccess"})
    assert text == "create role failed: role 'NoAccess' already exists\n"


def test_built_in_roles_stay_as_they_are():
    node = small_node()
    code, text, _ = refusal(node, "PUT", "/access/roles/NoAccess", {"privs": "VM.Audit"})
    assert (code, text) == (500, "auto-generated role 'NoAccess' cannot be modified\n")
    code, text, _ = refusal(node, "DELETE", "/access/roles/Administrator")
    assert (code, text) == (500, "auto-generated role 'Administrator' cannot be deleted\n")
