"""priv/tfa.cfg read exactly as PVE's core does: the JSON form with all its types.

Sources: proxmox-tfa 6.0.5 (api/mod.rs, api/webauthn.rs, u2f.rs, types.rs), webauthn-rs 0.5.2.
Slow; `core.tfaconfig` has a short cut for files as PVE writes them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Literal

from pve_auth_tui.core import otpauth, weburl
from pve_auth_tui.core.serdejson import BRACE, BRACKET, Reader
from pve_auth_tui.core.serdetypes import (
    Field,
    Pairs,
    array,
    boolean,
    enumeration,
    expect,
    expect_integer,
    flattened,
    i64,
    mapping,
    optional,
    sequence,
    string,
    struct,
    u8,
    u32,
    unexpected,
)

KINDS = ("totp", "u2f", "webauthn", "recovery", "yubico")
ALGORITHMS = (
    *("ECDSA_SHA256", "ES256", "ECDSA_SHA384", "ES384", "ECDSA_SHA512", "ES512"),
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("EDDSA", "INSECURE_RS1", "PinUvProtocol"),
)
_NEW_NAMES = {f"ECDSA_SHA{bits}": f"ES{bits}" for bits in (256, 384, 512)}
EC2_CURVES = ("SECP256R1", "SECP384R1", "SECP521R1")
OKP_CURVES = ("ED25519", "ED448")
NEVER_USED = -(2**63)  # `last-count` of a TOTP entry before its first login
_I64 = (-(2**63), 2**63 - 1)

Padding = Literal["any", "whole or none"]


def read_users(data: bytes) -> dict[str, dict[str, Any]]:
    """Userid -> its record with every member present, values in the form PVE writes them.

    Raises SerdeError with PVE's text, TooDeep for more levels than we read.
    """
    reader = Reader(data)
    users: dict[str, dict[str, Any]] = _config(reader)["users"]
    reader.end()
    return users


def decode_base64(text: str, *, url: bool, padding: Padding) -> bytes | None:
    """Strict base64 as Rust's crate decodes it; None when it is not that.

    `any`: padding may be there, in part, or not; `whole or none`: no part of it.
    """
    body = text.rstrip("=")
    missing = -len(body) % 4
    pads = len(text) - len(body)
    allowed = range(missing + 1) if padding == "any" else (0, missing)
    if missing > 2 or pads not in allowed or not body.isascii():
        return None
    alphabet = b"-_" if url else b"+/"
    try:
        data = base64.b64decode(body + "=" * missing, altchars=alphabet, validate=True)
    except binascii.Error:
        return None
    # left-over bits must be zero, and Python takes + and / whatever the alphabet is
    return data if base64.b64encode(data, alphabet).decode().rstrip("=") == body else None


def encode_base64url(data: bytes) -> str:
    """URL-safe base64 without padding, as WebAuthn and tfa.cfg write bytes."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def binary(reader: Reader) -> str:
    """Bytes as some base64 or a list of numbers (PVE 8), given back as base64url."""
    expected = "a url-safe base64-encoded string, bytes, or sequence of integers"
    start = reader.peek()
    if start == BRACKET:
        return encode_base64url(bytes(u8(reader) for _ in reader.items()))
    if start == BRACE:
        raise reader.refuse(f"invalid type: map, expected {expected}")
    text = expect(reader.scalar(expected), str, expected, reader)
    for url in (True, False):
        data = decode_base64(text, url=url, padding="whole or none")
        if data is not None:
            return encode_base64url(data)
    raise reader.refuse(f"invalid value: {unexpected(text)}, expected {expected}")


def _base64(*, url: bool) -> Callable[[Reader], str]:
    def read(reader: Reader) -> str:
        data = decode_base64(string(reader), url=url, padding="any")
        if data is None:
            raise reader.refuse("error decoding base64 data")
        return encode_base64url(data) if url else base64.b64encode(data).decode()

    return read


def web_url(reader: Reader) -> str:
    """A URL with its scheme, as text."""
    text = string(reader)
    try:
        weburl.parse(text)
    except weburl.BadUrl as problem:
        raise reader.refuse(f"{problem}: {unexpected(text).removeprefix('string ')}") from None
    return text


def _otpauth(text: str, reader: Reader) -> str:
    try:
        return otpauth.parse(text).uri()
    except otpauth.BadUri as error:
        raise reader.refuse(str(error)) from error


def _otpauth_text(reader: Reader) -> str:
    expected = "valid TOTP url"
    return _otpauth(expect(reader.scalar(expected), str, expected, reader), reader)


def _totp(reader: Reader) -> str | dict[str, Any]:
    """A URI, or (once used) an object of URI and counter."""
    expected = "a totp string or a TotpEntry struct"
    if reader.peek() != BRACE:
        return _otpauth(expect(reader.scalar(expected), str, expected, reader), reader)
    found: dict[str, Any] = {}
    for name in reader.members():
        if name not in {"totp", "last-count"}:
            raise reader.refuse(f"unknown field `{name}`, expected `totp` or `last-count`")
        if name in found:
            raise reader.refuse(f"duplicate field `{name}`")
        found[name] = _otpauth_text(reader) if name == "totp" else i64(reader)
    if "totp" not in found:
        raise reader.refuse("missing field `totp`")
    count = found.get("last-count", NEVER_USED)
    return found["totp"] if count == NEVER_USED else {"totp": found["totp"], "last-count": count}


