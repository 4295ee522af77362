"""Sets of roles that somebody holds on a path, and what follows from them, each made once.

On a big cluster thousands of paths share a handful of such sets, so they are kept and
compared by identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pve_auth_tui.core.accessdata import NO_ACCESS, Role

Flags = Mapping[str, bool]
"""Name of a role or privilege -> whether it propagates to the paths below."""


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """Roles on a path and the privileges they give. Both maps are read-only."""

    roles: Flags
    privs: Flags


class Grants:
    """All sets of roles that came up so far, for one set of role definitions."""

    def __init__(self, roles: Mapping[str, Role]) -> None:
        self._roles = roles
        self._made: dict[frozenset[tuple[str, bool]], Grant] = {}
        self._cuts: dict[tuple[Grant, Grant], Flags] = {}
        self.nothing = self.of({})

    def of(self, roles: Flags) -> Grant:
        """The grant of these roles; with NoAccess among them, of NoAccess alone.

        A privilege propagates when one of the roles that give it does.
        """
        if NO_ACCESS in roles:
            roles = {NO_ACCESS: roles[NO_ACCESS]}
        key = frozenset(roles.items())
        if key not in self._made:
            privs: dict[str, bool] = {}
            for name, propagates in roles.items():
                if role := self._roles.get(name):
                    for priv in role.privs:
                        privs[priv] = privs.get(priv, False) or propagates
            self._made[key] = Grant(MappingProxyType(dict(roles)), MappingProxyType(privs))
        return self._made[key]

    def with_pools(self, grant: Grant, pools: Iterable[Grant]) -> Grant:
        """What is held on a member of pools: theirs are added, never propagating.

        NoAccess on the member's own path wins over the pools, NoAccess on a pool over
        the member's own roles (PVE::RPCEnvironment, compile_acl_path).
        """
        if NO_ACCESS in grant.roles:
            return grant
        roles = {name: False for pool in pools for name in pool.roles}
        if NO_ACCESS in roles:
            return self.of({NO_ACCESS: False})
        return self.of({**roles, **grant.roles})

    def cut(self, user: Grant, token: Grant) -> Flags:
        """The privileges of a token with privilege separation: what its user has, too."""
        found = self._cuts.get((user, token))
        if found is None:
            found = MappingProxyType(
                {
                    priv: propagates and user.privs[priv]
                    for priv, propagates in token.privs.items()
                    if priv in user.privs
                }
            )
            self._cuts[user, token] = found
        return found
