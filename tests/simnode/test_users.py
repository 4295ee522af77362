"""What users are told by the simulated node, and what changes with them."""

import pytest

from tests.simnode.small import NOW, USERS, file, refusal, small_node, who

LOCKED = (
    '{"users":{"bob@pve":{"totp":[{"id":"a","created":1,"entry":"otpauth://totp/b?secret='
    f'MFRGGZDFMZTWQ2LK"}}],"totp-locked":true,"tfa-locked-until":{NOW + 60}}}}}}}'
)


def names(users):
    return [user["userid"] for user in users]


def test_the_list_is_for_those_who_may_see_users_and_shows_everybody_themselves():
    node = small_node("acl:1:/access/groups/dev:ann@pve:PVEAuditor:\n")
    assert names(node.answer("GET", "/access/users")) == ["ann@pve", "bob@pve", "root@pam"]
    assert names(node.answer("GET", "/access/users", caller=who("ann@pve"))) == [
        "ann@pve",
        "bob@pve",
    ]
    assert names(node.answer("GET", "/access/users", caller=who("bob@pve"))) == ["bob@pve"]


def test_a_token_does_not_see_its_own_user():
    assert small_node().answer("GET", "/access/users", caller=who("bob@pve!ci")) == []


def test_enabled_picks_one_kind():
    node = small_node()
    node.answer("PUT", "/access/users/ann@pve", {"enable": 0})
    assert names(node.answer("GET", "/access/users", {"enabled": 0})) == ["ann@pve"]
    assert names(node.answer("GET", "/access/users", {"enabled": 1})) == ["bob@pve", "root@pam"]


def test_full_brings_groups_and_tokens():
    bob = small_node().answer("GET", "/access/users", {"full": 1})[1]
    assert bob["groups"] == "dev"
    assert bob["tokens"] == [{"tokenid": "ci", "expire": 0, "privsep": 1}]


def test_locks_of_second_factors_are_shown():
    bob = small_node(tfa=LOCKED).answer("GET", "/access/users")[1]
    assert (bob["totp-locked"], bob["tfa-locked-until"]) == (1, NOW + 60)


def test_an_unreadable_tfa_file_hides_the_list():
    code, text, _ = refusal(small_node(tfa="{"), "GET", "/access/users")
    assert (code, text) == (500, "failed to parse TFA file, neither old style nor valid json\n")


def test_a_new_user_joins_groups_and_has_a_password():
    node = small_node()
    params = {"userid": "cy@pve", "groups": "dev ops,dev", "password": "long enough", "expire": 9}
    assert node.answer("POST", "/access/users", params) is None
    assert "user:cy@pve:1:9::::::\n" in file(node, "user.cfg")
    assert "group:dev:bob@pve,cy@pve:Developers:\ngroup:ops:cy@pve::\n" in file(node, "user.cfg")
    assert file(node, "priv/shadow.cfg").startswith("cy:$5$")


def test_a_password_is_stored_before_a_missing_group_is_noticed():
    node = small_node()
    params = {"userid": "cy@pve", "groups": "none", "password": "long enough"}
    before = file(node, "user.cfg")
    text = "create user failed: no such group 'none'\n"
    assert refusal(node, "POST", "/access/users", params) == (500, text, {})
    assert file(node, "user.cfg") == before
    assert file(node, "priv/shadow.cfg").startswith("cy:$5$")


@pytest.mark.parametrize(
    ("realm", "problem"),
    [
        ("nowhere", "auth domain 'nowhere' does not exist\n"),
        ("corp", "can't set password on auth type 'ldap'\n"),
        ("pam", "change password failed: user 'cy' does not exist\n"),
    ],
)
def test_a_password_needs_a_realm_that_keeps_it(realm, problem):
    node = small_node(domains="ldap: corp\n\tbase_dn dc=x\n\tserver1 x\n\tuser_attr uid\n")
    params = {"userid": f"cy@{realm}", "password": "long enough"}
    text = f"create user failed: {problem}"
    assert refusal(node, "POST", "/access/users", params) == (500, text, {})
    assert node.answer("POST", "/access/users", {"userid": f"cy@{realm}"}) is None


def test_where_case_means_nothing_a_user_exists_in_any_case():
    domains = "ad: ads\n\tdomain x.example\n\tserver1 x\n\tcase-sensitive 0\n"
    node = small_node(users="user:Ann@ads:1:0::::::\n", domains=domains)
    _, text, _ = refusal(node, "POST", "/access/users", {"userid": "ANN@ads"})
    assert text == "create user failed: user 'Ann@ads' already exists\n"


