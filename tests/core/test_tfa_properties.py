"""tfa.cfg: what is written is what is read again, and the short cut is never wrong."""

import json
from itertools import chain

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pve_auth_tui.core import tfafile, tfausual
from pve_auth_tui.core.otpauth import ALGORITHMS, Totp
from pve_auth_tui.core.serdejson import SerdeError, TooDeep
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, UserTfa, parse_tfa, write_tfa

UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TIME = st.integers(-(2**63), 2**63 - 1)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9.\-_]{1,12}", fullmatch=True)
USERID = st.builds(
    lambda name, realm: f"{name}@{realm}",
    st.from_regex(r"[^\s:/\x1c-\x1f\x85\xa0]{1,10}", fullmatch=True).filter(
        lambda name: name.encode("utf-8", "ignore").decode() == name
    ),
    NAME,
)
URIS = st.builds(
    lambda *fields: Totp(*fields).uri(),
    st.binary(min_size=1, max_size=20),
    UNICODE,
    st.none() | UNICODE,
    st.integers(0, 255),
    st.sampled_from(ALGORITHMS),
    st.integers(0, 2**64 - 1),
)
BINARY = st.binary(max_size=40).map(tfafile.encode_base64url)
KEYS = st.one_of(
    st.fixed_dictionaries(
        {"curve": st.sampled_from(tfafile.EC2_CURVES), "x": BINARY, "y": BINARY}
    ).map(lambda point: {"EC_EC2": point}),
    st.fixed_dictionaries({"curve": st.sampled_from(tfafile.OKP_CURVES), "x": BINARY}).map(
        lambda point: {"EC_OKP": point}
    ),
    st.fixed_dictionaries(
        {"n": BINARY, "e": st.lists(st.integers(0, 255), min_size=3, max_size=3)}
    ).map(lambda key: {"RSA": key}),
)
DATA = {
    "totp": URIS
    | st.fixed_dictionaries({"totp": URIS, "last-count": st.integers(-(2**63) + 1, 2**63 - 1)}),
    "yubico": UNICODE,
    "u2f": st.fixed_dictionaries(
        {
            "key": st.fixed_dictionaries({"keyHandle": BINARY, "version": UNICODE}),
            "public-key": st.just("BAAB"),
        }
    ),
    "webauthn": st.fixed_dictionaries(
        {
            "cred_id": BINARY,
            "cred": st.fixed_dictionaries({"type_": st.just("ES256"), "key": KEYS}),
            "counter": st.integers(0, 2**32 - 1),
            "backup_eligible": st.booleans(),
            "backup_state": st.booleans(),
        }
    ),
}
RECOVERY = st.builds(
    lambda secret, keys, created: TfaEntry(
        "recovery",
        "recovery",
        created=created,
        unused=sum(key is not None for key in keys),
        total=len(keys),
        data={"secret": secret, "entries": keys},
    ),
    UNICODE,
    st.lists(st.none() | UNICODE, max_size=4),
    TIME,
)


def entries_of(kind):
    entry = st.builds(
        lambda *fields, data: TfaEntry(fields[0], kind, *fields[1:], data=data),
        UNICODE,
        UNICODE,
        TIME,
        st.booleans(),
        data=DATA[kind],
    )
    return st.lists(entry, max_size=2)


USERS = st.dictionaries(
    USERID,
    st.tuples(
        st.lists(RECOVERY, max_size=1),
        *map(entries_of, ["totp", "webauthn", "u2f", "yubico"]),
        st.booleans(),
        st.none() | TIME,
    ),
    max_size=2,
).map(
    lambda users: {
        userid: UserTfa(userid, tuple(chain(*kinds)), locked, until)
        for userid, (*kinds, locked, until) in users.items()
    }
)


@given(USERS)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
def test_second_factors_survive_writing_and_reading(users):
    assert parse_tfa(write_tfa(TfaConfig(users))) == TfaConfig(users)


@given(USERS, st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
def test_the_short_cut_reads_what_the_exact_reader_reads_or_leaves_it_alone(users, data):
    text = write_tfa(TfaConfig(users))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 4)))
    pieces = [b"", b'"', b"{}", b"[]", b",", b"1", b"-0", b"true", b"null", b":", b"\\", b"=", b" "]
    changed = text[:start] + data.draw(st.sampled_from(pieces)) + text[end:]
    quick = tfausual.read_users(changed)
    if quick is not None:
        exact = tfafile.read_users(changed)
        assert quick.keys() == exact.keys()
        assert parse_tfa(changed).users == parse_tfa(b" " + unusual(changed)).users


def unusual(text):
    """The same content, but nothing for the short cut: it has one more member."""
    head, brace, rest = text.partition(b"{")
    return head + brace + b'"other":0' + (b"," if rest.strip() != b"}" else b"") + rest


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_json_in_any_place_is_read_or_refused(value):
    for content in (
        value,
        {"users": value},
        {"users": {"a@bc": value}},
        {"users": {"a@bc": {"totp": [{"id": "1", "created": 1, "entry": value}]}}},
        {"users": {"a@bc": {"webauthn": [{"id": "1", "created": 1, "entry": value}]}}},
    ):
        data = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
        try:
            tfafile.read_users(data)
        except (SerdeError, TooDeep):
            assert tfausual.read_users(data) is None
