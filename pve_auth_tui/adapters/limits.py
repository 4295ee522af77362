"""How much of a foreign file we take (R10). What is larger is refused, not cut off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MIB: Final = 1024 * 1024

# pmxcfs takes no file above this (MEMDB_MAX_FILE_SIZE), and no more entries than that.
FILE_BYTES: Final = MIB
ENTRIES: Final = 256 * 1024

DATABASE_BYTES: Final = 256 * MIB
LINK_HOPS: Final = 16
PATH_BYTES: Final = 4096

# Files that grow with the number of users, where an honest copy from elsewhere (a test
# cluster, a newer pmxcfs) may exceed pmxcfs's limit; and dpkg's list of all packages.
_LARGER: Final[Mapping[str, int]] = {
    "etc/pve/user.cfg": 4 * MIB,
    "etc/pve/priv/tfa.cfg": 4 * MIB,
    "etc/pve/priv/token.cfg": 4 * MIB,
    "etc/pve/priv/shadow.cfg": 4 * MIB,
    "var/lib/dpkg/status": 64 * MIB,
}


def file_bytes(path: str) -> int:
    """The largest size in bytes that a file of this name (relative to the root) may have."""
    return _LARGER.get(path, FILE_BYTES)


def in_words(count: int) -> str:
    """A limit as people say it: `1 MiB`."""
    return f"{count // MIB} MiB"
