"""Random clusters and plans for the guard, and their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

from pve_auth_tui.core.accessdata import AclEntry, Group, Role, User, UserConfig
from pve_auth_tui.core.domains import Domains
from pve_auth_tui.core.domains import Realm as CoreRealm
from pve_auth_tui.core.snapshot import Cluster as CoreCluster
from pve_auth_tui.core.snapshot import (
    Datacenter,
    Inventory,
    Jobs,
    Part,
    Passwords,
    Snapshot,
    TokenSecrets,
    UnixPasswords,
)
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, UserTfa
from tests.core.guard_oracle import ROOT, Account, Change, Cluster, Factor, Realm, changed

NOW = 1_800_000_000
USERS = ("ann@pam", "bob@pve", "eve@pve", "carl@corp", "dora@lab", "otto@idp", "hans@gone")
PRIVILEGES = ("Permissions.Modify", "Sys.Modify", "VM.Audit")
ROLES = {
    "Administrator": set(PRIVILEGES),
    "NoAccess": set(),
    "Most": {"Permissions.Modify", "Sys.Modify"},
    "Rest": {"VM.Audit"},
}
GROUPS = ("admins", "ops")
KINDS = ("totp", "totp", "webauthn", "webauthn", "recovery", "recovery", "yubico", "u2f")
SETTINGS: tuple[dict[str, str] | None, ...] = (
    {"rp": "Rack", "id": "example.com"},
    {"rp": "Rack", "id": "example.com", "origin": "https://pve1.example.com:8006"},
    {"rp": "Rack 2", "id": "example.com"},
    {"rp": "Rack", "id": "example.net"},
    {"rp": "Rack", "id": "example.com", "origin": "https://192.0.2.1:8006"},
    {"rp": "Rack", "id": "example.com", "origin": "https://badexample.com:8006"},
    {"id": "example.com"},
    None,
)
_TFA = {"oath": "type=oath,step=30", "yubico": "type=yubico,id=1,key=k"}


# --- random clusters ------------------------------------------------------------------------


def random_cluster(random: Random) -> Cluster:
    """A few users, of whom often one or two can get in; some clusters are in a bad state."""
    users = [ROOT, *(user for user in USERS if random.random() < 0.6)]
    bad = random.choice((0.1, 0.1, 0.1, 0.1, 1.0))

    def some(things: Iterable[str], part: float) -> set[str]:
        return {thing for thing in things if random.random() < part}

    local = random.random() < 0.9
    return Cluster(
        accounts={user: _account(random, bad) for user in users},
        groups={group: some(users, 0.3) for group in GROUPS},
        roles=dict(ROLES),
        acl=[line(random, users) for _ in range(random.randrange(7))],
        realms={
            "pam": Realm("pam", _demands(random, bad)),
            "pve": Realm("pve", _demands(random, bad)),
            "corp": Realm("ad", _demands(random, bad)),
            "lab": Realm(None if random.random() < 0.1 else "ldap"),
            "idp": Realm("openid"),
        },
        factors={user: _factors(random, bad) for user in users if random.random() < 0.6},
        totp_locked=some(users, 0.3 * bad),
        locked_until={u: NOW + random.choice((-5, 5)) for u in some(users, 0.2 * bad)},
        pve_passwords=some(("bob", "eve"), 1 - 0.3 * bad) if local else "unread",
        linux_passwords=some(("root", "ann"), 1 - 0.3 * bad)
        if local and random.random() < 0.95
        else "unread",
        webauthn=random.choice(SETTINGS[:2])
        if random.random() > bad
        else random.choice(("unread", *SETTINGS)),
        tfa=random.choice(("refused", "unread")) if random.random() < bad / 10 else "read",
    )


def _demands(random: Random, bad: float) -> str:
    return random.choice(("oath", "oath", "yubico")) if random.random() < 0.1 + bad / 5 else ""


def _account(random: Random, bad: float) -> Account:
    expire = random.choice((NOW - 5, NOW, NOW + 5)) if random.random() < bad / 2 else 0
    return Account(random.random() > bad / 5, expire, random.random() < 0.1)


def _factors(random: Random, bad: float) -> list[Factor]:
    """At most one set of recovery keys."""
    found = []
    for number, kind in enumerate(random.choices(KINDS, k=random.randrange(1, 4))):
        if kind != "recovery":
            found.append(Factor(f"f{number}", kind, random.random() < 0.85))
        elif all(one.kind != "recovery" for one in found):
            left = random.choice((0, None)) if random.random() < bad / 2 else 5
            found.append(Factor("recovery", kind, left=left))
    return found


def line(random: Random, users: list[str]) -> tuple[str, str, str, bool]:
    """One ACL entry, mostly on `/`."""
    who = random.choice([*users, *("@admins", "@ops") * 2, "@ghosts", "ghost@pve", f"{ROOT}!t"])
    role = random.choices(("Administrator", "NoAccess", "Most", "Rest", "Gone"), (9, 1, 2, 2, 1))[0]
    path = random.choice(("/", "/", "/", "/", "/vms", "/access"))
    return path, who, role, random.random() < 0.85


# --- random plans ---------------------------------------------------------------------------


def random_change(random: Random, cluster: Cluster) -> Change | None:
    """Something that can be done with the cluster as it is; None when the dice say nonsense."""
    kind = random.choice(_MAKERS)
    return kind(random, cluster)


def _one(random: Random, things: Any) -> Any:
    """Sorted first: sets have no order that a seed could repeat."""
    found = sorted(things)
    return random.choice(found) if found else None


def _of_user(*names: str) -> Callable[[Random, Cluster], Change | None]:
    def make(random: Random, cluster: Cluster) -> Change | None:
        return random.choice(names), _one(random, cluster.accounts)

    return make


def _expire(random: Random, cluster: Cluster) -> Change | None:
    when = random.choice((0, NOW - 100, NOW, NOW + 100))
    return "expire", _one(random, cluster.accounts), when


def _create(random: Random, cluster: Cluster) -> Change | None:
    userid = _one(random, set(USERS) - cluster.accounts.keys())
    return userid and ("create", userid)


def _password(random: Random, cluster: Cluster) -> Change | None:
    local = [user for user in cluster.accounts if user.endswith(("@pam", "@pve"))]
    return "password", _one(random, local)


def _member(random: Random, cluster: Cluster) -> Change | None:
    group = _one(random, cluster.groups)
    return group and (random.choice(("join", "leave")), _one(random, cluster.accounts), group)


def _delete_group(random: Random, cluster: Cluster) -> Change | None:
    group = _one(random, cluster.groups)
    return group and ("delete group", group)


def _grant(random: Random, cluster: Cluster) -> Change | None:
    path, who, role, propagates = line(random, sorted(cluster.accounts))
    known = who in cluster.accounts or who.removeprefix("@") in cluster.groups
    return ("grant", path, who, role, propagates) if known and role in cluster.roles else None


def _revoke(random: Random, cluster: Cluster) -> Change | None:
    found = _one(random, cluster.acl)
    return found and ("revoke", *found[:3])


def _role(random: Random, cluster: Cluster) -> Change | None:
    """The built-in ones cannot be changed."""
    role = _one(random, cluster.roles.keys() & {"Most", "Rest"})
    if role is None or random.random() < 0.3:
        return role and ("delete role", role)
    return "role", role, set(random.sample(PRIVILEGES, random.randrange(1, 4)))


def _demand(random: Random, cluster: Cluster) -> Change | None:
    realms = [name for name in cluster.realms if cluster.realms[name].kind not in (None, "openid")]
    return "demand", _one(random, realms), random.choice(("", "oath", "oath", "yubico"))


def _delete_realm(random: Random, cluster: Cluster) -> Change | None:
    realm = _one(random, cluster.realms.keys() - {"pam", "pve"})
    return realm and ("delete realm", realm)


def _webauthn(random: Random, cluster: Cluster) -> Change | None:
    settings = random.choice(SETTINGS)
    return None if cluster.webauthn == "unread" else ("webauthn", settings)


def _add_factor(random: Random, cluster: Cluster) -> Change | None:
    if cluster.tfa != "read":
        return None
    userid, kind = _one(random, cluster.accounts), random.choice(("totp", "webauthn", "recovery"))
    has_recovery = any(one.kind == "recovery" for one in cluster.factors.get(userid, ()))
    return None if kind == "recovery" and has_recovery else ("add factor", userid, kind)


def _factor(random: Random, cluster: Cluster) -> Change | None:
    userid = _one(random, cluster.factors)
    if userid is None or cluster.tfa != "read":
        return None
    number = random.randrange(len(cluster.factors[userid]))
    if cluster.factors[userid][number].kind == "recovery":
        name = random.choice(("remove factor", "renew recovery"))
        return ("renew recovery", userid) if name == "renew recovery" else (name, userid, number)
    name = random.choice(("remove factor", "switch factor", "rename factor"))
    return name, userid, number


def _unlock(random: Random, cluster: Cluster) -> Change | None:
    userid = _one(random, cluster.totp_locked | cluster.locked_until.keys())
    return None if cluster.tfa != "read" else userid and ("unlock", userid)


_MAKERS: tuple[Callable[[Random, Cluster], Change | None], ...] = (
    *(_of_user("disable"), _of_user("disable", "enable"), _expire, _of_user("delete"), _create),
    *(_password, _member, _member, _delete_group, _grant, _revoke, _revoke, _role),
    *(_demand, _demand, _delete_realm, _webauthn, _add_factor, _factor, _factor, _factor, _unlock),
)


# --- pictures -------------------------------------------------------------------------------


def picture(cluster: Cluster, earlier: tuple[Cluster, Snapshot] | None = None) -> Snapshot:
    """The cluster as files or PVE's API would show it; what has not changed is taken over."""

    def part(name: str, make: Callable[[Cluster], Any], of: Callable[[Cluster], Any]) -> Part[Any]:
        if earlier and of(earlier[0]) == of(cluster):
            known: Part[Any] = getattr(earlier[1], name)
            return known
        return _part(make(cluster))

    return Snapshot(
        taken_at=float(NOW),
        source="files",
        access=part("access", _access, lambda c: (c.accounts, c.groups, c.roles, c.acl)),
        realms=part("realms", _realms, lambda c: c.realms),
        tfa=part("tfa", _tfa, lambda c: (c.factors, c.totp_locked, c.locked_until))._replace(
            refused=cluster.tfa == "refused"
        ),
        datacenter=part("datacenter", _datacenter, lambda c: c.webauthn),
        jobs=_part(Jobs({})),
        passwords=part("passwords", _passwords, lambda c: c.pve_passwords),
        token_secrets=_part(TokenSecrets(frozenset())),
        cluster=_part(CoreCluster("pve1", None, True)),
        inventory=_part(Inventory()),
        unix=part("unix", _linux_passwords, lambda c: c.linux_passwords),
    )


