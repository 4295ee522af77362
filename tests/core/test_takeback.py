"""The way back: which calls, in which order, with which parameters, and what is called lost."""

import json

import pytest

from pve_auth_tui.core.backfactors import TooSoon, seconds_until_safe, stored
from pve_auth_tui.core.changed import Changed
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import ApiCall, FileSwap, HostCommand, HostFile
from pve_auth_tui.core.secret import HIDDEN, Secret
from pve_auth_tui.core.snapshot import Cluster, Datacenter
from pve_auth_tui.core.takeback import beyond_records, changed, material_of, way_back
from pve_auth_tui.core.tfaconfig import TfaEntry
from tests.core.pictures import CORP, ENTRA, NOW, PAM, PVE, factors, picture

URI = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=6&algorithm=SHA1&period=30"
ANN = "user:ann@pve:1:0:Ann::a@b.c:night shift:x:"
COUNT = int(NOW) // 30


def code(totp):
    return Secret("123456")


def back(before, after, *keys, code_of=code, now=NOW, material=None, **more):
    """The way from one picture back to the other, of these objects."""
    changes = changed(before, after, keys)
    known = material_of(before, changes) if material is None else material
    return way_back(changes, known, after, now=now, code_of=code_of, **more)


def steps(way):
    """`PUT access/users/ann@pve`, its parameters, its secrets revealed."""
    return [
        (
            f"{step.method} {'/'.join(step.path)}",
            dict(step.params),
            {name: secret.reveal() for name, secret in step.secrets.items()},
        )
        for step in way.steps
    ]


def calls(way):
    return [(name, params) for name, params, _ in steps(way)]


# --- users and groups ------------------------------------------------------------------------


def test_only_what_differs_of_a_user_is_set_and_empty_texts_are_cleared():
    before = picture("user:ann@pve:1:0:::::x:")
    after = picture("user:ann@pve:0:1900000000:Ann::a@b.c:note:x:")
    assert calls(back(before, after, Key("user", "ann@pve"))) == [
        (
            "PUT access/users/ann@pve",
            {"enable": 1, "expire": 0, "firstname": "", "email": "", "comment": ""},
        )
    ]


def test_a_removed_user_comes_back_with_everything_but_what_is_empty():
    before = picture(ANN, "group:ops:ann@pve::")
    way = back(before, picture("group:ops:::"), Key("user", "ann@pve"))
    assert calls(way) == [
        (
            "POST access/users",
            {
                "userid": "ann@pve",
                "enable": 1,
                "expire": 0,
                "firstname": "Ann",
                "email": "a@b.c",
                "comment": "night shift",
                "groups": "ops",
            },
        )
    ]


def test_a_new_user_is_removed_and_all_that_goes_along_needs_no_call():
    before = picture("role:R:VM.Audit:")
    after = picture(
        ANN,
        "token:ann@pve!ci:0:1::",
        "role:R:VM.Audit:",
        "acl:1:/vms:ann@pve,ann@pve!ci:R:",
        tfa=[factors("ann@pve", TfaEntry("1", "totp", "phone"))],
    )
    keys = (
        Key("user", "ann@pve"),
        Key("password", "ann@pve"),
        Key("token", "ann@pve!ci"),
        Key("acl", "/vms", "user:ann@pve:R"),
        Key("acl", "/vms", "token:ann@pve!ci:R"),
        Key("factor", "ann@pve", "1"),
    )
    way = back(before, after, *keys)
    assert calls(way) == [
        ("PUT access/acl", {"path": "/vms", "roles": "R", "tokens": "ann@pve!ci", "delete": 1}),
        ("DELETE access/users/ann@pve/token/ci", {}),
        ("DELETE access/users/ann@pve", {}),
    ]
    assert way.lost == ()


def test_groups_go_through_the_user_and_replace_what_there_is():
    before = picture(ANN, "group:a:ann@pve::", "group:b:ann@pve::", "group:c:::")
    after = picture(ANN, "group:a:::", "group:b:ann@pve::", "group:c:ann@pve::")
    keys = (Key("group", "a"), Key("group", "c"), Key("user", "ann@pve"))
    assert calls(back(before, after, *keys)) == [("PUT access/users/ann@pve", {"groups": "a,b"})]


