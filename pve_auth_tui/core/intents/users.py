"""Users: enable and disable."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import removal
from pve_auth_tui.core.intents.common import user_of
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import ApiCall, Draft, Effect, Intent
from pve_auth_tui.core.snapshot import Snapshot


def switch(userids: Sequence[str], *, enable: bool) -> Intent:
    """Enable or disable users; those who are so already need no call."""
    wanted = tuple(dict.fromkeys(userids))
    doing, done = ("enable", "enabled") if enable else ("disable", "disabled")

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError(f"No user was named to {doing}.")
        users = [user_of(snapshot, userid) for userid in wanted]
        steps = tuple(
            ApiCall("PUT", ("access", "users", user.id), {"enable": int(enable)})
            for user in users
            if user.enable != enable
        )
        if not steps:
            who = wanted[0] if len(wanted) == 1 else f"All {len(wanted)} users"
            raise Refused(f"{who} {'is' if len(wanted) == 1 else 'are'} {done} already.")
        title = f"{doing} {wanted[0] if len(wanted) == 1 else f'{len(wanted)} users'}"
        same = (user.id for user in users if user.enable == enable)
        already = tuple(Effect(userid, f"none, {done} already") for userid in same)
        return Draft(title, steps, already=already)

    return intent


def remove(userids: Sequence[str]) -> Intent:
    """Remove users with all that PVE removes along: factors, memberships, ACL entries, tokens."""
    return removal.remove([Key("user", userid) for userid in userids])
