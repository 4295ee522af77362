"""What takes a change back by itself: systemd's timers as they are asked for, and our own."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pve_auth_tui.adapters import timers as module
from pve_auth_tui.adapters.timers import (
    NoTimers,
    ProcessTimers,
    SystemdTimers,
    changeable,
    own_command,
    wipe_later,
)
from pve_auth_tui.core.errors import Refused

PLAN = "20270115-080000-0a1b2c"
STAND_IN = """#!{python} -I
import json, os, sys
with open({log!r}, "a") as log:
    print(json.dumps([sys.argv, dict(os.environ), sys.stdin.read()]), file=log)
sys.exit({code})
"""
PROGRAM = """#!{python} -I
import os, sys
with open({log!r}, "a") as log:
    print(sys.argv[1:], sorted(os.environ), file=log)
"""


class Systemd:
    """Stand-ins for systemd-run and systemctl that write down how they were called."""

    def __init__(self, folder, code=0):
        self.folder, self.log = folder, folder / "calls"
        self.tool = self.script(
            "tool", STAND_IN.format(python=sys.executable, log=str(self.log), code=code)
        )
        self.ran = folder / "ran"
        self.program = self.script(
            "program", PROGRAM.format(python=sys.executable, log=str(self.ran))
        )

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def timers(self, **more):
        given = {"runs": self.folder, "changeable_by_others": lambda command: "", **more}
        command = (sys.executable, "-I", self.program)
        return SystemdTimers(command, systemd_run=self.tool, systemctl=self.tool, **given)

    @property
    def calls(self):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return Systemd(tmp_path)


# --- systemd ----------------------------------------------------------------------------


def test_the_unit_holds_an_id_and_nothing_else_of_ours(systemd, monkeypatch):
    monkeypatch.setenv("CANARY", "seen")
    systemd.timers().arm(PLAN, 600.0)
    ((argv, environment, stdin),) = systemd.calls
    split = argv.index("--")
    assert argv[split + 1 :] == [sys.executable, "-I", systemd.program, "take-back", PLAN]
    assert "--on-active=600" in argv[:split]
    assert f"--unit=pve-auth-tui-take-back-{PLAN}" in argv[:split]
    assert "--property=UMask=0077" in argv[:split]
    assert not [word for word in argv[:split] if word.startswith(("--setenv", "-E", "--user"))]
    assert set(environment) <= {"PATH", "HOME", "LC_ALL", "LC_CTYPE"}
    assert stdin == ""


def test_what_systemd_would_run_runs_with_that_id_in_any_folder(systemd):
    systemd.timers().arm(PLAN, 600.0)
    argv = systemd.calls[0][0]
    command = argv[argv.index("--") + 1 :]
    subprocess.run(command, check=True, cwd="/", env={}, stdin=subprocess.DEVNULL)
    last = systemd.ran.read_text().splitlines()[-1]
    assert last.startswith(f"['take-back', '{PLAN}']")


def test_disarming_stops_the_timer(systemd):
    systemd.timers().disarm(PLAN)
    ((argv, _, _),) = systemd.calls
    assert argv[-2:] == ["stop", f"pve-auth-tui-take-back-{PLAN}.timer"]


def test_a_timer_that_is_gone_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    systemd = Systemd(tmp_path, code=5)  # systemctl(1): the unit is not loaded, and not active
    systemd.timers().disarm(PLAN)
    assert [call[0][-2] for call in systemd.calls] == ["stop", "is-active"]


def test_a_timer_that_cannot_be_stopped_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    systemd = Systemd(tmp_path)
    stops = 'sys.exit("stop" in sys.argv)'
    text = STAND_IN.format(python=sys.executable, log=str(systemd.log), code=0)
    systemd.script("tool", text.replace("sys.exit(0)", stops))
    with pytest.raises(Refused, match="exit code 1"):
        systemd.timers().disarm(PLAN)


@pytest.mark.parametrize("plan", ["", "a b", "--help", "../x", "x" * 65, "a\nb", "A@b"])
def test_what_is_no_id_never_becomes_a_unit(systemd, plan):
    timers = systemd.timers()
    for act in (lambda: timers.arm(plan, 600.0), lambda: timers.disarm(plan)):
        with pytest.raises(Refused, match="no plan's id"):
            act()
    assert systemd.calls == []


def test_a_timer_that_systemd_does_not_take_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(
        Refused, match="systemd does not take the timer: tool ended with exit code 5"
    ):
        Systemd(tmp_path, code=5).timers().arm(PLAN, 600.0)


def test_only_root_has_such_timers(systemd, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    timers = systemd.timers()
    assert "Only root" in timers.problem()
    with pytest.raises(Refused, match="Only root"):
        timers.arm(PLAN, 600.0)
    assert systemd.calls == []


def test_without_systemd_there_are_none(systemd, tmp_path):
    assert "systemd does not run" in systemd.timers(runs=tmp_path / "nothing").problem()


def test_a_program_that_others_can_change_is_not_run_by_itself(systemd):
    timers = systemd.timers(changeable_by_others=lambda command: "/opt/x")
    assert timers.problem().startswith("Others than root can change /opt/x")
    with pytest.raises(Refused, match="/opt/x"):
        timers.arm(PLAN, 600.0)


def test_a_program_that_would_not_start_is_found_out_before(systemd):
    systemd.script("program", "import sys; sys.exit(4)")
    assert "does not start by its own path" in systemd.timers().problem()


def test_where_all_is_well_nothing_stands_in_the_way(systemd):
    assert systemd.timers().problem() == ""
    assert systemd.ran.read_text().startswith("['--version']")


def test_this_program_is_started_by_absolute_paths():
    command = own_command()
    assert command[1] == "-I"
    assert os.path.isabs(command[0])
    assert os.path.isabs(command[2])


# --- who could change it ----------------------------------------------------------------


class Owned:
    """lstat of a tree in which root owns everything but what a test says."""

    def __init__(self, monkeypatch, **wrong):
        self.real, self.wrong = os.lstat, wrong
        monkeypatch.setattr(os, "lstat", self)

    def __call__(self, path):
        state = self.real(path)
        mode, owner = self.wrong.get(Path(path).name, (None, 0))
        values = list(state)
        kind = stat.S_IFMT(state.st_mode)
        values[0] = kind | (0o755 if mode is None else mode)
        values[4] = owner
        return os.stat_result(values)


@pytest.fixture
def program(tmp_path, monkeypatch):
    folder = tmp_path / "opt/bin"
    folder.mkdir(parents=True)
    (folder / "ours").write_text("")
    monkeypatch.setattr(sys, "path", [str(folder)])
    return (str(folder / "ours"), "-I", str(folder / "ours"))


def test_a_program_that_is_root_s_alone_is_fine(program, monkeypatch):
    Owned(monkeypatch)
    assert changeable(program) == ""


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("ours", (0o775, 0)),
        ("ours", (0o757, 0)),
        ("ours", (0o755, 1000)),
        ("bin", (0o775, 0)),
        ("opt", (0o1777, 0)),
        ("opt", (0o755, 1000)),
        ("timers.py", (0o646, 0)),
    ],
)
def test_one_that_others_can_change_is_named(program, monkeypatch, name, wrong):
    Owned(monkeypatch, **{name: wrong})
    assert Path(changeable(program)).name == name


def test_a_link_counts_by_both_ends(program, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/real").write_text("")
    link = tmp_path / "opt/bin/link"
    link.symlink_to(tmp_path / "elsewhere/real")
    Owned(monkeypatch, real=(0o666, 0))
    assert Path(changeable((str(link), "-I", program[2]))).name == "real"
    Owned(monkeypatch, elsewhere=(0o777, 0))
    assert Path(changeable((str(link), "-I", program[2]))).name == "elsewhere"


def test_a_program_in_one_file_is_looked_at_as_that_file(program, monkeypatch, tmp_path):
    archive = tmp_path / "opt/bin/all.pyz"
    archive.write_text("")
    monkeypatch.setattr(module, "__file__", str(archive / "pve_auth_tui/adapters/timers.py"))
    Owned(monkeypatch)
    assert changeable(program) == ""
    Owned(monkeypatch, **{"all.pyz": (0o666, 0)})
    assert Path(changeable(program)).name == "all.pyz"


def test_what_is_not_there_is_nobody_s():
    assert changeable(("/no/such/python", "-I", "/no/such/script")) == "/no"


# --- wiping -----------------------------------------------------------------------------


def test_a_file_is_removed_later_by_its_name_alone(systemd, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SYSTEMD_RUN", systemd.tool)
    monkeypatch.setattr(module, "_RUNS", tmp_path)
    wipe_later(tmp_path / f"{PLAN}.json", 86400.0)
    ((argv, _, _),) = systemd.calls
    assert argv[argv.index("--") + 1 :] == [
        "/usr/bin/rm",
        "-f",
        "--",
        str(tmp_path / f"{PLAN}.json"),
    ]
    assert "--on-active=86400" in argv
    assert f"--unit=pve-auth-tui-wipe-{PLAN}" in argv


def test_where_nothing_can_remove_it_later_that_is_no_failure(systemd, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SYSTEMD_RUN", "/no/such/tool")
    monkeypatch.setattr(module, "_RUNS", tmp_path)
    wipe_later(tmp_path / "x.json", 1.0)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    wipe_later(tmp_path / "x.json", 1.0)
    assert systemd.calls == []


# --- inside this process ----------------------------------------------------------------


class Fired:
    """Waits for a timer."""

    def __init__(self, error=None):
        self.plans, self.error, self.event = [], error, threading.Event()

    def __call__(self, plan):
        self.plans.append(plan)
        self.event.set()
        if self.error:
            raise self.error


def test_a_timer_of_ours_fires_once():
    fired = Fired()
    timers = ProcessTimers(fired)
    assert timers.problem() == ""
    timers.arm(PLAN, 0.0)
    assert fired.event.wait(30)
    assert fired.plans == [PLAN]
    timers.disarm(PLAN)


def test_what_stands_in_its_way_ends_nothing():
    fired = Fired(Refused("Somebody changed it."))
    timers = ProcessTimers(fired)
    timers.arm("a", 0.0)
    assert fired.event.wait(30)
    fired.event.clear()
    timers.arm("b", 0.0)
    assert fired.event.wait(30)
    assert fired.plans == ["a", "b"]


def test_a_disarmed_timer_never_fires():
    fired = Fired()
    timers = ProcessTimers(fired)
    timers.arm("a", 1000.0)
    timers.arm("b", 1000.0)
    (first, second) = timers._running.values()
    timers.disarm("a")
    timers.close()
    for timer in (first, second):
        timer.join(30)
        assert not timer.is_alive()
    assert fired.plans == []


def test_where_there_are_none_the_reason_is_told():
    timers = NoTimers("Only on the node itself.")
    assert timers.problem() == "Only on the node itself."
    with pytest.raises(Refused, match="Only on the node itself"):
        timers.arm(PLAN, 1.0)
    timers.disarm(PLAN)