def test_who_was_in_no_group_is_in_none_again():
    before = picture(ANN, "group:a:::")
    after = picture(ANN, "group:a:ann@pve::")
    way = back(before, after, Key("group", "a"), Key("user", "ann@pve"))
    assert calls(way) == [("PUT access/users/ann@pve", {"groups": ""})]


def test_what_a_user_had_before_it_was_there_does_not_come_back():
    """Groups and ACL entries may name somebody who does not exist."""
    before = picture("group:a:ann@pve::", "acl:1:/vms:ann@pve:PVEVMUser:")
    after = picture(ANN, "group:a:::")
    entry = Key("acl", "/vms", "user:ann@pve:PVEVMUser")
    way = back(before, after, Key("group", "a"), Key("user", "ann@pve"), entry)
    assert calls(way) == [("DELETE access/users/ann@pve", {})]
    assert way.lost == (
        "ann@pve does not come back into group a: there is no such user.",
        "ACL /vms ann@pve PVEVMUser does not come back: there is no user ann@pve any more.",
    )


def test_leaving_a_group_that_goes_needs_no_call():
    before = picture(ANN, "group:a:ann@pve::")
    after = picture(ANN, "group:a:ann@pve::", "group:new:ann@pve::")
    way = back(before, after, Key("group", "new"), Key("user", "ann@pve"))
    assert calls(way) == [("DELETE access/groups/new", {})]


def test_a_removed_group_is_there_before_its_members_are_in_it():
    before = picture(ANN, "group:a:ann@pve:Team:")
    way = back(before, picture(ANN), Key("group", "a"), Key("user", "ann@pve"))
    assert calls(way) == [
        ("POST access/groups", {"groupid": "a", "comment": "Team"}),
        ("PUT access/users/ann@pve", {"groups": "a"}),
    ]


def test_a_member_of_whom_no_record_tells_is_added_to_its_groups_together():
    before = picture("group:a:ann@pve::", "group:b:ann@pve,ghost@pve::", ANN)
    after = picture(ANN)
    way = back(before, after, Key("group", "a"), Key("group", "b"))
    assert calls(way)[2:] == [("PUT access/users/ann@pve", {"groups": "a,b", "append": 1})]
    assert way.lost == ("ghost@pve does not come back into group b: there is no such user.",)


def test_a_member_of_whom_no_record_tells_leaves():
    before = picture("group:a:::", "group:b:ann@pve::", ANN)
    after = picture("group:a:ann@pve::", "group:b:ann@pve::", ANN)
    way = back(before, after, Key("group", "a"))
    assert calls(way) == [("PUT access/users/ann@pve", {"groups": "b"})]


def test_a_group_that_somebody_has_removed_meanwhile_is_left_out():
    before = picture(ANN, "group:a:ann@pve::", "group:b:ann@pve::")
    way = back(before, picture(ANN, "group:b:::"), Key("user", "ann@pve"))
    assert calls(way) == [("PUT access/users/ann@pve", {"groups": "b"})]
    assert way.lost == (
        "ann@pve does not come back into group a: there is no such group any more.",
    )


def test_an_old_key_in_user_cfg_is_lost_and_a_new_one_is_taken_away():
    old = picture("user:ann@pve:1:0:::::ABCDEFGHIJKLMNOP:")
    new = picture("user:ann@pve:1:0:::::x:", tfa=[factors("ann@pve", TfaEntry("1", "totp"))])
    key = Key("user", "ann@pve")
    way = back(old, new, key)
    assert (way.steps, len(way.lost)) == ((), 1)
    assert "ABCDEFGHIJKLMNOP" not in way.lost[0]
    marked = picture("user:ann@pve:1:0:::::ABCDEFGHIJKLMNOP:", tfa=new.tfa.value.users.values())
    assert calls(back(new, marked, key)) == [("PUT access/users/ann@pve", {"keys": "x"})]
    assert calls(back(picture(ANN), old, key))[0][1]["keys"] == ""


# --- roles, tokens, pools, ACL ------------------------------------------------------------------


