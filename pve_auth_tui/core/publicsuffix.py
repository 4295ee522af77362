"""Names under which anybody may register a domain: browsers take none of them as a WebAuthn ID.

Source: the well-known part of publicsuffix.org's list. The whole list has some 10,000 names and
changes weekly, so it is not kept here: what this module does not know (regional names such as
`k12.ca.us`, private ones such as `github.io`) is told by `adapters.suffixes`, whose list comes with
the library that talks to keys, and in the end by the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

IsSuffix: TypeAlias = Callable[[str], bool]
"""Whether a name in lower case with at least one dot is a public suffix."""

_BELOW: Final = {
    "ar": "com edu gob net org",
    "at": "ac co gv or",
    "au": "asn com edu gov id net org",
    "br": "com edu gov net org",
    "cn": "ac com edu gov net org",
    "co": "com edu gov net nom org",
    "cy": "ac com gov net org",
    "es": "com edu gob nom org",
    "gr": "com edu gov net org",
    "hk": "com edu gov idv net org",
    "hu": "co org",
    "id": "ac co go net or sch web",
    "il": "ac co gov net org",
    "in": "ac co edu firm gen gov ind net org",
    "jp": "ac ad co ed go gr lg ne or",
    "ke": "ac co go ne or",
    "kr": "ac co go ne or pe re",
    "mx": "com edu gob net org",
    "my": "com edu gov name net org",
    "nz": "ac co geek govt net org school",
    "pe": "com edu gob net nom org",
    "ph": "com edu gov net org",
    "pk": "com edu gov net org",
    "pl": "com edu gov net org waw",
    "pt": "com edu gov net org",
    "ro": "com org",
    "rs": "ac co edu gov in org",
    "sa": "com edu gov net org",
    "sg": "com edu gov net org",
    "th": "ac co go in net or",
    "tr": "bel com edu gov k12 net org",
    "tw": "com edu gov idv net org",
    "ua": "com edu gov in kiev kyiv net org",
    "uk": "ac co gov ltd me net nhs org plc police",
    "ve": "co com gob net org",
    "vn": "com edu gov net org",
    "za": "ac co gov net org web",
}
_KNOWN: Final = frozenset(
    f"{name}.{country}" for country, names in _BELOW.items() for name in names.split()
)


def is_known_suffix(name: str) -> bool:
    """Whether it is one of the common ones; False says nothing for sure."""
    return name in _KNOWN


def is_bare(name: str) -> bool:
    """Whether a name has one part only: a top-level domain, or a host without a domain."""
    return "." not in name
