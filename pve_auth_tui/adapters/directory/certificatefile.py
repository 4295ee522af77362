"""Files with certificates of any form, taken apart: PEM, DER, PKCS#7 in either."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pve_auth_tui.adapters.directory.certificates import described, unpacked
from pve_auth_tui.core.trust.model import Authority, Contents, Form
from pve_auth_tui.core.trust.pem import CERTIFICATES, PACKED, blocks_of, is_der, is_key

MOST: Final = 500
"""Certificates of one file: what holds more is a whole store, and nobody looks at each of it."""


def read_certificates(data: bytes) -> Contents:
    """Whatever the octets are; never raises."""
    if is_der(data):
        return _of_der(data)
    blocks = blocks_of(data)
    ders: list[bytes] = []
    broken, packed = 0, False
    for block in blocks.found:
        if block.label in PACKED:
            inside = unpacked(block.der)
            packed = True
            broken += inside is None
            ders += inside or ()
        elif block.label in CERTIFICATES:
            broken += not block.der
            ders += [block.der] if block.der else []
    form = Form.PKCS7_PEM if packed else Form.PEM if ders or broken else Form.OTHER
    if form is Form.OTHER and blocks.has_key:
        form = Form.KEY
    return Contents(form, _authorities(ders), blocks.has_key, broken)


def _of_der(data: bytes) -> Contents:
    if is_key(data):
        return Contents(Form.KEY, has_key=True)
    inside = unpacked(data)
    if inside is not None:
        return Contents(Form.PKCS7_DER, _authorities(inside))
    found = _authorities([data])
    if found[0].certificate.problem:
        return Contents(Form.OTHER, broken=1)
    return Contents(Form.DER, found)


def _authorities(ders: Iterable[bytes]) -> tuple[Authority, ...]:
    found = (Authority(described(der), der) for der in list(dict.fromkeys(ders))[:MOST])
    return tuple(found)
