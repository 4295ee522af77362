"""A change that nobody keeps is taken back by a real systemd, with the program that armed it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from tests.lab.machine import ROOT, Machine, require_root

PROGRAM = Path(sys.executable).parent / "pve-auth-tui"
JOURNAL = "/var/lib/pve-auth-tui/journal/journal.jsonl"
UNIT = "pve-auth-tui-take-back-{}.timer"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    require_root()
    with Machine(tmp_path_factory.mktemp("machine")) as running:
        yield running


@pytest.fixture(scope="module")
def armed(machine):
    """PVE's files are there, its API is not: so what fires can only say why it did nothing."""
    machine.run("mkdir", "-p", "/etc/pve")
    machine.run("sh", "-c", "printf 'group:ops:::\\n' > /etc/pve/user.cfg")
    done = machine.run(
        "env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.lab.arm", str(PROGRAM)
    )
    assert done.returncode == 0, done.stderr
    return machine


def entries(machine):
    return [json.loads(line) for line in machine.file(JOURNAL).splitlines()]


def test_the_timer_runs_the_program_with_the_plans_id_and_it_writes_down_what_came_of_it(armed):
    end = time.monotonic() + 60
    while len(entries(armed)) < 2 and time.monotonic() < end:
        time.sleep(0.2)
    told = [line.get("entry", line) for line in entries(armed)]
    assert [one["event"] for one in told] == ["fired", "expired"]
    assert {one["plan"] for one in told} == {"fires"}
    assert "was not taken back" in told[1]["outcome"]


def test_a_change_that_was_kept_has_no_timer_any_more(armed):
    timers = armed.run("systemctl", "list-timers", "--all", "--no-legend").stdout
    assert UNIT.format("kept") not in timers


def test_nothing_but_the_id_stands_in_the_unit(armed):
    again = armed.run(
        *("env", f"PYTHONPATH={ROOT}", sys.executable, "-c"),
        "from pve_auth_tui.adapters.timers import SystemdTimers\n"
        "SystemdTimers(('/bin/true',), changeable_by_others=lambda c: '').arm('shown', 600)",
    )
    assert (again.returncode, again.stderr) == (0, "")
    unit = armed.run("systemctl", "cat", UNIT.format("shown").replace(".timer", ".service")).stdout
    (line,) = [line for line in unit.splitlines() if line.startswith('ExecStart="')]
    assert line == 'ExecStart="/bin/true" "take-back" "shown"'
