"""The cluster's log, over PVE's own modules: one line each, and only where they are in use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.adapters.ladder import LadderApi, Way
from pve_auth_tui.core.errors import Refused, Unreachable
from pve_auth_tui.core.ports import ClusterLog
from pve_auth_tui.simnode.bridge_child import answered, command
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.request import Caller
from pve_auth_tui.simnode.sources import system_sources
from tests.adapters.test_bridge import standin_bridge
from tests.adapters.test_ladder import Answering, ladder

LOG = ("access", "wrong", "cluster_log")


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    one = standin_bridge()
    yield one
    one.close()


@pytest.fixture
def node() -> SimNode:
    return SimNode(MemoryDisk(demo_tree().files), system_sources(), Faults())


def messages(node: SimNode) -> list[str]:
    told = node.answer("GET", "/cluster/log")
    return [entry["msg"] for entry in told if entry["tag"] == "pve-auth-tui"]


def test_a_line_reaches_log_msg_as_root_under_our_name(bridge: Bridge) -> None:
    bridge.log_message("plan p1 begin: disable jörg@pve [1 sha256:00]")
    assert bridge.call("GET", LOG) == [
        {
            "priority": "info",
            "ident": "root@pam",
            "tag": "pve-auth-tui/authpriv",
            "msg": "plan p1 begin: disable jörg@pve [1 sha256:00]",
        }
    ]


def test_a_line_feed_is_an_escape_before_it_leaves(bridge: Bridge) -> None:
    bridge.log_message("joe\nplan p2 end: \r\u2028\x1b")
    (entry,) = bridge.call("GET", LOG)
    assert entry["msg"] == r"joe\nplan p2 end: \r\u2028\x1b"


@pytest.mark.parametrize("text", ["", "a\nb", "a\n", "a\rb", "a\x85b", "a\u2028b", "a\x00b"])
def test_the_far_end_takes_only_what_is_one_line(bridge: Bridge, node: SimNode, text: str) -> None:
    bridge.start()
    child = bridge._child
    assert child is not None
    question = {"op": "log", "text": text}
    assert child.ask(question, 10.0)["code"] == 500
    assert bridge.call("GET", LOG) == []
    assert answered(node, question)["code"] == 500
    assert messages(node) == []


def test_the_ladder_passes_it_to_the_way_in_use(node: SimNode) -> None:
    api = LadderApi([Way("direct", lambda: DirectApi(node))])
    assert isinstance(api, ClusterLog)
    api.log_message("one line")
    assert messages(node) == ["one line"]


def test_a_way_that_does_not_reach_it_says_so() -> None:
    with pytest.raises(Refused, match="the way in use is https"):
        ladder(https=Answering("https")).log_message("one line")


def test_without_any_way_the_best_ones_reason_is_told() -> None:
    with pytest.raises(Unreachable, match="Silence"):
        ladder(direct=Unreachable("Silence.")).log_message("one line")


def test_the_simulated_node_behind_the_real_bridge_has_it(tmp_path: Path) -> None:
    demo_tree().written_to(tmp_path / "demo")
    bridge = Bridge(command=command(tmp_path / "demo"), euid=lambda: 0)
    try:
        bridge.log_message("one line, jörg")
        told = bridge.call("GET", ("cluster", "log"))
    finally:
        bridge.close()
    assert [entry["msg"] for entry in told if entry["tag"] == "pve-auth-tui"] == [
        r"one line, j\u00f6rg"
    ]


def test_without_pmxcfs_the_simulated_node_takes_none(node: SimNode) -> None:
    node.faults.dead = {"pmxcfs"}
    with pytest.raises(Unreachable):
        DirectApi(node).log_message("one line")


def test_who_may_not_see_the_log_does_not_see_ours(node: SimNode) -> None:
    DirectApi(node).log_message("first")
    DirectApi(node).log_message("second")
    told = node.answer("GET", "/cluster/log")
    ours = [entry for entry in told if entry["tag"] == "pve-auth-tui"]
    assert len({entry["id"] for entry in ours}) == 2
    assert node.answer("GET", "/cluster/log", caller=Caller("nobody@pve")) == []
