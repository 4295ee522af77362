"""/pools (PVE::API2::Pool of pve-manager 9.2), also in the old form with the pool in the path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core import answers
from pve_auth_tui.core.accessdata import AclEntry, Pool, UserConfig
from pve_auth_tui.core.cluster import parse_vmlist
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.pathtree import pool_path
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.snapshot import Guest
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.permission import Rights
from pve_auth_tui.simnode.request import Request

_POOLS: Final = "/pools"
_POOL: Final = f"{_POOLS}/{{poolid}}"
_SECTION: Final = re.compile(r"(?m)^([a-z][a-z0-9_-]*):[ \t]*([A-Za-z][A-Za-z0-9._-]*)[ \t]*\r?$")
_OPTION: Final = re.compile(r"(?m)^[ \t]+(content|nodes|shared)[ \t]+(\S.*?)\s*$")
_SHARED: Final = frozenset({"cephfs", "cifs", "esxi", "iscsi", "iscsidirect", "nfs", "pbs", "rbd"})
_LETTER: Final = re.compile("[A-Za-z]")


def list_pools(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """All pools that the caller may see, or the one that is named, which PVE shows to everybody."""
    if truthy(request.params.get("poolid")):
        return [_pool(node, request)]
    rights = node.rights(request.caller)
    return [
        pool
        for pool in answers.pools(rights.access)
        if rights.holds(pool_path(pool["poolid"]), ["Pool.Audit"])
    ]


def show_pool(node: SimNode, request: Request) -> dict[str, Any]:
    return _pool(node, request)


def add_pool(node: SimNode, request: Request) -> None:
    name, comment = request.params["poolid"], request.params.get("comment")
    parent, _, leaf = name.rpartition("/")
    with node.state.change("user_cfg", "create pool failed: ") as change:
        pools = change.access.pools
        if name in pools:
            raise ApiError(500, f"pool '{name}' already exists\n")
        if parent and parent not in pools:
            raise ApiError(500, f"parent '{parent}' of pool '{name}' does not exist\n")
        if not _LETTER.match(leaf):
            raise ApiError(500, "pool name must start with a letter\n")
        pool = Pool(name, comment=comment if truthy(comment) else None)
        change.access = replace(change.access, pools={**pools, name: pool})


def change_pool(node: SimNode, request: Request) -> None:
    """Members come in, or go out with `delete`; a guest is in one pool at most."""
    params = request.params
    rights = node.rights(request.caller)
    with node.state.change("user_cfg", "update pools failed: ") as change:
        pools = dict(change.access.pools)
        pool = _required(change.access, params["poolid"])
        pools[pool.id] = replace(pool, comment=params.get("comment", pool.comment))
        for vmid in split_list(params.get("vms")):
            rights.require_on(f"/vms/{vmid}", rights.modify(f"/vms/{vmid}"))
            _change_guest(pools, pool.id, int(vmid), request, rights)
        for storage in split_list(params.get("storage")):
            path = f"/storage/{storage}"
            rights.require_on(path, rights.modify(path))
            _change_storage(pools, pool.id, storage, deleting=bool(params.get("delete")))
        change.access = replace(change.access, pools=pools)


def remove_pool(node: SimNode, request: Request) -> None:
    """Only an empty one; guests and storages that are gone do not count."""
    name = request.params["poolid"]
    with node.state.change("user_cfg", "delete pool failed: ") as change:
        access = change.access
        pool = _required(access, name)
        start = f"pool '{name}' is not empty (contains"
        if below := sorted(other for other in access.pools if other.startswith(f"{name}/")):
            raise ApiError(500, f"{start} pool '{below[0]}')\n")
        guests, storages = _guests(node), _storages(node)
        if vms := sorted(filter(guests.__contains__, pool.vms), key=str):
            raise ApiError(500, f"{start} VM {vms[0]})\n")
        if kept := sorted(filter(storages.__contains__, pool.storage)):
            raise ApiError(500, f"{start} storage '{kept[0]}')\n")
        pools = {other: found for other, found in access.pools.items() if other != name}
        change.access = replace(access, pools=pools, acl=tuple(_acl_without(access, name)))


def _acl_without(access: UserConfig, name: str) -> Iterator[AclEntry]:
    """PVE forgets the pool's entries and those below it, but not those of a pool in a pool."""
    path = pool_path(name)
    nested = "/" in name
    for entry in access.acl:
        if nested or not f"{entry.path}/".startswith(f"{path}/"):
            yield entry