def test_an_emptied_role_gets_its_privileges_back_and_the_other_way_round():
    full, empty = picture("role:R:VM.Audit,VM.Console:"), picture("role:R::")
    key = Key("role", "R")
    assert calls(back(full, empty, key)) == [
        ("PUT access/roles/R", {"privs": "VM.Audit,VM.Console"})
    ]
    assert calls(back(empty, full, key)) == [("PUT access/roles/R", {"privs": ""})]
    assert calls(back(full, picture(), key))[0][0] == "POST access/roles"
    assert calls(back(picture(), full, key)) == [("DELETE access/roles/R", {})]


def test_what_was_added_to_a_built_in_role_does_not_come_back():
    before = picture("role:PVEAuditor:VM.Console:")
    way = back(before, picture(), Key("role", "PVEAuditor"))
    assert way.steps == ()
    assert "built-in role PVEAuditor" in way.lost[0]


def test_a_token_is_made_anew_with_every_value_that_it_had():
    before = picture(ANN, "token:ann@pve!ci:1900000000:0:weekly:")
    way = back(before, picture(ANN), Key("token", "ann@pve!ci"))
    assert calls(way) == [
        (
            "POST access/users/ann@pve/token/ci",
            {"expire": 1900000000, "privsep": 0, "comment": "weekly"},
        )
    ]
    assert way.lost == (
        "The secret of API token ann@pve!ci does not come back: it gets a new one.",
    )


@pytest.mark.parametrize(
    ("version", "release", "clears"),
    [
        ("9.0.4", "", True),
        ("9.0.3", "", False),
        ("", "9.1", True),
        ("", "8.4", False),
        ("", "", True),
    ],
)
def test_a_token_s_comment_is_cleared_where_the_version_can(version, release, clears):
    before = picture(ANN, "token:ann@pve!ci:0:1::")
    cluster = Cluster("pve1", None, True, pve_release=release, access_control=version)
    after = picture(ANN, "token:ann@pve!ci:5:1:new:", cluster=cluster)
    way = back(before, after, Key("token", "ann@pve!ci"))
    wanted = {"expire": 0, "delete": "comment"} if clears else {"expire": 0}
    assert calls(way) == [("PUT access/users/ann@pve/token/ci", wanted)]
    assert way.lost == (
        () if clears else ("The comment of API token ann@pve!ci stays: this PVE cannot clear it.",)
    )


def test_a_token_whose_user_is_gone_is_lost():
    before = picture(ANN, "token:ann@pve!ci:0:1::")
    way = back(before, picture(), Key("token", "ann@pve!ci"))
    assert way.steps == ()
    assert way.lost == (
        "API token ann@pve!ci does not come back: there is no user ann@pve any more.",
    )


def test_entries_of_one_role_on_one_path_share_a_call():
    users = ["user:ann@pve:1:0::::::", "user:bob@pve:1:0::::::", "group:ops:::"]
    before = picture(
        *users, "acl:1:/vms:ann@pve,bob@pve,@ops:PVEVMUser:", "acl:0:/:ann@pve:PVEAuditor:"
    )
    keys = [
        Key("acl", "/vms", "user:ann@pve:PVEVMUser"),
        Key("acl", "/vms", "user:bob@pve:PVEVMUser"),
        Key("acl", "/vms", "group:ops:PVEVMUser"),
        Key("acl", "/", "user:ann@pve:PVEAuditor"),
    ]
    given = {"path": "/vms", "roles": "PVEVMUser", "groups": "ops", "users": "ann@pve,bob@pve"}
    alone = {"path": "/", "roles": "PVEAuditor", "users": "ann@pve"}
    assert calls(back(before, picture(*users), *keys)) == [
        ("PUT access/acl", {**given, "propagate": 1}),
        ("PUT access/acl", {**alone, "propagate": 0}),
    ]
    assert calls(back(picture(*users), before, *keys)) == [
        ("PUT access/acl", {**given, "delete": 1}),
        ("PUT access/acl", {**alone, "delete": 1}),
    ]


