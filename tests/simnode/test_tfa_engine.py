"""The second-factor engine by itself: codes, recovery keys, counting, and garbage."""

import hashlib
import hmac
import json
import subprocess
import sys
from dataclasses import replace

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pve_auth_tui.core import otpauth
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.tfaconfig import TfaConfig, parse_tfa, write_tfa
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.tfa import challenges, totp
from pve_auth_tui.simnode.tfa.engine import TfaEngine
from pve_auth_tui.simnode.tfa.failure import Panic
from pve_auth_tui.simnode.tfa.settings import read
from tests.simnode.softkey import MAKER, ORIGIN, RP, SoftKey, certificate

NOW = 1_800_000_000
USER = "alice@pve"
SETTINGS = read({"rp": "lab", "id": RP, "origin": ORIGIN})
EMPTY = TfaConfig({})
URI = "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

# RFC 6238, appendix B: seconds, then the codes of SHA-1, SHA-256 and SHA-512
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
SECRETS = {"SHA1": 20, "SHA256": 32, "SHA512": 64}


def engine(now=NOW, files=()):
    return TfaEngine(replace(system_sources(), now=lambda: float(now)), MemoryDisk(dict(files)))


def with_totp(uri=URI, now=NOW):
    parsed = otpauth.parse(uri)
    made = engine(now)
    code = totp.code(parsed, now)
    config, _ = made.add(EMPTY, USER, "totp", description="phone", totp=uri, value=code)
    return made, config, code


def login(made, config, response):
    return made.verify(config, USER, "{}", response, SETTINGS)


@pytest.mark.parametrize(("time", "sha1", "sha256", "sha512"), VECTORS)
def test_codes_are_those_of_the_rfc(time, sha1, sha256, sha512):
    for (algorithm, size), code in zip(SECRETS.items(), (sha1, sha256, sha512), strict=True):
        secret = (b"1234567890" * 7)[:size]
        found = otpauth.Totp(secret, "a", digits=8, algorithm=algorithm)
        assert totp.code(found, time) == code
        assert totp.matching(found, code, time) == time // 30


def test_from_ten_digits_on_the_core_counts_wrong_and_from_32_on_it_crashes():
    uri = "otpauth://totp/a?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    nine, ten = (totp.code(otpauth.parse(f"{uri}&digits={n}"), NOW) for n in (9, 10))
    assert (nine, ten) == ("778877905", "0368812497")  # every app shows 1778877905
    with pytest.raises(Panic, match="divisor of zero"):
        totp.code(otpauth.parse(f"{URI}&digits=32"), NOW)


def test_a_crash_is_told_without_its_reason():
    with pytest.raises(ApiError, match="rust function panicked") as crash:
        engine().add(EMPTY, USER, "totp", description="d", totp=f"{URI}&period=0", value="000000")
    assert crash.value.code == 500


def test_recovery_keys_are_stored_as_hmacs_under_the_text_of_the_secret():
    config, answer = engine().add(EMPTY, USER, "recovery")
    stored = config.users[USER].entries[0].data
    assert stored["entries"] == [
        hmac.new(stored["secret"].encode(), code.encode(), hashlib.sha256).hexdigest()
        for code in answer["recovery"]
    ]
    assert len(set(answer["recovery"])) == 10


def test_nothing_of_a_secret_is_in_the_log_or_in_a_refusal():
    made, config, code = with_totp()
    login(made, config, f"totp:{code}1")
    with pytest.raises(ApiError) as refused:
        made.add(config, USER, "totp", description="d", totp=URI, value="1")
    said = [*made.log, str(refused.value), repr(config)]
    assert not [text for text in said if "GEZDGNBV" in text or code in text]


def test_eight_misses_lock_totp_and_a_hundred_lock_everything_for_an_hour():
    made, config, code = with_totp()
    for miss in range(1, 101):
        verdict = login(made, config, "totp:000000")
        locked_before = config.users[USER].totp_locked
        config = verdict.config
        assert verdict.totp_limit == (miss == 8)
        assert verdict.locked == locked_before
    assert config.users[USER].totp_locked
    for miss in range(1, 93):  # eight are counted already, refusals unseen are not
        verdict = login(made, config, "recovery:x")
        config = verdict.config
        assert verdict.tfa_limit == (miss == 92)
    assert config.users[USER].locked_until == NOW + 3600
    assert login(made, config, f"totp:{code}").locked
    config, was_locked = made.unlock(config, USER)
    assert was_locked
    assert login(made, config, f"totp:{code}").result


