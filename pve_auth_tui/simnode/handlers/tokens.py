"""/access/users/{userid}/token (PVE::API2::User, PVE::TokenConfig)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pve_auth_tui.core import answers
from pve_auth_tui.core.accessdata import Token, User, UserConfig
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.router import BAD_PARAMETERS
from pve_auth_tui.simnode.state import as_text

_TOKENS = "/access/users/{userid}/token"
_TOKEN = f"{_TOKENS}/{{tokenid}}"
_DELETABLE = frozenset({"comment"})
_EMPTY_DELETE = (  # a fault of PVE 9.2
    'Can\'t use string ("") as a HASH ref while "strict refs" in use at '
    "/usr/share/perl5/PVE/API2/User.pm line 911.\n"
)


def require_user(access: UserConfig, userid: str) -> User:
    """The user; raises ApiError, as PVE's check_user_exist does."""
    if userid not in access.users:
        raise ApiError(500, f"no such user ('{userid}')\n")
    return access.users[userid]


def require_token(access: UserConfig, userid: str, name: str) -> Token:
    """The token; raises ApiError, as PVE's check_token_exist does."""
    tokens = require_user(access, userid).tokens
    if name not in tokens:
        raise ApiError(500, f"no such token '{name}' for user '{userid}'\n")
    return tokens[name]


def list_tokens(node: SimNode, request: Request) -> list[dict[str, Any]]:
    user = require_user(node.state.access, request.params["userid"])
    return answers.tokens_of(user)


def show_token(node: SimNode, request: Request) -> dict[str, Any]:
    params = request.params
    return answers.token_info(require_token(node.state.access, params["userid"], params["tokenid"]))


def add_token(node: SimNode, request: Request) -> dict[str, Any]:
    """The answer has the secret, this once; `info` repeats what was sent, as text."""
    userid, name = request.params["userid"], request.params["tokenid"]
    if name in require_user(node.state.access, userid).tokens:
        raise ApiError(400, BAD_PARAMETERS, {"tokenid": "Token already exists."})
    with node.state.change("user_cfg", "generating token failed: ") as change:
        user = require_user(change.access, userid)
        if name in user.tokens:
            raise ApiError(500, "Token already exists.\n")
        value = _new_secret(node, f"{userid}!{name}")
        change.access = _with_token(change.access, user, _changed(Token(name), request))
    comment = request.params.get("comment")
    info = {
        "privsep": 1,
        **_sent(request, "privsep", "expire"),
        **({"comment": comment} if truthy(comment) else {}),
    }
    return {"full-tokenid": f"{userid}!{name}", "info": info, "value": value}


def change_token(node: SimNode, request: Request) -> dict[str, Any]:
    userid, name = request.params["userid"], request.params["tokenid"]
    require_token(node.state.access, userid, name)
    regenerate = bool(request.params.get("regenerate"))
    answer: dict[str, Any] = {}
    with node.state.change("user_cfg", "updating token info failed: ") as change:
        token = _changed(require_token(change.access, userid, name), request)
        if request.params.get("delete") == "":
            raise ApiError(500, _EMPTY_DELETE)
        gone = split_list(request.params.get("delete"))
        if unknown := sorted(set(gone) - _DELETABLE):
            raise ApiError(400, BAD_PARAMETERS, {"delete": f"unknown option '{unknown[0]}'"})
        if gone:
            token = replace(token, comment=None)
        if regenerate:
            answer = {"value": _new_secret(node, f"{userid}!{name}")}
            answer["full-tokenid"] = f"{userid}!{name}"
        change.access = _with_token(change.access, change.access.users[userid], token)
    return {**answers.token_info(token), **_sent(request, "privsep", "expire"), **answer}


def remove_token(node: SimNode, request: Request) -> None:
    """Its secret goes; its ACL entries are dropped when PVE reads the file again."""
    userid, name = request.params["userid"], request.params["tokenid"]
    require_token(node.state.access, userid, name)
    with node.state.change("user_cfg", "deleting token failed: ") as change:
        require_token(change.access, userid, name)
        user = change.access.users[userid]
        _set_secret(node, f"{userid}!{name}", None)
        tokens = {other: token for other, token in user.tokens.items() if other != name}
        change.access = _with_user(change.access, replace(user, tokens=tokens))


def _changed(token: Token, request: Request) -> Token:
    params = request.params
    comment = params.get("comment", token.comment)
    return replace(
        token,
        expire=params.get("expire", token.expire),
        privsep=bool(params.get("privsep", token.privsep)),
        comment=comment or None,
    )


def _sent(request: Request, *names: str) -> dict[str, str]:
    """Numbers in the answer that came with the request are texts there, as they came."""
    return {name: str(request.params[name]) for name in names if name in request.params}


def _new_secret(node: SimNode, tokenid: str) -> str:
    value = node.sources.uuid()
    _set_secret(node, tokenid, value)
    return value


def _set_secret(node: SimNode, tokenid: str, value: str | None) -> None:
    try:
        with node.state.change("priv_token_cfg") as change:
            known: Mapping[str, Secret] = change.token_secrets.secrets
            secrets = {other: secret for other, secret in known.items() if other != tokenid}
            if value is not None:
                secrets[tokenid] = Secret(value)
            change.token_secrets = replace(change.token_secrets, secrets=secrets)
    except ApiError as error:
        raise ApiError(500, f"{as_text(error)}\n") from error


def _with_token(access: UserConfig, user: User, token: Token) -> UserConfig:
    return _with_user(access, replace(user, tokens={**user.tokens, token.id: token}))


def _with_user(access: UserConfig, user: User) -> UserConfig:
    return replace(access, users={**access.users, user.id: user})


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _TOKENS): list_tokens,
    ("GET", _TOKEN): show_token,
    ("POST", _TOKEN): add_token,
    ("PUT", _TOKEN): change_token,
    ("DELETE", _TOKEN): remove_token,
}
