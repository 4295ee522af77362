"""What has changed is seen whole, also where the machine was too busy to draw in between."""

import pytest
from textual.app import App
from textual.containers import Vertical

from pve_auth_tui.core.listing import Line
from widgets.answer import Verdict
from widgets.detail_pane import Paragraph
from widgets.secret_view import SecretView

FIRST, THEN = ("one",), ("one", "two", "three")


def paragraph(widget, texts):
    widget.show([Line(text) for text in texts])


def verdict(widget, texts):
    widget.show([" ".join([text] * 30) for text in texts])


def secret(widget, texts):
    widget.show(lambda: texts)


@pytest.mark.parametrize(
    ("made", "shows"),
    [
        (Paragraph, paragraph),
        (Verdict, verdict),
        (lambda: SecretView(("hidden",)), secret),
    ],
)
async def test_a_second_change_before_the_first_is_drawn_has_its_lines(made, shows):
    widget = made()

    class Shown(App):
        def compose(self):
            with Vertical():
                yield widget

    async with Shown().run_test() as pilot:
        await pilot.pause()
        shows(widget, THEN)
        await pilot.pause()
        high = widget.size.height
        shows(widget, FIRST)
        await pilot.pause()
        assert widget.size.height < high
        shows(widget, FIRST)
        pilot.app.query_one(Vertical)._clear_arrangement_cache()  # as when somebody else there
        pilot.app.screen._refresh_layout()  # has changed, before this one is idle
        shows(widget, THEN)
        await pilot.pause()
        assert widget.size.height == high
