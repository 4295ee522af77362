"""The way back of a login that somebody pasted (security.md R22)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.openid.assisted import begun, warnings, way_back
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.secret import Secret
from tests.core.openids import REDIRECT, settings

STATE = "eyJyZWFsbSI6ImlkcCJ9"
LOGIN = begun("idp", REDIRECT, f"https://idp.example.com/auth?state={STATE}&client_id=x")
CODE = "SECRETCODE"


def back(text):
    return way_back(Secret(text), LOGIN)


def cause(text):
    with pytest.raises(OpenIdTrouble) as caught:
        back(text)
    trouble = caught.value
    assert CODE not in f"{trouble} {trouble.hint} {trouble.original} {trouble.facts}"
    return trouble.cause


@pytest.mark.parametrize(
    "text",
    [
        f"{REDIRECT}/?code={CODE}&state={STATE}",
        f"{REDIRECT}?state={STATE}&code={CODE}&session_state=x",
        f"HTTPS://PVE1.example.com:8006/?code={CODE}&state={STATE}#v1:0",
        f"?code={CODE}&state={STATE}",
        f"code={CODE}&state={STATE}",
        f"  {REDIRECT}/?code=SECRET\nCODE&state={STATE}\n",
    ],
)
def test_the_address_is_taken_apart_however_it_was_copied(text):
    found = back(text)
    assert (found.state, found.code.reveal()) == (STATE, CODE)
    assert CODE not in repr(found)


def test_an_address_of_eight_kibibytes_works():
    found = back(f"{REDIRECT}/?code={'c' * 4000}&state={STATE}&more={'x' * 4200}")
    assert len(found.code.reveal()) == 4000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", Cause.NO_ADDRESS),
        ("hello", Cause.NO_ADDRESS),
        (f"?code={'c' * 20_000}&state={STATE}", Cause.NO_ADDRESS),
        (f"https://pve2.example.com:8006/?code={CODE}&state={STATE}", Cause.OTHER_ADDRESS),
        (f"https://pve1.example.com/?code={CODE}&state={STATE}", Cause.OTHER_ADDRESS),
        (f"https://[?code={CODE}", Cause.OTHER_ADDRESS),
        (f"{REDIRECT}/?state={STATE}", Cause.NO_CODE),
        (f"{REDIRECT}/?code={CODE}&state=other", Cause.STATE_OTHER),
        (f"{REDIRECT}/?code={CODE}", Cause.STATE_OTHER),
        (f"{REDIRECT}/?code={'c' * 4097}&state={STATE}", Cause.CODE_TOO_LONG),
        (f"{REDIRECT}/?error=access_denied&state={STATE}", Cause.LOGIN_CANCELLED),
        (f"{REDIRECT}/?error=consent_required", Cause.LOGIN_NOT_GRANTED),
        (f"{REDIRECT}/?error=server_error&error_description=x", Cause.LOGIN_ANSWERED_ERROR),
    ],
)
def test_what_cannot_be_used_has_its_cause_and_no_code_is_repeated(text, why):
    assert cause(text) is why


def test_what_the_provider_says_is_kept_beside():
    with pytest.raises(OpenIdTrouble) as caught:
        back(f"{REDIRECT}/?error=access_denied&error_description=AADSTS50105")
    assert caught.value.original == "access_denied: AADSTS50105"


@pytest.mark.parametrize("url", [None, "", "https://idp/auth", "https://[", 5, []])
def test_what_is_no_url_of_a_login_begins_none(url):
    with pytest.raises(OpenIdTrouble):
        begun("idp", REDIRECT, url)


@given(st.text(max_size=200))
def test_no_paste_is_a_surprise(text):
    try:
        back(text)
        back(f"{REDIRECT}/?{text}")
    except OpenIdTrouble:
        return


def test_what_a_login_may_write_is_told_before():
    first = warnings(settings())[0]
    assert first.word == "-"
    assert "changes nothing" in first.text
    everything = warnings(
        settings(autocreate=True, groups_claim="g", groups_autocreate=True, groups_overwrite=True)
    )[0]
    assert everything.word == "LOOK"
    for part in ("makes the user", "makes groups", "out of all other groups"):
        assert part in everything.text
