"""How Recover looks, with made-up findings: the drawings at their size, larger and smaller."""

import pytest

from pve_auth_tui.terminal.profile import Profile
from tests.screens.conftest import make_app, press, rack, settle
from tests.screens.recovering import CUT_OFF_WAYS, NO_QUORUM, Told, tell
from tests.snapshots.test_looks import SIZES

__all__ = ["make_app", "rack"]

SMALL = pytest.mark.parametrize("size", [(40, 12), (60, 16)], ids=["40x12", "60x16"])
PLAINER = pytest.mark.parametrize(
    "profile",
    [
        Profile("cp437", "16", console=True),
        Profile("ascii", "none", serial=True),
        Profile("ascii", "256"),
    ],
    ids=["linux-console", "vt220", "LANG=C"],
)


def opened(*keys):
    async def run(pilot):
        await settle(pilot)
        pilot.app.open_recover()
        await settle(pilot)
        await press(pilot, *keys)
        await pilot.pause(0.2)
        await settle(pilot)

    return run


@pytest.fixture
def phone_lost(monkeypatch):
    return tell(monkeypatch, Told())


@pytest.fixture
def no_quorum(monkeypatch):
    return tell(monkeypatch, Told(NO_QUORUM, (), CUT_OFF_WAYS))


@SIZES
def test_phone_lost(looks_the_same, make_app, phone_lost, size):
    looks_the_same(make_app(), size=size, run_before=opened("down", "down", "down"))


@SIZES
def test_no_quorum(looks_the_same, make_app, no_quorum, size):
    looks_the_same(make_app(), size=size, run_before=opened())


@SMALL
def test_where_there_is_little_room(looks_the_same, make_app, phone_lost, size):
    looks_the_same(make_app(), size=size, run_before=opened("end"))


@PLAINER
def test_phone_lost_on_plainer_terminals(looks_the_same, make_app, phone_lost, profile):
    looks_the_same(make_app(profile=profile), run_before=opened())


@PLAINER
def test_no_quorum_on_plainer_terminals(looks_the_same, make_app, no_quorum, profile):
    looks_the_same(make_app(profile=profile), run_before=opened("down"))


def test_the_reason(looks_the_same, make_app, phone_lost):
    looks_the_same(make_app(), run_before=opened("2"))


def test_a_way_that_is_refused(looks_the_same, make_app, no_quorum):
    looks_the_same(make_app(), run_before=opened("end", "up", "enter"))


def test_a_temporary_administrator(looks_the_same, make_app, phone_lost):
    looks_the_same(make_app(), run_before=opened("4", "enter"))
