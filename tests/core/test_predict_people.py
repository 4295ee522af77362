"""Forecasts of calls on users, passwords and API tokens (reference 4.1)."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Part, Passwords, UnixPasswords
from tests.core.foretold import after, call, changes, problem, problems, user
from tests.core.pictures import NOW, PAM, PVE, factor, factors, part, picture

ANN = "user:ann@pve:1:0:Ann:B:a@b.c:night::"
TOKEN = "token:ann@pve!ci:0:1:builds:"
GROUPS = ("group:dev:ann@pve:Developers:", "group:ops:::")
CI = Key("token", "ann@pve!ci")


# --- users -----------------------------------------------------------------------------


def test_a_new_user_has_what_was_given_and_is_enabled():
    one = call(
        "POST", "/access/users", userid="bob@pve", expire=5, email="b@c.d", comment="x: y",
        groups="ops;dev",
    )  # fmt: skip
    assert changes(picture(ANN, *GROUPS), one) == {
        Key("group", "dev"): {"comment": "Developers", "members": "ann@pve,bob@pve"},
        Key("group", "ops"): {"comment": "", "members": "bob@pve"},
        user("bob@pve"): {
            "enable": "1",
            "expire": "5",
            "firstname": "",
            "lastname": "",
            "email": "b@c.d",
            "comment": "x: y",
            "keys": "",
            "groups": "dev,ops",
        },
    }


@pytest.mark.parametrize(
    ("given", "stored"),
    [("0", ""), ("", ""), ("  ", ""), (" a  b ", "a  b"), ("two\nlines", "two\nlines"), ("ö", "ö")],
)
def test_texts_are_what_pve_reads_back(given, stored):
    found = changes(picture(ANN), call("PUT", "/access/users/ann@pve", lastname=given))
    assert found[user("ann@pve")]["lastname"] == stored


def test_a_user_who_is_there_cannot_be_made():
    one = call("POST", "/access/users", userid="ann@pve")
    assert problem(picture(ANN), one) == "The user ann@pve exists already."


def test_in_a_realm_without_capitals_a_name_in_capitals_is_the_same_user():
    realm = Realm("lab", "ldap", {"case-sensitive": "0"})
    before = picture("user:Bob@lab:1:0::::::", realms=(PAM, PVE, realm))
    one = call("POST", "/access/users", userid="bOB@lab")
    assert problem(before, one) == "The user Bob@lab exists already."
    assert not forecast(picture("user:Bob@pve:1:0::::::"), [
        call("POST", "/access/users", userid="bOB@pve")
    ], now=NOW).problems  # fmt: skip


def test_the_realm_of_a_new_user_may_be_missing_but_not_with_a_password():
    assert user("x@nowhere") in changes(
        picture(), call("POST", "/access/users", userid="x@nowhere")
    )
    one = call("POST", "/access/users", {"password": "long enough"}, userid="x@nowhere")
    assert problem(picture(), one) == "The realm nowhere does not exist."


def test_groups_that_are_missing_are_all_named():
    one = call("PUT", "/access/users/ann@pve", groups="dev,a,b")
    assert problems(picture(ANN, *GROUPS), one) == (
        "The group a does not exist.",
        "The group b does not exist.",
    )


def test_a_password_stays_when_a_group_turns_out_to_be_missing():
    one = call("POST", "/access/users", {"password": "long enough"}, userid="x@pve", groups="no")
    told = forecast(picture(), [one], now=NOW)
    assert told.problems == ("The group no does not exist.",)
    assert told.snapshot.passwords.value == Passwords(frozenset({"x"}))
    assert told.snapshot.access.value == picture().access.value


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ({"groups": "ops"}, "ops"),
        ({"groups": "ops", "append": 1}, "dev,ops"),
        ({"groups": "ops", "append": 0}, "ops"),
        ({"groups": ""}, ""),
        ({"comment": "x"}, "dev"),
    ],
)
def test_groups_replace_the_old_ones_unless_they_are_appended(values, groups):
    then = after(picture(ANN, *GROUPS), call("PUT", "/access/users/ann@pve", **values))
    assert ",".join(then.access.value.groups_of.get("ann@pve", ())) == groups
    members = {name for name, g in then.access.value.groups.items() if "ann@pve" in g.members}
    assert members == set(filter(None, groups.split(",")))


def test_groups_are_left_that_only_the_group_s_line_knows():
    before = picture("group:dev:ann@pve,old@pve::", "user:ann@pve:1:0::::::", "group:ops:ann@pve::")
    leaves = call("PUT", "/access/users/ann@pve", groups="")
    config = after(before, leaves).access.value
    assert [group.members for group in config.groups.values()] == [("old@pve",), ()]
    assert "ann@pve" not in config.groups_of


def test_a_member_without_a_user_leaves_all_groups_when_it_is_made_a_user_of_none():
    before = picture("group:dev:ann@pve,old@pve::")
    made = call("POST", "/access/users", userid="old@pve")
    leaves = call("PUT", "/access/users/old@pve", groups="")
    assert after(before, made, leaves).access.value.groups["dev"].members == ("ann@pve",)


def test_append_needs_groups():
    assert "append" in problem(picture(ANN), call("PUT", "/access/users/ann@pve", append=1))


def test_with_a_user_go_factors_groups_acl_tokens_and_password():
    before = picture(
        ANN, TOKEN, "user:bob@pve:1:0::::::", *GROUPS,
        "acl:1:/:ann@pve,bob@pve:PVEAdmin:", "acl:1:/vms:ann@pve!ci:PVEVMUser:",
        tfa=[factors("ann@pve", factor("totp"), factor("recovery", unused=3), locked=True)],
    )  # fmt: skip
    found = changes(before, call("DELETE", "/access/users/ann@pve"))
    assert found.pop(Key("group", "dev"))["members"] == ""
    assert set(found.values()) == {None}
    assert set(found) == {
        user("ann@pve"),
        Key("password", "ann@pve"),
        CI,
        Key("acl", "/", "user:ann@pve:PVEAdmin"),
        Key("acl", "/vms", "token:ann@pve!ci:PVEVMUser"),
        Key("factor", "ann@pve", "totp-"),
        Key("factor", "ann@pve", "recovery"),
        Key("lock", "ann@pve"),
    }


def test_the_secret_of_an_api_token_stays_behind_its_user():
    then = after(picture(ANN, TOKEN), call("DELETE", "/access/users/ann@pve"))
    assert then.token_secrets.value.tokens == {"ann@pve!ci"}


def test_nobody_misses_a_user_who_is_not_there():
    assert changes(picture(ANN), call("DELETE", "/access/users/bob@pve")) == {}


def test_root_comes_back_enabled_and_empty():
    before = picture("user:root@pam:0:5:Admin::::x:", tfa=[factors("root@pam", factor("totp"))])
    found = changes(before, call("DELETE", "/access/users/root@pam"))
    assert found[Key("factor", "root@pam", "totp-")] is None
    assert found[user("root@pam")]["enable"] == "1"
    assert found[user("root@pam")]["expire"] == "0"
    assert found[user("root@pam")]["firstname"] == ""


def test_a_tfa_cfg_that_pve_cannot_read_leaves_a_deleted_user_disabled():
    refused = Part(None, "files", NOW, "broken", refused=True)
    before = replace(picture(ANN), tfa=refused)
    told = forecast(before, [call("DELETE", "/access/users/ann@pve")], now=NOW)
    assert told.problems == ("PVE cannot read priv/tfa.cfg, so it changes no second factor.",)
    assert not told.snapshot.access.value.users["ann@pve"].enable


def test_a_tfa_cfg_that_we_may_not_read_keeps_no_user_from_being_deleted():
    before = replace(picture(ANN), tfa=Part(None, "https", NOW, "not for you"))
    assert changes(before, call("DELETE", "/access/users/ann@pve"))[user("ann@pve")] is None


# --- passwords -----------------------------------------------------------------------------


def password_of(userid):
    return call("PUT", "/access/password", {"password": "long enough"}, userid=userid)


def test_a_first_password_is_a_change_and_a_new_one_is_told_apart():
    before = picture(ANN, pve_passwords=())
    then = after(before, password_of("ann@pve"))
    assert then.passwords.value.users == {"ann"}
    told = forecast(then, [password_of("ann@pve")], now=NOW)
    assert told.snapshot is then
    assert told.renewed == (Key("password", "ann@pve"),)


def test_directories_and_identity_providers_keep_their_own_passwords():
    before = picture("user:u@entra:1:0::::::")
    assert problem(before, password_of("u@entra")) == (
        "PVE sets no passwords in the realm entra, which is of type openid."
    )
    assert problem(before, password_of("x@pve")) == "The user x@pve does not exist."


def test_whether_a_linux_user_is_there_must_be_known():
    before = picture("user:joe@pam:1:0::::::", unix=UnixPasswords(frozenset({"joe"})))
    told = forecast(before, [password_of("joe@pam")], now=NOW)
    assert told == (before, (), (), (Key("password", "joe@pam"),))
    unknown = replace(before, unix=part(UnixPasswords(frozenset())))
    assert forecast(unknown, [password_of("joe@pam")], now=NOW).unforeseen
    assert forecast(picture("user:joe@pam:1:0::::::"), [password_of("joe@pam")], now=NOW).unforeseen


def test_root_is_a_linux_user_everywhere():
    before = picture(unix=UnixPasswords(frozenset()))
    then = after(before, password_of("root@pam"))
    assert then.unix.value.users == {"root"}
    assert forecast(picture(), [password_of("root@pam")], now=NOW).unforeseen == ()


def test_a_linux_user_s_first_password_is_unforeseen_and_the_rest_is_told():
    one = call("POST", "/access/users", {"password": "long enough"}, userid="joe@pam")
    told = forecast(picture(), [one], now=NOW)
    assert told.unforeseen == (one,)
    assert "joe@pam" in told.snapshot.access.value.users


# --- API tokens -------------------------------------------------------------------------------


def test_a_new_token_is_privilege_separated_and_has_a_secret():
    one = call("POST", "/access/users/ann@pve/token/t2", comment="x")
    before = picture(ANN)
    assert changes(before, one) == {
        Key("token", "ann@pve!t2"): {"expire": "0", "privsep": "1", "comment": "x"}
    }
    assert after(before, one).token_secrets.value.tokens == {"ann@pve!t2"}


def test_tokens_that_are_there_or_not():
    before = picture(ANN, TOKEN)
    assert problem(before, call("POST", "/access/users/ann@pve/token/ci")) == (
        "The API token ann@pve!ci exists already."
    )
    for method in ("PUT", "DELETE"):
        assert problem(before, call(method, "/access/users/ann@pve/token/no")) == (
            "The API token ann@pve!no does not exist."
        )
    assert problem(before, call("POST", "/access/users/bob@pve/token/ci")) == (
        "The user bob@pve does not exist."
    )


@pytest.mark.parametrize(
    ("values", "record"),
    [
        ({"expire": 7}, {"expire": "7"}),
        ({"privsep": 0}, {"privsep": "0"}),
        ({"comment": ""}, {"comment": ""}),
        ({"delete": "comment", "comment": "x"}, {"comment": ""}),
    ],
)
def test_a_token_changes(values, record):
    found = changes(picture(ANN, TOKEN), call("PUT", "/access/users/ann@pve/token/ci", **values))
    assert found == {CI: {"expire": "0", "privsep": "1", "comment": "builds", **record}}


def test_only_the_comment_of_a_token_can_be_deleted():
    before, path = picture(ANN, TOKEN), "/access/users/ann@pve/token/ci"
    assert problem(before, call("PUT", path, delete="expire")) == (
        "Of an API token only the comment can be deleted, not expire."
    )
    assert problem(before, call("PUT", path, delete="")).startswith("PVE 9.2 fails")


def test_a_token_with_a_new_secret_has_the_same_record():
    before = picture(ANN, TOKEN)
    one = call("PUT", "/access/users/ann@pve/token/ci", regenerate=1)
    assert changes(before, one) == {}
    assert forecast(before, [one], now=NOW).renewed == (CI,)


def test_with_a_token_go_its_acl_entries_and_its_secret():
    before = picture(ANN, TOKEN, "acl:1:/vms:ann@pve,ann@pve!ci:PVEAdmin:")
    one = call("DELETE", "/access/users/ann@pve/token/ci")
    assert changes(before, one) == {CI: None, Key("acl", "/vms", "token:ann@pve!ci:PVEAdmin"): None}
    assert after(before, one).token_secrets.value.tokens == frozenset()
