"""Groups, roles, ACL entries and pools (reference 3, 4.2)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from pve_auth_tui.core import names, versions
from pve_auth_tui.core.accessdata import ROOT, Pool
from pve_auth_tui.core.pathtree import pool_path
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.predict.access import Grant, Subject
from pve_auth_tui.core.predict.call import Params
from pve_auth_tui.core.predict.refusal import Refusal, Unforeseeable, missing
from pve_auth_tui.core.predict.world import World

_LETTER: Final = re.compile("[A-Za-z]")
_SUBJECTS: Final = ("groups", "users", "tokens")
_ALWAYS_THERE: Final = frozenset({"local"})  # a storage that no file names


def add_group(world: World, params: Params) -> None:
    name = params.text("groupid")
    if problem := names.group_problem(name):  # `0`: PVE takes it, and loses it at once
        raise Refusal(problem)
    if name in world.access.groups:
        raise Refusal(f"The group {name} exists already.")
    world.access.write()
    world.access.put_group(name, params.text("comment"))


def change_group(world: World, params: Params) -> None:
    name = params.text("groupid")
    world.access.require_groups([name])
    world.access.write()
    comment = world.access.groups[name].comment or ""
    world.access.put_group(name, params.text("comment", comment))


def remove_group(world: World, params: Params) -> None:
    """Its ACL entries go with it."""
    world.access.require_groups([params.text("groupid")])
    world.access.write()
    world.access.drop_group(params.text("groupid"))


# --- roles ---


def add_role(world: World, params: Params) -> None:
    name = params.text("roleid")
    reserved = versions.has(world.release, "reserved-role-names")
    if (reserved or not name.upper().startswith("PVE")) and (problem := names.role_problem(name)):
        raise Refusal(problem)
    if name in world.access.roles:
        raise Refusal(f"The role {name} exists already.")
    world.access.write()
    world.access.put_role(name, split_list(params.text("privs")))


def change_role(world: World, params: Params) -> None:
    """Without `append` the privileges replace the old ones: none at all empties the role."""
    name = params.text("roleid")
    _require_own(world, name)
    kept = world.access.roles[name].privs if params.flag("append") else frozenset()
    world.access.write()
    world.access.put_role(name, kept | set(split_list(params.text("privs"))))


def remove_role(world: World, params: Params) -> None:
    _require_own(world, params.text("roleid"))
    world.access.write()
    world.access.drop_role(params.text("roleid"))


def _require_own(world: World, name: str) -> None:
    role = world.access.roles.get(name)
    if role is None:
        raise missing(f"The role {name} does not exist.")
    if role.special:
        raise Refusal(f"The role {name} is built in and cannot be changed.")


# --- ACL ---


def change_acl(world: World, params: Params) -> None:
    """Add or delete every role for every subject; one mistake, and nothing changes.

    PVE takes entries for root@pam and does not write them.
    """
    if not any(truthy(params.text(name)) for name in _SUBJECTS):
        raise Refusal("An ACL entry needs users, groups or API tokens.")
    path, deleting = params.text("path"), params.flag("delete")
    problem = None if deleting else names.path_shape_problem(path, release=world.release)
    normal = names.normalise_path(path)
    if normal is None or problem:
        raise Refusal(problem or names.path_shape_problem(path) or "")
    roles = split_list(params.text("roles"))
    lacking = [f"The role {name} does not exist." for name in roles if _no_role(world, name)]
    subjects = list(_subjects(world, params, lacking)) if roles else []
    if lacking:
        raise missing(*lacking)
    grants: set[Grant] = {(kind, subject, role) for role in roles for kind, subject in subjects}
    world.access.write()
    place = names.tree_path(normal) or normal
    if deleting:
        world.access.revoke(place, grants)
    else:
        world.access.grant(place, grants, propagate=params.flag("propagate", True))


def _no_role(world: World, name: str) -> bool:
    return name not in world.access.roles


def _subjects(world: World, params: Params, lacking: list[str]) -> Iterator[Subject]:
    """Those that were named; sentences on those that are not there go to `lacking`."""
    access = world.access
    for group in split_list(params.text("groups")):
        if group not in access.groups:
            lacking.append(f"The group {group} does not exist.")
        yield "group", group
    for userid in split_list(params.text("users")):
        if userid not in access.users:
            lacking.append(f"The user {userid} does not exist.")
        if userid != ROOT:
            yield "user", userid
    for tokenid in split_list(params.text("tokens")):
        userid, _, name = tokenid.rpartition("!")
        user = access.users.get(userid)
        if user is None or name not in user.tokens:
            lacking.append(f"The API token {tokenid} does not exist.")
        yield "token", tokenid


# --- pools ---


def add_pool(world: World, params: Params) -> None:
    name, pools = params.text("poolid"), world.access.pools
    parent, _, leaf = name.rpartition("/")
    if problem := names.pool_problem(name, release=world.release):
        raise Refusal(problem)
    if name in pools:
        raise Refusal(f"The pool {name} exists already.")
    if parent and parent not in pools:
        raise missing(f"The pool {parent} does not exist, so nothing can be made in it.")
    if not _LETTER.match(leaf):
        raise Refusal("A pool's name begins with a letter.")
    world.access.write()
    world.access.put_pool(Pool(name, comment=params.text("comment")))


def change_pool(world: World, params: Params) -> None:
    """Members come in, or go out with `delete`; a guest is in one pool at most."""
    pool, deleting = _pool(world, params), params.flag("delete")
    vms, storage = set(pool.vms), set(pool.storage)
    moved: dict[str, Pool] = {}
    for vmid in map(int, split_list(params.text("vms"))):
        _member(f"Guest {vmid}", pool, vmid in vms, deleting)
        if not deleting and (old := _pool_of(world, vmid, moved)):
            if not params.flag("allow-move"):
                raise Refusal(f"Guest {vmid} is in the pool {old.id} already.")
            moved[old.id] = replace(old, vms=tuple(v for v in old.vms if v != vmid))
        vms ^= {vmid}
    for name in split_list(params.text("storage")):
        _member(f"Storage {name}", pool, name in storage, deleting)
        storage ^= {name}
    world.access.write()
    for other in moved.values():
        world.access.put_pool(other)
    comment = params.text("comment") if "comment" in params else pool.comment
    world.access.put_pool(replace(pool, vms=(*vms,), storage=(*storage,), comment=comment))


def _member(what: str, pool: Pool, there: bool, deleting: bool) -> None:
    if there != deleting:
        raise Refusal(f"{what} is {'not' if deleting else 'already'} in the pool {pool.id}.")


def _pool_of(world: World, vmid: int, moved: Mapping[str, Pool]) -> Pool | None:
    pools = (moved.get(pool.id, pool) for pool in world.access.pools.now.values())
    return next((pool for pool in pools if vmid in pool.vms), None)


def remove_pool(world: World, params: Params) -> None:
    """Only an empty one; guests and storages that are gone do not count.

    The ACL entries of a pool that lies in another one stay (PVE::AccessControl 9.1.1).
    """
    pool = _pool(world, params)
    below = sorted(name for name in world.access.pools if name.startswith(f"{pool.id}/"))
    guests, storages = _existing(world, pool)
    inside = [
        *(f"the pool {name}" for name in below),
        *(f"guest {vmid}" for vmid in pool.vms if vmid in guests),
        *(f"storage {name}" for name in pool.storage if name in storages),
    ]
    if inside:
        raise Refusal(f"The pool {pool.id} is not empty: it holds {inside[0]}.")
    world.access.write()
    world.access.pools.drop(pool.id)
    if "/" not in pool.id:
        world.access.drop_paths(pool_path(pool.id))


def _existing(world: World, pool: Pool) -> tuple[Collection[int], Collection[str]]:
    inventory = world.before.inventory.value
    if inventory is not None:
        return inventory.guests, {*inventory.storages, *_ALWAYS_THERE}
    if pool.vms or pool.storage:
        raise Unforeseeable
    return (), ()


def _pool(world: World, params: Params) -> Pool:
    pool = world.access.pools.get(params.text("poolid"))
    if pool is None:
        raise missing(f"The pool {params.text('poolid')} does not exist.")
    return pool
