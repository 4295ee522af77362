"""Forecasts of calls on second factors (reference 4.4, 7)."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Cluster, Datacenter, Part
from pve_auth_tui.simnode.tfa.totp import code
from tests.core.foretold import after, call, changes, problem, user
from tests.core.pictures import NOW, PAM, PVE, factor, factors, part, picture

ANN = "user:ann@pve:1:0::::::"
APP = Totp(b"12345678901234567890", "ann@pve", "Rack")
WEBAUTHN = {"rp": "Rack", "id": "example.com", "origin": "https://pve1.example.com:8006"}


def add(kind, secrets=None, userid="ann@pve", **values):
    return call("POST", f"/access/tfa/{userid}", secrets, type=kind, **values)


def app(totp=APP, at=NOW, **values):
    secrets = {"totp": totp.uri(), "value": code(totp, at)}
    return add("totp", secrets, **{"description": "phone", **values})


def entry(ident, userid="ann@pve"):
    return Key("factor", userid, ident)


def record(kind, description="", enable="1"):
    return {"type": kind, "description": description, "enable": enable}


# --- new ones --------------------------------------------------------------------------


def test_a_new_factor_has_an_id_that_pve_has_yet_to_give():
    before = picture(ANN)
    assert changes(before, app(), app(description="tablet")) == {
        entry("?1"): record("totp", "phone"),
        entry("?2"): record("totp", "tablet"),
    }
    assert after(before, app()).tfa.value.users["ann@pve"].entries[0].data == APP.uri()


def test_a_new_factor_marks_its_user_which_is_no_change_to_speak_of():
    before = picture(ANN)
    assert after(before, app()).access.value.users["ann@pve"].keys == "x"
    assert user("ann@pve") not in changes(before, app())


def test_pve_marks_the_user_even_when_it_refuses_the_factor():
    told = forecast(picture(ANN), [add("u2f", description="x")], now=NOW)
    assert told.problems == ("New U2F keys cannot be added; WebAuthn takes their place.",)
    assert told.snapshot.access.value.users["ann@pve"].keys == "x"


@pytest.mark.parametrize("step", [-1, 0, 1])
@pytest.mark.parametrize(
    "totp", [APP, Totp(b"x" * 64, "a", digits=8, algorithm="SHA512", period=60)]
)
def test_a_code_may_be_one_period_off(totp, step):
    at = NOW + step * totp.period
    assert changes(picture(ANN), app(totp, at))


@pytest.mark.parametrize("step", [-2, 2])
def test_a_code_of_another_time_does_not_fit(step):
    one = app(at=NOW + step * APP.period)
    assert problem(picture(ANN), one) == "The code does not fit the secret at this time."


def test_a_code_beyond_all_apps_is_not_judged():
    assert changes(picture(ANN), app(Totp(b"x", "a", digits=12)))


@pytest.mark.parametrize("value", ["", "12345", "1234567", "12345a", "-12345", "１２３４５６"])
def test_what_is_no_code_does_not_fit(value):
    one = add("totp", {"totp": APP.uri(), "value": value}, description="x")
    assert problem(picture(ANN), one) == "The code does not fit the secret at this time."


@pytest.mark.parametrize(
    "uri", ["otpauth://hotp/x", APP.uri() + "&image=x", APP.uri().replace("secret=", "secret=!")]
)
def test_a_uri_that_pve_cannot_read_is_not_repeated(uri):
    one = add("totp", {"totp": uri, "value": "123456"}, description="x")
    assert problem(picture(ANN), one) == "PVE cannot read the otpauth URI."


def test_a_set_of_recovery_keys_is_the_only_one():
    before = picture(ANN)
    found = changes(before, add("recovery"))
    assert found == {entry("recovery"): record("recovery")}
    made = after(before, add("recovery")).tfa.value.users["ann@pve"].entries[0]
    assert (made.unused, made.total) == (10, 10)
    again = picture(ANN, tfa=[factors("ann@pve", factor("recovery", unused=0))])
    assert (
        problem(again, add("recovery")) == "ann@pve has recovery keys already; they must go first."
    )


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (add("totp"), "A new second factor needs a description."),
        (add("totp", description="x"), "A TOTP entry needs an otpauth URI and a code."),
        (add("recovery", {"value": "1"}), "PVE takes no value for a factor of type recovery."),
        (add("totp", userid="bob@pve"), "The user bob@pve does not exist."),
        (add("yubico", description="x"), "The realm pve is not set up for Yubico one-time codes."),
        (add("totp", description="x" * 256), "PVE does not take description: value may only be"),
    ],
)
def test_what_pve_would_refuse(one, sentence):
    assert problem(picture(ANN), one).startswith(sentence)


def test_a_yubico_key_is_known_by_the_start_of_its_code():
    realm = Realm("pve", "pve", {"tfa": "type=yubico,id=1,key=a"})
    before = picture(ANN, realms=(PAM, realm))
    one = add("yubico", {"value": "cccccccccccc" + "b" * 32}, description="key")
    assert changes(before, one) == {entry("?1"): record("yubico", "key")}
    assert after(before, one).tfa.value.users["ann@pve"].entries[0].data == "cccccccccccc"
    assert problem(before, add("yubico", {"value": "cccc"}, description="key")) == (
        "That is no one-time code of a YubiKey."
    )


# --- security keys ------------------------------------------------------------------------


def test_a_security_key_is_there_after_the_second_step():
    before = picture(ANN, datacenter=Datacenter({"webauthn": WEBAUTHN}))
    first = add("webauthn", description="key ring")
    second = add("webauthn", {"value": "{}"}, challenge="abc")
    assert changes(before, first) == {}
    assert changes(before, first, second) == {entry("?1"): record("webauthn", "key ring")}
    alone = add("webauthn", {"value": "{}"}, challenge="abc", description="known")
    assert changes(before, alone) == {entry("?1"): record("webauthn", "known")}
    assert problem(before, add("webauthn", challenge="abc")) == (
        "The answer of the security key is missing."
    )


def test_security_keys_need_settings_that_fit():
    one = add("webauthn", description="key")
    bare = picture(ANN, datacenter=Datacenter({}))
    assert problem(bare, one) == "No security key can be added: WebAuthn is not set up."
    other = picture(ANN, datacenter=Datacenter({"webauthn": {**WEBAUTHN, "id": "example.net"}}))
    assert problem(other, one) == (
        "No security key can be added: the origin of WebAuthn does not fit its id."
    )
    mended = call("PUT", "/cluster/options", webauthn="rp=Rack,id=example.com")
    assert not forecast(bare, [mended, one], now=NOW).problems


# --- keys from before there was a tfa.cfg -------------------------------------------------------


def with_keys(keys, tfa):
    realm = Realm("pve", "pve", {"tfa": tfa} if tfa else {})
    return picture(f"user:ann@pve:1:0:::::{keys}:", realms=(PAM, realm))


@pytest.mark.parametrize(
    ("keys", "tfa", "kinds"),
    [
        ("JBSWY3DPEHPK3PXP,no,v2-0xabcd", "type=oath,digits=8", ["totp", "totp"]),
        ("cccccccccccc", "type=yubico,id=1,key=a", ["yubico"]),
        ("JBSWY3DPEHPK3PXP", "", []),
    ],
)
def test_with_the_next_factor_old_keys_become_factors_or_are_lost(keys, tfa, kinds):
    before = with_keys(keys, tfa)
    found = changes(before, add("recovery"))
    assert found.pop(user("ann@pve"))["keys"] == ""
    assert found.pop(entry("recovery")) == record("recovery")
    assert found == {
        entry(f"?{number + 1}"): record(kind, f"<old userconfig key {number}>")
        for number, kind in enumerate(kinds)
    }


def test_a_mark_is_no_old_key():
    assert set(changes(with_keys("x!oath", "type=oath"), add("recovery"))) == {entry("recovery")}


def test_what_becomes_of_keys_that_were_masked_is_unforeseen():
    told = forecast(with_keys("****", "type=oath"), [add("recovery")], now=NOW)
    assert told.unforeseen == (add("recovery"),)
    assert told.snapshot.tfa.value.users["ann@pve"].entries[0].type == "recovery"


def test_old_keys_need_a_realm():
    before = picture("user:ann@gone:1:0:::::JBSWY3DPEHPK3PXP:")
    one = add("recovery", userid="ann@gone")
    assert problem(before, one) == "The realm gone does not exist."


# --- those that are there --------------------------------------------------------------------


def change(ident, **values):
    return call("PUT", f"/access/tfa/ann@pve/{ident}", **values)


def remove(ident, userid="ann@pve"):
    return call("DELETE", f"/access/tfa/{userid}/{ident}")


def holder(*entries, **state):
    return picture("user:ann@pve:1:0:::::x:", tfa=[factors("ann@pve", *entries, **state)])


PHONE, RECOVERY = factor("totp", "phone"), factor("recovery", unused=4)


def test_a_factor_is_renamed_or_switched_off():
    before = holder(PHONE, RECOVERY)
    found = changes(before, change("totp-phone", description="tablet", enable=0))
    assert found == {entry("totp-phone"): record("totp", "tablet", "0")}
    assert problem(before, change("recovery", enable=0)) == (
        "Recovery keys can neither be renamed nor switched off."
    )
    for one in (change("none", enable=0), remove("none")):
        assert problem(before, one) == "ann@pve has no second factor with the id none."


def test_what_a_login_wrote_about_a_factor_stays():
    used = replace(PHONE, data={"totp": APP.uri(), "last-count": 5})
    then = after(holder(used), change("totp-phone", description="tablet"))
    assert then.tfa.value.users["ann@pve"].entries[0].data is used.data


def test_with_the_last_factor_go_the_locks_and_the_mark():
    before = holder(PHONE, RECOVERY, locked=True)
    assert changes(before, remove("totp-phone")) == {entry("totp-phone"): None}
    then = after(before, remove("totp-phone"), remove("recovery"))
    assert "ann@pve" not in then.tfa.value.users
    assert then.access.value.users["ann@pve"].keys is None
    assert Key("lock", "ann@pve") in changes(before, remove("totp-phone"), remove("recovery"))


def test_old_keys_go_with_the_last_factor_since_9_0_3():
    before = picture("user:ann@pve:1:0:::::JBSWY3DPEHPK3PXP:", tfa=[factors("ann@pve", PHONE)])
    assert changes(before, remove("totp-phone"))[user("ann@pve")]["keys"] == ""
    old = replace(before, cluster=part(Cluster("pve1", None, True, access_control="8.2.2")))
    assert user("ann@pve") not in changes(old, remove("totp-phone"))


def test_recovery_keys_come_last_where_another_factor_has_their_id():
    odd = replace(factor("yubico", "odd"), id="recovery")
    found = after(holder(RECOVERY, odd), remove("recovery")).tfa.value.users["ann@pve"]
    assert [one.type for one in found.entries] == ["recovery"]


def test_pve_looks_for_factors_of_users_who_exist():
    before = picture(tfa=[factors("ghost@pve", PHONE)])
    assert (
        problem(before, remove("totp-phone", "ghost@pve")) == "The user ghost@pve does not exist."
    )


def test_unlocking_takes_both_locks_away():
    one = call("PUT", "/access/users/ann@pve/unlock-tfa")
    locked = holder(PHONE, locked=True, until=int(NOW) + 9)
    assert changes(locked, one) == {Key("lock", "ann@pve"): None}
    assert changes(holder(PHONE), one) == {}
    assert problem(picture(ANN), one) == "ann@pve has no second factor, so nothing is locked."


def test_a_lock_that_has_ended_goes_with_any_change_of_its_user():
    before = holder(PHONE, until=int(NOW) - 5)
    found = changes(before, change("totp-phone", enable=0))
    assert found[Key("lock", "ann@pve")] is None


def test_a_tfa_cfg_that_pve_cannot_read_is_changed_by_nobody():
    before = replace(picture(ANN), tfa=Part(None, "files", NOW, "broken", refused=True))
    for one in (add("recovery"), remove("x"), call("PUT", "/access/users/ann@pve/unlock-tfa")):
        assert problem(before, one) == (
            "PVE cannot read priv/tfa.cfg, so it changes no second factor."
        )


def test_realms_without_a_readable_demand_are_taken_for_none():
    before = picture(ANN, realms=(PAM, replace(PVE, options={"tfa": "oath"})))
    assert problem(before, add("yubico", description="x")).startswith("The realm pve is not set up")
