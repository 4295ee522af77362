"""What is looked at again while a node is out of order, and when that ends."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.node import node_of
from pve_auth_tui.core.overview import opens_recover
from pve_auth_tui.core.recover.condition import Condition, Disk, Mount, Pmxcfs, Service, Votes
from pve_auth_tui.core.recover.diagnosis import Cause, Diagnosis
from pve_auth_tui.core.recover.nothing import nothing_read
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.watch import asks_others, has_changed, is_well, may_read

NOTHING = nothing_read(Unreadable("/etc/pve is not mounted."), 0.0)
WELL = Diagnosis("root@pam", ("Nothing is wrong.",), (), ())
CLUSTERED = Condition(0.0, clustered=True)


def situation(condition):
    return Situation(NOTHING, node_of(NOTHING), condition, "root@pam", 0.0)


@pytest.mark.parametrize("mount", [Mount.HANGS, Mount.BROKEN, Mount.BARE])
def test_other_nodes_are_asked_where_etc_pve_is_dead(mount):
    assert asks_others(situation(replace(CLUSTERED, mount=mount)))


def test_other_nodes_are_asked_where_corosync_does_not_run():
    stopped = {"corosync": Service.STOPPED}
    assert asks_others(situation(replace(CLUSTERED, services=stopped)))


def test_a_node_of_no_cluster_has_nobody_to_ask():
    assert not asks_others(situation(Condition(0.0, clustered=False, mount=Mount.BARE)))


def test_with_etc_pve_there_and_quorum_not_known_to_be_lost_nobody_is_asked():
    assert not asks_others(situation(replace(CLUSTERED, mount=Mount.ANSWERS)))


def test_where_nothing_could_be_read_nothing_is_well():
    assert not is_well(situation(CLUSTERED), WELL)
    assert opens_recover(NOTHING)


def test_a_cause_is_not_well():
    ill = replace(WELL, causes=(Cause.LOCKED,))
    assert not is_well(situation(CLUSTERED), ill)


@pytest.mark.parametrize(
    ("mount", "may"),
    [(Mount.ANSWERS, True), (Mount.BARE, True), (Mount.HANGS, False), (Mount.BROKEN, False)],
)
def test_a_dead_mount_is_not_read_again_and_again(mount, may):
    assert may_read(Condition(0.0, mount=mount)) is may


@pytest.mark.parametrize(
    "change",
    [
        {"services": {"pveproxy": Service.FAILED}},
        {"mount": Mount.HANGS},
        {"pmxcfs": Pmxcfs(7, local=True)},
        {"votes": Votes(2, 3, 2)},
        {"disks": (Disk("/", 0, 10_000_000_000),)},
    ],
)
def test_what_may_change_the_picture_is_a_change(change):
    before = replace(CLUSTERED, disks=(Disk("/", 5_000_000_000, 10_000_000_000),))
    assert has_changed(before, replace(before, **change))


def test_time_and_free_space_are_none():
    before = replace(CLUSTERED, disks=(Disk("/", 5_000_000_000, 10_000_000_000),))
    after = replace(before, taken_at=5.0, disks=(Disk("/", 4_999_000_000, 10_000_000_000),))
    assert not has_changed(before, after)
