"""A long secret that is pasted: what it costs to draw does not grow with it."""

import pytest
from textual.app import App
from textual.events import Paste

from widgets.pasted_field import Pasted


class Alone(App):
    def compose(self):
        yield Pasted()


async def pasted(text):
    """The field after a paste, and what is drawn of it."""
    app = Alone()
    async with app.run_test(size=(40, 3)) as pilot:
        field = app.query_one(Pasted)
        field.focus()
        field.cursor_blink = False
        field.post_message(Paste(text))
        await pilot.pause()
        return field.value, field.render_line(0).text, len(field._value), field.content_width


@pytest.mark.parametrize("length", [600, 250_000])
async def test_a_long_one_is_kept_whole_and_drawn_as_dots_from_edge_to_edge(length):
    value, drawn, cost, width = await pasted("x" * length)
    assert value == "x" * length
    assert drawn == "•" * 40
    assert cost <= 501
    assert width < 600


async def test_a_short_one_is_a_dot_for_each_character():
    value, drawn, _, _ = await pasted("first\nsecond")
    assert value == "first second"
    assert drawn.rstrip() == "•" * 12
