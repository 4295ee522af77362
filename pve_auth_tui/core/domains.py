"""PVE's /etc/pve/domains.cfg: the realms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Realm:
    """One realm. `options` holds PVE's property names (reference 5) with their values as text,
    `client-key` and a Yubico API key among them: kept out of repr, masked by `core.answers`.
    `type` is None for a section that PVE itself lists but cannot read.
    """

    name: str
    type: str | None
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def comment(self) -> str | None:
        return self.options.get("comment")

    @property
    def default(self) -> bool:
        return self.options.get("default") == "1"


@dataclass(frozen=True, slots=True)
class Domains:
    """All realms in PVE's order; pam and pve are always there."""

    realms: Mapping[str, Realm]
    warnings: tuple[str, ...] = ()
