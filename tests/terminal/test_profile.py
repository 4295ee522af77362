"""Which terminal gets which look. Each row is a situation an admin may sit in."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.terminal.profile import OVERRIDE, Profile, detect

UTF8 = {"LANG": "en_US.UTF-8"}
XTERM = {"TERM": "xterm-256color"}
PLAIN = Profile("ascii", "none", serial=True)
CONSOLE = Profile("cp437", "16", console=True)
IN_SCREEN = Profile("cp437", "16", console=True, keeper="screen")
FULL = Profile("unicode", "256", mouse=True, animation=True)


@pytest.mark.parametrize(
    ("situation", "env", "tty", "profile"),
    [
        ("the node's own screen", {"TERM": "linux"}, "/dev/tty1", CONSOLE),
        ("the same, with a locale", {"TERM": "linux", **UTF8}, "/dev/tty6", CONSOLE),
        ("a console, TERM unset", {}, "/dev/tty1", CONSOLE),
        ("a Linux console at the other end of SSH", {"TERM": "linux"}, "/dev/pts/0", CONSOLE),
        ("GNU screen on a Linux console", {"TERM": "screen.linux"}, "/dev/pts/0", IN_SCREEN),
        ("a serial port", {"TERM": "vt220"}, "/dev/ttyS0", PLAIN),
        ("a serial port, TERM set by hand", {**XTERM, **UTF8}, "/dev/ttyS1", PLAIN),
        ("a serial port on ARM", {"TERM": "vt220"}, "/dev/ttyAMA0", PLAIN),
        ("a USB serial adapter", {"TERM": "linux"}, "/dev/ttyUSB0", PLAIN),
        ("a hypervisor console", {"TERM": "xterm", **UTF8}, "/dev/hvc0", PLAIN),
        ("a real terminal", {"TERM": "vt220", **UTF8}, "/dev/pts/3", PLAIN),
        ("vt100", {"TERM": "vt100"}, None, PLAIN),
        ("ansi", {"TERM": "ansi"}, None, PLAIN),
        ("dumb", {"TERM": "dumb", **UTF8}, None, PLAIN),
        ("dumb that claims colours", {"TERM": "dumb", "COLORTERM": "truecolor"}, None, PLAIN),
        ("unknown", {"TERM": "unknown"}, None, PLAIN),
        ("never heard of", {"TERM": "wy60", **UTF8}, None, PLAIN),
        ("TERM empty", {"TERM": "", **UTF8}, None, PLAIN),
        ("TERM unset", {}, None, PLAIN),
        ("a desktop", {**XTERM, **UTF8}, "/dev/pts/1", FULL),
        ("LC_ALL wins over LANG", {**XTERM, "LANG": "C", "LC_ALL": "de_DE.utf8"}, None, FULL),
        ("C.UTF-8", {**XTERM, "LANG": "C.UTF-8"}, None, FULL),
        ("LC_CTYPE wins over LANG", {**XTERM, "LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, None, FULL),
    ],
)
def test_the_look_fits_the_situation(
    situation: str, env: dict[str, str], tty: str | None, profile: Profile
) -> None:
    assert detect(env, tty, None) == profile


@pytest.mark.parametrize(
    ("env", "glyphs"),
    [
        ({"TERM": "xterm-256color", "LANG": "C"}, "ascii"),
        ({"TERM": "xterm-256color", "LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, "ascii"),
        ({"TERM": "xterm-256color"}, "ascii"),
        ({"TERM": "xterm-256color", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, "ascii"),  # PEP 538
        ({"TERM": "xterm-256color", "LC_CTYPE": "C.UTF-8"}, "ascii"),
        ({"TERM": "xterm", "LANG": "de_DE"}, "ascii"),
        ({"TERM": "xterm", "LANG": "de_DE.ISO-8859-15@euro", "COLORTERM": "truecolor"}, "ascii"),
        ({"TERM": "screen", "LANG": "C", "COLORTERM": "truecolor"}, "ascii"),
        ({"TERM": "tmux-256color", "LC_ALL": "C", "TERM_PROGRAM": "tmux"}, "ascii"),
        ({"TERM": "tmux-256color", "LANG": "C.UTF-8", "TERM_PROGRAM": "tmux"}, "unicode"),
        ({"TERM": "xterm-256color", "LANG": "C", "COLORTERM": "truecolor"}, "unicode"),
        ({"TERM": "xterm-256color", "LANG": "C", "TERM_PROGRAM": "tmux"}, "ascii"),
        ({"TERM": "xterm-256color", "LANG": "C", "TERM_PROGRAM": "vscode"}, "unicode"),
        ({"TERM": "xterm-kitty", "LANG": "C"}, "unicode"),
        ({"TERM": "alacritty"}, "unicode"),
        ({"TERM": "foot-extra", "LANG": "POSIX"}, "unicode"),
    ],
)
def test_without_a_utf8_locale_the_terminal_itself_must_say_so(
    env: dict[str, str], glyphs: str
) -> None:
    assert detect(env, "/dev/pts/0", None).glyphs == glyphs


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "screen"}, "16"),
        ({"TERM": "screen.xterm-256color"}, "256"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "256"),
        ({"TERM": "xterm-direct"}, "true"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "true"),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit", "NO_COLOR": "1"}, "none"),
        ({"TERM": "linux", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm", "NO_COLOR": ""}, "16"),
        ({"TERM": "vt220"}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
    ],
)
def test_colours_are_those_the_terminal_has_and_the_admin_wants(
    env: dict[str, str], colours: str
) -> None:
    assert detect(env | UTF8, None, None).colours == colours


def test_a_choice_of_glyphs_changes_the_glyphs_and_nothing_else() -> None:
    env = {**XTERM, **UTF8}
    assert detect(env, None, None, "ascii") == Profile("ascii", "256", mouse=True, animation=True)
    assert detect({"TERM": "vt220"}, None, None, "unicode") == Profile(
        "unicode", "none", serial=True
    )
    assert detect(env | {OVERRIDE: "cp437"}, None, None).glyphs == "cp437"
    assert detect(env | {OVERRIDE: "cp437"}, None, None, "ascii").glyphs == "ascii"
    assert detect(env | {OVERRIDE: ""}, None, None, "auto").glyphs == "unicode"


def test_a_choice_that_does_not_exist_is_refused_by_its_name() -> None:
    with pytest.raises(UsageError, match=r"--glyphs cannot be 'utf8'\."):
        detect({}, None, None, "utf8")
    with pytest.raises(UsageError, match=OVERRIDE):
        detect({OVERRIDE: "x"}, None, None)


def test_a_console_keeps_what_its_font_can_show() -> None:
    font = frozenset("─│")
    assert detect({"TERM": "linux"}, "/dev/tty1", font).font == font
    assert detect({**XTERM, **UTF8}, "/dev/pts/0", font).font is None


def test_only_ssh_makes_a_terminal_remote() -> None:
    assert detect({**XTERM, "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}, None, None).remote
    assert not detect(XTERM, None, None).remote


@pytest.mark.parametrize(
    ("env", "above", "recorder"),
    [
        (XTERM, ["bash", "sshd", "systemd"], ""),
        (XTERM, ["bash", "sudo", "bash", "script", "bash"], "script"),
        (XTERM, ["bash", "tlog-rec-sessio", "sshd"], "tlog"),
        (XTERM, ["bash", "tmux: server", "systemd"], "tmux"),
        ({**XTERM, "TMUX": "/run/tmux,1,0"}, [], "tmux"),
        ({"TERM": "tmux-256color"}, ["bash", "sshd"], "tmux"),
        ({**XTERM, "STY": "12.pts-0"}, [], "screen"),
        ({"TERM": "screen.xterm-256color"}, [], "screen"),
        ({"TERM": "vt220"}, ["script"], "a serial line"),
    ],
)
def test_who_may_record_what_is_drawn(env: dict[str, str], above: list[str], recorder: str) -> None:
    assert detect(env, None, None, above=above).recorded_by == recorder
