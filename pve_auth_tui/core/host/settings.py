"""What a tool of Debian's has to find in its environment so that it asks nobody anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

_QUIET: Final[Mapping[str, str]] = MappingProxyType({"DEBIAN_FRONTEND": "noninteractive"})
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_ASKING: Final = frozenset(
    {"apt-get", "dpkg", "dpkg-reconfigure", "pam-auth-update", "update-ca-certificates"}
)


def settings_for(argv: Sequence[str]) -> Mapping[str, str]:
    """Name -> value: of the tool that an argv begins with, beside the clean environment."""
    return _QUIET if argv and argv[0].rpartition("/")[2] in _ASKING else _NONE
