"""QR codes out of half blocks, two modules in one character (fido.md 5, terminal.md C5).

A character cell is about twice as high as wide, so that `▀▄█` give square modules. Where a
terminal lacks them nothing else helps: full blocks would need 33 rows and more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.core.secret import Secret
from pve_auth_tui.terminal.glyphs import translator
from pve_auth_tui.terminal.profile import Profile

QUIET: Final = 2
"""Light modules around the code: ISO 18004 wants four, readers are content with two."""
_BLOCKS: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


@dataclass(frozen=True, slots=True)
class Code:
    """A drawn code: `lines` of half blocks, all as wide, to be shown black on white."""

    lines: tuple[str, ...] = field(repr=False)

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.lines[0])

    @property
    def height(self) -> int:
        """Rows."""
        return len(self.lines)

    def fits(self, width: int, height: int) -> bool:
        """Whether so many columns and rows are enough for it."""
        return self.width <= width and self.height <= height


def drawable(profile: Profile) -> bool:
    """Whether this terminal shows half blocks, and black on white.

    Without colours nobody knows which of the two the terminal's own ground is, and a console's
    font may lack the blocks; what is drawn instead would be another code, or none.
    """
    blocks = "".join(_BLOCKS.values())
    return profile.colours != "none" and translator(profile)(blocks) == blocks


def drawn(text: Secret | str) -> Code:
    """The smallest code for a text, error correction level L."""
    return Code(half_blocks(matrix(text)))


def matrix(text: Secret | str) -> tuple[tuple[bool, ...], ...]:
    """The modules of the code, True for dark, without a quiet zone."""
    from qrcode.constants import ERROR_CORRECT_L  # type: ignore[import-untyped]
    from qrcode.main import QRCode  # type: ignore[import-untyped]  # 17 ms

    code = QRCode(error_correction=ERROR_CORRECT_L, border=0)
    code.add_data(text.reveal() if isinstance(text, Secret) else text)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.modules)


def half_blocks(modules: Sequence[Sequence[bool]]) -> tuple[str, ...]:
    """Rows of modules as lines of `▀▄█` and blanks, with a quiet zone of `QUIET` modules."""
    width = len(modules[0]) + 2 * QUIET
    beside = (False,) * QUIET
    empty = [(False,) * width]
    rows = [*empty * QUIET, *((*beside, *row, *beside) for row in modules), *empty * QUIET]
    if len(rows) % 2:
        rows += empty
    return tuple(
        "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
