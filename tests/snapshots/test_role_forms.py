"""How the forms of roles and pools look, and two roles side by side."""

from pve_auth_tui.terminal.profile import Profile
from tests.screens.conftest import make_app, press, rack, settle, table, type_text, until
from tests.snapshots.test_looks import SIZES
from widgets.detail_pane import DetailPane

__all__ = ["make_app", "rack"]


async def _remarked(pilot, words):
    pane = pilot.app.screen.query_one("#remarks", DetailPane)
    await until(pilot, lambda: words in pane.text)
    await settle(pilot)


async def _role(pilot):
    await settle(pilot)
    await press(pilot, "7")
    table(pilot).go_to("PowerOnly")
    await press(pilot, "e", "space")
    await type_text(pilot, "snap")
    await press(pilot, "ctrl+a", "enter")
    await _remarked(pilot, "gains VM.Snapshot")


async def _pool(pilot):
    await settle(pilot)
    await press(pilot, "6", "e", "down", "space", "space", "enter")
    await _remarked(pilot, "gains guest 100")


async def _differences(pilot):
    await settle(pilot)
    await press(pilot, "7")
    table(pilot).set_marks({"PVEVMUser", "PowerOnly"})
    await press(pilot, "b")
    await settle(pilot)


@SIZES
def test_a_role_that_is_edited(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=_role)


@SIZES
def test_a_pool_that_is_edited(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=_pool)


@SIZES
def test_two_roles_side_by_side(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=_differences)


def test_a_role_in_ascii(looks_the_same, make_app):
    looks_the_same(make_app(profile=Profile("ascii", "none", serial=True)), run_before=_role)
