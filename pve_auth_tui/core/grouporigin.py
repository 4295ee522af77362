"""Which realm a group comes from, by its name: directories and OpenID realms make `x-<realm>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.domains import Domains, Realm
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.snapshot import Snapshot

_SENDING: Final = ("ad", "ldap", "openid")  # types of realms that make groups


def realms_of_group(group: str, realms: Mapping[str, Realm]) -> list[str]:
    """Realms that take the group for theirs, the most likely first.

    Directories and OpenID realms call their groups `<name>-<realm>`. Of `x-my-lab` it is
    `my-lab`; but PVE's sync of a realm `lab` looks only at the end and takes it, too.
    """
    # by their few lengths: asking every group for every realm takes minutes where both are many
    return [
        group[-length:]
        for length in _lengths(realms)
        if group[-length - 1 : -length] == "-"
        and len(group) > length + 1
        and group[-length:] in realms
    ]


@remembered
def _lengths(realms: Mapping[str, Realm]) -> list[int]:
    """Of their names, the longest first."""
    return sorted({len(name) for name in realms}, reverse=True)


def claiming_realms(snapshot: Snapshot, group: str) -> list[str]:
    """Realms of the picture that take the group for theirs, the most likely first."""
    return realms_of_group(group, sending_realms(snapshot))


def sending_realms(snapshot: Snapshot) -> Mapping[str, Realm]:
    """Realms that make groups, by name."""
    domains = snapshot.realms.value
    return _sending(domains) if domains else {}


@remembered
def _sending(domains: Domains) -> Mapping[str, Realm]:
    return {name: realm for name, realm in domains.realms.items() if realm.type in _SENDING}
