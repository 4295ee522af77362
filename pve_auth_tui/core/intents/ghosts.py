"""What is left of users and groups that do not exist: ACL entries, factors.

PVE's calls for a single entry or factor want its user or group to exist (PVE::API2::{ACL,TFA}).
But DELETE of a user that is not there forgets all that is left of it (reference 4.1), and a group
can be made, empty, and removed at once. So everything of one name goes, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.intents.common import access_of
from pve_auth_tui.core.objects import Key, acl_key, acl_parts, record, shown
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words


def removal(snapshot: Snapshot, keys: Sequence[Key]) -> tuple[tuple[Key, ...], tuple[ApiCall, ...]]:
    """The keys that do not belong to ghosts, and the calls that remove those that do.

    Raises Refused when something else is left of the same name, and was not named.
    """
    of: dict[Key, set[Key]] = {}
    others = []
    for key in keys:
        if owner := _owner(snapshot, key):
            of.setdefault(owner, set()).add(key)
        else:
            others.append(key)
    steps: list[ApiCall] = []
    for owner, named in sorted(of.items()):
        _require_all(snapshot, owner, named)
        steps += _steps(owner)
    return tuple(others), tuple(steps)


def _owner(snapshot: Snapshot, key: Key) -> Key | None:
    """The user or group that does not exist, to which this belongs."""
    if key.kind not in ("acl", "factor") or record(snapshot, key) is None:
        return None
    access = access_of(snapshot)
    kind, name = acl_parts(key)[:2] if key.kind == "acl" else ("user", key.name)
    if kind == "user" and name not in access.users:
        return Key("user", name)
    return Key("group", name) if kind == "group" and name not in access.groups else None


def _require_all(snapshot: Snapshot, owner: Key, named: Iterable[Key]) -> None:
    if left := sorted(set(belongings(snapshot, owner)).difference(named)):
        what = shown(left[0]) if len(left) == 1 else count_words(len(left), "other", "others")
        raise Refused(
            f"There is no {shown(owner)}: PVE removes what is left of it all at once, "
            f"and that is also {what}.",
            "Mark all that is left of it.",
        )


def belongings(snapshot: Snapshot, owner: Key) -> Iterable[Key]:
    """What is left of a user or group that does not exist, besides memberships."""
    for entry in access_of(snapshot).acl:
        if (entry.kind, entry.subject) == (owner.kind, owner.name):
            yield acl_key(entry)
    if owner.kind == "user" and snapshot.tfa.value is not None:
        left = snapshot.tfa.value.users.get(owner.name)
        yield from (Key("factor", owner.name, entry.id) for entry in (left.entries if left else ()))


def _steps(owner: Key) -> tuple[ApiCall, ...]:
    if owner.kind == "user":
        return (ApiCall("DELETE", ("access", "users", owner.name)),)
    return (
        ApiCall("POST", ("access", "groups"), {"groupid": owner.name}),
        ApiCall("DELETE", ("access", "groups", owner.name)),
    )
