"""The words of a realm's options, against PVE's own schema: nothing is forgotten, no mark wrong."""

import json
from importlib import resources

import pytest

from pve_auth_tui.core import versions
from pve_auth_tui.core.predict.rules import RULES
from pve_auth_tui.core.realmoptions import (
    ADDED,
    GROUPS,
    final_words,
    fixed_of,
    label_of,
    option_of,
    options_of,
    required_of,
)
from pve_auth_tui.core.realmoptionsrules import option_problem
from pve_auth_tui.core.schema import REALM, REALM_OPTIONS

SCHEMA = json.loads(resources.files("pve_auth_tui.simnode").joinpath("api_schema.json").read_text())
NEW = SCHEMA["/access/domains"]["POST"]["parameters"]
CHANGE = SCHEMA["/access/domains/{realm}"]["PUT"]["parameters"]
OF_THE_CALL = {"realm", "type", "check-connection", "delete", "digest"}
TYPES = tuple(REALM_OPTIONS)
# pve-access-control 9.1.1, as reference 5 has it: R required, F fixed
MARKS = {
    "ldap": ({"server1", "base_dn", "user_attr"}, set()),
    "ad": ({"server1", "domain"}, set()),
    "openid": ({"issuer-url", "client-id"}, {"username-claim"}),
    "pam": (set(), set()),
    "pve": (set(), set()),
}


def every(kind):
    return [part for one in options_of(kind) for part in (one, *one.parts)]


def test_the_types_have_together_what_pves_calls_take():
    known = {one.name for kind in TYPES for one in options_of(kind)}
    assert known == set(NEW) - OF_THE_CALL
    assert known - set(CHANGE) == {"username-claim"}


@pytest.mark.parametrize("kind", TYPES)
def test_every_option_of_a_type_has_its_words_once(kind):
    names = [one.name for one in options_of(kind)]
    assert sorted(names) == sorted(REALM_OPTIONS[kind])
    for one in every(kind):
        assert one.label
        assert one.help.endswith(".")
        assert one.group in GROUPS
        assert (one.kind == "choice") == bool(one.choices), one.name


@pytest.mark.parametrize("kind", TYPES)
def test_what_pve_requires_and_never_changes_is_marked(kind):
    required, fixed = MARKS[kind]
    assert {one.name for one in options_of(kind) if one.required} == required
    assert {one.name for one in options_of(kind) if one.fixed} == fixed
    assert set(required_of(kind)) == required
    assert set(fixed_of(kind)) == fixed


@pytest.mark.parametrize("kind", TYPES)
def test_a_field_is_of_the_kind_that_pves_schema_has(kind):
    kinds = {"boolean": {"flag"}, "integer": {"number"}}
    for one in options_of(kind):
        rule = NEW[one.name]
        wanted = kinds.get(rule["type"], {"text", "choice", "secret", "parts"})
        assert one.kind in wanted, one.name
        if "enum" in rule:
            assert {value for value, _ in one.choices} == set(rule["enum"]), one.name


@pytest.mark.parametrize("kind", TYPES)
def test_the_parts_of_a_property_string_are_those_of_pve(kind):
    for one in options_of(kind):
        parts = REALM[one.name].parts
        assert (one.kind == "parts") == (parts is not None)
        if parts is not None:
            dropped = {"full", "purge"}  # PVE takes them, and stores other words for them
            assert {part.name for part in one.parts} == {
                f"{one.name}.{name}" for name in parts if name not in dropped
            }


@pytest.mark.parametrize("kind", TYPES)
def test_an_option_is_offered_to_the_releases_that_take_it(kind):
    call = "POST /access/domains"
    assert RULES[call]
    for release in ("8.0.5", "8.2.0", "8.2.1", "9.1.0", "9.1.1"):
        offered = {one.name for one in options_of(kind, release)}
        gone = set(REALM_OPTIONS[kind]) - offered
        assert gone == {
            name
            for name, since in {
                "groups-claim": "8.2.1",
                "groups-autocreate": "8.2.1",
                "groups-overwrite": "8.2.1",
                "query-userinfo": "8.2.1",
                "audiences": "9.1.1",
            }.items()
            if name in REALM_OPTIONS[kind] and not versions.at_least(release, since)
        }


@pytest.mark.parametrize("kind", TYPES)
def test_what_stands_for_nothing_would_be_taken(kind):
    for one in every(kind):
        for value in (one.default, *(value for value, _ in one.choices)):
            if value:
                assert option_problem(kind, one.name, value) == "", one.name


@pytest.mark.parametrize("kind", ADDED)
def test_an_empty_required_option_is_refused_with_the_reason(kind):
    for name in required_of(kind):
        assert "refuse every change of every realm" in option_problem(kind, name, "")


@pytest.mark.parametrize(
    ("kind", "name", "text", "words"),
    [
        ("ldap", "server1", "ldap://dc01", "no ldap://"),
        ("ldap", "server1", "dc01:389", "no port"),
        ("ldap", "port", "66000", "from 1 to 65535"),
        ("ldap", "port", "ldaps", "digits only"),
        ("ldap", "base_dn", "example.com", "distinguished name"),
        ("ldap", "base_dn", "dc=" + "x" * 300, "at most 256"),
        ("ldap", "filter", "(&(a=b)", ")"),
        ("ldap", "capath", "certs", "whole path"),
        ("ldap", "sync_attributes", "mail=email", "PVE has no mail"),
        ("ldap", "user_attr", "u", "2 characters"),
        ("ad", "domain", "my domain", "without blanks"),
        ("ad", "tfa.step", "5", "from 10"),
        ("ad", "tfa.digits", "9", "6 to 8"),
        ("ad", "sslversion", "ssl3", "one of tlsv1"),
        ("openid", "issuer-url", "idp.example.com", "https://"),
        ("openid", "issuer-url", "https://x/.well-known/openid-configuration", "issuer only"),
        ("openid", "groups-claim", "my groups", "letters, digits"),
        ("openid", "audiences", "a<b", "commas"),
        ("pam", "comment", "two\nlines", "one line"),
        ("pam", "comment", " x", "ends"),
    ],
)
def test_what_pve_would_not_take_or_cannot_use_is_told(kind, name, text, words):
    assert words in option_problem(kind, name, text)


def test_yubico_needs_an_id_and_a_key():
    assert "an API key" in option_problem("pam", "tfa", "type=yubico,id=1")
    assert "an API ID and an API key" in option_problem("pam", "tfa", "type=yubico")
    assert option_problem("pam", "tfa", "type=yubico,id=1,key=k") == ""
    assert option_problem("pam", "tfa", "type=oath") == ""
    assert "an API ID" in option_problem("pam", "tfa.id", "")


def test_an_openid_realm_has_no_tfa():
    assert option_of("openid", "tfa") is None


def test_what_is_final_is_said_in_a_sentence():
    assert final_words("openid") == (
        "PVE never changes its name, its type and Username Claim once the realm is there."
    )
    assert final_words("ad").startswith("PVE never changes its name and its type")


def test_what_nobody_knows_is_called_by_its_own_name():
    assert label_of("ldap", "newer-option") == "newer-option"
    assert label_of("ldap", "tfa.step") == "OATH time step"
