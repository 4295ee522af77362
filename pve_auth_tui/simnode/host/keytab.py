"""/etc/krb5.keytab as MIT writes it (version 0x502), with keys that open nothing."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.simnode import made_up

_HEAD: Final = b"\x05\x02"
_NAME_TYPE: Final = 1
_KINDS: Final = {23: 16, 17: 16, 18: 32}  # octets of an arcfour, aes128 and aes256 key
KIND_NAMES: Final = {
    23: "DEPRECATED:arcfour-hmac",
    17: "aes128-cts-hmac-sha1-96",
    18: "aes256-cts-hmac-sha1-96",
}


def keytab(principals: Sequence[str], number: int, now: float) -> bytes:
    """Of `PVE1$@AD.LAB.TEST` and so on; `number` is the keys' version."""
    found = []
    for principal in principals:
        found += [_entry(principal, number, kind, int(now)) for kind in _KINDS]
    return _HEAD + b"".join(found)


def _entry(principal: str, number: int, kind: int, now: int) -> bytes:
    name, _, realm = principal.rpartition("@")
    parts, size = name.split("/"), _KINDS[kind]
    body = struct.pack(">H", len(parts)) + _counted(realm)
    body += b"".join(_counted(part) for part in parts)
    key = made_up.some_bytes(f"keytab {parts} {realm} {number} {kind}", size)
    body += struct.pack(">IIBHH", _NAME_TYPE, now, number & 0xFF, kind, size) + key
    body += struct.pack(">I", number)
    return struct.pack(">i", len(body)) + body


def _counted(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def entries(data: bytes) -> list[tuple[str, int, int, int]]:
    """(principal, version, kind, time) of each entry; none of what is no keytab."""
    found: list[tuple[str, int, int, int]] = []
    if not data.startswith(_HEAD):
        return found
    place = len(_HEAD)
    try:
        while place < len(data):
            (size,) = struct.unpack_from(">i", data, place)
            place += 4
            if size > 0:
                found.append(_read(data[place : place + size]))
            place += abs(size)
    except (struct.error, UnicodeDecodeError):
        return []
    return found


def _read(body: bytes) -> tuple[str, int, int, int]:
    (count,) = struct.unpack_from(">H", body)
    place, words = 2, []
    for _ in range(count + 1):
        (size,) = struct.unpack_from(">H", body, place)
        words.append(body[place + 2 : place + 2 + size].decode())
        place += 2 + size
    _, when, number, kind, _ = struct.unpack_from(">IIBHH", body, place)
    return f"{'/'.join(words[1:])}@{words[0]}", number, kind, when


def principals(data: bytes) -> list[str]:
    """Each once, in their order."""
    return list(dict.fromkeys(entry[0] for entry in entries(data)))
