"""Textual's Linux driver, for terminals as they are in a rack. Why each part is there:

- input goes through `terminal.input`, which no byte can kill; a terminal that is gone ends
  the program (Textual 8.2.8 spins, or shows a traceback to nobody);
- the size comes from the terminal that is drawn on, and where a serial line says 0x0 from
  COLUMNS and LINES; Textual asks stdout, prefers the variables, and takes 80x25 for TERM=dumb;
- output is UTF-8 whatever the locale's encoding and PYTHONIOENCODING say: which characters
  may be written is the profile's decision;
- the screen is cleared before it is left, for where there is no alternate screen (R7);
- a kernel console and a plain terminal get none of the questions and modes they would not
  understand: they may print them.
"""

from __future__ import annotations

import os
import re
import selectors
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from pve_auth_tui.terminal.input import Input
from pve_auth_tui.terminal.profile import Profile
from pve_auth_tui.terminal.wipe import ERASE, FORGET, Wiping

if TYPE_CHECKING:
    from textual.app import App

_OUTPUT: Final = 2  # Textual draws on stderr
_CHUNK: Final = 4096  # bytes read at once
_WAIT: Final = 0.1  # seconds between looks at the clock, for a lone Esc
_SIZE: Final = (80, 24)
_KITTY_END: Final = "\x1b[<u"  # of a protocol that is never begun (terminal.settings)
# Sequences beyond ECMA-48: private modes, questions, keyboard protocols, OSC.
_PRIVATE = re.compile(r"\x1b(\[[<=>?]|\])")


class TolerantDriver(Wiping, LinuxDriver):
    """For terminals that know what Textual asks of them."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = open(  # noqa: SIM115 (for as long as the driver lives; fd 2 stays open)
            _OUTPUT, "w", encoding="utf-8", errors="replace", newline="", closefd=False
        )
        self._size = size or self._get_terminal_size()

    def _get_terminal_size(self) -> tuple[int, int]:
        columns = lines = 0
        for fd in (_OUTPUT, self.fileno):
            if not (columns and lines):
                with suppress(OSError):
                    columns, lines = os.get_terminal_size(fd)
        return (
            columns or _number("COLUMNS") or _SIZE[0],
            lines or _number("LINES") or _SIZE[1],
        )

    def run_input_thread(self) -> None:
        """Read until told to stop, or until the terminal is gone."""
        source = Input()
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_WAIT):
                    data = self._read()
                    if not data:
                        self._app.call_later(self._app.exit, return_code=1)
                        return
                    for message in source.feed(data, monotonic()):
                        self.process_message(message)
                for message in source.tick(monotonic()):
                    self.process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _CHUNK)
        except OSError:
            return b""

    def write(self, data: str) -> None:
        if data != _KITTY_END:
            super().write(data)

    def stop_application_mode(self) -> None:
        self.write(ERASE + FORGET if self.secrets_shown else ERASE)
        super().stop_application_mode()


class BasicDriver(TolerantDriver):
    """For a kernel console: of all private sequences only those it is known to obey."""

    understood: ClassVar = frozenset(
        f"\x1b[?{mode}{switch}" for mode in (7, 25, 1049, 2004) for switch in "hl"
    )

    def write(self, data: str) -> None:
        if not _PRIVATE.match(data) or data in self.understood:
            super().write(data)


class SerialDriver(BasicDriver):
    """For a plain terminal: line wrap and the alternate screen, which a VT220 reads past.

    The cursor stays visible: without colours it helps people and screen readers to follow.
    """

    understood: ClassVar = frozenset(
        f"\x1b[?{mode}{switch}" for mode in (7, 1049) for switch in "hl"
    )


def driver_class(profile: Profile) -> type[Driver]:
    """The driver for a profile, for App's `driver_class`."""
    if profile.serial:
        return SerialDriver
    return BasicDriver if profile.console else TolerantDriver


def _number(name: str) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 4 else 0
