"""The whole way back in real pseudo-terminals: from the program's start to restored."""

from __future__ import annotations

import sys

import pytest

from pve_auth_tui.terminal.glyphs import CP437
from tests.terminal.pty import Terminal, characters

# pytest's own threads make Python warn of any fork; the child only executes the program.
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

DEMO = (sys.executable, "-m", "pve_auth_tui", "demo")
TERMS = pytest.mark.parametrize("term", ["linux", "vt220"])


def broken(terminal: Terminal, story: str) -> None:
    """Break something on the demo cluster; Recover opens by itself."""
    terminal.until("To look at")
    terminal.send(b":")
    terminal.until(":")
    terminal.settle(0.2)
    for letter in f"demo {story}":
        terminal.send(letter.encode())
        terminal.settle(0.06)
    terminal.send(b"\r")
    terminal.until("Ways back, least harm first")
    terminal.settle(0.3)


def digit_of(terminal: Terminal, title: str) -> bytes:
    """What takes the way back of that title."""
    line = next(line for line in terminal.screen.split("\n") if title in line)
    return line.split()[1 if line.split()[0] == ">" else 0].encode()


def shows_what_it_can(terminal: Terminal, term: str) -> None:
    if term == "linux":
        assert characters(terminal.written) <= CP437
    else:
        assert terminal.written.isascii()


@TERMS
def test_a_lock_is_taken_off_with_three_keys(term: str) -> None:
    """From where the program has opened by itself: a digit, Enter for the reason, y."""
    with Terminal(DEMO, term=term) as terminal:
        broken(terminal, "root locked")
        terminal.until("all second factors are locked")
        terminal.send(digit_of(terminal, "unlock the second factors"))
        terminal.until("Reason")
        terminal.settle(0.2)
        terminal.send(b"\r")
        terminal.until("y run")
        terminal.settle(0.7)
        terminal.send(b"y")
        terminal.until("Done:")
        terminal.send(b"\x1b")
        terminal.until("Nothing was found that keeps root@pam out")
        terminal.until("RECOVERED, see Start")
        shows_what_it_can(terminal, term)
        terminal.send(b"q")
        assert terminal.end() == 0


@TERMS
def test_a_disabled_root_is_enabled_and_what_is_left_to_do_is_told(term: str) -> None:
    with Terminal(DEMO, term=term) as terminal:
        broken(terminal, "root disabled")
        terminal.send(digit_of(terminal, "enable root@pam"))
        terminal.until("Reason")
        terminal.settle(0.2)
        terminal.send(b"\r")
        terminal.until("y run")
        terminal.settle(0.7)
        terminal.send(b"y")
        terminal.until("Done:")
        terminal.send(b"\x1b")
        terminal.until("Afterwards")
        shows_what_it_can(terminal, term)
        terminal.settle(0.3)
        terminal.send(b"a")
        terminal.until("Acknowledged.", gone="RECOVERED")
        terminal.send(b"q")
        assert terminal.end() == 0


@TERMS
def test_without_quorum_the_node_that_has_it_is_named_and_nothing_else_is_taken(term: str) -> None:
    with Terminal(DEMO, term=term) as terminal:
        broken(terminal, "no quorum")
        terminal.until("use pve2, it has quorum")
        terminal.until("NO QUORUM 1/3")
        terminal.send(digit_of(terminal, "use pve2"))
        terminal.until("https://pve2.example.com:8006")
        terminal.settle(0.2)
        terminal.send(b"\x1b")
        terminal.until("Ways back, least harm first")
        terminal.send(b"\x1b[F" if term == "linux" else b"\x1b[6~")
        terminal.settle(0.3)
        shows_what_it_can(terminal, term)
        terminal.send(b"q")
        assert terminal.end() == 0


def test_at_40x12_the_way_back_is_as_short() -> None:
    with Terminal(DEMO, term="vt220", size=(40, 12)) as terminal:
        terminal.until("To look at")
        terminal.send(b":")
        terminal.settle(0.3)
        for letter in "demo root locked":
            terminal.send(letter.encode())
            terminal.settle(0.06)
        terminal.send(b"\r")
        terminal.until("more lines below")
        terminal.settle(0.3)
        terminal.send(b"1")
        terminal.until("Reason")
        terminal.settle(0.2)
        terminal.send(b"\r")
        terminal.until("y run")
        terminal.settle(0.7)
        terminal.send(b"y")
        terminal.until("Done:")
        terminal.send(b"\x1b")
        terminal.until("Nothing was found")
        terminal.send(b"q")
        assert terminal.end() == 0
