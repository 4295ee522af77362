"""Every command of the command line with the flows in which its secrets are looked for.

A new command needs an entry in FLOWS: at least one Flow, whose `may` says where a secret is meant
to be, and nowhere else may one be found. One that has no secret of its own says so in
`touches_no_secret`; it is run all the same, for the node is full of secrets.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Final

from pve_auth_tui import arguments
from tests.canary.desk import Desk, Flow
from tests.canary.planted import (
    ADMIN,
    LOCKED,
    NEW_CLIENT_KEY,
    NEW_PASSWORD,
    OLD_KEYS,
    OPENID,
    PASSWORD,
    RECOVERY_KEY,
    ROOT_PASSWORD,
    WITHOUT,
)
from tests.canary.trouble import Trouble

EVERY: Final = (
    Trouble.REFUSED, Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE, Trouble.STOPPED,
)  # fmt: skip
_SHOWS: Final = "PVE's answers and files are full of secrets; a list shows none."
_RUN: Final = "file:/run/"
_GONE: Final = "removed file:/run/"
_NEW_APP: Final = frozenset({"new TOTP secret", "new URI"})


def names() -> set[str]:
    """What the command line knows, as its own parser has it."""
    (commands,) = (
        action
        for action in arguments._parser(())._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return set(commands.choices)


def _lists(command: str, *words: str) -> tuple[Flow, ...]:
    told = (command, *words)
    code = 4 if command == "status" else 0
    return (
        Flow(command, told, code=code, reads=True, touches_no_secret=_SHOWS),
        Flow(f"{command} as JSON", (*told, "--json"), code=code, touches_no_secret=_SHOWS),
    )


def _root_code(desk: Desk) -> str:
    return desk.code_of("root@pam")


def _admin_code(desk: Desk) -> str:
    return desk.code_of(ADMIN)


def _new_code(desk: Desk) -> str:
    return desk.new_code()


def _first_key(desk: Desk) -> str:
    """A recovery key from the terminal."""
    return sorted(desk.evidence.canaries.known["made by PVE"])[0]


_LOGIN: Final = (ROOT_PASSWORD, _root_code)

# --- change ------------------------------------------------------------------------------------

_SET_KEY: Final = Flow(
    "a client key",
    ("change", "set", f"/access/domains/{OPENID}", "--secret", "client-key", "--yes", "--override",
     OPENID),
    (NEW_CLIENT_KEY,),
    troubles=(Trouble.ECHOED, Trouble.CRASH),
)  # fmt: skip
_REALM: Final = Flow(
    "a realm with a client key that is removed",
    ("change", "delete", f"/access/domains/{OPENID}", "--yes", "--override", OPENID),
    may={_RUN: {"client key"}, _GONE: {"client key"}},
)
_REMOVE: Final = Flow(
    "an app that is removed",
    ("change", "delete", f"/access/tfa/{ADMIN}/{{app}}", "--yes", "--override", ADMIN),
    may={_RUN: {f"TOTP of {ADMIN}"}, _GONE: {f"TOTP of {ADMIN}"}},
)
_TRY: Final = Flow(
    "an app that is removed for a while",
    (*_REMOVE.words, "--keep-within", "5"),
    may=_REMOVE.may,
)
_PASSWORD: Final = (
    "change",
    "set",
    "/access/password",
    f"userid={WITHOUT}",
    "--secret",
    "password",
)
_SURE: Final = ("--yes", "--override", WITHOUT)  # a password cannot be taken back: HEAVY
_TOKEN: Final = ("change", "create", f"/access/users/{WITHOUT}/token/ci")
_KEYS: Final = ("change", "create", f"/access/tfa/{WITHOUT}", "type=recovery")
_CHANGE: Final = (
    Flow("a password", (*_PASSWORD, *_SURE), (NEW_PASSWORD,), troubles=EVERY),
    Flow("a password at a terminal", _PASSWORD, (NEW_PASSWORD, WITHOUT), terminal=True),
    Flow("a password after all not", _PASSWORD, (NEW_PASSWORD, "no"), terminal=True, code=3),
    Flow("a password, as JSON", (*_PASSWORD, *_SURE, "--json"), (NEW_PASSWORD,)),
    Flow("a password, only to see", (*_PASSWORD, "--dry-run"), (NEW_PASSWORD,)),
    Flow("a password over https", ("{host}", *_PASSWORD, *_SURE, "--password-stdin"),
         (*_LOGIN, NEW_PASSWORD), troubles=(Trouble.CRASH, Trouble.ECHOED)),
    Flow("a password as a value", (*_PASSWORD[:4], f"password={NEW_PASSWORD}", "--yes"), code=2),
    Flow("a password that https cannot carry",
         ("{host}", "change", "delete", f"/access/tfa/{ADMIN}/recovery", "--secret", "password",
          "--yes", "--password-stdin"), (*_LOGIN, PASSWORD), code=3),
    Flow("a new user", ("change", "create", "/access/users", "userid=new@pve", "--secret",
         "password", "--yes"), (NEW_PASSWORD,)),
    Flow("a user who has old keys", ("change", "set", f"/access/users/{OLD_KEYS}", "comment=x",
         "--yes", "--json")),
    Flow("an option beside a secret one", ("change", "set", "/cluster/options", "keyboard=fr",
         "--yes", "--json")),
    Flow("a token to a file", (*_TOKEN, "--save", "{keys}/token", "--yes"),
         may={"file:/keys/": {"made by PVE"}}, troubles=(Trouble.CRASH, Trouble.UNREACHABLE)),
    Flow("a token at a terminal", _TOKEN, ("yes",), terminal=True,
         may={"stdout": {"made by PVE"}}),
    Flow("recovery keys to a file", (*_KEYS, "--save", "{keys}/keys", "--yes", "--json"),
         may={"file:/keys/": {"made by PVE"}}),
    _SET_KEY,
    _REALM,
    _REMOVE,
    _TRY,
)  # fmt: skip

# --- enrol, unlock, prove ----------------------------------------------------------------------

_TOTP: Final = ("enrol", WITHOUT, "--totp", "--description", "phone", "--digits", "8")
_RECOVERY: Final = ("enrol", WITHOUT, "--recovery")

_ENROL: Final = (
    Flow("an app", _TOTP, ("00000000", _new_code, "yes", PASSWORD), terminal=True,
         may={"stdout": _NEW_APP}, troubles=EVERY),
    Flow("an app after all not", _TOTP, (_new_code, "no"), terminal=True, code=3,
         may={"stdout": _NEW_APP}),
    Flow("an app, as JSON", (*_TOTP, "--json", "--yes"), (_new_code, PASSWORD), terminal=True,
         may={"stderr": _NEW_APP}),
    Flow("an app, as JSON with everything", (*_TOTP, "--json", "--yes", "--show-secrets"),
         (_new_code, ""), terminal=True, may={"stdout": _NEW_APP, "stderr": _NEW_APP}),
    Flow("an app, only to see", (*_TOTP, "--dry-run")),
    Flow("an app into a pipe", (*_TOTP, "--yes"), (_new_code,), code=2),
    Flow("an app over https, into a pipe that may have it",
         ("{host}", *_TOTP, "--yes", "--password-stdin", "--show-secrets"),
         (*_LOGIN, PASSWORD, _new_code), may={"stdout": {*_NEW_APP, "typed code"}}),
    Flow("recovery keys to a file", (*_RECOVERY, "--save", "{keys}/keys", "--yes"),
         may={"file:/keys/": {"made by PVE"}}, troubles=EVERY),
    Flow("recovery keys at a terminal", _RECOVERY, ("yes", "0123-4567-89ab-cdef", _first_key),
         terminal=True, may={"stdout": {"made by PVE"}}, troubles=(Trouble.CRASH,)),
    Flow("recovery keys into a pipe", (*_RECOVERY, "--yes", "--json"), code=2),
)  # fmt: skip

_PROVE: Final = (
    Flow("a password and a code", ("prove", ADMIN), (PASSWORD, _admin_code), terminal=True,
         troubles=(Trouble.REFUSED, Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE)),
    Flow("a password and a recovery key", ("prove", ADMIN, "--json"), (PASSWORD, RECOVERY_KEY),
         terminal=True),
    Flow("a wrong password", ("prove", ADMIN), (NEW_PASSWORD, ""), terminal=True, code=1),
    Flow("a wrong recovery key", ("prove", ADMIN), (PASSWORD, "c0de-c0de-c0de-c0de"),
         terminal=True, code=3),
    Flow("a code without a password", ("prove", ADMIN), ("", _admin_code), terminal=True),
    Flow("over https", ("{host}", "prove", ADMIN, "--password-stdin"),
         (*_LOGIN, PASSWORD, _admin_code)),
)  # fmt: skip

# --- the way back ------------------------------------------------------------------------------

FLOWS: Final[Mapping[str, Sequence[Flow]]] = {
    "status": (
        *_lists("status"),
        Flow("status over https", ("{host}", "status", "--password-stdin"), _LOGIN, code=4,
             troubles=(Trouble.REFUSED, Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE)),
        Flow("a wrong password", ("{host}", "status", "--password-stdin"), (NEW_PASSWORD,), code=1),
    ),
    **{name: _lists(name) for name in arguments.LISTS},
    "permissions": _lists("permissions", ADMIN),
    "change": _CHANGE,
    "enrol": _ENROL,
    "unlock": (
        Flow("a lock", ("unlock", LOCKED, "--yes", "--json"),
             touches_no_secret="One call without a secret.", troubles=(Trouble.CRASH,)),
    ),
    "prove": _PROVE,
    "undo": (
        Flow("an app that comes back", ("undo", "--yes", "--override", ADMIN), before=(_REMOVE,),
             may={_GONE: {f"TOTP of {ADMIN}"}},
             may_in_trouble=_REMOVE.may, troubles=EVERY),
        Flow("a realm that comes back", ("undo", "--yes", "--json", "--override", OPENID),
             before=(_REALM,), may={_GONE: {"client key"}}),
        Flow("what there is", ("undo", "--list", "--json"), before=(_REALM,), may=_REALM.may),
    ),
    "keep": (Flow("kept", ("keep", "{id}"), before=(_TRY,), may={_GONE: {f"TOTP of {ADMIN}"}}),),
    "take-back": (
        Flow("taken back", ("take-back", "{id}"), before=(_TRY,), may=_REMOVE.may,
             troubles=(Trouble.CRASH,)),
    ),
    "journal": (
        Flow("all of it", ("journal",), before=(_REALM,), may=_REALM.may),
        Flow("all of it, as JSON", ("journal", "--json"), before=(_REALM,), may=_REALM.may),
        Flow("verified", ("journal", "verify"), before=(_REALM,), may=_REALM.may),
        Flow("purged", ("journal", "purge"), before=(_REALM,), may={_GONE: {"client key"}}),
    ),
}  # fmt: skip

ELSEWHERE: Final[Mapping[str, str]] = {
    "demo": "test_screens.py and test_terminal.py: the screens",
    "simnode": "test_processes.py: a node for other programs, with a password of its own",
}
"""Commands whose flows are no command lines that end by themselves."""