def test_one_call_does_not_grow_without_bound():
    users = [f"user:u{number}@pve:1:0::::::" for number in range(250)]
    acl = "acl:1:/vms:" + ",".join(f"u{number}@pve" for number in range(250)) + ":PVEVMUser:"
    keys = [Key("acl", "/vms", f"user:u{number}@pve:PVEVMUser") for number in range(250)]
    way = back(picture(*users, acl), picture(*users), *keys)
    assert [params["users"].count(",") + 1 for _, params in calls(way)] == [100, 100, 50]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (("/vms", "user:gone@pve:PVEVMUser"), "there is no user gone@pve any more"),
        (("/vms", "group:gone:PVEVMUser"), "there is no group gone any more"),
        (("/vms", "token:ann@pve!gone:PVEVMUser"), "there is no API token ann@pve!gone any more"),
        (("/vms", "user:ann@pve:Gone"), "there is no role Gone any more"),
        (("/vms/99", "user:ann@pve:PVEVMUser"), "this PVE gives no rights on such a path"),
    ],
)
def test_an_entry_that_pve_would_refuse_is_lost(entry, reason):
    one = Changed(Key("acl", *entry), {"propagate": "1"}, None)
    way = way_back([one], {}, picture(ANN), now=NOW)
    assert way.steps == ()
    assert reason in way.lost[0]


def test_members_leave_one_pool_before_they_come_into_another():
    before = picture("pool:a::100,101:nfs:", "pool:b:old:::")
    after = picture("pool:a::101::", "pool:b::100:nfs:")
    way = back(before, after, Key("pool", "a"), Key("pool", "b"))
    assert calls(way) == [
        ("PUT pools", {"poolid": "b", "vms": "100", "storage": "nfs", "delete": 1}),
        ("PUT pools", {"poolid": "a", "vms": "100", "storage": "nfs"}),
        ("PUT pools", {"poolid": "b", "comment": "old"}),
    ]


def test_inner_pools_are_made_after_the_outer_one_and_removed_before_it():
    pools = picture("pool:a::::", "pool:a/b:x:100::")
    keys = (Key("pool", "a/b"), Key("pool", "a"))
    assert [(name, params["poolid"]) for name, params in calls(back(pools, picture(), *keys))] == [
        ("POST pools", "a"),
        ("POST pools", "a/b"),
        ("PUT pools", "a/b"),
    ]
    assert [(name, params["poolid"]) for name, params in calls(back(picture(), pools, *keys))] == [
        ("PUT pools", "a/b"),
        ("DELETE pools", "a/b"),
        ("DELETE pools", "a"),
    ]


def test_before_pools_could_be_nested_their_name_was_in_the_path():
    cluster = Cluster("pve1", None, True, access_control="8.0.3")
    after = picture("pool:a::100::", cluster=cluster)
    assert calls(back(picture(), after, Key("pool", "a"))) == [
        ("PUT pools/a", {"vms": "100", "delete": 1}),
        ("DELETE pools/a", {}),
    ]


# --- realms and options -------------------------------------------------------------------------


def test_options_that_came_are_deleted_and_those_that_went_are_set():
    old = Realm("corp", "ad", {"server1": "dc01", "comment": "Old", "port": "636"})
    new = Realm("corp", "ad", {"server1": "dc09", "verify": "1", "capath": "/x", "port": "636"})
    before, after = picture(realms=[PAM, PVE, old]), picture(realms=[PAM, PVE, new])
    assert calls(back(before, after, Key("realm", "corp"))) == [
        (
            "PUT access/domains/corp",
            {"server1": "dc01", "comment": "Old", "delete": "capath,verify"},
        )
    ]


def test_an_openid_realm_comes_back_with_its_client_key():
    before, after = picture(), picture(realms=[PAM, PVE, CORP])
    way = back(before, after, Key("realm", "entra"))
    assert steps(way) == [
        (
            "POST access/domains",
            {"realm": "entra", "type": "openid", "issuer-url": "https://idp"},
            {"client-key": "s3cret"},
        )
    ]
    assert way.lost == ()
    assert "s3cret" not in repr(way)


def test_a_masked_client_key_is_no_client_key():
    masked = Realm("entra", "openid", {**ENTRA.options, "client-key": HIDDEN})
    yubico = Realm("pve", "pve", {"tfa": f"type=yubico,id=1,key={HIDDEN}"})
    before = picture(realms=[PAM, yubico, masked])
    way = back(before, picture(realms=[PAM, PVE]), Key("realm", "entra"), Key("realm", "pve"))
    assert [params for _, params, _ in steps(way)] == [
        {"realm": "entra", "type": "openid", "issuer-url": "https://idp"}
    ]
    assert way.lost == (
        "The client key of realm entra does not come back: set it anew.",
        "The Yubico API key of realm pve does not come back: set it anew.",
    )