def test_a_used_code_does_not_work_twice_and_the_file_says_why():
    made, config, code = with_totp()
    verdict = login(made, config, f"totp:{code}")
    assert verdict.needs_saving
    written = write_tfa(verdict.config).decode()
    assert f'"last-count":{NOW // 30}' in written
    again = login(made, parse_tfa(written.encode()), f"totp:{code}")
    assert not again.result
    assert again.log[0].endswith("rejecting reused TOTP value")


def test_the_record_of_a_node_is_a_file_that_ends_with_the_reboot():
    disk = MemoryDisk({})
    made = TfaEngine(replace(system_sources(), now=lambda: float(NOW)), disk)
    config, _ = made.add(EMPTY, USER, "webauthn", description="k", settings=SETTINGS)
    assert list(disk.files) == [f"{challenges.FOLDER}/{USER}"]
    [started] = json.loads(disk.files[f"{challenges.FOLDER}/{USER}"])["webauthn_registrations"]
    disk.files.clear()
    with pytest.raises(ApiError, match="no such challenge"):
        made.add(
            config,
            USER,
            "webauthn",
            challenge=started["challenge"],
            value=json.dumps(SoftKey().create(started["challenge"])),
            settings=SETTINGS,
        )


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"tfa_failures":"x"}', b"\xff", b"[" * 9999]
)
def test_a_record_that_cannot_be_read_starts_anew(content):
    made = engine(files={f"{challenges.FOLDER}/{USER}": content})
    assert made.challenges.open(USER) == challenges.Record()
    with pytest.raises(ApiError, match="failed to read challenge data for user"):
        made.unlock(EMPTY, USER)


@pytest.mark.parametrize("userid", ["../../etc/shadow", "", "..", "a\0@pve"])
def test_no_userid_leads_to_another_file(userid):
    with pytest.raises(ApiError, match="valid user name"):
        engine().add(EMPTY, userid, "webauthn", description="k", settings=SETTINGS)


@pytest.mark.parametrize("usable", [None, read({"rp": "x", "id": "other.com", "origin": ORIGIN})])
def test_without_usable_settings_a_user_who_only_has_a_key_cannot_log_in(usable):
    made, config = registered(SoftKey())
    assert made.login_challenge(config, USER, usable) == "{}"


def registered(key):
    made = engine()
    config, answer = made.add(EMPTY, USER, "webauthn", description="k", settings=SETTINGS)
    challenge = json.loads(answer["challenge"])["publicKey"]["challenge"]
    value = json.dumps(key.create(challenge))
    config, _ = made.add(
        config, USER, "webauthn", challenge=challenge, value=value, settings=SETTINGS
    )
    return made, config


def asked(made, config):
    challenge = made.login_challenge(config, USER, SETTINGS)
    return json.loads(challenge)["webauthn"]["publicKey"]["challenge"]


def answer(challenge, value):
    return "webauthn:" + json.dumps({**value, "challenge": challenge})


def test_a_login_challenge_can_be_tried_once():
    key = SoftKey()
    made, config = registered(key)
    challenge = asked(made, config)
    wrong = key.get(challenge, client={"origin": "https://elsewhere"})
    assert not login(made, config, answer(challenge, wrong)).result
    right = login(made, config, answer(challenge, key.get(challenge)))
    assert right.log[0].endswith("no such challenge")


