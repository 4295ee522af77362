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
    `members`: indexes of a member and of its pools.
    """

    paths: Sequence[str]
    place: Mapping[str, int]
    listed: Sequence[bool]
    members: Sequence[tuple[int, tuple[int, ...]]]
    keys: Sequence[str]

    def end(self, start: int) -> int:
        """The index behind the last path below `paths[start]`."""
        if start == 0:
            return len(self.paths)
        return bisect_left(self.keys, f"{self.keys[start]}\x01", start)


def path_tree(config: UserConfig, pools_of: Mapping[str, Sequence[str]]) -> PathTree:
    """The tree of a configuration; `pools_of` are the pools of each member path."""
    listed = {*TOP_PATHS, *pools_of}
    for path in {entry.path for entry in config.acl}:
        node = path
        while node and node not in listed:
            listed.add(node)
            node = node.rpartition("/")[0]
    paths = sorted(listed.union(map(pool_path, config.pools)), key=tree_order)
    place = {path: index for index, path in enumerate(paths)}
    members = [
        (place[path], tuple(place[pool_path(pool)] for pool in pools))
        for path, pools in pools_of.items()
    ]
    return PathTree(
        paths, place, [path in listed for path in paths], members, list(map(tree_order, paths))
    )
