"""The real bridge, its pipes and its child, with the simulated node instead of PVE's modules."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.core.errors import ApiError, Refused
from pve_auth_tui.simnode.bridge_child import answered, command
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.disk import FolderDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from tests.adapters.test_bridge import gone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo cluster's files."""
    demo_tree().written_to(tmp_path / "demo")
    return tmp_path / "demo"


@pytest.fixture
def bridge(folder: Path) -> Iterator[Bridge]:
    one = Bridge("pve1.example.com:8006", command=command(folder), euid=lambda: 0)
    yield one
    one.close()


def test_the_demo_answers_through_the_real_bridge(bridge):
    assert bridge.start().whole
    users = bridge.call("GET", ("access", "users"))
    assert len(users) == 212
    assert "root@pam" in [user["userid"] for user in users]
    assert bridge.said == ""


def test_what_is_written_through_it_stands_in_the_files(bridge, folder):
    bridge.call("POST", ("access", "groups"), {"groupid": "night", "comment": "Wächter"})
    assert "group:night:" in (folder / "etc/pve/user.cfg").read_text("latin-1")
    assert bridge.call("GET", ("access", "groups", "night"))["comment"] == "Wächter"
    with pytest.raises(ApiError, match="group 'night' already exists") as caught:
        bridge.call("POST", ("access", "groups"), {"groupid": "night"})
    assert caught.value.code == 500


def test_a_bad_parameter_comes_with_its_own_text(bridge):
    with pytest.raises(ApiError) as caught:
        bridge.call("POST", ("access", "groups"), {"groupid": "night", "bogus": "1"})
    assert caught.value.code == 400
    assert "bogus" in caught.value.errors


def test_it_mints_tickets_that_the_node_itself_takes(bridge, folder):
    ticket, csrf = bridge.mint()
    tickets = SimNode(FolderDisk(folder), system_sources()).tickets
    assert tickets.user_of(ticket.reveal()) == "root@pam"
    assert tickets.is_csrf_token("root@pam", csrf.reveal())


def test_another_node_and_another_caller_are_refused_as_by_the_perl_child(folder):
    node = SimNode(FolderDisk(folder), system_sources())
    with pytest.raises(Refused, match="'elsewhere'"):
        Bridge(command=command(folder), euid=lambda: 0).call("GET", ("nodes", "elsewhere", "tasks"))
    assert answered(node, {"op": "hello", "user": "x@pve"}) == {
        "refused": "unknown key 'user' in the question"
    }
    assert answered(node, {"op": "become"}) == {"refused": "unknown question"}


def test_a_dead_pmxcfs_looks_as_behind_the_perl_child(folder):
    node = SimNode(FolderDisk(folder), system_sources(), Faults(dead={"pmxcfs"}))
    found = answered(node, {"op": "hello"})
    assert "Unable to load access control list" in found["unready"]


PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.simnode.bridge_child import command
bridge = Bridge(command=command(Path(sys.argv[2])), euid=lambda: 0)
bridge.start()
print(bridge._child._process.pid, flush=True)
sys.stdin.read()
"""


def test_the_child_does_not_outlive_its_parent(folder):
    project = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, project, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.wait()
    assert gone(child)
