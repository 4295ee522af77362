"""What came of a plan: the picture as it was foretold, beside the picture as it is now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.objects import NEW, Key, Kind, Record, differing, record, shown
from pve_auth_tui.core.snapshot import Part, Snapshot

_MOST: Final = 20  # sentences of a kind
_PART_OF: Final[Mapping[Kind, str]] = {
    "role": "access",
    "group": "access",
    "user": "access",
    "token": "access",
    "pool": "access",
    "acl": "access",
    "realm": "realms",
    "password": "passwords",
    "factor": "tfa",
    "lock": "tfa",
    "option": "datacenter",
    "job": "jobs",
}


class ReadBack(NamedTuple):
    """`differences`: where the node is not as it was foretold. `others`: what changed meanwhile
    that no step was to change. `keys`: the foretold objects under their own names, which for a
    new second factor is the id that PVE gave it.
    """

    differences: tuple[str, ...]
    others: tuple[str, ...]
    keys: tuple[Key, ...]


def read_back(
    before: Snapshot, expected: Snapshot, now: Snapshot, touched: Sequence[Key]
) -> ReadBack:
    """Compare the objects that were to be touched, and look for others that differ."""
    names = _named(before, expected, now, touched)
    lost = {part for part in set(_PART_OF.values()) if _was_lost(part, before, now)}
    differences = [_unread(getattr(now, part), part) for part in _needed(touched) if part in lost]
    for key in touched:
        if _PART_OF[key.kind] not in lost:
            wanted, found = record(expected, key), record(now, names[key])
            differences += _difference(names[key], wanted, found, "not")
    meant = {*touched, *names.values()}
    others: list[str] = []
    for key in differing(before, now):
        if key not in meant and _PART_OF[key.kind] not in lost:
            others += _difference(key, record(before, key), record(now, key), "was")
    return ReadBack(_few(differences), _few(others), tuple(names[key] for key in touched))


def happened(before: Snapshot, expected: Snapshot, now: Snapshot) -> bool | None:
    """Whether a step was carried out, of which nobody heard: `before` and `expected` are the
    pictures before and after it. None when that cannot be seen.
    """
    touched = differing(before, expected)
    if not touched or any(_was_lost(part, before, now) for part in _needed(touched)):
        return None
    names = _named(before, expected, now, touched)
    if all(record(now, names[key]) == record(expected, key) for key in touched):
        return True
    if all(record(now, names[key]) == record(before, key) for key in touched):
        return False
    return None


def filled(before: Snapshot, expected: Snapshot, now: Snapshot) -> Snapshot:
    """The picture as it is now; of what can no longer be read, as it was foretold."""
    lost = {part for part in set(_PART_OF.values()) if _was_lost(part, before, now)}
    parts: dict[str, Any] = {part: getattr(expected, part) for part in lost}
    return replace(now, **parts)


def _named(
    before: Snapshot, expected: Snapshot, now: Snapshot, keys: Sequence[Key]
) -> dict[Key, Key]:
    """Each key under its own name; a new factor is the new entry that is as it was to be."""
    names: dict[Key, Key] = {}
    for key in keys:
        if key.kind == "factor" and key.part.startswith(NEW):
            taken = set(names.values())
            wanted = record(expected, key)
            fresh = [one for one in _new_factors(before, now, key.name) if one not in taken]
            names[key] = next((one for one in fresh if record(now, one) == wanted), key)
        else:
            names[key] = key
    return names


def _new_factors(before: Snapshot, now: Snapshot, userid: str) -> Iterator[Key]:
    user = now.tfa.value.users.get(userid) if now.tfa.value else None
    for entry in user.entries if user else ():
        key = Key("factor", userid, entry.id)
        if record(before, key) is None:
            yield key


def _needed(keys: Collection[Key]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_PART_OF[key.kind] for key in keys))


def _was_lost(part: str, before: Snapshot, now: Snapshot) -> bool:
    """Whether a part can no longer be read, or could not before: then it tells nothing."""
    return (getattr(before, part).value is None) != (getattr(now, part).value is None)


def _unread(part: Part[object], name: str) -> str:
    problem = part.problem or f"the {name} could not be read before"
    return f"It could not be read back: {problem}"


def _difference(key: Key, meant: Record | None, found: Record | None, word: str) -> Iterator[str]:
    """One sentence at the most. `word`: what stands before the other value, `not` or `was`."""
    if meant == found:
        return
    name = shown(key)
    if found is None or meant is None:
        there = "is not there" if found is None else "is there"
        yield f"{name} {there}{' any more' if word == 'was' and found is None else ''}."
        return
    fields = [field for field in {**meant, **found} if meant.get(field) != found.get(field)]
    told = ", ".join(
        f"{field} is {_value(found.get(field))}, {word} {_value(meant.get(field))}"
        for field in fields
    )
    yield f"{name}: {told}."


def _value(text: str | None) -> str:
    return text or "empty"


def _few(sentences: Sequence[str]) -> tuple[str, ...]:
    if len(sentences) <= _MOST:
        return tuple(sentences)
    return (*sentences[:_MOST], f"And {len(sentences) - _MOST} more.")
