"""What comes while a screen is only being opened."""

import pytest

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
