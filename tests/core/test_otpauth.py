"""otpauth URIs as PVE's core understands them."""

import pytest

from pve_auth_tui.core.otpauth import BadUri, Totp, is_usual, parse

START = "otpauth://totp/"


def test_everything_has_a_default_but_the_secret():
    assert parse(f"{START}ann?secret=JBSWY3DPEHPK3PXP") == Totp(b"Hello!\xde\xad\xbe\xef", "ann")


def test_all_parameters():
    uri = f"{START}Rack%201:ann%40pve?secret=JBSWY3DP&digits=8&algorithm=sha512&period=60"
    assert parse(uri) == Totp(b"Hello", "ann@pve", "Rack 1", 8, "SHA512", 60)


def test_the_parameter_issuer_beats_the_one_in_the_label():
    assert parse(f"{START}A:b?secret=JE&issuer=C").issuer == "C"


def test_written_with_everything_spelled_out():
    assert Totp(b"Hello", "ä-b", "R 1").uri() == (
        f"{START}R%201:%C3%A4%2Db?secret=JBSWY3DP&digits=6&algorithm=SHA1&period=30&issuer=R%201"
    )


@pytest.mark.parametrize("secret", ["JBSWY3DP", "jbswy3dp", "JBSWY3DP======", "JBSWY3DP="])
def test_case_and_padding_of_the_secret_do_not_matter(secret):
    assert parse(f"{START}a?secret={secret}").secret[:4] == b"Hell"


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        ("a", "missing '?' in otp uri"),
        ("a?secret", "bad value in otpauth uri"),
        ("a?", "bad value in otpauth uri"),
        ("a?secret=1", "failed to decode otp secret in otpauth url"),
        ("a?secret=J", "missing secret in otpauth url"),
        ("a?digits=6", "missing secret in otpauth url"),
        ("a?secret=JE&digits=256", "failed to parse value 'digits'"),
        ("a?secret=JE&digits=", "failed to parse value 'digits'"),
        ("a?secret=JE&period=18446744073709551616", "failed to parse value 'period'"),
        ("a?secret=JE&period=-1", "failed to parse value 'period'"),
        ("a?secret=JE&algorithm=MD5", "failed to parse value 'algorithm'"),
        ("a?secret=JE&algorithm=ſha1", "failed to parse value 'algorithm'"),
        ("a?secret=JE&image=x", "unknown otpauth uri parameter: 'image'"),
        ("a?%ff=x", "failed to decode key"),
        ("a?secret=%ff", "failed to decode value"),
        ("a?digits=%ff", "failed to decode value 'digits'"),
    ],
)
def test_refused_with_the_words_of_the_core(rest, text):
    with pytest.raises(BadUri, match=f"^{text}$".replace("?", r"\?")):
        parse(START + rest)


def test_another_kind_of_uri_is_refused():
    with pytest.raises(BadUri, match="not an otpauth uri"):
        parse("otpauth://hotp/a?secret=JE")


@pytest.mark.parametrize("digits", ["+6", "06"])
def test_numbers_may_have_a_sign_or_zeros_in_front(digits):
    assert parse(f"{START}a?secret=JE&digits={digits}").digits == 6


def test_the_secret_does_not_show_in_a_repr():
    assert "Hello" not in repr(parse(f"{START}a?secret=JBSWY3DP"))


def test_usual_uris_are_those_that_would_be_written_back_unchanged():
    uri = Totp(b"Hello", "ann@pve", "Rack-1").uri()
    assert is_usual(uri)
    assert not is_usual(uri.replace("Rack%2D1", "Rack-1"))
    assert not is_usual(uri.removesuffix("&issuer=Rack%2D1"))
    assert not is_usual(f"{START}a?secret=JBSWY3DP")
