"""What a key says of itself in every answer (WebAuthn 6.1, authenticator data)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pve_auth_tui.simnode.tfa.cbor import CborError, decode_first
from pve_auth_tui.simnode.tfa.failure import Failure

UNREADABLE: Final = "A NOM parser failure has occurred"
_PRESENT, _ELIGIBLE, _BACKED_UP, _ATTESTED, _EXTENDED = 0x01, 0x08, 0x10, 0x40, 0x80
_HASH, _HEAD, _AAGUID, _SIZE = 32, 37, 16, 2
_PROTECTIONS: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Credential:
    """A new credential; `public_key` is decoded CBOR of any kind."""

    aaguid: bytes
    id: bytes
    public_key: Any


@dataclass(frozen=True, slots=True)
class AuthData:
    """`rp_hash` is the SHA-256 of the relying party's id; `raw` are the bytes that are signed."""

    raw: bytes
    rp_hash: bytes
    flags: int
    counter: int
    credential: Credential | None = None

    @property
    def present(self) -> bool:
        """Did somebody touch the key?"""
        return bool(self.flags & _PRESENT)

    @property
    def eligible(self) -> bool:
        """May the credential be copied to other devices?"""
        return bool(self.flags & _ELIGIBLE)

    @property
    def backed_up(self) -> bool:
        """Has it been?"""
        return bool(self.flags & _BACKED_UP)


def parse(data: bytes, *, registration: bool) -> AuthData:
    """Reads the bytes; what follows them is ignored. Raises Failure."""
    if len(data) < _HEAD:
        raise Failure(UNREADABLE)
    flags, counter = data[_HASH], int.from_bytes(data[_HASH + 1 : _HEAD], "big")
    credential, rest = None, data[_HEAD:]
    try:
        if flags & _ATTESTED:
            credential, rest = _credential(rest)
        if flags & _EXTENDED:
            _require_extensions(decode_first(rest)[0], registration)
    except CborError as error:
        raise Failure(UNREADABLE) from error
    return AuthData(data, data[:_HASH], flags, counter, credential)


def _credential(data: bytes) -> tuple[Credential, bytes]:
    start = _AAGUID + _SIZE
    end = start + int.from_bytes(data[_AAGUID:start], "big")
    if len(data) < max(start, end):
        raise Failure(UNREADABLE)
    key, size = decode_first(data[end:])
    return Credential(data[:_AAGUID], data[start:end], key), data[end + size :]


def _require_extensions(found: Any, registration: bool) -> None:
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise Failure(UNREADABLE)
    if not registration:
        return
    protection, secret = found.get("credProtect"), found.get("hmac-secret")
    known = protection is None or (type(protection) is int and protection in _PROTECTIONS)
    if not known or not isinstance(secret, bool | None):
        raise Failure(UNREADABLE)
