"""Joins of real nodes of both Debians to a real domain (Samba), by the program itself, as root.

What is asked is never only what the program says: PAM is asked by who logs in, the domain for its
accounts, and the node for every file below /etc.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.arguments import FAILED, FINDINGS, INTERRUPTED, OK
from tests.lab.adlab.lab import Lab
from tests.lab.adlab.names import DOMAIN
from tests.lab.joinlab.node import JoinNode
from tests.lab.joinlab.systems import SUITES
from tests.lab.joinlab.trial import (
    ADMIN,
    LOGIN,
    MAY,
    MUST_NOT,
    RUN,
    begun,
    changed,
    everybody_may_who_is_let,
    let_in_by_key,
    logs_in,
    polled,
    sssd_fails,
    state_of,
    without_its_socket,
)

START_FILE = "/etc/sssd/conf.d/zy-pve-auth-tui-start.conf"
SNIPPET = "/etc/sssd/conf.d/zz-pve-auth-tui.conf"
CAROL = f"carol.von@{DOMAIN}"
LEAVE = ("join", "leave", DOMAIN, "--yes", "--override", "PVE1")


# What the two Debians do alike, and what takes long: a minute of it is enough.
once = pytest.mark.parametrize("suite", SUITES[-1:], indirect=True)


@pytest.fixture(params=SUITES)
def suite(request: pytest.FixtureRequest, lab: Lab) -> Iterator[str]:
    """The domain knows no computer, before and after."""
    lab.dc.remove_computers()
    yield request.param
    lab.dc.remove_computers()


@pytest.fixture
def bare(suite: str, lab: Lab, tmp_path: Path) -> Iterator[JoinNode]:
    with JoinNode(lab, tmp_path / "node", suite, bare=True) as node:
        yield node


@pytest.fixture
def node(suite: str, lab: Lab, tmp_path: Path) -> Iterator[JoinNode]:
    """With the packages of a join."""
    with JoinNode(lab, tmp_path / "node", suite) as node:
        yield node


def rows(report: dict[str, Any]) -> dict[str, str]:
    """Topic -> word, the first of each."""
    found: dict[str, str] = {}
    for row in report["checks"]:
        found.setdefault(row["topic"], row["state"])
    return found


def test_from_a_node_without_any_package_to_a_member_and_back(bare: JoinNode, lab: Lab) -> None:
    checked = bare.asked("join", "check", DOMAIN, *LOGIN, stdin=ADMIN)
    assert rows(checked)["Packages"] != "ok"
    assert "BAD" not in set(rows(checked).values()) - {rows(checked)["Packages"]}

    done = bare.program(*RUN, "--install", stdin=ADMIN)
    assert done.returncode == OK, done.stdout + done.stderr
    assert lab.dc.computers() == {"PVE1"}
    assert (logs_in(bare, MAY), logs_in(bare, MUST_NOT)) == ("in", "acct_mgmt 6")
    assert bare.run("/usr/bin/test", "-d", f"/home/{MAY}").returncode == 0
    assert bare.file(SNIPPET) is None

    proof = ("join", "validate", DOMAIN)
    assert bare.program(*proof, "--may", MAY, "--must-not", MUST_NOT).returncode == OK
    wrong = bare.program(*proof, "--may", MUST_NOT, "--must-not", MAY)
    assert wrong.returncode == FINDINGS, wrong.stdout

    left = bare.program(*LEAVE, "--clean-up")
    assert left.returncode == OK, left.stdout + left.stderr
    assert logs_in(bare, MAY) != "in"
    assert bare.file("/etc/krb5.keytab") is None
    assert lab.dc.computers() == {"PVE1"}, "nobody asked for it to be deleted"


def test_joined_and_left_with_its_account_nothing_remains(node: JoinNode, lab: Lab) -> None:
    before = state_of(node)
    done = node.program(*RUN, stdin=ADMIN)
    assert done.returncode == OK, done.stdout + done.stderr
    assert changed(before, node)
    done = node.program(*LEAVE, "--clean-up", "--delete-account", *LOGIN, stdin=ADMIN)
    assert done.returncode == OK, done.stdout + done.stderr
    assert lab.dc.computers() == set()
    assert changed(before, node) == []


def test_while_it_joins_nobody_gets_in_whom_nobody_named(node: JoinNode) -> None:
    """R30."""
    everybody_may_who_is_let(node)
    with polled(node, MAY, MUST_NOT) as attempts:
        done = node.program(*RUN, stdin=ADMIN)
        node.wait_for(lambda: logs_in(node, MAY) == "in")
    assert done.returncode == OK, done.stdout + done.stderr
    assert any(one.entered for one in attempts if one.user == MAY)
    for one in attempts:
        assert one.user == MAY or not one.entered, one
        if one.how == "account":  # a password takes the domain a while
            assert one.counts["acct_mgmt 6"] > 10, f"known to the node, and refused: {one}"


@once
def test_a_plain_join_would_have_let_them_in(node: JoinNode) -> None:
    """Else the test before shows nothing."""
    everybody_may_who_is_let(node)
    with polled(node, MUST_NOT) as attempts:
        node.run("/usr/sbin/realm", "join", "--user=Administrator", DOMAIN, stdin=ADMIN)
        node.wait_for(lambda: logs_in(node, MUST_NOT) == "in")
    assert any(one.entered for one in attempts)


def test_while_sssd_starts_nobody_gets_in_whom_nobody_named(node: JoinNode) -> None:
    """R30: Debian's PAM passes over an sssd that has no socket, whoever comes with a key."""
    everybody_may_who_is_let(node)
    assert node.program(*RUN, stdin=ADMIN).returncode == OK
    assert let_in_by_key(node, MUST_NOT) == "acct_mgmt 6"
    without_its_socket(node)
    assert let_in_by_key(node, MUST_NOT) == "acct_mgmt 7"
    node.run("/usr/bin/rm", START_FILE)  # and so a plain join would leave it
    node.sh("systemctl reset-failed sssd; systemctl start sssd")
    assert rows(node.asked("join", "validate", DOMAIN))["At start"] == "LOOK"
    node.wait_for(lambda: let_in_by_key(node, MUST_NOT) == "acct_mgmt 6")
    without_its_socket(node)
    assert let_in_by_key(node, MUST_NOT) == "in"


