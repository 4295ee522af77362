"""What a release of PVE knows: privileges, built-in roles, features (reference 1 and 3.6).

Everything hangs on the version of the package libpve-access-control, as
`dpkg-query -W -f '${Version}' libpve-access-control` prints it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

NEWEST = "9.1.1"

Level = Literal["root", "admin", "user", "audit"]
_Sortable = tuple[tuple[tuple[int, ...], int], ...]

# PVE release -> the version of libpve-access-control that it came with, newest first.
_RELEASES = (
    ("9.2", "9.1.0"),
    ("9.1", "9.0.4"),
    ("9.0", "9.0.3"),
    ("8.4", "8.2.2"),
    ("8.3", "8.2.0"),
    ("8.2", "8.1.4"),
    ("8.1", "8.0.7"),
    ("8.0", "8.0.3"),
    ("7.4", "7.4-2"),
)

# Feature -> the first version that has it. PVE refuses parameters it does not know, so a
# request may only carry what the node's version has.
FEATURES: Mapping[str, str] = {
    "realm-remove-vanished": "7.1-8",
    "unlock-tfa": "8.0.0~1",
    "realm-sync-jobs": "8.0.0~2",
    "reserved-role-names": "8.0.0",
    "mapping": "8.0.0~3",
    "realm-check-connection": "8.0.5",
    "nested-pools": "8.0.7",
    "confirmation-password": "8.1.3",
    "password-of-8": "8.2.0",
    "token-delete-command": "8.2.0",
    "openid-groups": "8.2.1",
    "openid-query-userinfo": "8.2.1",
    "sdn-fabrics": "9.0.1",
    "guest-agent-privileges": "9.0.2",
    "token-delete-comment": "9.0.4",
    "vncticket": "9.0.4",
    "token-regenerate": "9.1.0",
    "sdn-prefix-lists": "9.1.0",
    "sdn-route-maps": "9.1.0",
    "openid-audiences": "9.1.1",
}


@dataclass(frozen=True, slots=True)
class _Privilege:
    """A privilege of a category; `level` decides which built-in roles have it.

    `since` is the first version that knows it, `until` the first that does not any more.
    """

    name: str
    category: str
    level: Level
    since: str = ""
    until: str = ""


def _group(category: str, level: Level, *names: str) -> tuple[_Privilege, ...]:
    return tuple(_Privilege(name, category, level) for name in names)


_PRIVILEGES: tuple[_Privilege, ...] = (
    *_group("VM", "admin", "VM.Config.Disk", "VM.Config.CPU", "VM.Config.Memory"),
    *_group("VM", "admin", "VM.Config.Network", "VM.Config.HWType", "VM.Config.Options"),
    *_group("VM", "admin", "VM.Allocate", "VM.Clone", "VM.Migrate"),
    *_group("VM", "admin", "VM.Snapshot", "VM.Snapshot.Rollback"),
    _Privilege("VM.Monitor", "VM", "admin", until="9.0.2"),
    _Privilege("VM.GuestAgent.Unrestricted", "VM", "admin", since="9.0.2"),
    _Privilege("VM.Replicate", "VM", "admin", since="9.0.3"),
    *_group("VM", "user", "VM.Config.CDROM", "VM.Config.Cloudinit", "VM.Console"),
    *_group("VM", "user", "VM.Backup", "VM.PowerMgmt"),
    _Privilege("VM.GuestAgent.FileRead", "VM", "user", since="9.0.2"),
    _Privilege("VM.GuestAgent.FileSystemMgmt", "VM", "user", since="9.0.2"),
    _Privilege("VM.GuestAgent.FileWrite", "VM", "user", since="9.0.2"),
    *_group("VM", "audit", "VM.Audit"),
    _Privilege("VM.GuestAgent.Audit", "VM", "audit", since="9.0.2"),
    *_group("Sys", "root", "Sys.PowerMgmt", "Sys.Modify", "Sys.Incoming"),
    _Privilege("Sys.AccessNetwork", "Sys", "root", since="8.1.2"),
    *_group("Sys", "admin", "Sys.Console", "Sys.Syslog"),
    *_group("Sys", "audit", "Sys.Audit"),
    *_group("Datastore", "admin", "Datastore.Allocate", "Datastore.AllocateTemplate"),
    *_group("Datastore", "user", "Datastore.AllocateSpace"),
    *_group("Datastore", "audit", "Datastore.Audit"),
    *_group("SDN", "admin", "SDN.Allocate"),
    _Privilege("SDN.Use", "SDN", "user", since="8.0.0~3"),
    *_group("SDN", "audit", "SDN.Audit"),
    *_group("User", "root", "Realm.Allocate"),
    *_group("User", "admin", "User.Modify", "Group.Allocate", "Realm.AllocateUser"),
    *_group("Pool", "admin", "Pool.Allocate"),
    *_group("Pool", "user", "Pool.Audit"),
    *_group("Pool", "audit", "Pool.Audit"),
    _Privilege("Mapping.Modify", "Mapping", "admin", since="8.0.0~3"),
    _Privilege("Mapping.Use", "Mapping", "user", since="8.0.0~3"),
    _Privilege("Mapping.Audit", "Mapping", "audit", since="8.0.0~3"),
)
_IN_NO_CATEGORY = "Permissions.Modify"
_NOT_FOR_PVEADMIN = "Mapping.Modify"


def compare(left: str, right: str) -> int:
    """-1, 0 or 1 for an older, equal or newer version, by the rules of Debian packages.

    `~` sorts before everything, even the end: 8.0.0~2 is older than 8.0.0.
    """
    left_parts, right_parts = _parts(left), _parts(right)
    return (left_parts > right_parts) - (left_parts < right_parts)


def at_least(version: str, minimum: str) -> bool:
    """Whether a version is this one or newer."""
    return compare(version, minimum) >= 0


def has(version: str, feature: str) -> bool:
    """Whether a version of libpve-access-control has a feature of FEATURES."""
    return at_least(version, FEATURES[feature])


def pve_release(access_control: str) -> str:
    """The PVE release that a version of libpve-access-control belongs to; "" when too old."""
    return next((pve for pve, since in _RELEASES if at_least(access_control, since)), "")


def access_control_of(pve: str) -> str:
    """The oldest libpve-access-control that a PVE release (`9.1`, `8.4.1`) came with."""
    for release, version in _RELEASES:
        if at_least(pve, release):
            return version
    return _RELEASES[-1][1]


@cache
def privileges(version: str = NEWEST) -> frozenset[str]:
    """All privileges that a version knows; a role loses any other when PVE reads user.cfg."""
    return frozenset(item.name for item in _known(version)) | {_IN_NO_CATEGORY}


@cache
def builtin_roles(version: str = NEWEST) -> Mapping[str, frozenset[str]]:
    """The built-in roles of a version: name -> privileges (PVE::AccessControl::create_roles)."""
    roles: dict[str, set[str]] = {
        "Administrator": set(privileges(version)),
        "NoAccess": set(),
        "PVETemplateUser": {"VM.Audit", "VM.Clone"},
    }
    known = _known(version)
    for category in {item.category for item in known}:
        mine = [item for item in known if item.category == category]
        admin = {item.name for item in mine if item.level != "root"}
        user = {item.name for item in mine if item.level in {"user", "audit"}}
        roles.setdefault("PVEAdmin", set()).update(admin)
        roles[f"PVE{category}Admin"] = admin
        if any(item.level == "user" for item in mine):
            roles[f"PVE{category}User"] = user
        audit = {item.name for item in mine if item.level == "audit"}
        roles.setdefault("PVEAuditor", set()).update(audit)
    roles["PVEAdmin"].discard(_NOT_FOR_PVEADMIN)
    return {name: frozenset(privs) for name, privs in sorted(roles.items())}


def _known(version: str) -> list[_Privilege]:
    return [
        item
        for item in _PRIVILEGES
        if (not item.since or at_least(version, item.since))
        and not (item.until and at_least(version, item.until))
    ]


@cache
def _parts(version: str) -> tuple[_Sortable, _Sortable]:
    """A version as something that sorts: upstream part, then the part behind the last `-`."""
    upstream, _, revision = version.rpartition("-") if "-" in version else (version, "", "")
    return _sortable(upstream), _sortable(revision)


def _sortable(text: str) -> _Sortable:
    """Texts and numbers in turn; a text ends with a 0, so that only `~` sorts before its end."""
    found = re.findall(r"([^0-9]*)([0-9]*)", text)
    return tuple(((*map(_weight, word), 0), int((digits or "0")[:18])) for word, digits in found)


def _weight(char: str) -> int:
    if char == "~":
        return -1
    return ord(char) if char.isalpha() else ord(char) + 256
