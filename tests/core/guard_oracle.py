"""Who can get in as administrator: PVE's rules once more, naive and on their own.

Nothing of the program's own rules is used here (not guard, standing, administrators, logins,
permissions or predict): it is what they are compared with. A cluster is a handful of plain
values, a plan a list of small changes to them. Sources: reference 3.2 (rights), 4.1 (what
deleting takes along), 5.4, 7.2 and 8.1 (second factors).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

ROOT = "root@pam"
Answer = Literal["known", "depends", "unknown", "no"]
Change = tuple[Any, ...]
"""The name of a change, then what it is about: `("disable", "ann@pve")`."""


@dataclass
class Factor:
    """`left`: recovery keys that are unused, None when that is not told. `made`: when."""

    id: str
    kind: str
    on: bool = True
    left: int | None = None
    text: str = ""
    made: int = 1


@dataclass
class Account:
    on: bool = True
    expire: int = 0
    old_key: bool = False


@dataclass
class Realm:
    """`kind` None: PVE cannot read it. `demands`: "", "oath" or "yubico"."""

    kind: str | None
    demands: str = ""


@dataclass
class Cluster:
    """`acl`: (path, who, role, propagates), where who is `@group`, a userid or a token.

    Passwords and `webauthn` are "unread" where the picture lacks them, `webauthn` None where
    nothing is set; `tfa` is "read", "unread" or "refused" (by PVE itself).
    """

    accounts: dict[str, Account]
    groups: dict[str, set[str]]
    roles: dict[str, set[str]]
    acl: list[tuple[str, str, str, bool]]
    realms: dict[str, Realm]
    factors: dict[str, list[Factor]]
    totp_locked: set[str]
    locked_until: dict[str, int]
    pve_passwords: Any
    linux_passwords: Any
    webauthn: Any
    tfa: str = "read"
    new_passwords: set[str] = field(default_factory=set)
    numbers: int = 100

    def number(self) -> int:
        self.numbers += 1
        return self.numbers


# --- changes ------------------------------------------------------------------------------


def changed(cluster: Cluster, plan: Iterable[Change]) -> Cluster:
    """The cluster afterwards; the one given stays as it is."""
    after = copied(cluster)
    for name, *about in plan:
        _CHANGES[name](after, *about)
    return after


def copied(cluster: Cluster) -> Cluster:
    """The same, sharing nothing that a change changes."""

    def each(values: dict[str, Any]) -> dict[str, Any]:
        return {name: replace(value) for name, value in values.items()}

    return replace(
        cluster,
        accounts=each(cluster.accounts),
        groups={name: set(members) for name, members in cluster.groups.items()},
        roles=dict(cluster.roles),
        acl=list(cluster.acl),
        realms=each(cluster.realms),
        factors={who: [replace(one) for one in mine] for who, mine in cluster.factors.items()},
        totp_locked=set(cluster.totp_locked),
        locked_until=dict(cluster.locked_until),
        pve_passwords=_set(cluster.pve_passwords),
        linux_passwords=_set(cluster.linux_passwords),
        new_passwords=set(cluster.new_passwords),
    )


def _set(value: Any) -> Any:
    return set(value) if isinstance(value, set) else value


def _disable(cluster: Cluster, userid: str) -> None:
    cluster.accounts[userid].on = False


def _enable(cluster: Cluster, userid: str) -> None:
    cluster.accounts[userid].on = True


def _expire(cluster: Cluster, userid: str, when: int) -> None:
    cluster.accounts[userid].expire = when


def _create(cluster: Cluster, userid: str) -> None:
    cluster.accounts[userid] = Account()


def _delete(cluster: Cluster, userid: str) -> None:
    """root@pam comes back by itself, enabled and without anything."""
    name, _, realm = userid.rpartition("@")
    del cluster.accounts[userid]
    if userid == ROOT:
        cluster.accounts[ROOT] = Account()
    for members in cluster.groups.values():
        members.discard(userid)
    cluster.acl = [line for line in cluster.acl if line[1] != userid]
    _forget_factors(cluster, userid)
    if realm == "pve" and cluster.pve_passwords != "unread":
        cluster.pve_passwords.discard(name)
    cluster.new_passwords.discard(userid)


def _forget_factors(cluster: Cluster, userid: str) -> None:
    cluster.factors.pop(userid, None)
    cluster.totp_locked.discard(userid)
    cluster.locked_until.pop(userid, None)


def _password(cluster: Cluster, userid: str) -> None:
    name, _, realm = userid.rpartition("@")
    if realm == "pve" and cluster.pve_passwords != "unread":
        cluster.pve_passwords.add(name)
    cluster.new_passwords.add(userid)


def _join(cluster: Cluster, userid: str, group: str) -> None:
    cluster.groups[group].add(userid)


def _leave(cluster: Cluster, userid: str, group: str) -> None:
    cluster.groups[group].discard(userid)


def _delete_group(cluster: Cluster, group: str) -> None:
    del cluster.groups[group]
    cluster.acl = [line for line in cluster.acl if line[1] != f"@{group}"]


def _grant(cluster: Cluster, path: str, who: str, role: str, propagates: bool) -> None:
    _revoke(cluster, path, who, role)
    cluster.acl.append((path, who, role, propagates))


def _revoke(cluster: Cluster, path: str, who: str, role: str) -> None:
    cluster.acl = [line for line in cluster.acl if line[:3] != (path, who, role)]


def _role(cluster: Cluster, role: str, privileges: set[str]) -> None:
    cluster.roles[role] = privileges


def _delete_role(cluster: Cluster, role: str) -> None:
    """Its ACL lines mean nothing from then on."""
    del cluster.roles[role]


def _demand(cluster: Cluster, realm: str, demands: str) -> None:
    cluster.realms[realm].demands = demands


def _delete_realm(cluster: Cluster, realm: str) -> None:
    """Its users stay."""
    del cluster.realms[realm]


def _webauthn(cluster: Cluster, settings: dict[str, str] | None) -> None:
    cluster.webauthn = settings


def _add_factor(cluster: Cluster, userid: str, kind: str) -> None:
    number = cluster.number()
    made = Factor(f"new-{number}", kind, made=number)
    if kind == "recovery":
        made.id, made.left = "recovery", 10
    cluster.factors.setdefault(userid, []).append(made)


def _remove_factor(cluster: Cluster, userid: str, number: int) -> None:
    """With the last one everything goes, locks included."""
    del cluster.factors[userid][number]
    if not cluster.factors[userid]:
        _forget_factors(cluster, userid)


def _renew_recovery(cluster: Cluster, userid: str) -> None:
    cluster.factors[userid] = [f for f in cluster.factors[userid] if f.kind != "recovery"]
    _add_factor(cluster, userid, "recovery")


def _switch_factor(cluster: Cluster, userid: str, number: int) -> None:
    factor = cluster.factors[userid][number]
    factor.on = not factor.on


def _rename_factor(cluster: Cluster, userid: str, number: int) -> None:
    cluster.factors[userid][number].text += " renamed"


def _unlock(cluster: Cluster, userid: str) -> None:
    cluster.totp_locked.discard(userid)
    cluster.locked_until.pop(userid, None)


_CHANGES: dict[str, Callable[..., None]] = {
    "disable": _disable,
    "enable": _enable,
    "expire": _expire,
    "create": _create,
    "delete": _delete,
    "password": _password,
    "join": _join,
    "leave": _leave,
    "delete group": _delete_group,
    "grant": _grant,
    "revoke": _revoke,
    "role": _role,
    "delete role": _delete_role,
    "demand": _demand,
    "delete realm": _delete_realm,
    "webauthn": _webauthn,
    "add factor": _add_factor,
    "remove factor": _remove_factor,
    "renew recovery": _renew_recovery,
    "switch factor": _switch_factor,
    "rename factor": _rename_factor,
    "unlock": _unlock,
}


# --- who gets in ----------------------------------------------------------------------------


def administrators(cluster: Cluster, before: Cluster, now: int, shown: str) -> dict[str, Answer]:
    """Userid -> how certain it is that it gets in, of all who perhaps do.

    `cluster` is what a plan made of `before`; both are the same when there is no plan. `shown`:
    who logged in a moment ago.
    """
    answers: dict[str, Answer] = {}
    for userid in cluster.accounts:
        if _may_everything(cluster, userid):
            answer = _gets_in(cluster, before, userid, now, shown)
            if answer != "no":
                answers[userid] = answer
    return answers


def let_end(cluster: Cluster, before: Cluster, userid: str, now: int) -> bool:
    """Whether the plan itself gives an account that gets in only some days."""
    end = cluster.accounts[userid].expire
    if end == 0 or end - now > 30 * 86400:
        return False
    old = before.accounts.get(userid)
    if old is None or not old.on or (old.expire != 0 and old.expire <= now):
        return True
    return old.expire == 0 or old.expire > end


def shuts_root_out(
    before: Cluster, after: Cluster, old: dict[str, Answer], new: dict[str, Answer]
) -> bool:
    """Whether pam asks for something anew, and root was perhaps let in before and is not then."""
    if "pam" not in before.realms or "pam" not in after.realms:
        return False
    was, will = before.realms["pam"], after.realms["pam"]
    if will.demands in ("", was.demands):
        return False
    return ROOT in old and ROOT not in new


def must_be_refused(
    old: dict[str, Answer], new: dict[str, Answer], ending: Iterable[str] = ()
) -> bool:
    """Whether a plan with these answers before and after it is to be refused; `ending`: who of
    the latter is let in for some days only.
    """
    if any(answer == "known" and userid not in ending for userid, answer in new.items()):
        return False
    if "known" in old.values():
        return True
    return any(userid not in new for userid in old)


def _may_everything(cluster: Cluster, userid: str) -> bool:
    if userid == ROOT:
        return True
    top = [line for line in cluster.acl if line[0] == "/" and line[2] in cluster.roles]
    lines = [line for line in top if line[1] == userid]
    if not lines:
        mine = [f"@{group}" for group, members in cluster.groups.items() if userid in members]
        lines = [line for line in top if line[1] in mine]
    if any(line[2] == "NoAccess" for line in lines):
        return False
    for privilege in cluster.roles["Administrator"]:
        given = False
        for line in lines:
            # Through two groups with and without propagation: PVE takes either.
            always = all(other[3] for other in lines if other[2] == line[2])
            if always and privilege in cluster.roles[line[2]]:
                given = True
        if not given:
            return False
    return True


def _gets_in(cluster: Cluster, before: Cluster, userid: str, now: int, shown: str) -> Answer:
    account = cluster.accounts[userid]
    if not account.on:
        return "no"
    if account.expire != 0 and account.expire <= now:
        return "no"
    password = _password_works(cluster, before, userid, shown)
    second = _second_factor_works(cluster, before, userid, now)
    for answer in ("no", "depends", "unknown"):
        if answer in (password, second):
            return answer  # type: ignore[return-value]
    return "known"


def _password_works(cluster: Cluster, before: Cluster, userid: str, shown: str) -> Answer:
    name, _, realm_name = userid.rpartition("@")
    realm = cluster.realms.get(realm_name)
    if realm is None or realm.kind is None:
        return "no"
    if realm.kind in ("ldap", "ad", "openid"):
        return "depends"
    just_shown = userid == shown and _same_account(cluster, before, userid)
    if realm.kind == "pve":
        if cluster.pve_passwords == "unread":
            return "known" if just_shown or userid in cluster.new_passwords else "unknown"
        return "known" if name in cluster.pve_passwords else "no"
    if cluster.linux_passwords == "unread":
        return "known" if just_shown else "unknown"
    if name in cluster.linux_passwords:
        return "known"
    return "unknown" if userid in cluster.new_passwords else "no"


def _same_account(cluster: Cluster, before: Cluster, userid: str) -> bool:
    old, new = before.accounts.get(userid), cluster.accounts[userid]
    return old is not None and (old.on, old.expire) == (new.on, new.expire)


def _second_factor_works(cluster: Cluster, before: Cluster, userid: str, now: int) -> Answer:
    realm = cluster.realms.get(userid.rpartition("@")[2])
    if realm is None:
        return "no"
    if realm.kind == "openid":
        return "known"
    if cluster.tfa == "refused":
        return "no"
    if cluster.tfa == "unread":
        return "unknown"
    enabled = [factor for factor in cluster.factors.get(userid, []) if factor.on]
    if not enabled and realm.demands == "":
        return "known"
    if cluster.locked_until.get(userid, 0) > now:
        return "no"
    answers = [
        _factor_works(cluster, userid, factor, realm)
        for factor in enabled
        if not _is_touched(cluster, before, userid, factor, now)
    ]
    if realm.demands != "" and cluster.accounts[userid].old_key:
        answers.append("unknown")
    for answer in ("known", "depends", "unknown"):
        if answer in answers:
            return answer  # type: ignore[return-value]
    return "no"


def _factor_works(cluster: Cluster, userid: str, factor: Factor, realm: Realm) -> Answer:
    if factor.kind == "recovery":
        if factor.left is None:
            return "unknown"
        return "known" if factor.left > 0 else "no"
    if factor.kind == "totp":
        if realm.demands == "yubico" or userid in cluster.totp_locked:
            return "no"
        return "known"
    if factor.kind == "yubico":
        return "depends" if realm.demands == "yubico" else "no"
    if realm.demands != "":
        return "no"
    if factor.kind == "u2f":
        return "unknown"
    if cluster.webauthn == "unread":
        return "unknown"
    return "known" if _keys_can_be_used(cluster.webauthn) else "no"


def _keys_can_be_used(webauthn: dict[str, str] | None) -> bool:
    if webauthn is None or "rp" not in webauthn or "id" not in webauthn:
        return False
    if "origin" not in webauthn:
        return True
    host = webauthn["origin"].removeprefix("https://").split(":")[0]
    return host == webauthn["id"] or host.endswith("." + webauthn["id"])


def _is_touched(cluster: Cluster, before: Cluster, userid: str, factor: Factor, now: int) -> bool:
    """Whether the plan did anything to a factor that may make it useless."""
    if factor.kind == "webauthn" and _without_rp(cluster.webauthn) != _without_rp(before.webauthn):
        return True
    found = [
        old
        for old in before.factors.get(userid, [])
        if (old.id, old.kind, old.made) == (factor.id, factor.kind, factor.made)
    ]
    if not found:
        return factor.kind not in ("totp", "webauthn")
    if found[0].on != factor.on:
        return True
    if before.locked_until.get(userid, 0) > now:  # and not any more, or we were not asked
        return True
    was_locked = userid in before.totp_locked and userid not in cluster.totp_locked
    return factor.kind == "totp" and was_locked


def _without_rp(webauthn: Any) -> Any:
    if not isinstance(webauthn, dict):
        return webauthn
    return {name: value for name, value in webauthn.items() if name != "rp"}
