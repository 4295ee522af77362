"""SQLite's write-ahead log laid over a copy of its database, in memory.

pmxcfs keeps config.db in WAL mode: the newest changes stand in `config.db-wal` until a
checkpoint brings them over. SQLite itself would read them only through files beside the
original; laying the log over a copy needs no file at all, so none can be left behind.
The rules are those of SQLite's own recovery (https://www.sqlite.org/fileformat2.html#walformat):
a frame counts when its salts are the header's and the running checksum fits, and only up
to the last frame that ends a transaction.
"""

from __future__ import annotations

import struct
from typing import Final

from pve_auth_tui.adapters.limits import DATABASE_BYTES, in_words
from pve_auth_tui.core.errors import Unreadable

HEADER_BYTES: Final = 32
_FRAME_HEADER: Final = 24
_MAGIC: Final = 0x377F0682  # the lowest bit says that checksums are big-endian
_VERSION: Final = 3007000
_U32: Final = 0xFFFFFFFF


def laid_over(image: bytearray, log: bytes) -> None:
    """Bring the committed frames of `log` into `image`, in place.

    A log that is empty, of an earlier generation or not a log at all changes nothing, as
    with SQLite. Raises Unreadable when the result would be larger than any database of pmxcfs.
    """
    if len(log) < HEADER_BYTES:
        return
    magic, version, page_size, _, salt, check = struct.unpack_from(">IIII8s8s", log)
    order = ">" if magic & 1 else "<"
    running = _checksum((0, 0), log[: HEADER_BYTES - 8], order)
    if (
        magic & ~1 != _MAGIC
        or version != _VERSION
        or page_size not in {1 << bits for bits in range(9, 17)}
        or struct.unpack(">II", check) != running
    ):
        return
    pages: dict[int, int] = {}  # of the transaction being read: page -> where its data stands
    frame = _FRAME_HEADER + page_size
    for at in range(HEADER_BYTES, len(log) - frame + 1, frame):
        page, size, frame_salt, check = struct.unpack_from(">II8s8s", log, at)
        running = _checksum(running, log[at : at + 8], order)
        data = at + _FRAME_HEADER
        running = _checksum(running, log[data : data + page_size], order)
        if not page or frame_salt != salt or struct.unpack(">II", check) != running:
            return
        pages[page] = data
        if size:
            _commit(image, log, pages, page_size, size)
            pages.clear()


def _commit(image: bytearray, log: bytes, pages: dict[int, int], page_size: int, size: int) -> None:
    """`size` is the database's length in pages after this transaction."""
    wanted = size * page_size
    if wanted > DATABASE_BYTES:
        raise Unreadable(
            f"config.db-wal makes config.db larger than {in_words(DATABASE_BYTES)}.",
            "Is it really the database of pmxcfs?",
        )
    if wanted < len(image):
        del image[wanted:]
    for page, at in sorted(pages.items()):
        if page <= size:
            start = (page - 1) * page_size
            if start > len(image):
                image.extend(bytes(start - len(image)))
            image[start : start + page_size] = log[at : at + page_size]


def _checksum(start: tuple[int, int], data: bytes, order: str) -> tuple[int, int]:
    first, second = start
    for left, right in struct.iter_unpack(f"{order}II", data):
        first = (first + left + second) & _U32
        second = (second + right + first) & _U32
    return first, second
