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
    KEY_PIN,
    LOCKED,
    NEW_CLIENT_KEY,
    NEW_KEYS,
    NEW_PASSWORD,
    NEW_PIN,
    OLD_KEYS,
    OPENID,
    OTHER_PIN,
    OTP,
    PASSWORD,
    RECOVERY_KEY,
    ROOT_PASSWORD,
    WITHOUT,
    WRONG_PIN,
    YUBICO,
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

# --- users, tokens, permissions ----------------------------------------------------------------

_PLAIN: Final = "No call of it carries a secret; the node is full of them."
_NEW_TOKEN: Final = "root@pam!new"
_OLD_TOKEN: Final = "root@pam!ansible"
_SURE_OF_IT: Final = ("--yes", "--json", "--override", _OLD_TOKEN)


def _plain(name: str, *words: str, before: Sequence[Flow] = ()) -> Flow:
    return Flow(name, (*words, "--yes", "--json"), before=before, touches_no_secret=_PLAIN)


def _refused(name: str, *words: str) -> Flow:
    """A secret where everybody can read it: it is not said again."""
    return Flow(name, words, code=2)


_USER_PASSWORD: Final = ("user", "password", WITHOUT)
_ADDED: Final = Flow("added", ("user", "add", "new@pve", "--password", "--yes"), (NEW_PASSWORD,))
_GONE_AGAIN: Final = Flow(
    "one with a password goes",
    ("user", "remove", "new@pve", "--yes", "--override", "new@pve"),
    before=(_ADDED,),
)
_OLD_KEYS: Final = Flow(
    "old keys",
    ("change", "set", f"/access/users/{WITHOUT}", "--secret", "keys", "--yes"),
    (NEW_KEYS,),
)
_KEYS_GO: Final = _plain(
    "old keys go", "user", "edit", OLD_KEYS, "--keys", "", "--override", OLD_KEYS
)
_USER: Final = (
    Flow("a new one", ("user", "add", "new@pve", "--groups", "dev", "--password", "--yes"),
         (NEW_PASSWORD,), troubles=EVERY),
    Flow("a new one at a terminal", ("user", "add", "new@pve", "--password"),
         (NEW_PASSWORD, NEW_PASSWORD, "yes"), terminal=True),
    Flow("two passwords", ("user", "add", "new@pve", "--password"), (NEW_PASSWORD, PASSWORD),
         terminal=True, code=2),
    Flow("a password", (*_USER_PASSWORD, "--confirmation-password", *_SURE, "--json"),
         (NEW_PASSWORD, PASSWORD), troubles=EVERY),
    Flow("a password, only to see", (*_USER_PASSWORD, "--confirmation-password", "--dry-run"),
         (NEW_PASSWORD, PASSWORD)),
    Flow("a password over https",
         ("{host}", *_USER_PASSWORD, "--confirmation-password", *_SURE, "--password-stdin"),
         (*_LOGIN, NEW_PASSWORD, ROOT_PASSWORD), troubles=(Trouble.CRASH, Trouble.ECHOED)),
    _GONE_AGAIN,
    Flow("one with an app goes", ("user", "remove", ADMIN, "--yes", "--override", ADMIN),
         may={_RUN: {f"TOTP of {ADMIN}"}, _GONE: {f"TOTP of {ADMIN}"}}),
    _plain("one with old keys is edited", "user", "edit", OLD_KEYS, "--comment", "x"),
    _plain("one with old keys is disabled", "user", "disable", OLD_KEYS),
    _plain("one with old keys is enabled", "user", "enable", OLD_KEYS, "bob.admin@corp"),
    _OLD_KEYS,
    _KEYS_GO,
    _refused("a password as a value", "user", "add", "new@pve", f"--password={NEW_PASSWORD}"),
    _refused("a password as the next word", "user", "add", "new@pve", "--password", NEW_PASSWORD),
    _refused("a password as a word", *_USER_PASSWORD, NEW_PASSWORD),
    _refused("a password of nobody", "user", "password", NEW_PASSWORD),
    _refused("one's own as a value", *_USER_PASSWORD, "--confirmation-password", PASSWORD),
    _refused("old keys as a value", "user", "add", "new@pve", "--keys", NEW_KEYS),
    _refused("other keys as a value", "user", "edit", WITHOUT, f"--keys={NEW_KEYS}"),
    _refused("a password where none is", "user", "edit", WITHOUT, "--password", NEW_PASSWORD),
)  # fmt: skip

