"""Commands on the simulated node: they change what the real ones do, and refuse where they do."""

import pytest

from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.core.errors import ApiError, CommandFailed
from pve_auth_tui.core.plan import HostCommand
from pve_auth_tui.core.recover.condition import Mount, Pmxcfs, Service
from pve_auth_tui.simnode import units
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.hostcommands import SimCommands
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.probe import LOCAL_PID, PID, SimProbe
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.stories import DemoStories


class Shell:
    """A node, its stories, and somebody who types on it."""

    def __init__(self):
        self.faults = Faults()
        self.node = SimNode(MemoryDisk(demo_tree().files), system_sources(), self.faults)
        self.stories = DemoStories(self.faults)
        self.commands = SimCommands(self.faults)
        self.said = []

    def __call__(self, line):
        """0, or the text of the failure; what it printed is in `said`."""
        self.said.clear()
        try:
            return self.commands.run(HostCommand(tuple(line.split())), self.said.append)
        except CommandFailed as error:
            return str(error)

    def breaks(self, *names):
        for name in names:
            self.stories.turn(name, on=True)

    def writes(self):
        """Whether PVE takes a change."""
        try:
            self.node.answer("PUT", "/access/groups/ops-x", {"comment": "x"})
        except ApiError as error:
            return "does not exist" in error.original
        return True

    @property
    def condition(self):
        return SimProbe(self.node.disk, self.faults, SystemClock()).look()


@pytest.fixture
def shell():
    return Shell()


def test_what_is_no_command_here_is_refused(shell):
    for line in ("/usr/bin/reboot now", "systemctl start pvedaemon", "/bin/sh -c id"):
        assert shell(line).endswith("is no command of the simulated node.")
    assert shell.faults == Faults()


# --- systemd's units --------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["pvedaemon", "pveproxy"])
@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_dead_daemon_is_started(shell, unit, verb):
    shell.breaks(f"{unit} dead")
    assert shell(f"/usr/bin/systemctl {verb} {unit}.service") == 0
    assert shell.condition.service(unit) is Service.RUNS


def test_a_stopped_unit_is_stopped_and_not_failed(shell):
    assert shell("/usr/bin/systemctl stop pve-ha-lrm pve-ha-crm") == 0
    assert shell.condition.service("pve-ha-lrm") is Service.STOPPED
    assert shell.condition.ha.watchdog is False
    assert shell("/usr/bin/systemctl start pve-ha-crm pve-ha-lrm") == 0
    assert shell.faults == Faults()


def test_an_unknown_unit_is_not_found(shell):
    assert shell("/usr/bin/systemctl start pve-magic") == "systemctl ended with exit code 5."
    assert "not found" in shell.said[0]


def test_without_pmxcfs_pveproxy_does_not_start(shell):
    shell.breaks("pmxcfs dead", "pveproxy dead")
    assert shell("/usr/bin/systemctl start pveproxy") == "systemctl ended with exit code 1."
    assert shell("/usr/bin/systemctl start pve-cluster pveproxy") == 0
    assert shell.faults == Faults()


def test_pve_cluster_does_not_start_on_a_full_disk(shell):
    shell.breaks("pmxcfs dead", "disk full")
    assert shell("/usr/bin/systemctl start pve-cluster") == "systemctl ended with exit code 1."
    assert shell.said[0].startswith("Job for pve-cluster.service failed")
    assert shell("/usr/bin/journalctl --vacuum-size=100M") == 0
    assert "freed 2.1G" in shell.said[0]
    assert shell("/usr/bin/systemctl start pve-cluster") == 0
    assert shell.writes()


def test_a_corosync_that_is_dead_for_good_does_not_start(shell):
    shell.breaks("corosync dead")
    for verb in ("start", "restart"):
        assert shell(f"/usr/bin/systemctl {verb} corosync") == "systemctl ended with exit code 1."
    assert not shell.writes()


def test_a_corosync_that_was_stopped_starts_again(shell):
    assert shell("/usr/bin/systemctl stop corosync") == 0
    assert not shell.writes()
    assert shell("/usr/bin/systemctl start corosync") == 0
    assert shell.writes()


# --- votes ------------------------------------------------------------------------------


@pytest.mark.parametrize("story", ["all alone", "no quorum"])
def test_one_expected_vote_is_enough_for_one(shell, story):
    shell.breaks(story)
    assert not shell.writes()
    assert shell("/usr/bin/pvecm expected 2") == 0
    assert not shell.writes()
    assert shell("/usr/bin/pvecm expected 1") == 0
    assert shell.writes()
    assert shell.condition.votes == (1, 1, 1, False, None)
    assert shell("/usr/bin/pvecm expected 3") == 0
    assert not shell.writes()


def test_expected_votes_are_forgotten_when_the_others_are_back(shell):
    shell.breaks("all alone")
    shell("/usr/bin/pvecm expected 1")
    shell.stories.turn("all alone", on=False)
    assert shell.faults == Faults()


def test_a_restart_of_corosync_forgets_them_too(shell):
    shell.breaks("all alone")
    shell("/usr/bin/pvecm expected 1")
    assert shell("/usr/bin/systemctl restart corosync") == 0
    assert not shell.writes()


def test_fewer_expected_votes_than_there_are_change_nothing(shell):
    assert shell("/usr/bin/pvecm expected 1") == 0
    assert shell.condition.votes == (3, 3, 2, False, None)


def test_without_corosync_nobody_can_be_told_how_many_to_expect(shell):
    shell.breaks("corosync dead")
    assert shell("/usr/bin/pvecm expected 1") == "pvecm ended with exit code 1."
    assert shell.said[0] == "Cannot initialize CMAP service"
    assert not shell.writes()


