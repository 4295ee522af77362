"""Take back what was done: per object, three-way, and not for ever (security.md R14).

Three-way: what the record was before the change, what it was after it, what it is now. An
object that is now as it was before needs nothing. One that is no longer as the change left it
is somebody else's work by now: then nothing at all is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.applied import Applied, applied_of
from pve_auth_tui.core.backfactors import TooSoon, kept, stored
from pve_auth_tui.core.changed import Changed, CodeOf, members
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.giveback import given_back
from pve_auth_tui.core.objects import Key, Kind, Record, acl_key, acl_parts, record, shown
from pve_auth_tui.core.pathtree import pool_path
from pve_auth_tui.core.plan import Draft, Intent
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Part, Snapshot
from pve_auth_tui.core.takeback import way_back
from pve_auth_tui.core.words import count_words, listed, span

__all__ = ["Age", "Applied", "TooSoon", "age_rule", "applied_of", "undo_intent"]

ASKS_AFTER: Final = 3600.0
"""Seconds after which giving something back asks for a typed word (R14)."""
REFUSED_AFTER: Final = 86400.0
"""Seconds after which nothing is given back any more (R14)."""

_SLEW: Final = 60.0  # a clock may be set by so much and mean nothing
_NOT_COMPARED: Final[frozenset[Kind]] = frozenset({"lock", "password"})  # no call sets them
_IN_ACCESS: Final[frozenset[Kind]] = frozenset({"user", "group", "role", "token", "pool", "acl"})
_LONGEST_SHOWN: Final = 40
_MOST_NAMED: Final = 10
_BY_HAND: Final = "Look at what is there now, and change it by hand."


class Age(NamedTuple):
    """Whether a change may still be taken back. `refusal`: why not, "" if it may.

    `confirm`: what is typed before it runs, "" for one key; `reason`: why.
    """

    refusal: str = ""
    confirm: str = ""
    reason: str = ""


def age_rule(applied: Applied, now: float) -> Age:
    """R14: taking away what was added is always allowed, giving something back is not.

    A clock that was set back says nothing about the age: then nothing is given back.
    """
    if not (given_back(applied.changes) or applied.regained):
        return Age()
    age = now - applied.time
    if age < -_SLEW:
        return Age("The clock was set back since: nobody knows how long ago that was. " + _BY_HAND)
    if age > REFUSED_AFTER:
        ago = f"It was done {span(age)} ago, and it would give rights, factors or secrets back."
        return Age(f"{ago} After a day that is done by hand.")
    if age > ASKS_AFTER:
        reason = f"It was done {span(age)} ago, and gives rights, factors or secrets back."
        return Age("", applied.title, reason)
    return Age()


def undo_intent(
    applied: Applied,
    material: Mapping[str, Secret],
    *,
    now: float,
    code_of: CodeOf | None,
) -> Intent:
    """What takes a change back, with the picture that is there then.

    The Intent raises Refused when it was undone or purged, is too old (`age_rule`), when an
    object is no longer as the change left it (each is named), when everything is back already,
    or nothing can be brought back; TooSoon when a used code would count again.
    """

    def intent(snapshot: Snapshot) -> Draft:
        _require_open(applied, now)
        _require_read(snapshot, applied.changes)
        left = [one for one in applied.changes if not _is_back(snapshot, one, material)]
        _require_untouched(snapshot, left)
        comparable = [one for one in left if one.key.kind not in _NOT_COMPARED]
        if not comparable and len(left) < len(applied.changes):
            raise Refused(f"It is back already: {applied.title}.")
        way = way_back(left, material, snapshot, now=now, code_of=code_of)
        if not way.steps:
            raise Refused(f"Nothing can be taken back of: {applied.title}.", " ".join(way.lost))
        notes = _notes((*given_back(left), *applied.regained), way.lost)
        return Draft(
            f"take back: {applied.title}", way.steps, (*notes, *_users_left(snapshot, left))
        )

    return intent


def _require_open(applied: Applied, now: float) -> None:
    if applied.undone:
        raise Refused(f"It was taken back before: {applied.title}.")
    if applied.purged:
        raise Refused(f"What is needed to take it back was removed: {applied.title}.", _BY_HAND)
    if refusal := age_rule(applied, now).refusal:
        raise Refused(refusal)


def _require_read(snapshot: Snapshot, changes: Sequence[Changed]) -> None:
    """Where a file could not be read, an object that is not in the picture may be there."""
    kinds = {one.key.kind for one in changes}
    parts: Sequence[tuple[bool, str, Part[Any]]] = (
        (bool(kinds & _IN_ACCESS), "users and rights", snapshot.access),
        ("realm" in kinds, "realms", snapshot.realms),
        ("factor" in kinds, "second factors", snapshot.tfa),
        ("option" in kinds, "datacenter options", snapshot.datacenter),
    )
    for needed, what, part in parts:
        if needed and part.value is None:
            raise Refused(f"The {what} could not be read: {part.problem}", part.hint)


def _is_back(snapshot: Snapshot, one: Changed, material: Mapping[str, Secret]) -> bool:
    """Is it as it was before the change? A TOTP entry may be, under another id."""
    if one.key.kind in _NOT_COMPARED:
        return False
    if _compared(snapshot, one) == _compared_part(one.before, one):
        return True
    found = kept(one.key, material) if one.key.kind == "factor" and one.was_removed else None
    tfa = snapshot.tfa.value
    user = tfa.users.get(one.key.name) if tfa else None
    entries = [known for entry in user.entries if (known := stored(entry))] if user else []
    return found is not None and any(known.uri == found.uri for known in entries)


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
    problems += _hanging_on(snapshot, changes)
    if problems:
        more = len(problems) - _MOST_NAMED
        tail = [f"And {more} more."] if more > 0 else []
        raise Refused(" ".join([*problems[:_MOST_NAMED], *tail]), _BY_HAND)


def _changed_since(snapshot: Snapshot, one: Changed) -> str:
    """How it differs from what the change left, "" when it does not."""
    if one.key.kind in _NOT_COMPARED:
        return ""
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


def _hanging_on(snapshot: Snapshot, changes: Sequence[Changed]) -> list[str]:
    """What others have given since to an object that would be removed, and that goes with it."""
    made = {one.key for one in changes if one.was_made}
    mine = {one.key for one in changes}
    access = snapshot.access.value
    if access is None or not made:
        return []
    found: dict[Key, list[Key]] = {}

    def add(owner: Key, *things: Key) -> None:
        if owner in made:
            found.setdefault(owner, []).extend(thing for thing in things if thing not in mine)

    for entry in access.acl:
        key = acl_key(entry)
        kind, subject, role = acl_parts(key)
        for owner in (Key(kind, subject), Key("role", role)):
            add(owner, key)
        for one in made:
            if one.kind == "pool" and f"{entry.path}/".startswith(f"{pool_path(one.name)}/"):
                add(one, key)
    for one in made:
        if one.kind == "user" and one.name in access.users:
            add(
                one,
                *(Key("token", f"{one.name}!{token}") for token in access.users[one.name].tokens),
            )
            tfa = snapshot.tfa.value.users.get(one.name) if snapshot.tfa.value else None
            add(one, *(Key("factor", one.name, entry.id) for entry in (tfa.entries if tfa else ())))
    return [
        f"{shown(owner)} was given more since: {listed([*map(shown, things)])}."
        for owner, things in found.items()
        if things
    ]


def _notes(given: Sequence[str], lost: Sequence[str]) -> tuple[Finding, ...]:
    """Everything that comes back, and everything that does not."""
    found = [Finding("LOOK", text) for text in given[:_MOST_NAMED]]
    if len(given) > _MOST_NAMED:
        found.append(Finding("LOOK", f"And {len(given) - _MOST_NAMED} more come back."))
    return (*found, *(Finding("LOOK", text) for text in lost))


def _users_left(snapshot: Snapshot, changes: Sequence[Changed]) -> tuple[Finding, ...]:
    """The users of a realm that is removed again stay, and cannot log in any more."""
    access = snapshot.access.value
    found = []
    for one in changes:
        if one.key.kind == "realm" and one.was_made and access:
            number = sum(user.realm == one.key.name for user in access.users.values())
            if number:
                users = count_words(number, "user", "users")
                found.append(
                    Finding("LOOK", f"{users} of realm {one.key.name} cannot log in any more.")
                )
    return tuple(found)