_SAVED: Final = {"file:/keys/": {"made by PVE"}}
_TOKEN_GOES: Final = _plain("one goes", "token", "remove", _OLD_TOKEN, "--override", _OLD_TOKEN)
_TOKENS: Final = (
    Flow("a new one to a file",
         ("token", "add", _NEW_TOKEN, "--save", "{keys}/token", "--yes", "--json"), may=_SAVED,
         troubles=EVERY),
    Flow("a new one at a terminal", ("token", "add", _NEW_TOKEN, "--same-rights"), ("yes",),
         terminal=True, may={"stdout": {"made by PVE"}}, troubles=(Trouble.CRASH,)),
    Flow("a new one into a pipe", ("token", "add", _NEW_TOKEN, "--yes"), code=2),
    Flow("a new one, only to see", ("token", "add", _NEW_TOKEN, "--dry-run", "--json")),
    Flow("another secret to a file",
         ("token", "regenerate", _OLD_TOKEN, "--save", "{keys}/token", *_SURE_OF_IT),
         may=_SAVED, troubles=EVERY),
    Flow("another secret into a pipe that may have it",
         ("token", "regenerate", _OLD_TOKEN, "mon@pve!grafana", "--yes", "--override", "2",
          "--show-secrets"),
         may={"stdout": {"made by PVE"}}),
    Flow("another secret with an edit",
         ("token", "edit", _OLD_TOKEN, "--comment", "x", "--regenerate", "--save", "{keys}/token",
          *_SURE_OF_IT), may=_SAVED, troubles=(Trouble.CRASH, Trouble.ECHOED)),
    _plain("an edit", "token", "edit", _OLD_TOKEN, "--expire", "+30d"),
    _TOKEN_GOES,
    _refused("a secret as a value", "token", "add", _NEW_TOKEN, f"--value={NEW_PASSWORD}"),
)  # fmt: skip

