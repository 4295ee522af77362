"""A simulated node in whose files every secret is a canary, and who of its people can log in.

It is the demo cluster, small: whoever has no story there is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from pve_auth_tui.core.otpauth import Totp, parse
from pve_auth_tui.core.recovery import hashed
from pve_auth_tui.simnode import rack_acl, rack_people, rack_tfa
from pve_auth_tui.simnode.demo import DEMO_NOW
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.simnode.passwords import crypt
from pve_auth_tui.simnode.rack import rack, tree_of
from pve_auth_tui.simnode.rack_crowd import crowd, groups
from pve_auth_tui.simnode.tickets import key_files
from tests.canary.canaries import MARK, MARK_HEX, MARK_IN_APPS, Canaries

ROOT_PASSWORD: Final = f"{MARK} root & pä$$word"
PASSWORD: Final = f"{MARK}-everybody's%pw"
"""Of nina@pve, of erik@pve and of every other user of realm pve with a password."""
NEW_PASSWORD: Final = f'{MARK}/new "pass" wörd'
NEW_CLIENT_KEY: Final = f"{MARK}~new+client=key"
TOKEN_SIGNATURE: Final = f"{MARK}-of-a-token"
LOGIN_CODE: Final = f"{MARK}.code-of.a_login"
CLAIMED_MAIL: Final = f"{MARK}.ann@example.com"
"""What is pasted of a provider: the end of an ID token, a code, what only its userinfo tells."""
NEW_KEYS: Final = f"{MARK}NEW5KEYS5OF5A5USER"
"""An old TOTP secret, as the last field but one of a user's line takes it."""
NEW_TOTP: Final = f"{MARK_IN_APPS}NEW5TOTP5OF5APPS"
"""What the authenticator makes: 32 characters of Base32."""
KEY_PIN: Final = f"{MARK} pin/of=a key"
"""Of every security key that has one."""
WRONG_PIN: Final = f"{MARK}+wrong pin"
NEW_PIN: Final = f"{MARK}'new pin' ü"
OTHER_PIN: Final = f"{MARK}'new pim' ü"
"""What is typed where the new one is to be repeated."""
OTP: Final = "ccccccjgkhcb" + "birdrfdnlnghhfgrtnnlgedjlftrbdeu"
"""What a touched YubiKey types: which key it is, then what is good once."""
YUBICO: Final = "hans@old"
"""In a realm where PVE takes such codes."""
ADMIN, WITHOUT, LOCKED = "erik@pve", "nina@pve", "anna.admin@corp"
"""With an app and one recovery key; with a password alone; whose app is locked."""
OPENID: Final = "entra"
OLD_KEYS: Final = "helpdesk@pve"
RECOVERY_KEY: Final = "c0de-c0de-4e4e-0001"
"""The last one that erik@pve has."""
_OTHERS: Final = 10  # users without a story
_GUESTS: Final = 8
_URI_SECRET: Final = re.compile(r"(?<=secret=)[A-Z2-7]+")


@cache
def planted(now: float = DEMO_NOW) -> MemoryTree:
    """The files; the same for the same time."""
    tree = _small(now)
    return tree.with_files(_secrets(tree.files))


@cache
def running(now: float) -> MemoryTree:
    """The same with the keys of a cluster that has run; they take a second to make."""
    more = {**key_files(), "root.password": f"{ROOT_PASSWORD}\n".encode()}
    return planted(now).with_files(more)


