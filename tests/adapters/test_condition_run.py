"""Commands that only tell something: whatever they do, there is an answer in time (R1)."""

import sys
import time

import pytest

from pve_auth_tui.adapters.conditionrun import MOST_BYTES, STILL, Answer, Runner
from tests.adapters.conftest import can_mount, in_a_dead_mount, our_python, run

LONG = 60.0  # so long that a busy machine is not taken for a command that hangs


def ask(code, seconds=LONG):
    return Runner()((sys.executable, "-I", "-c", code), seconds)


def test_an_answer_has_output_complaint_and_code():
    code = "import sys; print('one\\ntwo'); print('\\nwrong\\nmore', file=sys.stderr); sys.exit(2)"
    assert ask(code) == Answer("one\ntwo\n", "wrong", "", 2)


def test_a_tool_that_is_not_there():
    assert Runner()(("/nothing/here", "-s"), LONG) == Answer(why="is not installed")


def test_a_file_that_cannot_be_run(tmp_path):
    (tmp_path / "tool").write_text("")
    assert Runner()((str(tmp_path / "tool"),), LONG).why.startswith("could not be started: ")


def test_a_tool_that_crashes():
    found = ask("import os; os.kill(os.getpid(), 11)")
    assert (found.why, found.code) == ("was ended by signal 11", None)


HANGS = "import time; time.sleep(60)"
STUBBORN = f"import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)];{HANGS}"
CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '{HANGS}'])"
CLOSES = f"import os; os.close(1); os.close(2);{HANGS}"


@pytest.mark.parametrize("code", [HANGS, STUBBORN, f"{CHILD};{HANGS}", CLOSES])
def test_one_that_does_not_end_is_ended(code):
    started = time.monotonic()
    assert ask(code, 0.5) == Answer(why="did not answer within 0.5 s")
    assert time.monotonic() - started < 10


def test_what_it_printed_before_it_hung_is_kept():
    assert ask(f"print('begun', flush=True);{HANGS}", 3).text == "begun\n"


def test_one_that_leaves_a_child_with_its_output_has_ended():
    started = time.monotonic()
    assert ask(f"print('done', flush=True);{CHILD}") == Answer("done\n", code=0)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_one_that_floods_is_ended(stream):
    found = ask(f"import sys\nwhile True: sys.{stream}.write('x' * 9999)")
    assert found.why == "printed more than 256 KiB"
    assert len(found.text) + len(found.said) <= 2 * MOST_BYTES


def test_it_has_neither_our_input_nor_our_environment(typed, monkeypatch):
    """R1"""
    monkeypatch.setenv("PERL5LIB", "/elsewhere")
    code = "import os, sys; print(repr(sys.stdin.read()), 'PERL5LIB' in os.environ, os.getcwd())"
    assert ask(code).text == "'' False /\n"


def test_it_stands_in_a_session_of_its_own():
    assert ask("import os; print(os.getsid(0) == os.getpid())").text == "True\n"


STAYS = f"""
import os, sys, threading
from pve_auth_tui.adapters.conditionrun import Runner
run = Runner()
command = (sys.executable, "-I", "-c", "import os, sys; os.listdir(sys.argv[1])", sys.argv[1])
print(run(command, 1.0).why)
print(run(command, 60.0).why == {STILL!r})
print(run((sys.executable, "-c", "print(1)"), 60.0).text.strip())
"""


@pytest.mark.parametrize("folder", ["/mnt"] * can_mount())
def test_one_that_cannot_be_ended_is_left_behind_and_not_asked_again(folder, tmp_path):
    """It sleeps in a dead mount, where SIGKILL does not reach it."""
    code, lines = run(in_a_dead_mount(tmp_path, our_python(STAYS, str(tmp_path))))
    assert (code, lines) == (0, ["did not answer within 1 s", "True", "1"])
