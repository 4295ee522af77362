"""R8: an unforeseen exception leaves a report without data, and three calm lines."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from textual.app import App

from pve_auth_tui import crash, environment
from pve_auth_tui.core.secret import Secret

CANARY = "canary-5f0c"
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports go, for whoever runs the tests."""
    place = tmp_path / "pve-auth-tui"
    monkeypatch.setattr(environment, "ROOTS_FOLDER", place)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return place / "reports"


def fail_with_secrets() -> None:
    """Secrets in a local, in a Secret, in the text, in the cause and in a group."""
    password = CANARY
    hidden = Secret(CANARY)
    try:
        try:
            raise KeyError(f"{password} {hidden.reveal()}")
        except KeyError as error:
            raise ValueError(CANARY) from error
    except ValueError as error:
        raise ExceptionGroup(CANARY, [error, OSError(2, CANARY, CANARY)]) from None


def caught() -> Exception:
    try:
        fail_with_secrets()
    except ExceptionGroup as error:
        return error
    raise AssertionError


def test_nothing_secret_appears_in_the_report_or_on_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crash.tell(caught()) == 1

    out, err = capsys.readouterr()
    (report,) = folder.iterdir()
    assert CANARY not in report.read_text() + out + err
    assert out == ""


def test_the_report_names_types_files_lines_and_functions_of_the_whole_chain(folder: Path) -> None:
    path = crash.report(caught())

    assert path is not None
    text = path.read_text()
    assert "builtins.ExceptionGroup" in text
    assert "in the group: builtins.ValueError" in text
    assert "because of: builtins.KeyError" in text
    assert f"{__file__}:" in text
    assert "fail_with_secrets" in text


def test_the_user_reads_what_happened_where_the_report_is_and_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crash.tell(caught())

    what, where, next_step = capsys.readouterr().err.splitlines()
    assert "(ExceptionGroup)" in what
    assert where.endswith(".txt")
    assert Path(where.split()[-1]).parent == folder
    assert "start it again" in next_step


def test_only_we_can_read_the_report(folder: Path) -> None:
    path = crash.report(caught())

    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_same_mistake_is_reported_once(folder: Path) -> None:
    assert crash.report(caught()) == crash.report(caught())
    assert len(list(folder.iterdir())) == 1


def test_a_folder_open_to_others_gets_no_report(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o755)

    assert crash.report(caught()) is None
    assert list(folder.iterdir()) == []


def test_a_link_in_place_of_our_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder.parent.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)

    assert crash.report(caught()) is None
    assert list(elsewhere.iterdir()) == []


def test_without_a_place_for_the_report_the_user_is_told_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pve-auth-tui").write_text("in the way")

    assert crash.tell(caught()) == 1
    assert "No report could be written." in capsys.readouterr().err


def test_anybody_but_root_finds_reports_in_their_own_state_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(environment, "home_folder", lambda: "/home/anna")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)

    assert environment.own_folder() == Path("/home/anna/.local/state/pve-auth-tui")


def test_endless_recursion_makes_a_short_report(folder: Path) -> None:
    def deeper(level: int) -> int:
        return deeper(level + 1)

    with pytest.raises(RecursionError) as caught_error:
        deeper(0)

    path = crash.report(caught_error.value)
    assert path is not None
    assert len(path.read_text().splitlines()) < 120


@pytest.mark.parametrize("where", ["main", "thread", "finalizer", "task"])
def test_pythons_own_handlers_no_longer_print_what_an_exception_says(
    where: str, tmp_path: Path
) -> None:
    program = f"""
import sys, threading
from pathlib import Path
sys.path.insert(0, {str(PROJECT)!r})
from pve_auth_tui import crash, environment
environment.ROOTS_FOLDER = Path({str(tmp_path)!r}) / "pve-auth-tui"
crash.install()
def fail(*_):
    password = {CANARY!r}
    raise ValueError(password)
if {where!r} == "main":
    fail()
if {where!r} == "thread":
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
if {where!r} == "task":
    import asyncio
    async def failing():
        fail()
    async def main():
        asyncio.get_running_loop().create_task(failing())
        await asyncio.sleep(0.01)
    asyncio.run(main())
class Finalized:
    __del__ = fail
if {where!r} == "finalizer":
    Finalized()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"XDG_STATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    (report,) = (tmp_path / "pve-auth-tui/reports").iterdir()
    assert "builtins.ValueError" in report.read_text()
    assert CANARY not in done.stdout + done.stderr + report.read_text()
    assert done.returncode == (1 if where == "main" else 0)


class Screens(crash.CalmCrash, App[int]):
    """An application that fails where it is told to, with secrets at hand."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def on_mount(self) -> None:
        if self.where == "handler":
            fail_with_secrets()
        elif self.where == "timer":
            self.set_timer(0.01, fail_with_secrets)
        else:
            self.run_worker(fail_with_secrets, thread=True)


@pytest.mark.parametrize("where", ["handler", "timer", "worker"])
def test_screens_end_without_showing_locals(where: str, capfd: pytest.CaptureFixture[str]) -> None:
    app = Screens(where)

    app.run(headless=True)

    out, err = capfd.readouterr()
    assert CANARY not in out + err
    assert app.return_code == 1
    assert isinstance(app.crash, ExceptionGroup)


async def test_a_pilot_still_gets_the_exception_itself() -> None:
    with pytest.raises(ExceptionGroup):
        async with Screens("handler").run_test():
            pass
