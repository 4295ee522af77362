"""What a browser sends, read with the core's types (webauthn-rs-proto 0.5.2).

All raise serdejson.SerdeError with the core's words.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from pve_auth_tui.core.serdejson import QUOTE, Reader, SerdeError, TooDeep
from pve_auth_tui.core.serdetypes import (
    Field,
    Read,
    boolean,
    enumeration,
    flattened,
    optional,
    sequence,
    string,
    struct,
    u32,
)
from pve_auth_tui.core.tfafile import binary, web_url
from pve_auth_tui.core.weburl import Url, parse
from pve_auth_tui.simnode.tfa.cosekey import decoded

_POSITION: Final = re.compile(r" at line \d+ column \d+$")
_TRANSPORTS: Final = ("usb", "nfc", "ble", "internal", "hybrid", "test", "unknown")
_PROTECTIONS: Final = (
    "userVerificationOptional",
    "userVerificationOptionalWithCredentialIDList",
    "userVerificationRequired",
)


@dataclass(frozen=True, slots=True)
class Registration:
    """The answer of a key that was registered."""

    attestation: bytes
    client_data: bytes


@dataclass(frozen=True, slots=True)
class Assertion:
    """The answer of a key to a login."""

    id: bytes
    auth_data: bytes
    client_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class ClientData:
    """What the browser vouches for, and the key has signed."""

    type: str
    challenge: bytes
    origin: Url
    cross_origin: bool


def value(text: str) -> Any:
    """Any JSON."""
    return _whole(Reader.any, text.encode())


def registration(text: str) -> Registration:
    """The `value` of a second POST."""
    response = _whole(_REGISTRATION, text.encode())["response"]
    return Registration(decoded(response["attestationObject"]), decoded(response["clientDataJSON"]))


def assertion(response: Any) -> Assertion:
    """The object of a login; the core has it parsed already, so no position is told."""
    try:
        found = _whole(_ASSERTION, json.dumps(response, sort_keys=True).encode())
    except SerdeError as error:
        raise SerdeError(_POSITION.sub("", str(error))) from None
    data = found["response"]
    parts = (data[name] for name in ("authenticatorData", "clientDataJSON", "signature"))
    return Assertion(decoded(found["rawId"]), *map(decoded, parts))


def client_data(data: bytes) -> ClientData:
    """The bytes that were signed, as the JSON they are."""
    members, _ = _whole(_CLIENT_DATA, data)
    return ClientData(
        members["type"],
        decoded(members["challenge"]),
        parse(members["origin"]),
        bool(members["crossOrigin"]),
    )


def _whole(read: Read, data: bytes) -> Any:
    reader = Reader(data)
    try:
        found = read(reader)
    except TooDeep:
        raise reader.refuse("recursion limit exceeded") from None
    reader.end()
    return found


def _transport(reader: Reader) -> str:
    """A name, known or not."""
    if reader.peek() == QUOTE:
        return string(reader)
    name: str = enumeration(dict.fromkeys(_TRANSPORTS))(reader)[0]
    return name


def _optional(name: str, read: Read) -> Field:
    return Field(name, optional(read), default=None)


_REGISTRATION = struct(
    "RegisterPublicKeyCredential",
    (
        Field("id", string),
        Field("rawId", binary),
        Field(
            "response",
            struct(
                "AuthenticatorAttestationResponseRaw",
                (
                    Field("attestationObject", binary),
                    Field("clientDataJSON", binary),
                    _optional("transports", sequence(_transport)),
                ),
            ),
        ),
        Field("type", string),
        Field(
            "extensions",
            struct(
                "RegistrationExtensionsClientOutputs",
                (
                    _optional("appid", boolean),
                    _optional("cred_props", struct("CredProps", (Field("rk", boolean),))),
                    _optional("hmac_secret", boolean),
                    _optional("cred_protect", enumeration(dict.fromkeys(_PROTECTIONS))),
                    _optional("min_pin_length", u32),
                ),
            ),
            default=None,
        ),
    ),
)
_ASSERTION = struct(
    "PublicKeyCredential",
    (
        Field("id", string),
        Field("rawId", binary),
        Field(
            "response",
            struct(
                "AuthenticatorAssertionResponseRaw",
                (
                    Field("authenticatorData", binary),
                    Field("clientDataJSON", binary),
                    Field("signature", binary),
                    _optional("userHandle", binary),
                ),
            ),
        ),
        Field(
            "extensions",
            struct(
                "AuthenticationExtensionsClientOutputs",
                (
                    _optional("appid", boolean),
                    _optional(
                        "hmac_get_secret",
                        struct(
                            "HmacGetSecretOutput",
                            (Field("output1", binary), _optional("output2", binary)),
                        ),
                    ),
                ),
            ),
            default=None,
        ),
        Field("type", string),
    ),
)
_CLIENT_DATA = flattened(
    "CollectedClientData",
    (
        Field("type", string),
        Field("challenge", binary),
        Field("origin", web_url),
        _optional("crossOrigin", boolean),
        _optional(
            "tokenBinding",
            struct("TokenBinding", (Field("status", string), _optional("id", string))),
        ),
    ),
)