@once
def test_who_may_log_in_is_changed_and_nobody_else_gets_in_meanwhile(node: JoinNode) -> None:
    """R30 holds for a member as well: carol is named by nobody at any time."""
    everybody_may_who_is_let(node)
    assert node.program(*RUN, stdin=ADMIN).returncode == OK
    permit = ("join", "permit", DOMAIN, "--yes")
    with polled(node, CAROL) as attempts:
        done = node.program(*permit, "--permit-user", "bob")
        assert done.returncode == OK, done.stdout + done.stderr
        assert (logs_in(node, MAY), logs_in(node, MUST_NOT)) == ("acct_mgmt 6", "in")
        done = node.program(*permit, "--permit-nobody")
        assert done.returncode == OK, done.stdout + done.stderr
        assert (logs_in(node, MAY), logs_in(node, MUST_NOT)) == ("acct_mgmt 6", "acct_mgmt 6")
    for one in attempts:
        assert not one.entered, one


def test_a_domain_that_is_gone_is_left_all_the_same(node: JoinNode, lab: Lab) -> None:
    before = state_of(node)
    assert node.program(*RUN, stdin=ADMIN).returncode == OK
    with lab.dc.gone():
        done = node.program(*LEAVE, "--clean-up")
    assert done.returncode == OK, done.stdout + done.stderr
    assert changed(before, node) == []
    assert lab.dc.computers() == {"PVE1"}


# --- rolled back --------------------------------------------------------------------------------


def test_where_sssd_does_not_start_all_of_it_is_rolled_back(node: JoinNode, lab: Lab) -> None:
    sssd_fails(node)
    before = state_of(node)
    code, said = begun(node, *RUN).ended()
    assert (code, said["left"]) == (FAILED, [])
    assert lab.dc.computers() == set()
    assert changed(before, node) == []


def test_a_wrong_password_is_tried_once_and_leaves_nothing(node: JoinNode, lab: Lab) -> None:
    before, refused = state_of(node), lab.dc.bad_binds()
    done = node.program(*RUN, stdin="not-the-password\n")
    assert done.returncode not in (OK, FINDINGS), done.stdout
    assert lab.dc.bad_binds() - refused == 1
    assert changed(before, node) == []


def test_an_interrupt_waits_for_the_join_and_rolls_it_back(node: JoinNode, lab: Lab) -> None:
    before = state_of(node)
    run = begun(node, *RUN)
    node.wait_for(run.joins)
    node.wait_for(lambda: node.file(SNIPPET) is not None and run.joins())
    run.interrupt()
    code, said = run.ended()
    assert code == INTERRUPTED, said
    assert said["left"] == []
    assert lab.dc.computers() == set()
    assert changed(before, node) == []


def test_realmd_killed_in_the_middle_of_a_join(node: JoinNode, lab: Lab) -> None:
    before = state_of(node)
    run = begun(node, *RUN)
    node.wait_for(lambda: node.file(SNIPPET) is not None and run.joins())
    run.signal("KILL", "/usr/libexec/realmd")
    code, said = run.ended()
    assert (code, said["left"]) == (FAILED, [])
    assert lab.dc.computers() == set()
    assert changed(before, node) == []


@once
def test_with_the_dc_gone_the_account_stays_and_is_told(node: JoinNode, lab: Lab) -> None:
    sssd_fails(node)
    before = state_of(node)
    run = begun(node, *RUN)
    node.wait_for(lambda: node.file("/etc/krb5.keytab") is not None)
    node.wait_for(lambda: not run.joins())
    with lab.dc.gone():
        code, said = run.ended()
    assert code == FAILED
    assert any("PVE1$" in sentence for sentence in said["left"]), said["left"]
    assert lab.dc.computers() == {"PVE1"}
    assert changed(before, node) == []
    assert logs_in(node, MUST_NOT) != "in"


def test_the_account_of_another_host_is_not_taken_over(node: JoinNode, lab: Lab) -> None:
    lab.dc.add_computer("PVE1", f"other.{DOMAIN}")
    before = state_of(node)
    done = node.program(*RUN, stdin=ADMIN)
    assert done.returncode not in (OK, FINDINGS), done.stdout
    assert f"other.{DOMAIN}" in done.stdout + done.stderr
    assert changed(before, node) == []
