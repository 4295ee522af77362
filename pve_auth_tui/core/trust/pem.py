"""The blocks of a PEM file (RFC 7468), whatever stands around them; and what keys look like."""

from __future__ import annotations

import base64
import binascii
from textwrap import wrap
from typing import Final, NamedTuple

CERTIFICATES: Final = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
PACKED: Final = frozenset({"PKCS7", "CMS", "PKCS #7 SIGNED DATA"})

_BEGIN: Final = b"-----BEGIN "
_END: Final = b"-----END "
_DASHES: Final = b"-----"
_LONGEST_LABEL: Final = 64
_KEY: Final = b"PRIVATE KEY-----"  # PKCS#8, encrypted or not, RSA, EC, OPENSSH
_SEQUENCE, _INTEGER = 0x30, 0x02
_MOST_LENGTH: Final = 4  # octets of a length


class Block(NamedTuple):
    """`der` is empty where what stands in it is no Base64."""

    label: str
    der: bytes


class Blocks(NamedTuple):
    """`has_key`: somewhere in it a private key begins, whole or not."""

    found: tuple[Block, ...]
    has_key: bool


def blocks_of(data: bytes) -> Blocks:
    """In their order. Never raises, and takes time in proportion to the length alone."""
    data = _as_ascii(data)
    found: list[Block] = []
    at = 0
    while (begin := data.find(_BEGIN, at)) >= 0:
        label_at = begin + len(_BEGIN)
        label_end = data.find(_DASHES, label_at, label_at + _LONGEST_LABEL)
        if label_end < 0:
            at = label_at
            continue
        body = label_end + len(_DASHES)
        end = data.find(_END, body)
        if end < 0:
            break
        at = end + len(_END)
        label = data[label_at:label_end]
        if data.startswith(label + _DASHES, at):
            inner = data[body:end].rpartition(_BEGIN)[2]  # one that was never ended stands before
            whole = inner == data[body:end]
            found.append(Block(label.decode("ascii", "replace"), _decoded(inner) if whole else b""))
    return Blocks(tuple(found), _KEY in data)


def certificates_of(data: bytes) -> tuple[bytes, ...]:
    """The DER of each certificate of a PEM file, such as a whole bundle; broken ones left out."""
    return tuple(
        block.der for block in blocks_of(data).found if block.label in CERTIFICATES and block.der
    )


def as_pem(der: bytes) -> str:
    """One certificate, as update-ca-certificates wants it: lines of 64, LF, one at the end."""
    lines = wrap(base64.b64encode(der).decode("ascii"), 64)
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def is_key(der: bytes) -> bool:
    """A private key (PKCS#1, PKCS#8, SEC 1) or a PKCS#12 file: both begin with a small number.

    Certificates and PKCS#7 begin otherwise; an encrypted PKCS#8 cannot be told from a broken file.
    """
    inner = _inside(der)
    if inner is None or len(inner) < 3 or inner[0] != _INTEGER:
        return False
    return inner[1] == 1 and inner[2] in (0, 1, 3)


def is_der(data: bytes) -> bool:
    """An ASN.1 sequence that is as long as the data."""
    return _inside(data) is not None


def _inside(data: bytes) -> bytes | None:
    """The content of the one SEQUENCE that is all of it."""
    if len(data) < 2 or data[0] != _SEQUENCE:
        return None
    length, at = data[1], 2
    if length & 0x80:
        octets = length & 0x7F
        if not 0 < octets <= _MOST_LENGTH or len(data) < 2 + octets:
            return None
        length, at = int.from_bytes(data[2 : 2 + octets]), 2 + octets
    rest = data[at:]
    return rest if len(rest) == length else None


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _as_ascii(data: bytes) -> bytes:
    """Notepad's `Unicode` is UTF-16 with a mark at its beginning."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode("ascii", "replace")
    return data
