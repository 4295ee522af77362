"""Whom and what an ACL entry can name, each with a few words about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.accessdata import NO_ACCESS, ROOT
from pve_auth_tui.core.newgroup import group_words, user_words
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import count_privileges

_Choices = Sequence[tuple[str, str]]


def roles(config: UserConfig) -> _Choices:
    """All roles; NoAccess comes last, because it is never meant by mistake then."""
    order = sorted(config.roles.values(), key=lambda role: (role.id == NO_ACCESS, role.id))
    return [
        (
            role.id,
            "takes every other role away there"
            if role.id == NO_ACCESS
            else f"{count_privileges(len(role.privs))}{', built in' if role.special else ''}",
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
"""By the names of `intents.acl.Subjects`."""
