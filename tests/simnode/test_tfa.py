"""Second factors over the simulated node's API: who may, what is asked, what stays behind."""

import json

import pytest

from pve_auth_tui.core import otpauth
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.passwords import crypt
from pve_auth_tui.simnode.tfa import totp
from pve_auth_tui.simnode.tfa.challenges import FOLDER
from tests.simnode.small import NOW, USERS, file, refusal, small_node, who
from tests.simnode.softkey import SoftKey

URI = "otpauth://totp/b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
CODE = totp.code(otpauth.parse(URI), NOW)
BOB = "/access/tfa/bob@pve"
SHADOW = f"bob:{crypt('Bobs-Pw-1', '$5$saltsalt$')}:\n"
PHONE = {"type": "totp", "description": "phone", "totp": URI, "value": CODE}
WEBAUTHN = "webauthn: id=pve1.example.com,rp=lab\n"
HOST = "pve1.example.com:8006"


def node_with_totp(acl="", **files):
    node = small_node(acl, **files)
    node.answer("POST", BOB, PHONE)
    return node


def test_a_new_factor_is_listed_shown_and_marks_its_user():
    node = small_node()
    made = node.answer("POST", BOB, PHONE)
    entry = {"id": made["id"], "type": "totp", "created": NOW, "description": "phone"}
    assert node.answer("GET", BOB) == [entry]
    assert node.answer("GET", f"{BOB}/{made['id']}") == entry
    assert node.answer("GET", "/access/tfa") == [{"userid": "bob@pve", "entries": [entry]}]
    assert node.answer("GET", "/access/users/bob@pve")["keys"] == "x"


def test_an_attempt_that_fails_marks_the_user_all_the_same():
    node = small_node()
    wrong = {**PHONE, "value": "000000"}
    assert refusal(node, "POST", BOB, wrong)[:2] == (500, "failed to verify TOTP challenge\n")
    assert "user:bob@pve:1:0:::::x:\n" in file(node, "user.cfg")
    assert file(node, "priv/tfa.cfg") == ""


def test_the_mark_goes_with_the_last_factor():
    node = node_with_totp()
    node.answer("POST", BOB, {"type": "recovery"})
    assert node.answer("DELETE", f"{BOB}/recovery") == ""
    assert "keys" in node.answer("GET", "/access/users/bob@pve")
    [entry] = node.answer("GET", BOB)
    assert node.answer("DELETE", f"{BOB}/{entry['id']}") is None
    assert "keys" not in node.answer("GET", "/access/users/bob@pve")
    assert file(node, "priv/tfa.cfg") == "{}"


def test_a_factor_is_renamed_and_switched_off_recovery_keys_are_not():
    node = node_with_totp()
    [entry] = node.answer("GET", BOB)
    assert node.answer("PUT", f"{BOB}/{entry['id']}", {"description": "old", "enable": 0}) == ""
    assert node.answer("GET", BOB) == [{**entry, "description": "old", "enable": 0}]
    node.answer("POST", BOB, {"type": "recovery"})
    assert refusal(node, "PUT", f"{BOB}/recovery", {"enable": 0})[1] == "no such entry\n"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_is_not_there_is_not_found(method):
    code, text, _ = refusal(node_with_totp(), method, f"{BOB}/none")
    expected = (404, "No such tfa entry 'none'") if method == "GET" else (500, "no such entry\n")
    assert (code, text) == expected


