"""What the whole program writes to a terminal while it shows hostile files: never a secret,
nothing for the clipboard, no sequence that a name brought along (R6, R19)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.screens.test_untrusted import FILES, SHOWN
from tests.terminal.pty import Terminal, sequences

SECRET = b"canary-7c1e"
CLIPBOARD = b"\x1b]52"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    files = FILES | {
        "etc/pve/domains.cfg": f"{FILES['etc/pve/domains.cfg']}\nopenid: entra\n"
        f"\tissuer-url https://login.example.com\n\tclient-id pve\n\tclient-key {SECRET.decode()}\n"
    }
    for name, text in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "latin-1")
    command = (sys.executable, "-m", "pve_auth_tui", "--root", str(tmp_path / "root"))
    env = {"LANG": "C.UTF-8", "COLORTERM": "truecolor"}
    with Terminal(command, size=(132, 40), env=env) as terminal:
        terminal.until("to look at")
        yield terminal


def test_nothing_that_a_file_holds_steers_the_terminal(terminal: Terminal) -> None:
    before = sequences(terminal.written)
    for digit in b"12345678":
        for key in (bytes([digit]), b"\r", b"\x1b", b"c", b"\x1b", b"\x1b"):
            terminal.send(key)
            terminal.settle(0.2)
    terminal.send(b"2")
    terminal.until(SHOWN)
    terminal.send(b"q")
    assert terminal.end() == 0
    text = terminal.written.decode()
    assert {char for char in text if not char.isprintable()} <= set("\x1b\r\n\x07")
    assert not {"\u202e", "\u200b", "\U000e0041", "\xad", "\x9b"} & set(text)
    assert CLIPBOARD not in terminal.written
    assert SECRET not in terminal.written
    new = sequences(terminal.written) - before
    assert {kind for kind in new if not kind.startswith(b"?")} <= {
        b"J",
        b"K",
    }  # our own, at the end


def test_copying_and_cutting_in_a_field_send_nothing_to_the_clipboard(terminal: Terminal) -> None:
    terminal.send(b":")
    terminal.until("open  find")  # what the prompt offers
    terminal.send(b"copied")
    terminal.until(":copied")
    # home, shift+end, copy, cut, ctrl+shift+c as xterm and kitty send it, the palette's key
    for keys in (b"\x1b[H", b"\x1b[1;2F", b"\x03", b"\x18", b"\x1b[67;6u", b"\x1b[99;6u", b"\x10"):
        terminal.send(keys)
        terminal.settle(0.2)
    assert terminal.is_running()
    assert CLIPBOARD not in terminal.written
    assert "Screenshot" not in terminal.screen
