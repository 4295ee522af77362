"""What PVE would make of somebody's claims (PVE::API2::OpenId, reference 5.3)."""

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.claims import claimed, read_claims
from pve_auth_tui.core.secret import Secret
from tests.core.openids import ISSUER, NOW, settings
from tests.core.pictures import picture

ANN = {"sub": "8f2e", "preferred_username": "ann", "email": "ann@example.com", "given_name": "Ann"}
SNAPSHOT = picture(
    "user:ann@idp:1:0::::::",
    "user:old@idp:1:5::::::",
    "user:off@idp:0:0::::::",
    "group:ops-idp:ann@idp::",
    "group:local:ann@idp::",
    "group:empty-idp:::",
)


def coded(value):
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token(claims=None, **more):
    body = {"iss": ISSUER, "aud": "proxmox", "exp": NOW + 60, **ANN, **(claims or {}), **more}
    return Secret(f"{coded({'alg': 'RS256'})}.{coded(body)}.c2lnbmF0dXJl")


def userinfo(**changes):
    found = {**ANN, **changes}
    return Secret(json.dumps({name: one for name, one in found.items() if one is not ...}))


def told(pasted=None, **changes):
    return claimed(settings(**changes), read_claims(pasted or userinfo()), SNAPSHOT, NOW)


def bad(found):
    return [one.text for one in found.findings if one.word == "BAD"]


# --- reading ---------------------------------------------------------------------------------


def test_a_token_userinfo_and_a_token_endpoints_answer_are_read():
    assert read_claims(userinfo()).source == "userinfo"
    inner = token().reveal()
    broken = Secret(f"  Bearer {inner[:40]}\n{inner[40:]} ")
    for text in (token(), Secret(json.dumps({"id_token": inner, "access_token": "x"})), broken):
        found = read_claims(text)
        assert (found.source, found.algorithm) == ("ID token", "RS256")
        assert found.claims["preferred_username"] == "ann"


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c", "{", "[]", "x" * 300_000, "{}.{}.{}", "é.é.é"]
)
def test_what_is_neither_is_said_without_repeating_it(text):
    with pytest.raises(OpenIdTrouble) as caught:
        read_claims(Secret(text))
    assert caught.value.cause is Cause.NOT_A_TOKEN
    assert caught.value.original == ""


def test_an_encrypted_token_is_recognised():
    with pytest.raises(OpenIdTrouble) as caught:
        read_claims(Secret("a.b.c.d.e"))
    assert caught.value.cause is Cause.TOKEN_ENCRYPTED


@given(st.text(max_size=120))
def test_no_text_is_a_surprise(text):
    try:
        told(Secret(text), groups_claim="groups")
    except OpenIdTrouble:
        return


@given(
    st.dictionaries(
        st.sampled_from(["preferred_username", "groups", "iss", "aud", "exp", "sub", "email"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text() | st.none()),
    )
)
def test_no_claims_are_a_surprise(claims):
    found = told(token(claims), groups_claim="groups", groups_overwrite=True, autocreate=True)
    assert found.source == "ID token"


def test_claims_do_not_show_in_what_they_are_kept_in():
    found = told(token())
    assert "example.com" not in repr(read_claims(token()))
    assert "ann@example.com" not in repr(found)


# --- the user ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "changes", "userid"),
    [
        ("preferred_username", {}, "ann@idp"),
        ("username", {}, "ann@idp"),
        ("username", {"username": "real"}, "real@idp"),
        ("subject", {}, "8f2e@idp"),
        ("sub", {}, "8f2e@idp"),
        ("email", {}, "ann@example.com@idp"),
        ("employee", {"employee": 17}, "17@idp"),
    ],
)
def test_the_user_is_called_after_the_claim(claim, changes, userid):
    """`subject` and `username` fall back to sub and preferred_username; no other does."""
    assert told(userinfo(**changes), username_claim=claim, autocreate=True).userid == userid


@pytest.mark.parametrize(
    ("claim", "changes", "why"),
    [
        ("upn", {}, "missing configured claim 'upn' in userinfo object"),
        ("username", {"preferred_username": ...}, "missing claim 'preferred_username'"),
        ("preferred_username", {"preferred_username": None}, "missing configured claim"),
        ("preferred_username", {"preferred_username": ["a"]}, "is no text"),
        ("preferred_username", {"preferred_username": "a b"}, "does not look like a valid user"),
        ("preferred_username", {"preferred_username": "a/b"}, "does not look like a valid user"),
        ("preferred_username", {"preferred_username": "x" * 61}, "is too long (65 > 64)"),
    ],
)
def test_who_cannot_get_in_is_told_in_pves_words(claim, changes, why):
    found = told(userinfo(**changes), username_claim=claim, autocreate=True)
    assert why in found.refusal
    assert any(why in text for text in bad(found))


