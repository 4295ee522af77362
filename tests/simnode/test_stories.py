"""What can be broken on the demo cluster, and what somebody on the node sees of it."""

import json

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.errors import ApiError, Missing, Unreadable
from pve_auth_tui.services.apipicture import ALL_SECONDS, ApiPicture
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.outside import Outside
from pve_auth_tui.simnode.outsidestories import OutsideStories
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.stories import DemoStories
from pve_auth_tui.simnode.tree import SimTree, best_tree


@pytest.fixture
def node():
    tree = demo_tree()
    return SimNode(MemoryDisk({path: tree.read(path) for path in tree.paths}), system_sources())


@pytest.fixture
def stories(node):
    return DemoStories(node.faults)


def is_on(stories, name):
    return next(story.on for story in stories.stories if story.name == name)


def test_every_story_can_be_switched_on_and_off(node, stories):
    for story in stories.stories:
        assert not story.on
        stories.turn(story.name, on=True)
        assert is_on(stories, story.name)
        stories.turn(story.name, on=False)
        assert node.faults == Faults()


def test_all_well_ends_every_story(node, stories):
    for story in stories.stories:
        stories.turn(story.name, on=True)
    stories.mend()
    assert node.faults == Faults()


def test_an_unknown_story_breaks_nothing(node, stories):
    stories.turn("earthquake", on=True)
    assert node.faults == Faults()


def test_without_quorum_the_others_are_gone_and_nothing_can_be_written(node, stories):
    stories.turn("no quorum", on=True)
    members = json.loads(node.tree.read("etc/pve/.members"))
    assert members["cluster"]["quorate"] == 0
    assert [name for name, each in members["nodelist"].items() if each["online"]] == ["pve1"]
    assert not node.tree.owner_may_write("etc/pve/local")
    with pytest.raises(ApiError, match="no quorum"):
        node.answer("POST", "/access/groups", {"groupid": "x"})


def test_a_held_lock_is_seen_where_pve_keeps_locks_and_refuses_changes(node, stories):
    stories.turn("lock held", on=True)
    assert "file-user_cfg" in node.tree.names("etc/pve/priv/lock")
    with pytest.raises(ApiError, match="got lock request timeout"):
        node.answer("POST", "/access/groups", {"groupid": "x"})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pmxcfs dead", "/etc/pve is not mounted: pmxcfs does not run."),
        ("dead mount", "/etc/pve does not answer: whoever asks it waits."),  # its pmxcfs lives
    ],
)
def test_what_stands_behind_a_dead_mount_can_still_be_read(node, stories, name, said):
    stories.turn(name, on=True)
    with pytest.raises(Unreadable) as caught:
        node.tree.read("etc/pve/user.cfg")
    assert str(caught.value) == said
    behind = best_tree(node.disk, node.faults)
    assert behind.source == "config.db"
    assert behind.read("etc/pve/user.cfg")
    with pytest.raises(Missing):
        behind.read("etc/pve/.members")


def test_a_full_disk_refuses_changes_and_leaves_everything_as_it_was(node, stories):
    before = dict(node.disk.files)
    stories.turn("disk full", on=True)
    with pytest.raises(ApiError, match="No space left"):
        node.answer("POST", "/access/groups", {"groupid": "x"})
    assert node.disk.files == before


def test_the_files_are_the_rest_of_the_time_what_is_on_the_disk(node):
    tree = SimTree(node.disk, node.faults)
    assert tree.source == "files"
    assert tree.read("etc/pve/user.cfg") == node.disk.read("etc/pve/user.cfg")
    with pytest.raises(Unreadable, match="folder"):
        tree.read("etc/pve")


def test_the_menu_fits_a_console_of_80_columns(stories):
    assert all(len(f" > 1 {story.name:15} BROKEN  {story.text}") <= 80 for story in stories.stories)


def test_the_slow_story_ends_with_a_whole_picture(node, stories):
    """All answers together within the time that is given to all of them."""
    asked = []
    node.sources.sleep = asked.append
    stories.turn("slow", on=True)
    found = ApiPicture(DirectApi(node), FixedClock(DEMO_NOW), demo=True).load()
    assert not [part.problem for part in found.parts.values() if "not read" in part.problem]
    assert sum(asked) < ALL_SECONDS


def test_stories_of_what_stands_around_the_node_are_broken_and_mended_there(node):
    outside = Outside(node.disk, lambda: DEMO_NOW)
    stories = DemoStories(node.faults, outside=OutsideStories(outside))
    around = [name for name, _, _ in OutsideStories(outside).switches]
    assert "directory down" in around
    for name in around:
        assert not is_on(stories, name)
        stories.turn(name, on=True)
        assert is_on(stories, name)
        assert any(outside.faults.values())
        stories.turn(name, on=False)
        assert not any(outside.faults.values())
    for name in around:
        stories.turn(name, on=True)
    stories.mend()
    assert not any(outside.faults.values())
    assert node.faults == Faults()
