"""What would be pasted, from a file: for terminals that take no paste of several KiB."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from pve_auth_tui.core.errors import Unreadable, UsageError
from pve_auth_tui.core.secret import Secret

MOST: Final = 256 * 1024  # bytes


def pasted_file(path: Path) -> Secret:
    """All of a file. Blocking. Raises Unreadable, and UsageError as `as_pasted` does."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise Unreadable(f"{path} is no file.")
        return as_pasted(_all(number))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    finally:
        os.close(number)


def as_pasted(data: bytes) -> Secret:
    """Without the blanks around it. Raises UsageError for nothing, and for more than 256 KiB."""
    if len(data) > MOST:
        raise UsageError("That is more than 256 KiB.", "Nothing was sent.")
    text = data.decode("utf-8", "replace").strip()
    if not text:
        raise UsageError("Nothing was pasted.", "Nothing was sent.")
    return Secret(text)


def _all(number: int) -> bytes:
    data = bytearray()
    while len(data) <= MOST and (more := os.read(number, 65536)):
        data += more
    return bytes(data)
