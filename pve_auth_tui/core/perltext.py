"""How PVE's Perl reads and writes text: what is false, what is blank, how lists and bytes look.

Sources: PVE::ParseUtils and PVE::File of pve-common 9.2.1, Encode, URI::Escape. File
contents are bytes; as text they are latin-1 here (one character per byte, as in Perl),
and only fields that PVE percent-encodes are decoded to real text.
"""

from __future__ import annotations

import re
from urllib.parse import quote

BLANKS = " \t\n\r\f\v"

FALSE: frozenset[str | None] = frozenset({None, "", "0"})
"""What Perl takes for false: undefined, empty, and the digit."""

_LIST_BLANKS = re.compile("[ \t\n\r\f\v\x85\xa0]+")
# What Encode takes for one character: a lead byte with the continuation bytes that follow it,
# as many as the lead byte promises. Longer than Unicode's own table on purpose.
_CHARACTER = re.compile(
    rb"[\x00-\x7f]+|[\xc0-\xdf][\x80-\xbf]?|[\xe0-\xef][\x80-\xbf]{0,2}|[\xf0-\xf7][\x80-\xbf]{0,3}"
    rb"|[\xf8-\xfb][\x80-\xbf]{0,4}|[\xfc\xfd][\x80-\xbf]{0,5}|\xfe[\x80-\xbf]{0,6}"
    rb"|\xff[\x80-\xbf]{0,12}|[\x80-\xbf]"
)
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_BYTES = {f"{code:02X}": chr(code) for code in range(256)}
_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "%:")
_LARGEST_INTEGER = 2**64 - 1
_MOST_DIGITS = 309  # of the largest float; Perl calls what is longer Inf
_INFINITE = int("1" + "0" * _MOST_DIGITS)


def truthy(text: str | None) -> bool:
    """Perl's idea of true."""
    return text not in FALSE


def lines(text: str) -> list[str]:
    r"""The lines that `/^\s*(.+?)\s*$/gm` finds: blanks cut off, empty ones left out.

    A text of nothing but blanks gives its last blank: so does the expression.
    """
    found = [line for raw in text.split("\n") if (line := raw.strip(BLANKS))]
    if not found and (rest := text.replace("\n", "")):
        return [rest[-1]]
    return found


def has_blank_fields(text: str) -> bool:
    """Whether `fields` has blanks to cut off inside any line of a text."""
    return any(
        blank in text and (f"{blank}:" in text or f":{blank}" in text)
        for blank in BLANKS.replace("\n", "")
    )


def split_list(text: str | None) -> list[str]:
    """PVE's lists: separated by `,` `;` and blanks, or by NUL alone where there is one."""
    if not text:
        return []
    spaced = text.replace(",", " ").replace(";", " ")
    if text.isprintable():  # then the space is the only blank
        return spaced.split()
    if "\0" in text:
        parts = text.rstrip("\0")
        return parts.split("\0") if parts else []
    return [item for item in _LIST_BLANKS.split(spaced) if item]


def decode_utf8(data: bytes) -> str:
    """Bytes as text the way Encode does it: one U+FFFD for each malformed sequence.

    Encode also lets surrogates and numbers above U+10FFFF pass, which are no text;
    they become U+FFFD here.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(_character(found) for found in _CHARACTER.findall(data))


def _character(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "\ufffd"


def decode_text(field: str) -> str:
    """A percent-encoded field (`PVE::Tools::decode_text`)."""
    if field.isascii() and "%" not in field:
        return field
    return decode_utf8(_ESCAPE.sub(_unescape, field).encode("latin-1"))


def _unescape(found: re.Match[str]) -> str:
    return _BYTES[found[1].upper()]


def encode_text(text: str) -> str:
    """Text as a field: `%`, `:`, control and non-ASCII bytes as %XX (`encode_text`)."""
    return quote(text.encode("utf-8", "replace"), safe=_SAFE)


def is_number(text: str) -> bool:
    """Decimal digits and nothing else."""
    return text.isascii() and text.isdecimal()


def number(digits: str) -> int:
    """Perl's `int` of decimal digits. What it would call Inf is a number of 310 digits."""
    digits = digits.lstrip("0")
    if len(digits) > _MOST_DIGITS:
        return _INFINITE
    return int(digits or "0")


def shown_number(value: int) -> str:
    """A number as Perl prints it: beyond 64 bits in scientific notation."""
    if value <= _LARGEST_INTEGER:
        return str(value)
    try:
        return f"{float(value):.15g}"
    except OverflowError:
        return "Inf"


def encode_file(text: str) -> bytes:
    """A file's bytes: latin-1, or all of it UTF-8 once one character does not fit (`print`)."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
