"""Who has a privilege on a path: every user and API token that exists, and what gives it to them.

PVE's own computation (core.permissions) over the entries on the way to the path and to the pools
that it is a member of; no other entry has a say (reference 3.2). Subjects whose entries there are
the same get the same answer, so it is worked out once for them: a group with 10,000 members costs
one question. Nothing is remembered from one call to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pve_auth_tui.core.accessdata import ROOT, AclEntry, UserConfig
from pve_auth_tui.core.pathtree import member_paths, pool_path
from pve_auth_tui.core.permissions import Permissions, way
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.asked import access_of, require_privilege
from pve_auth_tui.core.why.explanation import Usable
from pve_auth_tui.core.why.usable import usable
from pve_auth_tui.core.words import listed

_MEMBERS = ("/vms/", "/storage/")  # what can be in a pool


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has the privilege. `subject`: userid or full token id.

    `propagates`: is it passed on to what lies below the path? `through`: what gives it, as lists
    say it (`Administrator on / through @admins`, `pool lab`, `root@pam`, `as ann@pve: ...`).
    """

    subject: str
    propagates: bool
    through: str
    _picture: Snapshot = field(repr=False, compare=False)
    _now: float = field(repr=False, compare=False)

    @property
    def usable(self) -> Usable:
        """Can it be used now? Worked out when asked for: with 10,000 holders few are looked at."""
        return usable(self._picture, self.subject, self._now)


class _Answer(NamedTuple):
    propagates: bool
    through: str


def who_can(snapshot: Snapshot, privilege: str, path: str, *, now: float) -> tuple[Holder, ...]:
    """root@pam first, then by name, a user's tokens after it; disabled and expired ones, too.

    The path is taken as it is, as by PVE's API. Raises UsageError for a privilege that neither
    PVE nor a role knows, Refused where users and permissions were not read.
    """
    config = access_of(snapshot)
    require_privilege(snapshot, privilege)
    held = _Held(_on_the_way(config, path), privilege, path)
    return tuple(
        Holder(subject, answer.propagates, answer.through, snapshot, now)
        for subject, answer in held.answers()
    )


def _on_the_way(config: UserConfig, path: str) -> UserConfig:
    """The same users with no other entries and pools than those that can count on a path."""
    pools = {}
    if path.startswith(_MEMBERS):
        pools = {p.id: p for p in config.pools.values() if path in member_paths(p)}
    places = {place for end in (path, *map(pool_path, pools)) for place, _ in way(end)}
    acl = tuple([entry for entry in config.acl if entry.path in places])
    return replace(config, acl=acl, pools=pools)


class _Held:
    """The answers for all subjects of one small configuration, each kind of subject asked once."""

    def __init__(self, config: UserConfig, privilege: str, path: str) -> None:
        self._config = config
        self._privilege = privilege
        self._path = path
        self._engine = Permissions(config)
        self._known: dict[object, _Answer | None] = {}
        self._own: dict[str, tuple[tuple[str, str, bool], ...]] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        of_groups: dict[str, None] = {}
        for entry in config.acl:
            if entry.kind == "group":
                of_groups[entry.subject] = None
            else:
                mine = (entry.path, entry.role, entry.propagate)
                self._own[entry.subject] = (*self._own.get(entry.subject, ()), mine)
        for group in sorted(of_groups):
            if group in config.groups:
                alone = (group,)
                for member in config.groups[group].members:
                    # Most are in one of these groups: they share the tuple.
                    before = self._groups.get(member)
                    self._groups[member] = (*before, group) if before else alone

    def answers(self) -> Iterator[tuple[str, _Answer]]:
        """Whoever has the privilege, with what gives it."""
        users = self._config.users
        concerned = self._own.keys() | self._groups.keys()
        if ROOT in users:
            yield from self._of_user(ROOT)
        for userid in sorted(concerned & users.keys()):
            if userid != ROOT:
                yield from self._of_user(userid)

    def _of_user(self, userid: str) -> Iterator[tuple[str, _Answer]]:
        kind = (userid == ROOT, self._own.get(userid), self._groups.get(userid))
        answer = self._answer(kind, userid)
        if answer is None:  # then its tokens have nothing, either
            return
        yield userid, answer
        for token in self._config.users[userid].tokens.values():
            tokenid = f"{userid}!{token.id}"
            if not token.privsep:
                through = f"as {userid}" if userid == ROOT else f"as {userid}: {answer.through}"
                yield tokenid, answer._replace(through=through)
            elif own := self._own.get(tokenid):
                found = self._answer((own, kind), tokenid)
                if found is not None:
                    yield tokenid, found

    def _answer(self, kind: object, subject: str) -> _Answer | None:
        """The answer for all subjects of a kind; `subject` is one of them."""
        if kind not in self._known:
            held = self._engine.privileges(subject, self._path)
            answer = None
            if self._privilege in held:
                answer = _Answer(held[self._privilege], self._through(subject))
            self._known[kind] = answer
        return self._known[kind]

    def _through(self, subject: str) -> str:
        decision = self._engine.decision(subject, self._path)
        if decision.kind == "root":
            return ROOT
        given = [entry_words(entry) for entry in decision.entries if self._gives(entry)]
        pools = [
            f"through pool {pool}"
            for pool in decision.pools
            if self._adds(subject, pool_path(pool), decision.entries)
        ]
        return listed([*given, *pools])

    def _adds(self, subject: str, pool: str, entries: Collection[AclEntry]) -> bool:
        """Is it a pool that gives it, and not only entries further up that count anyway?"""
        other = self._engine.decision(subject, pool).entries
        return any(self._gives(entry) and entry not in entries for entry in other)

    def _gives(self, entry: AclEntry) -> bool:
        role = self._config.roles.get(entry.role)
        return role is not None and self._privilege in role.privs


def entry_words(entry: AclEntry) -> str:
    """`Administrator on / through @admins`, `PVEVMUser on /vms/100`."""
    through = f" through {entry.shown_subject}" if entry.kind == "group" else ""
    return f"{entry.role} on {entry.path}{through}"
