"""The lab's nodes: systemd runs on them, and a join's packages are installed without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.adlab.lab import Lab
from tests.lab.adlab.names import DOMAIN, NODE
from tests.lab.adlab.safety import may_set_the_clock
from tests.lab.joinlab.node import JoinNode
from tests.lab.joinlab.systems import READY, SUITES

PYTHONS = {"bookworm": "Python 3.11", "trixie": "Python 3.13"}


@pytest.fixture(params=SUITES)
def bare(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Iterator[JoinNode]:
    assert lab.dc
    with JoinNode(lab, tmp_path / "node", request.param, bare=True) as node:
        yield node


def test_a_node_of_each_suite_runs_and_is_made_ready_without_a_network(bare: JoinNode) -> None:
    assert bare.run("/usr/bin/python3", "-V").stdout.startswith(PYTHONS[bare.suite])
    assert bare.run("/usr/bin/hostname", "-f").stdout.strip() == NODE
    assert bare.run("/usr/bin/systemctl", "--failed", "--quiet").stdout.strip() == ""
    assert bare.file("/usr/sbin/realm") is None
    install = ("DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "--no-install-recommends")
    done = bare.run("/usr/bin/env", *install, "install", *READY)
    assert done.returncode == 0, done.stderr
    assert "active-directory" in bare.run("/usr/sbin/realm", "discover", DOMAIN).stdout


def test_the_program_runs_on_it_and_nothing_there_may_set_the_clock(bare: JoinNode) -> None:
    assert "pve1, standalone, files" in bare.program("status").stdout
    assert not may_set_the_clock(bare.machine.first())
    status = bare.run("/usr/bin/cat", "/proc/self/status").stdout
    assert not int(status.partition("CapEff:")[2].split()[0], 16) >> 25 & 1


def test_of_a_node_that_is_closed_no_control_group_is_left(lab: Lab, tmp_path: Path) -> None:
    with JoinNode(lab, tmp_path / "node", SUITES[0], bare=True) as node:
        inside = Path(f"/proc/{node.machine.first()}/cgroup").read_text()
        assert "/pve-auth-tui-lab-" in inside
        name = inside.partition("/pve-auth-tui-lab-")[2].partition("/")[0]
    mine = Path("/proc/self/mounts").read_text().splitlines()
    places = [line.split()[1] for line in mine if line.split()[2] == "cgroup2"]
    assert not any(Path(place, f"pve-auth-tui-lab-{name}").exists() for place in places)
