"""Whose entries a key holds, within a time: what matters most is asked first.

A question to a key takes 20 to 50 ms, for one credential or for some eight of them, under one
WebAuthn ID. A thousand stored keys take it five seconds under each ID, or half a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Final, NamedTuple

from pve_auth_tui.core.keyids import Holding, holding
from pve_auth_tui.core.logins import webauthn_id
from pve_auth_tui.core.ports import SecurityKey
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthn import StoredKey, by_credential

SOON: Final = 1.0
"""Seconds of questions while somebody who enrols a key waits."""

LONG: Final = 5.0
"""Seconds of questions where what a key holds is what somebody wants to know."""


class Answered(NamedTuple):
    """`held`: the entries that a key holds, sorted by user, disabled ones too. `unasked`: so many
    stored keys there was no time to ask for, under the first of the IDs.
    """

    held: tuple[Holding, ...]
    unasked: int = 0


def ask(
    key: SecurityKey,
    snapshot: Snapshot,
    rp_ids: Sequence[str],
    userid: str = "",
    *,
    seconds: float = SOON,
    given_up: Callable[[], bool] = lambda: False,
    now: Callable[[], float] = monotonic,
) -> Answered:
    """Ask an open key, without a touch, for what the picture holds. Raises KeyTrouble.

    Under the first ID for the keys of `userid`, which is never cut short; then, as far as
    `seconds` reach, for those of others, the newest first; then for all under the other IDs.
    """
    known, today = by_credential(snapshot), webauthn_id(snapshot)
    own, others = _in_order(known, userid)
    end = now() + seconds
    held: dict[bytes, str] = {}
    unasked = 0
    for at, rp_id in enumerate(rp_ids):
        for part in (own, others):
            is_certain = not at and part is own
            left = [one for one in part if one not in held]
            limit = _Limit(float("inf") if is_certain else end, now, given_up)
            if left and limit(0):
                held.update(dict.fromkeys(key.holding(rp_id, left, limit), rp_id))
            if limit.ended_at is not None and not at:
                unasked += len(left) - limit.ended_at
        if given_up() or now() >= end:
            break
    found = [
        holding(one, rp_id, works=bool(today) and rp_id == today)
        for credential, rp_id in held.items()
        for one in known.get(credential, ())
    ]
    return Answered(tuple(sorted(found)), unasked)


def _in_order(
    known: Mapping[bytes, Sequence[StoredKey]], userid: str
) -> tuple[list[bytes], list[bytes]]:
    """That user's credentials and those of others. What was enrolled a moment ago is what is
    plugged in again.
    """
    newest = sorted(known, key=lambda one: -max(key.entry.created for key in known[one]))
    own = {one for one in newest if any(key.userid == userid for key in known[one])}
    return [one for one in newest if one in own], [one for one in newest if one not in own]


class _Limit:
    """Ends the questions to a key; `ended_at`: so many credentials were asked for by then."""

    def __init__(self, end: float, now: Callable[[], float], given_up: Callable[[], bool]) -> None:
        self._end = end
        self._now = now
        self._given_up = given_up
        self.ended_at: int | None = None

    def __call__(self, asked: int) -> bool:
        if self._now() < self._end and not self._given_up():
            return True
        self.ended_at = asked
        return False
