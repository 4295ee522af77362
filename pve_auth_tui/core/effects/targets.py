"""What the steps of a plan name: the objects that an admin thinks of when reading them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.plan import ApiCall, FileSwap, HostFile, Step

_RECOVERY = "recovery"
_REALM_SECRETS = frozenset({"password", "client-key"})


class Target(NamedTuple):
    """`identity` tells one from another; `name` is what a person calls it."""

    identity: tuple[str, ...]
    name: str


def targets(steps: Sequence[Step]) -> tuple[Target, ...]:
    """Each once, in the order of the steps. What is no object of ours is a target by its path."""
    return tuple(dict.fromkeys(target for step in steps for target in _targets(step)))


def renewed_by(steps: Sequence[Step]) -> tuple[Key, ...]:
    """Secrets that these steps set anew although no record shows it: a realm's password or key,
    a user's old Key IDs, a set of recovery keys or an API token that is removed and made again.
    """
    found: dict[Key, None] = {}
    removed = set()
    for step in steps:
        if not isinstance(step, ApiCall):
            continue
        match (step.method, *step.path):
            case ("PUT", "access", "domains", realm):
                if _REALM_SECRETS & (step.params.keys() | step.secrets.keys()):
                    found[Key("realm", realm)] = None
            case ("PUT", "access", "users", userid) if "keys" in step.secrets:
                found[Key("user", userid)] = None
            case ("DELETE", "access", "tfa", userid, ident) if ident == _RECOVERY:
                removed.add(userid)
            case ("POST", "access", "tfa", userid) if step.params.get("type") == _RECOVERY:
                if userid in removed:
                    found[Key("factor", userid, _RECOVERY)] = None
            case (method, "access", "users", userid, "token", name):
                if method == "POST" and f"{userid}!{name}" in removed:
                    found[Key("token", f"{userid}!{name}")] = None
                elif method == "DELETE":
                    removed.add(f"{userid}!{name}")
    return tuple(found)


def _targets(step: Step) -> Iterator[Target]:
    if isinstance(step, ApiCall):
        yield from _of_call(step)
    elif isinstance(step, FileSwap | HostFile):
        yield Target(("file", step.path), step.path)
    else:
        yield Target(("command", *step.argv), step.argv[0].rpartition("/")[2])


def _of_call(step: ApiCall) -> Iterator[Target]:
    given = {name: str(value) for name, value in step.params.items()}
    match step.path:
        case ("access", "users", userid, "token", name):
            yield Target(("token", userid, name), f"{userid}!{name}")
        case ("access", "tfa", userid, ident):
            yield Target(("factor", userid, ident), userid)
        case ("access", "tfa", userid):
            new = given.get("type", "") if given.get("type") == _RECOVERY else repr(given)
            yield Target(("factor", userid, new), userid)
        case ("access", "acl"):
            yield from _of_acl(given)
        case ("access", "password"):
            yield _named("password", given.get("userid", ""))
        case ("access", ("users" | "groups" | "roles" | "domains") as what, *rest):
            name = rest[0] if rest else given.get(_NAMED_BY[what], "")
            yield _named("/".join((what, *rest[1:])), name)
        case ("pools", *rest):
            yield _named("pool", rest[0] if rest else given.get("poolid", ""))
        case ("cluster", "options"):
            for name in (*(n for n in given if n != "delete"), *split_list(given.get("delete"))):
                yield _named("option", name)
        case path:
            yield Target(("call", step.method, *path), path[-1] if path else "")


_NAMED_BY = {"users": "userid", "groups": "groupid", "roles": "roleid", "domains": "realm"}


def _of_acl(given: dict[str, str]) -> Iterator[Target]:
    for kind in ("users", "groups", "tokens"):
        for subject in split_list(given.get(kind)):
            for role in split_list(given.get("roles")):
                path = given.get("path", "")
                yield Target(("acl", path, kind, subject, role), path)


def _named(what: str, name: str) -> Target:
    return Target((what, name), name)