def test_a_client_key_is_not_sent_again_when_another_option_changes():
    other = Realm("entra", "openid", {**ENTRA.options, "comment": "x"})
    before, after = picture(), picture(realms=[PAM, PVE, CORP, other])
    key = Key("realm", "entra")
    assert material_of(before, changed(before, after, [key])) == {}
    assert steps(back(before, after, key)) == [
        ("PUT access/domains/entra", {"delete": "comment"}, {})
    ]


def test_a_realm_of_another_type_is_removed_and_made_anew():
    other = Realm("entra", "ldap", {"server1": "x", "base_dn": "dc=x", "user_attr": "uid"})
    way = back(picture(), picture(realms=[PAM, PVE, CORP, other]), Key("realm", "entra"))
    assert [name for name, _ in calls(way)] == [
        "DELETE access/domains/entra",
        "POST access/domains",
    ]
    assert steps(way)[1][2] == {"client-key": "s3cret"}
    assert way.lost == ("Realm entra is removed and made anew: PVE cannot change its type.",)


def test_the_bind_password_of_a_removed_realm_is_lost_and_only_where_one_was_needed():
    bound = Realm(
        "bound", "ldap", {"server1": "x", "base_dn": "d", "user_attr": "uid", "bind_dn": "b"}
    )
    before = picture(realms=[PAM, PVE, CORP, bound])
    way = back(before, picture(realms=[PAM, PVE]), Key("realm", "corp"), Key("realm", "bound"))
    assert way.lost == ("The bind password of realm bound does not come back: set it anew.",)


def test_a_section_that_pve_cannot_read_is_not_made():
    broken = Realm("odd", None, {})
    way = back(picture(realms=[PAM, PVE, broken]), picture(realms=[PAM, PVE]), Key("realm", "odd"))
    assert way.steps == ()
    assert "PVE could not read its section either" in way.lost[0]


def test_a_datacenter_option_is_set_as_one_text_or_deleted():
    old = Datacenter({"webauthn": {"rp": "Rack", "id": "example.com", "allow-subdomains": "0"}})
    before, after = picture(datacenter=old), picture()
    key = Key("option", "webauthn")
    assert calls(back(before, after, key)) == [
        ("PUT cluster/options", {"webauthn": "allow-subdomains=0,id=example.com,rp=Rack"})
    ]
    assert calls(back(picture(datacenter=Datacenter({})), after, key)) == [
        ("PUT cluster/options", {"delete": "webauthn"})
    ]


def test_a_proxy_s_password_is_in_no_record_and_comes_back():
    before = picture(datacenter=Datacenter({"http_proxy": "http://u:pw@proxy:3128"}))
    after = picture(datacenter=Datacenter({}))
    key = Key("option", "http_proxy")
    changes = changed(before, after, [key])
    assert "pw@" not in repr(changes)
    url = "http://u:pw@proxy:3128"
    assert steps(back(before, after, key)) == [("PUT cluster/options", {}, {"http_proxy": url})]
    way = back(before, after, key, material={})
    assert (way.steps, len(way.lost)) == ((), 1)
    plain = picture(datacenter=Datacenter({"http_proxy": "http://proxy:3128"}))
    assert calls(back(plain, after, key)) == [
        ("PUT cluster/options", {"http_proxy": "http://proxy:3128"})
    ]


# --- factors ---------------------------------------------------------------------------------


def with_entry(kind="totp", data=URI, *, enable=True, locked=False):
    entry = TfaEntry("id-1", kind, "phone", 5, enable, data=data)
    return picture(ANN, tfa=[factors("ann@pve", entry, locked=locked)])


PHONE = Key("factor", "ann@pve", "id-1")


def test_a_totp_entry_is_added_again_with_a_code_of_its_own():
    way = back(with_entry(), picture(ANN), PHONE)
    assert steps(way) == [
        (
            "POST access/tfa/ann@pve",
            {"type": "totp", "description": "phone"},
            {"totp": URI, "value": "123456"},
        )
    ]
    assert way.lost == ("TOTP entry phone of ann@pve comes back with a new id and today's date.",)
    assert "GEZDGNBV" not in repr(way)


