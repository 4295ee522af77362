"""What can be a host's name, and what is an address (RFC 1123, 2.1)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_LOCAL: Final = "localhost"
_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")  # a host that ends in one is an address


def host_name(text: str) -> str:
    """The name as browsers compare it: lower case, no dot at the end; "" for what is no name of a
    host, for an address, and for names that every machine has for itself.
    """
    name = text.lower().removesuffix(".")
    if not _NAME.fullmatch(name) or _NUMBER.fullmatch(name.rpartition(".")[2]):
        return ""
    return "" if name.partition(".")[0] == _LOCAL or name.endswith(f".{_LOCAL}") else name


def is_address(text: str) -> bool:
    """Whether it is an IPv4 or IPv6 address, without brackets, other than this machine's own."""
    try:
        return not ip_address(text).is_loopback
    except ValueError:
        return False
