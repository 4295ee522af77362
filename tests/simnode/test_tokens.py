"""API tokens of the simulated node."""

from tests.simnode.small import UUID, file, refusal, small_node, who

NEW = "/access/users/ann@pve/token/ci"
OLD = "/access/users/bob@pve/token/ci"


def test_a_new_token_tells_its_secret_once():
    node = small_node()
    answer = node.answer("POST", NEW, {"comment": "job", "expire": 7})
    assert answer == {
        "full-tokenid": "ann@pve!ci",
        "value": UUID,
        "info": {"privsep": 1, "expire": "7", "comment": "job"},
    }
    assert node.answer("GET", NEW) == {"expire": 7, "privsep": 1, "comment": "job"}
    assert file(node, "priv/token.cfg") == f"ann@pve!ci {UUID}\n"


def test_a_token_exists_only_once():
    assert refusal(small_node(), "POST", OLD)[2] == {"tokenid": "Token already exists."}


def test_a_change_answers_with_the_whole_token():
    node = small_node()
    assert node.answer("PUT", OLD, {"comment": "x", "privsep": 0}) == {
        "expire": 0,
        "privsep": "0",
        "comment": "x",
    }
    assert node.answer("PUT", OLD, {"delete": "comment"}) == {"expire": 0, "privsep": 0}


def test_only_the_comment_can_be_deleted():
    node = small_node()
    assert refusal(node, "PUT", OLD, {"delete": "expire"}) == (
        500,
        "updating token info failed: 400 Parameter verification failed.\n"
        "delete: unknown option 'expire'\n",
        {},
    )
    assert node.disk.written == []


def test_a_regenerated_secret_replaces_the_old_one():
    node = small_node("acl:1:/vms:bob@pve!ci:Watch:\n", tokens="bob@pve!ci old\n")
    answer = node.answer("PUT", OLD, {"regenerate": 1})
    assert (answer["value"], answer["full-tokenid"]) == (UUID, "bob@pve!ci")
    assert file(node, "priv/token.cfg") == f"bob@pve!ci {UUID}\n"
    assert len(node.answer("GET", "/access/acl")) == 1


def test_a_removed_token_takes_its_secret_with_it():
    node = small_node("acl:1:/vms:bob@pve!ci:Watch:\n", tokens="bob@pve!ci old\n")
    node.answer("DELETE", OLD)
    assert file(node, "priv/token.cfg") == ""
    assert node.answer("GET", "/access/users/bob@pve/token") == []
    assert node.answer("GET", "/access/acl") == []
    code, text, _ = refusal(node, "DELETE", OLD)
    assert (code, text) == (500, "no such token 'ci' for user 'bob@pve'\n")


def test_a_held_lock_of_the_secrets_leaves_the_users_as_they_were():
    node = small_node()
    node.faults.held_locks.add("file-priv_token_cfg")
    lock = "cfs-lock 'file-priv_token_cfg' error: got lock request timeout\n\n"
    assert refusal(node, "POST", NEW) == (500, f"generating token failed: {lock}", {})
    assert node.disk.written == []


def test_everybody_makes_tokens_for_themselves_and_not_for_others():
    node = small_node()
    assert node.answer("POST", NEW, caller=who("ann@pve"))["value"] == UUID
    text = "Permission check failed\n"
    assert refusal(node, "DELETE", OLD, caller=who("ann@pve")) == (403, text, {})


def test_whoever_manages_users_may_take_roots_place():
    """PVEUserAdmin on /access/groups is as good as root@pam, through a token of root@pam."""
    node = small_node("acl:1:/access/groups:ann@pve:PVEUserAdmin:\n")
    node.answer("POST", "/access/users/root@pam/token/t1", {"privsep": 0}, who("ann@pve"))
    assert node.answer("DELETE", "/access/groups/dev", caller=who("root@pam!t1")) is None
