"""Is a certificate for the server that a realm names? As Net::LDAP judges for PVE.

Source: IO::Socket::SSL 2.081, `verify_hostname_of_cert` with the scheme `ldap` (RFC 4513 3.1.3):
the common name counts beside a subjectAltName, `*` only as the whole first label of a
subjectAltName, an address only where a subjectAltName holds that address. Python's own check has
no common name, so it refuses certificates that PVE takes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_DIGITS_AND_DOTS: Final = re.compile(r"\d+[\d.]*")
_LABEL: Final = re.compile(r"[A-Za-z0-9_-]+")
_LEAST_LABELS: Final = 3


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_for(host: str, names: Sequence[str], addresses: Sequence[str], common_name: str) -> bool:
    """`names`, `addresses`: of the subjectAltName; never raises.

    IO::Socket::SSL asks a list of public suffixes how many labels a `*` has to stand on; here
    two are enough, so `*.co.uk` would count.
    """
    wanted = host.rstrip(".").lower()
    address = address_of(wanted)
    if address is not None:
        return any(address_of(one) == address for one in addresses)
    if not wanted or _DIGITS_AND_DOTS.fullmatch(wanted):
        return False
    wanted = _ascii(wanted)
    if any(_fits(one.strip(), wanted) for one in names):
        return True
    return _plain(common_name) == wanted


def _fits(pattern: str, wanted: str) -> bool:
    name = _plain(pattern)
    if not name.startswith("*."):
        return name == wanted
    label, _, rest = wanted.partition(".")
    long_enough = wanted.count(".") >= _LEAST_LABELS - 1
    return long_enough and rest == name[2:] and _LABEL.fullmatch(label) is not None


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
