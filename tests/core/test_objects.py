"""Objects under one name, as records that can be compared."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.accessdata import AclEntry
from pve_auth_tui.core.domains import Domains, Realm
from pve_auth_tui.core.objects import (
    KINDS,
    Key,
    acl_key,
    acl_parts,
    differing,
    record,
    shown,
)
from pve_auth_tui.core.snapshot import Datacenter, Part
from pve_auth_tui.core.userconfig import parse_user_config
from tests.core.foretold import after, call
from tests.core.pictures import NOW, factor, factors, part, picture

ANN = "user:ann@pve:0:5:Ann::a@b.c:night::"
LINES = (
    ANN,
    "token:ann@pve!ci:7:0:builds:",
    "group:dev:ann@pve:Developers:",
    "pool:lab:for tests:100:nfs:",
    "role:Own:VM.Console,VM.Audit:",
    "acl:0:/vms:ann@pve,@dev,ann@pve!ci:Own:",
)


# --- names -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (Key("user", "ann@pve"), "user ann@pve"),
        (Key("pool", "lab"), "pool lab"),
        (Key("token", "ann@pve!ci"), "API token ann@pve!ci"),
        (Key("factor", "ann@pve", "1a"), "TFA entry 1a of ann@pve"),
        (Key("lock", "ann@pve"), "TFA lock of ann@pve"),
        (Key("password", "ann@pve"), "password of ann@pve"),
        (Key("option", "webauthn"), "datacenter option webauthn"),
        (Key("acl", "/vms", "group:dev:Own"), "ACL /vms @dev Own"),
        (Key("acl", "/", "token:ann@pve!ci:Own"), "ACL / ann@pve!ci Own"),
    ],
)
def test_objects_have_words(key, words):
    assert shown(key) == words


@pytest.mark.parametrize(
    ("kind", "subject"), [("user", "a!b@pve"), ("group", "dev"), ("token", "ann@pve!ci")]
)
def test_the_name_of_an_acl_entry_tells_all_of_it_but_propagate(kind, subject):
    entry = AclEntry("/vms", kind, subject, "Own", False)
    assert acl_parts(acl_key(entry)) == (kind, subject, "Own")
    assert acl_key(entry) == acl_key(replace(entry, propagate=True))


# --- records -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (Key("token", "ann@pve!ci"), {"expire": "7", "privsep": "0", "comment": "builds"}),
        (Key("group", "dev"), {"comment": "Developers", "members": "ann@pve"}),
        (Key("pool", "lab"), {"comment": "for tests", "vms": "100", "storage": "nfs"}),
        (Key("role", "Own"), {"privs": "VM.Audit,VM.Console"}),
        (Key("acl", "/vms", "group:dev:Own"), {"propagate": "0"}),
        (Key("acl", "/vms", "token:ann@pve!ci:Own"), {"propagate": "0"}),
        (Key("acl", "/vms", "user:dev:Own"), None),
        (Key("acl", "/", "group:dev:Own"), None),
        (Key("password", "ann@pve"), {"password": "set"}),
        (Key("password", "bob@pve"), None),
        (Key("option", "webauthn"), {"rp": "Rack", "id": "example.com"}),
        (Key("option", "keyboard"), None),
        (Key("token", "ann@pve!no"), None),
        (Key("token", "bob@pve!ci"), None),
        (Key("factor", "ann@pve", "no"), None),
        (Key("lock", "ann@pve"), None),
    ],
)
def test_a_record_says_what_can_be_compared(key, found):
    assert record(picture(*LINES), key) == found


def test_the_record_of_a_user():
    assert record(picture(*LINES), Key("user", "ann@pve")) == {
        "enable": "0",
        "expire": "5",
        "firstname": "Ann",
        "lastname": "",
        "email": "a@b.c",
        "comment": "night",
        "keys": "",
        "groups": "dev",
    }


def test_no_record_holds_a_secret():
    keys = picture("user:ann@pve:1:0:::::JBSWY3DPEHPK3PXP:")
    assert record(keys, Key("user", "ann@pve"))["keys"] == "set"
    realms = {
        "idp": Realm("idp", "openid", {"client-key": "s3cret", "client-id": "a"}),
        "pve": Realm("pve", "pve", {"tfa": "type=yubico,id=1,key=s3cret", "default": "0"}),
    }
    before = replace(picture(), realms=part(Domains(realms)))
    idp, pve = (record(before, Key("realm", name)) for name in ("idp", "pve"))
    assert idp == {"type": "openid", "client-key": "set", "client-id": "a"}
    assert pve == {"type": "pve", "tfa": "type=yubico,id=1,key=set"}
    proxy = picture(datacenter=Datacenter({"http_proxy": "http://me:s3cret@proxy"}))
    assert "s3cret" not in record(proxy, Key("option", "http_proxy"))["value"]


def test_factors_and_locks():
    phone = factor("totp", "phone", enable=False)
    before = picture(ANN, tfa=[factors("ann@pve", phone, locked=True, until=9)])
    assert record(before, Key("factor", "ann@pve", "totp-phone")) == {
        "type": "totp",
        "description": "phone",
        "enable": "0",
    }
    assert record(before, Key("lock", "ann@pve")) == {"totp": "1", "until": "9"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_read_has_no_record(kind):
    unread = Part(None, "files", NOW, "permission denied")
    parts = dict.fromkeys(("access", "realms", "tfa", "datacenter", "jobs", "passwords"), unread)
    assert record(replace(picture(*LINES), **parts), Key(kind, "ann@pve")) is None


# --- what differs ------------------------------------------------------------------------


def test_nothing_differs_from_an_equal_picture():
    assert differing(picture(*LINES), picture(*LINES)) == ()


def test_what_differs_comes_in_the_order_in_which_it_can_be_made():
    before = picture("user:bob@pve:1:0::::::")
    made = [
        call("POST", "/access/tfa/bob@pve", type="recovery"),
        call("PUT", "/cluster/options", keyboard="de"),
        call("POST", "/access/users", {"password": "long enough"}, userid="ann@pve"),
        call("POST", "/access/users/ann@pve/token/ci"),
        call("POST", "/access/groups", groupid="dev"),
        call("POST", "/access/roles", roleid="Own"),
        call("POST", "/pools", poolid="lab"),
        call("PUT", "/access/acl", path="/", roles="Own", users="ann@pve"),
        call("PUT", "/access/domains/pve", comment="x"),
    ]
    found = differing(before, after(before, *made))
    assert [key.kind for key in found] == [
        *("realm", "role", "group", "user", "password", "token", "pool", "acl"),
        *("factor", "option"),
    ]


def test_acl_entries_that_moved_do_not_differ():
    lines = [f"acl:1:/vms/{number}:ann@pve:Own:" for number in range(100, 105)]
    before, then = picture(*LINES, *lines), picture(*LINES, *lines)
    access = then.access.value
    turned = replace(then, access=part(replace(access, acl=access.acl[::-1])))
    assert differing(before, turned) == ()


def test_each_entry_that_came_went_or_changed_differs():
    before = picture(*LINES, "acl:1:/:ann@pve:Own,PVEAdmin:", "acl:1:/vms/100:ann@pve:Own:")
    then = picture(*LINES, "acl:0:/:ann@pve:Own:", "acl:1:/vms/101:ann@pve:Own:")
    assert differing(before, then) == (
        Key("acl", "/", "user:ann@pve:Own"),
        Key("acl", "/", "user:ann@pve:PVEAdmin"),
        Key("acl", "/vms/100", "user:ann@pve:Own"),
        Key("acl", "/vms/101", "user:ann@pve:Own"),
    )


def test_a_part_that_only_one_picture_has_differs_in_all_it_holds():
    before = picture(ANN, tfa=[factors("ann@pve", factor("totp", "phone"))])
    unread = replace(before, tfa=Part(None, "files", NOW, "permission denied"))
    assert differing(before, unread) == (Key("factor", "ann@pve", "totp-phone"),)


def test_users_without_user_cfg_are_not_compared():
    before = picture(*LINES)
    unread = replace(before, access=Part(None, "files", NOW, "permission denied"))
    assert differing(before, unread) == ()


def test_a_membership_that_pve_overlooks_differs_once_it_is_seen():
    early = parse_user_config(f"group:dev:ann@pve::\n{ANN}\n".encode())
    late = parse_user_config(f"{ANN}\ngroup:dev:ann@pve::\n".encode())
    before, then = (replace(picture(), access=part(one)) for one in (early, late))
    assert differing(before, then) == (Key("user", "ann@pve"),)
