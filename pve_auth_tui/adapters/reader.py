"""The child behind `bounded`: opens a tree and answers questions about it on its stdout.

A question is one byte (what), a length and a path, or several joined by NUL. An answer is one
byte (how it went), the tree's source and a payload, both with their length: the bytes of a
file, names joined by NUL, files one after another with a length each (none: it cannot be
read), "1" or nothing for a write bit, or the three texts of an error joined by NUL. Lengths
are four bytes, big-endian.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pve_auth_tui.adapters.limits import DATABASE_BYTES, MIB
from pve_auth_tui.adapters.rootfs import RootTree
from pve_auth_tui.core.errors import Missing, Unreadable

if TYPE_CHECKING:
    from pve_auth_tui.core.ports import Tree

READ: Final = b"r"
NAMES: Final = b"n"
READ_MANY: Final = b"m"
MAY_WRITE: Final = b"w"
GOOD: Final = b"+"
MISSING: Final = b"0"
UNREADABLE: Final = b"-"

ASK: Final = struct.Struct(">cI")
ANSWER: Final = struct.Struct(">cII")
LENGTH: Final = struct.Struct(">I")
NONE: Final = 0xFFFFFFFF

_MEMORY: Final = 4 * DATABASE_BYTES + 256 * MIB


def packed(texts: list[str]) -> bytes:
    """Texts in one payload; whatever a file name or an error holds survives the way."""
    return "\0".join(texts).encode("utf-8", "surrogatepass")


def unpacked(payload: bytes) -> list[str]:
    return payload.decode("utf-8", "surrogatepass").split("\0")


def main() -> None:
    """`argv`: the package's folder (used by the starter), `files` or `database`, root, reason."""
    # Nothing can be written, dumped or blown up from here on, whatever the tree holds.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    rung, root, reason = sys.argv[2:]
    serve(lambda: _opened(rung, root, reason))


def serve(opened: Callable[[], Tree]) -> None:
    """Answer until the other side closes its end. An error of opening answers each question."""
    tree: Tree | None = None
    while head := _exactly(ASK.size):
        what, length = ASK.unpack(head)
        path = _exactly(length).decode("utf-8", "surrogatepass")
        try:
            tree = tree or opened()
            how, found = GOOD, _answer(tree, what, path)
        except Unreadable as error:
            how = MISSING if isinstance(error, Missing) else UNREADABLE
            found = packed([str(error), error.hint, error.original])
        source = (tree.source if tree else "").encode()
        _write(ANSWER.pack(how, len(source), len(found)) + source + found)


def _answer(tree: Tree, what: bytes, path: str) -> bytes:
    if what == READ:
        return tree.read(path)
    if what == NAMES:
        return packed(list(tree.names(path)))
    if what == MAY_WRITE:
        if not isinstance(tree, RootTree):
            raise Unreadable(f"{tree.source} says nothing about who may write.")
        return b"1" if tree.owner_may_write(path) else b""
    return b"".join(_piece(tree, one) for one in path.split("\0"))


def _piece(tree: Tree, path: str) -> bytes:
    try:
        found = tree.read(path)
    except Unreadable:
        return LENGTH.pack(NONE)
    return LENGTH.pack(len(found)) + found


def _opened(rung: str, root: str, reason: str) -> Tree:
    if rung == "files":
        tree = RootTree(root)
        tree.require()
        return tree
    # Only here, so that reading files does not pay for SQLite.
    from pve_auth_tui.adapters.database import DatabaseTree

    return DatabaseTree(root, reason)


def _exactly(count: int) -> bytes:
    """That many bytes of stdin; b"" at its end."""
    data = b""
    while len(data) < count:
        chunk = os.read(0, count - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]
