"""A computer's account as `adcli show-computer` tells it: whose it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

_NOT_SET: Final = "- not set -"


class Account(NamedTuple):
    """What stands in the domain under the computer's name; untrusted. `there` False: nothing.

    `host`: its dNSHostName, "" where it has none; `changed`: pwdLastSet as it stands there.
    """

    there: bool
    host: str = ""
    dn: str = ""
    changed: str = ""

    def is_of(self, fqdn: str) -> bool:
        """Whether it says that it belongs to the host of that name."""
        return bool(self.host) and self.host.lower() == fqdn.lower()


NOT_THERE: Final = Account(False)


def parse(lines: Iterable[str]) -> Account:
    """`name:` at the margin, each of its values on a line that begins with a blank."""
    values: dict[str, list[str]] = {}
    key = ""
    for line in lines:
        if not line.strip():
            continue
        if not line[0].isspace() and line.rstrip().endswith(":"):
            key = line.strip().rstrip(":").lower()
        elif key and line[0].isspace():
            values.setdefault(key, []).append(line.strip())

    def one(name: str) -> str:
        value = values.get(name.lower(), [""])[0]
        return "" if value == _NOT_SET else value

    return Account(
        True,
        one("dNSHostName"),
        one("distinguishedName"),
        one("pwdLastSet"),
    )
