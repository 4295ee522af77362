"""Forecasts of calls on realms and on the options of the datacenter (reference 4.3, 5)."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.domains import Domains, Realm, parse_domains
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Datacenter
from tests.core.foretold import after, call, changes, problem
from tests.core.pictures import NOW, part, picture

REALMS = b"""pam: pam
\tcomment Linux

pve: pve
\tcomment ours
\tdefault 1

ldap: lab
\tserver1 ldap.example.com
\tbase_dn dc=x
\tuser_attr uid
\tport 389

openid: idp
\tissuer-url https://idp.example.com
\tclient-id pve
\tclient-key s3cret
"""
LDAP = {"server1": "ldap.example.com", "base_dn": "dc=x", "user_attr": "uid"}


def realms(text=REALMS):
    return replace(picture(), realms=part(parse_domains(text)))


def realm(name):
    return Key("realm", name)


def new(name="corp", kind="ldap", secrets=None, **values):
    return call("POST", "/access/domains", secrets, realm=name, type=kind, **values)


def change(name="lab", **values):
    return call("PUT", f"/access/domains/{name}", **values)


# --- realms ----------------------------------------------------------------------------


def test_a_new_realm_has_what_was_given_but_the_password():
    one = new(secrets={"password": "bind"}, **LDAP, port="0636", comment=" x ", verify=True)
    assert changes(realms(), one) == {
        realm("corp"): {"type": "ldap", **LDAP, "port": "636", "comment": "x", "verify": "1"}
    }


def test_secret_options_of_a_realm_only_say_that_they_are_set():
    given = {"issuer-url": "https://x", "client-id": "a"}
    one = new(kind="openid", secrets={"client-key": "s3cret"}, **given)
    found = changes(realms(), one)[realm("corp")]
    assert found == {"type": "openid", **given, "client-key": "set"}


def test_the_new_default_realm_takes_the_place_of_the_old_one():
    found = changes(realms(), change(default=1))
    assert set(found) == {realm("lab"), realm("pve")}
    assert found[realm("lab")]["default"] == "1"
    assert "default" not in found[realm("pve")]


def test_what_is_deleted_goes_first():
    found = changes(realms(), change(delete="port,comment,none", comment="new"))
    assert found == {realm("lab"): {"type": "ldap", **LDAP, "comment": "new"}}


def test_the_defaults_of_a_sync_are_told_in_today_s_words():
    one = change(sync_defaults_options="scope=both,full=1,purge=1,enable-new=no")
    assert changes(realms(), one)[realm("lab")]["sync-defaults-options"] == (
        "enable-new=0,remove-vanished=entry;properties;acl,scope=both"
    )


def test_realms_go_and_the_two_built_in_ones_come_back():
    assert changes(realms(), call("DELETE", "/access/domains/lab")) == {realm("lab"): None}
    found = changes(realms(), call("DELETE", "/access/domains/pve"))
    assert found == {realm("pve"): {"type": "pve", "comment": "Proxmox VE authentication server"}}


def test_a_realm_that_nobody_touches_stays_the_same_object():
    before = realms()
    then = after(before, change(comment="x"))
    assert then.realms.value.realms["idp"] is before.realms.value.realms["idp"]
    assert list(then.realms.value.realms) == list(before.realms.value.realms)


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (new("lab", **LDAP), "The realm lab exists already."),
        (new(server1="x.y"), "A realm of type ldap needs base_dn, user_attr."),
        (new(kind="pve"), "Realms of type pve are always there and cannot be created."),
        (new(**LDAP, domain="x"), "A realm of type ldap has no domain."),
        (new(kind="pam", check_connection=1), None),
        (change(), "Nothing to change in the realm lab was named."),
        (change("none", comment="x"), "The realm none does not exist."),
        (change("idp", tfa="type=oath"), "A realm of type openid has no tfa."),
        (change("pve", check_connection=1), "Only the connection of LDAP and AD realms can be"),
        (change(comment="x", digest="0" * 40), "The realms were changed since they were read."),
        (change(delete="server1"), "PVE would not write that: section 'lab' - missing value for"),
        (change(base_dn="a\nb"), "PVE takes no line feed in base_dn."),
        (change("idp", username_claim="email"), "PVE knows no username-claim here."),
        (change(mode="tls"), "PVE does not take mode: value 'tls' does not have a value in the"),
        (call("DELETE", "/access/domains/none"), "The realm none does not exist."),
    ],
)
def test_what_pve_would_refuse(one, sentence):
    assert problem(realms(), one).startswith(sentence or "Realms of type pam")


def test_a_digest_is_right_until_something_changes():
    before = realms()
    digest = before.realms.value.digest
    nothing, something = change(port=389, digest=digest), change(port=1, digest=digest)
    told = forecast(before, [nothing, something, something], now=NOW)
    assert told.problems == ("The realms were changed since they were read.",)
    assert told.snapshot.realms.value.realms["lab"].options["port"] == "1"
    unknown = [something, change(port=2, digest="1" * 40)]
    assert not forecast(before, unknown, now=NOW).problems
    assert not forecast(told.snapshot, [something], now=NOW).problems


def test_one_broken_realm_keeps_pve_from_changing_any():
    before = realms(REALMS + b"\nldap: broken\n\tserver1 x\n")
    assert problem(before, change(comment="x")) == (
        "PVE cannot read the section of realm broken, and until that is mended it changes no realm."
    )
    assert changes(before, new("broken", **LDAP)) == {realm("broken"): {"type": "ldap", **LDAP}}


def test_what_pve_s_api_does_not_show_of_a_realm_is_no_mistake():
    shown = Domains({"lab": Realm("lab", "ldap", {"comment": "x", "future": "1"})})
    before = replace(picture(), realms=part(shown))
    assert changes(before, change(comment="y")) == {
        realm("lab"): {"type": "ldap", "comment": "y", "future": "1"}
    }


# --- options -----------------------------------------------------------------------------


def options(**values):
    return call("PUT", "/cluster/options", **values)


def test_options_are_set_and_deleted():
    before = picture(datacenter=Datacenter({"keyboard": "de", "console": "vv"}, "notes\n"))
    one = options(webauthn="rp=Rack,id=example.com", delete="keyboard,none")
    assert changes(before, one) == {
        Key("option", "webauthn"): {"rp": "Rack", "id": "example.com"},
        Key("option", "keyboard"): None,
    }
    then = after(before, one)
    assert then.datacenter.value.notes == "notes\n"
    assert then.datacenter.value.options["console"] == "vv"


def test_the_notes_are_an_option_of_their_own():
    before = picture(datacenter=Datacenter({}, "old\n"))
    assert after(before, options(description="a\nb")).datacenter.value.notes == "a\nb\n"
    assert after(before, options(delete="description")).datacenter.value.notes == ""


def test_an_option_that_stays_is_the_same_object():
    before = picture()
    then = after(before, options(keyboard="de"))
    old, new = before.datacenter.value.options, then.datacenter.value.options
    assert new["webauthn"] is old["webauthn"]


def test_options_that_only_a_newer_pve_knows_stay():
    before = picture(datacenter=Datacenter({"future": "1"}))
    then = after(before, options(keyboard="de"))
    assert then.datacenter.value.options == {"future": "1", "keyboard": "de"}


def test_options_are_checked():
    assert "keyboard" in problem(picture(), options(keyboard="xx"))
    before = picture(datacenter=Datacenter({"next-id": {"lower": "900", "upper": "100"}}))
    assert problem(before, options(keyboard="de")) == (
        "PVE would not write that: lower (900) <= upper (100) boundary rule broken."
    )
