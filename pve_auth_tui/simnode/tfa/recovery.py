"""Recovery keys: ten codes, each good for one login, stored as HMACs."""

from __future__ import annotations

import hmac
from typing import Any, Final

from pve_auth_tui.simnode.sources import Sources

CODES: Final = 10


def generate(sources: Sources) -> tuple[dict[str, Any], list[str]]:
    """The entry to store, and the codes that nobody can see again."""
    secret = sources.recovery_secret()
    codes = [sources.recovery_code() for _ in range(CODES)]
    return {"secret": secret, "entries": [hashed(secret, code) for code in codes]}, codes


def hashed(secret: str, code: str) -> str:
    """HMAC-SHA256 in hex. The key is the secret's text, not the bytes that it spells."""
    return hmac.digest(secret.encode(), code.encode(), "sha256").hex()


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
