"""Who stays in PVE and cannot log in after a sync: disabled, or given an expiry that has passed."""

from __future__ import annotations

from typing import NamedTuple

from pve_auth_tui.core.accessdata import User
from pve_auth_tui.core.predict.syncs import takes_for_its_own
from pve_auth_tui.core.sync.preview import Compared
from pve_auth_tui.core.words import has_expired


class ShutOut(NamedTuple):
    """Userids, sorted; who is disabled and has expired counts as disabled. `active`: how many of
    the realm are enabled and not expired now.
    """

    disabled: tuple[str, ...]
    expired: tuple[str, ...]
    active: int

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(sorted((*self.disabled, *self.expired)))


def shut_out(seen: Compared, now: float) -> ShutOut:
    """Who is added disabled, and who is removed, is not counted here."""
    own = takes_for_its_own(seen.found.realm, "user").search
    active = [
        userid for userid, user in seen.old.users.items() if own(userid) and _is_active(user, now)
    ]
    changed = {row.name for row in seen.users.changed}
    out = [
        seen.new.users[userid]
        for userid in sorted(changed.intersection(active))
        if not _is_active(seen.new.users[userid], now)
    ]
    return ShutOut(
        tuple(user.id for user in out if not user.enable),
        tuple(user.id for user in out if user.enable),
        len(active),
    )


def _is_active(user: User, now: float) -> bool:
    return user.enable and not has_expired(user.expire, now)
