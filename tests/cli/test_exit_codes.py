"""Exit codes and the sentences that come with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pve_auth_tui import __version__, commands, environment
from pve_auth_tui.adapters import bridge
from tests.cli.conftest import OLD_TOTP_SECRET, Run


@pytest.mark.parametrize(
    "argv",
    [["nonsense"], ["users", "--rung", "best"], ["permissions"], ["users", "--user", "a@pve"]],
)
def test_usage_errors_give_2_one_sentence_and_where_to_look(argv: list[str], run: Run) -> None:
    done = run(*argv)

    assert (done.code, done.out) == (2, "")
    sentence, *next_step = done.err.splitlines()
    assert sentence.endswith(".")
    assert "pve-auth-tui" in next_step[0]


@pytest.mark.parametrize(
    "argv",
    [
        ["users", "--rung", "https"],
        ["--rung", "bridge", "users", "--json"],
        ["status", "--rung", "bridge"],
    ],
)
def test_a_way_that_does_not_work_is_a_failure_with_a_next_step(
    argv: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(bridge, "PERL", "/no/such/perl")

    done = run(*argv)

    assert (done.code, done.out) == (1, "")
    sentence, next_step = done.err.splitlines()
    assert sentence.endswith(".")
    assert next_step


def test_a_way_to_this_nodes_api_is_for_root(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert run("users", "--rung", "bridge").code == 77


def test_this_nodes_own_files_are_for_root(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    for root in ([], ["--root", "/"], ["--root", "/etc/.."]):
        done = run("users", "--json", *root)
        assert (done.code, done.out) == (77, "")
        assert "sudo pve-auth-tui users" in done.err


def test_another_root_needs_no_root(root: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert run("--root", root, "users").code == 0


def test_a_folder_without_pve_is_a_failure_with_a_next_step(tmp_path: Path, run: Run) -> None:
    done = run("--root", tmp_path, "users", "--json")

    assert (done.code, done.out) == (1, "")
    sentence, next_step = done.err.splitlines()
    assert str(tmp_path) in sentence
    assert next_step


def test_a_list_whose_file_cannot_be_read_fails_and_prints_nothing(root: Path, run: Run) -> None:
    (root / "etc/pve/priv/tfa.cfg").write_text("{not json")

    for form in ([], ["--json"]):
        done = run("--root", root, "tfa", *form)
        assert (done.code, done.out) == (1, "")
        assert len(done.err.splitlines()) == 2


def test_a_list_that_lacks_a_part_is_printed_and_still_fails(root: Path, run: Run) -> None:
    (root / "etc/pve/priv/tfa.cfg").write_text("{not json")

    done = run("--root", root, "users", "--json")

    assert done.code == 1
    assert {user["userid"] for user in done.value} == {"root@pam", "anna@corp", "bo@pve"}
    assert len(done.err.splitlines()) == 2


def test_ignored_lines_are_told_in_a_table_and_not_beside_json(root: Path, run: Run) -> None:
    with (root / "etc/pve/user.cfg").open("a") as file:
        file.write("nonsense:line\n")

    as_text, as_json = run("--root", root, "users"), run("--root", root, "users", "--json")

    assert (as_text.code, as_json.code) == (0, 0)
    assert "PVE ignores 1 thing in user.cfg" in as_text.err
    assert as_json.err == ""


def test_version_and_help_are_ok_for_anybody(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert run("--version").out == f"pve-auth-tui {__version__}\n"
    done = run("--help")
    assert (done.code, done.err) == (0, "")
    assert "permissions" in done.out


def test_an_interrupt_is_130_without_a_word(
    root: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "list_answer", interrupted)

    done = run("--root", root, "users")
    assert (done.code, done.out, done.err) == (130, "", "")


def test_a_mistake_of_ours_is_1_with_a_report_and_without_data(
    root: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> None:
        password = OLD_TOTP_SECRET
        raise LookupError(password)

    monkeypatch.setattr(commands, "list_answer", mistaken)
    monkeypatch.setattr(environment, "ROOTS_FOLDER", tmp_path / "own")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    done = run("--root", root, "users")

    (report,) = tmp_path.glob("*/reports/report-*.txt")
    assert (done.code, done.out) == (1, "")
    assert str(report) in done.err
    assert "LookupError" in report.read_text()
    assert OLD_TOTP_SECRET not in done.err + report.read_text()


def test_the_environment_is_clean_while_a_command_runs_and_as_before_afterwards(
    root: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str] = {}

    def look(*_: object) -> tuple[int, str]:
        seen.update(os.environ)
        return 0, ""

    monkeypatch.setenv("PERL5LIB", "/evil")
    monkeypatch.setattr(commands, "list_answer", look)
    run("--root", root, "users")

    assert "PERL5LIB" not in seen
    assert seen["PATH"] == environment.SAFE_PATH
    assert os.environ["PERL5LIB"] == "/evil"
