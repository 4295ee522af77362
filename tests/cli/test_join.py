"""`join discover|check|run|permit|validate|leave` on the demo's node."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from pve_auth_tui.actions import join
from pve_auth_tui.arguments import FAILED, FINDINGS, INTERRUPTED, OK, REFUSED, USAGE, parse
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.services.join import JoinService
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.demopeople import DOMAIN
from tests.cli.desk import Pipe, Screen
from tests.services.joinnode import GROUP, JoinNode

GROUP_ALONE = ("--permit-group", "Domain Admins")
RUN = ("run", DOMAIN, "--user", "Administrator", "--password-stdin", *GROUP_ALONE)

Run = Callable[..., tuple[int, str]]


@pytest.fixture(params=[True])
def node(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[JoinNode]:
    made = JoinNode(packages=request.param)
    for name, stream in (
        ("stdin", Pipe()),
        ("stdout", Screen(is_terminal=False)),
        ("stderr", Screen(is_terminal=False)),
    ):
        monkeypatch.setattr(sys, name, stream)
    yield made
    made.close()


@pytest.fixture
def run(node: JoinNode, monkeypatch: pytest.MonkeyPatch) -> Run:
    def ran(*words: str, password: str = PASSWORD) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", StringIO(f"{password}\n"))
        code, text = join.run(parse(["join", *words]), node.shop)
        shown = text + str(sys.stdout) + str(sys.stderr)
        assert PASSWORD not in shown
        return code, text

    return ran


bare = pytest.mark.parametrize("node", [False], indirect=True)


def value(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


# --- looking -------------------------------------------------------------------------------------


def test_a_check_tells_row_by_row_and_changes_nothing(node: JoinNode, run: Run) -> None:
    before = node.disk
    code, text = run("check", DOMAIN)
    assert code == FINDINGS
    assert text.startswith(f"Join to {DOMAIN}\n")
    assert "ok    PAM" in text
    assert "Cause         account-not-looked-for" in text
    assert "Computer name PVE1" in text
    assert text.endswith("Nothing has been changed.\n")
    assert node.disk == before


@bare
def test_of_packages_a_check_prints_no_more_than_a_screen_holds(run: Run) -> None:
    """apt's own preview is 200 lines, and rows above it would be gone from a console."""
    _, text = run("check", DOMAIN)
    heads = [line.partition(" ")[0] for line in text.splitlines()]
    assert (heads.count("Missing"), heads.count("Added"), heads.count("Original")) == (1, 1, 0)
    assert "Missing      realmd, adcli, sssd," in text


@bare
def test_without_adcli_the_packages_come_first(run: Run) -> None:
    """A password does not help then."""
    _, text = run("check", DOMAIN, "--password-stdin")
    told = text[text.index("Account: LOOK") :]
    assert "Fix 1        install the packages of a join" in told
    assert "give the password" not in told


def test_a_wrong_password_is_named_in_its_row(run: Run) -> None:
    _, text = run("check", DOMAIN, "--password-stdin", password="not-this-one")
    assert "BAD   Account        not looked for: wrong password\n" in text


def test_with_the_password_the_account_is_looked_for_once(node: JoinNode, run: Run) -> None:
    node.host.fed.clear()
    _, text = run("check", DOMAIN, "--password-stdin")
    assert "PVE1$ is free" in text
    assert len(node.host.fed) == 1


def test_a_check_as_json_has_every_row_with_its_causes(run: Run) -> None:
    code, text = run("check", DOMAIN, "--json")
    told = value(text)
    assert code == FINDINGS
    assert (told["domain"], told["node"], told["stopped"]) == (DOMAIN, "pve1.example.com", False)
    rows = {row["topic"]: row for row in told["checks"]}
    assert rows["Account"]["causes"] == ["account-not-looked-for"]
    assert rows["Account"]["what"]
    assert set(rows["PAM"]) == {
        "topic", "state", "text", "seconds", "causes", "facts", "original", "what", "now", "fixes",
    }  # fmt: skip


def test_discover_reads_what_realmd_finds(run: Run) -> None:
    code, text = run("discover", DOMAIN)
    assert code == OK
    assert "Server       active-directory" in text


def test_discover_of_nothing_is_a_finding(run: Run) -> None:
    code, text = run("discover", "nowhere.example.org")
    assert code == FINDINGS
    assert "Discovery" in text


