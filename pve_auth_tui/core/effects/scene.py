"""A picture before and after a change, with what every effect is worked out from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pve_auth_tui.core.aclindex import AclIndex, acl_index, permissions_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.objects import Key, Kind, Record, acl_parts, record
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import UserTfa
from pve_auth_tui.core.userconfig import User, UserConfig, parse_user_config
from pve_auth_tui.core.words import has_expired

SINGLY = 50
"""So many subjects are looked at one by one; the rest is counted."""

MANY = 100
CROWD = 500
"""Of a sync, and of any change with more than CROWD users, what is said of more than MANY objects
is one line for all of them.
"""

_NOBODY = parse_user_config(b"")


@dataclass(frozen=True)
class Scene:
    """`touched`: the objects that differ, in the order of KINDS; `renewed`: those that got a new
    secret, which no record shows. `now` is in seconds since 1970. `is_sync`: of a realm.
    """

    before: Snapshot
    after: Snapshot
    touched: Sequence[Key]
    now: float
    renewed: Sequence[Key] = ()
    is_sync: bool = False

    @property
    def is_crowded(self) -> bool:
        """Is it about so many users that nobody reads a line for each?"""
        return self.is_sync or len(self.kind("user")) > CROWD

    @cached_property
    def old(self) -> UserConfig:
        """Users and permissions before; empty where they were not read."""
        return self.before.access.value or _NOBODY

    @cached_property
    def new(self) -> UserConfig:
        """Users and permissions after."""
        return self.after.access.value or _NOBODY

    @cached_property
    def index(self) -> AclIndex:
        """Of the picture before; one of `after` would take too long (core.aclindex)."""
        return acl_index(self.old)

    @cached_property
    def stops(self) -> frozenset[str]:
        """Paths with an entry, before or after, that is not passed on to what lies below."""
        return frozenset(
            entry.path
            for config in (self.old, self.new)
            for entry in config.acl
            if not entry.propagate
        )

    @cached_property
    def was(self) -> Permissions:
        """Asked about the picture before."""
        return permissions_of(self.old)

    @cached_property
    def records(self) -> Mapping[Key, tuple[Record | None, Record | None]]:
        """Every touched object before and after."""
        return {key: (record(self.before, key), record(self.after, key)) for key in self.touched}

    @cached_property
    def of_kind(self) -> Mapping[Kind, tuple[Key, ...]]:
        """The touched objects of each kind; kinds without any are missing."""
        found: dict[Kind, list[Key]] = {}
        for key in self.touched:
            found.setdefault(key.kind, []).append(key)
        return {kind: tuple(keys) for kind, keys in found.items()}

    def kind(self, kind: Kind) -> tuple[Key, ...]:
        """The touched objects of a kind."""
        return self.of_kind.get(kind, ())

    def made(self, kind: Kind) -> tuple[Key, ...]:
        """Those that were not there before."""
        return tuple(key for key in self.kind(kind) if self.records[key][0] is None)

    @cached_property
    def made_entries(self) -> Mapping[str, tuple[str, ...]]:
        """Shown subject -> paths of ACL entries that were not there before."""
        found: dict[str, dict[str, None]] = {}
        for key in self.made("acl"):
            kind, subject, _ = acl_parts(key)
            shown = f"@{subject}" if kind == "group" else subject
            found.setdefault(shown, {})[key.name] = None
        return {subject: tuple(paths) for subject, paths in found.items()}

    def gone(self, kind: Kind) -> tuple[Key, ...]:
        """Those that are no longer there."""
        return tuple(key for key in self.kind(kind) if self.records[key][1] is None)

    def changed(self, kind: Kind) -> tuple[tuple[Key, Record, Record], ...]:
        """Those that are there before and after, with both records."""
        return tuple(
            (key, old, new)
            for key, (old, new) in self._of(kind)
            if old is not None and new is not None
        )

    def _of(self, kind: Kind) -> Sequence[tuple[Key, tuple[Record | None, Record | None]]]:
        return [(key, self.records[key]) for key in self.kind(kind)]

    def will(self, subjects: Collection[str]) -> Permissions:
        """To be asked about the picture after, and only about these userids and full token ids.

        It knows no other entries: to sort all of them would take longer than everything else.
        """
        owners = {subject.rpartition("!")[0] for subject in subjects if "!" in subject}
        wanted = {*subjects, *owners}
        groups = self.new.groups.values()
        wanted |= {group.id for group in groups if not wanted.isdisjoint(group.members)}
        entries = tuple(entry for entry in self.new.acl if entry.subject in wanted)
        return Permissions(replace(self.new, acl=entries))

    def is_gone(self, key: Key) -> bool:
        """Was it there, and is it no longer?"""
        found = self.records.get(key)
        return found is not None and found[1] is None

    def is_made(self, key: Key) -> bool:
        """Was it not there, and is it now?"""
        found = self.records.get(key)
        return found is not None and found[0] is None


def is_active(user: User | None, now: float) -> bool:
    """Does the account exist, enabled and not expired?"""
    return user is not None and user.enable and not has_expired(user.expire, now)


def tfa_of(snapshot: Snapshot, userid: str) -> UserTfa:
    """What tfa.cfg says about somebody; nothing where it was not read."""
    tfa = snapshot.tfa.value
    return (tfa.users.get(userid) if tfa else None) or UserTfa(userid)


def realms_of(snapshot: Snapshot) -> Mapping[str, Realm]:
    """The realms; none where they were not read."""
    return snapshot.realms.value.realms if snapshot.realms.value else {}


def realm_name(userid: str) -> str:
    """The part behind the last `@`."""
    return userid.rpartition("@")[2]
