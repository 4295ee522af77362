"""priv/tfa.cfg in its old form, `user:type:base64(json)` lines, which PVE still reads.

Source: bindings/tfa.rs of pve-rs 0.13.0 (parse_old_config).
"""

from __future__ import annotations

import binascii
from typing import Any

from pve_auth_tui.core import otpauth
from pve_auth_tui.core.serdejson import Reader, SerdeError
from pve_auth_tui.core.tfafile import decode_base64, encode_base64url

_BLANKS = b" \t\n\r\f"  # ASCII white space as Rust knows it: no vertical tab
_V1_BASE32, _V1_HEX = 16, 40
_LARGEST_USIZE = 2**64 - 1
_LARGEST_U8 = 255


class BadLines(Exception):
    """PVE's core refuses the file; the text is its own."""


class Panic(Exception):
    """PVE's core crashes on the file; the text is its own."""


def read_users(data: bytes) -> dict[str, dict[str, Any]]:
    """Userid -> record, as `core.tfafile.read_users`; of two lines for a user the last counts.

    Raises BadLines, Panic, or serdejson.TooDeep.
    """
    users: dict[str, dict[str, Any]] = {}
    for line in data.split(b"\n"):
        text = line.strip(_BLANKS)
        if not text or text.startswith(b"#"):
            continue
        raw_userid, _, rest = text.partition(b":")
        kind, colon, value = rest.partition(b":")
        if not colon:
            raise BadLines("bad line in tfa config")
        userid = _userid(raw_userid)
        users[userid] = _record(kind, value, userid)
    return users


def _userid(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadLines("bad non-utf8 username in tfa config") from error


def _record(kind: bytes, value: bytes, userid: str) -> dict[str, Any]:
    data = decode_base64(value.decode("latin-1"), url=False, padding="any")
    if data is None:
        problem = "error decoding base64 data"
        raise BadLines(f"failed to decode data in tfa config entry - {problem}")
    record: dict[str, Any] = {"totp": (), "u2f": (), "webauthn": (), "yubico": ()}
    record.update({"recovery": None, "totp-locked": False, "tfa-locked-until": None})
    content = _json(data)
    if kind == b"u2f":
        record["u2f"] = _entries(_u2f(content))
    elif kind == b"oath":
        record["totp"] = _entries(_oath(content, userid))
    elif kind == b"yubico":
        keys = _words(_text(_object(content, "yubico"), "keys", "yubico"))
        record["yubico"] = _entries(keys)
    else:
        raise BadLines(_unknown_kind(kind))
    return record


def _unknown_kind(kind: bytes) -> str:
    try:
        return f'unknown tfa.cfg entry type: "{kind.decode()}"'
    except UnicodeDecodeError:
        return "unknown tfa.cfg entry type"


def _json(data: bytes) -> Any:
    reader = Reader(data)
    try:
        value = reader.any()
        reader.end()
    except SerdeError as error:
        raise BadLines(f"failed to parse json data in tfa entry - {error}") from error
    return value


def _entries(values: list[Any]) -> list[dict[str, Any]]:
    info = {"id": "v1-entry", "description": "<old version 1 entry>", "created": 0, "enable": True}
    return [{**info, "entry": value} for value in values]


def _object(content: Any, kind: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise BadLines(f"bad json type for {kind} registration")
    return content


def _text(content: dict[str, Any], name: str, kind: str) -> str:
    if name not in content:
        raise BadLines(f"missing '{name}' value in {kind} entry")
    value = content[name]
    if not isinstance(value, str):
        raise BadLines(f"bad '{name}' value")
    return value


def _words(text: str) -> list[str]:
    marks = text.replace(",", " ").replace(";", " ").split(" ")
    return [word for mark in marks if (word := mark.strip(_BLANKS.decode()))]


def _u2f(content: Any) -> list[dict[str, Any]]:
    registration = _object(content, "u2f")
    if "challenge" in registration:
        return []  # never finished
    handle_text = _text(registration, "keyHandle", "u2f")
    handle = decode_base64(handle_text, url=True, padding="any")
    if handle is None or handle_text.endswith("="):
        raise BadLines("handle in u2f entry")
    key = decode_base64(_text(registration, "publicKey", "u2f"), url=False, padding="any")
    if key is None:
        raise BadLines("bad public key in u2f entry")
    if registration.keys() - {"keyHandle", "publicKey"}:
        raise BadLines("invalid extra data in u2f entry")
    return [
        {
            "key": {"keyHandle": encode_base64url(handle), "version": "U2F_V2"},
            "public-key": binascii.b2a_base64(key, newline=False).decode(),
        }
    ]


def _oath(content: Any, userid: str) -> list[str]:
    oath = _object(content, "oath")
    if "config" not in oath:
        raise BadLines("missing 'config' entry in oath tfa entry")
    config = oath["config"]
    if not isinstance(config, dict):
        raise BadLines("bad 'config' entry in oath tfa entry")
    period = _number(config, "step", 30, _LARGEST_USIZE)
    if period == 0:
        raise Panic("zero as 'period' value is invalid")
    digits = _number(config, "digits", 6, _LARGEST_U8)
    if config.keys() - {"step", "digits"}:
        raise BadLines("unhandled totp config keys in oath entry")
    return [
        otpauth.Totp(_secret(word), userid, digits=digits, period=period).uri()
        for word in _words(_text(oath, "keys", "oath"))
    ]


def _number(config: dict[str, Any], name: str, default: int, maximum: int) -> int:
    if name not in config:
        return default
    value = config[name]
    number = otpauth.unsigned(value, maximum) if isinstance(value, str) else value
    if type(number) is not int or not 0 <= number <= maximum:
        raise BadLines(f"bad '{name}' value in oath config")
    return number


def _secret(word: str) -> bytes:
    if word.startswith("v2-0x"):
        return _hex(word.removeprefix("v2-0x"), "v2")
    if word.startswith("v2-"):
        return _base32(word.removeprefix("v2-"), "v2")
    length = len(word.encode())
    if length == _V1_BASE32:
        return _base32(word, "v1")
    if length == _V1_HEX:
        return _hex(word, "v1")
    raise BadLines("unrecognized key format, must be hex or base32 encoded")


def _hex(text: str, version: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except ValueError as error:
        raise BadLines(f"bad {version} hex key in oath entry") from error


def _base32(text: str, version: str) -> bytes:
    try:
        return otpauth.decode_base32(text)
    except otpauth.BadUri as error:
        raise BadLines(f"bad {version} base32 key in oath entry") from error
