"""How the machine does: told in time, whatever hangs, and never wrongly."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.condition import FarProbe, NodeProbe, RescueProbe
from pve_auth_tui.adapters.conditionrun import Answer, Runner
from pve_auth_tui.core.recover.condition import (
    SERVICES,
    Condition,
    Disk,
    Ha,
    Link,
    Mount,
    Pmxcfs,
    Service,
    Shadow,
    Votes,
)
from tests.adapters.conftest import CANARY, can_mount, in_a_dead_mount, our_python, run
from tests.core.test_hosttextcorosync import CONF, LINKS, votes
from tests.core.test_hosttextnet import PULLED, UP, device
from tests.core.test_hosttextunits import unit

NOW = 20000 * 86400.0
LONG = 60.0  # so long that a busy machine is not taken for something that hangs
HASH = "$5$salt$5B8vYYiYhash"
DEAD = "Could not initialize corosync configuration API error 2\n"


def tools(**said):
    """A Run: what these tools print; another one is not installed. Our own children really run."""
    real = Runner()

    def answer(argv, seconds):
        name = Path(argv[0]).name.replace("-", "_")
        if argv[0] == sys.executable:
            return real(argv, seconds)
        found = said.get(name, Answer(why="is not installed"))
        return Answer(found, code=0) if isinstance(found, str) else found

    return answer


@pytest.fixture
def proc(tmp_path):
    """A /proc without processes but the first, and with nothing mounted."""
    folder = tmp_path / "proc"
    (folder / "self/ns").mkdir(parents=True)
    (folder / "self/ns/pid").symlink_to("pid:[1]")
    (folder / "self/mountinfo").write_text("27 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    process(folder, 1, "systemd")
    return folder


def process(proc, pid, name, uid=0, argv=(), *, exe="", space="pid:[1]"):
    folder = proc / str(pid)
    (folder / "ns").mkdir(parents=True)
    (folder / "ns/pid").symlink_to(space)
    (folder / "exe").symlink_to(exe or f"/usr/bin/{name}")
    text = f"Name:\t{name}\nState:\tS (sleeping)\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"
    (folder / "status").write_text(text)
    (folder / "cmdline").write_bytes("\0".join([name, *argv, ""]).encode())


@pytest.fixture
def look(root, proc):
    """Look at `root` with such tools."""
    (root / "etc/shadow").write_text(f"root:{HASH}:19000:0:99999:7:::\n")

    def make(seconds=LONG, **said) -> Condition:
        probe = NodeProbe(
            FixedClock(NOW), root, run=tools(**said), proc=proc, node="pve1", seconds=seconds
        )
        return probe.look()

    return make


# --- units and processes ------------------------------------------------------------------------


def units(**states):
    found = {name: states.get(name.replace("-", "_"), "loaded active running") for name in SERVICES}
    return "\n".join(unit(name, *state.split()) for name, state in found.items())


def test_systemd_says_how_units_do(look):
    found = look(
        systemctl=units(corosync="loaded failed failed", corosync_qdevice="not-found inactive dead")
    )
    assert found.service("corosync") is Service.FAILED
    assert found.service("pveproxy") is Service.RUNS
    assert found.service("corosync-qdevice") is Service.ABSENT
    assert not any("services" in one for one in found.trouble)


def test_where_systemd_does_not_answer_processes_tell(look, proc):
    process(proc, 77, "pveproxy", 33)
    process(proc, 78, "corosync", 1000)  # anybody may call a process so
    found = look(systemctl=Answer(said="System has not been booted with systemd", code=1))
    assert found.service("pveproxy") is Service.RUNS
    assert found.service("corosync") is Service.STOPPED
    assert (
        "Of the services only the processes are known: systemctl said `System has not been booted"
        " with systemd`."
    ) in found.trouble


def test_without_proc_nothing_is_said_to_have_stopped(look, proc):
    shutil.rmtree(proc)
    found = look()
    assert {found.service(name) for name in SERVICES} == {Service.UNKNOWN}
    assert "The services are not known: systemctl is not installed." in found.trouble
    assert found.pmxcfs is None
    assert found.mount is Mount.UNKNOWN
    assert "Processes could not be looked at: FileNotFoundError." in found.trouble


def test_what_is_hidden_from_us_has_not_stopped(look, proc):
    shutil.rmtree(proc / "1")
    assert look().service("corosync") is Service.UNKNOWN


@pytest.mark.parametrize(
    ("argv", "local"), [((), False), (("-l",), True), (("-f", "--local"), True)]
)
def test_pmxcfs_tells_whether_it_runs_without_the_cluster(look, proc, argv, local):
    process(proc, 200, "pmxcfs", argv=argv)
    assert look().pmxcfs == Pmxcfs(200, local)


@pytest.mark.parametrize(
    "other",
    [
        {"uid": 1000},  # anybody may call a process so
        {"uid": 33},
        {"exe": "/usr/bin/perl"},
        {"space": "pid:[2]"},  # of a container
    ],
)
def test_another_process_of_that_name_is_not_pmxcfs(look, proc, other):
    process(proc, 150, "pmxcfs", argv=("-l",), **other)
    assert look().pmxcfs is None
    process(proc, 200, "pmxcfs")
    assert look().pmxcfs == Pmxcfs(200)


def test_a_real_process_counts_when_it_is_roots(root, tmp_path):
    """A shell that is called pmxcfs; who is not root cannot make one that counts."""
    shell = Path(shutil.copyfile("/bin/sh", tmp_path / "pmxcfs"))
    shell.chmod(stat.S_IRWXU)
    with subprocess.Popen([shell, "-l", "-c", "read x"], stdin=subprocess.PIPE) as process:
        for _ in range(100):  # these tests may run twice at once, each with a pmxcfs of its own
            found = NodeProbe(FixedClock(NOW), root, run=tools(), seconds=LONG).look().pmxcfs
            if found is None or found.pid == process.pid:
                break
            time.sleep(0.1)
        process.communicate(b"\n")
    assert found == (Pmxcfs(process.pid, True) if os.geteuid() == 0 else None)


# --- /etc/pve -----------------------------------------------------------------------------------

LOOKS = """
import sys, time
from pathlib import Path
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.condition import NodeProbe
from pve_auth_tui.adapters.conditionrun import Answer, Runner
real = Runner()
def run(argv, seconds):
    return real(argv, seconds) if argv[0] == sys.executable else Answer(why="is not installed")
