"""The paths that PVE answers for when it lists all permissions, in the order of their tree."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pve_auth_tui.core.accessdata import Pool, UserConfig
from pve_auth_tui.core.perltext import shown_number

# Listed even where no ACL entry names them (PVE::RPCEnvironment, get_effective_permissions).
TOP_PATHS = (
    "/",
    "/access",
    "/access/groups",
    "/nodes",
    "/pool",
    "/sdn",
    "/storage",
    "/vms",
)


def tree_order(path: str) -> str:
    """A key that sorts ACL paths like a walk through their tree: a path, then all below it."""
    return path.replace("/", "\0")


def tree_path(order: str) -> str:
    """The path that `tree_order` made a key of."""
    return order.replace("\0", "/")


def pool_path(pool: str) -> str:
    """Where the ACL entries of a pool are."""
    return f"/pool/{pool}"


def member_paths(pool: Pool) -> list[str]:
    """Where the ACL entries of a pool's guests and storages are."""
    return [
        *(f"/vms/{shown_number(vmid)}" for vmid in pool.vms),
        *(f"/storage/{storage}" for storage in pool.storage),
    ]


@dataclass(frozen=True, slots=True)
class PathTree:
    """`paths` in tree order, with the index of each in `place`.

    `listed` marks what PVE lists: the top paths, every node of the ACL tree, all members of
    pools. A pool's own path is here in any case, because members inherit from it.
    `members`: the indexes of pools -> those of the guests and storages that are in just these.
    """

    paths: Sequence[str]
    place: Mapping[str, int]
    listed: Sequence[bool]
    members: Mapping[tuple[int, ...], Sequence[int]]
    keys: Sequence[str]

    def end(self, start: int) -> int:
        """The index behind the last path below `paths[start]`."""
        if start == 0:
            return len(self.paths)
        return bisect_left(self.keys, f"{self.keys[start]}\x01", start)


def path_tree(config: UserConfig, pools_of: Mapping[str, Sequence[str]]) -> PathTree:
    """The tree of a configuration; `pools_of` are the pools of each member path."""
    # A dict keeps the order of the ACL, which is tree order already: that is quickly sorted.
    nodes = dict.fromkeys([entry.path for entry in config.acl])
    folders = {path.rpartition("/")[0] for path in nodes}
    while folders := {folder for folder in folders if folder and folder not in nodes}:
        nodes.update(dict.fromkeys(folders))
        folders = {folder.rpartition("/")[0] for folder in folders}
    listed = nodes | dict.fromkeys(TOP_PATHS) | dict.fromkeys(pools_of)
    keys = sorted(map(tree_order, listed | dict.fromkeys(map(pool_path, config.pools))))
    paths = list(map(tree_path, keys))
    place = dict(zip(paths, range(len(paths)), strict=True))
    members: dict[tuple[str, ...], list[int]] = {}
    for path, pools in pools_of.items():
        members.setdefault(tuple(pools), []).append(place[path])
    in_pools = {
        tuple(place[pool_path(p)] for p in pools): found for pools, found in members.items()
    }
    return PathTree(paths, place, list(map(listed.__contains__, paths)), in_pools, keys)
