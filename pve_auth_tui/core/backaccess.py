"""The way back of what user.cfg holds: users, groups, roles, API tokens, pools, ACL entries.

Sources: reference 4.1 and 4.2; PVE::API2::{User,Group,Role,ACL} of pve-access-control 9.1.1,
PVE::API2::Pool of pve-manager 9.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pve_auth_tui.core import versions
from pve_auth_tui.core.changed import Changed, Way, call, joined, members, number
from pve_auth_tui.core.names import path_shape_problem
from pve_auth_tui.core.objects import Key, Kind, Record, acl_parts, shown
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.ports import Param

_TEXTS: Final = ("firstname", "lastname", "email", "comment")
_SUBJECTS: Final = {"user": "users", "group": "groups", "token": "tokens"}
_AT_ONCE: Final = 100  # subjects in one call: it must fit into a command line, too


def roles(way: Way) -> None:
    """A role's privileges replace those that it has; none at all empties it."""
    for one in way.of("role"):
        name, privs = one.key.name, (one.before or {}).get("privs", "")
        if name in versions.builtin_roles(way.release):
            way.lose(
                f"What was added to the built-in role {name} does not come back: no call adds."
            )
        elif one.was_made:
            way.remove("role", call("DELETE", "access", "roles", name))
        elif one.was_removed:
            way.make(
                "role", call("POST", "access", "roles", params={"roleid": name, "privs": privs})
            )
        else:
            way.make("role", call("PUT", "access", "roles", name, params={"privs": privs}))


def groups(way: Way) -> None:
    """A group's comment; who is in it is said of each user."""
    for one in way.of("group"):
        name, comment = one.key.name, (one.before or {}).get("comment", "")
        if one.was_made:
            way.remove("group", call("DELETE", "access", "groups", name))
        elif one.was_removed:
            given = {"groupid": name, **({"comment": comment} if comment else {})}
            way.make("group", call("POST", "access", "groups", params=given))
        elif "comment" in one.back:
            way.make("group", call("PUT", "access", "groups", name, params={"comment": comment}))


def users(way: Way) -> None:
    """An account is opened last of all when it gets a second factor back: never without it."""
    for one in way.of("user"):
        if one.was_made:
            way.remove("user", call("DELETE", "access", "users", one.key.name))
        else:
            _user(way, one, one.before or {})
    _memberships(way)


def _user(way: Way, one: Changed, before: Record) -> None:
    name, back = one.key.name, one.back
    given: dict[str, Param] = {
        field: number(before[field]) for field in ("enable", "expire") if field in back
    }
    given |= {field: before[field] for field in _TEXTS if field in back}
    if one.was_removed:
        given = {"userid": name, **{key: value for key, value in given.items() if value != ""}}
    if given.get("enable") == 1 and name in way.factors_of:
        way.last(call("PUT", "access", "users", name, params={"enable": 1}))
        given.pop("enable")
        given |= {"enable": 0} if one.was_removed else {}
    if "groups" in back and not _left_by_itself(way, one):
        wanted = [group for group in members(before["groups"]) if _group_there(way, name, group)]
        if wanted or not one.was_removed:
            given["groups"] = joined(wanted)
    if "keys" in back:
        if before["keys"]:
            way.lose(
                f"The old second factor of {name} in user.cfg does not come back: no record has it."
            )
        elif not one.was_removed:
            given["keys"] = "x" if _has_factors(way, name) else ""
    if one.was_removed:
        way.make("user", call("POST", "access", "users", params=given))
        if before["enable"] == "1" and name not in way.factors_of and name in way.had_factors:
            way.lose(f"{name} comes back without a second factor.")
    elif given:
        way.make("user", call("PUT", "access", "users", name, params=given))


def _has_factors(way: Way, userid: str) -> bool:
    """Then PVE wants a mark in `keys` (reference 7.3)."""
    tfa = way.snapshot.tfa.value
    return bool(tfa and userid in tfa.users and tfa.users[userid].entries)


def _left_by_itself(way: Way, one: Changed) -> bool:
    """Were only groups joined that go with all their members?"""
    before, after = (set(members((of or {}).get("groups", ""))) for of in (one.before, one.after))
    return before <= after and all(way.goes("group", group) for group in after - before)


def _group_there(way: Way, userid: str, group: str) -> bool:
    if way.is_there("group", group):
        return True
    way.lose(f"{userid} does not come back into group {group}: there is no such group any more.")
    return False


def _memberships(way: Way) -> None:
    """Those members of groups of whom no user's record tells.

    A user whose line in user.cfg stands behind the group's is one, and a member without a user.
    """
    joining: dict[str, list[str]] = {}
    leaving: dict[str, list[str]] = {}
    for one in way.of("group"):
        if one.was_made:
            continue
        before, after = (
            set(members((of or {}).get("members", ""))) for of in (one.before, one.after)
        )
        for userid in sorted(before - after):
            if not _told(way, userid, one.key.name, inside=True):
                joining.setdefault(userid, []).append(one.key.name)
        for userid in sorted(after - before):
            if not _told(way, userid, one.key.name, inside=False):
                leaving.setdefault(userid, []).append(one.key.name)
    for userid, names in joining.items():
        if way.is_there("user", userid):
            more: dict[str, Param] = {"groups": joined(names), "append": 1}
            way.make("user", call("PUT", "access", "users", userid, params=more))
        else:
            for name in names:
                way.lose(f"{userid} does not come back into group {name}: there is no such user.")
    for userid, names in leaving.items():
        if way.is_there("user", userid):
            left = [name for name in _groups_now(way, userid) if name not in names]
            left += [name for name in joining.get(userid, ()) if name not in left]
            whole: dict[str, Param] = {"groups": joined(left)}
            way.make("user", call("PUT", "access", "users", userid, params=whole))