@pytest.mark.parametrize("line", ["expected", "expected one", "delnode pve2", "expected -1"])
def test_pvecm_does_nothing_else_here(shell, line):
    assert shell(f"/usr/bin/pvecm {line}") == "pvecm ended with exit code 255."
    assert shell.faults == Faults()


# --- local mode -------------------------------------------------------------------------


def test_there_and_back_through_local_mode(shell):
    shell.breaks("corosync dead", "all alone")
    assert shell("/usr/bin/systemctl stop pve-cluster") == 0
    assert (shell.condition.mount, shell.condition.pmxcfs) == (Mount.BARE, None)
    assert shell("/usr/bin/pmxcfs -l") == 0
    assert shell.condition.pmxcfs == Pmxcfs(LOCAL_PID, local=True)
    assert shell.condition.service("pve-cluster") is Service.STOPPED
    shell.node.answer("PUT", "/access/users/nina@pve", {"comment": "from local mode"})
    assert shell(f"/usr/bin/kill -TERM {LOCAL_PID}") == 0
    assert shell.condition.mount is Mount.BARE
    assert shell("/usr/bin/systemctl start pve-cluster") == 0
    assert shell.condition.pmxcfs == Pmxcfs(PID)
    assert not shell.writes()  # still without corosync
    assert shell.node.state.access.users["nina@pve"].comment == "from local mode"


def test_two_pmxcfs_never_run(shell):
    assert shell("/usr/bin/pmxcfs -l") == "pmxcfs ended with exit code 255."
    assert "unable to acquire pmxcfs lock" in shell.said[0]
    assert not shell.faults.local_mode
    shell("/usr/bin/systemctl stop pve-cluster")
    shell("/usr/bin/pmxcfs -l")
    assert shell("/usr/bin/pmxcfs -l") == "pmxcfs ended with exit code 255."
    assert shell("/usr/bin/systemctl start pve-cluster") == "systemctl ended with exit code 1."
    assert shell("/usr/bin/systemctl stop pve-cluster") == 0  # it is none of systemd's
    assert shell.faults.local_mode


def test_local_mode_needs_room_for_the_database(shell):
    shell.breaks("pmxcfs dead", "disk full")
    assert shell("/usr/bin/pmxcfs -l") == "pmxcfs ended with exit code 255."


def test_killall_takes_the_process_by_its_exact_name(shell):
    shell("/usr/bin/systemctl stop pve-cluster")
    assert shell("/usr/bin/killall pmxcfs") == "killall ended with exit code 1."
    shell("/usr/bin/pmxcfs -l")
    assert shell("/usr/bin/killall pmxcfs") == 0
    assert not units.has_process(shell.faults)
    assert shell("/usr/bin/killall perl") == "killall ended with exit code 2."


def test_kill_takes_a_pid_that_is_there(shell):
    assert shell("/usr/bin/kill -9 1") == "kill ended with exit code 1."
    assert "No such process" in shell.said[0]
    assert shell("/usr/bin/kill -9") == "kill ended with exit code 1."
    assert shell(f"/usr/bin/kill -HUP {PID}") == "kill ended with exit code 1."
    assert shell.faults == Faults()


# --- a dead mount -----------------------------------------------------------------------


def test_the_way_out_of_a_dead_mount_step_by_step(shell):
    shell.breaks("dead mount")
    assert shell(f"/usr/bin/kill -TERM {PID}") == 0
    assert shell.condition.mount is Mount.HANGS  # it does not hear that
    assert shell(f"/usr/bin/kill -KILL {PID}") == 0
    assert (shell.condition.mount, shell.condition.pmxcfs) == (Mount.BROKEN, None)
    assert shell("/usr/bin/umount -l /etc/pve") == 0
    assert shell.condition.mount is Mount.BARE
    assert shell("/usr/bin/umount -l /etc/pve") == "umount ended with exit code 32."
    assert shell("/usr/bin/rm -f /var/lib/pve-cluster/.pmxcfs.lockfile") == 0
    assert shell("/usr/bin/systemctl start pve-cluster") == 0
    assert shell.writes()


def test_a_mount_taken_from_a_living_pmxcfs_leaves_its_lock_file_held(shell):
    shell.breaks("dead mount")
    assert shell("/usr/bin/umount /etc/pve") == "umount ended with exit code 32."
    assert shell("/usr/bin/umount -l /etc/pve") == 0
    assert (shell.condition.mount, shell.condition.pmxcfs) == (Mount.BARE, Pmxcfs(PID))
    assert shell("/usr/bin/pmxcfs -l") == "pmxcfs ended with exit code 255."
    assert shell(f"/usr/bin/kill -KILL {PID}") == 0
    assert shell("/usr/bin/pmxcfs -l") == 0


def test_systemd_ends_what_hangs(shell):
    shell.breaks("dead mount")
    assert shell("/usr/bin/systemctl restart pve-cluster") == 0
    assert shell.faults == Faults()


# --- disk and clock ---------------------------------------------------------------------


def test_a_copy_needs_room(shell):
    line = "/usr/bin/cp -a /var/lib/pve-cluster/config.db /root/config.db.before"
    assert shell(line) == 0
    shell.breaks("disk full")
    assert shell(line) == "cp ended with exit code 1."
    assert shell.said == ["error writing '/root/config.db.before': No space left on device"]


@pytest.mark.parametrize("line", ["/usr/bin/chronyc makestep", "/usr/bin/systemctl restart chrony"])
def test_the_clock_is_set(shell, line):
    shell.breaks("clock wrong")
    assert shell(line) == 0
    assert shell.faults == Faults()
