"""What a step would be on a shell: `pveum` where it has a command, else `pvesh` (reference 14).

Each is one line that a shell on the node takes, whatever the values hold; secrets are `'***'`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final, NamedTuple

from pve_auth_tui.core.apitemplate import Templates
from pve_auth_tui.core.host.settings import settings_for
from pve_auth_tui.core.objects import NEW
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import (
    ApiCall,
    DatabaseEdit,
    FileSwap,
    HostCommand,
    HostFile,
    KeyCall,
    Step,
)
from pve_auth_tui.core.ports import param_text

MASKED: Final = "'***'"

_VERBS: Final[Mapping[str, str]] = {
    "GET": "get",
    "POST": "create",
    "PUT": "set",
    "DELETE": "delete",
}
_ESCAPES: Final = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_NEW: Final = re.compile(re.escape(NEW) + "[0-9]+")
_ID: Final = "ID"  # of a factor that PVE has not given one yet
_LONGEST: Final = 200  # characters of a file that a command shows
_HARMLESS: Final = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")


class _Command(NamedTuple):
    """`words` behind pveum; `places`: values that stand without their name, in this order."""

    words: str
    places: tuple[str, ...] = ()


_PVEUM: Final[Mapping[str, _Command]] = {
    "POST /access/users": _Command("user add", ("userid",)),
    "PUT /access/users/{userid}": _Command("user modify", ("userid",)),
    "DELETE /access/users/{userid}": _Command("user delete", ("userid",)),
    "PUT /access/users/{userid}/unlock-tfa": _Command("user tfa unlock", ("userid",)),
    "DELETE /access/tfa/{userid}/{id}": _Command("user tfa delete", ("userid",)),
    "PUT /access/password": _Command("passwd", ("userid",)),
    "POST /access/users/{userid}/token/{tokenid}": _Command(
        "user token add", ("userid", "tokenid")
    ),
    "PUT /access/users/{userid}/token/{tokenid}": _Command(
        "user token modify", ("userid", "tokenid")
    ),
    "DELETE /access/users/{userid}/token/{tokenid}": _Command(
        "user token remove",
        ("userid", "tokenid"),  # `delete` only since 8.2.0
    ),
    "POST /access/groups": _Command("group add", ("groupid",)),
    "PUT /access/groups/{groupid}": _Command("group modify", ("groupid",)),
    "DELETE /access/groups/{groupid}": _Command("group delete", ("groupid",)),
    "POST /access/roles": _Command("role add", ("roleid",)),
    "PUT /access/roles/{roleid}": _Command("role modify", ("roleid",)),
    "DELETE /access/roles/{roleid}": _Command("role delete", ("roleid",)),
    "PUT /access/acl": _Command("acl modify", ("path",)),
    "POST /access/domains": _Command("realm add", ("realm",)),
    "PUT /access/domains/{realm}": _Command("realm modify", ("realm",)),
    "DELETE /access/domains/{realm}": _Command("realm delete", ("realm",)),
    "POST /access/domains/{realm}/sync": _Command("realm sync", ("realm",)),
    "POST /pools": _Command("pool add", ("poolid",)),
    "PUT /pools": _Command("pool modify", ("poolid",)),
    "DELETE /pools": _Command("pool delete", ("poolid",)),
    "PUT /pools/{poolid}": _Command("pool modify", ("poolid",)),
    "DELETE /pools/{poolid}": _Command("pool delete", ("poolid",)),
}
_TEMPLATES: Final = Templates(_PVEUM)
_ACL: Final = "PUT /access/acl"
# `pveum passwd` asks for the password itself; root needs none to delete second factors
_ASKED_OR_NEEDLESS: Final = frozenset({"PUT /access/password", "DELETE /access/tfa/{userid}/{id}"})
_PASSWORDS: Final = frozenset({"password", "confirmation-password"})


def shown(step: Step) -> str:
    """One line for a shell of root's on a node; a comment where no command does the same."""
    match step:
        case KeyCall():
            path = plain("".join(f"/{part}" for part in step.path))
            return f"# what the security key answers to that goes to {step.method} {path}"
        case ApiCall():
            return _call(step)
        case HostCommand(argv, stdin):
            settings = [f"{name}={quoted(value)}" for name, value in settings_for(argv).items()]
            line = " ".join([*settings, *map(quoted, argv)])
            return line if stdin is None else f"{line}  # with a secret on standard input"
        case HostFile(path, content, mode):
            if content is None:
                return f"rm -f {quoted(path)}"
            if len(content) > _LONGEST:
                return f"# put {len(content.encode())} bytes into {plain(path)}, mode {mode:04o}"
            text, place = quoted(content), quoted(path)
            return f"printf %s {text} | install -D -m {mode:04o} /dev/stdin {place}"
        case FileSwap(path, content, expected):
            size = len(content.reveal())
            was = f"the file that has SHA-256 {expected}" if expected else "no file"
            where = f"in {plain(step.database)}: " if isinstance(step, DatabaseEdit) else ""
            return f"# {where}replace {plain(path)}: {size} bytes in place of {plain(was)}"


def quoted(text: str) -> str:
    r"""One word of a shell's line. What does not show is spelled out: `$'a\nb'`."""
    if _HARMLESS.fullmatch(text):
        return text
    if plain(text) == text:
        return shlex.quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character == "\0" or "\ud800" <= character <= "\udfff":  # no shell can pass that on
        return "?"
    if plain(character) == character:
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _call(step: ApiCall) -> str:
    path_parts = [_ID if _NEW.fullmatch(part) else part for part in step.path]
    found = _TEMPLATES.find(step.method, path_parts)
    values = {name: quoted(param_text(value)) for name, value in step.params.items()}
    values |= dict.fromkeys(step.secrets, MASKED)
    if found is None:
        path = quoted("".join(f"/{part}" for part in path_parts))
        return " ".join(["pvesh", _VERBS[step.method], path, *_options(values)])
    template, in_path = found
    words, places = _PVEUM[template]
    given = {
        name: param_text(step.params[name]) for name in places if name in step.params
    } | in_path
    named = [given[name] for name in places if name in given]
    values |= {name: quoted(value) for name, value in in_path.items()}
    if template == _ACL and values.pop("delete", "0") == "1":
        words = "acl delete"
        values.pop("propagate", None)
    if template in _ASKED_OR_NEEDLESS:
        values = {name: value for name, value in values.items() if name not in _PASSWORDS}
    options = _options({name: value for name, value in values.items() if name not in places})
    if any(value.startswith("-") for value in named):  # would be taken for an option
        return " ".join(["pveum", words, *options, "--", *map(quoted, named)])
    return " ".join(["pveum", words, *map(quoted, named), *options])


def _options(values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{quoted(name)}", value)]
