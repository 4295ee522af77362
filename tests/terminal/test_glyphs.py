"""Every character in what the terminal has, cell for cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.color import Color

from pve_auth_tui.terminal.glyphs import CP437, GlyphFilter, translator
from pve_auth_tui.terminal.profile import Profile

ASCII = Profile("ascii", "none", serial=True)
CONSOLE = Profile("cp437", "16", console=True)
UNICODE = Profile("unicode", "256")
# What `setfont Lat15-Fixed16`, Debian's default, can show of the signs used below.
LAT15 = Profile("cp437", "16", console=True, font=frozenset("─━│┌╭╮█▒●✗…öé«»·→▶"))

ANY = st.text(
    st.characters()
    | st.sampled_from("╭─╮│▁▀▎✓…●\u200d\ufe0f\u0301\u202e\x1b\xa0\u3000❤⚠👍日ｱ한")
    | st.characters(min_codepoint=0x2190, max_codepoint=0x2BFF)
)


@pytest.mark.parametrize(
    ("text", "ascii_", "console", "lat15"),
    [
        ("Administrator", "Administrator", "Administrator", "Administrator"),
        ("╭─╮│", "+-+|", "┌─┐│", "╭─╮│"),
        ("┏━┓┃", "+-+|", "┌─┐│", "┌━+│"),
        ("▊▎▁▔", "||_-", "││_─", "││_─"),
        ("█▓▒░", "##:.", "█▒▒░", "█▒▒."),
        ("✓✔ ✗", "++ x", "++ x", "++ ✗"),
        ("►▶ ▼▸", ">> v>", ">> ▼>", "▶▶ v▶"),
        ("• ● …", "* * ~", "• • ~", "* ● …"),
        ("“don’t”", '"don\'t"', '"don\'t"', '"don\'t"'),
        ("röot", "r?ot", "röot", "röot"),
        ("ro\u0308ot", "r?ot", "r?ot", "r?ot"),
        ("rооt", "r??t", "r??t", "r??t"),  # Cyrillic
        ("日本", "? ? ", "? ? ", "? ? "),
        ("👍", "? ", "? ", "? "),
        ("a\xa0b", "a b", "a b", "a b"),
    ],
)
def test_what_a_terminal_lacks_is_replaced_by_its_like(
    text: str, ascii_: str, console: str, lat15: str
) -> None:
    assert translator(ASCII)(text) == ascii_
    assert translator(CONSOLE)(text) == console
    assert translator(LAT15)(text) == lat15


def test_unicode_is_left_alone() -> None:
    for text in ("╭─╮ ✓日本 Jo\u0308rg", "👍", "❤\ufe0f"):
        assert translator(UNICODE)(text) == text


def test_a_stray_control_character_never_reaches_the_terminal() -> None:
    for profile in (ASCII, CONSOLE, UNICODE):
        assert translator(profile)("a\x1b[2J\x9b\u202eb") == "a[2Jb"


@given(ANY)
@pytest.mark.parametrize("profile", [ASCII, CONSOLE, LAT15, UNICODE], ids=lambda p: p.glyphs)
def test_the_number_of_cells_never_changes(profile: Profile, text: str) -> None:
    assert cell_len(translator(profile)(text)) == cell_len(text)


@given(ANY)
def test_only_what_the_terminal_has_is_written(text: str) -> None:
    assert translator(ASCII)(text).isascii()
    assert set(translator(CONSOLE)(text)) <= CP437
    font = LAT15.font
    assert font is not None
    assert set(filter(lambda c: not c.isascii(), translator(LAT15)(text))) <= font
    for profile in (ASCII, CONSOLE, LAT15):
        assert translator(profile)(text).isprintable()


def test_the_filter_changes_text_and_nothing_else() -> None:
    bold = Style(bold=True)
    move = Segment("\x1b[H", None, [(ControlType.HOME,)])
    drawn = GlyphFilter(ASCII).apply([Segment("─é", bold), move], Color(0, 0, 0))
    assert drawn == [Segment("-?", bold), move]
