"""How the forms of permissions look, with what they say below their fields."""

from pve_auth_tui.terminal.profile import Profile
from tests.screens.conftest import make_app, press, rack, settle, type_text
from tests.snapshots.test_looks import SIZES

__all__ = ["make_app", "rack"]


async def _rest(pilot):
    await pilot.pause(0.25)
    await settle(pilot)


async def _find(pilot, words):
    await settle(pilot)
    await press(pilot, "1", "colon")
    await type_text(pilot, f"find {words}")
    await press(pilot, "enter")


async def _pool(pilot):
    """An entry that would restrict, if there were not a pool."""
    await _find(pilot, "path:/vms/104")
    await press(pilot, "a", "2", "space")
    await type_text(pilot, "anna.admin")
    await press(pilot, "space", "enter", "down", "down", "down", "space")
    await type_text(pilot, "PVEAuditor")
    await press(pilot, "space", "enter")
    await _rest(pilot)


async def _edit(pilot):
    """The role of an entry that replaces and hides."""
    await _find(pilot, "path:/vms/100 note:replaces")
    await press(pilot, "e")
    await press(pilot, *["backspace"] * len("PVEAuditor"))
    await type_text(pilot, "PVETemplateUser")
    await _rest(pilot)


async def _paths(pilot):
    """The list of paths, narrowed by a guest's name."""
    await settle(pilot)
    await press(pilot, "1", "a", "1", "up", "ctrl+p")
    await type_text(pilot, "db-")
    await _rest(pilot)


@SIZES
def test_a_new_permission(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=_pool)


@SIZES
def test_an_edited_permission(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=_edit)


def test_a_new_permission_in_ascii(looks_the_same, make_app):
    looks_the_same(make_app(profile=Profile("ascii", "none", serial=True)), run_before=_pool)


def test_the_paths_to_pick_from(looks_the_same, make_app):
    looks_the_same(make_app(), run_before=_paths)