def test_a_key_stored_by_pve_8_logs_in():
    key = SoftKey()
    made, config = registered(key)
    content = json.loads(write_tfa(config))
    entry = content["users"][USER]["webauthn"][0]["entry"]
    for name in ("backup_eligible", "backup_state"):
        del entry[name]
    point = entry["cred"]["key"]["EC_EC2"]
    numbers = key.key.public_key().public_numbers()
    point["x"], point["y"] = (list(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    entry["cred_id"] = list(key.id)
    config = parse_tfa(json.dumps(content).encode())
    challenge = asked(made, config)
    assert login(made, config, answer(challenge, key.get(challenge))).result


@pytest.mark.parametrize(
    ("signature", "text"),
    [
        ("MAYCAQECAQE", "Authentication has failed"),
        ("AAAA", "An OpenSSL Error has occurred"),
        ("", "An OpenSSL Error has occurred"),
    ],
)
def test_a_wrong_signature_is_told_from_one_that_is_none(signature, text):
    key = SoftKey()
    made, config = registered(key)
    challenge = asked(made, config)
    value = key.get(challenge)
    value["response"]["signature"] = signature
    assert login(made, config, answer(challenge, value)).log[0].endswith(f": {text}")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "EOF while parsing a value"),
        (b"\xa1", "EOF while parsing a value at offset 1"),
        (b"\xff", "unexpected code at offset 1"),
        (b"\x00\x00", "trailing data at offset 1"),
        (b"\x1c", "unassigned type at offset 1"),
        (b"\xa0", "missing field `fmt`"),
        (b"\x01", "invalid type: integer `1`, expected struct AttestationObjectInner"),
        (cbor2.dumps({"fmt": 1}), "invalid type: integer `1`, expected a borrowed string"),
    ],
)
def test_what_is_no_attestation_object_is_refused_in_the_cores_words(data, text):
    made = engine()
    _, answer = made.add(EMPTY, USER, "webauthn", description="k", settings=SETTINGS)
    challenge = json.loads(answer["challenge"])["publicKey"]["challenge"]
    value = SoftKey().create(challenge)
    value["response"]["attestationObject"] = list(data)
    with pytest.raises(ApiError) as refused:
        made.add(
            parse_tfa(b'{"users":{"alice@pve":{}}}'),
            USER,
            "webauthn",
            challenge=challenge,
            value=json.dumps(value),
            settings=SETTINGS,
        )
    assert str(refused.value) == f"A CBOR parser failure has occurred: {text}"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("packed", "The attestation statement algorithm is not present"),
        ("fido-u2f", "The attestation statement x5c (trust root) is not present"),
        ("tpm", "The attestation statement version is not present"),
        ("apple", "The attestation statement x5c (trust root) is not present"),
        ("android-key", "The attestation statement algorithm is not present"),
        ("compound", "The attestation format requested is not able to be processed by this server"),
    ],
)
def test_an_empty_statement_is_refused_for_what_it_lacks(form, text):
    key = SoftKey()
    key.statement = lambda *args: {}
    made = engine()
    config, answer = made.add(EMPTY, USER, "webauthn", description="k", settings=SETTINGS)
    challenge = json.loads(answer["challenge"])["publicKey"]["challenge"]
    with pytest.raises(ApiError) as refused:
        made.add(
            config,
            USER,
            "webauthn",
            challenge=challenge,
            value=json.dumps(key.create(challenge, form)),
            settings=SETTINGS,
        )
    assert str(refused.value).startswith(text)


def refusal_or(call):
    """What a call gives, or the one kind of exception that it may raise."""
    try:
        return call()
    except ApiError as error:
        return error


AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
END_ENTITY = (x509.BasicConstraints(ca=False, path_length=None), True)
RULES = "The requirements of https://w3c.github.io/webauthn/#sctn-packed-attestation-cert-"


def model(aaguid, critical=False):
    return x509.UnrecognizedExtension(AAGUID, b"\x04\x10" + aaguid), critical


def by_maker(subject, *extensions):
    """How a registration ends that a maker's certificate vouches for."""
    key, maker = SoftKey(), ec.generate_private_key(ec.SECP256R1())
    made = engine()
    config, started = made.add(EMPTY, USER, "webauthn", description="k", settings=SETTINGS)
    challenge = json.loads(started["challenge"])["publicKey"]["challenge"]
    key.statement = lambda form, auth, digest: {
        "alg": -7,
        "sig": maker.sign(auth + digest, ec.ECDSA(SHA256())),
        "x5c": [certificate(maker, subject, extensions)],
    }
    value = json.dumps(key.create(challenge, "packed"))
    given = {"challenge": challenge, "value": value, "settings": SETTINGS}
    found = refusal_or(lambda: made.add(config, USER, "webauthn", **given))
    return str(found) if isinstance(found, ApiError) else "added"


def test_a_makers_certificate_that_keeps_the_rules_is_taken():
    assert by_maker(MAKER, END_ENTITY) == "added"
    assert by_maker(MAKER, END_ENTITY, model(b"k" * 16)) == "added"


@pytest.mark.parametrize("name", MAKER)
def test_a_makers_certificate_names_country_company_unit_and_itself(name):
    subject = {other: value for other, value in MAKER.items() if other != name}
    assert by_maker(subject, END_ENTITY).startswith(RULES)


