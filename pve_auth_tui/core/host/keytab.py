"""Whose keys a keytab holds: the names alone (MIT's format 0x0502, file_format.html#keytab)."""

from __future__ import annotations

import struct
from typing import Final

PATH: Final = "/etc/krb5.keytab"

_MAGIC: Final = b"\x05\x02"


def principals(data: bytes) -> tuple[str, ...]:
    """`host/pve1.ad.example.com@AD.EXAMPLE.COM`, each once, in their order; () for no keytab, and
    what can be read of a damaged one.
    """
    found: dict[str, None] = {}
    if not data.startswith(_MAGIC):
        return ()
    at = len(_MAGIC)
    try:
        while at < len(data):
            (size,) = struct.unpack_from(">i", data, at)
            at += 4
            if size > 0:  # a negative size is a hole
                found[_principal(data[at : at + size])] = None
            at += abs(size)
            if size == 0:
                break
    except struct.error:
        pass
    return tuple(found)


def of_realm(names: tuple[str, ...], realm: str) -> tuple[str, ...]:
    """Those of a Kerberos realm, whatever its capitals."""
    return tuple(one for one in names if one.rpartition("@")[2].lower() == realm.lower())


def _principal(entry: bytes) -> str:
    (count,) = struct.unpack_from(">H", entry)
    at, parts = 2, []
    for _ in range(count + 1):  # the realm stands first
        (size,) = struct.unpack_from(">H", entry, at)
        parts.append(entry[at + 2 : at + 2 + size].decode(errors="replace"))
        at += 2 + size
    return f"{'/'.join(parts[1:])}@{parts[0]}"