_key = struct(
    "COSEKey",
    (
        Field("type_", enumeration(dict.fromkeys(ALGORITHMS))),
        Field(
            "key",
            enumeration(
                {
                    "EC_OKP": struct(
                        "COSEOKPKey",
                        (
                            Field("curve", enumeration(dict.fromkeys(OKP_CURVES))),
                            Field("x", binary),
                        ),
                    ),
                    "EC_EC2": struct(
                        "COSEEC2Key",
                        (
                            Field("curve", enumeration(dict.fromkeys(EC2_CURVES))),
                            Field("x", binary),
                            Field("y", binary),
                        ),
                    ),
                    "RSA": struct("COSERSAKey", (Field("n", binary), Field("e", array(u8, 3)))),
                }
            ),
        ),
    ),
)
_credential = flattened(
    "WebauthnCredential", (Field("cred_id", binary), Field("cred", _key), Field("counter", u32))
)


def _webauthn(reader: Reader) -> dict[str, Any]:
    credential, others = _credential(reader)
    flags = _known_pairs(others, ("backup_eligible", "backup_state"), reader)
    values = {name: expect(value, bool, "a boolean", reader) for name, value in flags.items()}
    kind, key = credential["cred"]["key"]
    if "curve" in key:
        key = {**key, "curve": key["curve"][0]}
    algorithm = credential["cred"]["type_"][0]
    return {
        "cred_id": credential["cred_id"],
        "cred": {"type_": _NEW_NAMES.get(algorithm, algorithm), "key": {kind: key}},
        "counter": credential["counter"],
        "backup_eligible": values.get("backup_eligible", False),
        "backup_state": values.get("backup_state", False),
    }


def _known_pairs(pairs: Pairs, names: tuple[str, ...], reader: Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in names:
            if name in found:
                raise reader.refuse(f"duplicate field `{name}`")
            found[name] = value
    return found


_registration = struct(
    "Registration",
    (
        Field(
            "key",
            struct(
                "RegisteredKey", (Field("keyHandle", _base64(url=True)), Field("version", string))
            ),
        ),
        Field("public-key", _base64(url=False)),
        Field("certificate", _base64(url=False), default=""),
    ),
)


def _u2f(reader: Reader) -> dict[str, Any]:
    registration = _registration(reader)
    if not registration["certificate"]:
        del registration["certificate"]
    return registration


_INFO = ("id", "description", "created", "enable")


def _entry(read: Callable[[Reader], Any]) -> Callable[[Reader], dict[str, Any]]:
    """One factor: id, description, created, enable, and `entry` in the form of its kind."""
    read_members = flattened("TfaEntry", (Field("entry", read),))

    def read_entry(reader: Reader) -> dict[str, Any]:
        members, others = read_members(reader)
        info: dict[str, Any] = {"description": "", "enable": True}
        for name, value in _known_pairs(others, _INFO, reader).items():
            if name == "created":
                info[name] = expect_integer(value, "i64", *_I64, reader)
            elif name == "enable":
                info[name] = expect(value, bool, "a boolean", reader)
            else:
                info[name] = expect(value, str, "a string", reader)
        for name in ("id", "created"):
            if name not in info:
                raise reader.refuse(f"missing field `{name}`")
        unknown = next((name for name, _ in others if name not in _INFO), None)
        if unknown is not None:
            raise reader.refuse(f"unknown field `{unknown}`")
        return {**info, "entry": members["entry"]}

    return read_entry


_recovery = struct(
    "Recovery",
    (
        Field("secret", string),
        Field("entries", sequence(optional(string))),
        Field("created", i64),
    ),
)
_user = struct(
    "TfaUserData",
    (
        Field("totp", sequence(_entry(_totp)), default=()),
        Field("u2f", sequence(_entry(_u2f)), default=()),
        Field("webauthn", sequence(_entry(_webauthn)), default=()),
        Field("recovery", optional(_recovery), default=None),
        Field("yubico", sequence(_entry(string)), default=()),
        Field("totp-locked", boolean, default=False),
        Field("tfa-locked-until", optional(i64), default=None),
    ),
    deny_unknown=True,
)
_config = struct(
    "TfaConfig",
    (
        # settings of other products: PVE checks them and throws them away
        Field(
            "u2f",
            optional(
                struct(
                    "U2fConfig",
                    (
                        Field("appid", string),
                        Field("origin", optional(string), default=None, required_in_list=True),
                    ),
                )
            ),
            default=None,
            required_in_list=True,
        ),
        Field(
            "webauthn",
            optional(
                struct(
                    "WebauthnConfig",
                    (
                        Field("rp", string),
                        Field("origin", optional(web_url), default=None, required_in_list=True),
                        Field("id", string),
                        Field(
                            "allow-subdomains",
                            optional(boolean),
                            default=None,
                            required_in_list=True,
                        ),
                    ),
                    deny_unknown=True,
                )
            ),
            default=None,
            required_in_list=True,
        ),
        Field("users", mapping(_user), default={}),
    ),
)
