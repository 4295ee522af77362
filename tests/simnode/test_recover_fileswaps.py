"""A file replaced below the simulated /etc/pve: what was looked at, where pmxcfs writes."""

import hashlib

import pytest

from pve_auth_tui.core.errors import Refused, Unwritable
from pve_auth_tui.core.plan import FileSwap
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.fileswaps import SimSwaps
from pve_auth_tui.simnode.stories import DemoStories
from tests.simnode.small import small_node

PATH = "/etc/pve/priv/tfa.cfg"
OLD, NEW = b'{"users":{}}', '{"users":{"j\xfc@pve":{}}}'
SEEN = hashlib.sha256(OLD).hexdigest()


@pytest.fixture
def node():
    made = small_node()
    made.disk.write(PATH[1:], OLD)
    return made


def swapped(node, path=PATH, expected=SEEN):
    SimSwaps(node.disk, node.faults).swap(FileSwap(path, Secret(NEW), expected))


def test_the_new_content_lies_there(node):
    swapped(node)
    assert node.disk.read(PATH[1:]) == NEW.encode("latin-1")


def test_what_somebody_else_wrote_meanwhile_stays(node):
    node.disk.write(PATH[1:], b"{}")
    with pytest.raises(Refused, match="not what was looked at"):
        swapped(node)
    assert node.disk.read(PATH[1:]) == b"{}"


def test_other_files_are_none_of_it(node):
    with pytest.raises(Refused, match="no file that this program replaces"):
        swapped(node, path="/etc/shadow", expected="")


@pytest.mark.parametrize(
    ("story", "why"),
    [
        ("no quorum", "Permission denied"),
        ("disk full", "No space left"),
        ("pmxcfs dead", "No such file"),
        ("dead mount", "No such file"),
    ],
)
def test_pmxcfs_takes_it_only_where_it_takes_anything(node, story, why):
    DemoStories(node.faults).turn(story, on=True)
    with pytest.raises(Unwritable, match=why):
        swapped(node)
    assert node.disk.read(PATH[1:]) == OLD


def test_in_local_mode_it_takes_it_without_quorum(node):
    DemoStories(node.faults).turn("no quorum", on=True)
    node.faults.local_mode = True
    swapped(node)
    assert node.disk.read(PATH[1:]) != OLD
