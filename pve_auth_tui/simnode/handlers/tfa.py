"""/access/tfa and what else changes second factors (PVE::API2::{TFA,User})."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core import answers
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.tfaconfig import TfaConfig, UserTfa
from pve_auth_tui.simnode.accounts import realm_of
from pve_auth_tui.simnode.handlers.password import reauthenticate
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.permission import ALL_GROUPS
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.state import Change
from pve_auth_tui.simnode.tfa.engine import TfaEngine
from pve_auth_tui.simnode.tfa.oldkeys import demand, with_old_keys
from pve_auth_tui.simnode.tfa.settings import configured

_TFA: Final = "/access/tfa"
_USER: Final = f"{_TFA}/{{userid}}"
_ENTRY: Final = f"{_USER}/{{id}}"
_LOCK: Final = "priv_tfa_cfg"
_SEE: Final = ("User.Modify", "Sys.Audit")
_CONFIRMATION: Final = "password"
_GIVEN: Final = ("description", "totp", "value", "challenge")
_MARK: Final = re.compile(r"x(?:!.*)?")
_ENABLING: Final = "enabling TFA for the user failed: "
_LINE: Final = "at /usr/share/perl5/PVE/API2/User.pm line 640.\n"
_OTP_LENGTHS: Final = range(32, 49)
_PUBLIC_ID: Final = 12


def list_all(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """Everybody's for those who may see all users, else the caller's and those of its groups."""
    rights = node.rights(request.caller)
    found = answers.tfa(node.state.tfa, node.sources.now())
    if rights.holds(ALL_GROUPS, _SEE):
        return found
    seen = {rights.authid, *rights.people(rights.groups(_SEE))}
    return [user for user in found if user["userid"] in seen]


def list_user(node: SimNode, request: Request) -> list[dict[str, Any]]:
    return answers.tfa_user(node.state.tfa, request.params["userid"])


def show_entry(node: SimNode, request: Request) -> dict[str, Any]:
    return answers.tfa_entry(node.state.tfa, request.params["userid"], request.params["id"])


def add_entry(node: SimNode, request: Request) -> dict[str, Any]:
    """The user is marked before anything can fail, and stays so."""
    params = request.params
    userid, kind = params["userid"], params["type"]
    reauthenticate(node, request, request.params["userid"], _CONFIRMATION)
    given = {name: params.get(name) for name in _GIVEN}
    if kind == "yubico":
        given["value"] = _yubico_id(node, userid, given["value"])
    answer: dict[str, Any] = {}
    refusal: ApiError | None = None
    with node.state.change(_LOCK) as change:
        config = _marked(node, change, userid)
        try:
            with _engine(node) as engine:
                settings = configured(change.datacenter, request.host)
                change.tfa, answer = engine.add(config, userid, kind, settings=settings, **given)
        except ApiError as error:
            refusal = error
    if refusal:
        raise refusal
    return {"id": None, **answer}


def change_entry(node: SimNode, request: Request) -> str:
    params = request.params
    reauthenticate(node, request, request.params["userid"], _CONFIRMATION)
    with node.state.change(_LOCK) as change, _engine(node) as engine:
        enable = params.get("enable")
        change.tfa = engine.update(
            change.tfa,
            params["userid"],
            params["id"],
            description=params.get("description"),
            enable=None if enable is None else bool(enable),
        )
    return ""


def remove_entry(node: SimNode, request: Request) -> str | None:
    """With the last one the user's mark goes."""
    userid = request.params["userid"]
    reauthenticate(node, request, request.params["userid"], _CONFIRMATION)
    with node.state.change(_LOCK) as change, _engine(node) as engine:
        change.tfa, left = engine.delete(change.tfa, userid, request.params["id"])
    if left:
        return ""
    with node.state.change("user_cfg", _ENABLING) as change:
        _set_keys(change, userid, None)
    return None


