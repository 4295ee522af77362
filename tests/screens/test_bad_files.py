"""Files that cannot be read, or that PVE refuses: one clear sentence, all else works."""

import pytest

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.memory import MemoryTree
from screens.recover import RecoverScreen
from tests.screens.conftest import on_top, press, sees, settle, shown, table, until

TFA = "etc/pve/priv/tfa.cfg"
USER = "etc/pve/user.cfg"


class Without:
    """The demo's files, one of which cannot be read."""

    source = "files"

    def __init__(self, path):
        self._tree, self._path = demo_tree(), path

    def read(self, path):
        if path == self._path:
            raise Unreadable(f"/{path}: Permission denied.", "Start it as root.", "EACCES")
        return self._tree.read(path)

    def names(self, folder):
        return self._tree.names(folder)


def one_line(pilot):
    return " ".join(shown(pilot).split())


async def test_a_tfa_cfg_that_pve_refuses_means_that_nobody_can_log_in(make_app):
    tree = demo_tree().with_files({TFA: b'{"users":{"root@pam":{"surprise":1}}}'})
    async with make_app(tree).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await on_top(pilot, RecoverScreen)
        await sees(pilot, "BAD")
        await until(pilot, lambda: "Nobody can log in" in one_line(pilot))
        await press(pilot, "escape", "4")
        await until(pilot, lambda: "Nobody can log in with a password" in one_line(pilot))
        await until(pilot, lambda: table(pilot).total == 0)
        await press(pilot, "2")
        await until(pilot, lambda: table(pilot).total == 212)


@pytest.mark.parametrize(("path", "digit"), [(TFA, "4"), (USER, "2"), ("etc/pve/domains.cfg", "8")])
async def test_a_file_that_cannot_be_read_takes_its_list_away_and_says_why(make_app, path, digit):
    async with make_app(Without(path)).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, digit)
        await until(pilot, lambda: f"/{path}: Permission denied." in one_line(pilot))
        await until(pilot, lambda: "Start it as root." in one_line(pilot))
        await until(pilot, lambda: table(pilot).total == 0)
        for key in ("enter", "space", "n", "v", "escape", "slash", "escape", "f", "c"):
            await press(pilot, key)
        assert pilot.app.is_running


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 4096, b"\xff\xfe" * 999, b"user:" * 999, b"acl:" + b":" * 4096, b"\x1b[2J"],
    ids=["empty", "zeros", "no-text", "users", "colons", "escapes"],
)  # fmt: skip
async def test_garbage_in_every_file_is_shown_as_what_pve_makes_of_it(make_app, data):
    paths = (USER, TFA, "etc/pve/domains.cfg", "etc/pve/datacenter.cfg", "etc/pve/jobs.cfg",
             "etc/pve/priv/token.cfg", "etc/pve/priv/shadow.cfg", "etc/pve/.members",
             "etc/pve/corosync.conf", "etc/pve/storage.cfg")  # fmt: skip
    tree = MemoryTree(dict.fromkeys(paths, data))
    async with make_app(tree).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for digit in "12345678":
            await press(pilot, digit)
            assert "\x1b" not in shown(pilot)
        await press(pilot, "2")
        await until(pilot, lambda: [row.key for row in table(pilot).rows_shown] == ["root@pam"])
