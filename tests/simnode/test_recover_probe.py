"""How the simulated node's machine does: what its faults look like to somebody who looks."""

import json

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.recover.condition import SERVICES, Mount, Pmxcfs, Service, Shadow, Votes
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.probe import AHEAD, LOCAL_PID, PID, SimProbe
from pve_auth_tui.simnode.stories import DemoStories
from pve_auth_tui.simnode.tree import SimTree, best_tree
from tests.simnode.small import small_node


class Lab:
    """The demo's files, what is broken, and who looks."""

    def __init__(self):
        self.disk = MemoryDisk(demo_tree().files)
        self.faults = Faults()
        self.stories = DemoStories(self.faults)
        self.probe = SimProbe(self.disk, self.faults, FixedClock(DEMO_NOW))

    def broken(self, *names):
        for name in names:
            self.stories.turn(name, on=True)
        return self.probe.look()

    def neighbours(self):
        return {one.name: one for one in self.probe.ask(lambda one: None)}

    @property
    def members(self):
        return json.loads(SimTree(self.disk, self.faults).read("etc/pve/.members"))


@pytest.fixture
def lab():
    return Lab()


def test_all_is_well(lab):
    found = lab.probe.look()
    assert (found.here, found.node, found.clustered) == (True, "pve1", True)
    assert set(found.services) == set(SERVICES)
    assert found.service("corosync-qdevice") is Service.ABSENT
    others = [found.service(unit) for unit in SERVICES if unit != "corosync-qdevice"]
    assert set(others) == {Service.RUNS}
    assert (found.mount, found.pmxcfs) == (Mount.ANSWERS, Pmxcfs(PID))
    assert found.votes == Votes(3, 3, 2)
    assert not any(disk.is_full for disk in found.disks)
    assert (found.synchronised, found.shadow) == (True, Shadow.SET)
    assert (found.ha.services, found.ha.watchdog) == (2, True)
    assert found.trouble == ()


def test_the_link_is_the_one_of_corosync_conf(lab):
    (link,) = lab.probe.look().links
    assert (link.number, link.address, link.interface) == (0, "10.0.0.1", "ens5f0")
    assert link.carrier
    assert dict(link.peers) == {"pve2": True, "pve3": True}


def test_each_answer_of_another_node_is_told_as_it_comes(lab):
    told = []
    assert tuple(told) != lab.probe.ask(told.append) == tuple(told)
    assert [one.name for one in told] == ["pve2", "pve3"]


def test_cut_off_the_others_live_and_have_quorum(lab):
    found = lab.broken("no quorum")
    (link,) = found.links
    assert link.carrier is False
    assert dict(link.peers) == {"pve2": False, "pve3": False}
    assert found.votes == Votes(1, 3, 2)
    pve2, pve3 = lab.neighbours().values()
    assert (pve2.alive, pve2.quorate, pve2.address) == (True, True, "192.0.2.22")
    assert pve2.web == "https://pve2.example.com:8006"
    assert (pve3.alive, pve3.quorate, pve3.address) == (True, True, "192.0.2.23")
    assert pve2.asked == ("10.0.0.2", "192.0.2.22")
    assert lab.members["cluster"]["quorate"] == 0


def test_all_alone_nobody_answers_anywhere(lab):
    found = lab.broken("all alone")
    (link,) = found.links
    assert link.carrier
    assert not any(link.peers.values())
    assert found.votes == Votes(1, 3, 2)
    for one in lab.neighbours().values():
        assert (one.alive, one.quorate, one.web) == (False, None, "")
        assert one.why == f"nobody answers at {', '.join(one.asked)}"
    assert lab.members["cluster"]["quorate"] == 0
    assert not lab.faults.writable


def test_without_corosync_nobody_counts_votes_and_members_speaks_of_no_cluster(lab):
    """As measured on a real pmxcfs: reference/transports.md, No quorum."""
    found = lab.broken("corosync dead")
    assert found.service("corosync") is Service.FAILED
    assert found.votes is None
    assert [dict(link.peers) for link in found.links] == [{}]
    assert lab.members == {"nodename": "pve1", "version": 0}
    assert not lab.faults.writable
    assert all(one.quorate for one in lab.neighbours().values())


@pytest.mark.parametrize("name", ["pvedaemon", "pveproxy"])
def test_a_dead_daemon_has_failed(lab, name):
    found = lab.broken(f"{name} dead")
    assert found.service(name) is Service.FAILED
    assert found.mount is Mount.ANSWERS


def test_without_pmxcfs_there_is_a_bare_folder(lab):
    found = lab.broken("pmxcfs dead")
    assert (found.mount, found.pmxcfs) == (Mount.BARE, None)
    assert found.service("pve-cluster") is Service.FAILED
    assert found.clustered  # the database says so


def test_behind_a_dead_mount_a_pmxcfs_hangs(lab):
    found = lab.broken("dead mount")
    assert (found.mount, found.pmxcfs) == (Mount.HANGS, Pmxcfs(PID))
    assert found.service("pve-cluster") is Service.RUNS


def test_a_mount_whose_pmxcfs_was_killed_says_so(lab):
    found = lab.broken("dead mount", "pmxcfs dead")
    assert (found.mount, found.pmxcfs) == (Mount.BROKEN, None)
    with pytest.raises(Unreadable, match="Transport endpoint is not connected"):
        SimTree(lab.disk, lab.faults).read("etc/pve/user.cfg")
    assert best_tree(lab.disk, lab.faults).source == "config.db"


def test_a_full_disk_and_a_wrong_clock_are_seen(lab):
    found = lab.broken("disk full", "clock wrong")
    assert all(disk.is_full for disk in found.disks)
    assert found.synchronised is False
    assert {one.ahead for one in lab.neighbours().values()} == {-AHEAD}


def test_in_local_mode_everything_can_be_written_and_nothing_is_known_of_the_cluster(lab):
    lab.broken("no quorum")
    lab.faults.local_mode = True
    found = lab.probe.look()
    assert found.pmxcfs == Pmxcfs(LOCAL_PID, local=True)
    assert found.mount is Mount.ANSWERS
    assert lab.faults.writable
    assert SimTree(lab.disk, lab.faults).owner_may_write("etc/pve/local")
    assert "cluster" not in lab.members


def test_without_quorum_this_node_guards_no_ha_services_any_more(lab):
    assert lab.broken("no quorum").ha == (2, 2, False)


def test_a_node_of_its_own_has_no_links_and_no_neighbours():
    node = small_node()
    probe = SimProbe(node.disk, node.faults, FixedClock(DEMO_NOW))
    found = probe.look()
    assert (found.clustered, found.links, found.votes) == (False, (), None)
    assert found.service("corosync") is Service.STOPPED
    assert found.ha.services == 0
    assert probe.ask(lambda one: None) == ()


def test_root_without_a_password_is_told():
    node = small_node(linux="root:*:19000:0:99999:7:::\n")
    assert SimProbe(node.disk, node.faults, FixedClock(DEMO_NOW)).look().shadow is Shadow.NONE
