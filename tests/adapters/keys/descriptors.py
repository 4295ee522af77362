"""Report descriptors: of a key, of others, and almost ones."""

from __future__ import annotations

KEY = bytes.fromhex(
    "06d0f1 0901 a101 0920 1500 26ff00 7508 9540 8102 0921 1500 26ff00 7508 9540 9102 c0"
)
KEYBOARD = bytes.fromhex(
    "0501 0906 a101 0507 19e0 29e7 1500 2501 7501 9508 8102 9501 7508 8101 9505 7501 0508"
    "1901 2905 9102 9501 7503 9101 9506 7508 1500 2565 0507 1900 2965 8100 c0"
)
# A consumer collection before the key's, in one interface.
BEHIND = bytes.fromhex("050c 0901 a101 1500 2501 7501 9508 8102 c0") + KEY
# The usage with its page in four bytes, and a size in four.
WIDE = bytes.fromhex("0b0100d0f1 a101 0920 7508 9740000000 8102 0921 7508 9740000000 9102 c0")
NO_KEYS = {
    "nothing": b"",
    "a keyboard": KEYBOARD,
    "another page": KEY.replace(b"\x06\xd0\xf1", b"\x06\xd0\xf2"),
    "another usage": KEY.replace(b"\x09\x01\xa1", b"\x09\x02\xa1"),
    "reports of 32 bytes": KEY.replace(b"\x95\x40", b"\x95\x20"),
    "numbered reports": KEY.replace(b"\xa1\x01", b"\xa1\x01\x85\x01"),
    "a key within another collection": bytes.fromhex("0501 0906 a101") + KEY + b"\xc0",
    "no way in": KEY.replace(b"\x81\x02", b""),
    "no way out": KEY.replace(b"\x91\x02", b""),
    "cut off": KEY[:20],
    "reports outside of it": KEY[:7] + b"\xc0" + KEY[7:],
}