def _change_guest(
    pools: dict[str, Pool], name: str, vmid: int, request: Request, rights: Rights
) -> None:
    pool = pools[name]
    if request.params.get("delete"):
        if vmid not in pool.vms:
            raise ApiError(500, f"VM {vmid} is not a pool member\n")
        pools[name] = _without_guest(pool, vmid)
        return
    if vmid in pool.vms:
        raise ApiError(500, f"VM {vmid} is already a pool member\n")
    if old := next((other for other in pools.values() if vmid in other.vms), None):
        if not request.params.get("allow-move"):
            text = f"VM {vmid} belongs already to pool '{old.id}' and 'allow-move' is not set\n"
            raise ApiError(500, text)
        rights.require_on(pool_path(old.id), ["Pool.Allocate"], every=True)
        pools[old.id] = _without_guest(old, vmid)
    pools[name] = replace(pool, vms=(*pool.vms, vmid))


def _without_guest(pool: Pool, vmid: int) -> Pool:
    return replace(pool, vms=tuple(other for other in pool.vms if other != vmid))


def _change_storage(pools: dict[str, Pool], name: str, storage: str, *, deleting: bool) -> None:
    pool = pools[name]
    if deleting and storage not in pool.storage:
        raise ApiError(500, f"Storage '{storage}' is not a pool member\n")
    if not deleting and storage in pool.storage:
        raise ApiError(500, f"Storage '{storage}' is already a pool member\n")
    kept = tuple(other for other in pool.storage if other != storage)
    pools[name] = replace(pool, storage=kept if deleting else (*kept, storage))


def _required(access: UserConfig, name: str) -> Pool:
    if name not in access.pools:
        raise ApiError(500, f"pool '{name}' does not exist\n")
    return access.pools[name]


def _pool(node: SimNode, request: Request) -> dict[str, Any]:
    """With its members that exist; what they are doing is not known here."""
    pool, kind = _required(node.state.access, request.params["poolid"]), request.params.get("type")
    guests, storages = _guests(node), _storages(node)
    members = [
        {
            "id": f"{guest.type}/{guest.vmid}",
            "vmid": guest.vmid,
            "node": guest.node,
            "type": guest.type,
            "status": "unknown",
        }
        for guest in (guests[vmid] for vmid in pool.vms if vmid in guests)
        if kind in (None, guest.type)
    ]
    if kind in (None, "storage"):
        members += [
            _storage(node, storages[name], name) for name in pool.storage if name in storages
        ]
    answer: dict[str, Any] = {"poolid": pool.id, "members": members}
    return answer if pool.comment is None else {**answer, "comment": pool.comment}


def _storage(node: SimNode, options: dict[str, str], name: str) -> dict[str, Any]:
    places = sorted(split_list(options.get("nodes")))
    place = places[0] if places and node.name not in places else node.name
    shared = options["type"] in _SHARED or truthy(options.get("shared"))
    return {
        "id": f"storage/{place}/{name}",
        "storage": name,
        "node": place,
        "type": "storage",
        "plugintype": options["type"],
        "status": "unknown",
        "shared": int(shared),
        "content": ",".join(sorted(split_list(options.get("content")))),
    }


def _guests(node: SimNode) -> dict[int, Guest]:
    return parse_vmlist(node.disk.read("etc/pve/.vmlist") or b"")


def _storages(node: SimNode) -> dict[str, dict[str, str]]:
    """Storage id -> `type` and what else counts here; `local` is always there."""
    text = (node.disk.read("etc/pve/storage.cfg") or b"").decode(errors="replace")
    found = {
        "local": {"type": "dir", "content": "backup,images,import,iso,rootdir,snippets,vztmpl"}
    }
    starts = [*_SECTION.finditer(text)]
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        options = dict(_OPTION.findall(text[start.end() : end]))
        found[start[2]] = {**options, "type": start[1]}
    return found


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _POOLS): list_pools,
    ("POST", _POOLS): add_pool,
    ("PUT", _POOLS): change_pool,
    ("DELETE", _POOLS): remove_pool,
    ("GET", _POOL): show_pool,
    ("PUT", _POOL): change_pool,
    ("DELETE", _POOL): remove_pool,
}
