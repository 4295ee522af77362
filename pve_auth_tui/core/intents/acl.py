"""ACL entries: add, and change role or Propagate (reference 3, 4.2; PVE::API2::ACL).

PVE has one call for it: it gives roles to subjects on a path, or takes them. An entry that is
there already gets another Propagate by being given once more; its role cannot be changed, so the
new entry is made first and then the old one goes: there is no moment without either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pve_auth_tui.core import aclpaths
from pve_auth_tui.core.accessdata import ROOT, AclEntry, SubjectKind, UserConfig
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents.common import access_of, found, require_listable, user_of
from pve_auth_tui.core.objects import Key, acl_key, acl_parts, shown
from pve_auth_tui.core.plan import ApiCall, Draft, Effect, Intent
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.snapshot import Snapshot

_PARAMETER: Final[Mapping[SubjectKind, str]] = {
    "group": "groups",
    "token": "tokens",
    "user": "users",
}
_AT_ONCE: Final = 100  # subjects in one call: it must fit into a command line, too

_Subject: TypeAlias = tuple[SubjectKind, str]


@dataclass(frozen=True, slots=True)
class Subjects:
    """Who gets something: userids, group ids, full token ids."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[tuple[SubjectKind, str], ...]:
        """(kind, name) of each, once: groups, users, tokens."""
        named: dict[tuple[SubjectKind, str], None] = {}
        named |= {("group", name): None for name in self.groups}
        named |= {("user", name): None for name in self.users}
        named |= {("token", name): None for name in self.tokens}
        return tuple(named)


def add(
    paths: Sequence[str], roles: Sequence[str], subjects: Subjects, *, propagate: bool = True
) -> Intent:
    """Give each role to each subject on each path.

    Entries that are there already need no call; those with another Propagate get this one.
    """

    def intent(snapshot: Snapshot) -> Draft:
        wanted = wanted_entries(snapshot, paths, roles, subjects, propagate=propagate)
        config = access_of(snapshot)
        there = [entry for entry in wanted if present(config, entry) == entry]
        made = [entry for entry in wanted if present(config, entry) != entry]
        return Draft(_title(config, made or wanted), _gives(made), already=_already(there))

    return intent


def edit(keys: Sequence[Key], *, role: str | None = None, propagate: bool | None = None) -> Intent:
    """Give entries another role, another Propagate, or both; None leaves what they have."""
    wanted = tuple(dict.fromkeys(keys))

    def intent(snapshot: Snapshot) -> Draft:
        config = access_of(snapshot)
        old = entries_of(snapshot, wanted)
        if role is not None:
            found(snapshot, config.roles, role, "role")
        new = becoming(old, role=role, propagate=propagate)
        made = [entry for entry in new if present(config, entry) != entry]
        places = {acl_key(entry) for entry in new}
        gone = [entry for entry in old if acl_key(entry) not in places]
        then = set(new)
        same = [entry for entry in old if entry in then]
        what = shown(wanted[0]) if len(wanted) == 1 else f"{len(wanted)} ACL entries"
        return Draft(f"change {what}", (*_gives(made), *_takes(gone)), already=_already(same))

    return intent


def wanted_entries(
    snapshot: Snapshot,
    paths: Sequence[str],
    roles: Sequence[str],
    subjects: Subjects,
    *,
    propagate: bool,
) -> tuple[AclEntry, ...]:
    """The entries that `add` is about, whether they are there or not, each once.

    Raises UsageError for a path that PVE refuses, for who or what does not exist, and when
    nothing is named; Refused for root@pam.
    """
    config = access_of(snapshot)
    if not paths:
        raise UsageError("No path was named.", "/ is everything, /vms/100 one guest.")
    for path in paths:
        if problem := aclpaths.path_problem(snapshot, path):
            raise UsageError(problem)
    if not roles:
        raise UsageError("No role was named.")
    if not subjects.all:
        raise UsageError("Nobody was named: a user, a group or an API token.")
    for role in roles:
        found(snapshot, config.roles, role, "role")
    for kind, name in subjects.all:
        _require(snapshot, config, kind, name)
    places = dict.fromkeys(map(aclpaths.placed, paths))
    return tuple(
        AclEntry(path, kind, name, role, propagate)
        for path in places
        for kind, name in subjects.all
        for role in dict.fromkeys(roles)
    )


