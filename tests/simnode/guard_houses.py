"""Small random nodes of which every password, code and key is known, and calls that change them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.made_up import PASSWORD_HASH
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.proxy import HttpReply, HttpRequest, Proxy
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.tfa import totp
from pve_auth_tui.simnode.tickets import key_files
from tests.simnode.door import headers_of
from tests.simnode.softkey import ORIGIN, RP, SoftKey
from tests.simnode.test_login import challenge_of

NOW, DAY, A_MINUTE = 1_800_000_000, 86400, 60
HOST = ORIGIN.removeprefix("https://")
USERS = ("root@pam", "ann@pam", "bob@pve", "eve@pve")
WORDS = {"totp": "totp", "webauthn": "key", "recovery": "recovery"}
SETTINGS = (f"id={RP},rp=lab", f"id={RP},origin={ORIGIN},rp=lab", f"id={RP},rp=other name")
BAD_SETTINGS = (f"id={RP},origin=https://192.0.2.1:8006,rp=lab",)
OTHER_SETTINGS = (*BAD_SETTINGS, "id=example.net,rp=lab", "id=example.net,rp=lab")
DEMANDS = ("type=oath,step=30", "type=yubico,id=1,key=abc")
ADMINISTRATOR = "acl:1:/:{}:Administrator:"


@cache
def server_keys() -> Mapping[str, bytes]:
    """Made once: that takes a moment."""
    return {**key_files(), "etc/pve/pve-www.key": b"any secret\n"}


@dataclass(frozen=True)
class Factor:
    """What somebody has in the pocket: a Totp, a SoftKey, or codes of recovery keys."""

    kind: str
    what: Any


class House:
    """One node and what its people know. `pockets`: (userid, factor id) -> the factor itself."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pockets: dict[tuple[str, str], Factor] = {}
        self._number = 0
        self.disk = MemoryDisk({**server_keys(), **self._files()})

    def node(self, later: int = 0) -> SimNode:
        """The node on a copy of its disk: whatever is tried there leaves no trace."""
        return node_on(MemoryDisk(self.disk.files), NOW + later)

    # --- files ---

    def _chance(self, part: float) -> bool:
        return self.random.random() < part

    def _files(self) -> dict[str, bytes]:
        self.bad = self.random.choice((0.1, 0.1, 0.6))
        local = [userid for userid in USERS if userid.endswith("@pve")]
        shadow = "".join(f"{u.partition('@')[0]}:{self._hash()}:\n" for u in local)
        linux = "".join(f"{name}:{self._hash()}:20000:0:99999:7:::\n" for name in ("root", "ann"))
        tfa = {userid: self._record(userid) for userid in USERS if self._chance(0.6)}
        return {
            "etc/hostname": b"pve1\n",
            "etc/shadow": linux.encode(),
            "etc/pve/user.cfg": self._users().encode(),
            "etc/pve/domains.cfg": "".join(map(self._realm, ("pam", "pve"))).encode(),
            "etc/pve/datacenter.cfg": f"webauthn: {self._settings()}\n".encode(),
            "etc/pve/priv/shadow.cfg": shadow.encode(),
            "etc/pve/priv/tfa.cfg": json.dumps({"users": tfa}).encode(),
        }

    def _users(self) -> str:
        lines = []
        for userid in USERS:
            enable = int(not self._chance(self.bad / 5))
            expire = self.random.choice((NOW - DAY, NOW + DAY)) if self._chance(self.bad / 3) else 0
            lines.append(f"user:{userid}:{enable}:{expire}::::::")
        members = ",".join(userid for userid in USERS[1:] if self._chance(0.4))
        lines.append(f"group:admins:{members}::")
        lines.append("group:ops:::")
        lines.append("role:Most:Permissions.Modify,Sys.Modify:")
        some = [userid for userid in (*USERS[1:], "@admins") if self._chance(0.4)]
        lines += [ADMINISTRATOR.format(who) for who in some]
        if self._chance(self.bad / 3):
            lines.append(f"acl:1:/:{self.random.choice(USERS[1:])}:NoAccess:")
        return "\n".join(lines) + "\n"

    def _hash(self) -> str:
        return "*" if self._chance(0.05 + self.bad / 3) else PASSWORD_HASH

    def _realm(self, name: str) -> str:
        demand = self._chance(0.1 + self.bad / 4)
        tfa = f"\ttfa {self.random.choice(DEMANDS)}\n" if demand else ""
        return f"{name}: {name}\n\tcomment x\n{tfa}\n"

    def _settings(self) -> str:
        return self.random.choice(BAD_SETTINGS if self._chance(self.bad / 2) else SETTINGS)

    # --- factors ---

    def _record(self, userid: str) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for kind in self.random.sample(sorted(WORDS), self.random.randrange(1, 4)):
            if kind == "recovery":
                record[kind] = self._recovery(userid)
            else:
                record[kind] = [self._entry(userid, kind)]
        if self._chance(self.bad / 3):
            record["totp-locked"] = True
        if self._chance(self.bad / 6):
            record["tfa-locked-until"] = NOW + DAY
        return record

    def _entry(self, userid: str, kind: str) -> dict[str, Any]:
        self._number += 1
        name = f"00000000-0000-4000-8000-{self._number:012}"
        factor = self.totp(userid) if kind == "totp" else Factor(kind, SoftKey())
        self.pockets[userid, name] = factor
        entry = factor.what.uri() if kind == "totp" else stored_key(factor.what)
        switched = {} if self._chance(0.85) else {"enable": False}
        return {"id": name, "description": kind, "created": 1, **switched, "entry": entry}

    def totp(self, userid: str) -> Factor:
        return Factor("totp", Totp(self.random.randbytes(20), userid))

    def _recovery(self, userid: str) -> dict[str, Any]:
        secret, codes = self.random.randbytes(8).hex(), []
        for _ in range(10):
            text = self.random.randbytes(8).hex()
            codes.append("-".join(text[start : start + 4] for start in range(0, 16, 4)))
        hashed = [hmac.new(secret.encode(), code.encode(), "sha256").hexdigest() for code in codes]
        used = 10 if self._chance(self.bad / 2) else self.random.randrange(9)
        self.pockets[userid, "recovery"] = Factor("recovery", codes)
        return {"secret": secret, "entries": [None] * used + hashed[used:], "created": 1}


