"""What an app would show, for every entry that PVE can have."""

import sys

import pytest

from pve_auth_tui.adapters.authenticator import PyotpAuthenticator
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.otpauth import Totp, decode_base32
from pve_auth_tui.core.ports import Authenticator
from pve_auth_tui.simnode.tfa import totp as node

NOW = 1_800_000_000.0
APP: Authenticator = PyotpAuthenticator()
SHA1 = b"12345678901234567890"
SHA256 = SHA1 + SHA1[:12]
SHA512 = SHA1 * 3 + SHA1[:4]


@pytest.mark.parametrize(
    ("secret", "algorithm", "at", "code"),
    [
        (SHA1, "SHA1", 59, "94287082"),
        (SHA256, "SHA256", 59, "46119246"),
        (SHA512, "SHA512", 59, "90693936"),
        (SHA1, "SHA1", 1111111109, "07081804"),
        (SHA256, "SHA256", 1234567890, "91819424"),
        (SHA512, "SHA512", 20000000000, "47863826"),
    ],
)
def test_the_codes_are_those_of_rfc_6238(secret, algorithm, at, code):
    assert APP.code(Totp(secret, "a", None, 8, algorithm), at).reveal() == code


@pytest.mark.parametrize("length", [1, 10, 13, 14, 20, 64, 65, 128, 129])
@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize("digits", [1, 5, 6, 9])
@pytest.mark.parametrize("period", [1, 30, 3600])
def test_a_node_computes_the_same_code(length, algorithm, digits, period):
    entry = Totp(bytes(range(length)), "a", None, digits, algorithm, period)
    assert APP.code(entry, NOW).reveal() == node.code(entry, NOW)


def test_new_secrets_have_160_bits_and_are_new():
    secrets = {APP.new_secret().reveal() for _ in range(20)}
    assert len(secrets) == 20
    assert all(len(decode_base32(secret)) == 20 for secret in secrets)
    assert all(len(secret) == 32 and secret.isupper() for secret in secrets)


@pytest.mark.parametrize("steps", [-20, -2, -1, 0, 1, 2, 20])
@pytest.mark.parametrize("period", [10, 30, 120])
def test_the_offset_of_a_clock_is_found(steps, period):
    entry = Totp(SHA1, "a", period=period)
    code = APP.code(entry, NOW + steps * period).reveal()
    assert APP.offset(entry, code, NOW) == steps


def test_a_code_from_farther_away_or_of_another_secret_has_no_offset():
    entry = Totp(SHA1, "a")
    far = APP.code(entry, NOW + 21 * 30).reveal()
    assert APP.offset(entry, far, NOW) is None
    assert APP.offset(entry, APP.code(Totp(SHA256, "a"), NOW).reveal(), NOW) is None
    assert APP.offset(entry, far, NOW, steps=21) == 21


def test_near_1970_no_clock_is_asked_for_what_was_before():
    entry = Totp(SHA1, "a")
    assert APP.offset(entry, APP.code(entry, 0.0).reveal(), 31.0) == -1
    assert APP.offset(entry, "x", 31.0) is None


@pytest.mark.parametrize(
    ("entry", "at"),
    [
        (Totp(SHA1, "a", period=0), NOW),
        (Totp(SHA1, "a", digits=0), NOW),
        (Totp(SHA1, "a", digits=11), NOW),
        (Totp(SHA1, "a"), -1.0),
        (Totp(SHA1, "a"), 1e300),
    ],
)
def test_what_no_app_can_show_is_refused(entry, at):
    with pytest.raises(UsageError, match="No app can show a code"):
        APP.code(entry, at)


def test_without_its_library_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyotp", None)
    with pytest.raises(AuthTuiError, match="module pyotp is missing"):
        APP.new_secret()
