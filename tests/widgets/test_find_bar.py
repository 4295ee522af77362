"""The bar of `/`: what it is told before it is drawn."""

from textual.app import App, ComposeResult

from widgets.find_field import FindBar
from widgets.lines import OneLine


class Found(App[None]):
    """Counts while the bar is only being made."""

    def compose(self) -> ComposeResult:
        bar = FindBar("", lambda text: None)
        bar.show_count("12 users")
        yield bar


async def test_a_count_that_comes_before_the_bar_is_drawn_stands_in_it():
    async with Found().run_test() as pilot:
        await pilot.pause()
        assert pilot.app.query_one(".count", OneLine).text.strip() == "12 users"
