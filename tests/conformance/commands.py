"""`pveum` commands amid the recorded calls, as the calls of PVE's API that they make.

Only what changes something is carried out; PVE runs these handlers in the command's own
process, as root@pam, without its proxy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.node import SimNode


class ApiCall(NamedTuple):
    """One call: `PUT /access/users/joe@pve` with its parameters."""

    method: str
    path: str
    params: Mapping[str, str]


# pveum's words -> method, path, names of its arguments in their order (PVE::CLI::pveum)
_COMMANDS: Mapping[tuple[str, ...], tuple[str, str, tuple[str, ...]]] = {
    ("user", "add"): ("POST", "/access/users", ("userid",)),
    ("user", "modify"): ("PUT", "/access/users/{userid}", ("userid",)),
    ("user", "delete"): ("DELETE", "/access/users/{userid}", ("userid",)),
    ("user", "token", "add"): (
        "POST",
        "/access/users/{userid}/token/{tokenid}",
        ("userid", "tokenid"),
    ),
    ("user", "token", "modify"): (
        "PUT",
        "/access/users/{userid}/token/{tokenid}",
        ("userid", "tokenid"),
    ),
    ("user", "token", "delete"): (
        "DELETE",
        "/access/users/{userid}/token/{tokenid}",
        ("userid", "tokenid"),
    ),
    ("user", "tfa", "unlock"): ("PUT", "/access/users/{userid}/unlock-tfa", ("userid",)),
    ("user", "tfa", "delete"): ("DELETE", "/access/tfa/{userid}/{id}", ("userid",)),
    ("group", "add"): ("POST", "/access/groups", ("groupid",)),
    ("group", "modify"): ("PUT", "/access/groups/{groupid}", ("groupid",)),
    ("group", "delete"): ("DELETE", "/access/groups/{groupid}", ("groupid",)),
    ("role", "add"): ("POST", "/access/roles", ("roleid",)),
    ("role", "modify"): ("PUT", "/access/roles/{roleid}", ("roleid",)),
    ("role", "delete"): ("DELETE", "/access/roles/{roleid}", ("roleid",)),
    ("acl", "modify"): ("PUT", "/access/acl", ("path",)),
    ("realm", "add"): ("POST", "/access/domains", ("realm",)),
    ("realm", "modify"): ("PUT", "/access/domains/{realm}", ("realm",)),
    ("realm", "delete"): ("DELETE", "/access/domains/{realm}", ("realm",)),
    ("pool", "add"): ("POST", "/pools", ("poolid",)),
    ("pool", "delete"): ("DELETE", "/pools/{poolid}", ("poolid",)),
}


def carry_out(words: Sequence[str], node: SimNode) -> bool | None:
    """Whether the command succeeded; None for one that is not known, or changes nothing."""
    call = api_call(words)
    if call is None:
        return None
    try:
        for one in _each(call, node):
            node.answer(one.method, one.path, one.params)
    except ApiError:
        return False
    return True


def api_call(words: Sequence[str]) -> ApiCall | None:
    """The call that a command makes, or None."""
    if not words or words[0] != "pveum":
        return None
    for length in (3, 2):
        if found := _COMMANDS.get(tuple(words[1 : 1 + length])):
            method, path, names = found
            params = _params(words[1 + length :], names)
            in_path = {name: params.pop(name) for name in names if f"{{{name}}}" in path}
            return ApiCall(method, path.format(id=params.pop("id", ""), **in_path), params)
    return None


def _params(words: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Arguments by their names, and options: `--comment x`, `--comment=x`."""
    found: dict[str, str] = {}
    waiting, plain = list(words), list(names)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--"):
            found[plain.pop(0)] = word
            continue
        name, given, value = word[2:].partition("=")
        if not given:
            value = waiting.pop(0) if waiting and not waiting[0].startswith("--") else "1"
        found[name] = value
    return found


def _each(call: ApiCall, node: SimNode) -> Sequence[ApiCall]:
    """`pveum user tfa delete` without --id removes all entries of a user."""
    if call.method != "DELETE" or not call.path.startswith("/access/tfa/"):
        return [call]
    if not call.path.endswith("/"):
        return [call]
    entries: Sequence[Mapping[str, Any]] = node.answer("GET", call.path.rstrip("/"))
    return [call._replace(path=call.path + entry["id"]) for entry in entries]
