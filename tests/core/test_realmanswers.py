"""A realm's options as the answers of a form, and what of them a plan is to send."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.realmanswers import answers_of, asked_of, needs_key, then, wanted_of
from pve_auth_tui.core.schema import REALM_OPTIONS
from pve_auth_tui.core.secret import Secret
from tests.core.pictures import CORP

SYNC = "sync-defaults-options"
KEY = {"tfa.key": Secret("k3y")}


def wanted(kind, options, secrets=None, **changed):
    began = answers_of(kind, options)
    return wanted_of(kind, began, {**began, **as_names(changed)}, secrets or {})


def as_names(changed):
    return {name.replace("__", ".").replace("_0", "-"): text for name, text in changed.items()}


@pytest.mark.parametrize("kind", REALM_OPTIONS)
def test_an_unchanged_form_wants_nothing(kind):
    assert wanted(kind, {}) == ({}, (), {})


def test_flags_and_choices_show_what_pve_takes_where_nothing_stands():
    answers = answers_of("ldap", {})
    assert (answers["case-sensitive"], answers["verify"], answers["mode"]) == ("1", "0", "ldap")
    assert answers["user_classes"] == ""


def test_the_old_word_for_ldaps_is_shown_as_the_mode():
    assert answers_of("ldap", {"secure": "1"})["mode"] == "ldaps"


def test_a_text_that_is_emptied_is_unset():
    assert wanted("ad", CORP.options, server2="") == ({}, ("server2",), {})


def test_require_tfa_is_one_option_of_several_answers():
    assert wanted("pam", {}, tfa__type="oath").options == {"tfa": "type=oath,step=30"}
    assert wanted("pam", {}, tfa__type="oath", tfa__digits="8").options == {
        "tfa": "type=oath,digits=8,step=30"
    }
    assert wanted("pam", {"tfa": "type=oath,step=30"}, tfa__type="").gone == ("tfa",)


def test_a_yubico_key_makes_all_of_it_a_secret():
    found = wanted("pam", {}, KEY, tfa__type="yubico", tfa__id="7")
    assert found.options == {}
    assert found.secrets == {"tfa": Secret("type=yubico,id=7,key=k3y")}
    assert "k3y" not in repr(found)


def test_the_yubico_key_is_given_again_whenever_another_part_changes():
    began = answers_of("pam", {"tfa": "type=yubico,id=7,key=old"})
    assert not needs_key(began, began)
    assert "old" not in str(began)
    assert needs_key(began, {**began, "tfa.url": "https://x"})


def test_defaults_of_a_sync_are_one_option_of_several_answers():
    found = wanted("ldap", {}, **{f"{SYNC}.scope": "both", f"{SYNC}.remove-vanished": "acl;entry"})
    assert found.options == {SYNC: "remove-vanished=acl;entry,scope=both"}
    then_none = wanted("ldap", {SYNC: "scope=both"}, **{f"{SYNC}.scope": ""})
    assert then_none.gone == (SYNC,)


def test_vanished_is_shown_in_one_order_and_not_sent_for_that():
    options = {SYNC: "scope=both,remove-vanished=entry;acl"}
    assert answers_of("ldap", options)[f"{SYNC}.remove-vanished"] == "acl;entry"
    assert wanted("ldap", options) == ({}, (), {})


def test_secrets_are_never_answers():
    asked = {one.name for one in asked_of("openid") if one.kind == "secret"}
    assert asked == {"client-key"}
    assert not asked & answers_of("openid", {"client-key": "s3cret"}).keys()


def test_the_realm_as_it_would_be():
    found = wanted("ad", CORP.options, server2="", port="636")
    assert then(CORP.options, found) == {
        **{name: value for name, value in CORP.options.items() if name != "server2"},
        "port": "636",
    }


@given(st.dictionaries(st.sampled_from(sorted(REALM_OPTIONS["ldap"])), st.text(max_size=30)))
@settings(max_examples=50)
def test_whatever_stands_in_a_realm_an_unchanged_form_wants_nothing(options):
    assert wanted("ldap", Realm("x", "ldap", options).options) == ({}, (), {})
