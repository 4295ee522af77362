"""How PAM's verdicts look: all well, and with a hole, on each size and without colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.terminal.profile import Profile
from tests.screens.conftest import UNICODE, MakeApp, make_app, press, rack
from tests.screens.test_pam import opened, read, top
from tests.snapshots.resting import rest

__all__ = ["make_app", "rack"]

ASCII = Profile("ascii", "none", serial=True)


async def broken(pilot: Pilot[Any]) -> None:
    await opened(pilot)
    top(pilot, "auth sufficient pam_permit.so")
    await press(pilot, "r")
    await read(pilot)
    await rest(pilot)


@pytest.mark.parametrize(
    ("size", "profile"),
    [((80, 24), UNICODE), ((132, 43), UNICODE), ((40, 12), UNICODE), ((80, 24), ASCII)],
    ids=["80x24", "132x43", "40x12", "ascii"],
)
def test_a_hole(
    looks_the_same: Callable[..., None], make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=broken)


def test_all_is_well(looks_the_same: Callable[..., None], make_app: MakeApp) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await rest(pilot)

    looks_the_same(make_app(), size=(80, 24), run_before=run)