def test_users_confirm_their_own_password_and_not_that_of_the_changed_user():
    node = small_node("acl:1:/access/groups:bob@pve:PVEUserAdmin:\n", shadow=SHADOW)
    bob, ann = who("bob@pve"), "/access/tfa/ann@pve"
    assert refusal(node, "POST", ann, PHONE, bob) == (
        400,
        "Parameter verification failed.\n",
        {"password": "password is required to modify user"},
    )
    wrong = {**PHONE, "password": "wrong"}
    assert refusal(node, "POST", ann, wrong, bob)[:2] == (500, "invalid credentials\n")
    assert "keys" not in node.answer("GET", "/access/users/ann@pve")
    assert node.answer("POST", ann, {**PHONE, "password": "Bobs-Pw-1"}, bob)["id"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nobody_but_root_touches_root(method):
    node = small_node("acl:1:/:bob@pve:Administrator:\n", shadow=SHADOW)
    path = "/access/tfa/root@pam" if method == "POST" else "/access/tfa/root@pam/x"
    params = {"password": "Bobs-Pw-1", **({"type": "recovery"} if method == "POST" else {})}
    assert refusal(node, method, path, params, who("bob@pve"))[:2] == (
        403,
        "Permission check failed\n",
    )


def test_others_see_and_change_nothing_of_a_user():
    node = node_with_totp()
    ann = who("ann@pve")
    assert node.answer("GET", "/access/tfa", caller=ann) == []
    for method, path in [("GET", BOB), ("POST", BOB), ("GET", f"{BOB}/x"), ("DELETE", f"{BOB}/x")]:
        assert refusal(node, method, path, {"type": "recovery"}, ann)[0] == 403
    unlock = "/access/users/bob@pve/unlock-tfa"
    assert refusal(node, "PUT", unlock, None, who("bob@pve"))[0] == 403


def test_who_may_see_a_group_sees_the_factors_of_its_members():
    node = node_with_totp("acl:1:/access/groups/dev:ann@pve:PVEAuditor:\n")
    [seen] = node.answer("GET", "/access/tfa", caller=who("ann@pve"))
    assert seen["userid"] == "bob@pve"


def test_tokens_change_no_factors():
    node = node_with_totp()
    code, text, _ = refusal(node, "POST", BOB, PHONE, who("bob@pve!ci"))
    assert (code, "not available with API token" in text) == (403, True)


def test_a_user_who_is_not_there_has_none_and_gets_none():
    node = small_node()
    assert node.answer("GET", "/access/tfa/cy@pve") == []
    assert refusal(node, "POST", "/access/tfa/cy@pve", PHONE)[1] == "no such user ('cy@pve')\n"
    unlock = "/access/users/cy@pve/unlock-tfa"
    assert refusal(node, "PUT", unlock)[1] == "no such user\n"


def test_a_security_key_is_added_in_two_calls_and_bound_to_the_host_that_was_asked():
    node, key = small_node(datacenter=WEBAUTHN), SoftKey()
    start = {"type": "webauthn", "description": "key"}
    started = node.answer("POST", BOB, start, host=HOST)
    assert started["id"] is None
    challenge = json.loads(started["challenge"])["publicKey"]["challenge"]
    assert node.answer("GET", "/access/tfa") == [{"userid": "bob@pve", "entries": []}]
    finish = {
        "type": "webauthn",
        "challenge": challenge,
        "value": json.dumps(key.create(challenge)),
    }
    with pytest.raises(ApiError, match="relying party origin"):
        node.answer("POST", BOB, finish, host="pve1.example.com")
    assert node.answer("POST", BOB, finish, host=HOST)["id"]


@pytest.mark.parametrize("host", ["192.0.2.1:8006", "localhost:8006", "other.com"])
def test_no_key_is_added_by_an_address_or_another_name(host):
    node = small_node(datacenter=WEBAUTHN)
    with pytest.raises(ApiError, match="no webauthn configuration available"):
        node.answer("POST", BOB, {"type": "webauthn", "description": "key"}, host=host)
    assert node.journal[-1].startswith("error: webauthn error: ")


def test_without_origin_and_host_not_even_recovery_keys_can_be_added():
    node = small_node(datacenter=WEBAUTHN)
    assert refusal(node, "POST", BOB, {"type": "recovery"})[1] == "failed to figure out origin\n"
    node = small_node(datacenter=WEBAUTHN.replace("rp=", "origin=https://pve1.example.com,rp="))
    assert node.answer("POST", BOB, {"type": "recovery"})["id"] == "recovery"


def test_the_types_of_a_user_and_where_pve_stumbles():
    node = node_with_totp()
    types = "/access/users/bob@pve/tfa"
    assert node.answer("GET", "/access/users/ann@pve/tfa") == {}
    assert node.answer("GET", types) == {"user": "oath"}
    assert node.answer("GET", types, {"multiple": 1}) == {"user": ["totp"]}
    node.answer("POST", BOB, {"type": "recovery"})
    code, text, _ = refusal(node, "GET", types, {"multiple": 1})
    assert (code, text) == (
        500,
        "Not an ARRAY reference at /usr/share/perl5/PVE/API2/User.pm line 640.\n",
    )


def test_unlocking_says_whether_somebody_was_locked_and_forgets_the_misses():
    node = node_with_totp()
    locked = file(node, "priv/tfa.cfg").replace("}]}}}", '}],"totp-locked":true}}}')
    node.disk.write("etc/pve/priv/tfa.cfg", locked.encode())
    node.disk.write(f"{FOLDER}/bob@pve", b'{"totp_failures":8,"tfa_failures":8}')
    unlock = "/access/users/bob@pve/unlock-tfa"
    assert node.answer("GET", "/access/tfa")[0]["totp-locked"] == 1
    assert (node.answer("PUT", unlock), node.answer("PUT", unlock)) == (1, 0)
    assert node.disk.read(f"{FOLDER}/bob@pve") == b"{}"


REALM = "pve: pve\n\ttfa type={}\n"


def test_a_key_of_old_times_becomes_a_factor_with_the_realms_digits_and_step():
    users = USERS.replace("user:bob@pve:1:0::::::", f"user:bob@pve:1:0:::::v2-0x{'61' * 20}:")
    node = small_node(users=users, domains=REALM.format("oath,digits=8,step=60"))
    node.answer("POST", BOB, {"type": "recovery"})
    old = node.answer("GET", BOB)[1]
    assert old["description"] == "<old userconfig key 0>"
    assert "&digits=8&algorithm=SHA1&period=60" in file(node, "priv/tfa.cfg")
    assert "user:bob@pve:1:0:::::x:\n" in file(node, "user.cfg")


def test_a_key_of_old_times_without_a_realm_that_says_what_it_is_is_dropped():
    users = USERS.replace("user:bob@pve:1:0::::::", "user:bob@pve:1:0:::::MFRGGZDFMZTWQ2LK:")
    node = small_node(users=users)
    node.answer("POST", BOB, {"type": "recovery"})
    assert [entry["type"] for entry in node.answer("GET", BOB)] == ["recovery"]


@pytest.mark.parametrize(
    ("tfa", "value", "text"),
    [
        ("", "c" * 44, "no yubico otp configuration available for realm pve\n"),
        ("oath", "c" * 44, "realm is not setup for Yubico OTP\n"),
        ("yubico", "c" * 44, "yubico: missing API ID\n"),
        ("yubico,id=1", "c" * 44, "yubico: missing API KEY\n"),
        ("yubico,id=1,key=k", None, "yubico: missing password\n"),
        ("yubico,id=1,key=k", "c" * 12, "yubico: wrong OTP length\n"),
    ],
)
def test_a_yubico_key_needs_a_realm_that_knows_the_server(tfa, value, text):
    node = small_node(**({"domains": REALM.format(tfa)} if tfa else {}))
    params = {"type": "yubico", "description": "k", **({"value": value} if value else {})}
    assert refusal(node, "POST", BOB, params)[1] == text
    assert "keys" not in node.answer("GET", "/access/users/bob@pve")  # nothing was begun


def test_a_held_lock_and_a_missing_quorum_stop_every_change():
    node = small_node(faults=Faults(held_locks={"file-priv_tfa_cfg"}))
    assert refusal(node, "POST", BOB, PHONE)[1] == (
        "cfs-lock 'file-priv_tfa_cfg' error: got lock request timeout\n"
    )
    node = small_node(faults=Faults(held_locks={"file-user_cfg"}))
    assert refusal(node, "POST", BOB, PHONE)[1] == (
        "enabling TFA for the user failed: "
        "cfs-lock 'file-user_cfg' error: got lock request timeout\n"
    )
    node = small_node(faults=Faults(quorate=False))
    assert refusal(node, "POST", BOB, PHONE)[1] == (
        "cfs-lock 'file-priv_tfa_cfg' error: no quorum!\n"
    )


def test_a_file_that_nobody_can_read_is_told_and_not_touched():
    node = small_node(tfa='{"users":1}')
    text = "failed to parse TFA file, neither old style nor valid json\n"
    for method, path in [("GET", "/access/tfa"), ("POST", BOB), ("GET", BOB)]:
        assert refusal(node, method, path, PHONE if method == "POST" else None)[1] == text
    assert file(node, "priv/tfa.cfg") == '{"users":1}'
    assert "keys" not in node.answer("GET", "/access/users/bob@pve")
