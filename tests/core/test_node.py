"""What is possible on a node, by the way it is reached: all combinations."""

from itertools import product

import pytest

from pve_auth_tui.core.node import Ability, Node, Tried, node_of
from pve_auth_tui.core.snapshot import Cluster
from tests.core.pictures import picture

CHANGE, SECRET, LOGIN, TASKS = Ability
WAYS = ("direct", "https", "pvesh", "files", "config.db", "demo")
PVE_ASKED = ("direct", "https", "pvesh")


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        (Node("direct", "root@pam"), "root@pam, direct"),
        (Node("https", "ann@pve"), "ann@pve, https"),
        (Node("pvesh", "root@pam"), "pvesh"),
        (Node("files"), "files, READ-ONLY"),
        (Node("config.db"), "config.db, READ-ONLY"),
        (Node("demo"), "demo, READ-ONLY"),
        (Node("direct", "root@pam", read_only=True), "root@pam, direct, READ-ONLY"),
        (Node("files", read_only=True), "files, READ-ONLY"),
    ],
)
def test_line_1_says_how_the_node_is_reached(node, shown):
    assert node.shown == shown


def expected(ability, way, quorate, read_only, waiting):
    """The rules once more, as a table that is read from the top."""
    asked = way in PVE_ASKED
    files = "read-only: PVE's API does not answer"
    table = [
        (ability is TASKS and asked, ""),
        (ability is not TASKS and read_only, "--read-only was given"),
        (ability is LOGIN and asked, ""),
        (ability in (CHANGE, SECRET) and quorate is False, "read-only: no quorum"),
        (not asked and waiting, "PVE's API is still being asked"),
        (not asked and ability in (LOGIN, TASKS), "PVE's API does not answer"),
        (way == "config.db", "read-only: this is read from config.db"),
        (not asked, files),
        (
            ability is SECRET and way == "pvesh",
            "pvesh cannot carry a secret: others could read it",
        ),
        (True, ""),
    ]
    return next(reason for applies, reason in table if applies)


@pytest.mark.parametrize("ability", Ability)
def test_what_is_possible_in_every_combination(ability):
    for way, quorate, read_only, waiting in product(
        WAYS, (True, False, None), (False, True), (False, True)
    ):
        node = Node(way, quorate=quorate, read_only=read_only, waiting=waiting)
        assert node.can(ability) == expected(ability, way, quorate, read_only, waiting), node


def test_a_reason_fits_into_the_status_line():
    for way, quorate, ability in product(WAYS, (True, False), Ability):
        assert len(Node(way, quorate=quorate).can(ability)) <= 60


def test_a_node_knows_what_its_picture_knows():
    snapshot = picture(cluster=Cluster("pve1", "rack", False, (), "9.2", "9.1.1"))
    node = node_of(snapshot, tried=(Tried("direct", "It did not start."),))
    assert (node.way, node.quorate, node.pve_release) == ("files", False, "9.2")
    assert (node.access_control, node.demo, node.tried[0].way) == ("9.1.1", False, "direct")
    assert node_of(snapshot, way="https", user="ann@pve").shown == "ann@pve, https"
