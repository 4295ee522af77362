"""URLs as browsers and PVE's core understand them: which host, and which origin.

Source: the URL standard (url.spec.whatwg.org) as the Rust crate `url` 2.5 has it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
_MAX_PORT = 2**16 - 1
_BLANKS = "".join(map(chr, range(0x21)))
_DROPPED = dict.fromkeys(map(ord, "\t\n\r"))
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_AUTHORITY = re.compile(r"[/\\]*([^/\\?#]*)(.*)", re.DOTALL)
_HOST = re.compile(r"(\[[^\]]*\]?[^:]*|[^:]*)(?::(.*))?", re.DOTALL)
_FORBIDDEN = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]*|[0-9]+")
_MOST_PARTS = 4


class BadUrl(Exception):
    """Not a URL; the text is that of PVE's core."""


@dataclass(frozen=True, slots=True)
class Url:
    """What matters of a URL. `host` is in its ASCII form, without brackets around IPv6.

    `port` is the default one of the scheme where the text names none; `origin` is None for
    schemes that have none. `text` is the whole as it was compared, near enough.
    """

    scheme: str
    host: str
    port: int | None
    is_domain: bool
    text: str

    @property
    def origin(self) -> tuple[str, str, int] | None:
        """Scheme, host and port; None for a scheme other than those of the web."""
        return None if self.port is None else (self.scheme, self.host, self.port)


def parse(text: str) -> Url:
    """Raises BadUrl."""
    text = text.strip(_BLANKS).translate(_DROPPED)
    found = _SCHEME.match(text)
    if not found:
        raise BadUrl("relative URL without a base")
    scheme, rest = found[1].lower(), text[found.end() :]
    if scheme not in _DEFAULT_PORTS:
        host = rest.removeprefix("//").partition("/")[0] if rest.startswith("//") else ""
        return Url(scheme, host, None, bool(host), f"{scheme}:{rest}")
    authority, path = _split(_AUTHORITY, rest)
    login, _, place = authority.rpartition("@")
    raw_host, raw_port = _split(_HOST, place)
    if not raw_host:
        raise BadUrl("empty host")
    host, is_domain = _host(raw_host)
    port = _port(raw_port) if raw_port else _DEFAULT_PORTS[scheme]
    return Url(scheme, host, port, is_domain, f"{scheme}://{login}@{host}:{port}{path or '/'}")


def _split(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.fullmatch(text)
    return (found[1], found[2] or "") if found else (text, "")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[-20:]) > _MAX_PORT:
        raise BadUrl("invalid port number")
    return int(text)


def _host(raw: str) -> tuple[str, bool]:
    """The host as ASCII, and whether it is a name."""
    if raw.startswith("["):
        try:
            return str(ipaddress.IPv6Address(raw[1:-1] if raw.endswith("]") else "")), False
        except ValueError:
            raise BadUrl("invalid IPv6 address") from None
    name = _ascii(unquote_to_bytes(raw).decode("utf-8", "replace"))
    if _FORBIDDEN.search(name):
        raise BadUrl("invalid domain character")
    last = name.removesuffix(".").rpartition(".")[2]
    return (_ipv4(name), False) if _NUMBER.fullmatch(last) else (name, True)


def _ascii(name: str) -> str:
    if name.isascii():
        return name.lower()
    try:
        return name.encode("idna").decode().lower()
    except UnicodeError:
        raise BadUrl("invalid international domain name") from None


def _ipv4(name: str) -> str:
    parts = name.removesuffix(".").split(".")
    try:
        if len(parts) > _MOST_PARTS or not all(map(_NUMBER.fullmatch, parts)):
            raise ValueError
        *first, last = map(_number, parts)
        if any(part > 0xFF for part in first) or last >= 256 ** (5 - len(parts)):
            raise ValueError
    except ValueError:
        raise BadUrl("invalid IPv4 address") from None
    return str(ipaddress.IPv4Address(last + sum(p << (24 - 8 * i) for i, p in enumerate(first))))


def _number(part: str) -> int:
    if part[:2] in {"0x", "0X"}:
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") and len(part) > 1 else 10)