def plant(canaries: Canaries, files: Mapping[str, bytes]) -> None:
    """Make everything known that is secret in these files, by names that tell what it is."""
    canaries.add("root's password", ROOT_PASSWORD)
    canaries.add("password of everybody", PASSWORD)
    canaries.add("recovery key of erik@pve", RECOVERY_KEY)
    canaries.add("new password", NEW_PASSWORD)
    canaries.add("new client key", NEW_CLIENT_KEY)
    canaries.add("pasted token", TOKEN_SIGNATURE)
    canaries.add("code of a login", LOGIN_CODE)
    canaries.add("mail that was claimed", CLAIMED_MAIL)
    canaries.add("new keys of a user", NEW_KEYS)
    canaries.add("new TOTP secret", NEW_TOTP, NEW_TOTP[:16], NEW_TOTP[16:])  # on two lines
    canaries.add("PIN of a key", KEY_PIN)
    canaries.add("wrong PIN of a key", WRONG_PIN)
    canaries.add("new PIN of a key", NEW_PIN, OTHER_PIN)
    canaries.add("Yubico OTP", OTP, OTP[12:])
    users = json.loads(files["etc/pve/priv/tfa.cfg"])["users"]
    for userid, factors in users.items():
        for entry in factors.get("totp", ()):
            canaries.add(f"TOTP of {userid}", parse(_uri(entry)).uri())
            canaries.add(f"TOTP of {userid}", _URI_SECRET.findall(_uri(entry))[0])
        if recovery := factors.get("recovery"):
            canaries.add(f"recovery set of {userid}", recovery["secret"])
            canaries.add(f"recovery set of {userid}", *filter(None, recovery["entries"]))
    for line in files["etc/pve/priv/token.cfg"].decode().split("\n"):
        if line:
            canaries.add("token secret", line.split()[1])
    for name in ("etc/pve/priv/shadow.cfg", "etc/shadow"):
        for line in files[name].decode("latin-1").split("\n"):
            if line and line.split(":")[1].startswith("$"):
                canaries.add("password hash", line.split(":")[1])
    realms = files["etc/pve/domains.cfg"].decode()
    canaries.add("client key", *re.findall(r"client-key (\S+)", realms))
    canaries.add("Yubico key of a realm", *re.findall(r"key=(\S+)", realms))
    canaries.add("bind password", files["etc/pve/priv/realm/corp.pw"].decode().strip())
    canaries.add("proxy password", f"{MARK}proxypw")
    canaries.add("old keys of a user", f"x-{MARK}OLDKEYS2222")
    for name in ("etc/pve/priv/authkey.key", "etc/pve/pve-www.key"):
        if data := files.get(name):
            lines = [line for line in data.decode().split("\n") if len(line) > 35]
            canaries.add("the cluster's keys", *lines[len(lines) // 2 :])  # the first are public


def app_of(userid: str, files: Mapping[str, bytes]) -> Totp:
    """The first app that somebody has."""
    users = json.loads(files["etc/pve/priv/tfa.cfg"])["users"]
    return parse(_uri(users[userid]["totp"][0]))


def _uri(entry: Mapping[str, Any]) -> str:
    value = entry["entry"]
    uri: str = value["totp"] if isinstance(value, dict) else value
    return uri


# --- the files ---------------------------------------------------------------------------------


def _small(now: float) -> MemoryTree:
    """The people with a story, a few others, what they may do, and hardly any guests."""
    people = rack_people.people(now)
    others = crowd(_OTHERS)
    users = (*people, *others)
    factors = rack_tfa.second_factors(now, others)
    cluster = replace(
        rack(now),
        users=users,
        groups=groups(others),
        acl=tuple(rack_acl.story_entries()),
        factors=factors,
        guests=_GUESTS,
    )
    return tree_of(cluster, now)


def _secrets(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What stands in place of the demo's own."""
    return {
        "etc/pve/user.cfg": _old_keys(files["etc/pve/user.cfg"].decode("latin-1")),
        "etc/pve/domains.cfg": _realms(files["etc/pve/domains.cfg"].decode()),
        "etc/pve/datacenter.cfg": files["etc/pve/datacenter.cfg"]
        + f"http_proxy: http://admin:{MARK}proxypw@proxy.example.com:3128\n".encode(),
        "etc/pve/priv/tfa.cfg": _factors(json.loads(files["etc/pve/priv/tfa.cfg"])),
        "etc/pve/priv/token.cfg": _tokens(files["etc/pve/priv/token.cfg"].decode()),
        "etc/pve/priv/shadow.cfg": _hashes(files["etc/pve/priv/shadow.cfg"], PASSWORD),
        "etc/shadow": _hashes(files["etc/shadow"], ROOT_PASSWORD),
        "etc/pve/priv/realm/corp.pw": f"{MARK}-bind-corp\n".encode(),
        "etc/pve/priv/realm/lab.pw": f"{MARK}-bind-lab\n".encode(),
    }


def _old_keys(text: str) -> bytes:
    """A secret where PVE 6 kept them: in the last field but one of a user's line."""
    found = re.compile(rf"^(user:{re.escape(OLD_KEYS)}:(?:[^:\n]*:){{6}})[^:\n]*", re.MULTILINE)
    changed, count = found.subn(rf"\g<1>x-{MARK}OLDKEYS2222", text)
    assert count == 1
    return changed.encode("latin-1")


def _realms(text: str) -> bytes:
    yubico = f"ldap: old\n\ttfa type=yubico,id=4711,key={MARK}yubico=\n"
    return (
        text.replace("client-key not-a-real-client-secret", f"client-key {MARK}.client-key")
        .replace("ldap: old\n", yubico)
        .encode()
    )


def _factors(config: dict[str, Any]) -> bytes:
    users = config["users"]
    users["root@pam"].pop("totp-locked")
    for number, (userid, factors) in enumerate(users.items()):
        for entry in factors.get("totp", ()):
            uri = _URI_SECRET.sub(f"{MARK_IN_APPS}{_letters(number):A<16}", _uri(entry))
            if isinstance(entry["entry"], dict):
                entry["entry"]["totp"] = uri
            else:
                entry["entry"] = uri
        if recovery := factors.get("recovery"):
            secret = f"{MARK_HEX}{number:04x}"
            left = [key is not None for key in recovery["entries"]]
            keys = [f"{MARK_HEX}{number:04x}{at:044x}" for at in range(10)]
            if userid == ADMIN:
                keys[-1] = hashed(secret, RECOVERY_KEY)
            recovery["secret"] = secret
            recovery["entries"] = [
                key if there else None for key, there in zip(keys, left, strict=True)
            ]
    return json.dumps(config).encode()


def _letters(number: int) -> str:
    """A number as Base32 letters."""
    return f"{chr(ord('A') + number // 26)}{chr(ord('A') + number % 26)}"


def _tokens(text: str) -> bytes:
    lines = [line.split()[0] for line in text.splitlines()]
    start = f"{MARK_HEX[:8]}-{MARK_HEX[8:12]}-{MARK_HEX[12:16]}-8000"
    return "".join(f"{name} {start}-{at:012x}\n" for at, name in enumerate(lines)).encode()


def _hashes(data: bytes, password: str) -> bytes:
    found = crypt(password, f"$5${MARK}salt$")
    return re.sub(rb"(?<=:)\$5\$[^:]+", found.replace("\\", "").encode(), data)
