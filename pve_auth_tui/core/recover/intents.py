"""What Recover wants changed: commands on the node, and a second administrator for some hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.accessdata import ADMINISTRATOR
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents import acl, users
from pve_auth_tui.core.intents.common import realm_of
from pve_auth_tui.core.logins import DEMANDS, demanded
from pve_auth_tui.core.plan import Draft, Effect, HostCommand, Intent
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, date_time

MOST_HOURS: Final = 72
"""Longer than that it is no temporary administrator."""

_LONGEST_REASON: Final = 120  # characters; the rest of the comment is ours


def commands(
    title: str,
    steps: Sequence[HostCommand],
    told: Sequence[Effect],
    lost: Sequence[str],
    *,
    warnings: Sequence[str] = (),
    word: str = "",
    refusal: str = "",
) -> Intent:
    """A plan of commands on this node. `told`: what they do; `lost`: how it is ended instead of
    taken back; `word` has to be typed; `refusal`: why not to do it.
    """
    notes = tuple(Finding("LOOK", text) for text in warnings)
    draft = Draft(
        title,
        tuple(steps),
        notes,
        told=tuple(told),
        lost=tuple(lost),
        word=word,
        refusal=refusal,
    )
    return lambda snapshot: draft


def temporary_administrator(
    userid: str, password: Secret, hours: int, reason: str, *, now: float
) -> Intent:
    """A user of realm pve who may do everything, and expires by itself (R18).

    `hours` from `now` (seconds since 1970), which is fixed, so that the plan that is run is the one
    that was shown. The comment carries reason and expiry. The intent raises UsageError for another
    realm, for hours that are none, and without a reason; Refused where the realm demands a second
    factor that a new user cannot have.
    """
    why = " ".join(reason.split())

    def intent(snapshot: Snapshot) -> Draft:
        if userid.rpartition("@")[2] != "pve":
            raise UsageError("A temporary administrator belongs to the realm pve: name@pve.")
        if not 1 <= hours <= MOST_HOURS:
            raise UsageError(f"It lasts from 1 to {MOST_HOURS} hours.")
        if not why:
            raise UsageError("A temporary administrator needs a reason: others read it.")
        if demand := demanded(realm_of(snapshot, userid)):
            raise Refused(
                f"Realm pve requires {DEMANDS[demand]}: a new user of it could not log in.",
                "Take Require TFA off the realm first.",
            )
        expire = int(now) + hours * 3600
        until = date_time(expire)
        comment = f"TEMPORARY administrator until {until}: {why[:_LONGEST_REASON]}"
        made = users.add(userid, {"expire": expire, "comment": comment}, password)
        granted = acl.add(["/"], [ADMINISTRATOR], acl.Subjects(users=(userid,)))
        lasts = count_words(hours, "hour", "hours")
        draft = together([made, granted], f"add {userid}, an administrator for {lasts}")(snapshot)
        warning = Finding(
            "LOOK",
            f"Until {until} this password alone opens everything: no second factor is asked for.",
            "It expires by itself; the user and its ACL entry stay until somebody removes them.",
        )
        return draft._replace(notes=(*draft.notes, warning))

    return intent