def _part(value: Any) -> Part[Any]:
    return Part(value, "files", float(NOW))


def _access(cluster: Cluster) -> UserConfig:
    users = {
        userid: User(userid, one.on, one.expire, keys="JBSWY3DPEHPK3PXP" if one.old_key else None)
        for userid, one in cluster.accounts.items()
    }
    groups = {name: Group(name, tuple(sorted(m))) for name, m in cluster.groups.items()}
    roles = {name: Role(name, frozenset(privs)) for name, privs in cluster.roles.items()}
    return UserConfig(users, groups, roles, {}, tuple(map(_entry, cluster.acl)), {})


def _entry(line: tuple[str, str, str, bool]) -> AclEntry:
    path, who, role, propagates = line
    if who.startswith("@"):
        return AclEntry(path, "group", who[1:], role, propagates)
    return AclEntry(path, "token" if "!" in who else "user", who, role, propagates)


def _realms(cluster: Cluster) -> Domains:
    return Domains(
        {
            name: CoreRealm(name, one.kind, {"tfa": _TFA[one.demands]} if one.demands else {})
            for name, one in cluster.realms.items()
        }
    )


def _tfa(cluster: Cluster) -> TfaConfig | None:
    if cluster.tfa != "read":
        return None
    users = {*cluster.factors, *cluster.totp_locked, *cluster.locked_until}
    return TfaConfig({userid: _user_tfa(cluster, userid) for userid in users})


