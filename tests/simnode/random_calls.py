"""Calls that change access, made up from a picture: most fit it, some name what is not there."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.simnode.tfa.totp import code

T = TypeVar("T")

_TEXTS = ("", "0", "night shift: rack 3", " Bär % ", "  ", "x" * 300, "two\nlines", "日本")
_PATHS = (
    *("/", "/access", "/access/groups", "/pool/lab", "/vms", "/vms/100", "/vms/101/", "vms/105"),
    *("/nodes//pve1", "/storage/local", "/vms/99", "/nowhere", "/access/realms/pve", "/a b"),
    *("/vms/0100", "/pool/0/lab", "/sdn/zones/z/v/100"),
)
_PRIVS = ("VM.Audit", "VM.Console", "Sys.Modify", "Permissions.Modify")
_EMAILS = ("", "a.b@example.com", "0", "ä@example.com")
_KEYS = ("", "x", "x!oath", "JBSWY3DPEHPK3PXP")
_WEBAUTHN = (
    "rp=Rack,id=example.com,origin=https://pve1.example.com:8006",
    "rp=Other,id=example.net,origin=https://pve1.example.com:8006",
    "id",
    "rp=a,rp=b",
)


class RandomCalls:
    """The same calls for the same seed. `now`: for codes that fit, in seconds since 1970."""

    def __init__(self, seed: int, picture: Snapshot, now: float) -> None:
        self._random = random.Random(seed)  # noqa: S311 (no secrets)
        self._now = now
        self._factors = picture.tfa.value
        self._see(picture)

    def call(self, picture: Snapshot) -> ApiCall:
        """One more, for the picture as it is by now; second factors are those of the first one,
        whose ids a forecast of all calls knows, too.
        """
        self._see(picture)
        return self._one(_KINDS)(self)

    def _see(self, picture: Snapshot) -> None:
        assert picture.access.value is not None
        self._access = picture.access.value
        self._realms = picture.realms.value
        self._jobs = picture.jobs.value

    # --- chance ---

    def _one(self, of: Sequence[T]) -> T:
        return self._random.choice(of)

    def _maybe(self, share: float = 0.5) -> bool:
        return self._random.random() < share

    def _name(self, known: Sequence[str], *others: str) -> str:
        """Mostly one that is there."""
        return self._one(list(known)) if known and self._maybe(0.9) else self._one(others)

    def _list(self, one: Callable[[], str], most: int = 3) -> str:
        found = [one() for _ in range(self._random.randint(0, most))]
        return self._one([",", ";", " "]).join(found)

    def _some(self, **values: Callable[[], Param]) -> dict[str, Param]:
        return {name.replace("_", "-"): make() for name, make in values.items() if self._maybe(0.4)}

    def _or(self, good: Sequence[T], bad: T) -> T:
        """Nearly always a good one."""
        return self._one(good) if self._maybe(0.97) else bad

    def _flag(self) -> Param:
        return self._or([True, False, "1", "0"], "yes")

    def _text(self) -> str:
        return self._one(_TEXTS)

    def _expire(self) -> Param:
        return self._or([0, 1, 1_900_000_000, "1800000000"], -1)

    def _user(self) -> str:
        return self._name(
            list(self._access.users), "new@pve", "New@pve", "x@ldap", "bad", "a b@pve"
        )

    def _local(self) -> str:
        return self._one([user for user in self._access.users if user.endswith("@pve")] or ["bad"])

    def _group(self) -> str:
        return self._name(list(self._access.groups), "fresh", "bad name", "fresh-2")

    def _role(self) -> str:
        roles = list(self._access.roles.values())
        own = [role.id for role in roles if not role.special]
        if own and self._maybe():
            return self._one(own)
        return self._name([role.id for role in roles], "Fresh", "pveOwn", "bad:name")

    def _realm(self) -> str:
        realms = self._realms
        return self._name(list(realms.realms if realms else ()), "fresh", "x", "later")

    def _pool(self) -> str:
        return self._name(list(self._access.pools), "fresh", "fresh/in", "9", "a/b/c/d", "lab/9")

    def _owner(self) -> tuple[str, str]:
        """A user and an API token, mostly one that is there."""
        owners = [user for user in self._access.users.values() if user.tokens]
        if owners and self._maybe(0.7):
            user = self._one(owners)
            return user.id, self._one(list(user.tokens))
        return self._user(), self._one(["fresh", "f", "bad name"])

    # --- calls ---

    def _person(self) -> dict[str, Param]:
        return self._some(
            enable=self._flag,
            expire=self._expire,
            firstname=self._text,
            lastname=self._text,
            email=lambda: self._or(_EMAILS, "not one"),
            comment=self._text,
            keys=lambda: self._or(_KEYS, "a b"),
            groups=lambda: self._list(self._group),
        )

    def add_user(self) -> ApiCall:
        secrets = {"password": Secret(self._or(["long enough"], "short"))}
        return ApiCall(
            "POST",
            ("access", "users"),
            {"userid": self._user() if self._maybe(0.1) else self._fresh(), **self._person()},
            secrets if self._maybe(0.2) else {},
        )

    def _fresh(self) -> str:
        realm = self._one(["pve", "pve", "corp", "nowhere", "x-corp"])
        return f"{self._one(['new', 'New', '-dash', 'a@b'])}{self._random.randint(1, 5)}@{realm}"

    def change_user(self) -> ApiCall:
        values = self._person()
        if self._maybe(0.3):
            values["append"] = self._flag()
        return ApiCall("PUT", ("access", "users", self._user()), values)

    def remove_user(self) -> ApiCall:
        return ApiCall("DELETE", ("access", "users", self._user()))

    def set_password(self) -> ApiCall:
        user = self._user()
        if user.endswith("@pam"):  # depends on the node's Linux users
            user = "root@pam"
        elif not user.endswith("@pve") and self._maybe(0.8):
            user = self._fresh() if self._maybe(0.2) else self._local()
        secrets = {"password": Secret(self._or(["long enough"], "short"))}
        return ApiCall("PUT", ("access", "password"), {"userid": user}, secrets)

    def add_token(self) -> ApiCall:
        owner, name = self._owner()
        name = name if self._maybe(0.3) else f"made{self._random.randint(1, 3)}"
        values = self._some(expire=self._expire, privsep=self._flag, comment=self._text)
        return ApiCall("POST", ("access", "users", owner, "token", name), values)

    def change_token(self) -> ApiCall:
        owner, name = self._owner()
        values = self._some(
            expire=self._expire,
            privsep=self._flag,
            comment=self._text,
            regenerate=self._flag,
            delete=lambda: self._one(["comment", "", "expire", ","]),
        )
        return ApiCall("PUT", ("access", "users", owner, "token", name), values)

    def remove_token(self) -> ApiCall:
        owner, name = self._owner()
        return ApiCall("DELETE", ("access", "users", owner, "token", name))

    def add_group(self) -> ApiCall:
        values = self._some(comment=self._text)
        name = self._one([self._group(), "made", "made2"])
        return ApiCall("POST", ("access", "groups"), {"groupid": name, **values})

    def change_group(self) -> ApiCall:
        return ApiCall("PUT", ("access", "groups", self._group()), self._some(comment=self._text))

    def remove_group(self) -> ApiCall:
        return ApiCall("DELETE", ("access", "groups", self._group()))

    def _privs(self) -> str:
        return self._list(lambda: self._or(_PRIVS, "Made.Up"))

    def add_role(self) -> ApiCall:
        name = self._one([self._role(), "Made", "Made2"])
        return ApiCall(
            "POST", ("access", "roles"), {"roleid": name, **self._some(privs=self._privs)}
        )

    def change_role(self) -> ApiCall:
        values = self._some(privs=self._privs, append=self._flag)
        return ApiCall("PUT", ("access", "roles", self._role()), values)

    def remove_role(self) -> ApiCall:
        return ApiCall("DELETE", ("access", "roles", self._role()))

    def change_acl(self) -> ApiCall:
        path, roles, values = self._one(_PATHS), self._list(self._role), self._subjects()
        values |= self._some(propagate=self._flag)
        if self._access.acl and self._maybe(0.4):
            entry = self._one(self._access.acl)
            path, roles = entry.path, entry.role
            values = {f"{entry.kind}s": entry.subject}
        if self._maybe(0.3):
            values["delete"] = self._flag()
        return ApiCall("PUT", ("access", "acl"), {"path": path, "roles": roles, **values})

    def _subjects(self) -> dict[str, Param]:
        return self._some(
            users=lambda: self._list(self._user),
            groups=lambda: self._list(self._group),
            tokens=lambda: self._list(lambda: "!".join(self._owner())),
        )

    def add_realm(self) -> ApiCall:
        kind = self._or(["ldap", "ad", "openid"], self._one(["pam", "nis"]))
        values: dict[str, Param] = {
            "ldap": {"server1": "ldap.example.com", "base_dn": "dc=x", "user_attr": "uid"},
            "ad": {"server1": "10.0.0.1", "domain": "example.com"},
            "openid": {"issuer-url": "https://id.example.com", "client-id": "pve"},
        }.get(kind, {})
        if self._maybe(0.1):
            values.pop(next(iter(values), ""), None)
        values |= self._realm_values(kind)
        name = self._or(["made", "made2", "made3"], self._realm())
        secrets = {"password": Secret("bind")} if self._maybe(0.2) else {}
        return ApiCall(
            "POST", ("access", "domains"), {"realm": name, "type": kind, **values}, secrets
        )

    def _realm_values(self, kind: str) -> dict[str, Param]:
        values = self._some(
            comment=self._text,
            default=self._flag,
            tfa=lambda: self._or(
                ["type=oath", "type=oath,digits=8", "type=yubico,id=1,key=a"], "oath"
            ),
        )
        if kind in ("ldap", "ad"):
            values |= self._some(
                port=lambda: self._or([389, "0636"], 0),
                mode=lambda: self._or(["ldap", "ldaps"], "tls"),
                verify=self._flag,
                case_sensitive=self._flag,
                sync_defaults_options=lambda: self._one(
                    ["scope=both,full=1", "scope=users,purge=1,enable-new=0", "scope=all", ""]
                ),
                bind_dn=lambda: self._one(["cn=ro,dc=x", "ou=Zürich"]),
            )
        if kind == "openid" or self._maybe(0.02):
            values |= self._some(
                autocreate=self._flag,
                username_claim=lambda: "email",
                groups_claim=lambda: self._one(["groups", "bad claim"]),
                scopes=lambda: "email profile",
            )
        return values

    def change_realm(self) -> ApiCall:
        realms = self._realms
        name = self._realm()
        known = realms.realms.get(name) if realms else None
        values = self._realm_values(known.type or "" if known else "")
        values.pop("username-claim", None)
        values |= self._some(
            delete=lambda: self._list(lambda: self._one(["comment", "tfa", "default", "server1"])),
            digest=lambda: self._or([realms.digest if realms else ""], "0" * 40),
        )
        return ApiCall("PUT", ("access", "domains", name), values)

    def remove_realm(self) -> ApiCall:
        return ApiCall("DELETE", ("access", "domains", self._realm()))

    def _factor(self) -> tuple[str, str]:
        """A user and the id of a second factor, mostly one that is there."""
        tfa = self._factors
        holders = [user for user in tfa.users.values() if user.entries] if tfa else []
        if holders and self._maybe(0.8):
            user = self._one(holders)
            return user.userid, self._one(user.entries).id
        return self._user(), self._one(["recovery", "no-such-id"])

    def add_factor(self) -> ApiCall:
        user = self._factor()[0] if self._maybe() else self._user()
        kind = self._or(["totp", "totp", "recovery", "webauthn"], self._one(["u2f", "nis"]))
        totp = Totp(self._random.randbytes(20), user, "Rack", digits=self._one([6, 8]))
        values: dict[str, Param] = {"type": kind}
        if self._maybe(0.9):
            values["description"] = self._or(["phone", "key", "", "Bär\nx"], "d" * 300)
        secrets = {}
        if self._maybe(0.9 if kind == "totp" else 0.1):
            bad = self._one([f"{totp.uri()}&image=x", "otpauth://hotp/x"])
            secrets["totp"] = Secret(self._or([totp.uri()], bad))
            secrets["value"] = Secret(code(totp, self._now - self._one([0, 30])))
        return ApiCall("POST", ("access", "tfa", user), values, secrets)

    def change_factor(self) -> ApiCall:
        values = self._some(
            description=lambda: self._or(["new name", ""], "d" * 300), enable=self._flag
        )
        return ApiCall("PUT", ("access", "tfa", *self._factor()), values)

    def remove_factor(self) -> ApiCall:
        return ApiCall("DELETE", ("access", "tfa", *self._factor()))

    def unlock(self) -> ApiCall:
        user = self._one([self._factor()[0], self._user()])
        return ApiCall("PUT", ("access", "users", user, "unlock-tfa"))

    def add_pool(self) -> ApiCall:
        name = self._one([self._pool(), "made", "made2", "made/in", "made/in/it"])
        return ApiCall("POST", ("pools",), {"poolid": name, **self._some(comment=self._text)})

    def _member(self) -> str:
        inside = [str(vmid) for pool in self._access.pools.values() for vmid in pool.vms]
        return self._name(inside, "100", "105", "999", "99")

    def change_pool(self) -> ApiCall:
        pools = list(self._access.pools.values())
        if pools and self._maybe():  # out with members, perhaps all
            pool = self._one(pools)
            gone: dict[str, Param] = {"vms": ",".join(map(str, pool.vms)), "delete": True}
            gone |= {"storage": ",".join(pool.storage)}
            return ApiCall("PUT", ("pools",), {"poolid": pool.id, **gone})
        stores = [name for pool in pools for name in pool.storage]
        values = self._some(
            comment=self._text,
            vms=lambda: self._list(self._member),
            storage=lambda: self._list(lambda: self._name(stores, "local", "nfs", "x")),
            delete=lambda: self._or([False], True),
            allow_move=self._flag,
        )
        return ApiCall("PUT", ("pools",), {"poolid": self._pool(), **values})

    def remove_pool(self) -> ApiCall:
        pools = self._access.pools.values()
        if empty := [pool.id for pool in pools if not (pool.vms or pool.storage)]:
            name = self._one(empty)
            if "/" not in name and self._maybe():
                return ApiCall("DELETE", ("pools", name))
            return ApiCall("DELETE", ("pools",), {"poolid": name})
        return ApiCall("DELETE", ("pools",), {"poolid": self._pool()})

    def change_options(self) -> ApiCall:
        values = self._some(
            webauthn=lambda: self._or(_WEBAUTHN[:2], self._one(_WEBAUTHN[2:])),
            keyboard=lambda: self._or(["de", "en-us"], "xx"),
            description=self._text,
            next_id=lambda: self._or(["lower=200"], "lower=900,upper=100"),
            migration=lambda: self._or(["secure", "type=insecure,network=10.0.0.0/8"], "x"),
            registered_tags=lambda: self._or(["b;a", "c"], "a b"),
            delete=lambda: self._list(lambda: self._one(["webauthn", "keyboard", "u2f", "x"])),
        )
        return ApiCall("PUT", ("cluster", "options"), values)

    # --- sync jobs ---

    def _job(self) -> str:
        return self._or([*(self._jobs.sync if self._jobs else ()), "nightly"], "x!")

    def _job_values(self) -> dict[str, Param]:
        return self._some(
            enabled=lambda: self._or([0, 1], 2),
            comment=self._text,
            scope=lambda: self._or(["users", "groups", "both"], "all"),
            enable_new=lambda: self._or([0, 1], 2),
            remove_vanished=lambda: self._or(["none", "entry", "acl;entry"], "all"),
        )

    def add_job(self) -> ApiCall:
        values = self._job_values()
        values["schedule"] = self._or(["daily", "mon..fri 02:30"], "never")
        values["realm"] = self._realm()
        return ApiCall("POST", ("cluster", "jobs", "realm-sync", self._job()), values)

    def change_job(self) -> ApiCall:
        values = self._job_values()
        values["schedule"] = self._or(["daily", "mon..fri 02:30"], "never")
        gone: dict[str, Param] = self._some(
            delete=lambda: self._list(lambda: self._one(["comment", "scope", "x"]))
        )
        path = ("cluster", "jobs", "realm-sync", self._job())
        return ApiCall("PUT", path, {**values, **gone})

    def remove_job(self) -> ApiCall:
        return ApiCall("DELETE", ("cluster", "jobs", "realm-sync", self._job()))


_KINDS: Sequence[Callable[[RandomCalls], ApiCall]] = (
    *(RandomCalls.add_user, RandomCalls.change_user, RandomCalls.change_user),
    *(RandomCalls.remove_user, RandomCalls.set_password),
    *(RandomCalls.add_token, RandomCalls.change_token, RandomCalls.remove_token),
    *(RandomCalls.add_group, RandomCalls.change_group, RandomCalls.remove_group),
    *(RandomCalls.add_role, RandomCalls.change_role, RandomCalls.remove_role),
    *(RandomCalls.change_acl, RandomCalls.change_acl, RandomCalls.change_acl),
    *(RandomCalls.add_realm, RandomCalls.change_realm, RandomCalls.change_realm),
    *(RandomCalls.remove_realm, RandomCalls.add_factor, RandomCalls.add_factor),
    *(RandomCalls.change_factor, RandomCalls.remove_factor, RandomCalls.remove_factor),
    *(RandomCalls.unlock, RandomCalls.add_pool, RandomCalls.change_pool),
    *(RandomCalls.remove_pool, RandomCalls.change_options),
    *(RandomCalls.add_job, RandomCalls.change_job, RandomCalls.remove_job),
)