_PERMISSIONS: Final[Mapping[str, Sequence[Flow]]] = {
    "user": _USER,
    "token": _TOKENS,
    "group": (
        _plain("a new one", "group", "add", "new", "--members", OLD_KEYS),
        _plain("another one", "group", "edit", "dev", "--add-members", OLD_KEYS),
        _plain("none", "group", "remove", "dev"),
    ),
    "realm": (
        Flow("a new one", ("realm", "add", "new", "--type", "ad", "--domain", "example.com",
                           "--server1", "dc1.example.com", "--mode", "ldaps", "--verify",
                           "--password", "--yes"), (NEW_PASSWORD,)),
        Flow("another client key", ("realm", "edit", OPENID, "--client-key", "--yes",
                                    "--override", OPENID), (NEW_CLIENT_KEY,)),
        Flow("none", ("realm", "remove", OPENID, "--clean", "users,groups,ghosts", "--yes",
                      "--override", OPENID), may={_RUN: {"client key"}, _GONE: {"client key"}}),
    ),
    "role": (
        _plain("a new one", "role", "add", "new", "--privs", "VM.Audit"),
        _plain("another one", "role", "edit", "PowerOnly", "--privs", "VM.Audit", "--append"),
        _plain("none", "role", "remove", "StoreKeeper"),
    ),
    "pool": (
        _plain("a new one", "pool", "add", "new", "--vms", "100"),
        _plain("another one", "pool", "edit", "lab", "--comment", "x"),
        _plain("none", "pool", "remove", "lab/backup/offsite", "--empty"),
    ),
    "acl": (
        *_lists("acl"),
        _plain("a new one", "acl", "add", "/vms/100", "--roles", "PVEVMUser", "--users", OLD_KEYS),
        _plain("another one", "acl", "edit", "/vms/111", "--roles", "PVEVMUser", "--users",
               "bob@pve", "--new-role", "PVEAuditor"),
        _plain("none", "acl", "remove", "/vms/111", "--roles", "PVEVMUser", "--users", "bob@pve"),
    ),
    "explain": _lists("explain", OLD_KEYS, "/access/groups", "User.Modify"),
    "who-can": _lists("who-can", "User.Modify", "/access/groups"),
    "compare": _lists("compare", OLD_KEYS, _OLD_TOKEN),
    "survive": _lists("survive"),
    "script": _lists("script"),
    "what-if": (
        *_lists("what-if", "--", "user", "remove", OLD_KEYS),
        Flow("a password", ("what-if", "--", *_PASSWORD), (NEW_PASSWORD,)),
        Flow("a password, as JSON", ("what-if", "--", *_PASSWORD, "--json"), (NEW_PASSWORD,)),
        Flow("a client key", ("what-if", "--", "change", "set", f"/access/domains/{OPENID}",
                              "--secret", "client-key"), (NEW_CLIENT_KEY,)),
        Flow("old keys", ("what-if", "--", *_OLD_KEYS.words), (NEW_KEYS,)),
        Flow("a new user", ("what-if", "--", "user", "add", "new@pve", "--password"),
             (NEW_PASSWORD,), terminal=True),
        Flow("a new token", ("what-if", "--", "token", "add", _NEW_TOKEN, "--json")),
        _refused("a password as a value", "what-if", "--", *_PASSWORD[:4],
                 f"password={NEW_PASSWORD}"),
        _refused("a password as a word", "what-if", "--", *_USER_PASSWORD, NEW_PASSWORD),
        _refused("keys as a value", "what-if", "--", "user", "edit", WITHOUT, "--keys",
                 NEW_KEYS),
    ),
}  # fmt: skip

# --- enrol, unlock, prove ----------------------------------------------------------------------

_KEY: Final = ("enrol", WITHOUT, "--webauthn", "--description", "rack")
_YUBICO: Final = ("enrol", YUBICO, "--yubico", "--description", "blue", "--yes")
_WITH_KEY: Final = (
    Trouble.REFUSED, Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE, Trouble.AT_KEY,
    Trouble.IN_LIBRARY,
)  # fmt: skip
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
    Flow("a security key", _KEY, ("yes", WRONG_PIN, KEY_PIN, PASSWORD), terminal=True,
         troubles=(Trouble.REFUSED, Trouble.CRASH, Trouble.STOPPED)),
    Flow("a security key and its signature", (*_KEY, "--json", "--yes"), (KEY_PIN, ""),
         terminal=True, late=True, troubles=_WITH_KEY),
    Flow("a security key with a password that is wrong", (*_KEY, "--yes", "--password-stdin"),
         (NEW_PASSWORD, KEY_PIN), code=1),
    Flow("a security key, a wrong PIN", (*_KEY, "--yes", "--password-stdin", "--json"),
         (PASSWORD, WRONG_PIN), code=1),
    Flow("a security key, no PIN", (*_KEY, "--yes"), ("",), terminal=True, code=1),
    Flow("a security key, only to see", (*_KEY, "--dry-run", "--json")),
    Flow("a YubiKey's code", _YUBICO, (OTP,), terminal=True, code=1,
         troubles=(Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE)),
    Flow("a YubiKey's code that is none", (*_YUBICO, "--json", "--password-stdin"), (OTP[1:],),
         code=2),
    Flow("a YubiKey's code as a value", ("enrol", YUBICO, f"--yubico={OTP}"), code=2),
    Flow("a YubiKey's code as a word", (*_YUBICO, OTP), code=2),
)  # fmt: skip