def test_a_name_of_just_64_characters_gets_in():
    found = told(userinfo(preferred_username="x" * 60), autocreate=True)
    assert (len(found.userid), found.refusal) == (64, "")


def test_without_autocreate_the_user_has_to_be_there():
    assert told().exists
    assert told().refusal == ""
    new = told(userinfo(preferred_username="new"))
    assert (new.exists, new.refusal) == (False, "no such user ('new@idp')")
    made = told(userinfo(preferred_username="new"), autocreate=True)
    assert made.refusal == ""
    assert made.values == {"email": "ann@example.com", "firstname": "Ann"}


@pytest.mark.parametrize("name", ["off", "old"])
def test_who_is_disabled_or_expired_in_pve_does_not_get_in(name):
    assert bad(told(userinfo(preferred_username=name)))


def test_a_name_that_reads_like_another_is_told():
    """R24"""
    found = told(userinfo(preferred_username="root@pam"), autocreate=True)
    assert any(one.word == "LOOK" and "root@pam" in one.text for one in found.findings)


# --- a token ---------------------------------------------------------------------------------


def test_a_good_token_is_good_and_not_verified():
    found = told(token())
    assert bad(found) == []
    assert any("not verified" in one.text for one in found.findings)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"iss": f"{ISSUER}/"}, "another issuer"),
        ({"aud": "other"}, "another client"),
        ({"aud": None}, "another client"),
        ({"aud": ["proxmox", "254321"]}, "does not name: 254321"),
    ],
)
def test_what_pve_would_refuse_of_a_token_is_told(changes, part):
    assert any(part in text for text in bad(told(token(**changes))))


def test_further_audiences_are_taken_where_the_realm_names_them():
    """zitadel #8055"""
    assert bad(told(token(aud=["proxmox", "254321"]), audiences=("254321",))) == []


def test_an_algorithm_that_pve_does_not_take_is_told():
    text = f"{coded({'alg': 'HS256'})}.{coded({'iss': ISSUER, 'aud': 'proxmox', **ANN})}.x"
    assert any("HS256" in one for one in bad(told(Secret(text))))


# --- groups ----------------------------------------------------------------------------------


def fates(*groups, **changes):
    found = told(userinfo(groups=list(groups)), groups_claim="groups", **changes)
    return {one.value: (one.fate, one.group) for one in found.groups}


def test_groups_get_the_realms_suffix_and_bad_names_are_skipped():
    assert fates("ops", "new", "Domain Admins", "/ops", "a@b", "DOM\\ops", "0", 5) == {
        "ops": ("joins", "ops-idp"),
        "new": ("missing", "new-idp"),
        "Domain Admins": ("skipped", ""),
        "/ops": ("skipped", ""),
        "a@b": ("skipped", ""),
        "DOM\\ops": ("skipped", ""),
        "0": ("skipped", ""),
        "5": ("missing", "5-idp"),
    }
    assert fates("new", groups_autocreate=True)["new"] == ("created", "new-idp")


@pytest.mark.parametrize("value", ["ops", {"ops": 1}, 5, True])
def test_only_a_list_is_taken(value):
    found = told(userinfo(groups=value), groups_claim="groups", groups_overwrite=True)
    assert (found.groups, found.removed) == ((), ())
    assert any("no list" in text for text in bad(found))


def test_a_claim_that_is_not_there_leaves_groups_as_they_are():
    found = told(groups_claim="groups", groups_overwrite=True)
    assert found.removed == ()
    overage = told(userinfo(_claim_names={"groups": "src1"}), groups_claim="groups")
    assert any("200" in one.fix for one in overage.findings), "Entra's limit"


def test_overwrite_takes_the_user_out_of_local_groups_as_well():
    over = {"groups_claim": "groups", "groups_overwrite": True}
    assert told(userinfo(groups=["ops"]), **over).removed == ("local",)
    assert told(userinfo(groups=[]), **over).removed == ("local", "ops-idp")
    assert told(userinfo(groups=["ops"]), groups_claim="groups").removed == ()
