"""What leaves nothing of a secret on the terminal, as far as the terminal obeys (R7).

Everything is erased line by line first: tmux, PuTTY and others save a screen that is cleared
as a whole (`ESC[2J`) to their scrollback, and by then there is nothing left to save. What came
into the scrollback all the same, as where there is no alternate screen, `ESC[3J` drops. A VT220
reads past both. Recorders and the log at the other end of a serial line keep what they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.driver import Driver

ERASE: Final = "\x1b[0m\x1b[2;1H\x1b[J\x1b[H\x1b[K"
"""Erases from the second line to the end, then the first."""
FORGET: Final = "\x1b[2J\x1b[3J"
"""Clears the empty screen, then what has left it."""


class Wiping:
    """A driver that knows whether it has drawn a secret; then it ends with `FORGET`, too."""

    secrets_shown = False


def marked(driver: Driver | None) -> None:
    """A secret is about to be drawn."""
    if isinstance(driver, Wiping):
        driver.secrets_shown = True


def cleared(driver: Driver | None) -> None:
    """Erase what the terminal shows, and what it has kept. Whoever calls this draws anew."""
    if driver is not None:
        driver.write(ERASE + FORGET)
        driver.flush()
