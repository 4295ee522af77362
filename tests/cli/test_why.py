"""`explain`, `who-can`, `what-if`, `compare`, `script`: they answer, and change nothing."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.arguments import FAILED, OK, REFUSED, USAGE, parse
from pve_auth_tui.commands import answer
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.wiring import wired
from tests.cli.conftest import USER_CFG, Run

MORE = (
    "user:carl@pve:1:0::::::\n"
    "user:gone@pve:0:0::::::\n"
    "group:dev:carl@pve,gone@pve:Developers:\n"
    "acl:1:/vms:@dev:PVEVMUser:\n"
    "acl:1:/vms/100:carl@pve:Looker:\n"
)


@pytest.fixture
def node(root: Path) -> Path:
    """A node on which an own entry replaces that of a group."""
    (root / "etc/pve/user.cfg").write_text(USER_CFG + MORE)
    return root


def state(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


# --- explain ----------------------------------------------------------------------------


def test_an_explanation_is_the_answer_with_what_leads_to_it(node: Path, run: Run) -> None:
    done = run("--root", node, "explain", "carl@pve", "/vms/100", "VM.PowerMgmt", "--json")
    assert (done.code, done.err) == (OK, "")
    assert list(done.value) == [
        *("subject", "path", "privilege", "allowed", "propagates", "usable", "reason", "verdict"),
        *("because", "steps", "fixes", "owner", "also"),
    ]
    assert (done.value["allowed"], done.value["privilege"]) == (False, "VM.PowerMgmt")
    steps = [(step["path"], step["entry"], step["counts"]) for step in done.value["steps"]]
    assert ("/vms", "@dev", False) in steps
    assert ("/vms/100", "carl@pve", True) in steps
    assert done.value["steps"][-1]["result"] is done.value["allowed"]
    assert done.value["fixes"]
    assert all(fix["commands"] for fix in done.value["fixes"])


@pytest.mark.parametrize("subject", ["carl@pve", "gone@pve", "anna@corp!ci", "root@pam"])
@pytest.mark.parametrize("path", ["/", "/vms/100", "/vms/200", "/storage/local"])
def test_allowed_is_what_permissions_say(node: Path, run: Run, subject: str, path: str) -> None:
    explained = run("--root", node, "explain", subject, path, "--json").value
    answered = run("--root", node, "permissions", subject, "--path", path, "--json").value
    assert explained["allowed"] == answered.get(path, {})
    assert explained["privilege"] is None


def test_words_are_taken_for_a_privilege_one_by_one_or_together(node: Path, run: Run) -> None:
    by_name = run("--root", node, "explain", "carl@pve", "/vms/101", "VM.PowerMgmt", "--json")
    for words in (["start and stop it"], ["start", "and", "stop", "it"], ["vm.powermgmt"]):
        said = run("--root", node, "explain", "carl@pve", "/vms/101", *words, "--json")
        assert said.value == by_name.value
    assert by_name.value["allowed"] is True


def test_the_path_is_taken_as_pve_writes_it(node: Path, run: Run) -> None:
    for path in ("vms/100", "/vms/100/", "/vms//100"):
        done = run("--root", node, "explain", "carl@pve", path, "--json")
        assert done.value["path"] == "/vms/100"


def test_usable_says_who_cannot_log_in(node: Path, run: Run) -> None:
    value = run("--root", node, "explain", "gone@pve", "/vms/101", "VM.Audit", "--json").value
    assert (value["allowed"], value["usable"]) == (True, False)
    assert "disabled" in value["reason"]


def test_a_token_is_explained_with_its_user(node: Path, run: Run) -> None:
    value = run("--root", node, "explain", "anna@corp!ci", "/", "VM.Audit", "--json").value
    assert value["allowed"] is False
    assert (value["owner"]["subject"], value["owner"]["allowed"]) == ("anna@corp", True)


def test_as_text_the_verdict_comes_before_the_entries(node: Path, run: Run) -> None:
    done = run("--root", node, "explain", "carl@pve", "/vms/100", "VM.PowerMgmt")
    assert (done.code, done.err) == (OK, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["Who", "carl@pve"]
    verdict = next(number for number, line in enumerate(lines) if line.startswith("NO. "))
    table = next(number for number, line in enumerate(lines) if line.split()[:1] == ["Path"])
    assert verdict < table
    assert "YES: " in done.out
    assert all(line == line.rstrip() for line in lines)


def test_ways_to_allow_it_stand_below_each_other(node: Path, run: Run) -> None:
    lines = run("--root", node, "explain", "carl@pve", "/vms/100", "VM.PowerMgmt").out.splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("To allow it"))
    assert [line[13:15] for line in lines[first : first + 2]] == ["1 ", "2 "]
    assert lines[first + 1].startswith(" " * 13)


def test_no_is_an_answer_too(node: Path, run: Run) -> None:
    assert run("--root", node, "explain", "carl@pve", "/", "VM.Audit").code == OK


def test_somebody_who_does_not_exist_has_nothing(node: Path, run: Run) -> None:
    as_json = run("--root", node, "explain", "nobody@pve", "/vms/100", "--json")
    as_text = run("--root", node, "explain", "nobody@pve", "/vms/100")
    assert (as_json.code, as_json.value["allowed"], as_json.err) == (OK, {}, "")
    assert (as_text.code, as_text.err) == (OK, "nobody@pve does not exist here.\n")


# --- who-can ----------------------------------------------------------------------------


def test_everybody_with_the_privilege_is_named_and_how(node: Path, run: Run) -> None:
    done = run("--root", node, "who-can", "VM.PowerMgmt", "/vms/101", "--json")
    assert (done.code, done.err) == (OK, "")
    assert (done.value["privilege"], done.value["path"]) == ("VM.PowerMgmt", "/vms/101")
    holders = done.value["holders"]
    assert [one["subject"] for one in holders] == ["root@pam", "carl@pve", "gone@pve"]
    assert holders[1]["through"] == "PVEVMUser on /vms through @dev"
    assert (holders[1]["propagates"], holders[2]["usable"]) == (True, False)
    assert "disabled" in holders[2]["reason"]


def test_those_who_can_are_those_whom_explain_allows(node: Path, run: Run) -> None:
    for path in ("/", "/vms/100", "/vms/200"):
        who = run("--root", node, "who-can", "VM.Audit", path, "--json").value["holders"]
        for subject in ("root@pam", "carl@pve", "anna@corp", "anna@corp!ci", "bo@pve"):
            said = run("--root", node, "explain", subject, path, "VM.Audit", "--json").value
            assert said["allowed"] is (subject in [one["subject"] for one in who])


def test_who_can_is_a_table_and_takes_words(node: Path, run: Run) -> None:
    done = run("--root", node, "who-can", "start and stop it", "/vms/101")
    heading, *rows = done.out.splitlines()
    assert heading.split() == ["Who", "Propagate", "Through", "Usable"]
    assert [row.split()[0] for row in rows] == ["root@pam", "carl@pve", "gone@pve"]


# --- what-if ----------------------------------------------------------------------------


def what_if(run: Run, node: Path, line: str) -> Any:
    before = state(node)
    done = run("--root", node, "what-if", "--json", "--", *shlex.split(line))
    assert state(node) == before
    assert (done.code, done.err) == (OK, "")
    return done.value


def test_what_the_guard_would_refuse_is_said(node: Path, run: Run) -> None:
    line = ("user", "edit", "root@pam", "--enable", "0")
    assert "root@pam would be disabled" in what_if(run, node, " ".join(line))["refusal"]
    done = run("--root", node, "what-if", "--", *line)
    assert "\nIt would be refused: " in done.out


def test_everybody_who_loses_something_is_named(node: Path, run: Run) -> None:
    value = what_if(run, node, "group delete dev")
    assert list(value) == ["title", "commands", "unforeseen", "refusal", "asked", "shifts"]
    assert list(value["shifts"][0]) == ["subject", "changes", "unchanged", "usable"]
    assert value["commands"] == ["pveum group delete dev"]
    assert value["asked"] == 6
    assert [shift["subject"] for shift in value["shifts"]] == ["carl@pve", "gone@pve"]
    (change,) = value["shifts"][1]["changes"]
    assert change["paths"] == ["/vms"]
    assert "VM.PowerMgmt" in change["lost"]
    assert change["gained"] == []


@pytest.mark.parametrize(
    ("line", "subject", "gained"),
    [
        ("user edit bo@pve --groups dev --append", "bo@pve", "VM.Console"),
        ("user add new@pve --groups dev --password", "new@pve", "VM.Console"),
        ("acl add /vms/300 --users bo@pve --roles Looker", "bo@pve", "VM.Audit"),
        ("group edit dev --add-members bo@pve", "bo@pve", "VM.Console"),
        ("role edit Looker --privs VM.Audit,VM.Console", "anna@corp", "VM.Console"),
        ("token edit anna@corp!ci --privsep 0", "anna@corp!ci", "VM.Audit"),
        ("pool edit lab --vms 300", "", ""),
        ("change set access/users/bo@pve groups=dev", "bo@pve", "VM.Console"),
        ("user password bo@pve", "", ""),
    ],
)
def test_every_command_that_writes_can_be_thought_through(
    node: Path, run: Run, line: str, subject: str, gained: str
) -> None:
    value = what_if(run, node, line)
    found = {
        shift["subject"]: {name for change in shift["changes"] for name in change["gained"]}
        for shift in value["shifts"]
    }
    assert found.keys() >= ({subject} if subject else set())
    assert gained in found.get(subject, {""})


def test_who_can_no_longer_use_his_rights_is_told(node: Path, run: Run) -> None:
    for line, subject, usable in (
        ("user disable carl@pve", "carl@pve", False),
        ("user enable gone@pve", "gone@pve", True),
    ):
        (shift,) = what_if(run, node, line)["shifts"]
        assert (shift["subject"], shift["usable"]) == (subject, usable)
    done = run("--root", node, "what-if", "user", "disable", "carl@pve")
    assert "cannot be used" in done.out


def test_the_words_may_stand_without_dashes_and_options_anywhere(node: Path, run: Run) -> None:
    line = ["user", "edit", "bo@pve", "--groups", "dev"]
    told = [
        run("--root", node, "what-if", "--json", "--", *line).value,
        run("--root", node, "what-if", *line, "--json").value,
        run("what-if", "--json", *line, "--root", node).value,
        run("--root", node, "--json", "what-if", "--", *line).value,
    ]
    assert all(one == told[0] for one in told)


def test_as_text_it_says_what_would_be_run_and_that_nothing_was(node: Path, run: Run) -> None:
    done = run("--root", node, "what-if", "--", "user", "edit", "bo@pve", "--groups", "dev")
    lines = done.out.splitlines()
    assert lines[:2] == ["What if: edit bo@pve", "pveum user modify bo@pve --groups dev --append 1"]
    assert any(line.split()[:1] == ["bo@pve"] for line in lines)
    assert lines[-1].startswith("1 of 6 users and API tokens gains or loses something.")


def test_a_command_that_changes_nothing_has_no_what_if_and_that_is_said(run: Run) -> None:
    done = run("what-if", "--", "status")
    assert done.code == USAGE
    assert done.err.startswith("Behind -- stands what would change something: user, group, ")


def test_a_name_like_the_command_is_no_command() -> None:
    options = parse(["user", "edit", "ann@pve", "--comment", "what-if"])
    assert (options.command, options.comment) == ("user", "what-if")


@pytest.mark.parametrize(
    "words",
    [
        ["what-if"],
        ["what-if", "--"],
        ["what-if", "--", "users"],
        ["what-if", "--", "undo"],
        ["what-if", "--", "undo", "--reason", "user"],
        ["what-if", "--", "acl"],
        ["what-if", "--", "user"],
        ["what-if", "--", "user", "edit", "bo@pve"],
        ["what-if", "--", "user", "edit", "nobody@pve", "--enable"],
    ],
)
def test_what_is_no_change_is_a_usage_error(node: Path, run: Run, words: list[str]) -> None:
    done = run("--root", node, *words)
    assert (done.code, done.out) == (USAGE, "")
    assert done.err


def test_what_is_so_already_is_refused_here_too(node: Path, run: Run) -> None:
    assert run("--root", node, "what-if", "user", "enable", "carl@pve").code == REFUSED


# --- compare ----------------------------------------------------------------------------


def test_two_are_compared_path_by_path(node: Path, run: Run) -> None:
    done = run("--root", node, "compare", "carl@pve", "gone@pve", "--json")
    assert (done.code, done.err) == (OK, "")
    assert list(done.value) == ["one", "other", "same", "rights", "beside"]
    assert (done.value["one"], done.value["other"]) == ("carl@pve", "gone@pve")
    assert done.value["same"] is False
    assert {"name": "Enabled", "one": "yes", "other": "no"} in done.value["beside"]
    found = {path: one for one in done.value["rights"] for path in one["paths"]}
    assert "VM.PowerMgmt" in found["/vms/100"]["only_other"]
    assert found["/vms/100"]["only_one"] == []
    assert found["/vms/100"]["both"] == ["VM.Audit"]


def test_they_are_compared_as_a_table(node: Path, run: Run) -> None:
    done = run("--root", node, "compare", "carl@pve", "gone@pve")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0] == ["Path", "Only", "carl@pve", "Only", "gone@pve", "Both"]
    assert any(line[:1] == ["/vms/100"] for line in lines)
    assert ["Enabled", "yes", "no"] in lines


def test_two_who_may_do_the_same_are_told_so(node: Path, run: Run) -> None:
    done = run("--root", node, "compare", "bo@pve", "bo@pve")
    assert "They may do the same everywhere." in done.out
    assert run("--root", node, "compare", "bo@pve", "bo@pve", "--json").value["same"] is True


# --- script -----------------------------------------------------------------------------


def test_a_script_makes_the_same_elsewhere(node: Path, run: Run) -> None:
    done = run("--root", node, "script")
    lines = done.out.splitlines()
    assert (done.code, lines[0].startswith("#")) == (OK, True)
    assert "pveum acl modify /vms --roles PVEVMUser --groups dev --propagate 1" in lines
    value = run("--root", node, "script", "--json").value
    assert list(value) == ["commands", "missing"]
    assert value["commands"] == [line for line in lines if not line.startswith("#")]


# --- what cannot be asked ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["explain", "garbage", "/vms"], "garbage is neither a user nor an API token."),
        (["explain", "carl@pve", "/vms", "VM.Fly"], "VM.Fly"),
        (["explain", "carl@pve"], "PATH"),
        (["who-can", "VM.Fly", "/vms"], "VM.Fly"),
        (["who-can", "", "/vms"], "A privilege is needed."),
        (["who-can", "VM.Audit"], "PATH"),
        (["compare", "carl@pve", "garbage"], "garbage is neither a user nor an API token."),
        (["compare", "carl@pve"], "B"),
        (["compare", "carl@pve", "nobody@pve"], "There is no user or API token nobody@pve."),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(
    node: Path, run: Run, words: list[str], told: str
) -> None:
    done = run("--root", node, *words, "--json")
    assert (done.code, done.out) == (USAGE, "")
    assert told in done.err.splitlines()[0]


QUESTIONS = [
    ["explain", "carl@pve", "/vms"],
    ["who-can", "VM.Audit", "/vms"],
    ["what-if", "user", "disable", "carl@pve"],
    ["compare", "carl@pve", "bo@pve"],
    ["script"],
]


@pytest.mark.parametrize("words", QUESTIONS, ids=lambda words: words[0])
def test_without_user_cfg_nothing_is_answered(node: Path, run: Run, words: list[str]) -> None:
    (node / "etc/pve/user.cfg").unlink()
    (node / "etc/pve/user.cfg").mkdir()
    done = run("--root", node, *words)
    assert (done.code, done.out) == (FAILED, "")
    assert done.err


@pytest.mark.parametrize("words", QUESTIONS, ids=lambda words: words[0])
def test_a_login_that_sees_only_a_part_is_told_so(node: Path, words: list[str]) -> None:
    options = parse(["--root", str(node), *words])
    seen = replace(wired(options).pictures.load(), restricted=True)
    with pytest.raises(Refused, match="PVE shows this login only a part of it"):
        answer(options, seen)


@pytest.mark.parametrize("words", QUESTIONS, ids=lambda words: words[0])
def test_a_hostile_comment_steers_no_terminal(node: Path, run: Run, words: list[str]) -> None:
    config = node / "etc/pve/user.cfg"
    config.write_text(config.read_text().replace("Developers", "\x1b]0;owned\x07\u202e"))
    done = run("--root", node, *words)
    assert done.code == OK
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err


def test_a_change_that_makes_no_sense_is_one_sentence(node: Path, run: Run) -> None:
    with pytest.raises(UsageError, match="One USER"):
        parse(["what-if", "--", "user", "password", "bo@pve", "hunter2-canary"])
    done = run("--root", node, "what-if", "--", "user", "password", "bo@pve", "hunter2-canary")
    assert "hunter2" not in done.out + done.err
