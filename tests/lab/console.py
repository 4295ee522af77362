"""Run a program on a real virtual console of this machine's kernel and look at the result.

Needs root and a kernel with virtual consoles; no screen. Not part of `make test`:

    python -m tests.lab.console                         the sample of tests/terminal
    python -m tests.lab.console .venv/bin/pve-auth-tui demo
    CONSOLE=41 KEYS=2jj python -m tests.lab.console ...  another console; keys to press

Prints the console as the kernel has it. Fails when a character is shown that the console's
font does not have, or text in the colour of its background.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import sys
import tempfile
import termios
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pve_auth_tui.terminal.unimap import read_unimap

SAMPLE = (sys.executable, "-m", "tests.terminal.sample_app")
_MAJOR = 7  # of the devices vcs, vcsu and vcsa
_UNICODE, _ATTRIBUTES = 64, 128  # minors: what is on the screen, and in which colours
_RESET = b"\x1bc\x1b%G"  # everything as at the start, and UTF-8
_PATIENCE = 3.0  # seconds to draw


@dataclass(frozen=True)
class Picture:
    """`attributes`: a byte for each cell, background in the upper half, text in the lower."""

    lines: list[str]
    attributes: list[bytes]

    def unlike(self, font: frozenset[str]) -> set[str]:
        return {character for line in self.lines for character in line} - font - {" "}

    def invisible(self) -> str:
        return "".join(
            character
            for line, attributes in zip(self.lines, self.attributes, strict=True)
            for character, attribute in zip(line, attributes, strict=True)
            if character != " " and attribute & 7 == attribute >> 4 & 7
        )


def take_picture(console: int, folder: Path) -> Picture:
    """The console's content, read from the kernel."""

    def read(minor: int) -> bytes:
        device = folder / str(minor)
        if not device.exists():
            os.mknod(device, 0o20600, os.makedev(_MAJOR, minor + console))
        return device.read_bytes()

    cells = read(_ATTRIBUTES)
    rows, columns = cells[0], cells[1]
    codes = struct.unpack(f"={rows * columns}I", read(_UNICODE))
    text = "".join(chr(code or 0x20) for code in codes)
    starts = range(0, rows * columns, columns)
    return Picture(
        [text[start : start + columns] for start in starts],
        [cells[4:][1::2][start : start + columns] for start in starts],
    )


def start(command: list[str], device: str) -> int:
    """The process id of a program that has the console as its terminal."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    fd = os.open(device, os.O_RDWR)
    fcntl.ioctl(fd, termios.TIOCSCTTY, 1)
    for number in (0, 1, 2):
        os.dup2(fd, number)
    os.write(1, _RESET)
    env = {"PATH": os.environ["PATH"], "TERM": "linux"}
    os.execve(command[0], command, env)  # noqa: S606


def main() -> int:
    command = sys.argv[1:] or list(SAMPLE)
    console = int(os.environ.get("CONSOLE", "40"))
    device = f"/dev/tty{console}"
    fd = os.open(device, os.O_RDWR | os.O_NOCTTY)
    font = read_unimap(fd)
    if font is None:
        print(f"{device} does not say what its font can show.")
        return 1
    child = start(command, device)
    time.sleep(_PATIENCE)
    for key in os.environ.get("KEYS", "").encode():
        fcntl.ioctl(fd, termios.TIOCSTI, bytes([key]))
        time.sleep(0.1)
    time.sleep(1)
    with tempfile.TemporaryDirectory() as folder:
        picture = take_picture(console, Path(folder))
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    Path(device).write_bytes(_RESET)
    unlike, invisible = picture.unlike(font), picture.invisible()
    print("\n".join(picture.lines))
    print(f"not in the font: {''.join(sorted(unlike)) or 'none'}")
    print(f"text in the colour of its background: {invisible or 'none'}")
    return 1 if unlike or invisible else 0


if __name__ == "__main__":
    sys.exit(main())
