"""Recovery keys: ten of them, each good for one login, shown once (reference fido.md 6 and 9.12).

PVE makes them and keeps only HMACs. Nobody can see them again: not PVE, and not this program.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.words import date_time

COUNT: Final = 10
EXAMPLE: Final = "0123-4567-89ab-cdef"

_KEY: Final = re.compile(r"[0-9a-f]{4}(-[0-9a-f]{4}){3}")
_HALF: Final = COUNT // 2


@dataclass(frozen=True, slots=True)
class RecoveryKeys:
    """In PVE's order: the login dialog names the unused ones by their numbers, from 0 on."""

    keys: tuple[Secret, ...] = field(repr=False)


def keys_from(answer: Any) -> RecoveryKeys:
    """The keys in PVE's answer to the call that made them: `{"id": "recovery", "recovery": [...]}`.

    Raises Unreadable when there are not ten of them; then they are lost.
    """
    keys = answer.get("recovery") if isinstance(answer, Mapping) else None
    if (
        not isinstance(keys, list)
        or len(keys) != COUNT
        or not all(isinstance(key, str) and _KEY.fullmatch(key) for key in keys)
    ):
        raise Unreadable(
            "PVE made recovery keys, but gave an answer that this program does not know.",
            "Nobody can see them again: replace them.",
        )
    return RecoveryKeys(tuple(map(Secret, keys)))


def listed(keys: RecoveryKeys) -> Secret:
    """Two columns of five, each key with its number, as lines of text."""
    numbered = [f"{number}  {key.reveal()}" for number, key in enumerate(keys.keys)]
    rows = zip(numbered[:_HALF], numbered[_HALF:], strict=True)
    return Secret("".join(f"{left}     {right}\n" for left, right in rows))


def typed_back(keys: RecoveryKeys, text: str) -> str:
    """What is wrong with a key that was typed from the paper, in one sentence; "" when it is one.

    Compared as PVE does: dashes and small letters count (measured).
    """
    typed = text.strip()
    known = [key.reveal() for key in keys.keys]
    if any(hmac.compare_digest(typed.encode("utf-8", "replace"), key.encode()) for key in known):
        return ""
    if not typed:
        return "Type one of the ten keys from where you wrote them down."
    if typed.lower() in known:
        return "PVE takes small letters only: write a to f, not A to F."
    if re.sub(r"[^0-9a-f]", "", typed.lower()) in {key.replace("-", "") for key in known}:
        return f"PVE takes a key only with its three dashes and nothing else: {EXAMPLE}."
    if _KEY.fullmatch(typed):
        return "This is none of the ten. Compare it with what is shown, figure by figure."
    return f"A key looks like {EXAMPLE}: four times four of 0-9 and a-f, with dashes."


def sheet(
    keys: RecoveryKeys, userid: str, node: str, when: float, *, simulated: bool = False
) -> Secret:
    """The keys as a page of plain text, to print or to keep. `when`: seconds since 1970."""
    lines = [
        "Recovery keys for Proxmox VE",
        "",
        *(["SIMULATED: of a demo cluster, good for nothing.", ""] if simulated else []),
        f"User      {plain(userid)}",
        f"Node      {plain(node)}",
        f"Made      {date_time(when)}",
        "",
        *listed(keys).reveal().splitlines(),
        "",
        "Each is good for one login, after the password; PVE lists the unused numbers.",
        "Small letters and dashes count. Cross a key out once it was used. A login with",
        "one also unlocks TOTP. Whoever has this sheet and the password is in: lock it",
        "away. A new set makes all of these worthless.",
    ]
    return Secret("".join(f"{line}\n" for line in lines))


# --- what PVE keeps ----------------------------------------------------------------------------


def hashed(secret: str, key: str) -> str:
    """What tfa.cfg holds of a key: HMAC-SHA256 in hex, its key the *text* of the set's secret."""
    return hmac.digest(secret.encode(), key.encode(), "sha256").hex()


def number_of(entry: Any, key: str) -> int | None:
    """Which unused key of a set (an entry's `data` of tfa.cfg) this is; None when it is none."""
    found = hashed(entry["secret"], key)
    for number, stored in enumerate(entry["entries"]):
        if stored is not None and hmac.compare_digest(stored, found):
            return number
    return None
