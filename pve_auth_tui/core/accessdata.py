"""Users, API tokens, groups, pools, roles and ACL entries: what /etc/pve/user.cfg holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SubjectKind = Literal["user", "group", "token"]

ROOT = "root@pam"
"""PVE's own user: always there, may do everything."""

ADMINISTRATOR = "Administrator"
"""The built-in role with every privilege."""

NO_ACCESS = "NoAccess"
"""The built-in role that takes every other one away on its path."""


@dataclass(frozen=True, slots=True)
class Token:
    """An API token; `id` is the part behind `!`. `expire` is seconds since 1970, 0 = never."""

    id: str
    expire: int = 0
    privsep: bool = True
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A user; None in a text field means absent, as opposed to empty (PVE's API tells them apart).

    `expire` is seconds since 1970, 0 = never. `keys` may hold an old TOTP secret or
    Yubico id (reference 7.3) and is therefore kept out of repr. `implied` is True for
    a root@pam that has no line in the file: PVE adds it, and leaves `expire` out of answers.
    """

    id: str
    enable: bool = True
    expire: int = 0
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    comment: str | None = None
    keys: str | None = field(default=None, repr=False)
    tokens: Mapping[str, Token] = field(default_factory=dict)
    implied: bool = field(default=False, compare=False)

    @property
    def realm(self) -> str:
        """The part behind the last `@`."""
        return self.id.rpartition("@")[2]

    @property
    def name(self) -> str:
        """The part before the last `@`."""
        return self.id.rpartition("@")[0]

    @property
    def has_old_keys(self) -> bool:
        """Does `keys` hold a secret or key id from before tfa.cfg? `x` only marks TFA there."""
        return bool(self.keys) and self.keys != "x" and not str(self.keys).startswith("x!")


@dataclass(frozen=True, slots=True)
class Group:
    """`members` are userids, sorted; members without a user are kept (PVE keeps them, too)."""

    id: str
    members: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A set of privileges.

    `special`: built in, cannot be changed by PVE's API. A role line in user.cfg that names
    it all the same adds to its privileges; PVE takes that at its word, and so do we.
    `dropped`: what user.cfg gives it, and this PVE does not know; PVE's next write loses it.
    """

    id: str
    privs: frozenset[str]
    special: bool = False
    dropped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pool:
    """`id` has up to three levels joined by `/`; `vms` are VMIDs, `storage` storage ids."""

    id: str
    vms: tuple[int, ...] = ()
    storage: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One role for one subject on one path; `subject`: userid, group id or full token id."""

    path: str
    kind: SubjectKind
    subject: str
    role: str
    propagate: bool = True

    @property
    def shown_subject(self) -> str:
        """As user.cfg and PVE's UI write it: `@group`, `user@realm`, `user@realm!token`."""
        return f"@{self.subject}" if self.kind == "group" else self.subject


@dataclass(frozen=True, slots=True)
class UserConfig:
    """The whole file, as PVE's parser understands it.

    `groups_of` is what PVE's user answers show: userid -> sorted group ids. It lacks a
    membership whose user line comes behind the group line; `Group.members` has it, and
    permissions follow that. `acl` is in the order of the path tree, one entry per
    (path, subject, role). `warnings` are PVE's own texts about what it ignored or doubted,
    in the order of the file; one line each. They repeat lines of the file: out of repr.
    """

    users: Mapping[str, User]
    groups: Mapping[str, Group]
    roles: Mapping[str, Role]
    pools: Mapping[str, Pool]
    acl: tuple[AclEntry, ...]
    groups_of: Mapping[str, tuple[str, ...]] = field(repr=False)
    warnings: tuple[str, ...] = field(default=(), repr=False)
