"""The real program in a real pseudo-terminal: what is echoed, what stays on the screen and in its
scrollback, and what everybody on the computer can read of the process.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.simnode.tfa import totp as on_phone
from tests.canary.evidence import Evidence, look_through, require_none
from tests.canary.node import Home, Served
from tests.canary.planted import (
    NEW_PASSWORD,
    PASSWORD,
    ROOT_PASSWORD,
    WITHOUT,
    app_of,
    plant,
    planted,
)
from tests.terminal.pty import Terminal
from tests.terminal.test_wipe import seen

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

REVEAL, REVIEW, ESCAPE = b"\x12", b"\x0f", b"\x1b"
SETTLED = 0.12  # seconds without a byte
APP = re.compile(r"the app shows (\d{6})")


@contextmanager
def at_a_terminal(
    home: Home, evidence: Evidence, term: str, *words: str, **how: Any
) -> Iterator[Terminal]:
    """The program runs; afterwards everything that it left is evidence."""
    heard = home.folder / "heard"
    heard.touch(0o600)
    how = {"own": str(home.own), "heard": str(heard), **how}
    command = (sys.executable, "-m", "tests.canary.launched", json.dumps(how), *words)
    env = {"LANG": "C.UTF-8", "HOME": str(home.here), "TMPDIR": str(home.here)}
    with Terminal(command, term=term, env=env) as terminal:
        yield terminal
    for line in heard.read_text().splitlines():
        event, told, path = json.loads(line)
        place = {"socket.connect": "address", "open": "file"}.get(event, "argv")
        evidence.add(place, event, told)
        if path and not Path(path).is_relative_to(home.folder):
            evidence.blame("file elsewhere", path, "opened for writing")
    look_through(evidence, home.all)


def look_at_process(terminal: Terminal, evidence: Evidence) -> None:
    """While it runs everybody can read its words, and root its environment."""
    process = Path("/proc", str(terminal._child.pid))
    assert b"launched" in (process / "cmdline").read_bytes()
    evidence.add("argv", "our own", (process / "cmdline").read_bytes())
    evidence.add("environment", "our own", (process / "environ").read_bytes())


def left_behind(terminal: Terminal, evidence: Evidence, code: int) -> str:
    """It ends: what can still be seen, and scrolled back to."""
    assert terminal.end() == code, terminal.screen
    left = seen(terminal.written).everything
    evidence.add("scrollback", "all that is left", left)
    told = re.findall(rb"\x1b\][^\x07\x1b]*", terminal.written)
    evidence.add("terminal", "what is no drawing", b"".join(told))
    return left


def open_the_app(terminal: Terminal) -> None:
    """To the QR code and the secret, which are shown."""
    terminal.until("To look at", seconds=30)
    terminal.settle(SETTLED)
    terminal.send(b":")
    terminal.settle(SETTLED)
    terminal.send(WITHOUT.encode())
    terminal.settle(SETTLED)
    terminal.send(b"\r")
    terminal.until("User name")
    terminal.settle(SETTLED)
    terminal.send(b"o")
    terminal.until("Add for")
    terminal.settle(SETTLED)
    terminal.send(b"1")
    terminal.until("Description")
    terminal.send(b"phone")
    terminal.until("phone")
    terminal.settle(SETTLED)
    terminal.send(REVIEW)
    terminal.until("next code in")
    terminal.settle(SETTLED)
    terminal.send(REVEAL)
    if "may be recorded" in terminal.settle(SETTLED):
        terminal.send(b"2")
    terminal.when(lambda: b"the app shows" in terminal.written, "the secret")


@pytest.fixture
def planted_evidence(evidence: Evidence) -> Evidence:
    plant(evidence.canaries, planted().files)
    return evidence


def test_an_app_is_added_and_proved_and_nothing_of_it_is_left(
    home: Home, planted_evidence: Evidence
) -> None:
    evidence = planted_evidence
    with at_a_terminal(home, evidence, "xterm-256color", "demo", planted=True) as terminal:
        open_the_app(terminal)
        terminal.until("the app shows")
        look_at_process(terminal, evidence)
        assert "CANA RYQX" in terminal.screen
        shown = APP.search(terminal.screen)
        assert shown
        evidence.canaries.add("typed code", shown[1])
        terminal.send(shown[1].encode())
        terminal.until("The code is right")
        terminal.settle(SETTLED)
        terminal.send(REVIEW)
        terminal.until("y run")
        evidence.add("screen", "the plan", terminal.screen)
        terminal.settle(SETTLED + 0.5)  # a plan listens half a second after it was shown
        terminal.send(b"y")
        terminal.until("Done:", seconds=20)
        terminal.settle(SETTLED)
        terminal.send(ESCAPE)
        terminal.until("Password")
        terminal.settle(SETTLED)
        terminal.send(PASSWORD.encode())
        evidence.add("screen", "a password, hidden", terminal.settle(SETTLED))
        terminal.send(REVEAL)
        terminal.until(PASSWORD)
        terminal.send(REVEAL)
        terminal.until("Password", gone=PASSWORD)
        terminal.settle(SETTLED)
        terminal.send(ESCAPE)
        terminal.until("User name")
        evidence.add("screen", "the list below", terminal.screen)
        terminal.settle(SETTLED)
        terminal.send(b"q")
        left = left_behind(terminal, evidence, 0)
    assert left.split() == []
    require_none(evidence.leaks())


def test_a_mistake_while_a_secret_is_shown_takes_it_off_the_terminal(
    home: Home, planted_evidence: Evidence
) -> None:
    """One without an alternate screen: what is not cleared stays there."""
    evidence = planted_evidence
    with at_a_terminal(home, evidence, "vt220", "demo", planted=True, breaks="shown") as terminal:
        open_the_app(terminal)
        left = left_behind(terminal, evidence, 1)
    assert "stopped because of a mistake of its own (Mistake)" in " ".join(left.split())
    assert any("Mistake" in text for text in evidence.texts("file"))
    require_none(evidence.leaks())


# --- the command line ----------------------------------------------------------------------------


@pytest.mark.parametrize("breaks", ["", "crash"], ids=["well", "crash"])
def test_what_is_typed_at_a_prompt_is_not_echoed(
    home: Home, served: Served, evidence: Evidence, breaks: str
) -> None:
    served.restore()
    plant(evidence.canaries, served.files)
    words = ("--host", served.place, "--ca", str(served.ca), "--user", "root@pam")
    change = ("change", "set", "/access/password", f"userid={WITHOUT}", "--secret", "password")
    how = {"breaks": breaks} if breaks else {}
    with at_a_terminal(home, evidence, "xterm-256color", *words, *change, **how) as terminal:
        terminal.until("Password of root@pam", seconds=30)
        look_at_process(terminal, evidence)
        terminal.send(f"{ROOT_PASSWORD}\n".encode())
        if not breaks:
            terminal.until("Second factor")
            code = on_phone.code(app_of("root@pam", served.files), time.time())
            evidence.canaries.add("typed code", code)
            terminal.send(f"{code}\n".encode())
            terminal.until("password: ")
            terminal.send(f"{NEW_PASSWORD}\n".encode())
            terminal.until(f"Type  {WITHOUT}", seconds=20)
            terminal.send(f"{WITHOUT}\n".encode())
        left = left_behind(terminal, evidence, 1 if breaks else 0)
        evidence.add("terminal", "every byte", terminal.written)
    assert ("a mistake of its own (Mistake)" in " ".join(left.split())) is bool(breaks)
    require_none(evidence.leaks())


def test_a_simulated_node_for_others_tells_its_password_in_a_file_alone(
    home: Home, evidence: Evidence
) -> None:
    state = home.keys / "node"
    words = ("simnode", "serve", "--state", str(state))
    with at_a_terminal(home, evidence, "dumb", *words) as terminal:
        terminal.until("password_file", seconds=30)
        look_at_process(terminal, evidence)
        evidence.canaries.add("its password", (state / "root.password").read_text().strip())
        terminal.terminate()
        left_behind(terminal, evidence, 0)
    may = {"file:/keys/node/root.password": {"its password"}}
    require_none(evidence.leaks(may))
