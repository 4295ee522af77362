"""R30 while sssd starts: what keeps everybody out then is there, is read by sssd, and stays.

Debian 12's sssd passes over a file of conf.d with another mode than 0600 or another owner than
root, and says so only in its log: what counts is what sssd does, and not what the file says.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from pve_auth_tui.adapters.hostsystem import SystemHost
from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable
from pve_auth_tui.core.host.ports import Look
from pve_auth_tui.core.join.access import AT_START, deny_everybody
from pve_auth_tui.core.join.drafts import leave_draft
from pve_auth_tui.core.join.model import (
    SNIPPET,
    START_FILE,
    JoinReport,
    Membership,
    NodeState,
    Topic,
)
from pve_auth_tui.core.join.orders import LeaveOrder
from pve_auth_tui.core.join.parts import shut_at_start
from pve_auth_tui.core.join.steps import IN_MEMORY
from pve_auth_tui.core.plan import HostFile, HostStep, Plan
from pve_auth_tui.services.hoststeps import HostSteps
from pve_auth_tui.services.joinproof import JoinProof
from pve_auth_tui.simnode.demopeople import DOMAIN
from tests.services.fakehost import FakeHost
from tests.services.joinnode import JoinNode
from tests.services.replayhost import LAB, replayed
from tests.services.workbench import SteppedClock


@pytest.fixture
def node() -> Iterator[JoinNode]:
    made = JoinNode()
    yield made
    made.close()


def mode_of(node: JoinNode, path: str) -> int:
    look = node.host.look(path)
    assert look is not None
    return look.mode


def told(plan: Plan) -> list[str]:
    """Each step in a line: `put PATH`, `remove PATH`, or its words."""
    lines = []
    for step in plan.steps:
        if isinstance(step, HostFile):
            lines.append(f"{'remove' if step.content is None else 'put'} {step.path}")
        else:
            assert isinstance(step, HostStep)
            lines.append(" ".join(step.argv))
    return lines


def proof(host: FakeHost) -> JoinReport:
    return JoinProof(host, SteppedClock(), LAB, may=("alice",), must_not=("bob",)).run()


def shut() -> FakeHost:
    host = replayed("bookworm")
    host.held[START_FILE.lstrip("/")] = AT_START.encode()
    return host


# --- it is there before anything starts sssd, and nothing takes it away ------------------------


def test_whoever_is_ended_in_the_middle_leaves_a_node_that_is_shut(node: JoinNode) -> None:
    """Whatever step of a join or a permit is the last: realmd has only ever worked behind both
    files, and sssd has never started without the one that stays.
    """
    join = node.joining()
    require_shut(told(join), set())
    node.run(join)
    require_shut(told(node.plan(node.join.permit(DOMAIN, users=["anna.admin"]))), {START_FILE})


def require_shut(lines: Sequence[str], there: set[str]) -> None:
    written = [line for line in lines if line.startswith("put /etc/sssd/")]
    assert written == [f"put {START_FILE}", f"put {SNIPPET}"]
    for line in lines:
        verb, _, path = line.partition(" ")
        if verb == "put":
            there.add(path)
        elif verb == "remove":
            there.remove(path)
        elif "/realm " in line:
            assert {START_FILE, SNIPPET} <= there, line
        elif line.endswith("systemctl start sssd"):
            assert START_FILE in there, line
    assert (START_FILE in there, SNIPPET in there) == (True, False)


@pytest.mark.parametrize("kind", IN_MEMORY)
def test_what_sssd_remembers_goes_while_it_is_stopped(node: JoinNode, kind: str) -> None:
    node.run(node.joining())
    lines = told(node.plan(node.join.permit(DOMAIN)))
    stops = [n for n, line in enumerate(lines) if line.endswith("systemctl stop sssd")]
    assert stops
    for stop in stops:
        assert kind in lines[stop + 1].split()
        assert lines[stop + 1].startswith("/usr/bin/rm --force ")
        assert lines[stop + 2].endswith("systemctl start sssd")


def test_it_goes_after_the_node_has_left_and_stays_where_it_did_not(node: JoinNode) -> None:
    node.run(node.joining())
    plan = node.plan(node.join.leave(DOMAIN, clean_up=True))
    lines = told(plan)
    leave = next(n for n, line in enumerate(lines) if "realm -v leave" in line)
    assert lines.index(f"remove {START_FILE}") > leave
    node.breaks(plan.steps[leave])
    assert not node.run(plan).ok
    assert node.state.member_of(DOMAIN) is not None
    assert START_FILE in node.state.files


def test_who_leaves_a_join_that_was_ended_in_its_middle_takes_both_files_away() -> None:
    member = Membership(DOMAIN, configured="kerberos-member")
    state = NodeState(memberships=(member,), files={SNIPPET: "a", START_FILE: "b"})
    files = [
        one for one in leave_draft(LeaveOrder(DOMAIN, state)).steps if isinstance(one, HostFile)
    ]
    assert [(one.path, one.content, one.expected) for one in files] == [
        (SNIPPET, None, "a"),
        (START_FILE, None, "b"),
    ]


# --- sssd reads it -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o400])
def test_a_mode_that_sssd_passes_over_is_put_right_when_logins_are_set(
    node: JoinNode, mode: int
) -> None:
    node.run(node.joining())
    assert mode_of(node, START_FILE) == 0o600
    node.host.inner.machine.files.write(START_FILE, AT_START, mode)
    node.run(node.join.permit(DOMAIN, users=["anna.admin"]))
    assert mode_of(node, START_FILE) == 0o600


def test_every_file_of_sssd_is_roots_alone(node: JoinNode) -> None:
    join = node.joining()
    node.run(join)
    permit = node.plan(node.join.permit(DOMAIN))
    steps = [one for one in (*join.steps, *permit.steps) if isinstance(one, HostFile)]
    assert {one.mode for one in steps} == {0o600}


@pytest.mark.parametrize("kind", IN_MEMORY)
def test_what_sssd_has_made_counts_more_than_what_the_file_says(kind: str) -> None:
    """As on Debian 12 with a file of mode 0644: sssd keeps names, whatever stands there."""
    host = shut()
    assert proof(host).at(Topic.START).word == "ok"
    host.held[kind.lstrip("/")] = b"names"
    check = proof(host).at(Topic.START)
    assert (check.word, [one.value for one in check.causes]) == ("LOOK", ["nobody-asked-at-start"])


def test_what_cannot_be_looked_at_is_not_called_well(monkeypatch: pytest.MonkeyPatch) -> None:
    host = shut()
    look = host.look

    def fails(path: str) -> Look | None:
        if path in IN_MEMORY:
            raise Unreadable(f"{path}: Input/output error.")
        return look(path)

    monkeypatch.setattr(host, "look", fails)
    assert proof(host).at(Topic.START).word == "LOOK"


# --- what else may lie at its place ------------------------------------------------------------


def as_link(place: Path) -> None:
    place.symlink_to(place.parent / "elsewhere")


def as_link_to_the_same_text(place: Path) -> None:
    (place.parent / "elsewhere").write_text(AT_START)
    place.symlink_to(place.parent / "elsewhere")


def as_folder(place: Path) -> None:
    place.mkdir()


@pytest.mark.parametrize("make", [as_link, as_link_to_the_same_text, as_folder])
def test_what_is_no_file_there_ends_the_plan_before_sssd_learns_of_the_domain(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    place = tmp_path / START_FILE.lstrip("/")
    place.parent.mkdir(parents=True)
    make(place)
    before = sorted(place.parent.iterdir()), place.lstat().st_ino
    host = SystemHost(tmp_path)
    (step,) = shut_at_start(NodeState(files={}))
    with pytest.raises((Refused, Unwritable)):
        HostSteps(host).run(step, lambda line: None)  # type: ignore[arg-type]
    assert (sorted(place.parent.iterdir()), place.lstat().st_ino) == before


def test_on_a_real_disk_owner_and_mode_are_as_sssd_wants_them(tmp_path: Path) -> None:
    place = tmp_path / START_FILE.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text(AT_START)
    place.chmod(0o644)
    host = SystemHost(tmp_path)
    was = NodeState(files={START_FILE: _digest(place)})
    for _ in range(2):
        (step,) = shut_at_start(was)
        HostSteps(host).run(step, lambda line: None)  # type: ignore[arg-type]
        state = place.stat()
        assert (stat.S_IMODE(state.st_mode), state.st_nlink) == (0o600, 1)
        assert place.read_text() == AT_START


def test_the_texts_are_what_sssd_takes() -> None:
    """Word for word: realmd and this program do not read them, sssd does."""
    assert [line for line in AT_START.splitlines() if not line.startswith("#")] == [
        "[nss]",
        "memcache_timeout = 0",
    ]
    assert [line for line in deny_everybody(LAB).splitlines() if not line.startswith("#")] == [
        f"[domain/{LAB}]",
        "access_provider = deny",
    ]
    assert AT_START.endswith("\n")


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
