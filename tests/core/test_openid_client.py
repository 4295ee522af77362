"""What a provider makes of a client, and PVE of the provider."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.client import (
    authorize_url,
    fields_of,
    judge_authorize,
    judge_secret,
    token_form,
)
from pve_auth_tui.core.openid.pveview import judge_pve_error, judge_pve_url
from tests.core.openids import REDIRECT, answer, document, settings


def url(realm=None, **changes):
    found = document(**changes)
    return authorize_url(
        realm or settings(), found, REDIRECT, state="s t", nonce="n", pkce="challenge"
    )


def test_the_url_asks_as_pve_does():
    found = parse_qs(urlsplit(url(settings(prompt="login", acr_values=("a", "b")))).query)
    assert found == {
        "response_type": ["code"],
        "client_id": ["proxmox"],
        "state": ["s t"],
        "code_challenge": ["challenge"],
        "code_challenge_method": ["S256"],
        "redirect_uri": [REDIRECT],
        "scope": ["openid email profile"],
        "nonce": ["n"],
        "prompt": ["login"],
        "acr_values": ["a b"],
    }
    assert url(authorization_endpoint="https://x/a?b=c").startswith("https://x/a?b=c&response")
    assert url(authorization_endpoint=None) == ""


@pytest.mark.parametrize(
    ("got", "word", "why"),
    [
        (answer(b"", 303, location="/login?x=1"), "ok", None),
        (answer(b"", 302, location=f"{REDIRECT}?error=login_required"), "ok", None),
        (answer(b"<html>Sign in</html>"), "-", Cause.NOT_DECIDED),
        (
            answer(b"AADSTS50011: The redirect URI 'x' does not match"),
            "BAD",
            Cause.REDIRECT_REFUSED,
        ),
        (answer(b"Error 400: redirect_uri_mismatch", 400), "BAD", Cause.REDIRECT_REFUSED),
        (answer(b"Invalid parameter: redirect_uri", 400), "BAD", Cause.REDIRECT_REFUSED),
        (answer({"error": "invalid_redirect_uri"}, 400), "BAD", Cause.REDIRECT_REFUSED),
        (
            answer(b"redirect_uri did not match any of the client's registered", 400),
            "BAD",
            Cause.REDIRECT_REFUSED,
        ),
        (answer({"error": "invalid_client"}, 400), "BAD", Cause.CLIENT_UNKNOWN),
        (answer(b"Client not found.", 400), "BAD", Cause.CLIENT_UNKNOWN),
        (answer(b"AADSTS700016: Application was not found"), "BAD", Cause.CLIENT_UNKNOWN),
        (answer({"error": "unauthorized_client"}, 400), "BAD", Cause.CLIENT_NOT_ALLOWED),
        (answer(b"", 400), "BAD", Cause.AUTHORIZE_REFUSED),
        (answer(b"", 502), "BAD", Cause.STATUS),
        (answer(b"", 302, location=f"{REDIRECT}?error=invalid_scope"), "BAD", Cause.SCOPE_REFUSED),
        (
            answer(
                b"",
                302,
                location=f"{REDIRECT}?error=invalid_request&error_description=code_challenge",
            ),
            "BAD",
            Cause.PKCE_REFUSED,
        ),
        (
            answer(b"", 302, location="https://idp/error?error=server_error"),
            "BAD",
            Cause.AUTHORIZE_REFUSED,
        ),
        (
            answer(b"", 302, location="https://idp/error?error=login_required"),
            "BAD",
            Cause.AUTHORIZE_REFUSED,
        ),
        (answer(b"", 302), "BAD", Cause.AUTHORIZE_REFUSED),
    ],
)
def test_what_the_authorization_endpoint_says(got, word, why):
    """A page is told as "not refused", never as ok: Entra shows its errors with 200."""
    check = judge_authorize(got, REDIRECT)
    assert (check.word, check.causes) == (word, () if why is None else (why,))
    if got.status == 200:
        assert check.word != "ok"


@pytest.mark.parametrize(
    ("got", "with_secret", "word", "why"),
    [
        (answer({"error": "invalid_grant"}, 400), True, "ok", None),
        (answer({"error": "invalid_grant"}, 400), False, "ok", None),
        (answer({"error": "invalid_client"}, 401), True, "BAD", Cause.SECRET_WRONG),
        (answer({"error": "invalid_client"}, 400), False, "BAD", Cause.SECRET_MISSING),
        (answer(b"no", 401), True, "BAD", Cause.SECRET_WRONG),
        (answer({"error": "unauthorized_client"}, 400), True, "BAD", Cause.CLIENT_NOT_ALLOWED),
        (answer({"error": "invalid_request"}, 400), True, "LOOK", Cause.SECRET_NOT_DECIDED),
        (answer(b"<html>", 200), True, "LOOK", Cause.SECRET_NOT_DECIDED),
        (answer({"error": 5}, 500), True, "LOOK", Cause.SECRET_NOT_DECIDED),
    ],
)
def test_what_the_token_endpoint_says_of_a_made_up_code(got, with_secret, word, why):
    check = judge_secret(got, document(), with_secret=with_secret)
    assert (check.word, check.causes) == (word, () if why is None else (why,))


def test_a_provider_that_takes_no_basic_is_told_so():
    """PVE sends the secret by HTTP's own login and in no other way."""
    only_post = document(token_endpoint_auth_methods_supported=["client_secret_post"])
    check = judge_secret(answer({"error": "invalid_client"}, 401), only_post, with_secret=True)
    assert check.causes == (Cause.SECRET_METHOD,)
    assert "client_secret" not in token_form(REDIRECT, "c", "v")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("authentication domain 'idp' does not exist\n", Cause.PVE_NO_REALM),
        ("wrong realm type (ad != openid)\n", Cause.PVE_NO_REALM),
        ("Validation error: unexpected issuer URI `a` (expected `b`)\n", Cause.PVE_ISSUER),
        ("Request failed: certificate verify failed\n", Cause.PVE_CERTIFICATE),
        ("Request failed: invalid peer certificate: UnknownIssuer\n", Cause.PVE_CERTIFICATE),
        ("Server returned invalid response: HTTP status code 404\n", Cause.PVE_STATUS),
        ("Failed to parse server response\n", Cause.PVE_PARSE),
        ("Request failed: Dns Failed: resolve dns name\n", Cause.PVE_UNREACHABLE),
        ("something new\n", Cause.PVE_REFUSED),
        ("", Cause.PVE_REFUSED),
    ],
)
def test_a_refusal_of_auth_url_has_its_cause_and_pves_own_words(text, why):
    check = judge_pve_error(text)
    assert check.causes == (why,)
    assert check.fact("PVE says") == text.strip()