def _user_tfa(cluster: Cluster, userid: str) -> UserTfa:
    entries = tuple(
        TfaEntry(one.id, one.kind, one.text, one.made, one.on, one.left)  # type: ignore[arg-type]
        for one in cluster.factors.get(userid, ())
    )
    return UserTfa(userid, entries, userid in cluster.totp_locked, cluster.locked_until.get(userid))


def _datacenter(cluster: Cluster) -> Datacenter | None:
    if cluster.webauthn == "unread":
        return None
    return Datacenter({} if cluster.webauthn is None else {"webauthn": cluster.webauthn})


def _passwords(cluster: Cluster) -> Passwords | None:
    return (
        None if cluster.pve_passwords == "unread" else Passwords(frozenset(cluster.pve_passwords))
    )


def _linux_passwords(cluster: Cluster) -> UnixPasswords | None:
    names = cluster.linux_passwords
    return None if names == "unread" else UnixPasswords(frozenset(names))


# --- both -----------------------------------------------------------------------------------


def plans(random: Random, count: int) -> Iterator[tuple[Cluster, list[list[Change]]]]:
    """Clusters with some plans for each, `count` plans in all."""
    while count:
        cluster, size = random_cluster(random), min(8, count)
        makers = random.choices((random_plan, destructive_plan), (2, 1), k=size)
        yield cluster, [make(random, cluster) for make in makers]
        count -= size


