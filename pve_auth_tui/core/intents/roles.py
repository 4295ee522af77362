"""Roles: add one, and change what is in those that are not built in (reference 3.6, 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pve_auth_tui.core import names, versions
from pve_auth_tui.core.accessdata import Role
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import removal
from pve_auth_tui.core.intents.common import access_of, found
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import ApiCall, Draft, Effect, Intent
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.privileges import strangers
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed


def add(roleid: str, privs: Sequence[str] = ()) -> Intent:
    """A new role; one without privileges is one that PVE takes, too.

    Raises UsageError for a name or a privilege that this PVE does not take.
    """

    def intent(snapshot: Snapshot) -> Draft:
        if problem := new_role_problem(snapshot, roleid):
            raise UsageError(problem)
        _require_known(snapshot, privs)
        given = {"roleid": roleid, "privs": _joined(privs)}
        return Draft(f"add role {roleid}", (ApiCall("POST", ("access", "roles"), given),))

    return intent


def edit(roleid: str, privs: Sequence[str], *, append: bool = False) -> Intent:
    """These privileges in place of what the role has, or with `append` in addition to it."""

    def intent(snapshot: Snapshot) -> Draft:
        role = own_role(snapshot, roleid)
        _require_known(snapshot, privs)
        wanted = role.privs.union(privs) if append else frozenset(privs)
        if wanted == role.privs:
            raise Refused(f"Role {roleid} has these privileges already.")
        sent = sorted(wanted - role.privs) if append else sorted(wanted)
        return Draft(f"edit role {roleid}", (_call(roleid, sent, append=append),))

    return intent


def change(roleids: Sequence[str], *, gain: Sequence[str] = (), lose: Sequence[str] = ()) -> Intent:
    """Several roles at once: each gets what it lacks of `gain`, and loses what it has of `lose`."""
    wanted = tuple(dict.fromkeys(roleids))

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError("No role was named to edit.")
        if both := sorted(set(gain) & set(lose)):
            raise UsageError(f"{listed(both)}: given and taken away at once.")
        _require_known(snapshot, (*gain, *lose))
        steps: list[ApiCall] = []
        same: list[Effect] = []
        for role in [own_role(snapshot, name) for name in wanted]:
            privs = role.privs.union(gain).difference(lose)
            if privs == role.privs:
                same.append(Effect(f"role {role.id}", "none, it is so already"))
            elif privs > role.privs:
                steps.append(_call(role.id, sorted(privs - role.privs), append=True))
            else:
                steps.append(_call(role.id, sorted(privs), append=False))
        if not steps:
            raise Refused("They all have it so already: nothing is to be changed.")
        title = f"edit role {wanted[0]}" if len(wanted) == 1 else f"edit {len(wanted)} roles"
        return Draft(title, tuple(steps), already=tuple(same))

    return intent


def remove(roleids: Sequence[str]) -> Intent:
    """Remove roles; PVE leaves out the ACL entries of each when it reads the file next."""
    return removal.remove([Key("role", name) for name in roleids])


def new_role_problem(snapshot: Snapshot, name: str) -> str:
    """What is wrong with the name of a role to be added; "" when nothing is."""
    reserved = versions.has(release_of(snapshot), "reserved-role-names")
    problem = names.role_problem(name)
    if problem and (reserved or not (name.upper().startswith("PVE") and names.is_role(name))):
        return problem
    access = snapshot.access.value
    return f"The role {name} exists already." if access and name in access.roles else ""


def locked_problem(snapshot: Snapshot, name: str) -> str:
    """Why a role cannot be changed; "" when it can."""
    access = snapshot.access.value
    role = access.roles.get(name) if access else None
    return (
        f"Role {name} is built in: PVE neither changes nor removes it."
        if role is not None and role.special
        else ""
    )


def own_role(snapshot: Snapshot, name: str) -> Role:
    """A role that can be changed. Raises UsageError when there is none, Refused when built in."""
    role = found(snapshot, access_of(snapshot).roles, name, "role")
    if problem := locked_problem(snapshot, name):
        raise Refused(problem, f"Add a role of your own that begins as a copy of {name}.")
    return role


def _require_known(snapshot: Snapshot, privs: Iterable[str]) -> None:
    if strange := strangers(privs, release_of(snapshot)):
        raise UsageError(f"This PVE does not know the privilege {listed(strange)}.")


def _call(roleid: str, privs: Iterable[str], *, append: bool) -> ApiCall:
    given: dict[str, Param] = {"privs": _joined(privs)}
    if append:
        given["append"] = 1
    return ApiCall("PUT", ("access", "roles", roleid), given)


def _joined(privs: Iterable[str]) -> str:
    return ",".join(sorted(set(privs)))
