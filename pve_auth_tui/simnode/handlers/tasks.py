"""/nodes/{node}/tasks (PVE::API2::Tasks)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.simnode.counted import Counted
from pve_auth_tui.simnode.handlers.nodes import require_node
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.router import BAD_PARAMETERS
from pve_auth_tui.simnode.tasklog import Task, parse_upid

_TASKS: Final = "/nodes/{node}/tasks"
_USUAL_LIMIT: Final = 50


def list_tasks(node: SimNode, request: Request) -> Counted:
    """Those that ended, the last one first; `source` also brings the running ones."""
    require_node(node, request)
    params = request.params
    source = params.get("source", "archive")
    wanted = _filter(node, request)
    tasks = []
    if source != "archive":
        tasks += [{**_shown(task), "status": "RUNNING"} for task in node.tasks.running()]
    if source != "active":
        tasks += [_ended(task) for task in node.tasks.ended()]
    found = [task for task in tasks if wanted(task)]
    start = params.get("start", 0)
    return Counted(found[start : start + params.get("limit", _USUAL_LIMIT)], len(found))


def _ended(task: Task) -> dict[str, Any]:
    end = {} if task.end is None else {"endtime": task.end}
    return {**_shown(task), **end, **({"status": task.status} if task.status else {})}


def _filter(node: SimNode, request: Request) -> Callable[[dict[str, Any]], bool]:
    params = request.params
    auditor = node.rights(request.caller).holds(f"/nodes/{params['node']}", ["Sys.Audit"])
    kinds = {"ok", "warning", "error", "unknown"}
    if params.get("errors"):
        kinds.remove("ok")
    elif "statusfilter" in params:
        kinds = {kind.lower() for kind in split_list(params["statusfilter"])}

    def wanted(task: dict[str, Any]) -> bool:
        return (
            params.get("userfilter", "").lower() in task["user"].lower()
            and (auditor or _is_own(task, request))
            and task["type"] == params.get("typefilter", task["type"])
            and task["id"] == str(params.get("vmid", task["id"]))
            and params.get("since", 0) <= task["starttime"]
            and task["starttime"] <= params.get("until", task["starttime"])
            and _kind(task.get("status", "")) in kinds
        )

    return wanted


def _kind(status: str) -> str:
    """PVE::UPID::normalize_status_type."""
    if status == "OK":
        return "ok"
    if status.startswith("WARNINGS: "):
        return "warning"
    return "error" if status and status != "unexpected status" else "unknown"


def list_parts(node: SimNode, request: Request) -> list[dict[str, str]]:
    return [{"name": "log"}, {"name": "status"}]


def stop_task(node: SimNode, request: Request) -> None:
    """Of others only with Sys.Modify. A task that has ended is nobody's trouble."""
    task = _task(node, request)
    if not _is_own(_shown(task), request):
        place = f"/nodes/{request.params['node']}"
        node.rights(request.caller).require_on(place, ["Sys.Modify"], every=True)
    node.tasks.stop(task)


def show_status(node: SimNode, request: Request) -> dict[str, Any]:
    task = _task(node, request)
    if not node.tasks.exists(task):
        raise ApiError(400, BAD_PARAMETERS, {"upid": "no such task"})
    _require_sight(node, request, task)
    if node.tasks.is_running(task):
        return {**_shown(task), "status": "running"}
    return {**_shown(task), "status": "stopped", "exitstatus": node.tasks.status(task)}


def show_log(node: SimNode, request: Request) -> Counted:
    task = _task(node, request)
    _require_sight(node, request, task)
    start, limit = request.params.get("start", 0), request.params.get("limit", _USUAL_LIMIT)
    total, lines = node.tasks.lines(task, start, limit)
    return Counted(lines, total)


def _task(node: SimNode, request: Request) -> Task:
    require_node(node, request)
    task = parse_upid(request.params["upid"])
    if task is None:
        raise ApiError(400, BAD_PARAMETERS, {"upid": "unable to parse worker upid"})
    return task


def _shown(task: Task) -> dict[str, Any]:
    """A token's task shows its user, and the token apart."""
    user, token = split_tokenid(task.user) or (task.user, "")
    return {
        "upid": task.upid,
        "node": task.node,
        "pid": task.pid,
        "pstart": task.pstart,
        "starttime": task.start,
        "type": task.type,
        "id": task.id,
        "user": user,
        **({"tokenid": token} if token else {}),
    }


def _require_sight(node: SimNode, request: Request, task: Task) -> None:
    if not _is_own(_shown(task), request):
        place = f"/nodes/{request.params['node']}"
        node.rights(request.caller).require_on(place, ["Sys.Audit"], every=True)


def _is_own(task: dict[str, Any], request: Request) -> bool:
    """A token sees its own tasks, a user also those of the tokens."""
    full = f"{task['user']}!{task['tokenid']}" if "tokenid" in task else task["user"]
    return request.caller.authid in (full, task["user"])


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _TASKS): list_tasks,
    ("GET", f"{_TASKS}/{{upid}}"): list_parts,
    ("DELETE", f"{_TASKS}/{{upid}}"): stop_task,
    ("GET", f"{_TASKS}/{{upid}}/status"): show_status,
    ("GET", f"{_TASKS}/{{upid}}/log"): show_log,
}
