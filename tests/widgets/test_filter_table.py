"""The table that every list is shown in."""

import pytest
from textual.app import App

from pve_auth_tui.core.find import haystack, parse_query
from pve_auth_tui.core.listing import Column, Row
from widgets.filter_table import FilterTable

COLUMNS = (
    Column("User name", 12, grow=True),
    Column("Realm", 6),
    Column("Comment", 20, wide=True),
)


def row(number):
    name = f"u{number:02}"
    return Row(f"{name}@pve", (name, "pve", f"comment {number}"), sort=(name, "pve", -number))


ROWS = [row(number) for number in range(30)]


class TableApp(App):
    def __init__(self, rows=ROWS):
        super().__init__()
        self._rows = rows

    def compose(self):
        yield FilterTable(COLUMNS)

    def on_mount(self):
        self.table.load(self._rows, [haystack(row) for row in self._rows])
        self.table.focus()

    @property
    def table(self):
        return self.query_one(FilterTable)


@pytest.fixture
async def pilot():
    async with TableApp().run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        yield pilot


def drawn(pilot):
    table = pilot.app.table
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


async def test_it_draws_a_heading_and_marks_the_cursor_with_a_sign(pilot):
    assert drawn(pilot)[:3] == [
        "   User name                      Realm",
        " > u00                            pve",
        "   u01                            pve",
    ]


async def test_every_line_has_exactly_the_width_of_the_widget(pilot):
    table = pilot.app.table
    assert {table.render_line(y).cell_length for y in range(table.size.height)} == {40}


async def test_arrows_and_letters_move_and_the_cursor_stays_in_view(pilot):
    await pilot.press("down", "j", "j", "k", "pagedown")
    assert pilot.app.table.key == "u11@pve"
    assert any(line.startswith(" > u11") for line in drawn(pilot))
    await pilot.press("end")
    assert pilot.app.table.key == "u29@pve"
    await pilot.press("down", "home", "up")
    assert pilot.app.table.key == "u00@pve"


async def test_narrowing_keeps_the_cursor_on_its_row_not_on_its_number(pilot):
    table = pilot.app.table
    table.go_to("u21@pve")
    table.narrow(parse_query("u2").select)
    assert (table.key, table.count, table.total) == ("u21@pve", 10, 30)
    table.narrow(parse_query("u3").select)
    assert (table.key, table.count) == (None, 0)
    table.narrow(None)
    assert table.count == 30


async def test_new_rows_keep_the_cursor_on_its_key(pilot):
    table = pilot.app.table
    table.go_to("u05@pve")
    rows = ROWS[3:]
    table.load(rows, [haystack(row) for row in rows])
    assert table.key == "u05@pve"


async def test_sorting_uses_the_rows_own_values_and_can_be_turned_round(pilot):
    table = pilot.app.table
    table.sort(2)
    table.action_end(0)
    assert table.key == "u29@pve"
    table.sort(0, reverse=True)
    assert [row.key for row in table.rows_shown][:2] == ["u29@pve", "u28@pve"]
    table.sort(None)
    assert table.rows_shown == ROWS


async def test_marks_outlive_a_filter_and_hidden_ones_are_counted(pilot):
    table = pilot.app.table
    table.set_marks(frozenset({"u01@pve", "u25@pve"}))
    assert drawn(pilot)[2].startswith("  *u01")
    table.narrow(parse_query("u0").select)
    assert table.hidden_marks() == 1


async def test_next_goes_round_the_end(pilot):
    table = pilot.app.table
    table.go_to("u20@pve")
    assert table.go_to_next(lambda row: row.key == "u10@pve")
    assert table.key == "u10@pve"
    assert not table.go_to_next(lambda row: False)


async def test_wide_columns_come_when_they_are_asked_for(pilot):
    pilot.app.table.show_all_columns(True)
    assert "Comment" in drawn(pilot)[0]


@pytest.mark.parametrize(
    "evil", ["\x1b[2Jgone", "[bold]x[/bold]", "a\nb", "\u202erevo", "a\u0300" * 30, "日本語" * 9]
)
async def test_untrusted_text_neither_moves_anything_nor_changes_the_width(evil):
    rows = [Row("k", (evil, evil, evil))]
    async with TableApp(rows).run_test(size=(40, 5)) as pilot:
        await pilot.pause()
        line = pilot.app.table.render_line(1)
        assert line.cell_length == 40
        assert not any(ord(c) < 32 or c == "\u202e" for c in line.text)
        if evil.startswith("[bold]"):
            assert "[bold]x[/bold]" in line.text


@pytest.mark.parametrize("width", [3, 10, 40, 80, 200])
async def test_any_width_can_be_drawn(width):
    async with TableApp().run_test(size=(width, 4)) as pilot:
        await pilot.pause()
        assert {strip.cell_length for strip in map(pilot.app.table.render_line, range(4))} == {
            width
        }


async def test_the_hardware_cursor_sits_on_the_selected_row(pilot):
    await pilot.press("down", "down")
    assert pilot.app.cursor_position == (1, 3)


async def test_an_empty_table_has_no_row_and_takes_every_key():
    async with TableApp([]).run_test(size=(40, 5)) as pilot:
        await pilot.press("down", "end", "pageup", "home")
        assert pilot.app.table.row is None


async def test_what_is_read_again_keeps_the_order_that_was_asked_for(pilot):
    table = pilot.app.table
    table.sort(2)
    before = [row.key for row in table.rows_shown]
    table.load(list(ROWS), [haystack(row) for row in ROWS])
    assert [row.key for row in table.rows_shown] == before


async def test_what_is_read_again_leaves_the_row_where_it_is_on_the_screen(pilot):
    table = pilot.app.table
    table.go_to("u20@pve")
    await pilot.press("up", "up")
    before = next(y for y, line in enumerate(drawn(pilot)) if line.startswith(" > u18"))
    more = [row(number) for number in range(-5, 30)]
    table.load(more, [haystack(each) for each in more])
    await pilot.pause()
    assert drawn(pilot)[before].startswith(" > u18")


async def test_a_row_that_is_gone_leaves_the_cursor_at_its_place(pilot):
    table = pilot.app.table
    table.go_to("u10@pve")
    left = [each for each in ROWS if each.key != "u10@pve"]
    table.load(left, [haystack(each) for each in left])
    assert table.key == "u11@pve"


async def test_it_tells_whether_rows_are_those_it_has(pilot):
    table = pilot.app.table
    assert table.holds([row(number) for number in range(30)])
    assert not table.holds(ROWS[1:])
