"""Made-up users that stand for all who have the same ACL entries, so that each kind is asked once.

On a cluster with 10,000 users most have, as far as one change goes, the same entries. A stand-in
has just these; PVE's computation (core.permissions) answers for it as it would for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from itertools import count
from typing import NamedTuple

from pve_auth_tui.core.accessdata import ROOT, AclEntry, Group, SubjectKind, Token, User, UserConfig
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.permissions import Permissions

Given = tuple[tuple[str, str, bool], ...]
"""(path, role, propagates) of entries, in the order of the ACL."""


class Holding(NamedTuple):
    """The entries of a user or token: its own, and those of its groups in PVE's order.

    `root`: it is root@pam, whatever the ACL says. `owner`: of a token with privilege separation
    what its user holds; None where that limits nothing. `separated`: it is such a token.
    """

    own: Given = ()
    groups: Given = ()
    root: bool = False
    owner: Holding | None = None
    separated: bool = False

    def paths(self) -> Iterable[str]:
        """Where it has entries, with those of the owner."""
        for path, _, _ in (*self.own, *self.groups):
            yield path
        if self.owner:
            yield from self.owner.paths()


IS_ROOT = Holding(root=True)


class StandIns:
    """All that are asked about must be added first."""

    def __init__(self, config: UserConfig) -> None:
        self._config = config
        self._names: dict[Holding, str] = {IS_ROOT: ROOT}
        self._users: dict[str, User] = {}
        self._tokens: dict[str, dict[str, Token]] = {}
        self._groups: dict[str, Group] = {}
        self._acl: list[AclEntry] = []
        self._numbers = count(1)

    def add(self, holding: Holding | None) -> None:
        """None is somebody who does not exist."""
        if holding is not None:
            self._name(holding)

    def _name(self, holding: Holding) -> str:
        if holding not in self._names:
            number = f"s{next(self._numbers)}"
            kind: SubjectKind = "user"
            if holding.owner is None:
                name = f"{number}@pve"
                self._tokens[name] = {}
                self._users[name] = User(name, tokens=self._tokens[name])
                self._groups[number] = Group(number, (name,))
            else:
                kind, owner = "token", self._name(holding.owner)
                self._tokens[owner][number] = Token(number)
                name = f"{owner}!{number}"
            self._names[holding] = name
            for path, role, on in holding.own:
                self._acl.append(AclEntry(path, kind, name, role, on))
            for path, role, on in holding.groups:
                self._acl.append(AclEntry(path, "group", number, role, on))
        return self._names[holding]

    def privileges(self, holding: Holding | None, path: str) -> Flags:
        """What PVE answers for everybody who holds just this."""
        if holding is None:
            return _NOTHING
        return self._engine.privileges(self._names[holding], path)

    @cached_property
    def _engine(self) -> Permissions:
        return Permissions(
            replace(self._config, users=self._users, groups=self._groups, acl=tuple(self._acl))
        )


_NOTHING: Flags = {}