def test_groups_replace_the_old_ones_unless_they_are_appended():
    node = small_node()
    node.answer("PUT", "/access/users/bob@pve", {"groups": "ops", "append": 1})
    assert node.answer("GET", "/access/users/bob@pve")["groups"] == ["dev", "ops"]
    node.answer("PUT", "/access/users/bob@pve", {"groups": "ops"})
    assert node.answer("GET", "/access/users/bob@pve")["groups"] == ["ops"]
    node.answer("PUT", "/access/users/bob@pve", {"groups": ""})
    assert node.answer("GET", "/access/users/bob@pve")["groups"] == []


def test_an_empty_text_clears_a_field():
    node = small_node()
    node.answer("PUT", "/access/users/ann@pve", {"firstname": ""})
    assert "firstname" not in node.answer("GET", "/access/users/ann@pve")


def test_a_mail_address_may_have_letters_of_any_language():
    node = small_node()
    node.answer("PUT", "/access/users/ann@pve", {"email": "jürgen@example.com"})
    assert node.answer("GET", "/access/users/ann@pve")["email"].endswith("rgen@example.com")
    assert refusal(node, "PUT", "/access/users/ann@pve", {"email": "a@exämple.com"})[0] == 400


def test_root_can_be_disabled():
    """PUT root@pam enable=0 is accepted; every login ends with it."""
    node = small_node()
    assert node.answer("PUT", "/access/users/root@pam", {"enable": 0}) is None
    assert "user:root@pam:0:0::::::\n" in file(node, "user.cfg")


def test_a_removed_user_leaves_groups_acl_password_and_second_factors():
    node = small_node(
        "acl:1:/vms:bob@pve,bob@pve!ci,@dev:PVEVMUser:\n",
        shadow="ann:$5$a$b:\nbob:$5$c$d:\n",
        tfa=LOCKED,
        tokens="bob@pve!ci secret\n",
    )
    node.answer("DELETE", "/access/users/bob@pve")
    assert "bob@pve" not in file(node, "user.cfg").replace("bob@pve!ci", "")
    assert file(node, "priv/shadow.cfg") == "ann:$5$a$b:\n"
    assert file(node, "priv/tfa.cfg") == "{}"
    assert node.answer("GET", "/access/acl") == [
        {"path": "/vms", "type": "group", "ugid": "dev", "roleid": "PVEVMUser", "propagate": 1}
    ]


def test_the_secrets_of_a_removed_users_tokens_stay_behind():
    node = small_node(tokens="bob@pve!ci secret\n")
    node.answer("DELETE", "/access/users/bob@pve")
    assert file(node, "priv/token.cfg") == "bob@pve!ci secret\n"


def test_nobody_misses_a_user_who_is_not_there():
    node = small_node()
    assert node.answer("DELETE", "/access/users/ghost@pve") is None
    assert "ghost" not in file(node, "user.cfg")


def test_removing_a_user_disables_it_first():
    node = small_node()
    node.faults.held_locks.add("file-priv_shadow_cfg")
    text = "delete user failed: cfs-lock 'file-priv_shadow_cfg' error: got lock request timeout\n"
    assert refusal(node, "DELETE", "/access/users/bob@pve") == (500, text, {})
    assert "user:bob@pve:0:0::::::\n" in file(node, "user.cfg")


def test_a_removed_root_is_there_again():
    node = small_node(users="user:root@pam:1:0:Admin:::::\n" + USERS)
    node.answer("DELETE", "/access/users/root@pam")
    assert node.answer("GET", "/access/users/root@pam") == {
        "enable": 1,
        "groups": [],
        "tokens": None,
    }


def test_a_user_in_a_group_that_one_manages_can_be_changed_but_not_moved_out_of_reach():
    node = small_node("acl:1:/access/groups/dev:ann@pve:PVEUserAdmin:\n")
    ann = who("ann@pve")
    assert node.answer("PUT", "/access/users/bob@pve", {"groups": "dev"}, ann) is None
    for params, missing in (({"comment": "x"}, ""), ({"groups": "dev,ops"}, "/ops")):
        text = f"Permission check failed (/access/groups{missing}, User.Modify)\n"
        assert refusal(node, "PUT", "/access/users/bob@pve", params, ann) == (403, text, {})
