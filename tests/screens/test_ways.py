"""First the files, then PVE's API beside them; and what is told when it does not answer."""

from threading import Event

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.state import StateFolder
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.errors import Unreachable
from pve_auth_tui.core.node import Tried
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.services.node import NodeService
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.simnode.demo import DEMO_NOW
from pve_auth_tui.terminal.profile import Profile
from pve_auth_tui.wiring import wired
from tests.screens.conftest import (
    keys_shown,
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from widgets.lines import HeadLine


class Held:
    """A way whose first answer waits until the test lets it go."""

    def __init__(self, ladder):
        self._ladder = ladder
        self.go = Event()

    def __getattr__(self, name):
        return getattr(self._ladder, name)

    def again(self):
        return self._ladder.again()

    def call(self, *args, **kwargs):
        if not self.go.wait(10):
            raise Unreachable("The test has forgotten to let it go.")
        return self._ladder.call(*args, **kwargs)


class Dead:
    """No way to PVE's API works."""

    way = user = ""
    tried = (
        Tried(
            "direct",
            "PVE's own modules are not installed here.",
            "Is this a Proxmox VE node?",
            "Can't locate PVE/API2.pm\x1b[2J",
        ),
    )

    def again(self):
        return False

    def close(self):
        pass


@pytest.fixture
def app_with(tmp_path):
    def make(change):
        pictures, nodes, stories, *_ = wired(parse(["demo"]), FixedClock(DEMO_NOW))
        service = OutlookService(pictures, change(nodes))
        exports = Exports(StateFolder(tmp_path / "saved"))
        return PveAuthApp(service, Profile("unicode", "true"), exports, stories)

    return make


@pytest.fixture
def held():
    found = []

    def change(nodes):
        opened = nodes._open_ladder
        nodes._open_ladder = lambda: found.append(Held(opened())) or found[-1]
        return nodes

    change.go = lambda: found[-1].go.set()  # noqa: PLW0108 (there is none yet)
    return change


def head(pilot):
    return pilot.app.screen.query_one(HeadLine).render_line(0).text


async def test_the_files_are_there_before_the_api_answers(app_with, held):
    async with app_with(held).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "quorate 3/3" in head(pilot))
        await until(pilot, lambda: "files" in head(pilot))
        await press_without_waiting(pilot, "2")
        await until(pilot, lambda: table(pilot).total == 212)
        held.go()
        await until(pilot, lambda: "root@pam, direct" in head(pilot))


async def press_without_waiting(pilot, key):
    await pilot.press(key)
    await pilot.pause(0.1)


async def test_when_pve_takes_long_line_1_says_so_and_start_counts_again_at_the_end(
    app_with, held, monkeypatch
):
    monkeypatch.setattr("pve_auth_tui.app._LONG", 0.1)
    app = app_with(held)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app._service._nodes.api is not None)
        held.go()
        await until(pilot, lambda: "root@pam, direct  DEMO" in head(pilot))
        app._service._nodes.api.go.clear()
        app.stories.turn("disk full", on=True)
        await press_without_waiting(pilot, "r")
        await until(pilot, lambda: "root@pam, direct, asking PVE" in head(pilot))
        await says_just(pilot, "Read again. 13 things to look at.")
        held.go()
        await until(pilot, lambda: "asking PVE" not in head(pilot))
        await until(pilot, lambda: status(pilot) == "Read again. 14 things to look at.")


async def test_no_row_jumps_when_the_api_answers(app_with, held):
    async with app_with(held).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "quorate 3/3" in head(pilot))
        await press_without_waiting(pilot, "2")
        await until(pilot, lambda: table(pilot).total == 212)
        for _ in range(20):
            await pilot.press("down")
        before = shown(pilot).splitlines()[2:14]
        held.go()
        await until(pilot, lambda: "root@pam, direct" in head(pilot))
        await settle(pilot)
        assert shown(pilot).splitlines()[2:14] == before
        assert "Read again" not in status(pilot)


async def test_what_has_changed_meanwhile_is_taken_from_the_api(app_with, held):
    app = app_with(held)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "quorate 3/3" in head(pilot))
        await press_without_waiting(pilot, "5")
        await until(pilot, lambda: table(pilot).total == 31)
        ladder = app._service._nodes.api
        await until(pilot, lambda: app._service._nodes.api is not None)
        ladder = app._service._nodes.api
        ladder.go.set()
        ladder.call("POST", ("access", "groups"), {"groupid": "aaa-new"})
        await until(pilot, lambda: "root@pam, direct" in head(pilot))
        await press(pilot, "r")
        await until(pilot, lambda: "aaa-new" in keys_shown(pilot))


async def test_without_an_api_start_says_why_and_the_ways_tell_all(app_with):
    def dead(nodes):
        return NodeService(Dead, FixedClock(DEMO_NOW), demo=True)

    async with app_with(dead).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "PVE's API does not answer" in shown(pilot))
        await until(pilot, lambda: "files, READ-ONLY" in head(pilot))
        await press(pilot, "colon")
        await type_text(pilot, "ways")
        await press(pilot, "enter")
        await sees(
            pilot,
            "PVE's own modules are not installed here.",
            "Is this a Proxmox VE node?",
            r"\x1b[2J",
        )
        text = shown(pilot)
        assert "\x1b" not in text


async def test_keys_that_change_something_say_at_once_why_they_cannot(app_with):
    def dead(nodes):
        return NodeService(Dead, FixedClock(DEMO_NOW), demo=True)

    async with app_with(dead).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "files, READ-ONLY" in head(pilot))
        await press(pilot, "2", "a")
        await until(
            pilot, lambda: status(pilot).startswith("Nothing can be changed now: PVE's API")
        )


async def test_files_that_cannot_be_read_again_leave_the_picture_marked_as_earlier(app_with):
    def dead(nodes):
        return NodeService(Dead, FixedClock(DEMO_NOW), demo=True)

    app = app_with(dead)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "files, READ-ONLY" in head(pilot))

        def lost():
            raise Unreachable("/etc/pve is not mounted.")

        app._service.load = lost
        await press(pilot, "r")
        await settle(pilot)
        await until(pilot, lambda: "READ EARLIER" in head(pilot))