def show_types(node: SimNode, request: Request) -> dict[str, Any]:
    """What the realm demands, and what the user has: one kind, or with `multiple` all."""
    userid = request.params["userid"]
    demanded = demand(realm_of(node, userid))
    answer: dict[str, Any] = {"realm": demanded["type"]} if demanded.get("type") else {}
    user = node.state.tfa.users.get(userid) or UserTfa(userid)
    if request.params.get("multiple"):
        return {**answer, "user": _all_kinds(user)}
    kind = _old_kind(user)
    return {**answer, "user": kind} if kind else answer


def unlock(node: SimNode, request: Request) -> int:
    """1 when the user was locked out."""
    with node.state.change(_LOCK) as change, _engine(node) as engine:
        config, locked = engine.unlock(change.tfa, request.params["userid"])
        if locked:
            change.tfa = config
    return int(locked)


@contextmanager
def _engine(node: SimNode) -> Iterator[TfaEngine]:
    """One that logs to the node's journal."""
    engine = TfaEngine(node.sources, node.disk)
    try:
        yield engine
    finally:
        node.journal.extend(engine.log)


def _marked(node: SimNode, change: Change, userid: str) -> TfaConfig:
    """`keys` becomes x. What stood there before is a factor, if the realm says which."""
    config = change.tfa
    with node.state.change("user_cfg", _ENABLING) as inner:
        keys = inner.access.users[userid].keys
        if keys is not None and truthy(keys) and not _MARK.fullmatch(keys):
            demanded = demand(realm_of(node, userid))
            config = with_old_keys(config, userid, keys, demanded, node.sources)
        _set_keys(inner, userid, "x")
    return config


def _set_keys(change: Change, userid: str, keys: str | None) -> None:
    user = replace(change.access.users[userid], keys=keys)
    change.access = replace(change.access, users={**change.access.users, userid: user})


def _yubico_id(node: SimNode, userid: str, value: str | None) -> str:
    """The public id in a one-time password, once Yubico's server has confirmed it."""
    realm = realm_of(node, userid)
    demanded = demand(realm)
    if not demanded:
        raise ApiError(500, f"no yubico otp configuration available for realm {realm.name}\n")
    if demanded.get("type") != "yubico":
        raise ApiError(500, "realm is not setup for Yubico OTP\n")
    problems = {
        "missing password": value is None,
        "missing API ID": "id" not in demanded,
        "missing API KEY": "key" not in demanded,
        "no associated yubico keys": bool(value) and (value or "")[:_PUBLIC_ID].isspace(),
        "wrong OTP length": len(value or "") not in _OTP_LENGTHS,
    }
    for problem, found in problems.items():
        if found:
            raise ApiError(500, f"yubico: {problem}\n")
    raise ApiError(500, "a simulated node asks no Yubico server\n")


def _all_kinds(user: UserTfa) -> list[str]:
    """PVE stumbles over whatever it keeps about a user that is not a list."""
    kinds = list(dict.fromkeys(entry.type for entry in user.entries))
    if "recovery" in kinds:
        raise ApiError(500, f"Not an ARRAY reference {_LINE}")
    if user.totp_locked or user.locked_until is not None:
        value = 1 if user.totp_locked else user.locked_until
        problem = f'Can\'t use string ("{value}") as an ARRAY ref while "strict refs" in use'
        raise ApiError(500, f"{problem} {_LINE}")
    return list(kinds)


def _old_kind(user: UserTfa) -> str | None:
    """The one kind that PVE knew a user by before there could be several."""
    kinds = {entry.type for entry in user.entries}
    for kind, old in (("u2f", "u2f"), ("totp", "oath"), ("yubico", "yubico")):
        if kind in kinds:
            return old
    return "incompatible" if kinds else None


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _TFA): list_all,
    ("GET", _USER): list_user,
    ("POST", _USER): add_entry,
    ("GET", _ENTRY): show_entry,
    ("PUT", _ENTRY): change_entry,
    ("DELETE", _ENTRY): remove_entry,
    ("GET", "/access/users/{userid}/tfa"): show_types,
    ("PUT", "/access/users/{userid}/unlock-tfa"): unlock,
}
