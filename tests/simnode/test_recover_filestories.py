"""Stories that PVE's own files tell: broken by an edit, mended by taking it back or by anybody."""

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.filestories import FileStories
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.stories import DemoStories

NAMES = ("root locked", "root disabled", "realm TFA", "tfa broken")
ROOT = "root@pam"


class Clock:
    def __init__(self):
        self.at = DEMO_NOW

    def now(self):
        return self.at


class Lab:
    def __init__(self):
        self.clock = Clock()
        self.disk = MemoryDisk(demo_tree().files)
        self.before = dict(self.disk.files)
        self.node = SimNode(self.disk, system_sources(self.clock))
        self.stories = DemoStories(self.node.faults, files=FileStories(self.disk, self.clock))

    @property
    def on(self):
        return [story.name for story in self.stories.stories if story.on]

    @property
    def changed(self):
        return [path for path, data in self.disk.files.items() if self.before[path] != data]


@pytest.fixture
def lab():
    return Lab()


def test_they_are_in_the_menu_where_there_are_files(lab):
    shown = [story for story in lab.stories.stories if story.name in NAMES]
    assert tuple(story.name for story in shown) == NAMES
    assert all(story.breaks and not story.on for story in shown)
    assert all(len(f" > 1 {story.name:15} BROKEN  {story.text}") <= 80 for story in shown)
    assert not {story.name for story in DemoStories(lab.node.faults).stories} & set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_one_file_is_broken_and_comes_back_to_the_byte(lab, name):
    lab.stories.turn(name, on=True)
    assert lab.on == [name]
    assert len(lab.changed) == 1
    lab.stories.turn(name, on=True)  # twice is once
    lab.stories.turn(name, on=False)
    assert (lab.on, lab.changed) == ([], [])


def test_all_well_mends_all_of_them_in_any_order(lab):
    for names in (NAMES, reversed(NAMES)):
        for name in names:
            lab.stories.turn(name, on=True)
        lab.stories.mend()
        assert (lab.on, lab.changed) == ([], [])


def test_in_a_file_that_nobody_can_read_nobody_can_be_locked(lab):
    lab.stories.turn("tfa broken", on=True)
    lab.stories.turn("root locked", on=True)
    assert lab.on == ["tfa broken"]


def test_root_locked_says_until_when(lab):
    lab.stories.turn("root locked", on=True)
    root = lab.node.state.tfa.users[ROOT]
    assert (root.totp_locked, root.locked_until) == (True, DEMO_NOW + 3600)
    lab.clock.at += 3600
    assert lab.on == []  # it has ended by itself


def test_who_unlocks_root_has_mended_it_and_what_else_was_written_stays(lab):
    lab.stories.turn("root locked", on=True)
    lab.node.answer("PUT", f"/access/users/{ROOT}/unlock-tfa")
    assert lab.on == []
    lab.stories.turn("root locked", on=True)
    lab.node.answer("DELETE", f"/access/tfa/erik@pve/{_totp(lab, 'erik@pve')}")
    lab.stories.turn("root locked", on=False)
    assert not lab.node.state.tfa.users[ROOT].totp_locked
    assert [one.type for one in lab.node.state.tfa.users["erik@pve"].entries] == ["recovery"]


def _totp(lab, userid):
    entries = lab.node.state.tfa.users[userid].entries
    return next(one.id for one in entries if one.type == "totp")


def test_root_disabled(lab):
    lab.stories.turn("root disabled", on=True)
    assert not lab.node.state.access.users[ROOT].enable
    lab.node.answer("PUT", "/access/users/nina@pve", {"comment": "meanwhile"})
    lab.stories.turn("root disabled", on=False)
    assert lab.node.state.access.users[ROOT].enable
    assert lab.node.state.access.users["nina@pve"].comment == "meanwhile"


def test_realm_tfa_asks_for_what_root_does_not_have(lab):
    lab.stories.turn("realm TFA", on=True)
    assert lab.node.state.realms.realms["pam"].options["tfa"].startswith("type=yubico")
    lab.node.answer("PUT", "/access/domains/pam", {"delete": "tfa"})
    assert lab.on == []


def test_a_broken_tfa_file_is_none_that_pve_reads(lab):
    lab.stories.turn("tfa broken", on=True)
    with pytest.raises(ApiError, match="failed to parse TFA file"):
        lab.node.answer("GET", "/access/tfa")
    lab.disk.write("etc/pve/priv/tfa.cfg", b"{}")  # somebody helps himself
    assert lab.on == []
