"""Text as PVE's Perl sees it. Expected values were made with Perl 5.36 and Encode 3.17."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core import perltext


@pytest.mark.parametrize("text", [None, "", "0"])
def test_undefined_empty_and_zero_are_false(text):
    assert not perltext.truthy(text)


@pytest.mark.parametrize("text", ["00", "0.0", "no", " ", "1"])
def test_anything_else_is_true(text):
    assert perltext.truthy(text)


def test_lines_lose_their_blanks_and_empty_ones_are_gone():
    assert perltext.lines("\n a b \r\n\n\x0b\n\tc\x0cd\t") == ["a b", "c\x0cd"]


def test_a_no_break_space_is_no_blank_at_the_end_of_a_line():
    assert perltext.lines("a\xa0\n\x85b") == ["a\xa0", "\x85b"]


@pytest.mark.parametrize(("text", "found"), [("", []), ("\n\n", []), (" \n\t\n", ["\t"])])
def test_a_file_of_blanks_alone_is_its_last_blank(text, found):
    assert perltext.lines(text) == found


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (None, []),
        ("", []),
        ("a", ["a"]),
        ("a,b;c d", ["a", "b", "c", "d"]),
        (" ,;a,, b\t\r\nc,", ["a", "b", "c"]),
        ("a\xa0b\x85c", ["a", "b", "c"]),
        ("a\x1cb", ["a\x1cb"]),
        ("a,b\0c d\0\0", ["a,b", "c d"]),
        ("\0a", ["", "a"]),
        ("\0", []),
    ],
)
def test_lists_are_split_at_commas_semicolons_and_blanks_or_at_nul_alone(text, items):
    assert perltext.split_list(text) == items


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("plain", "plain"),
        ("night shift%3A rack 3", "night shift: rack 3"),
        ("B%C3%A4r", "Bär"),
        ("B%c3%a4r", "Bär"),
        ("100%", "100%"),
        ("%zz%2", "%zz%2"),
        ("B\xc3\xa4r", "Bär"),
        ("caf\xe9", "caf\ufffd"),
        ("%E2%82x", "\ufffdx"),
        ("%F5%80%80%80x", "\ufffdx"),
        ("%C0%AF", "\ufffd"),
        ("%ED%A0%80", "\ufffd"),
        ("%F0%9F%98%80", "\U0001f600"),
    ],
)
def test_fields_are_percent_decoded_and_then_utf8(field, text):
    assert perltext.decode_text(field) == text


def test_only_colon_percent_controls_and_what_is_not_ascii_are_encoded():
    assert perltext.encode_text("a:b%c\n'\"<>/~ü") == "a%3Ab%25c%0A'\"<>/~%C3%BC"


@given(st.text())
def test_encoded_text_comes_back(text):
    assert perltext.decode_text(perltext.encode_text(text)) == text


@given(st.binary())
def test_any_bytes_are_some_text_that_can_be_encoded_again(data):
    perltext.decode_utf8(data).encode()


@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        ("0", "0"),
        ("007", "7"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.84467440737096e+19"),
        ("9" * 23, "1e+23"),
        ("9" * 5000, "Inf"),
    ],
)
def test_large_numbers_look_like_perls(digits, shown):
    assert perltext.shown_number(perltext.number(digits)) == shown


@pytest.mark.parametrize("text", ["", "-1", "1.5", "\xb2", "1 ", "soon"])
def test_only_decimal_digits_are_a_number(text):
    assert not perltext.is_number(text)


def test_a_file_is_latin1_until_one_character_does_not_fit():
    assert perltext.encode_file("\xfc") == b"\xfc"
    assert perltext.encode_file("\xfc\u20ac") == "\xfc\u20ac".encode()