def test_to_be_shown_it_needs_no_code_and_no_waiting():
    used = with_entry(data={"totp": URI, "last-count": COUNT})
    way = back(used, picture(ANN), PHONE, code_of=None)
    assert steps(way)[0][2] == {"totp": URI, "value": ""}


@pytest.mark.parametrize(
    ("last", "wait"),
    [(None, 0), (COUNT - 99, 0), (COUNT - 2, 0), (COUNT - 1, 30), (COUNT, 60), (COUNT + 1, 90)],
)
def test_it_waits_until_no_used_code_is_accepted(last, wait):
    used = with_entry(data={"totp": URI, "last-count": last} if last else URI)
    if wait:
        with pytest.raises(TooSoon, match=f"cannot come back for {wait} seconds") as caught:
            back(used, picture(ANN), PHONE)
        assert (caught.value.seconds, caught.value.hint) == (wait, f"Try again in {wait} seconds.")
        assert back(used, picture(ANN), PHONE, now=NOW + wait).steps
    else:
        assert back(used, picture(ANN), PHONE).steps


def test_the_wait_ends_in_the_very_second_in_which_pve_would_refuse_the_code():
    found = stored(TfaEntry("1", "totp", data={"totp": URI, "last-count": 1000}))
    assert seconds_until_safe(found, 1001 * 30 + 29) == 1
    assert seconds_until_safe(found, 1002 * 30 - 0.5) == 1
    assert seconds_until_safe(found, 1002 * 30) == 0


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (
            with_entry("webauthn", {}),
            "WebAuthn entry phone of ann@pve does not come back: enrol",
        ),
        (with_entry("u2f", {}), "U2F entry phone of ann@pve does not come back: enrol"),
        (with_entry("yubico", "c"), "Yubico entry phone of ann@pve does not come back: add"),
        (with_entry("recovery", {}), "The recovery keys of ann@pve do not come back: make a new"),
        (with_entry(enable=False), "TOTP entry phone of ann@pve does not come back: it was off"),
        (with_entry(data=None), "TOTP entry phone of ann@pve does not come back: nobody has its"),
        (with_entry(data={"totp": 7}), "TOTP entry phone of ann@pve does not come back: nobody"),
    ],
)
def test_what_needs_its_owner_does_not_come_back(before, sentence):
    way = back(before, picture(ANN), PHONE)
    assert way.steps == ()
    assert way.lost[0].startswith(sentence)
    assert material_of(before, changed(before, picture(ANN), [PHONE])) == {}


@pytest.mark.parametrize(
    "text",
    [
        *("", "no JSON", "[]", "7", '{"totp":7}', '{"totp":"http://x","last-count":null}'),
        json.dumps({"totp": URI, "last-count": "1"}),
        json.dumps({"totp": URI, "last-count": True}),
        json.dumps({"totp": URI.replace("period=30", "period=0"), "last-count": None}),
        "[" * 100_000,
    ],
)
def test_broken_material_restores_nothing(text):
    material = {"factor ann@pve id-1": Secret(text)}
    way = back(with_entry(), picture(ANN), PHONE, material=material)
    assert way.steps == ()
    assert "does not come back" in way.lost[0]


def test_a_factor_of_a_user_who_is_gone_does_not_come_back():
    way = back(with_entry(), picture(), PHONE)
    assert way.steps == ()


def test_an_account_with_a_factor_is_opened_last():
    after = picture()
    way = back(with_entry(), after, Key("user", "ann@pve"), PHONE)
    assert [(name, params.get("enable")) for name, params in calls(way)] == [
        ("POST access/users", 0),
        ("POST access/tfa/ann@pve", None),
        ("PUT access/users/ann@pve", 1),
    ]
    assert "ann@pve comes back without a second factor." not in way.lost


def test_an_account_whose_factor_does_not_come_back_is_said_to_be_without():
    way = back(with_entry("webauthn", {}), picture(), Key("user", "ann@pve"), PHONE)
    assert calls(way)[0][1]["enable"] == 1
    assert "ann@pve comes back without a second factor." in way.lost