def test_the_url_of_pve_is_compared_with_what_was_asked():
    found = document()
    assert judge_pve_url(url(), settings(), REDIRECT, found).word == "ok"
    other = judge_pve_url(url(settings(client_id="old")), settings(), REDIRECT, found)
    assert (other.causes, other.fact("Differs")) == ((Cause.PVE_OTHER_URL,), "client_id")
    scopes = judge_pve_url(url(settings(scopes=("email",))), settings(), REDIRECT, None)
    assert scopes.fact("Differs") == "scope"
    moved = judge_pve_url(url(authorization_endpoint="https://x/"), settings(), REDIRECT, found)
    assert moved.fact("Differs") == "endpoint"
    for rubbish in (None, 5, "", "https://[", []):
        assert judge_pve_url(rubbish, settings(), REDIRECT, found).word == "BAD"


@given(st.binary(max_size=300), st.integers(100, 599), st.text(max_size=80))
def test_no_answer_is_a_surprise(body, status, location):
    got = answer(body, status, location=location)
    judge_authorize(got, REDIRECT)
    judge_secret(got, document(), with_secret=True)
    fields_of(location)
    judge_pve_url(location, settings(), REDIRECT, document())
    judge_pve_error(location)


@pytest.mark.parametrize(
    "piece", ["mismatch", "redirect_uri ", "invalid ", "client_id", "client_id a ", "x"]
)
def test_pages_of_any_shape_are_read_in_linear_time(piece):
    """R12: this would not end if an expression went back and forth."""
    page = (piece * (200_000 // len(piece))).encode()
    assert judge_authorize(answer(page), REDIRECT).word in ("-", "BAD")
