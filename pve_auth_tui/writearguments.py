"""The words of `user`, `group`, `realm` and the others that write: pveum's, and some more.

Options are called as PVE's parameters (reference 4.1, 4.2, 14), and take what pveum takes: lists
with commas, semicolons or blanks, 1 and 0 in PVE's spellings, and a flag alone for 1. An option
that is not given is None. `verb` is what to do, in our own word for it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from pve_auth_tui.actionarguments import (
    add_plan_options,
    add_secret_options,
    add_sync_options,
    boolean,
)
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.parser import Parser

_READABLE: Final = "on a command line every user of this computer can read it"
_ONE_USER: Final = (
    f"one USER is all that is named here. A password is asked for: {_READABLE}. "
    "If that was one, it was visible already: choose another one"
)
_ONE_REALM: Final = (
    f"one REALM is all that is named here. Secrets are asked for: {_READABLE}. "
    "If that was one, it was visible already: make another one"
)


class _Verbs(Protocol):
    """Makes the parser of one verb; pveum's word for it comes second."""

    def __call__(self, name: str, text: str, other: str = "") -> Parser: ...


def add_verbs(name: str, parser: Parser, after: Parser, *, required: bool) -> None:
    """All verbs of one command; `after` has the options that every command takes."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", required=required)

    def verb(name: str, text: str, other: str = "") -> Parser:
        made = verbs.add_parser(
            name, help=text, description=f"{text}.", parents=[after], allow_abbrev=False,
            aliases=[other] if other else [],
        )  # fmt: skip
        made.set_defaults(verb=name)
        add_plan_options(made)
        return made

    _VERBS[name](verb)
    if name == "user":  # `pveum user token add`
        tokens = verbs.add_parser(
            "token", help="the same as the command token", parents=[after], allow_abbrev=False
        )
        add_verbs("token", tokens, after, required=True)
        tokens.set_defaults(command="token")


# --- the commands ------------------------------------------------------------------------


def _add_user(verb: _Verbs) -> None:
    add = verb("add", "Add a user")
    add.add_argument("userid", metavar="USER", help="USER@REALM")
    _add_user_fields(add)
    add.add_argument("--password", action=_Asked, help="ask for it, or read a line of stdin")
    add.quiet = _ONE_USER
    edit = verb("edit", "Edit users; what is not named stays as it is", "modify")
    _add_users(edit)
    _add_user_fields(edit)
    _flag(edit, "--append", "they join --groups, and leave none")
    _list(edit, "--leave", "GROUPS", "groups that they leave")
    for name, text in (("enable", "Enable users"), ("disable", "Disable users")):
        _add_users(verb(name, text))
    password = verb("password", "Give a user another password", "passwd")
    password.add_argument("userid", type=_whose, metavar="USER", help="USER@REALM")
    password.add_argument(
        "--confirmation-password", action=_Asked,
        help="ask for your own, too: PVE wants it of everybody but root@pam",
    )  # fmt: skip
    password.set_defaults(asks=True)
    password.quiet = _ONE_USER
    _add_users(verb("remove", "Remove users, with all that PVE removes along", "delete"))


def _add_user_fields(parser: Parser) -> None:
    _text(parser, "--comment", "shown in lists")
    _text(parser, "--email", "mail address", "ADDRESS")
    _flag(parser, "--enable", "may they log in? 1 or 0")
    _text(parser, "--expire", "never, 2027-01-31, +30d (h d w m y), or seconds since 1970", "TIME")
    _text(parser, "--firstname", "first name", "NAME")
    _list(parser, "--groups", "GROUPS", "groups that they are in; '' for none")
    parser.add_argument(
        "--keys", type=_mark, metavar="MARK", help="x, or '' for none: the mark of a second factor"
    )
    _text(parser, "--lastname", "last name", "NAME")


def _add_users(parser: Parser) -> None:
    parser.add_argument("userids", nargs="+", metavar="USER", help="USER@REALM")


def _add_group(verb: _Verbs) -> None:
    add = verb("add", "Add a group")
    add.add_argument("groupid", metavar="GROUP")
    edit = verb("edit", "Edit a group; what is not named stays as it is", "modify")
    edit.add_argument("groupid", metavar="GROUP")
    for parser in (add, edit):
        _text(parser, "--comment", "shown in lists")
        _list(parser, "--members", "USERS", "all who are in it; '' for nobody")
    _list(edit, "--add-members", "USERS", "who joins")
    _list(edit, "--remove-members", "USERS", "who leaves")
    _add_names(verb("remove", "Remove groups, with their ACL entries", "delete"), "GROUP")


def _add_role(verb: _Verbs) -> None:
    add = verb("add", "Add a role")
    add.add_argument("roleid", metavar="ROLE")
    _list(add, "--privs", "PRIVS", "its privileges, such as VM.Audit,VM.Console")
    edit = verb("edit", "Give a role other privileges", "modify")
    edit.add_argument("roleid", metavar="ROLE")
    _list(edit, "--privs", "PRIVS", "all that it holds; '' for none", required=True)
    _flag(edit, "--append", "it keeps those it has")
    _add_names(
        verb("remove", "Remove roles, with the ACL entries that give them", "delete"), "ROLE"
    )


def _add_token(verb: _Verbs) -> None:
    add = verb("add", "Add an API token; PVE tells its secret once")
    _add_token_fields(add)
    _flag(add, "--same-rights", "ACL entries as its user has them")
    edit = verb("edit", "Edit API tokens; what is not named stays as it is", "modify")
    _add_token_fields(edit)
    _flag(edit, "--regenerate", "a new secret, too: the old one stops working")
    edit.add_argument("--delete", choices=("comment",), metavar="NAME", help="comment: clear it")
    regenerate = verb("regenerate", "Give API tokens new secrets: the old ones stop working")
    remove = verb("remove", "Remove API tokens, with their ACL entries", "delete")
    for parser in (regenerate, remove):
        _add_tokens(parser)
    for parser in (add, edit, regenerate):
        add_secret_options(parser, "the secret to a new file")


def _add_token_fields(parser: Parser) -> None:
    _add_tokens(parser)
    _text(parser, "--comment", "shown in lists")
    _text(parser, "--expire", "never, 2027-01-31, +30d (h d w m y), or seconds since 1970", "TIME")
    _flag(parser, "--privsep", "rights of its own (1), or all those of its user (0)")


def _add_tokens(parser: Parser) -> None:
    text = "USER@REALM!NAME, or USER@REALM NAME"
    parser.add_argument("tokens", nargs="+", metavar="TOKEN", help=text)


def _add_acl(verb: _Verbs) -> None:
    add = verb("add", "Give roles to users, groups and API tokens on paths", "modify")
    edit = verb("edit", "Give ACL entries another role, or another Propagate")
    remove = verb("remove", "Remove ACL entries", "delete")
    for parser, text in ((add, "what they get"), (edit, "what they have"), (remove, "")):
        parser.add_argument("paths", nargs="+", metavar="PATH", help="such as /vms/100")
        _list(parser, "--roles", "ROLES", text or "what they lose", required=True)
        _list(parser, "--users", "USERS", "who: users")
        _list(parser, "--groups", "GROUPS", "who: groups")
        _list(parser, "--tokens", "TOKENS", "who: API tokens")
    _text(edit, "--new-role", "the role in its place", "ROLE")
    for parser in (add, edit):
        _flag(parser, "--propagate", "does it hold below the path, too? 1 or 0")


def _add_pool(verb: _Verbs) -> None:
    add = verb("add", "Add a pool")
    edit = verb("edit", "Edit a pool; what is not named stays as it is", "modify")
    for parser in (add, edit):
        parser.add_argument("poolid", metavar="POOL")
        _text(parser, "--comment", "shown in lists")
        _list(parser, "--vms", "VMIDS", "guests that come into it")
        _list(parser, "--storage", "STORAGES", "storages that come into it")
        _flag(parser, "--allow-move", "guests may leave the pool that they are in")
    _flag(edit, "--delete", "--vms and --storage go out of it")
    remove = verb("remove", "Remove pools", "delete")
    _add_names(remove, "POOL")
    _flag(remove, "--empty", "take out what is in them before")


def _add_tfa(verb: _Verbs) -> None:
    edit = verb("edit", "Rename, enable or disable a second factor")
    remove = verb("remove", "Remove second factors", "delete")
    for parser in (edit, remove):
        parser.add_argument("userid", metavar="USER", help="USER@REALM")
    text = "its id, the beginning of it, or its description; `recovery` for recovery keys"
    edit.add_argument("factor", metavar="ID", help=text)
    _text(edit, "--description", "what it is called")
    _flag(edit, "--enable", "does PVE ask for it? 1 or 0")
    remove.add_argument("factors", nargs="+", metavar="ID", help=text)


def _add_sync_job(verb: _Verbs) -> None:
    add = verb("add", "Add a sync job", "create")
    edit = verb("edit", "Edit a sync job; what is not named stays as it is", "modify")
    add.add_argument("job", metavar="ID")
    add.add_argument("--realm", required=True, metavar="REALM", help="an LDAP or AD realm")
    edit.add_argument("job", metavar="ID")
    for parser in (add, edit):
        _text(parser, "--schedule", "PVE's calendar event, such as mon..fri 02:30", "EVENT")
        _flag(parser, "--enabled", "does it run? 1 or 0")
        _text(parser, "--comment", "shown in lists")
        add_sync_options(parser)
    _list(edit, "--delete", "NAMES", "options that are left to the realm, such as remove-vanished")
    _add_names(verb("remove", "Remove sync jobs; users and groups stay", "delete"), "ID")


def _add_realm(verb: _Verbs) -> None:
    add = verb("add", "Add a realm")
    edit = verb("edit", "Edit a realm; what is not named stays as it is", "modify")
    for parser in (add, edit):
        parser.add_argument("realm", metavar="REALM")
        if parser is add:
            parser.add_argument("--type", required=True, metavar="TYPE", help="ad, ldap or openid")
        _add_realm_options(parser)
    _list(edit, "--delete", "NAMES", "options to unset; password forgets the bind password")
    _text(edit, "--digest", "of domains.cfg as you saw it: another one is refused", "SHA1")
    remove = verb("remove", "Remove a realm; its users stay unless --clean says so", "delete")
    remove.add_argument("realm", metavar="REALM")
    _list(remove, "--clean", "WHAT", "what goes with it: users, groups, jobs, ghosts")


def _add_realm_options(parser: Parser) -> None:
    """Every option that any type has, under PVE's own name."""
    from pve_auth_tui.core.realmoptions import SECRETS, options_of

    found = {one.name: one for kind in ("openid", "ad", "ldap") for one in options_of(kind)}
    for name, one in sorted(found.items()):
        if name in SECRETS:
            text = f"ask for it, or read a line of stdin: {one.label}"
            parser.add_argument(f"--{name}", action=_Asked, help=text)
        elif one.kind == "flag":
            _flag(parser, f"--{name}", one.label)
        else:
            _text(parser, f"--{name}", one.label)
    text = "with --tfa type=yubico,id=ID: ask for its API key, or read a line of stdin"
    parser.add_argument("--tfa-key", action=_Asked, help=text)
    _flag(parser, "--check-connection", "PVE binds before it saves; realm-test tells far more")
    parser.quiet = _ONE_REALM


