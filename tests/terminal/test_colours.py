"""Colours: what is left of them on a console and on a plain terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color as Ink
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from pve_auth_tui.terminal.colours import MonoFilter, SixteenFilter

BLACK = Color(0, 0, 0)
INKS = (
    st.none()
    | st.just(Ink.default())
    | st.integers(0, 255).map(Ink.from_ansi)
    | st.builds(Ink.from_rgb, *[st.integers(0, 255)] * 3)
)
FLAGS = st.none() | st.booleans()
STYLES = st.builds(
    Style, color=INKS, bgcolor=INKS, bold=FLAGS, dim=FLAGS, italic=FLAGS, underline=FLAGS,
    blink=FLAGS, reverse=FLAGS, conceal=FLAGS, strike=FLAGS, link=st.none() | st.just("https://x"),
)  # fmt: skip


def written(filter_: SixteenFilter | MonoFilter, style: Style) -> set[int]:
    """The SGR codes that Textual writes for text of this style, behind the filter."""
    [segment] = filter_.apply([Segment("x", style)], BLACK)
    assert segment.style is not None
    line = Strip.render_style(segment.style, "x", ColorSystem.STANDARD)
    assert "\x1b]" not in line
    codes = line.partition("\x1b[")[2].partition("m")[0]
    return {int(code) for code in codes.split(";") if code}


@pytest.mark.parametrize(
    ("style", "codes"),
    [
        ("red", {31}),
        ("bright_red", {1, 31}),
        ("red on blue", {31, 44}),
        ("bright_black", set()),
        ("black", set()),  # on the terminal's own background, which may be black
        ("white", set()),
        ("white on blue", {37, 44}),
        ("black on white", {30, 47}),
        ("bright_black on black", {37, 40}),
        ("default on white", {30, 47}),
        ("default on bright_blue", {37, 44}),
        ("green on bright_green", {30, 42}),
        ("#c00000 on #000080", {31, 44}),
        ("bold underline reverse", {1, 4, 7}),
        ("dim italic strike blink", set()),
    ],
)
def test_sixteen_colours_are_the_plain_eight(style: str, codes: set[int]) -> None:
    assert written(SixteenFilter(mouse=False), Style.parse(style)) == codes


@pytest.mark.parametrize(
    ("style", "codes"),
    [
        ("red", set()),
        ("bold red", {1}),
        ("underline", {4}),
        ("black on white", {7}),
        ("white on blue", {7}),
        ("white on #101010", set()),
        ("white on bright_black", set()),
        ("reverse", {7}),
        ("white on black reverse", {7}),
        ("black on white reverse", set()),
        ("dim italic strike", set()),
    ],
)
def test_without_colours_a_background_becomes_reverse(style: str, codes: set[int]) -> None:
    assert written(MonoFilter(mouse=False), Style.parse(style)) == codes


@given(STYLES)
def test_no_style_writes_a_code_that_a_console_may_lack(style: Style) -> None:
    sixteen = {1, 4, 7} | set(range(30, 38)) | set(range(40, 48))
    assert written(SixteenFilter(mouse=False), style) <= sixteen
    assert written(MonoFilter(mouse=False), style) <= {1, 4, 7}


@given(STYLES)
def test_text_never_vanishes_in_its_background(style: Style) -> None:
    codes = written(SixteenFilter(mouse=False), style)
    fronts = [code - 30 for code in codes if 30 <= code < 40]
    backs = [code - 40 for code in codes if 40 <= code < 50]
    assert backs == [] or (len(fronts) == 1 and fronts != backs)
    assert backs or fronts != [0]


def test_what_a_click_needs_to_know_stays_where_there_is_a_mouse() -> None:
    style = Style(bold=True) + Style.from_meta({"@click": "app.quit"})
    [kept] = SixteenFilter(mouse=True).apply([Segment("x", style)], BLACK)
    assert kept.style is not None
    assert kept.style.meta == {"@click": "app.quit"}


def test_a_segment_without_style_stays_as_it_is() -> None:
    assert MonoFilter(mouse=False).apply([Segment("x")], BLACK) == [Segment("x")]
