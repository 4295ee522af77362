"""What this terminal can show and send, decided once from what it says about itself.

Pure: the caller passes the environment, the name of the terminal device and what its font
holds. Nothing here imports Textual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from pve_auth_tui.core.errors import UsageError

Glyphs = Literal["unicode", "cp437", "ascii"]
Colours = Literal["none", "16", "256", "true"]

OVERRIDE: Final = "PVE_AUTH_TUI_GLYPHS"

_SERIAL_DEVICE = re.compile(r"/dev/(tty(S|AMA|USB|ACM|O|PS|SC|LP|UL|mxc|sclp)|hvc)\d+\Z")
_CONSOLE_DEVICE = re.compile(r"/dev/tty\d+\Z")
_CONSOLE_TERM = re.compile(r"((screen|tmux)\.)?linux(-|\Z)")
# Families that draw boxes, know colours and report a mouse. Of any other TERM we know
# nothing good: vt100, vt220, ansi, dumb, unknown, unset, ...
_CAPABLE_TERM = re.compile(
    r"(xterm|screen|tmux|rxvt|putty|konsole|gnome|vte|st|foot|kitty|alacritty|wezterm|contour"
    r"|mintty|iterm2?|ghostty)([-.]|\Z)"
)
_UTF8_ONLY_TERM = re.compile(
    r"(xterm-)?(kitty|ghostty)(-|\Z)|(foot|alacritty|wezterm|contour)(-|\Z)"
)
_MULTIPLEXER = re.compile(r"(screen|tmux)([-.]|\Z)")
_RECORDERS: Final = {  # by their names in /proc/PID/comm
    **{name: name for name in ("asciinema", "script", "tlog-rec", "ttyrec")},
    "tlog-rec-sessio": "tlog",  # the kernel keeps 15 characters
    "screen": "screen",
    "tmux: server": "tmux",
}
_NO_LOCALE = ("C", "POSIX")
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")  # PEP 538
_TRUE_COLOUR = ("truecolor", "24bit")


@dataclass(frozen=True, slots=True)
class Profile:
    """`console`: a virtual console of the Linux kernel; `font`: what it can show, if it said so.

    `serial`: a line where everything drawn takes long and may be recorded at the other end,
    or a terminal of which nothing is known. `remote`: over SSH, where an escape sequence may
    arrive in pieces. `keeper`: the program between us and the terminal that may keep what is
    drawn (`tmux`), "" for none.
    """

    glyphs: Glyphs
    colours: Colours
    mouse: bool = False
    serial: bool = False
    animation: bool = False
    console: bool = False
    remote: bool = False
    font: frozenset[str] | None = None
    keeper: str = ""

    @property
    def recorded_by(self) -> str:
        """What may record what is drawn; "" when nothing is known to."""
        return "a serial line" if self.serial else self.keeper

    @property
    def basic(self) -> bool:
        """It understands cursor movement and a few attributes, and may print the rest."""
        return self.serial or self.console


def detect(
    env: Mapping[str, str],
    tty: str | None,
    unimap: frozenset[str] | None,
    choice: str = "auto",
    above: Sequence[str] = (),
) -> Profile:
    """The profile of a terminal.

    `tty` is the device (`os.ttyname`), None when unknown; `unimap` the characters of a Linux
    console's font (`terminal.unimap.read_unimap`), None when it does not say. `choice` is
    `--glyphs`; at `auto` PVE_AUTH_TUI_GLYPHS counts, then what follows:

    - a virtual console: CP437 as far as the font goes, 16 colours, no mouse;
    - a serial device, or a TERM of which we know nothing: ASCII, no colours, no mouse;
    - else Unicode if the locale is UTF-8 (LC_CTYPE=C.UTF-8 alone does not count: Python sets
      it where there is no locale). Where the locale says nothing (C, POSIX, unset, as
      over SSH without `SendEnv`) the terminal must say so itself: by a TERM that only UTF-8
      terminals use (kitty, foot, alacritty, ...), TERM_PROGRAM, or COLORTERM=truecolor.

    A choice changes the glyphs and nothing else. `above` are the names of the processes that
    run us (`terminal.above`): with TERM, TMUX and STY they tell who may record us.
    Raises UsageError for an unknown choice.
    """
    profile = replace(_detected(env, tty, unimap), keeper=_keeper(env, above))
    glyphs = _chosen(choice, "--glyphs") or _chosen(env.get(OVERRIDE) or "auto", OVERRIDE)
    return replace(profile, glyphs=glyphs) if glyphs else profile


def _detected(env: Mapping[str, str], tty: str | None, unimap: frozenset[str] | None) -> Profile:
    term = env.get("TERM", "").lower()
    remote = any(env.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))
    device = tty or ""
    if not _SERIAL_DEVICE.match(device):
        if _CONSOLE_DEVICE.match(device) or _CONSOLE_TERM.match(term):
            colours: Colours = "none" if env.get("NO_COLOR") else "16"
            return Profile("cp437", colours, console=True, remote=remote, font=unimap)
        if _CAPABLE_TERM.match(term):
            glyphs: Glyphs = "unicode" if _speaks_utf8(env, term) else "ascii"
            return Profile(glyphs, _colours(env, term), mouse=True, animation=True, remote=remote)
    return Profile("ascii", "none", serial=True, remote=remote)


def _keeper(env: Mapping[str, str], above: Sequence[str]) -> str:
    term = env.get("TERM", "").lower()
    if env.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    if env.get("STY") or _MULTIPLEXER.match(term):
        return "screen"
    return next((_RECORDERS[name] for name in above if name in _RECORDERS), "")


def _speaks_utf8(env: Mapping[str, str], term: str) -> bool:
    name, _, charset = _locale(env).partition(".")
    if charset.partition("@")[0].lower() in ("utf-8", "utf8"):
        return True
    if name not in _NO_LOCALE:
        return False  # an 8-bit character set, named or implied
    if _MULTIPLEXER.match(term):
        return False  # it draws on a terminal that it does not tell us of
    program = env.get("TERM_PROGRAM", "")
    says_so = bool(program) and not _MULTIPLEXER.match(program)
    return bool(_UTF8_ONLY_TERM.match(term) or says_so or _says_true_colour(env))


def _locale(env: Mapping[str, str]) -> str:
    """The locale for characters, as setlocale(3) chooses it."""
    general = env.get("LANG") or "C"
    characters = env.get("LC_CTYPE") or general
    if characters in _COERCED and general in _NO_LOCALE:
        characters = "C"  # Python's own doing at its start, and no word about the terminal
    return env.get("LC_ALL") or characters


def _colours(env: Mapping[str, str], term: str) -> Colours:
    if env.get("NO_COLOR"):
        return "none"
    if _says_true_colour(env) or term.endswith("-direct"):
        return "true"
    return "256" if "256color" in term or _UTF8_ONLY_TERM.match(term) else "16"


def _says_true_colour(env: Mapping[str, str]) -> bool:
    return env.get("COLORTERM", "").lower() in _TRUE_COLOUR


def _chosen(choice: str, where: str) -> Glyphs | None:
    match choice:
        case "auto":
            return None
        case "unicode" | "cp437" | "ascii":
            return choice
    raise UsageError(f"{where} cannot be {choice!r}.", "Use one of: auto, unicode, cp437, ascii.")
