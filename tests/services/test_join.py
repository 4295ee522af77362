"""Joins of the demo's node: planned, carried out, rolled back from every step, left again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.host.goals import Joined
from pve_auth_tui.core.join.model import SNIPPET, START_FILE, NodeState, Topic
from pve_auth_tui.core.plan import HostFile, HostStep, Plan, Weight
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.report import State
from pve_auth_tui.services.reporttext import report_text
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.demopeople import DOMAIN
from tests.services.joinnode import GROUP, JoinNode

STEPS = 18
TRIED = {5, 7, 9, 13}
"""Steps on which nothing hangs: systemd forgets how often sssd was started."""


@pytest.fixture
def node() -> Iterator[JoinNode]:
    made = JoinNode()
    yield made
    made.close()


@pytest.fixture(scope="module")
def again() -> Iterator[JoinNode]:
    """One node for many roll backs: each leaves it as it was, or the next would not begin."""
    made = JoinNode()
    yield made
    made.close()


def words(plan: Plan) -> list[str]:
    """Each step in a word or two, whatever its options."""
    found = []
    for step in plan.steps:
        if isinstance(step, HostFile):
            found.append(f"{'write' if step.content else 'remove'} {step.path.rpartition('/')[2]}")
        elif isinstance(step, HostStep):
            verbs = [word for word in step.argv[1:] if not word.startswith("-")]
            found.append(f"{step.argv[0].rpartition('/')[2]} {verbs[0] if verbs else ''}".strip())
    return found


# --- the plan ------------------------------------------------------------------------------------


def test_a_join_never_opens_a_window(node: JoinNode) -> None:
    """R30: the file that denies all is there before the join, and goes after the last permit."""
    plan = node.joining()
    assert words(plan) == [
        "install 0700",
        "cp /etc/nsswitch.conf",
        "write manifest.json",
        "write zy-pve-auth-tui-start.conf",
        "write zz-pve-auth-tui.conf",
        "systemctl reset-failed",
        "realm join",
        "systemctl reset-failed",
        "realm deny",
        "systemctl reset-failed",
        "realm permit",
        "pam-auth-update mkhomedir",
        "remove zz-pve-auth-tui.conf",
        "systemctl reset-failed",
        "systemctl stop",
        "rm /var/lib/sss/mc/passwd",
        "systemctl start",
        "systemctl mask",
    ]
    assert len(plan.steps) == STEPS
    assert plan.weight is Weight.ORDINARY


def test_the_plan_says_who_gets_a_shell_and_how_it_is_taken_back(node: JoinNode) -> None:
    plan = node.joining(node.wish(users=("anna.admin",)))
    told = {effect.subject: effect.text for effect in plan.changes}
    assert "whoever controls Domain Admins in AD decides" in told[GROUP]
    assert told[f"anna.admin@{DOMAIN}"] == "gets a shell on pve1"
    assert "kept out" in told[f"everybody else of {DOMAIN}"]
    assert plan.back.otherwise == f"pve-auth-tui join leave {DOMAIN}"


@pytest.mark.parametrize(
    ("hosts", "computer"),
    [
        ("pve1.example.com pve1", "PVE1"),
        ("rack.example.com pve1.example.com pve1", "PVE1"),  # adcli alone would take RACK
        ("rack.example.com pve1", "RACK"),
    ],
)
def test_the_account_that_is_looked_for_is_the_one_that_is_joined(
    node: JoinNode, hosts: str, computer: str
) -> None:
    """Whatever /etc/hosts makes of the host name: realmd is told the name."""
    before = (node.node.disk.read("etc/hosts") or b"").decode().splitlines()
    rest = [line for line in before if "pve1" not in line]
    node.node.disk.write("etc/hosts", "\n".join([f"192.0.2.31 {hosts}", *rest, ""]).encode())
    plan = node.joining()
    [asked] = [argv for argv in node.host.asked if "show-computer" in argv]
    assert asked[-1] == computer
    [join] = [one for one in plan.steps if isinstance(one, HostStep) and "join" in one.argv]
    assert f"--computer-name={computer}" in join.argv
    node.run(plan)
    assert node.computers == [computer]
    assert node.join.validate(DOMAIN).at(Topic.TRUST).word == "ok"


def test_with_nobody_permitted_it_says_so(node: JoinNode) -> None:
    plan = node.joining(node.wish(groups=()))
    assert plan.weight is Weight.ORDINARY
    assert [one.word for one in plan.findings if "Nobody of the domain" in one.text] == ["LOOK"]
    assert not any("permit" in word for word in words(plan))


def test_everybody_asks_for_the_domains_name(node: JoinNode) -> None:
    plan = node.joining(node.wish(groups=()), everybody=True)
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, DOMAIN)
    with pytest.raises(UsageError, match="do not go together"):
        node.joining(everybody=True)


def test_the_account_of_another_host_is_only_taken_over_by_its_name(node: JoinNode) -> None:
    taken = node.wish(computer="PVE2")
    holds(node, "PVE2", "pve2.old.example.com")
    with pytest.raises(Refused, match="Account"):
        node.joining(taken)
    plan = node.joining(node.wish(computer="PVE2", take_over=True))
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "PVE2")
    assert any("pve2.old.example.com loses its trust" in one.text for one in plan.findings)


def holds(node: JoinNode, name: str, host: str) -> None:
    """An account that names another host."""
    node.run(node.joining(node.wish(computer=name)))
    node.run(node.join.leave(DOMAIN, clean_up=True))
    domain = node.host.inner.machine.domain
    found = domain.computer(name)
    assert found is not None
    domain.put_computer(name, found.dn, host, found.kvno, found.services)


# --- refusals ------------------------------------------------------------------------------------


def test_without_the_packages_there_is_no_plan() -> None:
    node = JoinNode(packages=False)
    try:
        with pytest.raises(Refused, match="packages are missing"):
            node.joining()
    finally:
        node.close()


def test_a_member_does_not_join_again(node: JoinNode) -> None:
    assert node.run(node.joining()).ok
    with pytest.raises(Refused, match=f"Membership: .* joined to {node.wish().domain} already"):
        node.joining()


@pytest.mark.parametrize("typed", ["", "two\nlines"])
def test_a_password_that_is_none_is_never_sent(node: JoinNode, typed: str) -> None:
    """realmd would send an empty one to the DC, which counts it as wrong."""
    report = node.check()
    node.host.fed.clear()
    with pytest.raises(UsageError, match="password"):
        node.join.join(node.wish(), Secret(typed), report)
    assert node.host.fed == []


def test_a_wrong_password_is_tried_once(node: JoinNode) -> None:
    report = node.check()
    node.host.fed.clear()
    with pytest.raises(Refused, match="password of Administrator"):
        node.join.join(node.wish(), Secret("wrong"), report)
    assert len(node.host.fed) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": "-x"},
        {"user": "-x"},
        {"computer": "A-NAME-THAT-IS-TOO-LONG"},
        {"ou": "Servers"},
        {"groups": ("-g",)},
    ],
)
def test_no_name_becomes_an_option(node: JoinNode, changes: dict[str, object]) -> None:
    report = node.check()
    with pytest.raises(UsageError):
        node.join.join(node.wish(**changes), Secret(PASSWORD), report)


def test_a_plan_to_look_at_is_not_run(node: JoinNode) -> None:
    report = node.check()
    plan = node.plan(node.join.join(node.wish(), None, report, preview=True))
    with pytest.raises(Refused, match="only to be looked at"):
        node.run(plan)


def test_a_node_that_has_changed_is_left_alone(node: JoinNode) -> None:
    plan = node.joining()
    node.host.inner.machine.files.write("/etc/nsswitch.conf", "passwd: files\n")
    before = node.disk
    with pytest.raises(Refused, match="not as it was when the plan was made"):
        node.run(plan)
    assert node.disk == before


def test_an_account_that_came_meanwhile_is_not_taken_over(node: JoinNode) -> None:
    plan = node.joining()
    node.run(node.joining())
    node.run(node.join.leave(DOMAIN, clean_up=True))
    node.host.inner.ask(("/usr/bin/systemctl", "unmask", "packagekit"))
    with pytest.raises(Refused, match="is there since the plan was made"):
        node.run(plan)


# --- done ----------------------------------------------------------------------------------------


def test_a_join_and_its_proof(node: JoinNode) -> None:
    done = node.run(node.joining())
    assert done.ok
    assert done.rolled_back is None
    member = node.state.member_of(DOMAIN)
    assert member is not None
    assert member.permitted_groups == (GROUP,)
    assert SNIPPET not in node.state.files
    assert START_FILE in node.state.files
    report = node.join.validate(DOMAIN)
    assert [check.word for check in report.checks if check.word == "BAD"] == []
    assert report.at(Topic.TRUST).word == "ok"
    assert report.at(Topic.START).word == "ok"


def test_leaving_puts_back_what_realmd_forgets(node: JoinNode) -> None:
    before, disk = node.state, node.disk
    node.run(node.joining())
    plan = node.plan(
        node.join.leave(
            DOMAIN, delete=True, user="Administrator", password=Secret(PASSWORD), clean_up=True
        )
    )
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "PVE1")
    assert node.run(plan).ok
    assert settled(node.state) == settled(before)  # sssd starts by itself again, too
    assert differing(disk, node.disk) == set()
    assert node.computers == []


def test_leaving_alone_deletes_nothing_and_says_what_stays(node: JoinNode) -> None:
    node.run(node.joining())
    plan = node.plan(node.join.leave(DOMAIN))
    assert plan.weight is Weight.ORDINARY
    assert any("stays in" in effect.text for effect in plan.changes)
    assert node.run(plan).ok
    assert node.computers == ["PVE1"]


def test_a_copy_of_an_older_keytab_is_named_as_the_secret_that_it_is(node: JoinNode) -> None:
    files = node.host.inner.machine.files
    files.write("/etc/krb5.keytab", "\x05\x02", 0o600)
    plan = node.joining()
    [kept] = [one.path for one in plan.steps if isinstance(one, HostFile) and "/join/" in one.path]
    copy = f"{kept.rpartition('/')[0]}/etc/krb5.keytab"
    node.run(plan)
    leave = node.join.leave(DOMAIN, clean_up=True)
    assert [one for one in node.plan(leave).back.lost if f"is a secret: {copy}." in one]
    files.remove(copy)
    leave = node.join.leave(DOMAIN, clean_up=True)
    assert not [one for one in node.plan(leave).back.lost if "secret" in one]


@pytest.mark.parametrize("wanted", [True, False])
def test_homes_that_were_not_wanted_ask_for_no_look(node: JoinNode, wanted: bool) -> None:
    node.run(node.joining(node.wish(homes=wanted)))
    homes = node.join.validate(DOMAIN).at(Topic.HOMES)
    assert homes.word == "ok"
    assert homes.text.startswith("not made") != wanted


def test_homes_that_somebody_has_switched_off_since_ask_for_a_look(node: JoinNode) -> None:
    node.run(node.joining())
    argv = ("/usr/sbin/pam-auth-update", "--package", "--disable", "mkhomedir")
    assert node.host.ask(argv).code == 0
    assert node.join.validate(DOMAIN).at(Topic.HOMES).word == "LOOK"


def test_a_krb5_conf_that_somebody_has_changed_stays(node: JoinNode) -> None:
    node.run(node.joining())
    node.host.inner.machine.files.write("/etc/krb5.conf", "[libdefaults]\n")
    plan = node.plan(node.join.leave(DOMAIN, clean_up=True))
    assert "/etc/krb5.conf was changed since the join, so it stays." in plan.back.lost
    assert not any("krb5.conf" in shown(step) for step in plan.steps)


def test_who_may_log_in_is_set_anew(node: JoinNode) -> None:
    node.run(node.joining())
    assert node.run(node.join.permit(DOMAIN, users=["anna.admin"])).ok
    member = node.state.member_of(DOMAIN)
    assert member is not None
    assert (member.permitted_users, member.permitted_groups) == ((f"anna.admin@{DOMAIN}",), ())


def test_where_it_fails_nobody_gets_in_and_that_is_said(node: JoinNode) -> None:
    node.run(node.joining())
    node.host.fails = lambda argv: "--withdraw" in argv
    done = node.run(node.join.permit(DOMAIN, users=["anna.admin"]))
    node.mends()
    assert f"nobody of {DOMAIN} may log in" in done.left[0]
    assert node.join.validate(DOMAIN).at(Topic.POLICY).word == "BAD"
    assert node.run(node.join.permit(DOMAIN, users=["anna.admin"])).ok
    assert node.join.validate(DOMAIN).at(Topic.POLICY).word == "ok"


def test_somebody_of_the_domain_becomes_a_user_of_pve(node: JoinNode) -> None:
    plan = node.plan(node.join.bridge(f"alice@{DOMAIN}"))
    assert shown(plan.steps[0]).startswith(f"pveum user add alice@{DOMAIN}@pam")
    with pytest.raises(UsageError):
        node.join.bridge("al ice")


# --- rolled back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", sorted(set(range(STEPS)) - TRIED))
def test_from_every_step_the_node_goes_back_to_what_it_was(again: JoinNode, number: int) -> None:
    again.mends()
    before, disk = again.state, again.disk
    plan = again.joining()
    again.breaks(plan.steps[number])
    done = again.run(plan)
    again.mends()
    assert not done.ok
    assert done.report.results[number].state is State.FAILED
    assert done.left == ()
    assert settled(again.state) == settled(before)
    assert differing(disk, again.disk) == set()
    assert again.computers == []


def test_a_unit_that_is_not_loaded_stops_no_join(node: JoinNode) -> None:
    """`systemctl reset-failed` fails then, and there is nothing to reset."""
    node.host.fails = lambda argv: "reset-failed" in argv
    assert node.run(node.joining()).ok


def test_what_was_done_and_lost_sight_of_is_taken_back_too(again: JoinNode) -> None:
    """The join itself has worked, and nobody heard: the account that it made goes again."""
    again.mends()
    before, disk = again.state, again.disk
    plan = again.joining()
    join = next(
        step for step in plan.steps if isinstance(step, HostStep) and isinstance(step.goal, Joined)
    )
    again.host.complains = lambda argv: tuple(argv) == join.argv
    done = again.run(plan)
    again.mends()
    assert not done.ok
    assert done.left == ()
    assert settled(again.state) == settled(before)
    assert differing(disk, again.disk) == set()
    assert again.computers == []


def test_whoever_stops_it_gets_the_node_back(again: JoinNode) -> None:
    again.mends()
    before, disk = again.state, again.disk
    plan = again.joining()

    def stop_at_deny(argv: object) -> bool:
        if "deny" in tuple(argv):  # type: ignore[arg-type]
            again.join.stop()
        return False

    again.host.fails = stop_at_deny
    done = again.run(plan)
    again.mends()
    assert done.report.stopped
    assert done.rolled_back is not None
    assert done.left == ()
    assert settled(again.state) == settled(before)
    assert differing(disk, again.disk) == set()


def test_what_stays_is_named(node: JoinNode) -> None:
    """The DC is gone in the middle: the account cannot be deleted, all else is as before."""
    before = node.state
    plan = node.joining()
    node.host.fails = lambda argv: "deny" in argv or "delete-computer" in argv
    done = node.run(plan)
    node.mends()
    assert done.left == (f"PVE1$ stays in {DOMAIN}: delete it there.",)
    assert settled(node.state) == settled(before)


def test_where_realmd_does_not_leave_the_files_are_put_back_all_the_same(node: JoinNode) -> None:
    before = node.state
    plan = node.joining()
    node.host.fails = lambda argv: "deny" in argv or "leave" in argv
    done = node.run(plan)
    node.mends()
    assert node.state.files == before.files
    assert node.state.memberships == ()
    assert done.left == ()


def settled(state: NodeState) -> NodeState:
    """packagekit comes and goes by itself: only whether it is masked counts."""
    word = "masked" if state.units.get("packagekit") == "masked" else "as it likes"
    return replace(state, units={**state.units, "packagekit": word})


def differing(before: dict[str, bytes], now: dict[str, bytes]) -> set[str]:
    return {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}


# --- secrets -------------------------------------------------------------------------------------


def test_the_password_goes_to_standard_input_and_nowhere_else(node: JoinNode) -> None:
    plan = node.joining()
    node.host.fails = lambda argv: "deny" in argv
    done = node.run(plan)
    node.mends()
    told = [repr(plan), repr(plan.intent), repr(done), repr(node.progress)]
    told += [shown(step) for step in (*plan.steps, *(s for b in node.backs for s in b.steps))]
    told += [repr(one) for one in node.shop.journal.read()]
    told += [" ".join(argv) for argv in node.host.asked]
    told += [data.decode(errors="replace") for data in node.disk.values()]
    own = dict(node.node.disk.files)  # type: ignore[attr-defined]
    told += [data.decode(errors="replace") for path, data in own.items() if "auth-tui" in path]
    assert not [text for text in told if PASSWORD in text]
    assert any("join" in argv for argv in node.host.fed)


def test_what_failed_does_not_say_how_it_is_taken_back_but_that_it_was(node: JoinNode) -> None:
    node.host.fails = lambda argv: "permit" in argv
    told = " ".join(report_text(node.run(node.joining()).told, 80))
    assert "What was done was rolled back, all of it." in told
    assert "join leave" not in told
