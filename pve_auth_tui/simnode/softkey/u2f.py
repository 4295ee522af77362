"""U2F (FIDO U2F 1.2, raw messages), the way that CTAP2 keys speak it, too."""

from __future__ import annotations

import struct
from typing import Final

from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.credential import ES256, Credential, sign
from pve_auth_tui.simnode.softkey.person import Operation

_DONE: Final = b"\x90\x00"
_NOT_TOUCHED: Final = b"\x69\x85"  # conditions not satisfied
_WRONG_DATA: Final = b"\x6a\x80"
_WRONG_LENGTH: Final = b"\x67\x00"
_UNKNOWN: Final = b"\x6d\x00"
_REGISTER, _SIGN, _VERSION = 1, 2, 3
_ONLY_LOOK: Final = 0x07  # P1 of a sign request
_HEAD, _BOTH_HASHES = 7, 64


def answer(key: SoftKey, operation: Operation, apdu: bytes) -> bytes:
    """One APDU with extended length. Raises Unplugged."""
    if not key.has_u2f:
        return _UNKNOWN
    if len(apdu) < 4:
        return _WRONG_LENGTH
    instruction, p1 = apdu[1], apdu[2]
    data = apdu[_HEAD : _HEAD + struct.unpack(">H", apdu[5:7])[0]] if len(apdu) > _HEAD else b""
    key.log.append(f"u2f:{instruction}")
    operation.point(f"u2f:{instruction}")
    match instruction:
        case 1:
            return _register(key, data)
        case 2:
            return _sign(key, data, only_look=p1 == _ONLY_LOOK)
        case 3:
            return b"U2F_V2" + _DONE
    return _UNKNOWN


def _register(key: SoftKey, data: bytes) -> bytes:
    if len(data) != _BOTH_HASHES:
        return _WRONG_LENGTH
    if not key.person.touched_since_asked():
        return _NOT_TOUCHED
    key.log.append("touched:u2f-register")
    param, application = data[:32], data[32:]
    made = key.new_credential(application, ES256)
    signature = sign(key.make.key, b"\0" + application + param + made.id + made.point)
    name = bytes([len(made.id)]) + made.id
    return b"\x05" + made.point + name + key.make.certificate + signature + _DONE


def _sign(key: SoftKey, data: bytes, *, only_look: bool) -> bytes:
    if len(data) <= _BOTH_HASHES or len(data) != _BOTH_HASHES + 1 + data[_BOTH_HASHES]:
        return _WRONG_LENGTH
    param, application, name = data[:32], data[32:64], data[65:]
    held: Credential | None = key.credentials.get(name)
    if held is None or held.rp_hash != application or held.algorithm != ES256:
        return _WRONG_DATA
    if only_look or not key.person.touched_since_asked():
        return _NOT_TOUCHED
    key.log.append("touched:u2f-sign")
    head = struct.pack(">BI", 1, key.next_counter())
    return head + held.sign(application + head + param) + _DONE
