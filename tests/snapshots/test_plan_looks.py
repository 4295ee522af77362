"""How a plan looks: before it is run, when it was, and when it is refused."""

from pve_auth_tui.terminal.profile import Profile
from tests.screens.conftest import listening, make_app, press, rack, settle, table
from tests.screens.test_plan import plan_to_disable
from tests.snapshots.test_looks import SIZES

__all__ = ["make_app", "rack"]


async def _plan(pilot):
    await settle(pilot)
    await plan_to_disable(pilot)
    await settle(pilot)


@SIZES
def test_a_plan(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=_plan)


def test_a_plan_in_ascii(looks_the_same, make_app):
    looks_the_same(make_app(profile=Profile("ascii", "none", serial=True)), run_before=_plan)


def test_a_plan_that_the_guard_refuses(looks_the_same, make_app):
    async def run(pilot):
        await settle(pilot)
        await press(pilot, "2")
        users = pilot.app.snapshot.access.value.users
        table(pilot).set_marks(frozenset(users) - {"helpdesk@pve"})
        await press(pilot, "x", "1")
        await listening(pilot)
        await settle(pilot)

    looks_the_same(make_app(), run_before=run)
