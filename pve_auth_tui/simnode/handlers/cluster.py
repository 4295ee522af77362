"""/cluster/status, /cluster/log, /cluster/tasks, /cluster/resources (PVE::API2::Cluster)."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.cluster import guest_name, guest_path, parse_storages, parse_vmlist
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.snapshot import Guest
from pve_auth_tui.simnode.handlers.nodes import MEMBERS, members
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.tasklog import Task

OUR_TAG: Final = "pve-auth-tui"
_RECENT: Final = 25  # tasks that each node tells the others
_INFORMATION: Final = 6  # a priority of syslog
_MESSAGES_FROM: Final = 1 << 30  # numbers that no task has


class Message(NamedTuple):
    """What somebody wrote into the cluster's log; `time` in seconds since 1970."""

    number: int
    time: int
    user: str
    tag: str
    text: str


def log_message(node: SimNode, user: str, tag: str, text: str) -> None:
    """PVE::Cluster::log_msg: what is not ASCII stands there as an escape."""
    shown = "".join(sign if sign.isascii() else f"\\u{ord(sign):04x}" for sign in text)
    number = node.messages[-1].number + 1 if node.messages else _MESSAGES_FROM
    node.messages.append(Message(number, int(node.sources.now()), user, tag, shown))


def show_status(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """The cluster, then its nodes; a node of its own alone."""
    try:
        told = json.loads(node.tree.read(MEMBERS))
    except (Unreadable, ValueError):
        told = {}
    cluster, nodes = told.get("cluster"), told.get("nodelist")
    if not cluster or not nodes:
        return [_node(node, node.name, {"id": 0, "online": 1})]
    whole = {name: cluster[name] for name in ("name", "version", "nodes", "quorate")}
    return [
        {"type": "cluster", "id": "cluster", **whole},
        *(_node(node, name, entry) for name, entry in nodes.items()),
    ]


def _node(node: SimNode, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "node",
        "id": f"node/{name}",
        "name": name,
        "nodeid": entry["id"],
        "local": int(name == node.name),
        "online": entry["online"],
        "level": "",
        **({"ip": entry["ip"]} if "ip" in entry else {}),
    }


def show_log(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """Tasks, and what was written with `log_message`; the newest first, one's own without
    Sys.Syslog.
    """
    every = node.rights(request.caller).holds("/", ["Sys.Syslog"])
    told = [entry for task in _recent(node) for entry in _told(task)]
    told += [_message(node, message) for message in node.messages]
    entries = [entry for entry in told if every or entry["user"] == request.caller.authid]
    newest = sorted(entries, key=lambda entry: (entry["time"], entry["uid"]), reverse=True)
    return newest[: request.params.get("max")]


def _told(task: Task) -> list[dict[str, Any]]:
    """That it began and how it ended."""
    texts = [(task.start, f"starting task {task.upid}")]
    if task.end is not None:
        texts.append((task.end, f"end task {task.upid} {task.status}"))
    said = {"tag": "pvedaemon", "pid": task.pid, "user": task.user}
    return [
        _entry(2 * task.pid + order, task.node, time=when, msg=text, **said)
        for order, (when, text) in enumerate(texts)
    ]


def _message(node: SimNode, message: Message) -> dict[str, Any]:
    number, when, user, tag, text = message
    pid = node.sources.pid
    return _entry(number, node.name, time=when, tag=tag, pid=pid, user=user, msg=text)


def _entry(number: int, node: str, **values: Any) -> dict[str, Any]:
    name = f"{number}:{node}"
    return {"uid": number, "id": name, "node": node, "pri": _INFORMATION, **values}


def list_tasks(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """The recent ones of all nodes; one's own without Sys.Audit."""
    every = node.rights(request.caller).holds("/", ["Sys.Audit"])
    return [
        {
            "upid": task.upid,
            "node": task.node,
            "starttime": task.start,
            "type": task.type,
            "id": task.id,
            "user": task.user,
            **({} if task.end is None else {"endtime": task.end, "status": task.status}),
        }
        for task in _recent(node)
        if every or task.user == request.caller.authid
    ]


def _recent(node: SimNode) -> list[Task]:
    running = node.tasks.running()
    return [*running, *node.tasks.ended()][: max(_RECENT, len(running))]


def list_resources(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """Pools, guests, nodes and storages that the caller may see, without any statistics."""
    wanted = request.params.get("type")
    kinds = {"pool": _pools, "vm": _guests, "node": _nodes, "storage": _storages}
    return [
        entry
        for kind, listed in kinds.items()
        if wanted in (None, kind)
        for entry in listed(node, request)
    ]


def _pools(node: SimNode, request: Request) -> list[dict[str, Any]]:
    rights = node.rights(request.caller)
    return [
        {"id": f"/pool/{pool}", "pool": pool, "type": "pool"}
        for pool in sorted(rights.access.pools)
        if rights.holds(f"/pool/{pool}", ["Pool.Audit"])
    ]


def _guests(node: SimNode, request: Request) -> list[dict[str, Any]]:
    rights = node.rights(request.caller)
    pools = {vmid: name for name, pool in rights.access.pools.items() for vmid in pool.vms}
    found = parse_vmlist(node.disk.read("etc/pve/.vmlist") or b"")
    return [
        {
            "id": f"{guest.type}/{vmid}",
            "vmid": vmid,
            "node": guest.node,
            "type": guest.type,
            "status": "unknown",
            **_name(node, guest),
            **(
                {"pool": pools[vmid]}
                if vmid in pools and rights.holds(f"/pool/{pools[vmid]}", ["Pool.Audit"])
                else {}
            ),
        }
        for vmid, guest in found.items()
        if rights.holds(f"/vms/{vmid}", ["VM.Audit"])
    ]


def _name(node: SimNode, guest: Guest) -> dict[str, str]:
    name = guest_name(node.disk.read(guest_path(guest)) or b"", guest.type)
    return {"name": name} if name else {}


def _nodes(node: SimNode, request: Request) -> list[dict[str, Any]]:
    return [
        {
            "id": f"node/{name}",
            "node": name,
            "type": "node",
            "status": "online" if online else "offline",
        }
        for name, online, _ in members(node)
    ]


def _storages(node: SimNode, request: Request) -> list[dict[str, Any]]:
    rights = node.rights(request.caller)
    return [
        {
            "id": f"storage/{name}/{storage}",
            "storage": storage,
            "node": name,
            "type": "storage",
            "status": "unknown",
        }
        for storage in parse_storages(node.disk.read("etc/pve/storage.cfg") or b"")
        if rights.holds(f"/storage/{storage}", ["Datastore.Audit"])
        for name, _, _ in members(node)
    ]


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/cluster/status"): show_status,
    ("GET", "/cluster/log"): show_log,
    ("GET", "/cluster/tasks"): list_tasks,
    ("GET", "/cluster/resources"): list_resources,
}
