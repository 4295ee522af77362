"""WebAuthn as PVE speaks it: challenges, stored keys, refusals; compared with recordings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.errors import ApiError, Refused, Unreachable, Unreadable
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.logins import counter_refused
from pve_auth_tui.core.tfaconfig import TfaEntry, parse_tfa
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.core.webauthn import (
    auth_data,
    bytes_of,
    creation_of,
    entry_of,
    request_options,
    timed,
)
from pve_auth_tui.core.webauthnrefusal import server_trouble

RECORDED = Path(__file__).parent.parent / "conformance" / "golden" / "tfa"
CASES: list[dict[str, Any]] = json.loads((RECORDED / "webauthn.json").read_text())["cases"]
CHALLENGES = [
    case["step1"]["result"]["challenge"] for case in CASES if "challenge" in case["step1"]["result"]
]


def recorded_errors() -> list[str]:
    """Every text with which the recorded code refused anything."""
    found: dict[str, None] = {}

    def look(value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in {"error", "settings_error"} and isinstance(inner, str):
                    found[inner] = None
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(CASES)
    return list(found)


# --- what PVE asks ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", CHALLENGES)
def test_every_recorded_challenge_is_read(text: str) -> None:
    key = json.loads(text)["publicKey"]
    asked = creation_of(text)
    assert asked.challenge == key["challenge"]  # bare: PVE refuses the whole text
    assert asked.rp_id == key["rp"]["id"]
    assert asked.options == {name: value for name, value in key.items() if name != "extensions"}


def test_the_form_of_pve_8_is_read() -> None:
    key = {
        "rp": {"name": "rack", "id": "example.com"},
        "user": {"id": "cm9vdEBwYW0", "name": "root@pam", "displayName": "root@pam"},
        "challenge": "AAAA",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "timeout": 60000,
        "attestation": "none",
    }
    assert creation_of(json.dumps({"publicKey": key})).rp_id == "example.com"


GOOD = json.loads(CHALLENGES[0])["publicKey"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[" * 50_000,
        "x" * 300_000,
        json.dumps(GOOD),
        json.dumps({"publicKey": GOOD, "more": "x" * 300_000}),
        json.dumps({"publicKey": []}),
        *(json.dumps({"publicKey": {**GOOD, name: None}}) for name in ("rp", "user", "challenge")),
        json.dumps({"publicKey": {**GOOD, "rp": {"name": "x"}}}),
        json.dumps({"publicKey": {**GOOD, "pubKeyCredParams": 1}}),
        json.dumps({"publicKey": {**GOOD, "excludeCredentials": {"a": 1}}}),
        json.dumps({"publicKey": {**GOOD, "excludeCredentials": [{}] * 257}}),
    ],
)
def test_what_is_no_challenge_is_told(text: str) -> None:
    with pytest.raises(Unreadable, match="in a way that this program does not know"):
        creation_of(text)


@given(st.text(max_size=200))
def test_no_text_makes_it_stumble(text: str) -> None:
    with pytest.raises(Unreadable):
        creation_of(f"?{text}")


def test_a_question_of_our_own_has_the_form_of_pves() -> None:
    asked = next(case["login"][0]["challenge"] for case in CASES if case.get("login"))
    theirs = json.loads(asked)["webauthn"]["publicKey"]
    credentials = [bytes_of(one["id"]) or b"" for one in theirs["allowCredentials"]]
    challenge = bytes_of(theirs["challenge"]) or b""
    ours = timed(request_options(theirs["rpId"], challenge, credentials), 300)
    assert ours == {name: value for name, value in theirs.items() if name != "hints"}


# --- what PVE has stored -----------------------------------------------------------------------


def entry(**data: Any) -> TfaEntry:
    return TfaEntry("1", "webauthn", "rack 3", data=data)


POINT = {"curve": "SECP256R1", "x": "AQID", "y": [4, 5, 6]}
EC = {"type_": "ES256", "key": {"EC_EC2": POINT}}
RSA = {"type_": "RS256", "key": {"RSA": {"n": "_-8", "e": [1, 0, 1]}}}


def test_keys_are_read_in_both_forms() -> None:
    new = entry_of(entry(cred_id="AQI", cred=EC, counter=7))
    assert new is not None
    assert (new.credential, new.counter) == (b"\1\2", 7)
    assert new.public_key == {"alg": -7, "x": b"\1\2\3", "y": b"\4\5\6"}
    old = entry_of(entry(cred_id=[1, 2], cred=RSA, counter=0))
    assert old is not None
    assert (old.credential, old.counter) == (b"\1\2", 0)
    assert old.public_key == {"alg": -257, "n": b"\xff\xef", "e": b"\1\0\1"}


def test_every_key_in_the_recorded_files_is_read() -> None:
    read = 0
    for case in json.loads((RECORDED / "tfacfg.json").read_text())["cases"]:
        if "input" not in case or case.get("error") or case.get("panic"):
            continue
        for user in parse_tfa(case["input"].encode()).users.values():
            for one in user.entries:
                if one.type == "webauthn" and is_takeable(one.data):
                    stored = entry_of(one)
                    assert stored is not None
                    assert encode_base64url(stored.credential) == one.data["cred_id"]
                    read += 1
    assert read > 10


def is_takeable(data: Any) -> bool:
    """Of the kinds that PVE lets in; its file may hold others, which nobody put there."""
    form = data["cred"]["key"]
    point = form.get("EC_EC2", {"curve": ""})["curve"] == "SECP256R1"
    return bool({("ES256", point), ("RS256", "RSA" in form)} & {(data["cred"]["type_"], True)})


def test_other_kinds_and_what_the_api_does_not_tell_are_nothing() -> None:
    assert entry_of(TfaEntry("1", "totp", data="otpauth://totp/x")) is None
    assert entry_of(TfaEntry("1", "webauthn")) is None


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"cred_id": "AQI", "cred": EC, "counter": -1},
        {"cred_id": "AQI", "cred": EC, "counter": True},
        {"cred_id": "?", "cred": EC, "counter": 1},
        {"cred_id": [256], "cred": EC, "counter": 1},
        {"cred_id": "\u00e4", "cred": EC, "counter": 1},
        {"cred_id": "AQI", "cred": {}, "counter": 1},
        {"cred_id": "AQI", "cred": {**EC, "type_": "ES384"}, "counter": 1},
        {"cred_id": "AQI", "cred": {**RSA, "key": {"RSA": {"n": 1}}}, "counter": 1},
        {"cred_id": "AQI", "cred": {**EC, "key": {"EC_EC2": {**POINT, "x": 1}}}, "counter": 1},
    ],
)
def test_what_pve_could_not_use_is_unreadable(data: Any) -> None:
    with pytest.raises(Unreadable, match="cannot be used"):
        entry_of(replace(entry(), data=data))


# --- what a key says -----------------------------------------------------------------------------


def test_authenticator_data_is_taken_apart() -> None:
    data = auth_data(b"h" * 32 + b"\x05" + (258).to_bytes(4, "big") + b"more")
    assert data == (b"h" * 32, True, True, 258)
    with pytest.raises(KeyTrouble):
        auth_data(b"h" * 36)


def test_the_counter_is_compared_with_that_of_the_enrolment() -> None:
    refused = {(0, 0): False, (0, 1): False, (7, 8): False, (7, 7): True, (7, 0): True}
    assert {pair: counter_refused(*pair) for pair in refused} == refused


# --- what PVE refuses --------------------------------------------------------------------------


@pytest.mark.parametrize("text", recorded_errors())
def test_every_recorded_refusal_has_a_sentence_of_its_own(text: str) -> None:
    trouble = server_trouble(ApiError(500, f"{text}\n"))
    assert trouble.original == text
    assert "PVE says" not in str(trouble)
    assert str(trouble) != "PVE refused the key."
    assert str(trouble).endswith(".")
    assert trouble.hint


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("no such challenge", Kind.SERVER_CHALLENGE),
        ("The client response challenge differs from the latest", Kind.SERVER_CHALLENGE),
        ("no webauthn configuration available", Kind.ORIGIN),
        ("failed to figure out origin", Kind.ORIGIN),
        ("The clients relying party origin does not match our servers", Kind.ORIGIN),
        ("The clients relying party id hash does not match", Kind.ORIGIN),
        ("A credential alg that was not allowed in the request", Kind.UNSUPPORTED),
        ("The credential may be a passkey and not truly bound", Kind.UNSUPPORTED),
        ("credential id already present", Kind.ALREADY),
        ("The user present bit is not set, and required", Kind.KEY_ERROR),
        ("error parsing challenge response: missing field `id`", Kind.SERVER),
        ("'description' is required for new entries", Kind.SERVER),
        ("no such user ('ann@pve')", Kind.SERVER),
    ],
)
def test_where_again_goes_to_follows_from_the_text(text: str, kind: Kind) -> None:
    assert server_trouble(ApiError(500, text)).kind is kind


def test_what_has_nothing_to_do_with_keys_keeps_its_sentence() -> None:
    quorum = server_trouble(ApiError(500, "cluster not ready - no quorum?\n"))
    assert (quorum.kind, "quorum" in str(quorum)) == (Kind.SERVER, True)
    right = server_trouble(ApiError(403, "Permission check failed (/access, User.Modify)"))
    assert "User.Modify" in str(right)
    odd = server_trouble(ApiError(500, "something new"))
    assert (str(odd), odd.original) == ("PVE says: something new.", "something new")


def test_other_errors_keep_their_words() -> None:
    lost = server_trouble(Unreachable("No answer came.", "Look again."))
    assert (lost.kind, str(lost), lost.hint) == (Kind.SERVER, "No answer came.", "Look again.")
    known = KeyTrouble(Kind.TIMEOUT)
    assert server_trouble(known) is known
    assert server_trouble(Refused("No.")).hint == "Nothing was stored."
