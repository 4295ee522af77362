"""The picture by the API of the whole simulated node, and what its faults make of it."""

import pytest

from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.ladder import LadderApi, Way
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.core.node import Ability
from pve_auth_tui.services.node import NodeService
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.services.tasks import TaskService
from pve_auth_tui.simnode.bridge_child import command
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources

CLOCK = FixedClock(DEMO_NOW)
FROM_FILES = {"passwords", "token_secrets", "inventory", "unix"}


@pytest.fixture
def node():
    tree = demo_tree()
    files = {path: tree.read(path) for path in tree.paths}
    return SimNode(MemoryDisk(files), system_sources(CLOCK))


@pytest.fixture
def outlooks(node):
    nodes = NodeService(lambda: LadderApi([Way("direct", lambda: DirectApi(node))]), CLOCK)
    return OutlookService(SnapshotService(node.tree, CLOCK), nodes)


def test_the_api_of_the_demo_says_what_its_files_say(outlooks):
    first, second = outlooks.load(), outlooks.refine()
    assert second.snapshot.health.value.stopped == ()
    for name, part in second.snapshot.parts.items():
        if name == "health":
            continue  # no file tells it
        before = first.snapshot.parts[name]
        assert part.value is before.value, name
        assert part.problem == before.problem, name
        assert part.source == (before.source if name in FROM_FILES else "direct"), name
    for each in LISTINGS:
        assert each.rows(second.snapshot, DEMO_NOW) == each.rows(first.snapshot, DEMO_NOW)
    assert second.node.shown == "root@pam, direct"
    assert (second.node.pve_release, second.node.access_control) == ("9.2", "9.1.1")


def test_what_the_api_changes_is_in_its_next_picture_before_the_files_are_read(node, outlooks):
    outlooks.load()
    DirectApi(node).call("POST", ("access", "groups"), {"groupid": "new", "comment": "hello"})
    assert outlooks.refine().snapshot.access.value.groups["new"].comment == "hello"


def test_without_pmxcfs_the_node_says_why_nothing_can_be_changed(node, outlooks):
    outlooks.load()
    assert not outlooks.refine().node.can(Ability.CHANGE)
    node.faults.dead.add("pmxcfs")
    found = outlooks.refine()
    assert found.node.can(Ability.CHANGE) == "read-only: PVE's API does not answer"
    assert found.node.tried[0].reason
    node.faults.dead.clear()
    assert outlooks.refine().node.shown == "root@pam, direct"


def test_a_broken_tfa_file_costs_no_more_than_the_second_factors(node, outlooks):
    node.disk.write("etc/pve/priv/tfa.cfg", b"{broken")
    first, second = outlooks.load(), outlooks.refine()
    assert second.snapshot.tfa is first.snapshot.tfa
    assert second.snapshot.tfa.refused
    assert second.snapshot.access.value is first.snapshot.access.value
    assert second.snapshot.realms.source == "direct"


def test_a_sync_that_fails_is_followed_to_its_end(node):
    api = DirectApi(node)
    realm = {"realm": "dead", "type": "ldap", "server1": "127.0.0.1", "port": 1}
    more = {"base_dn": "dc=x", "user_attr": "uid"}
    api.call("POST", ("access", "domains"), {**realm, **more})
    upid = api.call("POST", ("access", "domains", "dead", "sync"), {"scope": "both"})
    told = []
    end = TaskService(api).follow(upid, told.append, seconds=10)
    assert end.ended
    assert not end.ok
    assert end.exitstatus == "Connection refused"
    assert told[-1] == "TASK ERROR: Connection refused"
    assert tuple(told) == end.lines


def test_through_a_real_child_it_is_the_same_and_a_killed_child_comes_back(tmp_path):
    tree = demo_tree()
    tree.written_to(tmp_path / "demo")
    bridge = Bridge(command=command(tmp_path / "demo"), euid=lambda: 0)
    nodes = NodeService(lambda: LadderApi([Way("direct", lambda: bridge)]), CLOCK)
    outlooks = OutlookService(SnapshotService(open_tree(tmp_path / "demo", "files"), CLOCK), nodes)
    try:
        first, second = outlooks.load(), outlooks.refine()
        assert second.node.shown == "root@pam, direct"
        told = {n: part for n, part in second.snapshot.parts.items() if n != "health"}
        for name, part in told.items():
            assert part.value is first.snapshot.parts[name].value, (name, part.problem)
        bridge._child.kill()
        assert outlooks.refine().node.shown == "root@pam, direct"
    finally:
        nodes.close()
    closed = outlooks.refine()
    assert closed.node.shown == "files, READ-ONLY"
    assert closed.snapshot.tfa.value is not None
