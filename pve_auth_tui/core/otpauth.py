"""`otpauth://totp/` URIs as PVE's core reads and writes them (proxmox-tfa 6.0.5, totp.rs).

PVE stores every TOTP entry as such a URI; one that it cannot read makes all of priv/tfa.cfg
unreadable.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

_START = "otpauth://totp/"
_BASE32 = re.compile("[A-Za-z2-7=]*")
_UNSIGNED = re.compile(r"\+?[0-9]+")
_MOST_PADDING = 6
_MAX_DIGITS = 2**8 - 1
_MAX_PERIOD = 2**64 - 1
_LONGEST_NUMBER = 40  # far beyond any value that counts
ALGORITHMS = ("SHA1", "SHA256", "SHA512")

_ESCAPED = r"%(?:2[0-9A-F]|3[A-F]|40|5[B-F]|60|7[B-E])"
_LABEL = rf"(?:[A-Za-z0-9]++|{_ESCAPED})++"
_USUAL = re.compile(
    rf"otpauth://totp/(?:(?P<issuer>{_LABEL}):)?{_LABEL}\?secret=(?:[A-Z2-7]{{8}})++"
    r"&digits=[1-9][0-9]?&algorithm=(?:SHA1|SHA256|SHA512)&period=[1-9][0-9]{0,8}"
    r"(?(issuer)&issuer=(?P=issuer))"
)


class BadUri(Exception):
    """PVE refuses the URI; the text is PVE's, `whole` the longer one that its API gives."""

    def __init__(self, text: str, cause: str = "") -> None:
        super().__init__(text)
        self.whole = f"{text}: {cause}" if cause else text


@dataclass(frozen=True, slots=True)
class Totp:
    """What a URI says. `period` is in seconds; `issuer` None when the URI names none."""

    secret: bytes = field(repr=False)
    account: str
    issuer: str | None = None
    digits: int = 6
    algorithm: str = "SHA1"
    period: int = 30

    def uri(self) -> str:
        """The URI as PVE writes it, defaults spelled out."""
        issuer = _escape(self.issuer) if self.issuer is not None else None
        label = _escape(self.account) if issuer is None else f"{issuer}:{_escape(self.account)}"
        secret = base64.b32encode(self.secret).decode().rstrip("=")
        tail = "" if issuer is None else f"&issuer={issuer}"
        return (
            f"{_START}{label}?secret={secret}&digits={self.digits}"
            f"&algorithm={self.algorithm}&period={self.period}{tail}"
        )


def is_usual(uri: str) -> bool:
    """Whether this is a valid URI that PVE would write back unchanged; False: not sure."""
    return _USUAL.fullmatch(uri) is not None


def parse(uri: str) -> Totp:
    """Raises BadUri with PVE's text."""
    if not uri.startswith(_START):
        raise BadUri("not an otpauth uri")
    label, question, query = uri[len(_START) :].partition("?")
    if not question:
        raise BadUri("missing '?' in otp uri")
    first, colon, rest = label.partition(":")
    values: dict[str, object] = {"account": _lossy(rest if colon else first)}
    if colon:
        values["issuer"] = _lossy(first)
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        key = _strict(name, "failed to decode key")
        if not equals:
            raise BadUri("bad value in otpauth uri")
        values[key] = _parameter(key, value)
    if not values.get("secret"):
        raise BadUri("missing secret in otpauth url")
    return Totp(**values)  # type: ignore[arg-type]


def _parameter(key: str, value: str) -> bytes | str | int:
    if key == "secret":
        return decode_base32(_strict(value, "failed to decode value"))
    if key == "issuer":
        return _lossy(value)
    if key not in {"digits", "algorithm", "period"}:
        raise BadUri(f"unknown otpauth uri parameter: '{key}'")
    text = _strict(value, f"failed to decode value '{key}'")
    if key == "algorithm":
        if text.lower() not in {name.lower() for name in ALGORITHMS}:
            raise BadUri("failed to parse value 'algorithm'", f"unsupported algorithm: '{text}'")
        return text.upper()
    number = unsigned(text, _MAX_DIGITS if key == "digits" else _MAX_PERIOD)
    if number is None:
        raise BadUri(f"failed to parse value '{key}'", _not_a_number(text))
    return number


def _not_a_number(text: str) -> str:
    if not text:
        return "cannot parse integer from empty string"
    if _UNSIGNED.fullmatch(text):
        return "number too large to fit in target type"
    return "invalid digit found in string"


def unsigned(text: str, maximum: int) -> int | None:
    """A decimal number up to `maximum` as Rust parses it (one `+` in front is allowed)."""
    digits = text.removeprefix("+").lstrip("0") or "0"
    if not _UNSIGNED.fullmatch(text) or len(digits) > _LONGEST_NUMBER or int(digits) > maximum:
        return None
    return int(digits)


def decode_base32(text: str) -> bytes:
    """The bytes of a secret; case and padding do not matter, left-over bits are dropped.

    Raises BadUri for a character that is not base32.
    """
    if not _BASE32.fullmatch(text):
        raise BadUri("failed to decode otp secret in otpauth url")
    padding = min(_MOST_PADDING, len(text) - len(text.rstrip("=")))
    length = (len(text) - padding) * 5 // 8
    padded = text.upper().replace("=", "A")
    return base64.b32decode(padded + "A" * (-len(padded) % 8))[:length]


def _escape(text: str) -> str:
    return "".join(
        chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"%{byte:02X}"
        for byte in text.encode()
    )


def _lossy(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "replace")


def _strict(text: str, problem: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise BadUri(problem, _not_utf8(error)) from error


def _not_utf8(error: UnicodeDecodeError) -> str:
    if error.reason == "unexpected end of data":
        return f"incomplete utf-8 byte sequence from index {error.start}"
    return f"invalid utf-8 sequence of {error.end - error.start} bytes from index {error.start}"
