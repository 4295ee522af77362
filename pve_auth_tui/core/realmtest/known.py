"""Whether PVE knows somebody whom a directory let in: it asks that first (reference 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import has_expired


def known_in(
    snapshot: Snapshot, settings: DirectorySettings, now: float
) -> Callable[[str], Cause | None] | None:
    """What PVE has against a userid, None where the picture does not show who there is.

    Of a realm that is not case-sensitive letters' case does not count, and a name that fits
    several users is refused.
    """
    access = snapshot.access.value
    if access is None or snapshot.restricted:
        return None
    users = {
        userid: user.enable and not has_expired(user.expire, now)
        for userid, user in access.users.items()
    }
    return partial(_against, users, settings.case_sensitive)


def _against(users: dict[str, bool], case_sensitive: bool, userid: str) -> Cause | None:
    fitting = [userid] if userid in users else []
    if not fitting and not case_sensitive:
        fitting = [one for one in users if one.lower() == userid.lower()]
    if len(fitting) > 1:
        return Cause.AMBIGUOUS
    if not fitting:
        return Cause.NOT_IN_PVE
    return None if users[fitting[0]] else Cause.DISABLED_IN_PVE
