"""The demo cluster made large: what a program must still be quick with.

What is added is short (`u00213@corp`, no names), as from a directory without attributes:
so the files of 10,000 users stay below the 1 MiB that pmxcfs allows for one file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from pve_auth_tui.core.userconfig import AclEntry, Group, Token, User
from pve_auth_tui.simnode import made_up
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.simnode.rack import DEMO_NOW, Rack, rack, tree_of
from pve_auth_tui.simnode.rack_host import FIRST_GUEST
from pve_auth_tui.simnode.rack_tfa import Record

_MEMBERS = 5  # of an added group
_ENTRIES_A_GUEST = 10  # 5 for groups, 5 for users and their tokens
_ROLES = ("PVEVMUser", "PVEAuditor", "PVEVMAdmin")


def big_tree(
    users: int = 10_000,
    groups: int = 2_000,
    acl: int = 20_000,
    tokens: int = 5_000,
    tfa: int = 5_000,
    *,
    now: float = DEMO_NOW,
) -> MemoryTree:
    """The files of the demo cluster with so many users, groups, ACL entries and tokens.

    `users` and `groups` are more than the demo has; the others never go below its numbers.
    `tfa` users have a second factor. There are as many further guests as the further ACL
    entries need.
    """
    base = rack(now)
    others = _users(base, users, tokens)
    teams = _groups(others, groups - len(base.groups))
    entries = acl - len(base.acl)
    guests = -(-max(entries, 0) // _ENTRIES_A_GUEST)
    first = FIRST_GUEST + base.guests
    grown = replace(
        base,
        users=(*base.users, *others),
        groups=(*base.groups, *teams),
        acl=(
            *base.acl,
            *islice(_entries(range(first, first + guests), others, teams), max(entries, 0)),
        ),
        factors={**base.factors, **dict(_factors(others, tfa - len(base.factors), int(now)))},
        guests=base.guests + guests,
    )
    return tree_of(grown, now)


def with_users(base: Rack, users: int) -> Rack:
    """The same cluster with so many users, without tokens: those of `big_tree`."""
    return replace(base, users=(*base.users, *_users(base, users, 0)))


def _users(base: Rack, wanted: int, tokens: int) -> list[User]:
    with_token = tokens - sum(len(user.tokens) for user in base.users)
    return [
        User(
            f"u{number:05}@corp",
            tokens={"t1": Token("t1", privsep=place % 2 == 0)} if place < with_token else {},
        )
        for place, number in enumerate(range(len(base.users) + 1, wanted + 1))
    ]


def _groups(others: Sequence[User], wanted: int) -> list[Group]:
    """Each with the next five users."""
    return [
        Group(
            f"g{number:04}",
            tuple(user.id for user in others[number * _MEMBERS : (number + 1) * _MEMBERS]),
        )
        for number in range(wanted)
    ]


def _entries(guests: range, others: Sequence[User], teams: Sequence[Group]) -> Iterator[AclEntry]:
    """Entries on single guests: for groups, and for users who are in none of these groups."""
    for turn, vmid in enumerate(guests):
        path, role = f"/vms/{vmid}", _ROLES[turn % len(_ROLES)]
        first = turn * _MEMBERS % len(teams)
        for place in range(_MEMBERS):
            yield AclEntry(path, "group", teams[(first + place) % len(teams)].id, role)
        start = first * _MEMBERS + len(others) // 2
        for place in range(_MEMBERS):
            user = others[(start + place) % len(others)]
            yield AclEntry(path, "user", user.id, role)
            for token in user.tokens.values():
                if token.privsep:
                    yield AclEntry(path, "token", f"{user.id}!{token.id}", role)


def _factors(others: Sequence[User], wanted: int, now: int) -> Iterator[tuple[str, Record]]:
    """One factor each, most of them TOTP of the short old kind (80 bits, no issuer)."""
    for place, user in enumerate(islice(others, max(wanted, 0))):
        entry = {
            "id": made_up.uuid(f"factor {user.id}"),
            "description": "phone",
            "created": now - place,
        }
        if place % 5 == 4:
            public_id = format(place, "012b").translate(str.maketrans("01", "cb"))
            yield user.id, {"yubico": [{**entry, "description": "key", "entry": public_id}]}
        else:
            secret = made_up.totp_secret(user.id, 16)
            uri = (
                f"otpauth://totp/{user.name}%40{user.realm}?secret={secret}"
                "&digits=6&algorithm=SHA1&period=30"
            )
            yield user.id, {"totp": [{**entry, "entry": uri}]}
