"""What can be kept of a priv/tfa.cfg that PVE cannot read (reference 7.4).

One unknown member makes the whole file unreadable. What is left out is left out whole, and named;
nothing is put in or guessed.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.tfaconfig import LISTED, TfaUnreadable, parse_tfa

_MOST: Final = 1024 * 1024  # bytes
_LOCKS: Final = ("totp-locked", "tfa-locked-until")


class Repaired(NamedTuple):
    """`content` is what PVE can read; `dropped`: what is not in it any more, for people."""

    content: bytes
    dropped: tuple[str, ...]


def repaired(data: bytes) -> Repaired | None:
    """None for a file that is no JSON object with users, and for one that can be read."""
    if len(data) > _MOST or _is_readable(data):
        return None
    try:
        whole = json.loads(data.decode(), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        return None
    users = whole.get("users") if isinstance(whole, dict) else None
    if not isinstance(users, dict):
        return None
    kept: dict[str, Any] = {}
    dropped = [f"what stands beside the users: {name}" for name in whole if name != "users"]
    for userid, record in users.items():
        good, gone = _of_user(userid, record)
        dropped += gone
        if good:
            kept[userid] = good
    content = _written(kept)
    return Repaired(content, tuple(dropped)) if dropped and _is_readable(content) else None


def _of_user(userid: str, record: Any) -> tuple[dict[str, Any], list[str]]:
    """What of one record can be read, and what not."""
    if isinstance(record, dict) and _is_readable(_written({userid: record})):
        return record, []
    if not isinstance(record, dict):
        return {}, [f"all of {userid}"]
    kept: dict[str, Any] = {}
    dropped = []
    for name, value in record.items():
        if name in LISTED and isinstance(value, list):
            good = [one for one in value if _is_readable(_written({userid: {name: [one]}}))]
            dropped += [f"a factor of {userid} ({name})"] * (len(value) - len(good))
            if good:
                kept[name] = good
        elif name in (*LISTED, *_LOCKS) and _is_readable(_written({userid: {name: value}})):
            kept[name] = value
        else:
            dropped.append(f"{name} of {userid}")
    if kept and not _is_readable(_written({userid: kept})):
        return {}, [f"all of {userid}"]
    return kept, dropped


def _written(users: dict[str, Any]) -> bytes:
    """As PVE writes it; without users an object with none."""
    whole = {"users": users} if users else {}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def _is_readable(data: bytes) -> bool:
    try:
        parse_tfa(data)
    except TfaUnreadable:
        return False
    return True


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members with one name nobody knows which is meant."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found
