"""How the screens look. The pictures are taken anew with `make snapshots`."""

import pytest

from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.terminal.profile import Profile
from tests.screens.conftest import make_app, rack, settle

__all__ = ["make_app", "rack"]

SIZES = pytest.mark.parametrize("size", [(80, 24), (132, 43)], ids=["80x24", "132x43"])


def after(*keys):
    """Press the keys as a person does, then wait until nothing moves any more."""

    async def run(pilot):
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.07)
            await settle(pilot)
        await pilot.pause(0.2)
        await settle(pilot)

    return run


@SIZES
def test_start(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=after())


@SIZES
@pytest.mark.parametrize(
    "digit",
    [str(number + 1) for number in range(len(LISTINGS))],
    ids=[each.name for each in LISTINGS],
)
def test_list(looks_the_same, make_app, digit, size):
    looks_the_same(make_app(), size=size, run_before=after(digit, "down", "down"))


@SIZES
def test_acl_as_a_tree_seen_by_one_person(looks_the_same, make_app, size):
    keys = ("1", "v", "2", "p", *"anna.admin", "enter", "n", "n")
    looks_the_same(make_app(), size=size, run_before=after(*keys))


@pytest.mark.parametrize(
    "keys",
    [("2", "v"), ("2", "s"), ("2", "colon"), ("2", "question_mark"), ("2", "enter"),
     ("2", "slash", *"anna"), ("2", "space", "space"), ("slash", *"web")],
    ids=["views", "sort", "prompt", "help", "details", "find", "marks", "anything"],
)  # fmt: skip
def test_dialogs(looks_the_same, make_app, keys):
    looks_the_same(make_app(), run_before=after(*keys))


@pytest.mark.parametrize(
    "profile",
    [Profile("cp437", "16", console=True), Profile("ascii", "none", serial=True)],
    ids=["linux-console", "serial-line"],
)
def test_users_on_plainer_terminals(looks_the_same, make_app, profile):
    looks_the_same(make_app(profile=profile), run_before=after("2", "down"))


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (200, 60)], ids=["40x12", "60x16", "200x60"])
def test_users_at_other_sizes(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=after("2", "down"))
