"""Untrusted text on its way to the screen: nothing invisible, nothing that acts."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pve_auth_tui.core.plain import cells, fit, plain, suspicious

NASTY = st.text(
    st.characters()
    | st.sampled_from(
        "\x00\x1b\x7f\x9b\u00ad\u200b\u200f\u061c\u202e\u2066\u2028\u0301\u20dd\ufe0f"
    )
    | st.characters(categories=["Mn", "Mc", "Me", "Cf", "Cs", "Co", "Zs"])
    | st.characters(min_codepoint=0xE0000, max_codepoint=0xE0FFF)
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("root@pam", "root@pam"),
        ("CN=Jörg Müller\\, Ops,DC=example", "CN=Jörg Müller\\, Ops,DC=example"),
        ("日本 Ελλάδα Україна שלום", "日本 Ελλάδα Україна שלום"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x7f\x9b31m", r"\x7f\x9b31m"),
        ("user\u202egnp.exe", r"user\u202egnp.exe"),
        ("a\u2066b\u2069\u200e\u200f\u061c", r"a\u2066b\u2069\u200e\u200f\u061c"),
        ("ad\u200bmin\u2060\ufeff\u00ad", r"ad\u200bmin\u2060\ufeff\xad"),
        ("x\U000e0041", r"x\U000e0041"),
        ("one\u2028two\u2029", r"one\u2028two\u2029"),
        ("no\u00a0break\u3000wide", r"no\xa0break\u3000wide"),
        ("\udc80\ue000\U0010fffd\u0378", r"\udc80\ue000\U0010fffd\u0378"),
        ("❤\ufe0f", "❤" + r"\ufe0f"),
        ("\u115f\u3164\uffa0\u2800", r"\u115f\u3164\uffa0\u2800"),
    ],
)
def test_what_cannot_be_read_is_spelled_out(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Jo\u0308rg", "Jo\u0308rg"),
        ("कि", "कि"),
        ("\u0308rg", r"\u0308rg"),
        (" \u0308", r" \u0308"),
        ("=\u0338", r"=\u0338"),
        ("1\u20e3", r"1\u20e3"),
        ("\u202e\u0308", r"\u202e\u0308"),
        ("a\u0301\u0302\u0303\u0304", "a\u0301\u0302\u0303" + r"\u0304"),
    ],
)
def test_a_combining_mark_stays_only_on_a_letter(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(NASTY)
def test_everything_shown_is_printable_and_in_a_cell(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    assert not {category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Me"}


@given(NASTY)
def test_plain_text_is_plain(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_readable_ascii_is_left_alone(text: str) -> None:
    assert plain(text) == text


def test_no_single_character_of_unicode_gets_through_unseen() -> None:
    for code in (*range(0x20000), *range(0xE0000, 0xE1000)):
        shown = plain("a" + chr(code))
        assert shown.isprintable()
        if not shown.isascii():
            assert cells(shown) == cell_len(shown), hex(code)


@given(NASTY, st.integers(0, 30))
def test_fitted_text_takes_exactly_its_cells(text: str, width: int) -> None:
    assert cell_len(fit(plain(text), width)) == width


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("root", 6, "root  "),
        ("root", 4, "root"),
        ("Administrator", 6, "Admin…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日… "),
        ("Jo\u0308rg", 3, "Jo\u0308…"),
        ("x", 0, ""),
    ],
)
def test_what_does_not_fit_ends_in_an_ellipsis(text: str, width: int, fitted: str) -> None:
    assert fit(text, width) == fitted


@pytest.mark.parametrize(
    "userid", ["root@pam", "admin@x.org@entra", "anna.admin@corp", "root@pve", "ci-1@pve"]
)
def test_an_ordinary_userid_is_not_suspicious(userid: str) -> None:
    assert suspicious(userid) is None


@pytest.mark.parametrize(
    ("userid", "says"),
    [
        ("r\u200boot@pam", "do not show"),
        ("root@pam#x@corp", "contains root@pam"),
        ("root@pam!x@corp", "contains root@pam"),
        ("r00t@pve", "Reads like root"),
        ("rооt@corp", "Reads like root"),  # Cyrillic
        ("Root@corp", "Reads like root"),
        ("röot@corp", "Reads like root"),
        ("jörg@corp", "outside ASCII"),
        ("a?b@corp", "has ?"),
        ("a%2f#@corp", "has # and %"),
        ("a!b@corp", "has !"),
        ("-rf@corp", "starts with a dash"),
        ("@admins@corp", "looks like a group"),
    ],
)
def test_a_userid_that_may_be_mistaken_says_why(userid: str, says: str) -> None:
    sentence = suspicious(userid)
    assert sentence is not None
    assert says in sentence


def test_administrators_of_this_cluster_are_worth_imitating_too() -> None:
    administrators = frozenset({"anna.admin@corp", "\u202e@pve"})
    assert suspicious("anna.admin@pve", administrators) is None
    assert suspicious("anna.adrnin@pve", administrators) == (
        "Reads like anna.admin, but is another name."
    )
    assert suspicious("anna.admin@corp#@pve", administrators) == (
        "The name contains anna.admin@corp, which is another account."
    )


@given(NASTY)
def test_any_userid_gets_a_plain_answer(userid: str) -> None:
    answer = suspicious(userid + "@pve", frozenset({userid + "@corp"}))
    assert answer is None or plain(answer) == answer
