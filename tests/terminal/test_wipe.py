"""Secrets in real pseudo-terminals: what is left of them on the screen and in its scrollback.

pyte has no alternate screen, so its screen is that of a terminal without one (or of tmux with
`alternate-screen off`). What a terminal with one keeps is seen by telling the two apart.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from pve_auth_tui.terminal import wipe
from tests.screens.enrolling import GROUPS, KEYS, SECRET
from tests.terminal.pty import Terminal

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

UTF8 = {"LANG": "C.UTF-8"}
REVEAL = b"\x12"  # ^R
REVIEW = b"\x0f"  # ^O
TRACES = (GROUPS, GROUPS[:9], SECRET, *KEYS)
BLOCKS = re.compile("[▀▄█]")


class Keeper(pyte.HistoryScreen):
    """Saves a screen that is cleared as a whole to its scrollback, as tmux and PuTTY do."""

    def __init__(self) -> None:
        super().__init__(80, 24, history=10_000)
        self.kept: list[str] = []

    def erase_in_display(self, how: int = 0, *args: object, **kwargs: object) -> None:
        if how == 2:
            self.kept += [line for line in self.display if line.strip()]
        if how == 3:
            self.kept.clear()
            super().erase_in_display(3)
        else:
            super().erase_in_display(how)

    @property
    def everything(self) -> str:
        """What is on the screen, and what left it."""
        above = ["".join(cell.data for cell in line.values()) for line in self.history.top]
        return "\n".join([*above, *self.kept, *self.display])


def seen(written: bytes) -> Keeper:
    screen = Keeper()
    pyte.ByteStream(screen).feed(written)
    return screen


def traces(text: str) -> list[str]:
    return [trace for trace in TRACES if trace in text]


@pytest.fixture(params=["vt220", "linux", "xterm-256color", "tmux-256color"])
def term(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=["totp", "recovery"])
def terminal(request: pytest.FixtureRequest, term: str, tmp_path: Path) -> Iterator[Terminal]:
    """With the secrets on the screen."""
    command = (sys.executable, "-m", "tests.terminal.secrets_app", request.param, str(tmp_path))
    with Terminal(command, term=term, env=UTF8) as terminal:
        if request.param == "totp":
            terminal.until("Description")
            terminal.send(b"phone")
            terminal.until("phone")
            terminal.settle()
            terminal.send(REVIEW)
            terminal.until("next code in")
        else:
            terminal.until("Type one back")
        assert traces(terminal.screen) == []
        terminal.settle()
        terminal.send(REVEAL)
        if term in {"vt220", "tmux-256color"}:
            terminal.until("This terminal may be recorded")
            assert traces(terminal.screen) == []
            terminal.settle()
            terminal.send(b"2")
        terminal.until(GROUPS if request.param == "totp" else KEYS[9])
        terminal.settle()
        yield terminal


def leave(terminal: Terminal) -> str:
    """Esc until Start is there: recovery keys ask once, before TOTP stands the form of its name."""
    recovery = "Recovery keys of" in terminal.screen
    terminal.send(b"\x1b")
    terminal.until("cannot be seen again" if recovery else "Description")
    terminal.send(b"\x1b")
    return terminal.until("To look at")


def test_nothing_is_left_after_leaving_and_after_the_end(terminal: Terminal) -> None:
    before = len(terminal.written)
    leave(terminal)
    shown = terminal.settle()
    assert traces(shown) == []
    assert not BLOCKS.search(shown)
    assert (wipe.ERASE + wipe.FORGET).encode() in terminal.written[before:]
    assert "0 Recover" in shown.splitlines()[0]
    assert "q quit" in shown, "the screen below is drawn whole"
    kept = seen(terminal.written).everything
    assert traces(kept) == []
    assert not BLOCKS.search(kept)

    before = len(terminal.written)
    terminal.send(b"q")
    assert terminal.end() == 0
    assert terminal.screen.split() == []
    assert traces(seen(terminal.written).everything) == []
    assert wipe.FORGET.encode() in terminal.written[before:].rpartition(b"\x1b[?1049l")[0]
    assert_only_inside_the_alternate_screen(terminal.written)


@pytest.mark.parametrize("term", ["vt220", "xterm-256color"], indirect=True)
def test_a_program_that_is_told_to_end_while_secrets_are_shown_clears_them(
    terminal: Terminal,
) -> None:
    terminal.terminate()
    terminal.end()
    assert terminal.screen.split() == []
    assert traces(seen(terminal.written).everything) == []
    assert_only_inside_the_alternate_screen(terminal.written)


@pytest.mark.parametrize("term", ["xterm-256color"], indirect=True)
def test_no_escape_sequence_carries_a_secret(terminal: Terminal) -> None:
    """Neither the clipboard (OSC 52) nor a title."""
    terminal.send(b"\x1b[H", b"\x1b[1;2F", b"\x03", b"\x18", b"\x1b[67;6u", pause=0.1)
    terminal.settle()
    assert b"\x1b]52" not in terminal.written
    for sequence in re.findall(rb"\x1b\][^\x07\x1b]*", terminal.written):
        assert traces(sequence.decode(errors="replace")) == []


def assert_only_inside_the_alternate_screen(written: bytes) -> None:
    """What was drawn before the program and after it holds nothing; the rest it takes along."""
    outside = re.sub(rb"\x1b\[\?1049h.*?\x1b\[\?1049l", b"", written, flags=re.S)
    assert traces(seen(outside).everything) == []
    inside = re.findall(rb"\x1b\[\?1049h(.*?)\x1b\[\?1049l", written, flags=re.S)
    assert inside
    assert all(seen(part).display == [" " * 80] * 24 for part in inside)


def test_a_terminal_that_saves_what_is_cleared_as_a_whole_shows_that_this_test_can_fail() -> None:
    assert traces(seen(f"{GROUPS}\x1b[2J".encode()).everything) != []
    assert traces(seen(f"{GROUPS}{wipe.ERASE}{wipe.FORGET}".encode()).everything) == []
