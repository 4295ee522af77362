"""Who can log in to the web interface, as far as files tell."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from pve_auth_tui.core.domains import Domains, Realm
from pve_auth_tui.core.logins import demanded, kept_out_by, login
from pve_auth_tui.core.snapshot import Datacenter, Part
from tests.core.pictures import CORP, DAY, ENTRA, NOW, PAM, PVE, factor, factors, picture
from tests.core.random_pictures import pictures

PHONE = factor("totp", "phone")
KEY = factor("webauthn", "rack 3")
OATH = replace(CORP, options={**CORP.options, "tfa": "type=oath,step=30"})


def how(*entries, realm=CORP, locked=False, until=None, user="1:0::::", **parts):
    tfa = [factors("anna@corp", *entries, locked=locked, until=until)] if entries else []
    made = picture(f"user:anna@corp:{user}:", realms=(PAM, PVE, realm, ENTRA), tfa=tfa, **parts)
    return login(made, "anna@corp", NOW)


def test_without_factors_the_password_is_enough():
    found = how()
    assert (found.asked, found.obstacle, found.without_quorum) == (False, "", True)


@pytest.mark.parametrize(
    ("entries", "usable", "without_quorum"),
    [
        ([PHONE], {"totp"}, False),
        ([KEY], {"key"}, True),
        ([PHONE, KEY], {"totp", "key"}, True),
        ([PHONE, factor("recovery", unused=3)], {"totp", "recovery"}, False),
        ([factor("recovery", unused=1)], {"recovery"}, False),
        ([factor("u2f")], {"u2f"}, False),
    ],
)
def test_what_can_be_used_and_what_works_without_quorum(entries, usable, without_quorum):
    found = how(*entries)
    assert found.asked
    assert found.usable == usable
    assert found.without_quorum is without_quorum
    assert not found.obstacle


def test_disabled_factors_are_not_asked_for():
    found = how(factor("totp", enable=False))
    assert not found.asked
    assert not found.second_factor


def test_locked_totp_leaves_the_key():
    found = how(PHONE, KEY, locked=True)
    assert (found.locked, found.usable, found.obstacle) == ("totp", {"key"}, "")


@pytest.mark.parametrize(
    ("entries", "locked", "until", "obstacle"),
    [
        ([PHONE], True, None, "TOTP is locked, and there is no other factor to use"),
        ([PHONE, KEY], False, int(NOW) + 60, "all second factors are locked"),
        ([factor("recovery", unused=0)], False, None, "no recovery keys are left"),
        ([factor("yubico")], False, None, "no second factor can be used"),
    ],
)
def test_who_cannot_give_a_second_factor_cannot_log_in(entries, locked, until, obstacle):
    assert how(*entries, locked=locked, until=until).obstacle == obstacle


def test_a_lock_that_is_over_locks_nothing():
    assert how(PHONE, until=int(NOW) - 1).locked == ""


def test_a_realm_that_requires_totp_refuses_keys():
    found = how(KEY, realm=OATH)
    assert found.obstacle == "the realm requires TOTP, and there is none"
    assert found.lacks_demanded
    assert how(KEY, PHONE, realm=OATH).usable == {"totp"}
    assert how(KEY, factor("recovery", unused=2), realm=OATH).usable == {"recovery"}


def test_a_lock_hides_what_the_realm_requires_only_where_unlocking_would_help():
    yubico = replace(CORP, options={"tfa": "type=yubico,id=1,key=x"})
    assert how(PHONE, realm=yubico, locked=True).lacks_demanded
    assert not how(PHONE, realm=OATH, locked=True).lacks_demanded
    assert not how(factor("yubico"), realm=yubico, until=int(NOW) + 60).lacks_demanded


def test_a_realm_that_requires_totp_is_content_with_a_secret_from_before_tfa_cfg():
    made = picture("user:anna@corp:1:0:::::ABCDEFGHIJKLMNOP:", realms=(PAM, PVE, OATH, ENTRA))
    assert login(made, "anna@corp", NOW).usable == {"totp"}


@pytest.mark.parametrize(("locked", "until"), [(True, None), (False, int(NOW) + 60)])
def test_a_lock_holds_for_a_secret_from_before_tfa_cfg_too(locked, until):
    user = "user:anna@corp:1:0:::::ABCDEFGHIJKLMNOP:"
    tfa = [factors("anna@corp", locked=locked, until=until)]
    found = login(picture(user, realms=(PAM, PVE, OATH, ENTRA), tfa=tfa), "anna@corp", NOW)
    assert found.locked
    assert found.obstacle
    assert not found.usable


def test_yubico_needs_the_realms_settings():
    yubico = replace(CORP, options={**CORP.options, "tfa": "type=yubico,id=1,key=k"})
    assert how(factor("yubico"), realm=yubico).usable == {"yubico"}


def test_keys_need_webauthn_in_datacenter_cfg():
    found = how(KEY, datacenter=Datacenter({}))
    assert found.obstacle == "no second factor can be used"


@pytest.mark.parametrize(
    ("origin", "works"),
    [
        ("https://pve1.example.com:8006", True),
        ("https://example.com", True),
        ("https://badexample.com", False),
        ("https://192.0.2.1:8006", False),
        ("https://[", False),
    ],
)
def test_an_origin_of_webauthn_must_be_at_or_below_its_id(origin, works):
    webauthn = {"rp": "Rack", "id": "example.com", "origin": origin}
    found = how(KEY, datacenter=Datacenter({"webauthn": webauthn}))
    assert found.obstacle == ("" if works else "no second factor can be used")


def test_openid_users_are_never_asked_by_pve():
    made = picture("user:o@entra:1:0:::::", tfa=[factors("o@entra", PHONE, locked=True)])
    found = login(made, "o@entra", NOW)
    assert (found.at_idp, found.asked, found.obstacle) == (True, False, "")


@pytest.mark.parametrize(
    ("user", "obstacle"),
    [
        ("0:0::::", "the account is disabled"),
        (f"1:{int(NOW) - DAY}::::", "the account has expired"),
        (f"1:{int(NOW) + DAY}::::", ""),
    ],
)
def test_accounts_that_are_off(user, obstacle):
    assert how(user=user).obstacle == obstacle


def test_a_realm_that_does_not_exist():
    made = picture("user:hans@old:1:0:::::")
    assert login(made, "hans@old", NOW).obstacle == "realm old does not exist"


def test_a_realm_that_pve_cannot_read():
    found = how(realm=Realm("corp", None))
    assert found.obstacle == "PVE cannot read realm corp"


def test_root_is_added_by_pve_where_the_picture_lacks_it():
    made = picture()
    access = replace(made.access.value, users={})
    made = replace(made, access=made.access._replace(value=access))
    assert login(made, "root@pam", NOW).obstacle == ""
    assert login(made, "ann@pam", NOW).obstacle == "there is no such user"


def test_a_user_of_realm_pve_without_password():
    made = picture("user:hans@pve:1:0:::::", pve_passwords=["other"])
    assert login(made, "hans@pve", NOW).obstacle == "no password is set"


def test_a_tfa_cfg_that_pve_refuses_keeps_everybody_out():
    refused = Part(None, "files", NOW, "neither old style nor valid json", refused=True)
    made = replace(picture(), tfa=refused)
    assert login(made, "root@pam", NOW).obstacle == "PVE cannot read tfa.cfg"


def test_a_tfa_cfg_that_only_we_cannot_read_keeps_nobody_out():
    made = replace(picture(), tfa=Part(None, "files", NOW, "Permission denied."))
    assert login(made, "root@pam", NOW).obstacle == ""


def test_parts_that_were_not_there_keep_nobody_out():
    empty = Part(None, "files", NOW)
    made = replace(picture(), tfa=empty, realms=empty, passwords=empty, datacenter=empty)
    assert login(made, "root@pam", NOW).obstacle == ""


@pytest.mark.parametrize(
    ("value", "demand"),
    [("type=oath", "oath"), ("digits=6,type=oath", "oath"), ("type=yubico,id=1,key=x", "yubico"),
     ("", ""), ("type=sms", "")],
)  # fmt: skip
def test_require_tfa(value, demand):
    assert demanded(Realm("corp", "ad", {"tfa": value})) == demand


def test_openid_realms_have_no_require_tfa():
    assert demanded(Realm("o", "openid", {"tfa": "type=oath"})) == ""


def test_administrators_whom_their_realm_keeps_out():
    made = picture(
        "user:anna@corp:1:0:::::",
        "user:dora@corp:1:0:::::",
        "user:otto@corp:1:0:::::",
        "acl:1:/:anna@corp,dora@corp:Administrator:",
        tfa=[factors("dora@corp", PHONE), factors("anna@corp", KEY)],
    )
    made = replace(made, realms=Part(Domains({"corp": OATH}), "files", NOW))
    assert kept_out_by(made, OATH, NOW) == ["anna@corp"]


@given(pictures())
@settings(deadline=None)
def test_who_is_asked_and_has_nothing_to_use_cannot_log_in(made):
    for userid in made.access.value.users:
        found = login(made, userid, NOW)
        if found.asked and not found.usable:
            assert found.obstacle
        assert found.usable <= {*found.kinds, "totp", "yubico"}
        if found.without_quorum:
            assert not found.obstacle