def random_plan(random: Random, cluster: Cluster) -> list[Change]:
    """One to four changes, each of which can be made after those before it."""
    plan: list[Change] = []
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        change = None
        while change is None:
            change = random_change(random, cluster)
        plan.append(change)
        cluster = changed(cluster, [change])
    return plan


def destructive_plan(random: Random, cluster: Cluster) -> list[Change]:
    """Something against most of those who may be administrators, each time another thing."""
    plan: list[Change] = []
    for userid in sorted(cluster.accounts):
        if random.random() < 0.8:
            change = random.choice(_AGAINST)(random, cluster, userid)
            if change is not None:
                plan.append(change)
                cluster = changed(cluster, [change])
    return plan


def _against_account(random: Random, cluster: Cluster, userid: str) -> Change | None:
    return random.choice((("disable", userid), ("expire", userid, NOW), ("delete", userid)))


def _against_rights(random: Random, cluster: Cluster, userid: str) -> Change | None:
    own = [entry for entry in cluster.acl if entry[0] == "/" and entry[1] == userid]
    groups = sorted(group for group, members in cluster.groups.items() if userid in members)
    if own:
        return "revoke", *own[0][:3]
    return ("leave", userid, random.choice(groups)) if groups else None


def _against_realm(random: Random, cluster: Cluster, userid: str) -> Change | None:
    realm = userid.rpartition("@")[2]
    if realm not in cluster.realms or cluster.realms[realm].kind in (None, "openid"):
        return None
    return "demand", realm, random.choice(("oath", "yubico"))


def _against_factors(random: Random, cluster: Cluster, userid: str) -> Change | None:
    if cluster.tfa != "read" or not cluster.factors.get(userid):
        return None
    number = random.randrange(len(cluster.factors[userid]))
    if cluster.factors[userid][number].kind == "recovery":
        return "renew recovery", userid
    return random.choice(("switch factor", "remove factor")), userid, number


_AGAINST = (_against_account, _against_rights, _against_realm, _against_factors)
