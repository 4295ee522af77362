"""Users, their passwords and their API tokens (reference 4.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core.accessdata import ROOT, Token, User
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.predict.access import stored
from pve_auth_tui.core.predict.call import Params
from pve_auth_tui.core.predict.refusal import Refusal, Unforeseeable, missing
from pve_auth_tui.core.predict.world import World

_TEXTS: Final = ("firstname", "lastname", "email", "comment", "keys")
_DELETABLE: Final = frozenset({"comment"})


def add_user(world: World, params: Params) -> None:
    """The password is stored first, and stays there when a group turns out to be missing."""
    userid = world.as_spelled(params.text("userid"))
    if userid in world.access.users:
        raise Refusal(f"The user {userid} exists already.")
    depends = "password" in params and _set_password(world, params.text("userid"))
    groups = split_list(params.text("groups"))
    world.access.require_groups(groups)
    world.access.write()
    world.access.add_user(
        User(
            userid,
            enable=params.flag("enable", True),
            expire=params.number("expire"),
            **_texts(params),
        )
    )
    world.access.join_groups(userid, groups)
    if depends:
        raise Unforeseeable


def change_user(world: World, params: Params) -> None:
    """An empty text clears a field; without `append` the groups replace the old ones."""
    userid = params.text("userid")
    user, groups = world.access.user(userid), split_list(params.text("groups"))
    world.access.require_groups(groups)
    world.access.write()
    world.access.put_user(
        replace(
            world.access.user(userid),
            enable=params.flag("enable", user.enable),
            expire=params.number("expire", user.expire),
            **_texts(params),
        )
    )
    if "groups" in params and not params.flag("append"):
        world.access.leave_groups(userid)
    world.access.join_groups(userid, groups)


def remove_user(world: World, params: Params) -> None:
    """Nobody misses a user who is not there. PVE disables the user before anything else goes.

    Secrets of API tokens stay behind, and mean nothing any more.
    """
    userid = params.text("userid")
    access = world.access
    access.write()
    if userid in access.users:
        access.put_user(replace(access.users[userid], enable=False))
    name, _, realm = userid.rpartition("@")
    if realm == "pve":
        world.has_password(name, set=False)
    world.forget_factors(userid)
    access.drop_user(userid)


def _texts(params: Params) -> dict[str, Any]:
    return {name: params.text(name) for name in _TEXTS if name in params}


def change_password(world: World, params: Params) -> None:
    userid = params.text("userid")
    world.access.user(userid)
    if _set_password(world, userid):
        raise Unforeseeable


def _set_password(world: World, userid: str) -> bool:
    """True when it depends on whether the node has a Linux user of that name."""
    kind, name = world.realm_type(userid), userid.rpartition("@")[0]
    if kind not in ("pve", "pam"):
        realm = userid.rpartition("@")[2]
        raise Refusal(f"PVE sets no passwords in the realm {realm}, which is of type {kind}.")
    world.renewed[Key("password", userid)] = None
    if kind == "pam":
        return not world.has_linux_password(name, sure=userid == ROOT)
    world.has_password(name, set=True)
    return False


# --- API tokens ---


def add_token(world: World, params: Params) -> None:
    user, name = world.access.user(params.text("userid")), params.text("tokenid")
    if name in user.tokens:
        raise Refusal(f"The API token {user.id}!{name} exists already.")
    world.access.write()
    _put_token(world, user.id, _changed(Token(name), params))
    world.has_token_secret(f"{user.id}!{name}", set=True)


def change_token(world: World, params: Params) -> None:
    """With `regenerate` the token gets a new secret, and keeps its ACL entries."""
    userid, token = params.text("userid"), _token(world, params)
    gone = split_list(params.text("delete"))
    if params.text("delete", "-") == "":
        raise Refusal("PVE 9.2 fails on an empty list of what to delete.")
    if unknown := sorted(set(gone) - _DELETABLE):
        raise Refusal(f"Of an API token only the comment can be deleted, not {unknown[0]}.")
    world.access.write()
    changed = _changed(token, params)
    _put_token(world, userid, replace(changed, comment=None) if gone else changed)
    if params.flag("regenerate"):
        tokenid = f"{userid}!{token.id}"
        world.has_token_secret(tokenid, set=True)
        world.renewed[Key("token", tokenid)] = None


def remove_token(world: World, params: Params) -> None:
    """PVE forgets its ACL entries when it reads the file again."""
    token = _token(world, params)
    user = world.access.user(params.text("userid"))
    world.access.write()
    user = world.access.users[user.id]
    tokens = {name: other for name, other in user.tokens.items() if name != token.id}
    world.access.put_user(replace(user, tokens=tokens))
    world.access.forget("token", f"{user.id}!{token.id}")
    world.has_token_secret(f"{user.id}!{token.id}", set=False)


def _token(world: World, params: Params) -> Token:
    user, name = world.access.user(params.text("userid")), params.text("tokenid")
    if name not in user.tokens:
        raise missing(f"The API token {user.id}!{name} does not exist.")
    return user.tokens[name]


def _changed(token: Token, params: Params) -> Token:
    return replace(
        token,
        expire=params.number("expire", token.expire),
        privsep=params.flag("privsep", token.privsep),
        comment=stored(params.text("comment")) if "comment" in params else token.comment,
    )


def _put_token(world: World, userid: str, token: Token) -> None:
    user = world.access.users[userid]
    world.access.put_user(replace(user, tokens={**user.tokens, token.id: token}))
