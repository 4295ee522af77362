"""Members of pools on which a change may do something else than on the paths above them.

A pool adds on its members what its own path has (reference 3.2), from / and /pool, too. So an
entry there reaches a member whose other entries replace what comes from above; and what is taken
away on /vms or /storage may be given by a pool, or the other way round.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from pve_auth_tui.core.aclindex import AclIndex, acl_index
from pve_auth_tui.core.effects.scene import Scene
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.userconfig import UserConfig

_EVERYWHERE = frozenset({"/", "/pool"})
_TOPS = frozenset({"/vms", "/storage"})


def through_pools(
    scene: Scene, subject: str, paths: Collection[str]
) -> Iterator[tuple[str, Sequence[str]]]:
    """(one of them, all those that are like it) of a user or token; `paths`: where entries differ.

    Like each other are members without entries whose pools have none, or are the same.
    """
    wide = not _EVERYWHERE.isdisjoint(paths)
    tops = _TOPS if wide else _TOPS.intersection(paths)
    if not tops:
        return
    named = _named(scene.index, subject).union(paths)
    if len(named) < 2:  # all of it comes from one path, to pools as well
        return
    pools_of = scene.index.pools_of
    for path in named:
        if path in pools_of and path.rpartition("/")[0] in tops:
            yield path, (path,)
    special = {path.removeprefix("/pool/") for path in named if path.startswith("/pool/")}
    kinds: dict[object, list[str]] = {}
    for (top, pools), members in _families(scene.old).items():
        if top in tops:
            kinds.setdefault((top, *_split(pools, special)), []).extend(members)
    for members in kinds.values():
        if alike := [path for path in members if path not in named]:
            yield alike[0], alike


def _split(pools: Sequence[str], special: Collection[str]) -> tuple[bool, tuple[str, ...]]:
    """(is there a pool without entries, those with some on them or on one that they are in)."""
    named = tuple(
        pool
        for pool in pools
        if special and any(f"{pool}/".startswith(f"{name}/") for name in special)
    )
    return len(named) < len(pools), named


def _named(index: AclIndex, subject: str) -> set[str]:
    """The paths with entries of somebody, of its groups, and of a token's user."""
    parts = split_tokenid(subject)
    own = index.by_subject.get(subject, ()) if parts else ()
    entries = (*own, *index.entries_of(parts[0] if parts else subject))
    return {entry.path for entry in entries}


@remembered
def _families(config: UserConfig) -> Mapping[tuple[str, tuple[str, ...]], Sequence[str]]:
    """(/vms or /storage, pools) -> the guests or storages that are in just these."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for path, pools in acl_index(config).pools_of.items():
        found.setdefault((path.rpartition("/")[0], pools), []).append(path)
    return found
