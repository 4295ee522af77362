"""Is a HID device a security key? What its report descriptor and its uevent file say.

Both come from the device: read within bounds, and no bytes make this fail (R25).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from pve_auth_tui.adapters.keys.trouble import clean

LONGEST: Final = 4096  # bytes; Linux: HID_MAX_DESCRIPTOR_SIZE
_NAME: Final = 64  # characters of a name that are kept

_LONG_ITEM: Final = 0xFE
_SIZES: Final = (0, 1, 2, 4)
# CTAP 2.1, 11.2.8.2: usage page FIDO alliance, usage CTAPHID authenticator device.
_FIDO_PAGE, _CTAPHID = 0xF1D0, 0x01
_KEY: Final = (_FIDO_PAGE << 16) | _CTAPHID
_BITS: Final = 64 * 8


class _Item(IntEnum):
    """Tag and type without the size (Device Class Definition for HID 1.11, 6.2.2)."""

    USAGE_PAGE = 0x04
    USAGE = 0x08
    REPORT_SIZE = 0x74
    INPUT = 0x80
    REPORT_ID = 0x84
    OUTPUT = 0x90
    REPORT_COUNT = 0x94
    COLLECTION = 0xA0
    END_COLLECTION = 0xC0


def is_security_key(descriptor: bytes) -> bool:
    """Whether a top-level collection is CTAPHID's, with the reports of 64 bytes that this program
    speaks, unnumbered.
    """
    page = usage = size = count = depth = received = sent = 0
    inside = False
    for item, value, wide in _items(descriptor[:LONGEST]):
        match item:
            case _Item.USAGE_PAGE:
                page = value
            case _Item.USAGE:  # with four bytes it brings its own page
                usage = value if wide else (page << 16) | value
            case _Item.REPORT_SIZE:
                size = value
            case _Item.REPORT_COUNT:
                count = value
            case _Item.REPORT_ID:
                return False
            case _Item.COLLECTION:
                inside = usage == _KEY if depth == 0 else inside
                depth += 1
            case _Item.END_COLLECTION:
                depth = max(0, depth - 1)
                inside = inside and depth > 0
            case _Item.INPUT if inside:
                received += size * count
            case _Item.OUTPUT if inside:
                sent += size * count
    return received == _BITS and sent == _BITS


class Named(NamedTuple):
    """What a device calls itself."""

    product: str = ""
    serial: str = ""
    vendor_id: int = 0
    product_id: int = 0


def named(uevent: bytes) -> Named:
    """Out of `/sys/class/hidraw/hidrawN/device/uevent`. The kernel's lines come first: a name with
    a line break in it cannot replace one.
    """
    values: dict[str, str] = {}
    for line in uevent[:LONGEST].decode("utf-8", "replace").split("\n"):
        name, equals, value = line.partition("=")
        if equals:
            values.setdefault(name, value)
    _, vendor, product = (*values.get("HID_ID", "").split(":"), "", "", "")[:3]
    return Named(
        clean(values.get("HID_NAME", ""), _NAME),
        clean(values.get("HID_UNIQ", ""), _NAME),
        _number(vendor),
        _number(product),
    )


def _items(descriptor: bytes) -> Iterator[tuple[int, int, bool]]:
    """Tag with type, value, whether the value has four bytes; up to where it is cut off."""
    at = 0
    while at < len(descriptor):
        head = descriptor[at]
        if head == _LONG_ITEM:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        length = _SIZES[head & 0x03]
        data = descriptor[at + 1 : at + 1 + length]
        if len(data) < length:
            return
        yield head & 0xFC, int.from_bytes(data, "little"), length == 4
        at += 1 + length


def _number(text: str) -> int:
    """`00001050`; USB ids have 16 bits."""
    try:
        return int(text, 16) & 0xFFFF if len(text) <= 8 else 0
    except ValueError:
        return 0
