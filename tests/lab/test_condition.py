"""How units do, as a real systemd tells it."""

from __future__ import annotations

import json
import sys
import time

import pytest

from tests.lab.machine import ROOT, Machine, require_root

LOOK = """
import json
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.condition import NodeProbe
found = NodeProbe(SystemClock()).look()
states = {name: state.name for name, state in found.services.items()}
print(json.dumps([states, [one for one in found.trouble if "services" in one]]))
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    require_root()
    with Machine(tmp_path_factory.mktemp("machine")) as running:
        yield running


def start(machine, name, *command, **properties):
    wanted = [f"--property={key}={value}" for key, value in properties.items()]
    machine.run("systemd-run", "--no-block", f"--unit={name}", *wanted, *command)


def look(machine):
    done = machine.run("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_units_run_fail_are_started_over_and_over_or_are_not_there(machine):
    start(machine, "pve-cluster", "/bin/sleep", "600")
    start(machine, "corosync", "/bin/false")
    start(machine, "pveproxy", "/bin/false", Restart="always", RestartSec=600)
    expected = {"pve-cluster": "RUNS", "corosync": "FAILED", "pveproxy": "FAILED"}
    end = time.monotonic() + 30
    while True:
        states, trouble = look(machine)
        if expected.items() <= states.items() or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert {name: states[name] for name in expected} == expected
    assert states["watchdog-mux"] == "ABSENT"
    assert trouble == []
    assert "auto-restart" in machine.run("systemctl", "show", "-pSubState", "pveproxy").stdout