_BY_KEY: Final = ("prove", "root@pam", "--key", "/dev/hidraw2")
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
    Flow("a password and a security key", (*_BY_KEY, "--json"), (ROOT_PASSWORD,), terminal=True,
         late=True, troubles=_WITH_KEY[:5]),
    Flow("a security key without a password", _BY_KEY, ("",), terminal=True),
)  # fmt: skip

_DRILL: Final = (
    Flow("a password and a code", ("drill", ADMIN), (PASSWORD, _admin_code), terminal=True,
         troubles=(Trouble.REFUSED, Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE)),
    Flow("a password and a recovery key", ("drill", ADMIN, "--json"), (PASSWORD, RECOVERY_KEY),
         terminal=True),
    Flow("a code without a password", ("drill", ADMIN), ("", _admin_code), terminal=True, code=4),
    Flow("a password and a security key", ("drill", "root@pam", "--key", "/dev/hidraw2", "--json"),
         (ROOT_PASSWORD,), terminal=True, late=True),
)  # fmt: skip

# --- keys and their settings -------------------------------------------------------------------

_PIN: Final = ("keys", "pin")
_KEYS_THERE: Final = (
    *_lists("keys", "list"),
    Flow("one key with all it says", ("keys", "list", "/dev/hidraw2"), touches_no_secret=_SHOWS),
    Flow("another PIN", _PIN, (KEY_PIN, NEW_PIN, NEW_PIN), terminal=True,
         troubles=(Trouble.AT_KEY, Trouble.IN_LIBRARY)),
    Flow("another PIN from a pipe, as JSON", (*_PIN, "--json", "--password-stdin"),
         (KEY_PIN, NEW_PIN)),
    Flow("a wrong PIN", _PIN, (WRONG_PIN, NEW_PIN, NEW_PIN), terminal=True, code=1),
    Flow("two PINs", _PIN, (KEY_PIN, NEW_PIN, OTHER_PIN), terminal=True, code=2),
    _refused("a PIN as a word", *_PIN, NEW_PIN),
    _refused("a PIN as the next word", *_PIN, "/dev/hidraw2", NEW_PIN),
    _refused("a PIN as a value", *_PIN, f"--pin={NEW_PIN}"),
)  # fmt: skip
_NOWHERE: Final = ("--issuer-url", "https://127.0.0.1:1")
_CLAIMS: Final = ("oidc-probe", OPENID, "--claims", "-")
_PASTE: Final = f'{{"preferred_username": "ann", "at_hash": "{NEW_CLIENT_KEY}"}}'
_OPENID: Final = (
    Flow("a realm's own secret", ("oidc-probe", OPENID, *_NOWHERE, "--ask-secret"), code=4),
    Flow("a typed secret", ("oidc-probe", *_NOWHERE, "--client-id", "x", "--ask-secret", "--json"),
         (NEW_CLIENT_KEY,), terminal=True, code=4),
    Flow("pasted claims", _CLAIMS, (_PASTE,), code=4),
    Flow("pasted claims at a terminal", (*_CLAIMS, "--json"), (_PASTE,), terminal=True, code=4),
    Flow("what is no token", _CLAIMS, (NEW_CLIENT_KEY,), code=1),
    Flow("the steps of a preset", ("oidc-probe", "--preset", "google"), touches_no_secret=_SHOWS),
    _refused("a secret as a word", "oidc-probe", OPENID, NEW_CLIENT_KEY),
)  # fmt: skip
_SETTINGS: Final = (
    Flow("webauthn", ("webauthn", "check"), reads=True, touches_no_secret=_SHOWS),
    Flow("webauthn as JSON", ("webauthn", "--json"), touches_no_secret=_SHOWS),
    _plain("other settings", "webauthn", "set", "--rp", "another name"),
)
_FACTORS: Final = (
    *_lists("tfa"),
    _plain("another name", "tfa", "edit", ADMIN, "tablet", "--description", "x"),
    _plain("one is off", "tfa", "edit", ADMIN, "tablet", "--enable", "0", "--override", ADMIN),
    Flow("one goes", ("tfa", "remove", ADMIN, "tablet", "--yes", "--override", ADMIN),
         may={_RUN: {f"TOTP of {ADMIN}"}, _GONE: {f"TOTP of {ADMIN}"}}, troubles=(Trouble.CRASH,)),
    _plain("a key goes", "tfa", "remove", "root@pam", "rack 3", "--override", "root@pam"),
)  # fmt: skip

