"""How the journal looks."""

import pytest

from screens.journal import JournalScreen
from tests.screens.conftest import make_app, rack, settle
from tests.screens.journals import Desk

__all__ = ["make_app", "rack"]


@pytest.mark.parametrize("size", [(80, 24), (132, 43)], ids=["80x24", "132x43"])
def test_the_journal(looks_the_same, make_app, size):
    desk = Desk()
    desk.tell_a_story()

    async def run(pilot):
        await settle(pilot)
        pilot.app.push_screen(JournalScreen())
        await settle(pilot)
        await pilot.press("down")
        await pilot.pause(0.2)
        await settle(pilot)

    looks_the_same(desk.given_to(make_app()), size=size, run_before=run)
