"""The program as a process: pipes, signals, a full disk, a bare Python, a poisoned start."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.test_environment import LOCALE, poison
from tests.cli.test_lists import LISTS
from tests.terminal.pty import Terminal

PROJECT = Path(__file__).parents[2]
START = f"import sys; sys.path[:0] = [{str(PROJECT)!r}]; from pve_auth_tui.cli import main"
PROGRAM = f"{START}; sys.exit(main())"
# Ends with whatever of the outside world got loaded.
LOADED = f"{START}; code = main(); print(sorted(sys.modules), file=sys.stderr); sys.exit(code)"


def command(*arguments: str | Path, bare: bool = True, program: str = PROGRAM) -> list[str]:
    """The program's command line. `bare`: without any third-party module."""
    flags = ["-S", "-P"] if bare else ["-P"]
    return [sys.executable, *flags, "-c", program, *map(str, arguments)]


def completed(
    argv: Sequence[str], env: dict[str, str] = LOCALE
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def everything_on(leader: int) -> str:
    """What a terminal is told until the last program on it ends."""
    shown = b""
    with suppress(OSError):  # Linux answers EIO when the other end is closed
        while chunk := os.read(leader, 65536):
            shown += chunk
    os.close(leader)
    return shown.decode()


COMMANDS = [
    *([name] for name in (*LISTS, "status", "script")),
    ["permissions", "root@pam"],
    ["explain", "carl@corp", "/vms/101"],
    ["who-can", "VM.Audit", "/vms/101"],
    ["what-if", "user", "disable", "carl@corp"],
    ["compare", "carl@corp", "anna@pam"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_lists_need_the_standard_library_only(
    arguments: list[str], form: list[str], rack: Path
) -> None:
    done = completed(command("--root", rack, *arguments, *form, program=LOADED))

    assert done.returncode == (4 if arguments == ["status"] else 0)
    assert done.stdout
    last = done.stderr.splitlines()[-1]
    loaded = json.loads(last.replace("'", '"'))
    assert not [name for name in loaded if name.startswith("pve_auth_tui.simnode")]
    packages = {name.partition(".")[0] for name in loaded}
    assert not packages & {"textual", "rich", "screens", "widgets", "requests", "ldap3", "fido2"}


def test_the_lists_work_where_textual_is_installed_but_broken(rack: Path, tmp_path: Path) -> None:
    (tmp_path / "textual.py").write_text("raise RuntimeError('broken')")
    program = PROGRAM.replace("; from", f"; sys.path[:0] = [{str(tmp_path)!r}]; from", 1)

    assert completed(command("--root", rack, "users", program=program)).returncode == 0


def test_a_poisoned_environment_changes_nothing_in_the_answer(rack: Path, tmp_path: Path) -> None:
    argv = command("--root", rack, "users")

    clean, poisoned = completed(argv), completed(argv, poison(tmp_path) | LOCALE)

    assert (poisoned.returncode, poisoned.stdout, poisoned.stderr) == (
        clean.returncode,
        clean.stdout,
        clean.stderr,
    )
    assert clean.returncode == 0


@pytest.mark.parametrize("arguments", [[], ["demo"]], ids=["node", "demo"])
def test_without_a_terminal_the_screens_say_which_commands_need_none(arguments: list[str]) -> None:
    done = completed(command(*arguments, bare=False))

    assert (done.returncode, done.stdout) == (2, "")
    assert "terminal" in done.stderr
    assert "status, survive, realms, users" in done.stderr


def test_without_textual_the_screens_say_what_still_works() -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        command("demo"),
        env=LOCALE,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        timeout=60,
        check=False,
    )
    said = os.read(leader, 4096).decode()
    os.close(leader)
    os.close(follower)

    assert done.returncode == 1
    assert "textual is missing or broken" in said
    assert "users" in said
    assert "Traceback" not in said


def test_a_reader_that_has_seen_enough_is_no_failure(rack: Path) -> None:
    child = subprocess.Popen(
        command("--root", rack, "acl", "--json"),
        env=LOCALE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.close()

    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, b"")


def test_a_full_disk_is_told_in_one_sentence(rack: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command("--root", rack, "users", "--json"),
            env=LOCALE,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr == "The answer could not be written: No space left on device.\n"


def test_a_closed_stdout_is_told_in_one_sentence(rack: Path) -> None:
    argv = ["/bin/sh", "-c", '"$@" >&-', "sh", *command("--root", rack, "users", "--json")]

    done = completed(argv)

    assert done.returncode == 1
    assert done.stderr == "The answer could not be written: there is no standard output.\n"


def test_ctrl_c_ends_it_with_130_and_no_traceback(tmp_path: Path) -> None:
    """The file it reads is as slow as a file can be: the program hangs until interrupted."""
    slow = f"""{START}
import signal
from pve_auth_tui import cli
# Whoever runs tests in the background ignores ctrl+c, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
def slow(options):
    import time
    print("reading", flush=True)
    time.sleep(60)
cli.wired = slow
sys.exit(main())"""
    child = subprocess.Popen(
        command("users", program=slow),
        env=LOCALE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "reading\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)

    _, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (130, "")


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}], ids=str)
def test_names_beyond_ascii_do_not_break_a_plain_locale(locale: dict[str, str], rack: Path) -> None:
    done = subprocess.run(
        command("--root", rack, "users"), env=locale, capture_output=True, timeout=60, check=False
    )

    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert done.stdout.count(b"\n") == 213


def test_on_a_terminal_lines_are_no_wider_than_it(rack: Path) -> None:
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        command("--root", rack, "users"), env=LOCALE | {"COLUMNS": "60"}, stdout=follower
    )
    os.close(follower)

    lines = everything_on(leader).splitlines()
    assert child.wait(60) == 0
    assert len(lines) == 213
    assert max(map(len, lines)) <= 60


