"""Remove a realm, and as much of what it leaves behind as is wanted (reference 4.1, 4.3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, get_args

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.removal import remove as remove_objects
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.realmleft import left_behind
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, listed

Leaving = Literal["users", "groups", "jobs", "ghosts"]
"""What can go with a realm: its users with their tokens, factors and ACL entries; the groups that
its syncs and logins made; its sync jobs; entries of names that are not there any more.
"""

LEAVINGS: Final[tuple[Leaving, ...]] = get_args(Leaving)
_MANY: Final = 20  # calls from which on it is worth a word


def remove(name: str, *, clean: Collection[str] = ()) -> Intent:
    """Remove a realm with what `clean` names of LEAVINGS.

    Its jobs go first, so that none runs meanwhile, then the realm, so that nobody logs in and is
    made anew; then what it leaves. The intent raises as `removal.remove` does.
    """
    wanted = frozenset(clean)

    def intent(snapshot: Snapshot) -> Draft:
        if unknown := sorted(wanted.difference(LEAVINGS)):
            raise UsageError(f"{unknown[0]} cannot go with a realm: {listed(LEAVINGS, 4)} can.")
        removal = remove_objects([Key("realm", name)])(snapshot).steps
        left = left_behind(snapshot, name)
        jobs = left.jobs if "jobs" in wanted else ()
        keys: list[Key] = []
        if "users" in wanted:
            keys += [Key("user", userid) for userid in left.users]
        if "groups" in wanted:
            keys += [Key("group", group) for group in left.groups]
        if "ghosts" in wanted:
            keys += left.ghosts
        rest = remove_objects(keys)(snapshot).steps if keys else ()
        ended = [ApiCall("DELETE", ("cluster", "jobs", "realm-sync", job)) for job in jobs]
        also = [
            count_words(number, one, many)
            for number, one, many in (
                (len(left.users) if "users" in wanted else 0, "user", "users"),
                (len(left.groups) if "groups" in wanted else 0, "group", "groups"),
                (len(jobs), "sync job", "sync jobs"),
                (len(left.ghosts) if "ghosts" in wanted else 0, "ghost entry", "ghost entries"),
            )
            if number
        ]
        title = f"remove realm {name}" + (f" with {listed(also, 4)}" if also else "")
        steps = (*ended, *removal, *rest)
        realms = snapshot.realms.value
        realm = realms.realms.get(name) if realms else None
        return Draft(title, steps, (*_of_the_default(realm), *_notes(len(steps))))

    return intent


def _of_the_default(realm: Realm | None) -> tuple[Finding, ...]:
    if realm is None or not realm.default:
        return ()
    return (Finding("LOOK", "It is the default realm: the login page begins with pam then."),)


def _notes(calls: int) -> tuple[Finding, ...]:
    if calls < _MANY:
        return ()
    return (
        Finding(
            "LOOK",
            f"PVE has no call for all users of a realm: these are {calls} calls.",
            "If it stops on the way, what was done before is done; the rest can be removed later.",
        ),
    )
