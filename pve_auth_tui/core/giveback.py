"""What an undo gives back: rights, logins, second factors, secrets (security.md R14).

Taking away what a change had added is harmless at any time; giving something back long after
may undo what nobody remembers. An added ACL entry or group may also have taken rights away
(reference 3.2: on a path it replaces what comes from above): then removing it gives them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from pve_auth_tui.core.accessdata import NO_ACCESS, UserConfig
from pve_auth_tui.core.aclindex import acl_index, parents, permissions_of
from pve_auth_tui.core.changed import Changed, members
from pve_auth_tui.core.objects import Kind, Record, acl_parts
from pve_auth_tui.core.pathtree import pool_path
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed

_HARMLESS: Final = frozenset({"comment", "default"})
_ASKED: Final = 2000
"""So many times somebody's rights on a path are compared; an undo of more counts as giving."""


def given_back(changes: Sequence[Changed]) -> tuple[str, ...]:
    """One sentence for each right, login, factor or secret that records show."""
    return tuple(dict.fromkeys(text for one in changes for text in _given(one)))


def regained(before: Snapshot, after: Snapshot, changes: Sequence[Changed]) -> tuple[str, ...]:
    """Who had rights before that what the change added has taken away, one sentence each.

    `before` and `after` are the pictures around the change. Asked once, when it is recorded.
    """
    old, new = before.access.value, after.access.value
    if old is None or new is None:
        return ()
    found: dict[str, set[str]] = {}
    asked = list(islice(_concerned(new, changes), _ASKED + 1))
    if len(asked) > _ASKED:
        return ("Some of these users may get rights back: too many were changed to tell.",)
    for subject, path in dict.fromkeys(asked):
        for place in (path, f"{path.rstrip('/')}/below"):
            had = permissions_of(old).privileges(subject, place)
            has = permissions_of(new).privileges(subject, place)
            if had.keys() - has.keys():
                found.setdefault(subject, set()).add(path)
    told = (f"{who} gets rights back on {listed(sorted(on))}." for who, on in found.items())
    return (*told, *_pools_without_rights(new, changes))


def _given(one: Changed) -> Iterator[str]:
    if one.before is not None:
        yield from _GIVEN.get(one.key.kind, _nothing)(one, one.before)
    elif one.key.kind == "lock":
        yield f"{one.key.name} is unlocked."


def _nothing(one: Changed, before: Record) -> Iterator[str]:
    """A password and a lock never come back."""
    yield from ()


def _user(one: Changed, before: Record) -> Iterator[str]:
    name = one.key.name
    if one.was_removed:
        if before["enable"] == "1":
            yield f"{name} can log in again."
    elif one.back.get("enable") == "1":
        yield f"{name} is enabled again."
    elif _later(one):
        yield f"{name} expires later again."
    for group in _more(one, "groups"):
        yield f"{name} is in group {group} again."


def _group(one: Changed, before: Record) -> Iterator[str]:
    yield from (f"{who} is in group {one.key.name} again." for who in _more(one, "members"))


def _role(one: Changed, before: Record) -> Iterator[str]:
    if privs := _more(one, "privs"):
        yield f"Role {one.key.name} has {listed(privs)} again."


def _token(one: Changed, before: Record) -> Iterator[str]:
    name = one.key.name
    if one.was_removed:
        yield f"API token {name} is there again, with another secret."
        return
    if one.back.get("privsep") == "0":
        yield f"API token {name} has all rights of its user again."
    if _later(one):
        yield f"API token {name} expires later again."


def _pool(one: Changed, before: Record) -> Iterator[str]:
    if inside := (*_more(one, "vms"), *_more(one, "storage")):
        yield f"Whoever has rights on pool {one.key.name} has them on {listed(inside)} again."


def _acl(one: Changed, before: Record) -> Iterator[str]:
    kind, subject, role = acl_parts(one.key)
    who = f"group {subject}" if kind == "group" else subject
    yield f"{who} has role {role} on {one.key.name} again."


def _factor(one: Changed, before: Record) -> Iterator[str]:
    """What was removed and is no TOTP entry never comes back."""
    restorable = before["type"] == "totp" or not one.was_removed
    if one.back.get("enable") == "1" and restorable:
        name = before["description"] or one.key.part
        yield f"TFA entry {name} of {one.key.name} works again."


def _realm(one: Changed, before: Record) -> Iterator[str]:
    """Whoever sets where a realm asks, or whether it asks for a factor, decides who gets in."""
    name, after = one.key.name, one.after or {}
    if one.was_removed:
        yield f"Users of realm {name} can log in again."
        return
    names = {*one.back, *(option for option in after if option not in before)} - _HARMLESS
    if names:
        yield f"Realm {name} has its old {listed(sorted(names))} again."


def _option(one: Changed, before: Record) -> Iterator[str]:
    if one.key.name in ("webauthn", "u2f"):
        yield "Security keys made for the old settings work again."


_GIVEN: Final[Mapping[Kind, Callable[[Changed, Record], Iterator[str]]]] = {
    "realm": _realm,
    "role": _role,
    "group": _group,
    "user": _user,
    "token": _token,
    "pool": _pool,
    "acl": _acl,
    "factor": _factor,
    "option": _option,
}


def _later(one: Changed) -> bool:
    """Is the expiry before the change later than after it? 0 is never."""
    old, new = (int((of or {}).get("expire", "0")) for of in (one.before, one.after))
    return one.after is not None and old != new and (old == 0 or (new != 0 and old > new))


def _more(one: Changed, name: str) -> tuple[str, ...]:
    """The members of a list that were there before the change only."""
    before, after = (members((of or {}).get(name, "")) for of in (one.before, one.after))
    left = set(after)
    return tuple(each for each in before if each not in left)


def _less(one: Changed, name: str) -> tuple[str, ...]:
    """The members of a list that the change has added."""
    return _more(Changed(one.key, one.after, one.before), name)


def _concerned(access: UserConfig, changes: Sequence[Changed]) -> Iterator[tuple[str, str]]:
    """Whose rights on which path an added ACL entry or group may have replaced."""
    for one in changes:
        if one.key.kind == "acl" and not one.was_removed:
            kind, subject, _ = acl_parts(one.key)
            group = access.groups.get(subject) if kind == "group" else None
            for who in group.members if group else (subject,):
                yield who, one.key.name
        elif one.key.kind == "user" and not one.was_made:
            for group_name in _less(one, "groups"):
                for entry in acl_index(access).by_subject.get(f"@{group_name}", ()):
                    yield one.key.name, entry.path


def _pools_without_rights(access: UserConfig, changes: Sequence[Changed]) -> Iterator[str]:
    """NoAccess on a pool takes all rights on its members away."""
    for one in changes:
        if one.key.kind != "pool" or not (inside := (*_less(one, "vms"), *_less(one, "storage"))):
            continue
        path = pool_path(one.key.name)
        levels = [acl_index(access).levels.get(at, {}) for at in (path, *parents(path))]
        if any(e.role == NO_ACCESS for level in levels for of in level.values() for e in of):
            name = one.key.name
            yield f"Whoever has {NO_ACCESS} on pool {name} gets rights back on {listed(inside)}."
