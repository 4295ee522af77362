"""Users: add, edit, enable and disable, give a password, remove.

Sources: reference 4.1; PVE::API2::User and PVE::API2::AccessControl of pve-access-control 9.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from pve_auth_tui.core import versions
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import removal
from pve_auth_tui.core.intents.common import access_of, found, require_listable, user_of
from pve_auth_tui.core.memberships import memberships
from pve_auth_tui.core.names import userid_problem
from pve_auth_tui.core.newgroup import login_findings
from pve_auth_tui.core.newuser import no_password_for, password_findings, userid_findings
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.plan import ApiCall, Draft, Effect, Intent
from pve_auth_tui.core.ports import Param, param_text
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import User, UserConfig

Value: TypeAlias = Param | Secret
"""Of a field of a user; `keys` may be a `Secret`, and is sent as one in any case."""

FIELDS: Final = ("enable", "expire", "firstname", "lastname", "email", "comment", "keys")
"""PVE's names of what a user has, besides its groups."""

_KEYS: Final = "keys"  # may hold an old TOTP secret
_GROUPS: Final = "groups"
_CONFIRMED: Final = "confirmation-password"  # PVE's parameter, and the feature that brought it


def add(
    userid: str, values: Mapping[str, Value] | None = None, password: Secret | None = None
) -> Intent:
    """A new user. `values`: PVE's own parameters; texts that are empty are not sent.

    `groups` are names with commas between them. The intent raises UsageError for what PVE would
    not take, and Refused for a password in a realm where PVE stores none.
    """
    given = dict(values or {})

    def intent(snapshot: Snapshot) -> Draft:
        _require_known(given)
        access_of(snapshot)
        if problem := new_user_problem(snapshot, userid):
            raise UsageError(problem)
        _require_groups(snapshot, _names(given))
        secrets, notes = {}, list(userid_findings(snapshot, userid))
        if password is not None:
            _require_store(snapshot, userid)
            secrets["password"] = password
            notes += password_findings(snapshot, userid)
        wanted = {name: value for name, value in given.items() if value != ""}
        if _GROUPS in wanted:
            require_listable(userid)
            notes += login_findings(snapshot, [userid])
        params, hidden = _split(wanted)
        step = ApiCall(
            "POST", ("access", "users"), {"userid": userid, **params}, {**hidden, **secrets}
        )
        return Draft(f"add user {userid}", (step,), tuple(notes))

    return intent


def edit(
    userids: Sequence[str],
    values: Mapping[str, Value],
    *,
    append: bool = False,
    leave: Sequence[str] = (),
) -> Intent:
    """Change users; of each only what differs from the picture is sent.

    `groups` are all that they are to be in; with `append` those that they join. `leave`: groups
    that they leave. An empty text clears a field.
    """
    wanted, given = tuple(dict.fromkeys(userids)), dict(values)

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError("No user was named to be edited.")
        _require_known(given)
        _require_groups(snapshot, (*_names(given), *leave))
        config = access_of(snapshot)
        steps, already = [], []
        for user in [user_of(snapshot, userid) for userid in wanted]:
            params = {name: value for name, value in given.items() if _differs(user, name, value)}
            params |= _memberships(config, user.id, given, append=append, leave=leave)
            if params:
                steps.append(ApiCall("PUT", ("access", "users", user.id), *_split(params)))
            else:
                already.append(Effect(user.id, "none, it is so already"))
        who = wanted[0] if len(wanted) == 1 else f"{len(wanted)} users"
        if not steps:
            raise Refused(f"Nothing would change: {who} {_is(wanted)} so already.")
        moved = [step.path[2] for step in steps if _GROUPS in step.params]
        notes = login_findings(snapshot, moved)
        return Draft(f"edit {who}", tuple(steps), notes, tuple(already))

    return intent


