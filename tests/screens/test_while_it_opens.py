"""What comes while a screen is only being opened, or is just being taken down."""

import pytest
from textual.css.query import NoMatches

from screens.enrol_totp import EnrolTotpScreen
from screens.prove import ProveScreen
from tests.screens.conftest import settle, shown


@pytest.mark.parametrize("screen", [EnrolTotpScreen, ProveScreen])
async def test_a_timer_that_ends_just_then_ends_nothing_else(pilot, screen):
    opened = pilot.app.push_screen(screen("nina@pve"))
    pilot.app.refresh_heads()
    await opened
    await settle(pilot)
    assert "0 Recover" in shown(pilot)


async def test_a_picture_that_comes_at_the_very_end_ends_nothing_else(pilot, monkeypatch):
    """Its widgets are gone then, before it knows."""

    def nothing(selector=None):
        raise NoMatches("they are gone")

    screen = pilot.app.screen
    with monkeypatch.context() as at_the_end:
        at_the_end.setattr(screen, "query", lambda selector=None: [])
        at_the_end.setattr(screen, "query_one", nothing)
        screen.take_picture()
        screen.refresh_lines()
    assert "0 Recover" in shown(pilot)
