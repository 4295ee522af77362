"""Programs in real pseudo-terminals, as an admin meets them in a rack.

`PROGRAMS` are the applications that must keep these rules. What only the sample can show
(which keys acted, what a field took) is asked of the sample alone.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from rich.cells import cell_len

from pve_auth_tui.terminal.burst import WINDOW
from pve_auth_tui.terminal.glyphs import CP437
from tests.terminal.pty import TRUE_COLOUR, Terminal, characters, sequences, sgr_codes

# pytest's own threads make Python warn of any fork; the child only executes the program.
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

UTF8 = {"LANG": "C.UTF-8"}
MODHEX = b"cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"
# What a plain terminal obeys or silently reads past; nothing that it could print.
PLAIN = {b"H", b"J", b"K", b"m", b"?7l", b"?7h", b"?1049h", b"?1049l"}
CONSOLE = PLAIN | {b"?25l", b"?25h", b"?2004h", b"?2004l"}
ATTRIBUTES = {0, 1, 4, 7}
SIXTEEN = ATTRIBUTES | set(range(30, 38)) | set(range(40, 48))

COLOURS = {
    "none": ATTRIBUTES,
    "16": SIXTEEN,
    "256": set(range(256)),
    "true": {*range(256), TRUE_COLOUR},
}


@dataclass(frozen=True)
class Program:
    """A command, a text of its first screen, what opens another one, and the key that ends it."""

    command: tuple[str, ...]
    ready: str
    opens: tuple[bytes, str] | None = None
    quit: bytes = b"q"
    env: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        term: str | None,
        env: Mapping[str, str] | None = None,
        size: tuple[int, int] = (80, 24),
    ) -> Terminal:
        return Terminal(self.command, term=term, env={**self.env, **(env or {})}, size=size)


SAMPLE = Program((sys.executable, "-m", "tests.terminal.sample_app"), "nothing done")
DEMO = Program((sys.executable, "-m", "pve_auth_tui", "demo"), "To look at", (b"2", "User name"))
PROGRAMS = [pytest.param(SAMPLE, id="sample"), pytest.param(DEMO, id="demo")]
every_program = pytest.mark.parametrize("program", PROGRAMS)


def keys_and_noise(terminal: Terminal, program: Program) -> None:
    """What happens to any program in its life: noise, arrows, a YubiKey, and the end."""
    terminal.until(program.ready)
    if program.opens:
        key, text = program.opens
        terminal.send(key)
        terminal.until(text)
    terminal.send(b"\xff\xe9\x1b[99999999999u")
    terminal.send(b"\x1b", b"[B", pause=0.03)
    terminal.send(b"\x1b[6~\x1b[H\t")
    terminal.settle(0.2)
    terminal.send(program.quit)
    assert terminal.end() == 0


@every_program
@pytest.mark.parametrize(
    ("term", "env"),
    [
        ("vt220", {}),
        ("vt100", UTF8),
        ("ansi", UTF8),
        ("dumb", {**UTF8, "COLORTERM": "truecolor"}),
        ("unknown", UTF8),
        ("", UTF8),
        (None, {}),
    ],
    ids=["vt220", "vt100", "ansi", "dumb", "unknown", "empty", "unset"],
)
def test_a_plain_terminal_gets_ascii_without_colours_and_no_questions(
    program: Program, term: str | None, env: dict[str, str]
) -> None:
    with program.run(term, env) as terminal:
        keys_and_noise(terminal, program)
        assert terminal.written.isascii()
        assert sgr_codes(terminal.written) <= ATTRIBUTES
        assert 7 in sgr_codes(terminal.written), "nothing shows where the cursor is"
        assert sequences(terminal.written) <= PLAIN


@every_program
@pytest.mark.parametrize("env", [{}, UTF8, {"NO_COLOR": "1"}], ids=["C", "UTF-8", "NO_COLOR"])
def test_a_linux_console_gets_cp437_and_sixteen_colours(
    program: Program, env: dict[str, str]
) -> None:
    with program.run("linux", env) as terminal:
        keys_and_noise(terminal, program)
        assert characters(terminal.written) <= CP437
        assert sgr_codes(terminal.written) <= (ATTRIBUTES if env.get("NO_COLOR") else SIXTEEN)
        assert sequences(terminal.written) <= CONSOLE


@every_program
@pytest.mark.parametrize(
    ("term", "env", "ascii_only", "most_colours"),
    [
        ("xterm-256color", {"LANG": "C"}, True, "256"),
        ("xterm-256color", {"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, True, "256"),
        ("xterm-256color", UTF8, False, "256"),
        ("xterm-256color", {**UTF8, "NO_COLOR": "1"}, False, "none"),
        ("xterm", UTF8, False, "16"),
        ("screen", UTF8, False, "16"),
        ("tmux-256color", UTF8, False, "256"),
        ("xterm-kitty", {**UTF8, "COLORTERM": "truecolor"}, False, "true"),
    ],
)
def test_a_window_gets_what_its_locale_and_term_promise(
    program: Program, term: str, env: dict[str, str], ascii_only: bool, most_colours: str
) -> None:
    with program.run(term, env) as terminal:
        keys_and_noise(terminal, program)
        assert terminal.written.isascii() == ascii_only
        assert sgr_codes(terminal.written) <= COLOURS[most_colours]
        assert b"?1000h" in sequences(terminal.written)


@every_program
def test_a_choice_of_glyphs_wins(program: Program) -> None:
    with program.run("xterm-256color", {**UTF8, "PVE_AUTH_TUI_GLYPHS": "ascii"}) as terminal:
        keys_and_noise(terminal, program)
        assert terminal.written.isascii()


@every_program
@pytest.mark.parametrize(
    ("term", "size", "env", "shown"),
    [
        ("vt220", (40, 12), {}, (40, 12)),
        ("dumb", (40, 12), {}, (40, 12)),
        ("xterm-256color", (40, 12), UTF8, (40, 12)),
        ("linux", (132, 43), {}, (132, 43)),
        ("vt220", (0, 0), {}, (80, 24)),
        ("vt220", (0, 0), {"COLUMNS": "72", "LINES": "20"}, (72, 20)),
        ("vt220", (0, 0), {"COLUMNS": "many", "LINES": "-1"}, (80, 24)),
        ("xterm", (100, 30), {**UTF8, "COLUMNS": "72", "LINES": "20"}, (100, 30)),
    ],
)
def test_the_program_fills_the_terminal_it_has(
    program: Program,
    term: str,
    size: tuple[int, int],
    env: dict[str, str],
    shown: tuple[int, int],
) -> None:
    with program.run(term, env, size) as terminal:
        terminal.when(lambda: drawn_size(terminal.written) >= shown, f"a picture of {shown}")
        terminal.settle(0.2)
        terminal.send(program.quit)
        assert terminal.end() == 0
        assert drawn_size(terminal.written) == shown


@every_program
def test_the_program_follows_a_terminal_that_changes_its_size(program: Program) -> None:
    with program.run("vt220") as terminal:
        terminal.until(program.ready)
        terminal.settle()
        before = len(terminal.written)
        terminal.resize(60, 20)
        terminal.when(
            lambda: drawn_size(terminal.written[before:]) == (60, 20), "a picture of 60x20"
        )


@every_program
@pytest.mark.parametrize("term", ["vt220", "linux", "xterm-256color"])
def test_the_terminal_is_left_clean_and_as_it_was(program: Program, term: str) -> None:
    with program.run(term, UTF8) as terminal:
        terminal.until(program.ready)
        terminal.settle()
        terminal.send(program.quit)
        assert terminal.end() == 0
        assert terminal.screen.split() == []
        modes = dict(re.findall(rb"\x1b\[\?(\d+)([hl])", terminal.written))
        assert modes.pop(b"7") == b"h"
        if term != "vt220":
            assert modes.pop(b"25") == b"h"
        assert set(modes.values()) == {b"l"}


@every_program
def test_a_program_whose_terminal_is_gone_ends(program: Program) -> None:
    """Also where the hang-up signal is ignored, as under nohup."""
    ignoring = Program(("/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *program.command), "")
    with ignoring.run("vt220") as terminal:
        terminal.until(program.ready)
        terminal.settle()
        terminal.hang_up()
        deadline = time.monotonic() + 60
        while terminal.is_running():
            assert time.monotonic() < deadline, "it still runs"
            time.sleep(0.05)


@pytest.fixture(params=["vt220", "xterm-256color"])
def sample(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """The sample with its list in focus."""
    with SAMPLE.run(request.param, UTF8) as terminal:
        terminal.until(SAMPLE.ready)
        terminal.settle()
        yield terminal


@pytest.mark.parametrize(
    "sample", ["vt220", "linux", "xterm-256color", "screen", "tmux-256color", None], indirect=True
)
def test_keys_act_after_noise_and_a_split_sequence_is_one_key(sample: Terminal) -> None:
    sample.send(b"\xff\xe9\x80")
    sample.send(b"\x1b", b"[", b"B", b"\x1b[", b"B", pause=0.03)
    time.sleep(0.1)
    sample.send(b"\r")
    sample.until("did opened 2")
    sample.send(b"a")
    sample.until("did opened 2 a")


@pytest.mark.parametrize("term", ["vt220", "xterm-256color"])
def test_a_touched_yubikey_does_nothing_on_a_list(term: str) -> None:
    for _ in range(20):
        with SAMPLE.run(term, UTF8) as sample:
            sample.until(SAMPLE.ready)
            sample.settle()
            sample.send(MODHEX + b"\r")
            sample.settle()
            longest = sample.send(*(bytes([key]) for key in MODHEX + b"\r"), pause=0.008)
            if longest > WINDOW / 2:
                continue  # a busy machine has typed as people do: that acts
            sample.settle()
            sample.until("nothing done")
            sample.send(b"y")
            sample.until("did y")
            return
    raise AssertionError("This machine is too busy to type as a key does.")


def test_a_touched_yubikey_in_a_field_is_text_and_not_sent(sample: Terminal) -> None:
    sample.send(b"/")
    sample.until("did slash")
    time.sleep(0.1)
    sample.send(MODHEX + b"\r")
    shown = sample.until(MODHEX.decode())
    assert "submitted" not in shown + sample.settle()
    sample.send(b"\r")
    sample.until(f"submitted {MODHEX.decode()}")


@pytest.mark.parametrize("paste", [b"one\rtwo\rthree\r", b"\x1b[200~one\rtwo\x1b[201~\r"])
def test_a_paste_into_a_field_is_text_and_not_sent(paste: bytes) -> None:
    with SAMPLE.run("xterm-256color", UTF8) as terminal:
        terminal.until(SAMPLE.ready)
        terminal.send(b"/")
        terminal.until("did slash")
        time.sleep(0.1)
        terminal.send(paste)
        shown = terminal.until("one")
        assert "submitted" not in shown + terminal.settle()


def test_a_program_that_fails_leaves_the_screen_and_says_so() -> None:
    failing = Program((*SAMPLE.command, "crash"), "")
    with failing.run("xterm-256color", UTF8) as terminal:
        assert terminal.end() == 1
        assert b"\x1b[?1049l" in terminal.written
        assert "as asked" in terminal.screen


def drawn_size(written: bytes) -> tuple[int, int]:
    """Columns and lines of what a program has drawn, by where it put text."""
    columns = lines = 0
    for line, column, text in re.findall(
        rb"\x1b\[(\d+);(\d+)H((?:\x1b\[[\d;]*m|[^\x1b\n])*)", written
    ):
        width = cell_len(re.sub(rb"\x1b\[[\d;]*m", b"", text).decode(errors="ignore"))
        if width:
            columns = max(columns, int(column) - 1 + width)
            lines = max(lines, int(line))
    return columns, lines
