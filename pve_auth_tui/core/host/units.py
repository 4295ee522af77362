"""What `systemctl show --property=...` prints of one unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Unit(NamedTuple):
    """systemd's own words: `loaded` or `masked`, `active` or `failed`, `enabled`; "" for none."""

    load: str = ""
    active: str = ""
    file: str = ""

    @property
    def is_active(self) -> bool:
        return self.active == "active"

    @property
    def is_masked(self) -> bool:
        return self.load == "masked" or self.file.startswith("masked")

    @property
    def word(self) -> str:
        """One word for a person."""
        if self.is_masked:
            return "masked"
        return "not there" if self.load == "not-found" else self.active or "unknown"


def parse(lines: Iterable[str]) -> Unit:
    """`Key=value` lines in any order; what is not known is passed over."""
    values = dict(line.strip().split("=", 1) for line in lines if "=" in line)
    return Unit(
        values.get("LoadState", ""), values.get("ActiveState", ""), values.get("UnitFileState", "")
    )
