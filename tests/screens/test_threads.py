"""The event loop never waits: what reads and computes does so in workers."""

import threading
import time

import pytest

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.simnode.demo import demo_tree
from tests.screens.conftest import press, sees, settle, status, table, until


class Watched:
    """The demo's files, noting from which thread they are read; slow when told so."""

    source = "demo"

    def __init__(self, seconds=0.0):
        self._tree = demo_tree()
        self.readers = set()
        self.seconds = seconds

    def read(self, path):
        self.readers.add(threading.current_thread())
        time.sleep(self.seconds)
        return self._tree.read(path)

    def names(self, folder):
        self.readers.add(threading.current_thread())
        return self._tree.names(folder)


async def test_no_file_is_read_in_the_thread_of_the_screens(make_app):
    tree = Watched()
    async with make_app(tree).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "2", "r", "8", "escape", "r")
        assert tree.readers
        assert threading.main_thread() not in tree.readers


async def test_while_it_reads_every_key_still_works(make_app):
    async with make_app(Watched(seconds=0.05)).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await sees(pilot, "Reading ...")
        await pilot.press("2")
        await pilot.pause(0.2)
        await until(pilot, lambda: pilot.app.screen.listing.name == "users")
        await sees(pilot, "Reading ...")
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        await until(pilot, lambda: table(pilot).total == 212)


async def test_the_result_of_an_older_reload_is_dropped(make_app):
    app = make_app(Watched(seconds=0.02))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for _ in range(3):
            app.reload()
        await settle(pilot)
        assert app.snapshot is not None
        await until(pilot, lambda: status(pilot).count("to look at") == 1)


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (20, 6), (39, 11), (400, 120)])
async def test_no_size_breaks_anything(make_app, size):
    async with make_app().run_test(size=size) as pilot:
        await settle(pilot)
        for key in (
            "2",
            "down",
            "slash",
            "a",
            "enter",
            "enter",
            "escape",
            "1",
            "v",
            "escape",
            "question_mark",
        ):
            await press(pilot, key)
        assert pilot.app.is_running


async def test_a_picture_that_comes_while_a_screen_is_being_opened_waits_for_it(pilot):
    app = pilot.app
    for name in ("users", "acl", "tree", "anything"):
        app.open_list(name)  # its widgets are not there yet
        app._take(app.Read(app.outlook))
        app._explain(app.NotRead(Unreadable("/etc/pve is not mounted.")))
        app._take(app.Read(app.outlook))
        await settle(pilot)
        await until(pilot, lambda: table(pilot).total > 0)
