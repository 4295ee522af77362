"""Who may make a call: the checks that PVE declares beside each method, and their texts."""

from types import MappingProxyType

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.request import NOBODY
from tests.simnode.small import refusal, small_node, who

FAILED = "Permission check failed"
BOB = "/access/users/bob@pve"


def check(declared, caller="ann@pve", acl="", **params):
    small_node(acl).rights(who(caller)).require(declared, MappingProxyType(params))


def test_root_passes_every_check():
    check(None, "root@pam")
    check({"check": ["perm", "/", ["Sys.Modify"]]}, "root@pam")


def test_a_token_of_root_passes_what_its_rights_allow():
    users = "user:root@pam:1:0::::::\ntoken:root@pam!all:0:0::\ntoken:root@pam!own:0:1::\n"
    node = small_node(users=users)
    declared = {"check": ["perm", "/", ["Sys.Modify"]]}
    node.rights(who("root@pam!all")).require(declared, {})
    with pytest.raises(ApiError, match=r"\(/, Sys.Modify\)"):
        node.rights(who("root@pam!own")).require(declared, {})


def test_without_a_declaration_it_is_for_root_alone():
    with pytest.raises(ApiError, match=r"user != root@pam"):
        check(None)


def test_nobody_gets_only_what_is_for_the_world():
    rights = small_node().rights(NOBODY)
    rights.require({"user": "world"}, {})
    with pytest.raises(ApiError, match=r"user != null"):
        rights.require({"user": "all"}, {})


def test_of_several_privileges_the_first_that_is_missing_is_told_or_all_where_one_would_do():
    with pytest.raises(ApiError, match=r"\(/access, Sys.Audit\)"):
        check({"check": ["perm", "/access", ["Sys.Audit", "Sys.Modify"]]})
    with pytest.raises(ApiError, match=r"\(/access, Sys.Audit\|Sys.Modify\)"):
        check({"check": ["perm", "/access", ["Sys.Audit", "Sys.Modify"], "any", 1]})
    acl = "acl:1:/access:ann@pve:PVEAuditor:\n"
    check({"check": ["perm", "/access", ["Sys.Audit", "Sys.Modify"], "any", 1]}, acl=acl)


def test_a_path_that_cannot_be_one_gives_no_rights():
    declared = {"check": ["perm", "/pool/{poolid}", ["Pool.Allocate"]]}
    with pytest.raises(ApiError, match=r"\(, Pool.Allocate\)"):
        check(declared, poolid="a b")
    node = small_node(users="user:root@pam:1:0::::::\ntoken:root@pam!all:0:0::\n")
    with pytest.raises(ApiError, match=r"\(, Pool.Allocate\)"):
        node.rights(who("root@pam!all")).require(declared, {"poolid": "a b"})


def test_a_parameter_that_is_empty_leaves_a_dash_in_the_path():
    with pytest.raises(ApiError, match=r"\(/access/realm/-, Realm.Allocate\)"):
        check({"check": ["perm", "/access/realm/{realm}", ["Realm.Allocate"]]}, realm="0")


def test_one_of_several_checks_refuses_without_a_reason():
    path = f"{BOB}/token"
    assert refusal(small_node(), "GET", path, caller=who("ann@pve"))[:2] == (403, f"{FAILED}\n")


def test_several_that_belong_together_tell_which_one_failed():
    params = {"userid": "bob@pve", "password": "long enough"}
    code, text, _ = refusal(small_node(), "PUT", "/access/password", params, who("ann@pve"))
    assert (code, text) == (403, f"{FAILED} (/access/realm/pve, Realm.AllocateUser)\n")


def test_an_impossible_userid_is_told_before_rights_are():
    params = {"userid": "x", "password": "long enough"}
    code, text, _ = refusal(small_node(), "PUT", "/access/password", params, who("ann@pve"))
    assert (code, text) == (500, "user name 'x' is too short\n")
    code, text, _ = refusal(small_node(), "GET", "/access/users/x", caller=who("ann@pve"))
    assert (code, text) == (500, "user name 'x' is too short\n")


def test_rights_are_looked_at_before_parameters():
    params = {"privs": "No.Such"}
    code, _, _ = refusal(small_node(), "PUT", "/access/roles/Watch", params, who("ann@pve"))
    assert code == 403


def test_a_user_who_is_not_there_is_told_as_such():
    path = "/access/users/ghost@pve"
    code, text, _ = refusal(small_node(), "GET", path, caller=who("ann@pve"))
    assert (code, text) == (500, "no such user ('ghost@pve')\n")


def test_a_group_that_one_manages_is_enough_for_its_members():
    acl = "acl:1:/access/groups/dev:ann@pve:PVEUserAdmin:\n"
    node = small_node(acl)
    assert node.answer("GET", BOB, caller=who("ann@pve"))["groups"] == ["dev"]
    code, text, _ = refusal(node, "GET", "/access/users/root@pam", caller=who("ann@pve"))
    assert (code, text) == (403, f"{FAILED}\n")


def test_a_new_user_comes_into_a_group_that_one_manages():
    acl = (
        "acl:1:/access/groups/dev:ann@pve:PVEUserAdmin:\n"
        "acl:1:/access/realm/pve:ann@pve:PVEUserAdmin:\n"
    )
    node = small_node(acl)
    ann = who("ann@pve")
    for groups, missing in (("", ""), ("dev,ops", "/ops")):
        params = {"userid": "cy@pve", "groups": groups}
        text = f"{FAILED} (/access/groups{missing}, User.Modify)\n"
        assert refusal(node, "POST", "/access/users", params, ann) == (403, text, {})
    assert node.answer("POST", "/access/users", {"userid": "cy@pve", "groups": "dev"}, ann) is None


@pytest.mark.parametrize(
    ("path", "instead"),
    [("/vms/100", "|VM.Allocate"), ("/storage/s", "|Datastore.Allocate"), ("/vms", "")],
)
def test_changing_an_acl_needs_permissions_modify_or_what_stands_in_for_it(path, instead):
    params = {"path": path, "roles": "Watch", "users": "bob@pve"}
    code, text, _ = refusal(small_node(), "PUT", "/access/acl", params, who("ann@pve"))
    assert (code, text) == (403, f"{FAILED} ({path}, Permissions.Modify{instead})\n")


def test_rights_follow_every_change_at_once():
    node = small_node("acl:1:/access:ann@pve:PVEAuditor:\n")
    assert "Sys.Audit" in node.may(who("ann@pve"), "/access")
    params = {"path": "/access", "roles": "PVEAuditor", "users": "ann@pve", "delete": 1}
    node.answer("PUT", "/access/acl", params)
    assert node.may(who("ann@pve"), "/access") == frozenset()
