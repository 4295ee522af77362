"""Users, groups, roles and API tokens to choose from, each with a few words about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.accessdata import NO_ACCESS, ROOT
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.userconfig import Role, User, UserConfig
from pve_auth_tui.core.words import count_privileges, count_words, listed

_Choices = Sequence[tuple[str, str]]


def roles(config: UserConfig) -> _Choices:
    """All roles; NoAccess comes last, because it is never meant by mistake then."""
    order = sorted(config.roles.values(), key=lambda role: (role.id == NO_ACCESS, role.id))
    return [
        (
            role.id,
            "takes every other role away there" if role.id == NO_ACCESS else role_words(role),
        )
        for role in order
    ]


def groups(config: UserConfig) -> _Choices:
    """All groups."""
    return [(name, group_words(config, name)) for name in sorted(config.groups)]


def users(config: UserConfig) -> _Choices:
    """All users but root@pam, for whom PVE writes no entries."""
    people = sorted(config.users.items())
    return [(userid, user_words(user)) for userid, user in people if userid != ROOT]


def tokens(config: UserConfig) -> _Choices:
    """All API tokens. Without privilege separation an entry of theirs never counts."""
    return [
        (
            f"{userid}!{name}",
            token.comment or ""
            if token.privsep
            else "no privilege separation: entries never count",
        )
        for userid, user in sorted(config.users.items())
        for name, token in sorted(user.tokens.items())
    ]


SUBJECTS: Final[Mapping[str, Callable[[UserConfig], _Choices]]] = {
    "groups": groups,
    "users": users,
    "tokens": tokens,
}
"""Whom an ACL entry can name, by the names of `intents.acl.Subjects`."""


# --- in a few words ------------------------------------------------------------------------


def role_words(role: Role) -> str:
    """What a role is: `12 privileges, built in`."""
    return f"{count_privileges(len(role.privs))}{', built in' if role.special else ''}"


def group_words(config: UserConfig, name: str) -> str:
    """What a group is: `12 members, Administrator on /`."""
    entries = acl_index(config).by_subject.get(f"@{name}", ())
    rights = listed([f"{entry.role} on {entry.path}" for entry in entries], 2)
    members = count_words(len(config.groups[name].members), "member", "members")
    return f"{members}, {rights or 'in no ACL entry'}"


def user_words(user: User | None) -> str:
    """Who somebody is: `Anna Admin, disabled`; None is a ghost."""
    if user is None:
        return "no such user"
    name = " ".join(part for part in (user.firstname, user.lastname) if part)
    return ", ".join(part for part in (name, "" if user.enable else "disabled") if part)
