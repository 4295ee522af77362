"""GET /access/permissions of the simulated node: whose rights one may see."""

from tests.simnode.small import refusal, small_node, who

HERE = "/access/permissions"


def test_a_user_named_only_in_an_acl_gets_rights():
    node = small_node("acl:1:/vms:ghost@pve:Watch:\n")
    answer = node.answer("GET", HERE, {"userid": "ghost@pve", "path": "/vms"})
    assert answer == {"/vms": {"VM.Audit": 1}}


def test_everybody_sees_their_own_rights_and_those_of_their_tokens():
    node = small_node("acl:1:/vms:bob@pve,bob@pve!ci:Watch:\n")
    bob = who("bob@pve")
    assert node.answer("GET", HERE, caller=bob) == {"/vms": {"VM.Audit": 1}}
    assert node.answer("GET", HERE, {"userid": "bob@pve!ci"}, bob) == {"/vms": {"VM.Audit": 1}}
    assert node.answer("GET", HERE, caller=who("bob@pve!ci")) == {"/vms": {"VM.Audit": 1}}


def test_others_rights_need_sys_audit_on_access():
    node = small_node("acl:1:/access:bob@pve:PVEAuditor:\n")
    text = "Permission check failed (/access, Sys.Audit)\n"
    asked = {"userid": "root@pam"}
    assert refusal(node, "GET", HERE, asked, who("ann@pve")) == (403, text, {})
    assert len(node.answer("GET", HERE, asked, who("bob@pve"))) >= 8


def test_a_token_does_not_see_its_users_rights():
    code, _, _ = refusal(small_node(), "GET", HERE, {"userid": "bob@pve"}, who("bob@pve!ci"))
    assert code == 403


def test_an_impossible_path_is_echoed():
    answer = small_node().answer("GET", HERE, {"userid": "ann@pve", "path": "nope"})
    assert answer == {"nope": {}}
