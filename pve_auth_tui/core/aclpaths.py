"""The ACL paths worth offering: what PVE's own chooser lists, and everything that is there.

Sources: PVE.data.PermPathStore of pve-manager 9.2 (reference 3.4), which shows guests, storages
and pools by their ids alone; PVE::AccessControl::check_path for what a release takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core import names
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import count_words, listed, natural_order

_SHAPES: Final = (
    ("/", "everything"),
    ("/access", "users, groups, roles and realms"),
    ("/access/groups", "all groups: who changes and adds their members"),
    ("/access/realm", "all realms"),
    ("/mapping", "all mappings"),
    ("/mapping/cpu", "custom CPU models"),
    ("/mapping/dir", "directory mappings"),
    ("/mapping/hwrng", "random number generators"),
    ("/mapping/notifications", "notification targets and matchers"),
    ("/mapping/pci", "PCI devices"),
    ("/mapping/usb", "USB devices"),
    ("/nodes", "all nodes"),
    ("/pool", "all pools, and through them their members"),
    ("/sdn", "all of SDN"),
    ("/sdn/fabrics", "all fabrics"),
    ("/sdn/zones", "all zones and their networks"),
    ("/storage", "all storages"),
    ("/vms", "all guests"),
)
"""Where a right for all things of a kind is given, and what those are."""


class KnownPath(NamedTuple):
    """A path, and in a few words what it stands for (`web-01 on pve2`)."""

    path: str
    about: str


@remembered
def known_paths(snapshot: Snapshot) -> Sequence[KnownPath]:
    """The paths that the release takes, like a walk through the tree, 99 before 100.

    The fixed ones, then what exists: groups, realms, nodes, pools, storages, guests, and whatever
    an entry names already (SDN zones and mappings are known from there alone).
    """
    release = release_of(snapshot)
    found: dict[str, str] = {}
    for path, about in (*_SHAPES, *_of_access(snapshot), *_of_node(snapshot)):
        found.setdefault(path, about)
    access = snapshot.access.value
    for path in dict.fromkeys(entry.path for entry in access.acl) if access else ():
        if not path.startswith("/vms/"):  # of guests that are gone nobody wants any more
            found.setdefault(path, "has entries")
    known = (KnownPath(path, about) for path, about in found.items() if _fits(path, release))
    return tuple(sorted(known, key=lambda known: natural_order(known.path).replace("/", "\0")))


def path_problem(snapshot: Snapshot, path: str) -> str:
    """What keeps PVE from adding an entry on a path, as one sentence; "" when it takes it."""
    if not path.strip():
        return "A path is needed, for example /vms/100. / is everything."
    return names.path_shape_problem(path, release=release_of(snapshot)) or ""


def paths_in(text: str) -> tuple[str, ...]:
    """Several paths in one text, with commas or blanks between them, as PVE's lists have them."""
    return tuple(split_list(text))


def paths_problem(snapshot: Snapshot, text: str) -> str:
    """`path_problem` of each of several paths; there must be one."""
    problems = (path_problem(snapshot, path) for path in paths_in(text) or ("",))
    return next(filter(None, problems), "")


def placed(path: str) -> str:
    """The path as PVE writes it (`vms//100/` is /vms/100); the path itself if it is invalid."""
    normal = names.normalise_path(path)
    return (names.tree_path(normal) or normal) if normal else path


def about_path(snapshot: Snapshot, path: str) -> str:
    """`web-01 on pve2, pool lab`; "" for a path of which nothing is known."""
    return _by_path(snapshot).get(path, "")


def missing_at(snapshot: Snapshot, path: str) -> str:
    """`guest 999` when the path names something that does not exist (yet), else ""."""
    access, inventory = snapshot.access.value, snapshot.inventory.value
    realms, cluster = snapshot.realms.value, snapshot.cluster.value
    known: Collection[str] | None = None
    kind, _, name = path[1:].partition("/")
    if kind == "vms" and inventory:
        known, kind = _numbers(snapshot), "guest"
    elif kind == "storage" and inventory:
        known = inventory.storages
    elif kind == "pool" and access:
        known = access.pools
    elif kind == "nodes" and cluster and cluster.nodes:
        known, kind = [node.name for node in cluster.nodes], "node"
    elif kind == "access":
        kind, _, name = name.partition("/")
        if kind == "groups" and access:
            known, kind = access.groups, "group"
        elif kind == "realm" and realms:
            known = realms.realms
    return f"{kind} {name}" if known is not None and name and name not in known else ""


@remembered
def _numbers(snapshot: Snapshot) -> frozenset[str]:
    """The VMIDs of all guests, as paths have them."""
    inventory = snapshot.inventory.value
    return frozenset(map(str, inventory.guests)) if inventory else frozenset()


@remembered
def _by_path(snapshot: Snapshot) -> dict[str, str]:
    return dict(known_paths(snapshot))


def _fits(path: str, release: str) -> bool:
    """Only the first part decides for guests; there may be thousands of them."""
    return path.startswith("/vms/") or not names.path_shape_problem(path, release=release)


def _of_access(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    access = snapshot.access.value
    if access:
        for group in access.groups.values():
            members = count_words(len(group.members), "member", "members")
            yield f"/access/groups/{group.id}", _and("group", group.comment or members)
        for pool in access.pools.values():
            inside = count_words(len(pool.vms) + len(pool.storage), "member", "members")
            yield f"/pool/{pool.id}", _and("pool", pool.comment or inside)
    for realm in snapshot.realms.value.realms.values() if snapshot.realms.value else ():
        yield f"/access/realm/{realm.name}", f"realm, {realm.type or 'unknown type'}"


def _of_node(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    cluster, inventory = snapshot.cluster.value, snapshot.inventory.value
    if cluster:
        nodes = dict.fromkeys((*(node.name for node in cluster.nodes), cluster.node))
        yield from ((f"/nodes/{name}", "node") for name in nodes if name)
    if inventory:
        pools = _pools(snapshot.access.value)
        for storage in inventory.storages:
            path = f"/storage/{storage}"
            yield path, _and("storage", pools.get(path, ""))
        for vmid, guest in inventory.guests.items():
            path = f"/vms/{vmid}"
            named = f"{guest.name or 'guest'} on {guest.node}"
            yield path, _and(named, pools[path]) if path in pools else named


def _pools(access: UserConfig | None) -> dict[str, str]:
    """Path of a member -> `pool lab`."""
    if access is None:
        return {}
    return {path: f"pool {listed(of)}" for path, of in acl_index(access).pools_of.items()}


def _and(what: str, more: str) -> str:
    return f"{what}, {more}" if more else what
