"""What `realm list` and `realm discover` print (realmd 0.17.1 of Debian 12 and 13)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join.model import Membership

ALLOW_SOME: Final = "allow-permitted-logins"
DENY_ALL: Final = "deny-any-login"
"""`login-policy`. `allow-realm-logins` and `allow-any-login` let everybody in; any other word, and
none at all, is an access provider that realmd does not know.
"""
MEMBER: Final = "kerberos-member"

_NOT_CONFIGURED: Final = "no"
_Values = dict[str, list[str]]


def parse(lines: Iterable[str]) -> tuple[Membership, ...]:
    """Every block: a name at the margin, `key: value` below it. No lines make it fail.

    With `--name-only` there are blocks without anything but a name.
    """
    blocks: list[tuple[str, _Values]] = []
    for line in lines:
        if not line.strip():
            continue
        if not line[0].isspace():
            blocks.append((line.strip(), {}))
            continue
        key, colon, value = line.strip().partition(":")
        if blocks and colon:
            blocks[-1][1].setdefault(key.strip(), []).append(value.strip())
    return tuple(_membership(name, values) for name, values in blocks)


def discovered(said: Said) -> Membership | None:
    """The Active Directory that `realm discover` found; None for none.

    Exit code 0 alone means nothing: with port 389 blocked realmd prints a block all the same.
    """
    if said.code != 0:
        return None
    return next((one for one in parse(said.out) if one.is_active_directory), None)


def joined(memberships: Iterable[Membership], domain: str) -> Membership | None:
    """The membership of `domain` among those of `realm list`; None where there is none."""
    wanted = domain.lower()
    for one in memberships:
        if one.domain.lower() == wanted and one.configured == MEMBER:
            return one
    return None


def _membership(name: str, values: _Values) -> Membership:
    configured = _one(values, "configured")
    return Membership(
        domain=_one(values, "domain-name") or name,
        realm=_one(values, "realm-name"),
        configured="" if configured == _NOT_CONFIGURED else configured,
        server_software=_one(values, "server-software"),
        client_software=_one(values, "client-software"),
        packages=tuple(values.get("required-package", ())),
        login_formats=_many(values, "login-formats"),
        policy=_one(values, "login-policy"),
        permitted_users=_many(values, "permitted-logins"),
        permitted_groups=_many(values, "permitted-groups"),
    )


def _one(values: _Values, key: str) -> str:
    return values.get(key, [""])[0]


def _many(values: _Values, key: str) -> tuple[str, ...]:
    parts = (part.strip() for text in values.get(key, ()) for part in text.split(","))
    return tuple(part for part in parts if part)
