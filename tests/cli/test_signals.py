"""Signals and a lost terminal, in a process of its own: the running step ends, no other starts."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.journal import FileJournal
from pve_auth_tui.arguments import INTERRUPTED
from pve_auth_tui.core.journal import Who

ROOT = Path(__file__).parent.parent.parent


class Child:
    """The program, in its first step; at a terminal if there is one."""

    def __init__(self, folder, terminal=None):
        self.folder = folder / "journal"
        self.said, said = os.pipe()
        heard, self.tell = os.pipe()
        stream = subprocess.DEVNULL if terminal is None else terminal
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.signalled", self.folder, str(said), str(heard)],
            stdin=stream,
            stdout=stream,
            stderr=stream,
            pass_fds=(said, heard),
            cwd=ROOT,
            start_new_session=True,
            preexec_fn=None if terminal is None else _take_terminal,  # noqa: PLW1509
        )
        for fd in (said, heard):
            os.close(fd)
        assert os.read(self.said, 100) == b"running"

    def goes_on(self):
        os.write(self.tell, b"x")
        code = self.process.wait(60)
        told = os.read(self.said, 100).decode()
        return code, int(told)

    @property
    def journal(self):
        entries = FileJournal(self.folder, Who(""), FixedClock(0.0)).read()
        return [f"{w.entry.event} {w.entry.step} {w.entry.outcome}".strip() for w in entries]


def _take_terminal():
    """Standard input becomes the controlling terminal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_after_a_signal_the_running_step_ends_and_the_journal_says_so(tmp_path, number):
    child = Child(tmp_path)
    child.process.send_signal(number)
    assert child.goes_on() == (INTERRUPTED, 1)
    assert child.journal == [
        "begin 0",
        "intent 1",
        "result 1 ok",
        "end 0 stopped: 1 of 3 done, 2 not run",
    ]


def test_a_lost_terminal_does_the_same(tmp_path):
    ours, theirs = pty.openpty()
    child = Child(tmp_path, theirs)
    os.close(theirs)
    os.close(ours)  # the line is cut: the kernel sends SIGHUP, and every write fails
    assert child.goes_on() == (INTERRUPTED, 1)
    assert child.journal[-1] == "end 0 stopped: 1 of 3 done, 2 not run"


def test_whoever_is_killed_leaves_the_intent(tmp_path):
    child = Child(tmp_path)
    child.process.kill()
    child.process.wait(60)
    assert child.journal == ["begin 0", "intent 1"]
