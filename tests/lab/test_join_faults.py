"""Faults of joins, seeded on real nodes around a real domain (Samba): each is known by its name.

No Windows was ever asked: Samba stands for Active Directory.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.arguments import FAILED, OK, REFUSED
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import Topic
from pve_auth_tui.core.join.words import advice
from tests.lab.adlab.lab import Lab
from tests.lab.adlab.names import ADMIN_PASSWORD, DOMAIN
from tests.lab.joinlab.faults import FAULTS, Seeded
from tests.lab.joinlab.node import JoinNode
from tests.lab.joinlab.rows import JoinFault, Kind, Login
from tests.lab.joinlab.systems import SUITES
from tests.lab.joinlab.trial import GROUP, MAY, MUST_NOT, changed, state_of

# an administrator's login as people write it -> on which node somebody joins so
WRITTEN = dict(zip(SUITES, ("ADLAB\\Administrator", f"administrator@{DOMAIN}"), strict=True))

# what the sentences of a refusal name
SEEN = {"domain": DOMAIN, "computer": "PVE1", "holder": f"other.{DOMAIN}"}
HEALTHY = JoinFault("join check", "none", "", Topic.ACCOUNT, JoinCause.UNKNOWN)


class Nodes:
    """One node runs at a time, and serves all tests that want one of its kind."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab, self._folder, self._count = lab, folder, 0
        self._stack = ExitStack()
        self._wanted: tuple[Kind, str] | None = None

    def of(self, kind: Kind, suite: str) -> JoinNode:
        if self._wanted != (kind, suite):
            self.drop()
            self._node = self._made(kind, suite)
            self._wanted = (kind, suite)
        return self._node

    def drop(self) -> None:
        """The next test gets a fresh one."""
        self._wanted = None
        self._stack.close()
        self._lab.dc.remove_computers()

    def _made(self, kind: Kind, suite: str) -> JoinNode:
        self._count += 1
        folder = self._folder / str(self._count)
        self._lab.dc.remove_computers()
        node = self._stack.enter_context(JoinNode(self._lab, folder, suite, bare=kind == "bare"))
        if kind == "member":
            done = ran(node, (WRITTEN[suite], ADMIN_PASSWORD))
            assert done.returncode == OK, done.stdout + done.stderr
        return node


@pytest.fixture(scope="module")
def nodes(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    made = Nodes(lab, tmp_path_factory.mktemp("nodes"))
    yield made
    made.drop()


def ran(node: JoinNode, login: Login, *words: str) -> Any:
    user, password = login
    given = ("--user", user, "--password-stdin", "--permit-group", GROUP, "--yes", *words)
    return node.program("join", "run", DOMAIN, *given, "--json", stdin=f"{password}\n")


def report_of(node: JoinNode, fault: JoinFault) -> Any:
    words = [*fault.command.split(), fault.domain, *fault.words]
    if fault.login is None:
        return node.asked(*words)
    user, password = fault.login
    return node.asked(*words, "--user", user, "--password-stdin", stdin=f"{password}\n")


def at(report: Any, topic: Topic) -> list[tuple[str, list[str], str]]:
    """What it says about that: word, causes, text of each row."""
    return [
        (row["state"], row["causes"], row["text"])
        for row in report["checks"]
        if row["topic"] == topic.value
    ]


def ordered() -> list[Seeded]:
    """Those of one node one after the other; what spoils it comes last."""
    return sorted(FAULTS, key=lambda one: (one.fault.node, one.suite, one.fault.spoils))


@pytest.mark.parametrize("seeded", [pytest.param(one, id=one.title) for one in ordered()])
def test_a_fault_is_recognised_by_its_name(nodes: Nodes, lab: Lab, seeded: Seeded) -> None:
    fault = seeded.fault
    node = nodes.of(fault.node, seeded.suite)
    try:
        with fault.seed(node, lab):
            if fault.command == "join run":
                nothing_is_left(node, lab, fault)
            else:
                told = at(report_of(node, fault), Topic(fault.at))
                found = [(word, causes[:1]) for word, causes, _ in told]
                assert (fault.word, [fault.cause.value]) in found, told
    except BaseException:
        nodes.drop()
        raise
    if fault.spoils:
        nodes.drop()


def nothing_is_left(node: JoinNode, lab: Lab, fault: JoinFault) -> None:
    """It fails for that reason: refused before it began, or rolled back."""
    assert fault.login
    before, computers = state_of(node), lab.dc.computers()
    done = ran(node, fault.login, *fault.words)
    if isinstance(fault.at, Topic):
        assert done.returncode == REFUSED, done.stdout + done.stderr
        told = advice(fault.cause, **SEEN, user=fault.login[0])
        assert f"{fault.at.value}: {told.what}" in done.stderr, done.stderr
    else:
        assert done.returncode == FAILED, done.stdout + done.stderr
        said = json.loads(done.stdout)
        error = failed_step(said, fault.at)["error"]
        assert error["causes"][:1] == [fault.cause.value], error
        assert not said.get("left"), said["left"]
    assert changed(before, node) == []
    assert lab.dc.computers() == computers


def failed_step(said: Any, command: str) -> Any:
    """The one that failed, of the plan or of the packages before it."""
    steps = said.get("install", said)["result"]["steps"]
    (failed,) = [step for step in steps if step["state"] == "failed"]
    assert re.search(rf"/{command.replace(' ', '( -v)? ')} ", failed["command"]), failed
    return failed


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("user", ["Administrator", *WRITTEN.values()])
def test_of_a_healthy_node_nothing_is_told(nodes: Nodes, suite: str, user: str) -> None:
    """However the administrator's name is written."""
    fault = dataclasses.replace(HEALTHY, login=(user, ADMIN_PASSWORD))
    report = report_of(nodes.of("ready", suite), fault)
    assert [row for row in report["checks"] if row["state"] != "ok"] == []


@pytest.mark.parametrize("suite", SUITES)
def test_of_a_healthy_member_nothing_is_told(nodes: Nodes, suite: str) -> None:
    """It was joined by somebody who writes the name in another way."""
    words = ("join", "validate", DOMAIN, "--may", MAY, "--must-not", MUST_NOT)
    report = nodes.of("member", suite).asked(*words)
    assert [row for row in report["checks"] if row["state"] != "ok"] == []