@pytest.mark.parametrize("kind", ["totp", "webauthn", "yubico", "u2f"])
def test_names_and_switches_of_every_entry_can_be_set_back(kind):
    before, after = with_entry(kind), with_entry(kind, enable=False)
    assert calls(back(before, after, PHONE)) == [("PUT access/tfa/ann@pve/id-1", {"enable": 1})]
    assert calls(back(after, before, PHONE)) == [("PUT access/tfa/ann@pve/id-1", {"enable": 0})]
    assert calls(back(picture(ANN), before, PHONE)) == [("DELETE access/tfa/ann@pve/id-1", {})]


def test_a_lock_is_not_set_again_and_one_that_came_is_taken_off():
    locked, free = with_entry(locked=True), with_entry()
    lock = Key("lock", "ann@pve")
    way = back(locked, free, lock)
    assert way.steps == ()
    assert way.lost == (
        "The TFA lock of ann@pve does not come back, and need not: wrong codes would lock again.",
    )
    assert calls(back(free, locked, lock)) == [("PUT access/users/ann@pve/unlock-tfa", {})]


def test_a_password_comes_back_in_neither_direction():
    key = Key("password", "ann@pve")
    with_one, without = picture(ANN), picture(ANN, pve_passwords=())
    assert back(with_one, without, key).lost == (
        "The password of ann@pve does not come back: set a new one.",
    )
    assert back(without, with_one, key).lost == (
        "The new password of ann@pve stays: PVE cannot take it away again.",
    )


# --- all together ------------------------------------------------------------------------------


def test_everything_is_made_before_anything_is_removed():
    before = picture(ANN, "role:Old:VM.Audit:", "acl:1:/:ann@pve:Old:")
    after = picture(ANN, "role:New:VM.Audit:", "acl:1:/:ann@pve:New:")
    keys = (
        Key("role", "Old"),
        Key("role", "New"),
        Key("acl", "/", "user:ann@pve:Old"),
        Key("acl", "/", "user:ann@pve:New"),
    )
    assert [(name, params.get("roles")) for name, params in calls(back(before, after, *keys))] == [
        ("POST access/roles", None),
        ("PUT access/acl", "Old"),
        ("PUT access/acl", "New"),
        ("DELETE access/roles/New", None),
    ]


def test_touched_objects_that_are_the_same_are_no_changes():
    same = picture(ANN)
    assert changed(same, same, [Key("user", "ann@pve"), Key("role", "None")]) == ()


def test_secrets_that_no_record_shows_are_told_of():
    put = lambda *path, **params: ApiCall("PUT", ("access", *path), params)  # noqa: E731
    told = beyond_records(
        [
            put("password", userid="ann@pve"),
            put("users", "ann@pve", "token", "ci", regenerate=1),
            put("users", "ann@pve", "token", "ci", comment="x"),
            put("users", "ann@pve", "unlock-tfa"),
            ApiCall("PUT", ("access", "domains", "corp"), {}, {"password": Secret("x")}),
            put("domains", "entra", delete="comment;client-key"),
            ApiCall("DELETE", ("access", "tfa", "ann@pve", "recovery")),
            ApiCall("POST", ("access", "tfa", "ann@pve"), {"type": "recovery"}),
            ApiCall("DELETE", ("access", "tfa", "bob@pve", "recovery")),
            HostCommand(("/usr/bin/systemctl", "restart", "pveproxy")),
            HostFile("/etc/sssd/x", "y"),
            FileSwap("/etc/pve/priv/tfa.cfg", Secret("")),
        ]
    )
    assert told == (
        "The old password of ann@pve does not come back: set a new one.",
        "The old secret of API token ann@pve!ci does not come back.",
        "The count of wrong codes of ann@pve starts at 0 again.",
        "The old bind password of realm corp does not come back: set it anew.",
        "The old client key of realm entra does not come back: set it anew.",
        "What /usr/bin/systemctl does is not taken back.",
        "What is at /etc/sssd/x now does not come back.",
        "The recovery keys of ann@pve do not come back: make a new set.",
    )


def test_a_first_password_replaces_none():
    change = Changed(Key("password", "ann@pve"), None, {"password": "set"})
    step = ApiCall("PUT", ("access", "password"), {"userid": "ann@pve"})
    assert beyond_records([step], [change]) == ()
