"""Children that only tell something end with the program, however it ends."""

import sys
import time
from pathlib import Path

import pytest

from tests.adapters.conftest import our_python, run

SLEEPS = f"{sys.executable!r}, '-c', 'import time; time.sleep(60)'"
RUNNER = f"Runner()(({SLEEPS}), 60)"
SSH = f"_run([{SLEEPS}], time.monotonic() + 60, threading.Event())"
LEAVES = """
import subprocess, threading, time
from pve_auth_tui.adapters import ongoing
from pve_auth_tui.adapters.conditionrun import Runner
from pve_auth_tui.adapters.neighbours.ssh import _run
threading.Thread(target=lambda: {asks}, daemon=True).start()
while not ongoing._running:
    time.sleep(0.01)
print(*(process.pid for process in ongoing._running))
"""
LATE = """
from pve_auth_tui.adapters import ongoing
from pve_auth_tui.adapters.conditionrun import Runner
ongoing.end_all()
print(Runner()(({sleeps}), 25).why)
"""


def is_gone(pid: int) -> bool:
    """Within a minute; what is left until its parent asks is gone, too."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("asks", [RUNNER, SSH], ids=["a tool", "ssh"])
def test_a_child_that_nobody_waits_for_ends_with_the_program(asks):
    code, lines = run(our_python(LEAVES.format(asks=asks)))
    assert (code, len(lines)) == (0, 1)
    assert is_gone(int(lines[0]))


def test_one_that_is_started_at_the_very_end_is_ended_at_once():
    """Threads go on while the program ends."""
    assert run(our_python(LATE.format(sleeps=SLEEPS))) == (0, ["was ended by signal 9"])
