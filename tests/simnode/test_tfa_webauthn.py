"""Our relying party beside an independent one (the PyPI package `webauthn`).

Both take the same good answers of keys and refuse the same tampered ones. Where PVE's own core
differs from the standard's letter, there is a recorded case, named here.
"""

import base64
import json
from pathlib import Path
from traceback import walk_tb

import pytest
import webauthn
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers.cose import COSEAlgorithmIdentifier

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.tfaconfig import TfaConfig
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.tfa.engine import TfaEngine
from pve_auth_tui.simnode.tfa.settings import read
from tests.simnode.softkey import ORIGIN, PRESENT, RP, SoftKey

GOLDEN = Path(__file__).parents[1] / "conformance" / "golden" / "tfa" / "webauthn.json"
CASES = {case["name"]: case for case in json.loads(GOLDEN.read_text("utf-8"))["cases"]}
SETTINGS = read({"rp": "lab", "id": RP, "origin": ORIGIN})
USER = "alice@pve"
BOTH = [("ES256", "none"), ("ES256", "packed"), ("ES256", "fido-u2f")]
BOTH += [("RS256", "none"), ("RS256", "packed")]
OFFERED = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
RSA_KEY = rsa.generate_private_key(65537, 2048)


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Ours:
    """An engine with its configuration, and the challenge that is open."""

    def __init__(self):
        self.engine = TfaEngine(system_sources(), MemoryDisk({}))
        self.config = TfaConfig({})

    def start(self):
        self.config, answer = self.engine.add(
            self.config, USER, "webauthn", description="k", settings=SETTINGS
        )
        return json.loads(answer["challenge"])["publicKey"]["challenge"]

    def registers(self, challenge, value):
        try:
            self.config, _ = self.engine.add(
                self.config,
                USER,
                "webauthn",
                challenge=challenge,
                value=json.dumps(value),
                settings=SETTINGS,
            )
        except ApiError:
            return False
        return True

    def ask(self):
        self.asked = self.engine.login_challenge(self.config, USER, SETTINGS)
        return json.loads(self.asked)["webauthn"]["publicKey"]["challenge"]

    def logs_in(self, challenge, value):
        response = "webauthn:" + json.dumps({**value, "challenge": challenge})
        return self.engine.verify(self.config, USER, self.asked, response, SETTINGS).result


THEIR_CODE = str(Path(webauthn.__file__).parent)


def is_refusal(error):
    """Whether the library refuses, or fails inside its own code over what it was given.

    It does over a public key with another shape (a TypeError). What we do wrong ourselves, as a
    call with other arguments than it knows, is none.
    """
    places = (frame.f_code.co_filename for frame, _ in walk_tb(error.__traceback__))
    return any(place.startswith(THEIR_CODE) for place in places)


def theirs_registers(challenge, value, place=(RP, ORIGIN)):
    """The independent library's opinion."""
    try:
        verify_registration_response(
            credential=value,
            expected_challenge=decoded(challenge),
            expected_rp_id=place[0],
            expected_origin=place[1],
            supported_pub_key_algs=OFFERED,
        )
    except Exception as error:
        if not is_refusal(error):
            raise
        return False
    return True


def theirs_logs_in(challenge, value, public_key, counter, place=(RP, ORIGIN)):
    try:
        verify_authentication_response(
            credential=value,
            expected_challenge=decoded(challenge),
            expected_rp_id=place[0],
            expected_origin=place[1],
            credential_public_key=public_key,
            credential_current_sign_count=counter,
        )
    except Exception as error:
        if not is_refusal(error):
            raise
        return False
    return True


def registered(algorithm="ES256", form="none"):
    key, ours = SoftKey(algorithm, rsa_key=RSA_KEY), Ours()
    challenge = ours.start()
    value = key.create(challenge, form)
    return key, ours, challenge, value


@pytest.mark.parametrize(("algorithm", "form"), BOTH)
def test_a_good_key_registers_and_logs_in_with_both(algorithm, form):
    key, ours, challenge, value = registered(algorithm, form)
    assert theirs_registers(challenge, value)
    assert ours.registers(challenge, value)
    for _ in range(2):
        challenge = ours.ask()
        answer = key.get(challenge)
        assert theirs_logs_in(challenge, answer, key.cose, 1)
        assert ours.logs_in(challenge, answer)