def entries_of(snapshot: Snapshot, keys: Sequence[Key]) -> tuple[AclEntry, ...]:
    """The entries behind the keys, as they are now.

    Raises UsageError for one that is not there, Refused for one whose user or group does not
    exist: PVE then takes neither a new entry nor the old one away.
    """
    config = access_of(snapshot)
    if not keys:
        raise UsageError("No ACL entry was named.")
    entries = []
    for key in keys:
        kind, subject, role = acl_parts(key)
        entry = present(config, AclEntry(key.name, kind, subject, role))
        if entry is None:
            raise UsageError(f"There is no {shown(key)}.")
        if (kind == "user" and subject not in config.users) or (
            kind == "group" and subject not in config.groups
        ):
            raise Refused(
                f"There is no {kind} {subject}: PVE changes no entry of it.",
                "Remove all that is left of it, or make it anew.",
            )
        entries.append(entry)
    return tuple(entries)


def becoming(
    entries: Iterable[AclEntry], *, role: str | None, propagate: bool | None
) -> tuple[AclEntry, ...]:
    """What entries become, each once.

    Raises UsageError when several become one and differ in Propagate, of which nothing is said.
    """
    new: dict[Key, AclEntry] = {}
    for entry in entries:
        kept = entry.propagate if propagate is None else propagate
        one = AclEntry(
            entry.path, entry.kind, entry.subject, entry.role if role is None else role, kept
        )
        if new.setdefault(acl_key(one), one) != one:
            raise UsageError(
                f"The entries of {entry.shown_subject} on {entry.path} become one, "
                "and they differ in Propagate.",
                "Say which Propagate it gets, too.",
            )
    return tuple(new.values())


def present(config: UserConfig, entry: AclEntry) -> AclEntry | None:
    """The entry with the same path, subject and role that is there now, whatever it propagates."""
    here = acl_index(config).levels.get(entry.path, {}).get(entry.shown_subject, ())
    return next((one for one in here if one.role == entry.role and one.kind == entry.kind), None)


def _require(snapshot: Snapshot, config: UserConfig, kind: SubjectKind, name: str) -> None:
    require_listable(name)
    if kind == "group":
        found(snapshot, config.groups, name, "group")
    elif kind == "user":
        if name == ROOT:
            raise Refused("root@pam may do everything: PVE writes no entry for it.")
        user_of(snapshot, name)
    else:
        userid, _, token = name.rpartition("!")
        found(snapshot, user_of(snapshot, userid).tokens, token, f"API token of {userid} named")


def _title(config: UserConfig, entries: Sequence[AclEntry]) -> str:
    doing = "change" if all(present(config, entry) for entry in entries) else "add"
    what = shown(acl_key(entries[0])) if len(entries) == 1 else f"{len(entries)} ACL entries"
    return f"{doing} {what}"


def _already(entries: Iterable[AclEntry]) -> tuple[Effect, ...]:
    return tuple(Effect(shown(acl_key(entry)), "none, there already") for entry in entries)


def _gives(entries: Iterable[AclEntry]) -> tuple[ApiCall, ...]:
    """Roles that the same subjects get on the same path share a call."""
    roles: dict[tuple[str, bool, str], list[_Subject]] = {}
    for entry in entries:
        place = (entry.path, entry.propagate, entry.role)
        roles.setdefault(place, []).append((entry.kind, entry.subject))
    calls: dict[tuple[str, bool, tuple[_Subject, ...]], list[str]] = {}
    for (path, propagate, role), subjects in roles.items():
        calls.setdefault((path, propagate, tuple(sorted(subjects))), []).append(role)
    return tuple(
        _call(path, together, some, {"propagate": int(propagate)})
        for (path, propagate, subjects), together in calls.items()
        for some in _parts(subjects)
    )


def _takes(entries: Iterable[AclEntry]) -> tuple[ApiCall, ...]:
    roles: dict[tuple[str, str], list[_Subject]] = {}
    for entry in entries:
        roles.setdefault((entry.path, entry.role), []).append((entry.kind, entry.subject))
    return tuple(
        _call(path, [role], some, {"delete": 1})
        for (path, role), subjects in roles.items()
        for some in _parts(sorted(subjects))
    )


def _parts(subjects: Sequence[_Subject]) -> Iterable[Sequence[_Subject]]:
    return (subjects[at : at + _AT_ONCE] for at in range(0, len(subjects), _AT_ONCE))


def _call(
    path: str, roles: Sequence[str], subjects: Sequence[_Subject], more: Mapping[str, Param]
) -> ApiCall:
    named: dict[str, list[str]] = {}
    for kind, name in subjects:
        named.setdefault(_PARAMETER[kind], []).append(name)
    lists = {name: ",".join(of) for name, of in sorted(named.items())}
    params: dict[str, Param] = {"path": path, "roles": ",".join(roles), **lists, **more}
    return ApiCall("PUT", ("access", "acl"), params)
