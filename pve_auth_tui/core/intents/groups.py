"""Groups: add, and edit from the group's side.

PVE changes memberships through the users only: one call for each (reference 4.2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents import ghosts
from pve_auth_tui.core.intents.common import access_of, found, require_listable, user_of
from pve_auth_tui.core.memberships import memberships
from pve_auth_tui.core.names import group_problem
from pve_auth_tui.core.newgroup import group_findings, login_findings
from pve_auth_tui.core.objects import Key, shown
from pve_auth_tui.core.plan import ApiCall, Draft, Effect, Intent
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed

_MANY: Final = 20  # calls from which on it is worth a word


def add(groupid: str, *, comment: str = "", members: Sequence[str] = ()) -> Intent:
    """A new group with those members: one call for the group, one for each of them."""
    wanted = tuple(dict.fromkeys(members))

    def intent(snapshot: Snapshot) -> Draft:
        access_of(snapshot)
        if problem := new_group_problem(snapshot, groupid):
            raise UsageError(problem)
        for userid in wanted:
            user_of(snapshot, userid)
            require_listable(userid)
        params = {"groupid": groupid, **({"comment": comment} if comment else {})}
        make = ApiCall("POST", ("access", "groups"), params)
        joins = [_joins(userid, (groupid,)) for userid in wanted]
        notes = (*group_findings(snapshot, groupid), *_notes(snapshot, joins))
        return Draft(f"add group {groupid}", (make, *joins), notes)

    return intent


def edit(
    groupid: str,
    *,
    comment: str | None = None,
    members: Sequence[str] | None = None,
    join: Sequence[str] = (),
    leave: Sequence[str] = (),
) -> Intent:
    """Another comment, other members; None leaves it as it is.

    `members` are all that there are to be; `join` and `leave` change those that there are. A
    member without a user goes if nothing else is left of the name (Refused otherwise): PVE
    forgets all of a name at once (`core.intents.ghosts`). Raises UsageError for who is to do
    both, and for who leaves and is not known at all.
    """

    def intent(snapshot: Snapshot) -> Draft:
        config = access_of(snapshot)
        _require_apart(join, leave)
        group = found(snapshot, config.groups, groupid, "group")
        for userid in set(leave) - set(group.members):
            user_of(snapshot, userid)  # nobody of that name is a slip, not a member who left
        steps: list[ApiCall] = []
        if comment is not None and comment != (group.comment or ""):
            steps.append(ApiCall("PUT", ("access", "groups", groupid), {"comment": comment}))
        now = set(group.members)
        then = ((now if members is None else set(members)) | set(join)) - set(leave)
        steps += _moves(snapshot, joining={groupid: then - now}, leaving={groupid: now - then})
        if not steps:
            raise Refused(f"Nothing would change: group {groupid} is so already.")
        return Draft(f"edit group {groupid}", tuple(steps), _notes(snapshot, steps))

    return intent


def move(groupids: Sequence[str], *, join: Sequence[str] = (), leave: Sequence[str] = ()) -> Intent:
    """Several groups: users who join all of them, users who leave all of them."""
    wanted = tuple(dict.fromkeys(groupids))

    def intent(snapshot: Snapshot) -> Draft:
        config = access_of(snapshot)
        if not wanted:
            raise UsageError("No group was named to be edited.")
        _require_apart(join, leave)
        groups = [found(snapshot, config.groups, name, "group") for name in wanted]
        joining = {group.id: set(join) - set(group.members) for group in groups}
        leaving = {group.id: set(leave) & set(group.members) for group in groups}
        steps = _moves(snapshot, joining=joining, leaving=leaving)
        who = f"group {wanted[0]}" if len(wanted) == 1 else f"{len(wanted)} groups"
        if not steps:
            raise Refused(f"Nothing would change: the members of {who} are so already.")
        same = [group.id for group in groups if not joining[group.id] and not leaving[group.id]]
        already = tuple(Effect(f"@{name}", "none, its members are so already") for name in same)
        return Draft(f"edit {who}", tuple(steps), _notes(snapshot, steps), already)

    return intent


def _require_apart(join: Iterable[str], leave: Iterable[str]) -> None:
    if both := sorted(set(join) & set(leave)):
        raise UsageError(f"{listed(both)} cannot join and leave at once.")


def new_group_problem(snapshot: Snapshot, name: str) -> str:
    """What is wrong with the name of a group to be added; "" when nothing is."""
    if problem := group_problem(name):
        return problem
    access = snapshot.access.value
    return f"The group {name} exists already." if access and name in access.groups else ""


def _notes(snapshot: Snapshot, steps: Sequence[ApiCall]) -> tuple[Finding, ...]:
    """That many calls are no single change; logins that undo them."""
    moved = [step.path[2] for step in steps if step.path[:2] == ("access", "users")]
    found = login_findings(snapshot, moved)
    if len(moved) < _MANY:
        return found
    many = Finding(
        "LOOK",
        f"PVE has no call for the members of a group: these are {len(moved)} calls, one per user.",
        "If it stops on the way, those before it are done; the rest can be run again.",
    )
    return (many, *found)


def _moves(
    snapshot: Snapshot, *, joining: dict[str, set[str]], leaving: dict[str, set[str]]
) -> list[ApiCall]:
    """One call for each user, whatever number of groups it joins or leaves."""
    config = access_of(snapshot)
    joins, leaves = _by_user(joining), _by_user(leaving)
    groups_of = memberships(config)
    steps = []
    for userid in sorted({*joins, *leaves}):
        if userid not in config.users and userid in leaves:
            _require_only(snapshot, userid, groups_of[userid] - leaves[userid])
            steps.append(ApiCall("DELETE", ("access", "users", userid)))
            continue
        user_of(snapshot, userid)
        if userid in joins:
            require_listable(userid)
        if userid in leaves:
            then = (groups_of[userid] | joins.get(userid, set())) - leaves[userid]
            steps.append(_is_in(userid, then))
        else:
            steps.append(_joins(userid, joins[userid]))
    return steps


def _require_only(snapshot: Snapshot, userid: str, others: Collection[str]) -> None:
    """Of a member without a user, is nothing left but the groups it leaves, and no `others`?"""
    left = [f"group {name}" for name in sorted(others)]
    left += [shown(key) for key in ghosts.belongings(snapshot, Key("user", userid))]
    if left:
        raise Refused(
            f"There is no user {userid}: PVE forgets all of that name at once, and that is also "
            f"{listed(left)}.",
            "Remove those first, or add the user.",
        )


def _by_user(groups: dict[str, set[str]]) -> dict[str, set[str]]:
    of: dict[str, set[str]] = {}
    for group, users in groups.items():
        for userid in users:
            of.setdefault(userid, set()).add(group)
    return of


def _joins(userid: str, groups: Iterable[str]) -> ApiCall:
    """Nothing is undone that somebody else does meanwhile."""
    params: dict[str, Param] = {"groups": ",".join(sorted(groups)), "append": 1}
    return ApiCall("PUT", ("access", "users", userid), params)


def _is_in(userid: str, groups: Iterable[str]) -> ApiCall:
    return ApiCall("PUT", ("access", "users", userid), {"groups": ",".join(sorted(groups))})
