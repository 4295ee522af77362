"""Recovery keys: ten codes, each good for one login, stored as HMACs."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.core.recovery import COUNT, hashed
from pve_auth_tui.simnode.sources import Sources


def generate(sources: Sources) -> tuple[dict[str, Any], list[str]]:
    """The entry to store, and the codes that nobody can see again."""
    secret = sources.recovery_secret()
    codes = [sources.recovery_code() for _ in range(COUNT)]
    return {"secret": secret, "entries": [hashed(secret, code) for code in codes]}, codes


def unused(entry: dict[str, Any]) -> list[int]:
    """The numbers of the codes that are left."""
    return [number for number, key in enumerate(entry["entries"]) if key is not None]


def used_up(entry: dict[str, Any], code: str) -> dict[str, Any] | None:
    """The entry without this code; None when it is none of them."""
    found = hashed(entry["secret"], code)
    if found not in entry["entries"]:
        return None
    number = entry["entries"].index(found)
    return {**entry, "entries": [*entry["entries"][:number], None, *entry["entries"][number + 1 :]]}
