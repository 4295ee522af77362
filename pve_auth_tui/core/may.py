"""A set of privileges in a few words, for one place of the ACL tree.

    everything   all that the role Administrator has
    manage       Allocate: create, remove, give away (VM, Datastore, Pool, SDN)
    change       settings of guests (VM.Config.*), mappings, nodes (Sys.Modify, PowerMgmt ...)
    use          start, stop, console, backup, snapshots, space on a store, SDN.Use, Mapping.Use
    look         *.Audit, Sys.Syslog
    shell        Sys.Console: a shell on the node
    users        User.Modify, Realm.AllocateUser, Group.Allocate
    realms       Realm.Allocate
    give rights  Permissions.Modify
    nothing      no privilege that means anything there

Of manage, change, use and look only the strongest is said. Privileges that nothing asks for
on that kind of path (VM.Audit on a store) do not count.
"""

from __future__ import annotations

from collections.abc import Set
from functools import lru_cache

EVERYTHING = "everything"
NOTHING = "nothing"

_ALLOCATE = frozenset({"VM.Allocate", "Datastore.Allocate", "Pool.Allocate", "SDN.Allocate"})
_SHELL = frozenset({"Sys.Console"})
_USERS = frozenset({"User.Modify", "Realm.AllocateUser", "Group.Allocate"})
_REALMS = frozenset({"Realm.Allocate"})
_GIVE = frozenset({"Permissions.Modify"})
_CHANGE = frozenset(
    {
        "VM.Config.CPU", "VM.Config.Disk", "VM.Config.HWType", "VM.Config.Memory",
        "VM.Config.Network", "VM.Config.Options", "VM.Migrate", "VM.Replicate", "VM.Clone",
        "Datastore.AllocateTemplate", "Mapping.Modify",
        "Sys.Modify", "Sys.PowerMgmt", "Sys.AccessNetwork", "Sys.Incoming",
    }
)  # fmt: skip
_OTHERS = (("shell", _SHELL), ("users", _USERS), ("realms", _REALMS), ("give rights", _GIVE))
_ELSEWHERE = frozenset().union(_SHELL, _USERS, _REALMS, _GIVE)

# First part of a path -> the categories of privileges that PVE asks for there.
_CATEGORIES = {
    "access": ("User", "Group", "Realm", "Sys"),
    "mapping": ("Mapping",),
    "nodes": ("Sys",),
    "pool": ("Pool", "VM", "Datastore"),
    "sdn": ("SDN",),
    "storage": ("Datastore",),
    "vms": ("VM",),
}


@lru_cache(maxsize=4096)
def may(privileges: frozenset[str], everything: frozenset[str], place: str) -> str:
    """The words for `privileges`; `everything` are those of Administrator.

    `place` is the first part of the path (`vms` for /vms/100), empty for /.
    """
    if everything and privileges >= everything:
        return EVERYTHING
    here = _asked_for(privileges, place)
    words = [word for word in [_strength(here - _ELSEWHERE)] if word]
    words += [word for word, any_of in _OTHERS if not any_of.isdisjoint(here)]
    return ", ".join(words) or NOTHING


def place_of(path: str) -> str:
    """`vms` for /vms/100, empty for /."""
    return path.split("/", 2)[1]


def _asked_for(privileges: Set[str], place: str) -> frozenset[str]:
    categories = _CATEGORIES.get(place)
    return frozenset(
        privilege
        for privilege in privileges
        if categories is None or privilege in _GIVE or privilege.partition(".")[0] in categories
    )


def _strength(here: frozenset[str]) -> str:
    if not here.isdisjoint(_ALLOCATE):
        return "manage"
    if not here.isdisjoint(_CHANGE):
        return "change"
    if any(not privilege.endswith(".Audit") for privilege in here - {"Sys.Syslog"}):
        return "use"
    return "look" if here else ""