def test_a_mistake_behind_the_screens_shows_no_data_on_the_terminal(tmp_path: Path) -> None:
    program = f"""{START}
from pve_auth_tui import cli, environment
from pve_auth_tui.wiring import Wired
environment.ROOTS_FOLDER = __import__("pathlib").Path({str(tmp_path)!r}) / "pve-auth-tui"
class Service:
    def load(self):
        password = "canary" + "-7c1e"
        raise LookupError(password)
cli.wired = lambda options: Wired(Service())
sys.exit(main(["demo"]))"""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        command(program=program, bare=False),
        env=LOCALE | {"TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path)},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)

    shown = everything_on(leader)

    assert child.wait(60) == 1
    (report,) = (tmp_path / "pve-auth-tui/reports").iterdir()
    assert "canary-7c1e" not in shown + report.read_text()
    assert "LookupError" in report.read_text()
    assert "stopped because of a mistake of its own (LookupError)" in shown
    assert str(report) in shown


def test_a_mistake_in_a_thread_is_reported_without_its_data(tmp_path: Path) -> None:
    program = f"""{START}
import threading
from pve_auth_tui import cli, environment
from pve_auth_tui.wiring import Wired
environment.ROOTS_FOLDER = __import__("pathlib").Path({str(tmp_path)!r}) / "pve-auth-tui"
def run(argv, terminal):
    def fail():
        raise LookupError("canary" + "-7c1e")
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    return 0
cli._run = run
sys.exit(main())"""
    done = completed(command("users", program=program), LOCALE | {"XDG_STATE_HOME": str(tmp_path)})

    (report,) = (tmp_path / "pve-auth-tui/reports").iterdir()
    assert (done.returncode, done.stderr) == (0, "")
    assert "LookupError" in report.read_text()
    assert "canary-7c1e" not in report.read_text()


def test_a_poisoned_environment_neither_ends_nor_drives_the_screens(tmp_path: Path) -> None:
    """TEXTUAL_PRESS alone would press q as soon as they open."""
    with Terminal(command("demo", bare=False), env=poison(tmp_path) | LOCALE) as terminal:
        terminal.until("simulated cluster", seconds=30)
        terminal.settle()
        assert terminal.is_running()
        terminal.send(b"q")
        assert terminal.end() == 0

    assert not list(tmp_path.rglob("log"))
