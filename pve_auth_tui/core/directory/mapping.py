"""Which attributes PVE asks a directory for, and what they become.

Source: PVE::Auth::LDAP::{get_users,get_groups} of pve-access-control 9.1.1 (reference 6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.perltext import split_list

FIELDS: Final = ("enable", "expire", "firstname", "lastname", "email", "comment", "keys")
"""What a sync can set of a user. PVE also fetches attributes of just these names."""

_TARGETS: Final = frozenset({"username", *FIELDS})
_ITEM: Final = re.compile(r"(\w+)=(.*)", re.ASCII | re.DOTALL)


class Attributes(NamedTuple):
    """`mapping`: theirs -> ours, in the order of PVE's source. `bad`: items of sync_attributes
    that PVE skips, as typed.
    """

    mapping: Mapping[str, str]
    bad: tuple[str, ...] = ()


def attributes_of(settings: DirectorySettings) -> Attributes:
    """Of users. Where two of theirs become the same of ours PVE takes either, at random."""
    mapping = {settings.user_attr: "username", **{name: name for name in FIELDS}}
    bad = []
    for item in split_list(settings.sync_attributes):
        found = _ITEM.fullmatch(item)
        if found and found[1] in _TARGETS:
            mapping[found[2]] = found[1]
        else:
            bad.append(item)
    return Attributes(mapping, tuple(bad))


def group_attributes(settings: DirectorySettings) -> tuple[str, ...]:
    """Of groups: the members, and the name where the realm says in which attribute it is."""
    named_by = settings.group_name_attr
    return ("member", "uniqueMember", *([named_by] if named_by else []))
