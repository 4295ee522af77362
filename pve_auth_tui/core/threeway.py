"""Three records of an object: before a change, after it, and now (security.md R14).

An object that is now as it was before needs nothing. One that is no longer as the change left
it is somebody else's work by now, and so is one that has got more since: then nothing is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pve_auth_tui.core.backfactors import kept, stored
from pve_auth_tui.core.changed import Changed, members
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.objects import (
    NEW,
    Key,
    Kind,
    Record,
    acl_key,
    acl_parts,
    factor_record,
    record,
    shown,
)
from pve_auth_tui.core.pathtree import pool_path
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Part, Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.words import listed

BY_HAND: Final = "Look at what is there now, and change it by hand."

_NOT_COMPARED: Final[frozenset[Kind]] = frozenset({"lock", "password"})  # no call sets them
_IN_ACCESS: Final[frozenset[Kind]] = frozenset({"user", "group", "role", "token", "pool", "acl"})
_LONGEST_SHOWN: Final = 40
_MOST_NAMED: Final = 10


def left(
    snapshot: Snapshot, changes: Sequence[Changed], material: Mapping[str, Secret]
) -> tuple[Changed, ...]:
    """The changes that are still to be taken back; none when all is back already.

    Raises Refused when a part of the picture is missing, and naming each object that is no
    longer as the change left it.
    """
    _require_read(snapshot, changes)
    found = [one for one in changes if not _is_back(snapshot, one, material)]
    _require_untouched(snapshot, found)
    if len(found) < len(changes) and all(one.key.kind in _NOT_COMPARED for one in found):
        return ()
    return tuple(found)


def _require_read(snapshot: Snapshot, changes: Sequence[Changed]) -> None:
    """Where a file could not be read, an object that is not in the picture may be there."""
    kinds = {one.key.kind for one in changes}
    parts: Sequence[tuple[bool, str, Part[Any]]] = (
        (bool(kinds & _IN_ACCESS), "users and rights", snapshot.access),
        ("realm" in kinds, "realms", snapshot.realms),
        ("factor" in kinds, "second factors", snapshot.tfa),
        ("option" in kinds, "datacenter options", snapshot.datacenter),
        ("job" in kinds, "sync jobs", snapshot.jobs),
    )
    for needed, what, part in parts:
        if needed and part.value is None:
            raise Refused(f"The {what} could not be read: {part.problem}", part.hint)


def _is_back(snapshot: Snapshot, one: Changed, material: Mapping[str, Secret]) -> bool:
    """Is it as it was before the change? A TOTP entry may be, under another id."""
    if one.key.kind in _NOT_COMPARED:
        return False
    if one.key.part.startswith(NEW):  # it was to be added, and nobody has looked under which id
        return not any(
            factor_record(entry) == one.after for entry in _entries(snapshot, one.key.name)
        )
    if _compared(snapshot, one) == _compared_part(one.before, one):
        return True
    found = kept(one.key, material) if one.key.kind == "factor" and one.was_removed else None
    secrets = [stored(entry) for entry in _entries(snapshot, one.key.name)]
    return found is not None and any(each and each.uri == found.uri for each in secrets)


def _entries(snapshot: Snapshot, userid: str) -> tuple[TfaEntry, ...]:
    tfa = snapshot.tfa.value
    user = tfa.users.get(userid) if tfa else None
    return user.entries if user else ()


def _compared(snapshot: Snapshot, one: Changed) -> Record | None:
    return _compared_part(record(snapshot, one.key), one)


def _compared_part(found: Record | None, one: Changed) -> Record | None:
    """Of a group's members only those that the change concerned: others are other changes."""
    if one.key.kind != "group" or found is None or one.before is None or one.after is None:
        return found
    before, after = (set(members(of["members"])) for of in (one.before, one.after))
    inside = sorted((before ^ after) & set(members(found["members"])))
    return {**found, "members": ",".join(inside)}


