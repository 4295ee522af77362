"""Errors that repeat what was sent in secret."""

import pytest

from pve_auth_tui.core.errors import ApiError, Unreachable
from pve_auth_tui.core.masked import without
from pve_auth_tui.core.secret import Secret


def test_no_text_of_an_error_repeats_a_secret():
    error = ApiError(400, "bad 'geheim 1'\n", {"password": "got 'geheim 1', wants 'x'"})
    assert without(error, [Secret("geheim 1")]) is error
    assert str(error) == "bad '****'"
    assert error.original == "bad '****'\n"
    assert error.errors == {"password": "got '****', wants 'x'"}
    assert error.code == 400


def test_hint_and_original_are_masked_too():
    error = without(Unreachable("no", "try 12345678", "said 12345678", unsure=True),
                    [Secret("12345678")])  # fmt: skip
    assert (error.hint, error.original, error.unsure) == ("try ****", "said ****", True)


def test_of_two_secrets_the_longer_goes_first():
    error = ApiError(500, "got totp:123456\n")
    without(error, [Secret("123456"), Secret("totp:123456")])
    assert str(error) == "got ****"


@pytest.mark.parametrize("value", ["", "a", "abc"])
def test_what_stands_in_every_sentence_is_left(value):
    assert str(without(ApiError(500, "abc is bad\n"), [Secret(value)])) == "abc is bad"
