"""What people call the privileges: `start and stop it` is VM.PowerMgmt.

PVE asks for a privilege on some kinds of path only; on others it means nothing. Sources: the
permissions of PVE's API methods (reference/access-schema.json, pve-manager and qemu-server),
and what the PVE manual says of each privilege.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from pve_auth_tui.core import versions
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.may import place_of

SEE: Final = "see it"


class Verb(NamedTuple):
    """`words`: `it` stands for what is at the path; `places`: first parts of paths, "" for /."""

    words: str
    privilege: str
    places: tuple[str, ...]


_GUESTS: Final = ("vms", "pool", "")
_STORES: Final = ("storage", "pool", "")
_NODES: Final = ("nodes", "")
_EVERYWHERE: Final = ("vms", "storage", "nodes", "pool", "sdn", "mapping", "access", "")

VERBS: Final[tuple[Verb, ...]] = (
    Verb(SEE, "VM.Audit", _GUESTS),
    Verb("start and stop it", "VM.PowerMgmt", _GUESTS),
    Verb("open its console", "VM.Console", _GUESTS),
    Verb("back it up and restore it", "VM.Backup", _GUESTS),
    Verb("take and remove snapshots of it", "VM.Snapshot", _GUESTS),
    Verb("roll it back to a snapshot", "VM.Snapshot.Rollback", _GUESTS),
    Verb("clone it", "VM.Clone", _GUESTS),
    Verb("migrate it", "VM.Migrate", _GUESTS),
    Verb("replicate it", "VM.Replicate", _GUESTS),
    Verb("create and remove it", "VM.Allocate", _GUESTS),
    Verb("change its CD and DVD drives", "VM.Config.CDROM", _GUESTS),
    Verb("change its Cloud-Init settings", "VM.Config.Cloudinit", _GUESTS),
    Verb("change its processors", "VM.Config.CPU", _GUESTS),
    Verb("change its disks", "VM.Config.Disk", _GUESTS),
    Verb("change its kind of hardware", "VM.Config.HWType", _GUESTS),
    Verb("change its memory", "VM.Config.Memory", _GUESTS),
    Verb("change its network devices", "VM.Config.Network", _GUESTS),
    Verb("change its options", "VM.Config.Options", _GUESTS),
    Verb("ask its guest agent", "VM.GuestAgent.Audit", _GUESTS),
    Verb("read files inside it", "VM.GuestAgent.FileRead", _GUESTS),
    Verb("write files inside it", "VM.GuestAgent.FileWrite", _GUESTS),
    Verb("freeze and trim its file systems", "VM.GuestAgent.FileSystemMgmt", _GUESTS),
    Verb("run commands inside it", "VM.GuestAgent.Unrestricted", _GUESTS),
    Verb("use its monitor and guest agent", "VM.Monitor", _GUESTS),
    Verb(SEE, "Datastore.Audit", _STORES),
    Verb("use space on it", "Datastore.AllocateSpace", _STORES),
    Verb("put ISO images and templates on it", "Datastore.AllocateTemplate", _STORES),
    Verb("add, change and remove it", "Datastore.Allocate", _STORES),
    Verb(SEE, "Sys.Audit", _NODES),
    Verb("see who may do what", "Sys.Audit", ("access",)),
    Verb("open a shell on it", "Sys.Console", _NODES),
    Verb("read its system log", "Sys.Syslog", _NODES),
    Verb("restart it and shut it down", "Sys.PowerMgmt", _NODES),
    Verb("change its settings", "Sys.Modify", _NODES),
    Verb("add, change and remove roles", "Sys.Modify", ("access",)),
    Verb("bring guests to it from other clusters", "Sys.Incoming", _NODES),
    Verb("download from the network with it", "Sys.AccessNetwork", _NODES),
    Verb(SEE, "Pool.Audit", ("pool", "")),
    Verb("add, change and remove it", "Pool.Allocate", ("pool", "")),
    Verb(SEE, "SDN.Audit", ("sdn", "")),
    Verb("connect guests to it", "SDN.Use", ("sdn", "")),
    Verb("add, change and remove it", "SDN.Allocate", ("sdn", "")),
    Verb(SEE, "Mapping.Audit", ("mapping", "")),
    Verb("give it to guests", "Mapping.Use", ("mapping", "")),
    Verb("add, change and remove it", "Mapping.Modify", ("mapping", "")),
    Verb("change users, their tokens and second factors", "User.Modify", ("access", "")),
    Verb("add, change and remove groups", "Group.Allocate", ("access", "")),
    Verb("add and remove users of it", "Realm.AllocateUser", ("access", "")),
    Verb("add, change and remove realms", "Realm.Allocate", ("access", "")),
    Verb("give and take rights on it", "Permissions.Modify", _EVERYWHERE),
)

_LOOK: Final = {
    "vms": ("VM.Audit",),
    "storage": ("Datastore.Audit", "Datastore.AllocateSpace"),
    "nodes": ("Sys.Audit",),
    "pool": ("Pool.Audit",),
    "sdn": ("SDN.Audit",),
    "mapping": ("Mapping.Audit",),
}


@lru_cache(maxsize=64)
def _at(place: str) -> tuple[Verb, ...]:
    return tuple(verb for verb in VERBS if place in verb.places)


def verbs_for(path: str, release: str = versions.NEWEST) -> tuple[Verb, ...]:
    """What can be done at a path, the most usual first; of a path PVE does not know nothing.

    `release` is the version of libpve-access-control.
    """
    known = versions.privileges(release)
    return tuple(verb for verb in _at(place_of(f"/{path.strip('/')}")) if verb.privilege in known)


def verb_of(privilege: str, path: str) -> Verb | None:
    """What a privilege means at a path; None where PVE asks for nothing of the kind."""
    found = (verb for verb in _at(place_of(f"/{path.strip('/')}")) if verb.privilege == privilege)
    return next(found, None)


def privilege_of(text: str, path: str = "/") -> str:
    """The privilege that somebody means: `VM.PowerMgmt`, `vm.powermgmt`, `start and stop it`.

    Words are looked up among those for the path, then among all; a part of them is enough when
    only one privilege fits. "" for an empty text. Raises UsageError for anything else.
    """
    wanted = " ".join(text.split()).casefold()
    if not wanted:
        return ""
    known = {verb.privilege for verb in VERBS}
    for privilege in known:
        if privilege.casefold() == wanted:
            return privilege
    here = _at(place_of(f"/{path.strip('/')}"))
    for verbs in (here, VERBS):
        for fits in (
            [verb for verb in verbs if verb.words.casefold() == wanted],
            [verb for verb in verbs if wanted in verb.words.casefold()],
        ):
            found = {verb.privilege for verb in fits}
            if len(found) == 1:
                return found.pop()
            if found:
                raise UsageError(
                    f"{text} can be {', '.join(sorted(found))}.", "Name the privilege itself."
                )
    raise UsageError(
        f"There is no privilege {text}.", "`roles` lists the privileges; VM.PowerMgmt is one."
    )


def sees(path: str, held: frozenset[str]) -> bool:
    """Does what somebody holds let him see what is at the path at all?"""
    return not held.isdisjoint(_LOOK.get(place_of(f"/{path.strip('/')}"), ()))


def said(words: str, what: str) -> str:
    """`start and stop VM 100`, `open the console of VM 100`."""
    words = re.sub(r"\b(\w+) its (.+)$", r"\1 the \2 of it", words)
    first, found, rest = _cut(words)
    return f"{first}{what}{rest}" if found else words


def denied(words: str, what: str) -> str:
    """`start or stop VM 100`: for a sentence that begins with cannot."""
    return said(words.replace(" and ", " or "), what)


def _cut(words: str) -> tuple[str, bool, str]:
    """The words around the first `it`; a later one stays."""
    found = re.search(r"\bit\b", words)
    return (words[: found.start()], True, words[found.end() :]) if found else (words, False, "")