# --- recover -----------------------------------------------------------------------------------

_TEMPORARY: Final = (
    "recover", LOCKED, "--way", "temporary", "--new-user", "rescue@pve", "--reason", "a lake",
)  # fmt: skip
_RECOVER: Final = (
    Flow("what is wrong", ("recover", LOCKED), code=4, reads=True, touches_no_secret=_SHOWS),
    Flow("what is wrong, as JSON", ("recover", LOCKED, "--json"), code=4, touches_no_secret=_SHOWS),
    Flow("a lock", ("recover", LOCKED, "--way", "unlock", "--yes", "--json"),
         touches_no_secret="One call without a secret.", troubles=(Trouble.CRASH,)),
    Flow("an app that is lost",
         ("recover", ADMIN, "--lost", "{app}", "--way", "remove-lost", "--yes", "--override",
          ADMIN),
         may={_RUN: {f"TOTP of {ADMIN}"}, _GONE: {f"TOTP of {ADMIN}"}},
         troubles=(Trouble.CRASH,)),
    Flow("a temporary administrator", (*_TEMPORARY, "--yes"), (NEW_PASSWORD,), troubles=EVERY),
    Flow("a temporary administrator at a terminal", _TEMPORARY, (NEW_PASSWORD, NEW_PASSWORD, "yes"),
         terminal=True),
    Flow("a temporary administrator, as JSON", (*_TEMPORARY, "--yes", "--json"), (NEW_PASSWORD,)),
    Flow("a temporary administrator over https",
         ("{host}", *_TEMPORARY, "--yes", "--password-stdin"), (*_LOGIN, NEW_PASSWORD)),
    _refused("a password as a word", *_TEMPORARY, NEW_PASSWORD),
    _refused("a password of nobody", "recover", NEW_PASSWORD),
    _refused("a password as a value", *_TEMPORARY, f"--password={NEW_PASSWORD}"),
)  # fmt: skip

# --- the way back ------------------------------------------------------------------------------
_AT_NOBODY: Final = ("--server1", "127.0.0.1", "--server2", "", "--port", "1")
_NEW_REALM: Final = (
    "realm-test",
    "--type",
    "ldap",
    *_AT_NOBODY,
    "--base_dn",
    "dc=x",
    "--user_attr",
    "uid",
    "--bind_dn",
    "cn=reader,dc=x",
    "--login",
    "ann",
)
_TESTED: Final = (
    Flow("a realm with its stored password", ("realm-test", "corp", *_AT_NOBODY), code=4,
         touches_no_secret="What is stored is read, and nobody is there to get it."),
    Flow("a realm that is typed", (*_NEW_REALM, "--unprotected", "--password-stdin"),
         (NEW_PASSWORD, PASSWORD), code=4, troubles=(Trouble.CRASH,)),
    Flow("a realm that is typed, as JSON", (*_NEW_REALM, "--json"),
         (NEW_PASSWORD, "yes", PASSWORD), terminal=True, code=4),
    Flow("a password as a value", ("realm-test", "corp", f"--password={NEW_PASSWORD}"), code=2),
    Flow("a password behind the realm", ("realm-test", "corp", NEW_PASSWORD), code=2),
)  # fmt: skip