def _require_untouched(snapshot: Snapshot, changes: Sequence[Changed]) -> None:
    problems = [text for one in changes if (text := _changed_since(snapshot, one))]
    problems += [f"{text}." for text in hanging_on(snapshot, changes)]
    if problems:
        more = len(problems) - _MOST_NAMED
        tail = [f"And {more} more."] if more > 0 else []
        raise Refused(" ".join([*problems[:_MOST_NAMED], *tail]), BY_HAND)


def _changed_since(snapshot: Snapshot, one: Changed) -> str:
    """How it differs from what the change left, "" when it does not."""
    if one.key.kind in _NOT_COMPARED:
        return ""
    if one.key.part.startswith(NEW):
        return f"A TFA entry of {one.key.name} was added, and nobody knows which one it is."
    now, after = _compared(snapshot, one), _compared_part(one.after, one)
    if now == after:
        return ""
    name = one.key.name if one.key.kind == "user" else shown(one.key)
    if after is None:
        return f"{name} was made anew since."
    if now is None:
        hidden = ", or is not shown to you" if snapshot.restricted else ""
        return f"{name} is not there any more{hidden}."
    names = dict.fromkeys([*after, *now])
    told = [_difference(key, now.get(key, ""), after.get(key, "")) for key in names]
    return f"{name} was changed since: {', '.join(filter(None, told))}."


def _difference(name: str, now: str, after: str) -> str:
    if now == after:
        return ""
    if max(len(now), len(after)) > _LONGEST_SHOWN:
        return f"{name} is another one"
    return f"{name} is {now or 'empty'}, not {after or 'empty'}"


def hanging_on(snapshot: Snapshot, changes: Sequence[Changed]) -> list[str]:
    """What others have given to an object that would be removed, and that would go with it.

    Mostly since; but what names it may have stood there before it was made, too.
    """
    return [
        f"{shown(owner)} has more than the change gave it: {listed([*map(shown, things)])}"
        for owner, things in _hanging(snapshot, changes).items()
    ]


def without_heirs(
    snapshot: Snapshot, changes: Sequence[Changed]
) -> tuple[tuple[Changed, ...], tuple[str, ...]]:
    """The changes without the users and groups that were made, and have more than that; and what
    is to be said of these. A sync makes many at once: the others can be taken back all the same.
    """
    heirs = _hanging(snapshot, changes)
    left = tuple(one for one in changes if one.key not in heirs)
    told = tuple(
        f"{shown(owner)} stays: with it would go {listed([*map(shown, things)])}."
        for owner, things in heirs.items()
    )
    return left, told


def _hanging(snapshot: Snapshot, changes: Sequence[Changed]) -> Mapping[Key, Sequence[Key]]:
    made = {one.key for one in changes if one.was_made}
    mine = {one.key for one in changes}
    access = snapshot.access.value
    if access is None or not made:
        return {}
    found: dict[Key, list[Key]] = {}

    def add(owner: Key, *things: Key) -> None:
        if owner in made:
            found.setdefault(owner, []).extend(thing for thing in things if thing not in mine)

    pools = [(f"{pool_path(one.name)}/", one) for one in made if one.kind == "pool"]
    names = {one.name for one in made}  # of whatever kind: few of many entries have one of them
    for entry in access.acl:
        if not (entry.subject in names or entry.role in names or pools):
            continue
        key = acl_key(entry)
        kind, subject, role = acl_parts(key)
        add(Key(kind, subject), key)
        add(Key("role", role), key)
        for path, pool in pools:
            if f"{entry.path}/".startswith(path):
                add(pool, key)
    for one in made:
        if one.kind == "user" and one.name in access.users:
            tokens = access.users[one.name].tokens
            add(one, *(Key("token", f"{one.name}!{token}") for token in tokens))
            factors = _entries(snapshot, one.name)
            add(one, *(Key("factor", one.name, entry.id) for entry in factors))
    return {owner: things for owner, things in found.items() if things}