def switch(userids: Sequence[str], *, enable: bool) -> Intent:
    """Enable or disable users; those who are so already need no call."""
    wanted = tuple(dict.fromkeys(userids))
    doing, done = ("enable", "enabled") if enable else ("disable", "disabled")

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError(f"No user was named to {doing}.")
        users = [user_of(snapshot, userid) for userid in wanted]
        steps = tuple(
            ApiCall("PUT", ("access", "users", user.id), {"enable": int(enable)})
            for user in users
            if user.enable != enable
        )
        if not steps:
            who = wanted[0] if len(wanted) == 1 else f"All {len(wanted)} users"
            raise Refused(f"{who} {_is(wanted)} {done} already.")
        title = f"{doing} {wanted[0] if len(wanted) == 1 else f'{len(wanted)} users'}"
        same = (user.id for user in users if user.enable == enable)
        already = tuple(Effect(userid, f"none, {done} already") for userid in same)
        return Draft(title, steps, already=already)

    return intent


def set_password(userid: str, password: Secret, confirmation: Secret | None = None) -> Intent:
    """A new password. `confirmation`: the own password of whoever asks, if that is not root@pam.

    The intent raises Refused for realms where PVE stores no passwords.
    """

    def intent(snapshot: Snapshot) -> Draft:
        user_of(snapshot, userid)
        _require_store(snapshot, userid)
        secrets = {"password": password}
        if confirmation is not None and versions.has(release_of(snapshot), _CONFIRMED):
            secrets[_CONFIRMED] = confirmation
        step = ApiCall("PUT", ("access", "password"), {"userid": userid}, secrets)
        return Draft(f"set the password of {userid}", (step,), password_findings(snapshot, userid))

    return intent


def remove(userids: Sequence[str]) -> Intent:
    """Remove users with all that PVE removes along: factors, memberships, ACL entries, tokens."""
    return removal.remove([Key("user", userid) for userid in userids])


def new_user_problem(snapshot: Snapshot, userid: str) -> str:
    """What is wrong with the userid of a user to be added; "" when nothing is."""
    if problem := userid_problem(userid):
        return problem
    access = snapshot.access.value
    return f"The user {userid} exists already." if access and userid in access.users else ""


# --- what is sent -----------------------------------------------------------------------


def _split(given: Mapping[str, Value]) -> tuple[dict[str, Param], dict[str, Secret]]:
    """What may be shown, and what may not."""
    params: dict[str, Param] = {}
    secrets: dict[str, Secret] = {}
    for name, value in given.items():
        if isinstance(value, Secret):
            secrets[name] = value
        elif name == _KEYS:
            secrets[name] = Secret(param_text(value))
        else:
            params[name] = value
    return params, secrets


def _differs(user: User, name: str, value: Value) -> bool:
    if name == _GROUPS:
        return False  # `_memberships` sees to them
    now = getattr(user, name)
    if name in ("enable", "expire"):
        return not isinstance(value, Secret) and int(value) != int(now)
    return (value.reveal() if isinstance(value, Secret) else param_text(value)) != (now or "")


def _memberships(
    config: UserConfig,
    userid: str,
    given: Mapping[str, Value],
    *,
    append: bool,
    leave: Sequence[str],
) -> dict[str, Param]:
    """Who only joins is added, so that nothing is undone that somebody else does meanwhile."""
    now = memberships(config).get(userid, frozenset())
    named = set(_names(given))
    then = (named if _GROUPS in given and not append else now | named) - set(leave)
    if then == now:
        return {}
    if then - now:
        require_listable(userid)
    if then > now:
        return {_GROUPS: ",".join(sorted(then - now)), "append": 1}
    return {_GROUPS: ",".join(sorted(then))}


# --- rules ------------------------------------------------------------------------------


def _names(given: Mapping[str, Value]) -> tuple[str, ...]:
    groups = given.get(_GROUPS, "")
    return tuple(split_list(groups)) if isinstance(groups, str) else ()


def _require_known(given: Mapping[str, Value]) -> None:
    for name in given:
        if name not in (*FIELDS, _GROUPS):
            raise UsageError(f"A user has no {name}.")


def _require_groups(snapshot: Snapshot, names: Sequence[str]) -> None:
    groups = access_of(snapshot).groups
    for name in names:
        found(snapshot, groups, name, "group")


def _require_store(snapshot: Snapshot, userid: str) -> None:
    if why_not := no_password_for(snapshot, userid):
        raise Refused(why_not, "The password is set where the account is kept.")


def _is(wanted: Sequence[str]) -> str:
    return "is" if len(wanted) == 1 else "are"