_VERBS: Final[Mapping[str, Callable[[_Verbs], None]]] = {
    "user": _add_user,
    "group": _add_group,
    "role": _add_role,
    "token": _add_token,
    "acl": _add_acl,
    "pool": _add_pool,
    "tfa": _add_tfa,
    "sync-job": _add_sync_job,
    "realm": _add_realm,
}


# --- kinds of options --------------------------------------------------------------------


def _text(parser: Parser, name: str, text: str, metavar: str = "TEXT") -> None:
    parser.add_argument(name, metavar=metavar, help=text)


def _list(parser: Parser, name: str, metavar: str, text: str, *, required: bool = False) -> None:
    parser.add_argument(name, type=_listed, metavar=metavar, help=text, required=required)


def _flag(parser: Parser, name: str, text: str) -> None:
    parser.add_argument(name, nargs="?", const=True, type=boolean, metavar="1|0", help=text)


def _add_names(parser: Parser, what: str) -> None:
    parser.add_argument("names", nargs="+", metavar=what)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(split_list(text))


def _mark(text: str) -> str:
    """`keys` of a user, as far as it is no secret (reference 7.3)."""
    if text not in {"", "x"} and not text.startswith("x!"):
        raise UsageError(
            f"--keys may be a secret: {_READABLE}.",
            "Use change set /access/users/USER --secret keys: it is asked for. If that was a"
            " secret, it was visible already: make another one.",
        )
    return text


def _whose(text: str) -> str:
    """What is no user may be the password."""
    if "@" not in text:
        raise UsageError("A user is named USER@REALM.", f"{_ONE_USER[0].upper()}{_ONE_USER[1:]}.")
    return text


class _Asked(argparse.Action):
    """A secret that is asked for: whoever gives it as a value is told, and it is not repeated."""

    def __init__(self, option_strings: list[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, dest, nargs="?", default=False, **more)

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if values is not None:
            raise UsageError(
                f"{option} takes no value: {_READABLE}.",
                f"Write {option} alone: it is asked for, or read from standard input. If that was"
                " a password, it was visible already: choose another one.",
            )
        setattr(namespace, self.dest, True)
        namespace.asks = True