def test_a_node_that_has_not_joined_is_a_finding_of_validate(run: Run) -> None:
    code, text = run("validate", DOMAIN)
    assert code == FINDINGS
    assert "not-joined" in text


# --- joining -------------------------------------------------------------------------------------


def test_a_dry_run_prints_every_command_and_changes_nothing(node: JoinNode, run: Run) -> None:
    before = node.disk
    code, text = run("run", DOMAIN, *GROUP_ALONE, "--dry-run")
    assert code == OK
    for command in (
        "/usr/bin/cp --archive --dereference --parents",
        "realm -v join --user=Administrator",
        "realm -v deny --all",
        f"permit -g 'Domain Admins@{DOMAIN}'",
        "pam-auth-update --package --enable mkhomedir",
        "mask --now packagekit",
    ):
        assert command in text
    assert node.disk == before
    assert node.host.fed == []


@bare
def test_a_dry_run_of_a_fresh_node_shows_both_plans(node: JoinNode, run: Run) -> None:
    code, text = run("run", DOMAIN, *GROUP_ALONE, "--install", "--dry-run", "--json")
    told = value(text)
    assert code == OK
    assert any("apt-get" in line for line in told["install"]["plan"]["commands"])
    assert any("realm -v join" in line for line in told["plan"]["commands"])
    assert told["result"] is None


@bare
def test_packages_are_only_installed_where_somebody_says_so(node: JoinNode, run: Run) -> None:
    with pytest.raises(Refused, match="packages are missing"):
        run(*RUN, "--yes")
    code, _ = run(*RUN, "--yes", "--install")
    assert code == OK
    assert node.state.member_of(DOMAIN) is not None


def test_a_join_is_run_proved_and_left(node: JoinNode, run: Run) -> None:
    code, text = run(*RUN, "--yes", "--json")
    told = value(text)
    assert code == OK
    assert told["result"]["ok"] is True
    assert told["rolled_back"] is None
    assert told["left"] == []
    assert {row["topic"] for row in told["check"]["checks"]} >= {"PAM", "Account"}
    code, text = run("validate", DOMAIN, "--json")
    assert value(text)["membership"]["permitted_groups"] == [GROUP]
    leave = ("leave", DOMAIN, "--clean-up", "--delete-account", "--user", "Administrator")
    with pytest.raises(Refused, match="HEAVY"):
        run(*leave, "--password-stdin", "--yes")
    code, _ = run(*leave, "--password-stdin", "--yes", "--override", "PVE1")
    assert code == OK
    assert node.state.memberships == ()
    assert node.computers == []


def test_what_fails_is_rolled_back_and_that_is_told(node: JoinNode, run: Run) -> None:
    before = node.state.files
    node.host.fails = lambda argv: "deny" in argv
    code, text = run(*RUN, "--yes")
    node.mends()
    assert code == FAILED
    assert f"roll back the join to {DOMAIN}" in text
    assert text.endswith("The node is as it was before.\n")
    assert node.state.files == before


def test_what_stays_of_it_is_told_as_json(node: JoinNode, run: Run) -> None:
    node.host.fails = lambda argv: "deny" in argv or "delete-computer" in argv
    code, text = run(*RUN, "--yes", "--json")
    node.mends()
    told = value(text)
    assert code == FAILED
    assert told["left"] == [f"PVE1$ stays in {DOMAIN}: delete it there."]
    assert told["rolled_back"]["result"]["ok"] is True


