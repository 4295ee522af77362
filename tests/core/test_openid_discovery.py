"""What a provider says of itself, as PVE would take it (host.md 4, reference 5.3)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.openid.boundedjson import BadJson, read_json
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.discovery import (
    document_url,
    judge_claims,
    judge_clock,
    judge_document,
    judge_endpoints,
    judge_issuer,
    judge_pkce,
    read_document,
    takes_basic,
)
from pve_auth_tui.core.openid.keys import judge_keys, key_set
from pve_auth_tui.core.openid.report import Check
from tests.core.openids import EC, ISSUER, RSA, answer, document, settings

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
FIELDS = st.sampled_from([*sorted(document()), "grant_types_supported", "keys", "error"])


def cause(check: Check) -> Cause | None:
    return check.causes[0] if check.causes else None


def refused(issuer: str) -> Cause:
    with pytest.raises(OpenIdTrouble) as caught:
        document_url(issuer)
    return caught.value.cause


# --- where the document is -------------------------------------------------------------------


@pytest.mark.parametrize("issuer", [ISSUER, f"{ISSUER}/"])
def test_a_slash_at_the_end_of_the_issuer_is_not_doubled(issuer):
    assert document_url(issuer) == f"{ISSUER}/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("issuer", "why"),
    [
        ("", Cause.NO_ISSUER),
        (f"{ISSUER}/.well-known/openid-configuration", Cause.ISSUER_IS_DOCUMENT),
        (f"{ISSUER}/{'x' * 256}", Cause.ISSUER_TOO_LONG),
        ("idp.example.com", Cause.ISSUER_MALFORMED),
        ("ftp://idp.example.com", Cause.ISSUER_MALFORMED),
        (f"{ISSUER}?a=b", Cause.ISSUER_MALFORMED),
        (f"{ISSUER}#", Cause.ISSUER_MALFORMED),
        ("https://ann@idp.example.com", Cause.ISSUER_MALFORMED),
        ("https://idp.example.com:port", Cause.ISSUER_MALFORMED),
        ("https://idp .example.com", Cause.ISSUER_MALFORMED),
        ("https://", Cause.ISSUER_MALFORMED),
    ],
)
def test_what_can_be_no_issuer_is_never_asked(issuer, why):
    assert refused(issuer) is why


# --- JSON within limits ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"issuer": "a", "issuer": "b"}',
        b'{"a": {"b": 1, "b": 2}}',
        b"NaN",
        b"[Infinity]",
        b"\xff\xfe",
        b"{",
        b"",
        b'"' + b"x" * (1 << 20) + b'"',
        b"1" * 5000,
    ],
)
def test_json_beyond_the_limits_is_not_read(data):
    """R12: 1 MiB, 64 levels, no name twice."""
    with pytest.raises(BadJson):
        read_json(data)


def test_json_within_the_limits_is_read():
    deep = b"[" * 64 + b"]" * 64
    assert read_json(deep)
    assert read_json(b'{"a": "[[[[\\"[[", "b": {"a": 1}}') == {"a": '[[[["[[', "b": {"a": 1}}
    assert read_json(b"\xef\xbb\xbf{}") == {}


@given(st.binary(max_size=200))
def test_no_octets_are_a_surprise(data):
    with suppress(BadJson):
        read_json(data)


# --- the document ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "why"),
    [
        (answer({}, 302, location="https://other/"), Cause.REDIRECTED),
        (answer(b"", 404), Cause.NOT_FOUND),
        (answer(b"", 503), Cause.STATUS),
        (answer(b"", 401), Cause.STATUS),
        (answer(b"<html>", 200, content_type="text/html"), Cause.NOT_JSON),
        (answer([1], 200), Cause.NOT_JSON),
    ],
)
def test_what_is_no_document_has_its_cause(got, why):
    with pytest.raises(OpenIdTrouble) as caught:
        read_document(got)
    assert caught.value.cause is why


@pytest.mark.parametrize(
    "field",
    [
        *("issuer", "authorization_endpoint", "jwks_uri", "response_types_supported"),
        *("subject_types_supported", "id_token_signing_alg_values_supported"),
    ],
)
def test_a_field_that_pve_cannot_do_without_is_named(field):
    check = judge_document(document(**{field: None}), answer())
    assert (check.word, cause(check)) == ("BAD", Cause.FIELD_MISSING)
    assert field in check.fact("Missing")
    assert cause(judge_document(document(**{field: 5}), answer())) is Cause.FIELD_MISSING


def test_a_document_that_is_sent_as_text_is_refused_by_pve():
    plain = answer(content_type="text/plain; charset=utf-8")
    assert cause(judge_document(document(), plain)) is Cause.CONTENT_TYPE
    for kind in ("application/json", "Application/JSON;charset=utf-8"):
        assert judge_document(document(), answer(content_type=kind)).word == "ok"
    assert judge_document(document(), answer()).word == "ok"


@pytest.mark.parametrize(
    ("wanted", "told", "why"),
    [
        (ISSUER, f"{ISSUER}/", Cause.SLASH_MISSING),
        (f"{ISSUER}/", ISSUER, Cause.SLASH_TOO_MUCH),
        (
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            Cause.ISSUER_TENANT,
        ),
        (ISSUER, "http://internal:9000/x", Cause.ISSUER_INTERNAL),
        (ISSUER, "https://10.0.0.5", Cause.ISSUER_INTERNAL),
        (ISSUER, "https://keycloak.svc.cluster.local", Cause.ISSUER_INTERNAL),
        (ISSUER, "https://localhost", Cause.ISSUER_INTERNAL),
        (ISSUER, f"http://{ISSUER.removeprefix('https://')}", Cause.ISSUER_HTTP),
        (ISSUER, "https://other.example.com", Cause.ISSUER_OTHER),
        (ISSUER, f"{ISSUER}//", Cause.ISSUER_OTHER),
        (ISSUER, ISSUER.upper(), Cause.ISSUER_OTHER),
        (ISSUER, "https://[", Cause.ISSUER_INTERNAL),
    ],
)
def test_an_issuer_that_differs_has_its_cause(wanted, told, why):
    check = judge_issuer(settings(issuer=wanted), {"issuer": told})
    assert (check.word, check.causes) == ("BAD", (why,))


def test_the_same_text_is_the_same_issuer():
    assert judge_issuer(settings(), document()).word == "ok"
    assert judge_issuer(settings(), {}).causes == (Cause.ISSUER_OTHER,)


@pytest.mark.parametrize(
    ("off", "word"), [(0, "ok"), (-29, "ok"), (30, "LOOK"), (-119, "LOOK"), (120, "BAD")]
)
def test_the_clock_of_the_provider_is_compared(off, word):
    check = judge_clock(1000.0 + off, 1000.0)
    assert check.word == word
    assert judge_clock(None, 1000.0).word == "-"


def test_endpoints_that_are_missing_in_clear_or_elsewhere_are_told():
    def worst(**changes):
        return cause(judge_endpoints(settings(), document(**changes)))

    assert worst() is None
    assert worst(token_endpoint=None) is Cause.ENDPOINT_MISSING
    assert worst(token_endpoint="https://[") is Cause.ENDPOINT_MISSING
    assert worst(token_endpoint="http://idp.example.com/token") is Cause.ENDPOINT_NOT_HTTPS
    assert worst(token_endpoint="https://x.example.com/") is Cause.ENDPOINT_ELSEWHERE
    assert worst(userinfo_endpoint=None) is Cause.NO_USERINFO
    assert worst(response_types_supported=["id_token"]) is Cause.NO_CODE_FLOW
    assert worst(grant_types_supported=["implicit"]) is Cause.NO_CODE_FLOW
    elsewhere = judge_endpoints(settings(), document(jwks_uri="https://keys.example.com/"))
    assert elsewhere.word == "ok"
    quiet = settings(query_userinfo=False)
    assert judge_endpoints(quiet, document(userinfo_endpoint=None)).word == "ok"


def test_scopes_and_claims_that_are_not_announced_are_never_more_than_a_look():
    def told(realm=None, **changes):
        check = judge_claims(realm or settings(), document(**changes))
        assert check.word in ("ok", "LOOK")
        return check.causes

    assert told() == ()
    assert told(scopes_supported=None, claims_supported=None) == ()
    assert told(scopes_supported=["openid"]) == (Cause.SCOPES_NOT_ANNOUNCED,)
    assert told(claims_supported=["sub"]) == (Cause.CLAIM_NOT_ANNOUNCED,)
    assert told(settings(username_claim="username")) == (), "PVE falls back"
    groups = settings(groups_claim="roles")
    assert told(groups) == (Cause.GROUPS_NOT_ANNOUNCED,)
    opaque = settings(username_claim="sub")
    assert told(opaque) == ()
    assert told(opaque, subject_types_supported=["pairwise"]) == (Cause.CLAIM_OPAQUE,)
    assert judge_claims(opaque, document(), saved=False).causes == (Cause.CLAIM_OPAQUE,)


def test_pkce_and_the_way_of_the_secret_are_read_as_the_standards_have_them():
    assert judge_pkce(document()).word == "ok"
    assert judge_pkce(document(code_challenge_methods_supported=None)).word == "ok"
    plain = judge_pkce(document(code_challenge_methods_supported=["plain"]))
    assert plain.causes == (Cause.PKCE_NOT_S256,)
    assert takes_basic(document())
    methods = "token_endpoint_auth_methods_supported"
    assert takes_basic(document(**{methods: ["client_secret_basic"]}))
    assert not takes_basic(document(**{methods: ["client_secret_post"]}))


# --- keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithms", "keys", "why"),
    [
        (["RS256"], [RSA], None),
        (["ES256"], [EC], None),
        (["RS256", "ES256"], [EC], None),
        (["RS256"], [{**RSA, "use": None}], None),
        (["HS256"], [], Cause.SHARED_SECRET_ONLY),
        (["HS256"], None, Cause.SHARED_SECRET_ONLY),
        (["RS256"], None, Cause.NO_KEYS),
        (["RS256"], [], Cause.NO_KEYS),
        (["RS256"], [{**RSA, "use": "enc"}], Cause.ENCRYPTION_KEYS_ONLY),
        (["RS256"], [{**RSA, "key_ops": ["encrypt"]}], Cause.ENCRYPTION_KEYS_ONLY),
        (["ES512"], [RSA], Cause.NO_ALGORITHM),
        (["none"], [RSA], Cause.NO_ALGORITHM),
        (["ES256"], [RSA], Cause.KEYS_DO_NOT_FIT),
        (["ES384"], [EC], Cause.KEYS_DO_NOT_FIT),
        (["RS256"], [{**RSA, "n": None}], Cause.KEYS_DO_NOT_FIT),
        (["RS256"], [{**RSA, "n": "w" * 171}], Cause.KEY_SHORT),
        (["RS256"], [RSA, {**RSA, "kid": None}], Cause.KEYS_AMBIGUOUS),
    ],
)
def test_keys_and_algorithms_have_to_fit_each_other_and_pve(algorithms, keys, why):
    check = judge_keys(document(id_token_signing_alg_values_supported=algorithms), keys)
    assert cause(check) is why
    assert check.word == ("ok" if why is None else check.word)


def test_an_authentik_without_signing_key_is_recognised():
    """authentik #2169: its set of keys is an empty object, which PVE cannot even read."""
    assert key_set(answer({})) is None
    assert key_set(answer({"keys": []})) == []
    assert key_set(answer({"keys": [RSA, 5, None]})) == [RSA]
    assert key_set(answer(b"<html>")) is None
    assert key_set(answer({"keys": [RSA]}, 500)) is None


# --- rubbish ---------------------------------------------------------------------------------


@given(st.dictionaries(FIELDS, JSON, max_size=8))
def test_no_document_is_a_surprise(found):
    """R12: any JSON under any name, over a complete document."""
    whole = {**document(), **found}
    for each in (found, whole):
        judge_document(each, answer())
        judge_issuer(settings(), each)
        judge_endpoints(settings(groups_claim="g"), each)
        judge_claims(settings(groups_claim="g"), each)
        judge_pkce(each)
        takes_basic(each)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["kty", "use", "kid", "n", "crv", "key_ops"]), JSON),
        max_size=3,
    )
)
def test_no_set_of_keys_is_a_surprise(keys):
    judge_keys(document(), keys)
