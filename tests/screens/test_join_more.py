"""A join on a small terminal: the cursor stands on a row that is seen."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.finding import Finding
from tests.screens.conftest import MakeApp, shown
from tests.screens.jointesting import Joins
from tests.screens.test_join import opened, pane

WELL = Finding("ok", "This realm gives them what they need already.")
RISK = Finding("LOOK", "Whoever controls a group gets a shell here.")


@pytest.mark.parametrize(
    ("needs", "row", "details"),
    [
        ((RISK,), " > ok    Domain\n", "The DNS name"),
        ((WELL, RISK), " > ok    Domain, This realm", "What is well"),
        ((WELL, WELL, RISK, RISK), " > LOOK  Whoever controls", "gets a shell"),
    ],
)
async def test_a_join_opens_with_the_cursor_in_sight(
    make_app: MakeApp, needs: tuple[Finding, ...], row: str, details: str
) -> None:
    """Where rows that are well have become one, or that one is too far down, too."""
    joins = Joins()
    joins.needs = lambda outlook, domain: needs  # type: ignore[method-assign]
    async with make_app().run_test(size=(40, 12)) as pilot:
        await opened(pilot, joins)
        assert row in shown(pilot)
        assert details in pane(pilot)