root, seconds = Path(sys.argv[1]), float(sys.argv[2])
probe = NodeProbe(FixedClock(0), root, run=run, node="pve1", seconds=seconds)
for _ in range(int(sys.argv[3])):
    started = time.monotonic()
    found = probe.look()
    print(found.mount.name, found.clustered, time.monotonic() - started < seconds + 3)
"""


def looks(root, seconds, times=1):
    return our_python(LOOKS, str(root), str(seconds), str(times))


def in_a_mount(how, folder, command):
    script = Path(__file__).with_name("fuse_mount.py")
    return [sys.executable, str(script), how, str(folder), *command]


def test_where_nothing_is_mounted_it_is_a_folder(look):
    assert look().mount is Mount.BARE


MOUNTS = [("answers", "ANSWERS False"), ("gone", "BROKEN None")] * can_mount()


@pytest.mark.parametrize(("how", "expected"), MOUNTS)
def test_a_mount_answers_or_its_server_has_gone(root, how, expected):
    command = in_a_mount(how, root / "etc/pve", looks(root, LONG))
    assert run(command) == (0, [f"{expected} True"])


@pytest.mark.parametrize("times", [3] * can_mount())
def test_a_dead_mount_hangs_and_config_db_tells_the_rest(root, database, times):
    """Again and again: the child that hangs is not joined by another one."""
    command = in_a_dead_mount(root / "etc/pve", looks(root, 9.0, times))
    assert run(command) == (0, ["HANGS True True"] * times)


@pytest.mark.parametrize("seconds", [2.0] * can_mount())
def test_a_whole_disk_that_is_dead_keeps_nobody(root, seconds):
    code, lines = run(in_a_dead_mount(root, looks(root, seconds)))
    assert (code, [line.split()[-1] for line in lines]) == (0, ["True"])


def test_a_child_that_never_began_says_nothing_of_the_mount(root, proc):
    """A machine that is too busy to start a process is not a dead mount."""
    line = f"9 27 0:54 / {root}/etc/pve rw - fuse /dev/fuse rw\n"
    (proc / "self/mountinfo").write_text(line)

    def late(argv, seconds):
        return Answer(why="did not answer within 1 s")

    found = NodeProbe(FixedClock(NOW), root, run=late, proc=proc, seconds=LONG).look()
    assert found.mount is Mount.UNKNOWN
    assert any("etc/pve answers is not known" in one for one in found.trouble)


# --- whatever hangs -----------------------------------------------------------------------------


def test_everything_may_hang(root, proc):
    def asleep(argv, seconds):
        time.sleep(30)
        raise AssertionError

    probe = NodeProbe(FixedClock(NOW), root, run=asleep, proc=proc, seconds=1.0)
    started = time.monotonic()
    found = probe.look()
    assert time.monotonic() - started < 5
    assert found.taken_at == NOW
    assert "The services could not be looked at in time." in found.trouble


def test_what_goes_wrong_is_told_and_takes_nothing_else_along(root, proc):
    def broken(argv, seconds):
        raise RuntimeError

    found = NodeProbe(FixedClock(NOW), root, run=broken, proc=proc, seconds=LONG).look()
    assert "The clock could not be looked at: RuntimeError." in found.trouble
    assert found.mount is Mount.BARE


# --- disks, clock, password ---------------------------------------------------------------------


def test_a_file_system_is_told_once(look, root):
    (root / "var/log").mkdir(parents=True)
    of = os.statvfs(root)
    (disk,) = look().disks
    assert (disk.path, disk.size, disk.read_only) == (str(root), of.f_blocks * of.f_frsize, False)
    assert 0 < disk.free <= disk.size


def test_ext4_stops_writing_without_being_read_only(look, root, proc):
    number = os.stat(root).st_dev
    line = f"27 1 {os.major(number)}:{os.minor(number)} / / rw - ext4 /dev/sda1 rw,emergency_ro\n"
    (proc / "self/mountinfo").write_text(line)
    assert look().disks[0].read_only


def test_of_disks_that_hang_the_others_are_told(look, root, proc):
    (root / "var/log").mkdir(parents=True)
    good = json.dumps(
        {"path": str(root), "device": "8:1", "free": 1, "size": 9, "read_only": False}
    )

    def half(argv, seconds):
        return Answer(f"{good}\n", why="did not answer within 3 s")

    found = NodeProbe(FixedClock(NOW), root, run=half, proc=proc, seconds=LONG).look()
    assert found.disks == (Disk(str(root), 1, 9),)
    assert (
        f"The disk of {root}/var/log is not known: it did not answer within 3 s." in found.trouble
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"timedatectl": "NTP=yes\nNTPSynchronized=yes\n"}, True),
        ({"timedatectl": "NTP=yes\nNTPSynchronized=no\n"}, False),
        ({"timedatectl": Answer(why="hangs"), "chronyc": "Leap status     : Normal\n"}, True),
        ({}, None),
    ],
)
def test_the_clock_follows_a_time_server_or_not(look, said, expected):
    found = look(**said)
    assert found.synchronised is expected
    assert (expected is None) == any("time server" in one for one in found.trouble)


def test_roots_password_is_looked_up(look, root):
    assert look().shadow is Shadow.SET
    (root / "etc/shadow").write_text(f"root:!{HASH}:19000:0:99999:7:::\n")
    assert look().shadow is Shadow.LOCKED


def test_a_shadow_that_leads_elsewhere_is_not_read(look, root):
    """R10: a link is followed inside the root alone."""
    (root / "etc/shadow").unlink()
    (root / "etc/shadow").symlink_to("../../canary")
    found = look()
    assert found.shadow is Shadow.UNKNOWN
    assert any("etc/shadow" in one for one in found.trouble)
    assert CANARY.decode() not in repr(found)


# --- the cluster --------------------------------------------------------------------------------


@pytest.fixture
def member(root):
    """A node of a cluster of two."""
    (root / "etc/corosync").mkdir()
    (root / "etc/corosync/corosync.conf").write_bytes(CONF)


def addresses(*devices):
    return json.dumps(devices)


TWO = addresses(device("ens5f0", UP, "10.99.0.1"), device("ens6f0", PULLED, "10.99.1.1"))


def test_links_have_interfaces_and_peers(look, member):
    found = look(corosync_cfgtool=LINKS, ip=TWO)
    assert found.links == (
        Link(0, "10.99.0.1", "ens5f0", True, {"pve2": True}),
        Link(1, "10.99.1.1", "ens6f0", False, {"pve2": False}),
    )


def test_links_are_known_although_corosync_is_dead(look, member):
    found = look(corosync_cfgtool=Answer(said=DEAD, code=1), ip=TWO)
    assert found.links == (
        Link(0, "10.99.0.1", "ens5f0", True),
        Link(1, "10.99.1.1", "ens6f0", False),
    )
    assert found.votes == Votes()


def test_an_address_that_no_interface_has_leads_nowhere(look, member):
    links = look(ip=addresses(device("ens5f0", UP, "10.99.0.1"))).links
    assert links is not None
    assert (links[1].interface, links[1].carrier) == ("", False)


def test_without_interfaces_nothing_is_said_of_them(look, member):
    found = look(corosync_cfgtool=LINKS)
    assert found.links is not None
    assert {(one.interface, one.carrier) for one in found.links} == {("", None)}
    assert "Network interfaces are not known: ip is not installed." in found.trouble


def test_a_name_instead_of_an_address_is_looked_up_in_etc_hosts(look, root, member):
    conf = CONF.replace(b"ring0_addr: 10.99.0.1", b"ring0_addr: pve1-ring")
    (root / "etc/corosync/corosync.conf").write_bytes(conf)
    links = look(ip=TWO).links
    assert links is not None
    assert links[0] == Link(0, "pve1-ring")
    (root / "etc/hosts").write_text("10.99.0.1 pve1-ring\n")
    links = look(ip=TWO).links
    assert links is not None
    assert links[0] == Link(0, "10.99.0.1", "ens5f0", True)


def test_a_node_that_corosync_conf_does_not_name(look, root, member):
    conf = CONF.replace(b"name: pve1", b"name: other")
    (root / "etc/corosync/corosync.conf").write_bytes(conf)
    found = look(ip=TWO)
    assert found.links is None
    assert "/etc/corosync/corosync.conf has no node pve1." in found.trouble


def test_a_node_of_its_own_has_neither_links_nor_votes(look):
    found = look()
    assert (found.links, found.votes) == ((), None)
    assert not any("orosync" in one for one in found.trouble)


def test_votes_are_those_that_corosync_counts(look, member):
    found = look(corosync_quorumtool=Answer(votes(2, 1, "2 Activity blocked", ""), code=2))
    assert found.votes == Votes(1, 2, 2)


def test_a_tool_that_hangs_is_named(look, member):
    found = look(corosync_quorumtool=Answer(why="did not answer within 2 s"))
    assert "Votes are not known: corosync-quorumtool did not answer within 2 s." in found.trouble


def test_what_a_tool_says_comes_out_harmless(look, member):
    """R19"""
    found = look(systemctl=Answer(said="\x1b[2J\u202e" + "x" * 9999, code=1))
    assert all(one.isprintable() and len(one) <= 300 for one in found.trouble)


def test_the_database_decides_whether_it_is_a_cluster(look, root, database):
    found = look()
    assert (found.clustered, found.database, found.links) == (True, str(database), ())
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM tree WHERE name = 'corosync.conf'")
        connection.commit()
    assert look().clustered is False
    database.write_bytes(b"rubbish")
    found = look()
    assert found.clustered is None
    assert any("is not an SQLite database" in one for one in found.trouble)


def test_a_node_without_a_database(look):
    found = look()
    assert (found.database, found.clustered, found.ha) == ("", None, None)


# --- HA -----------------------------------------------------------------------------------------


@pytest.fixture
def served(root, proc):
    """/etc/pve is served: the kernel says so, and the files lie there."""
    line = f"9 27 0:54 / {root}/etc/pve rw - fuse /dev/fuse rw\n"
    (proc / "self/mountinfo").write_text(line)
    (root / "etc/pve/corosync.conf").write_bytes(CONF)
    (root / "etc/pve/ha").mkdir()
    (root / "run").mkdir()
    return root / "etc/pve"


def test_through_a_mount_that_answers_everything_is_read(look, served):
    found = look()
    assert (found.mount, found.clustered, found.ha) == (Mount.ANSWERS, True, Ha(0, 0, False))


def test_ha_counts_what_it_manages_and_what_of_it_is_here(look, served):
    (served / "ha/resources.cfg").write_text("vm: 100\n\nct: 101\n\nvm: 102\n\nvm: 103\n")
    status = {"vm:100": {"node": "pve1"}, "ct:101": {"node": "pve2"}}
    (served / "ha/manager_status").write_text(json.dumps({"service_status": status}))
    (served / "nodes/pve1/qemu-server/102.conf").write_text("")  # put nowhere yet
    assert look().ha == Ha(4, 2, False)


def test_a_watchdog_is_armed_while_its_mark_is_there(look, root, served):
    (root / "run/watchdog-mux.active").mkdir()
    assert look().ha == Ha(0, 0, True)


def test_an_armed_watchdog_counts_although_the_database_is_damaged(look, root, database):
    database.write_bytes(b"rubbish")
    (root / "run/watchdog-mux.active").mkdir(parents=True)
    assert look().ha == Ha(watchdog=True)


# --- elsewhere ----------------------------------------------------------------------------------


def test_a_rescue_system_reads_the_files_of_that_disk(root, database):
    (root / "etc/shadow").write_text("root:*:19000:0:99999:7:::\n")
    found = RescueProbe(FixedClock(NOW), root, seconds=LONG).look()
    assert (found.here, found.node, found.rescue) == (False, "pve1", str(root))
    assert (found.database, found.clustered) == (str(database), True)
    assert (found.shadow, found.mount) == (Shadow.NONE, Mount.UNKNOWN)
    assert (found.services, found.links, found.votes, found.ha) == ({}, None, None, None)
    assert [one.path for one in found.disks] == [str(root)]
    assert found.trouble == ()


def test_a_rescue_system_follows_no_link_out_of_that_disk(root, tmp_path):
    """R10"""
    for name in ("etc/shadow", "etc/corosync", "var", "run"):
        (root / name).symlink_to(tmp_path / "canary")
    (root / "etc/hostname").unlink()
    (root / "etc/hostname").symlink_to("../../canary")
    found = RescueProbe(FixedClock(NOW), root, seconds=LONG).look()
    assert (found.shadow, found.database, found.node) == (Shadow.UNKNOWN, "", "")
    assert CANARY.decode() not in repr(found)


def test_a_disk_that_is_not_there_is_told(tmp_path):
    found = RescueProbe(FixedClock(NOW), tmp_path / "nothing", seconds=LONG).look()
    assert any("There is no folder" in one for one in found.trouble)
    assert (found.database, found.disks) == ("", ())


def test_from_afar_nothing_is_known():
    probe = FarProbe(FixedClock(NOW))
    assert probe.look() == Condition(NOW, here=False)
    assert probe.ask(lambda one: None) == ()