def _told(way: Way, userid: str, group: str, *, inside: bool) -> bool:
    """Does the way back of that user's own record bring it into the group, or out of it?"""
    one = way.changes.get(Key("user", userid))
    if one is None:
        return False
    if one.was_made:
        return not inside
    return "groups" in one.back and (group in members((one.before or {})["groups"])) is inside


def _groups_now(way: Way, userid: str) -> Sequence[str]:
    access = way.snapshot.access.value
    groups = access.groups.values() if access else ()
    return sorted(group.id for group in groups if userid in group.members)


def tokens(way: Way) -> None:
    """A removed token is made anew, with another secret (reference 4.1)."""
    for one in way.of("token"):
        owner, _, name = one.key.name.rpartition("!")
        path = ("access", "users", owner, "token", name)
        before, back = one.before or {}, one.back
        if one.was_made:
            way.remove("token", call("DELETE", *path))
            continue
        if not way.is_there("user", owner):
            way.lose(f"{_capital(one.key)} does not come back: there is no user {owner} any more.")
            continue
        given: dict[str, Param] = {
            field: number(before[field]) for field in ("expire", "privsep") if field in back
        }
        if before["comment"]:
            given |= {"comment": before["comment"]} if "comment" in back else {}
        elif "comment" in back and not one.was_removed:
            if way.knows("token-delete-comment"):
                given["delete"] = "comment"
            else:
                way.lose(
                    f"The comment of API token {one.key.name} stays: this PVE cannot clear it."
                )
        if one.was_removed:
            way.make("token", call("POST", *path, params=given))
            way.lose(
                f"The secret of API token {one.key.name} does not come back: it gets a new one."
            )
        elif given:
            way.make("token", call("PUT", *path, params=given))


def pools(way: Way) -> None:
    """Members go out of all pools before any comes in: a guest is in one pool at most."""
    for one in sorted(way.of("pool"), key=lambda one: one.key):
        name, before, after = one.key.name, one.before or {}, one.after or {}
        gone, new = _moved(after, before), _moved(before, after)
        if gone:
            way.first(_pool_call(way, "PUT", name, {**gone, "delete": 1}))
        given: dict[str, Param] = {"comment": before["comment"]} if "comment" in one.back else {}
        if one.was_removed:
            given = {"poolid": name, **{key: value for key, value in given.items() if value}}
            way.make("pool", call("POST", "pools", params=given))
            given = {}
        if given or new:
            way.make("pool", _pool_call(way, "PUT", name, {**given, **new}))
    for one in sorted(way.of("pool"), key=lambda one: one.key, reverse=True):
        if one.was_made:  # an inner pool before the one that it is in
            way.remove("pool", _pool_call(way, "DELETE", one.key.name, {}))


def _moved(source: Record, other: Record) -> dict[str, str]:
    """The members of a pool that the other record lacks, as parameters."""
    found = {}
    for field in ("vms", "storage"):
        others = set(members(other.get(field, "")))
        found[field] = [one for one in members(source.get(field, "")) if one not in others]
    return {field: joined(names) for field, names in found.items() if names}


def _pool_call(way: Way, method: str, name: str, given: Mapping[str, Param]) -> ApiCall:
    """Since pools can be nested their name is a parameter, before it was part of the path."""
    if way.knows("nested-pools"):
        return call(method, "pools", params={"poolid": name, **given})
    return call(method, "pools", name, params=given)


def entries(way: Way) -> None:
    """ACL entries with one role on one path are given, or taken, by one call."""
    given: dict[tuple[str, str, str], list[Key]] = {}
    for one in way.of("acl"):
        key = one.key
        kind, subject, role = acl_parts(key)
        if one.was_made and kind != "token" and way.goes(kind, subject):
            continue  # PVE removes it with the subject
        if reason := _cannot_be(way, key, removed=one.was_made):
            way.lose(f"{shown(key)} does not come back: {reason}.")
        else:
            propagate = "" if one.before is None else one.before["propagate"]
            given.setdefault((key.name, role, propagate), []).append(key)
    for (path, role, propagate), keys in given.items():
        for start in range(0, len(keys), _AT_ONCE):
            params: dict[str, Param] = {"path": path, "roles": role}
            params |= _by_kind(keys[start : start + _AT_ONCE])
            if propagate:
                params["propagate"] = number(propagate)
                way.make("acl", call("PUT", "access", "acl", params=params))
            else:
                params["delete"] = 1
                way.remove("acl", call("PUT", "access", "acl", params=params))


def _cannot_be(way: Way, key: Key, *, removed: bool) -> str:
    """Why PVE would not take that entry back, "" when it would."""
    kind, subject, role = acl_parts(key)
    if removed:
        return ""
    if not way.is_there(kind, subject):
        return f"there is no {_named(kind)} {subject} any more"
    if not way.is_there("role", role):
        return f"there is no role {role} any more"
    if path_shape_problem(key.name, release=way.release):
        return "this PVE gives no rights on such a path"
    return ""


def _named(kind: Kind) -> str:
    return "API token" if kind == "token" else kind


def _by_kind(keys: Iterable[Key]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for key in keys:
        kind, subject, _ = acl_parts(key)
        found.setdefault(_SUBJECTS[kind], []).append(subject)
    return {name: joined(subjects) for name, subjects in sorted(found.items())}


def _capital(key: Key) -> str:
    text = shown(key)
    return text[0].upper() + text[1:]