def test_a_signal_ends_it_between_two_steps_and_rolls_back(
    node: JoinNode, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """130; the roll back itself is not stopped by the same signal."""
    before = node.state.files

    def interrupted(argv: object) -> bool:
        if "deny" in tuple(argv):  # type: ignore[arg-type]
            os.kill(os.getpid(), signal.SIGINT)
        return False

    node.host.fails = interrupted
    code, text = run(*RUN, "--yes")
    node.mends()
    assert code == INTERRUPTED
    assert f"roll back the join to {DOMAIN}" in text
    assert node.state.files == before


def test_who_may_log_in_is_changed_by_a_plan(node: JoinNode, run: Run) -> None:
    run(*RUN, "--yes")
    code, _ = run("permit", DOMAIN, "--permit-nobody", "--yes")
    assert code == OK
    code, text = run("validate", DOMAIN)
    assert code == FINDINGS
    assert "nobody of example.com may log in" in text


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", DOMAIN), "Say who of the domain may log in"),
        (("run", DOMAIN, "--permit-nobody", "--permit-everybody"), "Say who of the domain"),
        (("run", DOMAIN, *GROUP_ALONE, "--permit-everybody"), "Say who of the domain"),
        (("check", DOMAIN, "--may", "ann"), "--may does not go with"),
        (("leave", DOMAIN, "--delete-account"), "go together"),
        (("check", "not a domain"), "DNS name"),
        (("validate", DOMAIN, "--may=-x"), "does not begin with"),
    ],
)
def test_what_does_not_go_together(run: Run, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run(*words)


PLANLESS: dict[str, Any] = {"plan": None, "result": None, "rolled_back": None, "left": []}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("run", DOMAIN), USAGE, "Say who of the domain may log in"),
        (("permit", DOMAIN, "--permit-nobody"), REFUSED, f"no member of {DOMAIN}"),
        (("leave", DOMAIN), REFUSED, f"no member of {DOMAIN}"),
    ],
)
def test_where_no_plan_can_be_made_the_json_value_says_why(
    run: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, told: str
) -> None:
    found, text = run(*words, "--json")
    error = value(text).pop("error")
    assert found == code
    assert told in error["message"]
    assert value(text) == {**PLANLESS, "error": error}
    assert told in capsys.readouterr().err


def test_what_was_checked_stands_beside_why_there_is_no_plan(run: Run) -> None:
    code, text = run(*RUN, "--yes", "--json", password="not-this-one")
    told = value(text)
    assert code == REFUSED
    assert "Account: " in told["error"]["message"]
    assert told["error"]["hint"]
    rows = {row["topic"]: row["state"] for row in told["check"]["checks"]}
    assert rows["Account"] == "BAD"
    assert {name: told[name] for name in PLANLESS} == PLANLESS


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "not a domain"), "DNS name"),
        (("discover", "not a domain"), "DNS name"),
        (("validate", DOMAIN, "--may=-x"), "does not begin with"),
    ],
)
def test_what_cannot_be_looked_at_is_a_json_value_too(
    run: Run, words: tuple[str, ...], told: str
) -> None:
    code, text = run(*words, "--json")
    assert code == USAGE
    assert list(value(text)) == ["error"]
    assert told in value(text)["error"]["message"]


def test_a_check_that_is_interrupted_leaves_a_json_value(
    node: JoinNode, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = node.host.ask

    def interrupted(argv: Any, **more: Any) -> Any:
        if "discover" in argv:
            os.kill(os.getpid(), signal.SIGINT)
        return before(argv, **more)

    monkeypatch.setattr(node.host, "ask", interrupted)
    code, text = run(*RUN, "--yes", "--json")
    assert code == INTERRUPTED
    assert value(text)["check"]["stopped"] is True
    assert {name: value(text)[name] for name in PLANLESS} == PLANLESS
    assert value(text)["error"] is None


def test_nobody_is_there_to_be_asked(node: JoinNode, run: Run) -> None:
    with pytest.raises(Refused, match="Nobody is there to be asked"):
        run(*RUN)
    assert node.state.memberships == ()


def test_everybody_is_not_let_in_by_yes_alone(node: JoinNode, run: Run) -> None:
    words = ("run", DOMAIN, "--password-stdin", "--permit-everybody", "--yes")
    with pytest.raises(Refused, match="HEAVY"):
        run(*words)
    assert node.state.memberships == ()


def test_elsewhere_it_is_refused(node: JoinNode) -> None:
    """Over --host and below --root the operating system is none of ours."""
    elsewhere = JoinService(
        None,
        node.join._network,
        node.join._directories,
        node.shop.plans,
        clock=node.clock,
        own=node.join._own,
    )
    with pytest.raises(Refused, match="on the node itself only"):
        join.run(parse(["join", "check", DOMAIN]), replace(node.shop, join=elsewhere))
    asked = parse(["join", "check", DOMAIN, "--json"])
    code, text = join.run(asked, replace(node.shop, join=elsewhere))
    assert code == REFUSED
    assert "on the node itself only" in value(text)["error"]["message"]