def test_a_makers_certificate_is_no_authority_and_is_for_the_model_that_answers():
    assert by_maker(MAKER).startswith(RULES)
    authority = (x509.BasicConstraints(ca=True, path_length=None), True)
    assert by_maker(MAKER, authority).startswith(RULES)
    assert by_maker(MAKER, END_ENTITY, model(b"k" * 16, critical=True)).startswith(RULES)
    assert by_maker(MAKER, END_ENTITY, model(b"x" * 16)).endswith(
        "aaguid does not match the aaguid of the token"
    )
    assert by_maker(MAKER, END_ENTITY, model(b"")).endswith("(trust root) is not valid")


def test_a_lock_counts_to_its_last_second_and_is_then_forgotten():
    made, config, _ = with_totp()
    config = replace(config, users={USER: replace(config.users[USER], locked_until=NOW)})
    entry = config.users[USER].entries[0].id
    kept = made.update(config, USER, entry, description="x")
    assert kept.users[USER].locked_until == NOW
    later = engine(NOW + 1).update(config, USER, entry, description="x")
    assert later.users[USER].locked_until is None


TEXTS = st.none() | st.text(max_size=20) | st.sampled_from([URI, "000000", "{}", "[]", '{"id":1}'])
KINDS = st.sampled_from(["totp", "webauthn", "recovery", "yubico", "u2f"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(KINDS, TEXTS, TEXTS, TEXTS, TEXTS)
def test_garbage_that_is_added_is_refused_or_stored_but_nothing_else(
    kind, description, uri, value, challenge
):
    given = {"description": description, "totp": uri, "value": value, "challenge": challenge}
    found = refusal_or(lambda: engine().add(EMPTY, USER, kind, settings=SETTINGS, **given))
    if isinstance(found, ApiError):
        assert found.code == 500
        assert found.original.endswith("\n")
    else:
        assert parse_tfa(write_tfa(found[0])).users.keys() == {USER}


@QUICK
@given(
    st.sampled_from(["{}", "[]", "x", '{"u2f":{}}', "[" * 200]) | st.text(max_size=9),
    st.sampled_from(["totp:", "recovery:", "webauthn:", "u2f:", "yubico:", ""]),
    st.text(max_size=20) | JSON.map(json.dumps),
)
def test_garbage_that_logs_in_is_refused(challenge, prefix, text):
    made, config, _ = with_totp()
    found = refusal_or(lambda: made.verify(config, USER, challenge, prefix + text, SETTINGS))
    assert found.code == 500 if isinstance(found, ApiError) else not found.result


@QUICK
@given(st.binary(max_size=120), st.binary(max_size=60), st.binary(max_size=90), st.booleans())
def test_garbage_of_a_key_is_refused(auth, client, signature, as_statement):
    key = SoftKey()
    made, config = registered(key)
    challenge = asked(made, config)
    value = key.get(challenge, auth=key.auth_data() + auth if as_statement else auth or b"x")
    value["response"]["signature"] = list(signature)
    value["response"]["clientDataJSON"] = list(client)
    assert not login(made, config, answer(challenge, value)).result
    _, started = made.add(config, USER, "webauthn", description="2", settings=SETTINGS)
    challenge = json.loads(started["challenge"])["publicKey"]["challenge"]
    value = key.create(challenge, "packed" if as_statement else "none")
    value["response"]["attestationObject"] = list(auth)
    with pytest.raises(ApiError):
        made.add(
            config,
            USER,
            "webauthn",
            challenge=challenge,
            value=json.dumps(value),
            settings=SETTINGS,
        )


@QUICK
@given(JSON, st.sampled_from(["none", "packed", "fido-u2f", "tpm", "apple", "android-key"]))
def test_garbage_in_a_statement_or_a_public_key_is_refused_or_does_not_matter(content, form):
    key = SoftKey()
    made = engine()
    config, started = made.add(EMPTY, USER, "webauthn", description="k", settings=SETTINGS)
    challenge = json.loads(started["challenge"])["publicKey"]["challenge"]
    members = content if isinstance(content, dict) else {"x5c": content, "sig": b"", "alg": -7}
    key.statement = lambda *args: members
    value = json.dumps(key.create(challenge, form))
    given = {"challenge": challenge, "value": value, "settings": SETTINGS}
    found = refusal_or(lambda: made.add(config, USER, "webauthn", **given))
    assert isinstance(found, ApiError) == (form != "none")


def test_cryptography_is_not_loaded_before_a_signature_is_checked():
    loaded = (
        "import sys, pve_auth_tui.simnode.handlers.tfa as tfa;"
        "sys.exit(any(name.split('.')[0] in ('cryptography', 'fido2') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0