def stored_key(key: SoftKey) -> dict[str, Any]:
    """A security key as PVE 9 keeps it (reference 7.4)."""
    numbers = key.key.public_key().public_numbers()
    x, y = (encode_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    public = {"type_": "ES256", "key": {"EC_EC2": {"curve": "SECP256R1", "x": x, "y": y}}}
    flags = {"counter": 0, "backup_eligible": False, "backup_state": False}
    return {"cred_id": encode_base64url(key.id), "cred": public, **flags}


def node_on(disk: MemoryDisk, now: int) -> SimNode:
    sources = replace(system_sources(), now=lambda: float(now), sleep=lambda seconds: None)
    return SimNode(disk, sources)


# --- calls ------------------------------------------------------------------------------------


def carry_out(house: House, wanted: int) -> tuple[SimNode, list[ApiCall], dict[Any, Factor]]:
    """A node on a copy of the disk with up to so many random calls made; what is known then.

    Calls that PVE refuses change nothing and are left out.
    """
    node, done, pockets = house.node(), [], dict(house.pockets)
    api = DirectApi(node, HOST)
    for _ in range(wanted):
        found = house.random.choice(_MAKERS)(house, node)
        if found is None:
            continue
        call, factor = found
        try:
            answer = api.call(call.method, call.path, call.params, call.secrets)
        except ApiError:
            continue
        done.append(call)
        if factor is not None:
            pockets[call.path[-1], answer["id"]] = factor
        elif call.params.get("type") == "recovery":
            pockets.pop((call.path[-1], "recovery"), None)  # nobody has seen the new ones
    return node, done, pockets


_Made = tuple[ApiCall, Factor | None] | None


def _call(method: str, *path: str, **params: Any) -> _Made:
    return ApiCall(method, path, params), None


def _user(house: House, node: SimNode) -> str:
    return house.random.choice(sorted(node.state.access.users))


def _change_user(house: House, node: SimNode) -> _Made:
    change: dict[str, Any] = house.random.choice(
        ({"enable": 0}, {"enable": 0}, {"enable": 1}, {"expire": NOW - DAY}, {"expire": 0},
         {"comment": "changed"}, {"groups": "admins"}, {"groups": ""}, {"groups": "ops"})
    )  # fmt: skip
    return _call("PUT", "access", "users", _user(house, node), **change)


def _remove_user(house: House, node: SimNode) -> _Made:
    return _call("DELETE", "access", "users", _user(house, node))


def _add_user(house: House, node: SimNode) -> _Made:
    params = {"userid": house.random.choice(("new@pve", "eve@pve")), "groups": "admins"}
    return ApiCall("POST", ("access", "users"), params, {"password": Secret(PASSWORD)}), None


def _password(house: House, node: SimNode) -> _Made:
    userid = house.random.choice(("root@pam", "bob@pve", "eve@pve"))
    secrets = {"password": Secret(PASSWORD)}
    return ApiCall("PUT", ("access", "password"), {"userid": userid}, secrets), None


def _acl(house: House, node: SimNode) -> _Made:
    entries = [entry for entry in node.state.access.acl if entry.path == "/"]
    if entries and house.random.random() < 0.7:
        entry = house.random.choice(entries)
        who = {f"{entry.kind}s": entry.subject}
        return _call("PUT", "access", "acl", path="/", roles=entry.role, delete=1, **who)
    role = house.random.choice(("Administrator", "Administrator", "Most", "NoAccess"))
    propagate = int(house.random.random() < 0.8)
    users = _user(house, node)
    return _call("PUT", "access", "acl", path="/", roles=role, users=users, propagate=propagate)


def _group(house: House, node: SimNode) -> _Made:
    return _call("DELETE", "access", "groups", house.random.choice(("admins", "ops")))


def _realm(house: House, node: SimNode) -> _Made:
    realm = house.random.choice(("pam", "pve"))
    if house.random.random() < 0.4:
        return _call("PUT", "access", "domains", realm, delete="tfa")
    return _call("PUT", "access", "domains", realm, tfa=house.random.choice(DEMANDS))


def _options(house: House, node: SimNode) -> _Made:
    settings = house.random.choice((*SETTINGS, *OTHER_SETTINGS, ""))
    if settings:
        return _call("PUT", "cluster", "options", webauthn=settings)
    return _call("PUT", "cluster", "options", delete="webauthn")


def _add_totp(house: House, node: SimNode) -> _Made:
    userid = _user(house, node)
    factor = house.totp(userid)
    secrets = {"totp": factor.what.uri(), "value": totp.code(factor.what, NOW)}
    params = {"type": "totp", "description": "added"}
    call = ApiCall(
        "POST", ("access", "tfa", userid), params, {n: Secret(s) for n, s in secrets.items()}
    )
    return call, factor


def _add_recovery(house: House, node: SimNode) -> _Made:
    return _call("POST", "access", "tfa", _user(house, node), type="recovery")


def _change_factor(house: House, node: SimNode) -> _Made:
    users = sorted(userid for userid, mine in node.state.tfa.users.items() if mine.entries)
    if not users:
        return None
    userid = house.random.choice(users)
    name = house.random.choice(node.state.tfa.users[userid].entries).id
    path = ("access", "tfa", userid, name)
    how = house.random.choice(({}, {"enable": 0}, {"enable": 1}, {"description": "renamed"}))
    return _call("PUT" if how else "DELETE", *path, **how)


def _unlock(house: House, node: SimNode) -> _Made:
    return _call("PUT", "access", "users", _user(house, node), "unlock-tfa")


_MAKERS: Sequence[Callable[[House, SimNode], _Made]] = (
    *(_change_user, _change_user, _change_user, _remove_user, _add_user, _password, _acl, _acl),
    *(_group, _realm, _realm, _options, _add_totp, _add_recovery, _change_factor, _change_factor),
    *(_change_factor, _unlock),
)


# --- logins -----------------------------------------------------------------------------------


@cache
def door() -> tuple[MemoryDisk, Proxy]:
    """One node for all logins, a minute after the plans; its disk is laid in anew for each.

    It keeps the key of its tickets, which takes longer to load than a login.
    """
    disk = MemoryDisk({})
    return disk, Proxy(node_on(disk, NOW + A_MINUTE))


class Logins:
    """Real logins in two steps with what people have, each as if nobody had logged in before."""

    def __init__(self, disk: MemoryDisk, pockets: Mapping[tuple[str, str], Factor]) -> None:
        self._files = dict(disk.files)
        self._pockets = pockets
        self._disk, self._proxy = door()
        self.tried = 0

    def ways_of(self, userid: str) -> set[str] | None:
        """The words of the second factors that let somebody in; empty: none is asked for.

        None: nothing that this person has lets it in.
        """
        reply = self._first_step(userid)
        if reply.status != 200:
            return None
        if "NeedTFA" not in reply.body["data"]:
            return set() if self._is_in(reply) else None
        mine = [factor for (who, _), factor in self._pockets.items() if who == userid]
        return {WORDS[one.kind] for one in mine if self._second_step(userid, one)} or None

    def _ask(self, **params: str) -> HttpReply:
        given = {name.replace("_", "-"): value for name, value in params.items()}
        headers = {"host": HOST}
        return self._proxy.answer(
            HttpRequest("POST", "/access/ticket", given, headers, "192.0.2.9")
        )

    def _first_step(self, userid: str) -> HttpReply:
        self.tried += 1
        self._disk.files = dict(self._files)
        return self._ask(username=userid, password=PASSWORD)

    def _second_step(self, userid: str, factor: Factor) -> bool:
        ticket = self._first_step(userid).body["data"]["ticket"]
        replies = (
            self._ask(username=userid, password=answer, tfa_challenge=ticket)
            for answer in _answers(factor, challenge_of(ticket) or {})
        )
        return any(reply.status == 200 and self._is_in(reply) for reply in replies)

    def _is_in(self, reply: HttpReply) -> bool:
        """Whether the ticket is good for anything."""
        asked = HttpRequest("GET", "/access/users", {}, headers_of(reply.body["data"]), "192.0.2.9")
        return self._proxy.answer(asked).status == 200


def _answers(factor: Factor, challenge: Mapping[str, Any]) -> list[str]:
    if factor.kind == "totp":
        return [f"totp:{totp.code(factor.what, NOW + A_MINUTE)}"]
    if factor.kind == "recovery":
        return [f"recovery:{factor.what[place]}" for place in challenge.get("recovery", ())[:1]]
    if "webauthn" not in challenge:
        return []
    asked = challenge["webauthn"]["publicKey"]["challenge"]
    return [f"webauthn:{json.dumps({**factor.what.get(asked), 'challenge': asked})}"]
