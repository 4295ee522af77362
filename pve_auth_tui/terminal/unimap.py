"""Ask a Linux console which characters its font can show.

`ioctl(GIO_UNIMAP)` on the console answers with pairs of Unicode character and position in
the font (console_ioctl(4), linux/kd.h). Any other terminal refuses.
"""

from __future__ import annotations

import fcntl
import struct
from array import array

_GIO_UNIMAP = 0x4B66
_MOST = 0xFFFF  # entry_ct is an unsigned short
_FIRST_OF_TEXT = 0x20


def read_unimap(fd: int) -> frozenset[str] | None:
    """The characters of the console's font, or None when `fd` is no Linux console.

    None too when the map is empty: such a font is used by position and tells nothing.
    """
    pairs = array("H", bytes(2 * 2 * _MOST))
    request = struct.pack("HP", _MOST, pairs.buffer_info()[0])
    try:
        answer = fcntl.ioctl(fd, _GIO_UNIMAP, request)
    except OSError:
        return None
    return characters(pairs[: 2 * struct.unpack_from("H", answer)[0]])


def characters(pairs: array[int]) -> frozenset[str] | None:
    """The characters of a list `character, position, character, position, ...`."""
    found = frozenset(chr(code) for code in pairs[::2] if code >= _FIRST_OF_TEXT)
    return found or None