_CERTIFICATES: Final = (
    Flow("only on the node itself", ("{host}", "ca", "list", "--password-stdin"), _LOGIN, code=3),
    Flow("a private key that is pasted", ("ca", "import", "-", "--yes"), (NEW_CLIENT_KEY,), code=3),
)  # fmt: skip

_JOINED: Final = (
    Flow("a join of a node that is elsewhere",
         ("{host}", "join", "run", "ad.example.com", "--permit-nobody", "--yes",
          "--password-stdin"), (*_LOGIN, NEW_PASSWORD), code=3),
    Flow("a password behind the domain", ("join", "check", "ad.example.com", NEW_PASSWORD),
         code=2),
)  # fmt: skip
"""What a join sends to its tools, and where that may be seen: tests/services/test_join.py."""

_SYNCED: Final = (
    Flow("a directory that nobody reaches", ("sync", "corp", "--scope", "both", "--preview"),
         code=1, touches_no_secret="The stored password is read, and nobody takes it."),
    Flow("a typed password", ("sync", "corp", "--scope", "both", "--unprotected",
         "--password-stdin", "--json"), (NEW_PASSWORD,), code=1),
    Flow("a password behind the realm", ("sync", "corp", NEW_PASSWORD), code=2),
)  # fmt: skip
_JOBS: Final = (
    _plain("a new job", "sync-job", "add", "new", "--realm", "corp", "--schedule", "daily",
           "--scope", "both"),
)  # fmt: skip

FLOWS: Final[Mapping[str, Sequence[Flow]]] = {
    "status": (
        *_lists("status"),
        Flow("status over https", ("{host}", "status", "--password-stdin"), _LOGIN, code=4,
             troubles=(Trouble.REFUSED, Trouble.ECHOED, Trouble.CRASH, Trouble.UNREACHABLE)),
        Flow("a wrong password", ("{host}", "status", "--password-stdin"), (NEW_PASSWORD,), code=1),
    ),
    **{name: _lists(name) for name in arguments.LISTS},
    "permissions": _lists("permissions", ADMIN),
    **_PERMISSIONS,
    "change": _CHANGE,
    "enrol": _ENROL,
    "recover": _RECOVER,
    "unlock": (
        Flow("a lock", ("unlock", LOCKED, "--yes", "--json"),
             touches_no_secret="One call without a secret.", troubles=(Trouble.CRASH,)),
    ),
    "prove": _PROVE,
    "drill": _DRILL,
    "oidc-probe": _OPENID,
    "keys": _KEYS_THERE,
    "pam": (
        Flow("PAM's stacks", ("pam", "check"), touches_no_secret="It reads PAM's files."),
        Flow("PAM's stacks, JSON", ("pam", "check", "--json"), touches_no_secret="As above."),
    ),
    "webauthn": _SETTINGS,
    "ca": _CERTIFICATES,
    "join": _JOINED,
    "realm-test": _TESTED,
    "sync": _SYNCED,
    "sync-job": _JOBS,
    "tfa": _FACTORS,
    "undo": (
        Flow("an app that comes back", ("undo", "--yes", "--override", ADMIN), before=(_REMOVE,),
             may={_GONE: {f"TOTP of {ADMIN}"}},
             may_in_trouble=_REMOVE.may, troubles=EVERY),
        Flow("a realm that comes back", ("undo", "--yes", "--json", "--override", OPENID),
             before=(_REALM,), may={_GONE: {"client key"}}),
        Flow("a user who comes back without a password", ("undo", "--yes", "--json"),
             before=(_ADDED, _GONE_AGAIN)),
        Flow("old keys that go again", ("undo", "--yes", "--override", WITHOUT),
             before=(_OLD_KEYS,)),
        Flow("old keys that nobody has kept", ("undo", "--yes"), before=(_KEYS_GO,), code=3),
        Flow("a token that comes back", ("undo", "--save", "{keys}/token", *_SURE_OF_IT),
             before=(_TOKEN_GOES,), may=_SAVED, troubles=(Trouble.CRASH, Trouble.ECHOED)),
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