def flipped(value, name, bit):
    """The answer with one bit of one part turned over."""
    data = bytearray(decoded(value["response"][name]))
    data[bit // 8 % len(data)] ^= 1 << (bit % 8)
    return {**value, "response": {**value["response"], name: encoded(bytes(data))}}


CREATE_TAMPERS = {
    "other challenge": {"client": {"challenge": "AAAA"}},
    "other host": {"client": {"origin": "https://pve2.example.com:8006"}},
    "no port": {"client": {"origin": "https://pve1.example.com"}},
    "http": {"client": {"origin": "http://pve1.example.com:8006"}},
    "a login's answer": {"client": {"type": "webauthn.get"}},
}
FLAGS = {"nobody touched it": 0, "backed up but not eligible": PRESENT | 0x10}


@pytest.mark.parametrize(("algorithm", "form"), BOTH)
@pytest.mark.parametrize("tampered", CREATE_TAMPERS)
def test_a_registration_for_something_else_is_refused_by_both(algorithm, form, tampered):
    key, ours, challenge, _ = registered(algorithm, form)
    value = key.create(challenge, form, **CREATE_TAMPERS[tampered])
    assert not theirs_registers(challenge, value)
    assert not ours.registers(challenge, value)


@pytest.mark.parametrize("flags", FLAGS)
def test_a_registration_with_flags_that_do_not_do_is_refused_by_both(flags):
    key, ours, challenge, _ = registered()
    value = key.create(challenge, auth=key.auth_data(flags=FLAGS[flags], attested=True))
    assert not theirs_registers(challenge, value)
    assert not ours.registers(challenge, value)


def test_a_key_for_another_relying_party_is_refused_by_both():
    key, ours, challenge, _ = registered()
    auth = bytes(32) + key.auth_data(attested=True)[32:]
    value = key.create(challenge, auth=auth)
    assert not theirs_registers(challenge, value)
    assert not ours.registers(challenge, value)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(bit=st.integers(0, 8 * 2000))
def test_any_flipped_bit_of_a_signed_registration_is_refused_by_both(algorithm, bit):
    _, ours, challenge, value = registered(algorithm, "packed")
    for name in ("clientDataJSON", "attestationObject"):
        tampered = flipped(value, name, bit)
        assert not ours.registers(challenge, tampered)
        assert not theirs_registers(challenge, tampered)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_every_flipped_bit_of_a_public_key_is_refused_by_both(algorithm):
    key, ours, challenge, value = registered(algorithm, "packed")
    first = 8 * decoded(value["response"]["attestationObject"]).index(key.cose)
    for bit in range(8 * len(key.cose)):
        tampered = flipped(value, "attestationObject", first + bit)
        assert not ours.registers(challenge, tampered)
        assert not theirs_registers(challenge, tampered)


def test_a_mistake_of_ours_in_calling_the_other_library_is_no_refusal():
    _, _, challenge, value = registered()
    with pytest.raises(IndexError):
        theirs_registers(challenge, value, place=())


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(bit=st.integers(0, 8 * 2000))
def test_any_flipped_bit_of_what_u2f_signs_is_refused_by_both(bit):
    key, ours, challenge, value = registered("ES256", "fido-u2f")
    tampered = flipped(value, "clientDataJSON", bit)
    assert not ours.registers(challenge, tampered)
    assert not theirs_registers(challenge, tampered)
    auth = bytearray(key.auth_data(attested=True, aaguid=bytes(16)))
    start = len(auth) - len(key.cose)
    parts = ((0, 32), (55, start), (start + 10, start + 42), (start + 45, start + 77))
    signed = [place for first, end in parts for place in range(first, end)]  # hash, id, x and y
    place = signed[bit // 8 % len(signed)]
    good = bytes(auth)
    auth[place] ^= 1 << (bit % 8)
    key.statement = lambda form, _, digest: SoftKey.statement(key, form, good, digest)
    tampered = key.create(challenge, "fido-u2f", auth=bytes(auth))
    assert not ours.registers(challenge, tampered)
    assert not theirs_registers(challenge, tampered)


LOGIN_TAMPERS = {**CREATE_TAMPERS, "a login's answer": {"client": {"type": "webauthn.create"}}}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
@pytest.mark.parametrize("tampered", LOGIN_TAMPERS)
def test_a_login_for_something_else_is_refused_by_both(algorithm, tampered):
    key, ours, challenge, value = registered(algorithm)
    assert ours.registers(challenge, value)
    challenge = ours.ask()
    answer = key.get(challenge, **LOGIN_TAMPERS[tampered])
    assert not theirs_logs_in(challenge, answer, key.cose, 1)
    assert not ours.logs_in(challenge, answer)


@pytest.mark.parametrize("flags", FLAGS)
def test_a_login_with_flags_that_do_not_do_is_refused_by_both(flags):
    key, ours, challenge, value = registered()
    assert ours.registers(challenge, value)
    challenge = ours.ask()
    key.counter += 1
    answer = key.get(challenge, auth=key.auth_data(flags=FLAGS[flags]))
    assert not theirs_logs_in(challenge, answer, key.cose, 1)
    assert not ours.logs_in(challenge, answer)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bit=st.integers(0, 8 * 300),
    name=st.sampled_from(["signature", "authenticatorData", "clientDataJSON"]),
)
def test_any_flipped_bit_of_a_login_is_refused_by_both(algorithm, bit, name):
    key, ours, challenge, value = registered(algorithm)
    assert ours.registers(challenge, value)
    challenge = ours.ask()
    answer = flipped(key.get(challenge), name, bit)
    assert not theirs_logs_in(challenge, answer, key.cose, 1)
    assert not ours.logs_in(challenge, answer)


@pytest.mark.parametrize(("stored", "sent", "good"), [(5, 6, 1), (5, 5, 0), (5, 4, 0), (0, 0, 1)])
def test_a_counter_must_grow_for_both(stored, sent, good):
    key, ours, challenge, _ = registered()
    key.counter = stored
    assert ours.registers(challenge, key.create(challenge))
    challenge, key.counter = ours.ask(), sent - 1
    answer = key.get(challenge)
    assert theirs_logs_in(challenge, answer, key.cose, stored) == bool(good)
    assert ours.logs_in(challenge, answer) == bool(good)


# PVE's core is laxer or stricter than that library in these recorded cases, and in no other.
URLS = "PVE compares origins as URLs, the library as text"
SUBDOMAINS = "PVE lets subdomains in by default"
CHALLENGES = "PVE keeps its challenges itself, for 120 s and per user"
RULES = "PVE checks what a maker's certificate says of itself"
DIFFERENT_REGISTRATIONS = {
    "client-origin-with-path": URLS,
    "settings-origin-443-explicit": URLS,
    "settings-origin-idn": URLS,
    "subdomain-default": SUBDOMAINS,
    "subdomain-allowed": SUBDOMAINS,
    "challenge-padded": CHALLENGES,
    "challenge-age-600": CHALLENGES,
    "other-user-finishes": CHALLENGES,
    "packed-x5c-wrong-ou": RULES,
    "packed-x5c-ca-certificate": RULES,
    "client-cross-origin-true": "PVE takes no key that was made inside of another site",
    "value-other-type": "PVE does not look at `type`",
}
DIFFERENT_LOGINS = {
    "settings-origin-443-explicit": URLS,
    "settings-origin-idn": URLS,
    "subdomain-default": SUBDOMAINS,
    "login-answer-twice": CHALLENGES,
    "login-age-121": CHALLENGES,
    "login-entry-deleted-meanwhile": CHALLENGES,
}


def test_the_other_library_and_pve_differ_in_exactly_the_named_registrations():
    different = set()
    for name, case in CASES.items():
        step, configured = case["step2"], case["settings"] or {}
        if not step or "origin" not in configured:
            continue
        theirs = theirs_registers(
            step["request"]["challenge"],
            json.loads(step["request"].get("value") or "{}"),
            (configured["id"], configured["origin"]),
        )
        if theirs != ("id" in step["result"]):
            different.add(name)
    assert different == DIFFERENT_REGISTRATIONS.keys()


def test_the_other_library_and_pve_differ_in_exactly_the_named_logins():
    different = set()
    for name, case in CASES.items():
        changed = [step["settings"] for step in case.get("more", ()) if step["op"] == "settings"]
        origin = ((changed or [case["settings"]])[-1] or {}).get("origin")
        for login in case.get("login", ()):
            if not login["response"] or "result" not in login["result"]:
                continue
            options = json.loads(login["challenge"])["webauthn"]["publicKey"]
            answer = json.loads(login["response"].removeprefix("webauthn:"))
            keys = [case["key"], *case.get("keys", ())]
            raw = answer.get("rawId") if isinstance(answer, dict) else ""
            key = next((key for key in keys if key["credential_id"] == raw), case["key"])
            theirs = isinstance(answer, dict) and theirs_logs_in(
                options["challenge"],
                answer,
                decoded(key["public_key_cose"]),
                key["counter_at_registration"],
                (options["rpId"], origin),
            )
            if theirs != login["result"]["result"]:
                different.add(name)
    assert different == DIFFERENT_LOGINS.keys()
