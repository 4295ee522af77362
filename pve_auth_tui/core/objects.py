"""The objects that can be changed, each under one name, as plain records that can be compared.

A plan's effects, the check after it and its undo all compare records (security.md R14: per
object). A record holds no secret; where one is set it says `set`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress, count, groupby
from operator import attrgetter, is_not
from typing import Any, Literal, NamedTuple

from pve_auth_tui.core.accessdata import AclEntry, SubjectKind, User, UserConfig
from pve_auth_tui.core.answers import masked_value
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa

Kind = Literal[
    "realm",
    "role",
    "group",
    "user",
    "password",
    "token",
    "pool",
    "acl",
    "factor",
    "lock",
    "option",
    "job",
]
KINDS: tuple[Kind, ...] = (
    *("realm", "role", "group", "user", "password", "token", "pool", "acl"),
    *("factor", "lock", "option", "job"),
)
"""In the order in which they can be made: none needs one that stands behind it."""

NEW = "?"
"""A factor's id begins with it while PVE has not given it one."""

Record = Mapping[str, str]

_SECRET_OPTIONS = frozenset({"client-key", "password", "tfa"})


class Key(NamedTuple):
    """`name`: the realm, role, group, pool, option or sync job; the userid (user, password,
    factor, lock), the full token id, the ACL path. `part`: the factor's id; an ACL entry's
    `kind:subject:role`.
    """

    kind: Kind
    name: str
    part: str = ""


def acl_key(entry: AclEntry) -> Key:
    """The name of an ACL entry; `propagate` is its record."""
    return Key("acl", entry.path, f"{entry.kind}:{entry.subject}:{entry.role}")


def acl_parts(key: Key) -> tuple[SubjectKind, str, str]:
    """(kind, subject, role) of an ACL entry's name."""
    kind, _, rest = key.part.partition(":")
    subject, _, role = rest.rpartition(":")
    return kind, subject, role  # type: ignore[return-value]


def shown(key: Key) -> str:
    """For people: `user ann@pve`, `TFA entry 1a2b of ann@pve`, `ACL /vms ann@pve PVEVMUser`."""
    match key.kind:
        case "acl":
            kind, subject, role = acl_parts(key)
            return f"ACL {key.name} {'@' if kind == 'group' else ''}{subject} {role}"
        case "factor":
            return f"TFA entry {key.part} of {key.name}"
        case "lock":
            return f"TFA lock of {key.name}"
        case "password":
            return f"password of {key.name}"
        case "token":
            return f"API token {key.name}"
        case "option":
            return f"datacenter option {key.name}"
        case "job":
            return f"sync job {key.name}"
        case kind:
            return f"{kind} {key.name}"


def record(snapshot: Snapshot, key: Key) -> Record | None:
    """What the picture says of the object; None when it is not there, or was not read."""
    return _READ[key.kind](snapshot, key)


def differing(before: Snapshot, after: Snapshot) -> tuple[Key, ...]:
    """The objects whose records differ, in the order of KINDS. Fast where little differs."""
    found: dict[Key, None] = dict.fromkeys(_candidates(before, after))
    keys = [key for key in found if record(before, key) != record(after, key)]
    return tuple(sorted(keys, key=lambda key: (KINDS.index(key.kind), key)))


# --- records ---------------------------------------------------------------------------


def _flag(value: object) -> str:
    return "1" if value else "0"


def _access(snapshot: Snapshot) -> UserConfig | None:
    return snapshot.access.value


def _user(snapshot: Snapshot, key: Key) -> Record | None:
    access = _access(snapshot)
    user = access.users.get(key.name) if access else None
    if access is None or user is None:
        return None
    texts = {name: getattr(user, name) or "" for name in ("firstname", "lastname", "email")}
    return {
        "enable": _flag(user.enable),
        "expire": str(user.expire),
        **texts,
        "comment": user.comment or "",
        "keys": "set" if user.has_old_keys else "",
        "groups": ",".join(_groups_of(access, user)),
    }


def _groups_of(access: UserConfig, user: User) -> Iterable[str]:
    return sorted(access.groups_of.get(user.id, ()))


def _token(snapshot: Snapshot, key: Key) -> Record | None:
    access = _access(snapshot)
    owner, _, name = key.name.rpartition("!")
    user = access.users.get(owner) if access else None
    token = user.tokens.get(name) if user else None
    if token is None:
        return None
    return {
        "expire": str(token.expire),
        "privsep": _flag(token.privsep),
        "comment": token.comment or "",
    }


def _group(snapshot: Snapshot, key: Key) -> Record | None:
    access = _access(snapshot)
    group = access.groups.get(key.name) if access else None
    if group is None:
        return None
    return {"comment": group.comment or "", "members": ",".join(group.members)}


def _role(snapshot: Snapshot, key: Key) -> Record | None:
    access = _access(snapshot)
    role = access.roles.get(key.name) if access else None
    return None if role is None else {"privs": ",".join(sorted(role.privs))}


def _pool(snapshot: Snapshot, key: Key) -> Record | None:
    access = _access(snapshot)
    pool = access.pools.get(key.name) if access else None
    if pool is None:
        return None
    return {
        "comment": pool.comment or "",
        "vms": ",".join(map(str, sorted(pool.vms))),
        "storage": ",".join(sorted(pool.storage)),
    }


def _acl(snapshot: Snapshot, key: Key) -> Record | None:
    access = _access(snapshot)
    if access is None:
        return None
    kind, subject, role = acl_parts(key)
    for entry in _by_path(access).get(key.name, ()):
        if entry.subject == subject and entry.role == role and entry.kind == kind:
            return {"propagate": _flag(entry.propagate)}
    return None


@remembered
def _by_path(access: UserConfig) -> Mapping[str, Sequence[AclEntry]]:
    """Entries are in the order of the path tree, nearly always: those of a path stand together."""
    found: dict[str, list[AclEntry]] = {}
    for path, entries in groupby(access.acl, attrgetter("path")):
        found.setdefault(path, []).extend(entries)
    return found


def _realm(snapshot: Snapshot, key: Key) -> Record | None:
    realms = snapshot.realms.value
    realm = realms.realms.get(key.name) if realms else None
    return None if realm is None else _realm_record(realm)


def _realm_record(realm: Realm) -> Record:
    options = {
        name: "set" if name in _SECRET_OPTIONS and name != "tfa" else value
        for name, value in realm.options.items()
        if (name, value) != ("default", "0")  # to PVE the same as none, and it drops it at times
    }
    if "tfa" in options:  # a Yubico API key may stand in it
        parts = options["tfa"].split(",")
        options["tfa"] = ",".join("key=set" if p.startswith("key=") else p for p in parts)
    return {"type": realm.type or "", **options}


def _tfa_user(snapshot: Snapshot, userid: str) -> UserTfa | None:
    tfa = snapshot.tfa.value
    return tfa.users.get(userid) if tfa else None


def _factor(snapshot: Snapshot, key: Key) -> Record | None:
    user = _tfa_user(snapshot, key.name)
    entry = next((one for one in user.entries if one.id == key.part), None) if user else None
    return None if entry is None else factor_record(entry)


def factor_record(entry: TfaEntry) -> Record:
    """Without `created`, which nobody can foretell, and `unused`, which a login changes."""
    return {
        "type": entry.type,
        "description": entry.description,
        "enable": _flag(entry.enable),
    }


def _lock(snapshot: Snapshot, key: Key) -> Record | None:
    user = _tfa_user(snapshot, key.name)
    if user is None or not (user.totp_locked or user.locked_until):
        return None
    return {"totp": _flag(user.totp_locked), "until": str(user.locked_until or 0)}


def _password(snapshot: Snapshot, key: Key) -> Record | None:
    passwords = snapshot.passwords.value
    name, _, realm = key.name.rpartition("@")
    if realm != "pve" or passwords is None or name not in passwords.users:
        return None
    return {"password": "set"}


def _option(snapshot: Snapshot, key: Key) -> Record | None:
    datacenter = snapshot.datacenter.value
    value = datacenter.options.get(key.name) if datacenter else None
    if value is None:
        return None
    if isinstance(value, str):
        return {"value": masked_value(key.name, value)}  # a proxy's URL may hold a password
    return dict(value)


def _job(snapshot: Snapshot, key: Key) -> Record | None:
    """Without when it ran last, which is nobody's change."""
    jobs = snapshot.jobs.value
    job = jobs.sync.get(key.name) if jobs else None
    if job is None:
        return None
    return {name: value for name, value in {"realm": job.realm, **job.options}.items() if value}


_READ: Mapping[Kind, Callable[[Snapshot, Key], Record | None]] = {
    "realm": _realm,
    "role": _role,
    "group": _group,
    "user": _user,
    "password": _password,
    "token": _token,
    "pool": _pool,
    "acl": _acl,
    "factor": _factor,
    "lock": _lock,
    "option": _option,
    "job": _job,
}


# --- which objects could differ ----------------------------------------------------------


def _candidates(before: Snapshot, after: Snapshot) -> Iterable[Key]:
    old, new = _access(before), _access(after)
    if old is not None and new is not None and old is not new:
        yield from _in_access(old, new)
    if before.realms.value is not after.realms.value:
        yield from (Key("realm", name) for name in _changed(_realms_of(before), _realms_of(after)))
    if before.tfa.value is not None and before.tfa.value is not after.tfa.value:
        yield from _in_tfa(before, after)  # what nobody could read before may not be new at all
    if before.datacenter.value is not after.datacenter.value:
        options = [
            s.datacenter.value.options if s.datacenter.value else {} for s in (before, after)
        ]
        yield from (Key("option", name) for name in _changed(*options))
    if before.jobs.value is not after.jobs.value:
        jobs = [s.jobs.value.sync if s.jobs.value else {} for s in (before, after)]
        yield from (Key("job", name) for name in _changed(*jobs))
    if before.passwords.value is not after.passwords.value:
        users = [s.passwords.value.users if s.passwords.value else set() for s in (before, after)]
        yield from (Key("password", f"{name}@pve") for name in users[0] ^ users[1])


def _in_access(old: UserConfig, new: UserConfig) -> Iterable[Key]:
    for userid in _changed(old.users, new.users):
        yield Key("user", userid)
        tokens = [c.users[userid].tokens if userid in c.users else {} for c in (old, new)]
        yield from (Key("token", f"{userid}!{name}") for name in _changed(*tokens))
    yield from (Key("user", userid) for userid in _changed(old.groups_of, new.groups_of))
    yield from (Key("group", name) for name in _changed(old.groups, new.groups))
    yield from (Key("role", name) for name in _changed(old.roles, new.roles))
    yield from (Key("pool", name) for name in _changed(old.pools, new.pools))
    yield from map(acl_key, _changed_entries(old.acl, new.acl))


def _changed_entries(old: Sequence[AclEntry], new: Sequence[AclEntry]) -> Iterable[AclEntry]:
    """Hashing tens of thousands of entries takes long: in a forecast nearly all are the same."""
    if old is new:
        return ()
    old, new = _without_same_start(old, new)
    old, new = _without_same_start(old[::-1], new[::-1])
    olds, news = set(map(id, old)), set(map(id, new))
    return {e for e in old if id(e) not in news} ^ {e for e in new if id(e) not in olds}


def _without_same_start(
    old: Sequence[AclEntry], new: Sequence[AclEntry]
) -> tuple[Sequence[AclEntry], Sequence[AclEntry]]:
    start = next(compress(count(), map(is_not, old, new)), min(len(old), len(new)))
    return old[start:], new[start:]


def _in_tfa(before: Snapshot, after: Snapshot) -> Iterable[Key]:
    users = [s.tfa.value.users if s.tfa.value else {} for s in (before, after)]
    for userid in _changed(*users):
        yield Key("lock", userid)
        for of in users:
            if userid in of:
                yield from (Key("factor", userid, entry.id) for entry in of[userid].entries)


def _realms_of(snapshot: Snapshot) -> Mapping[str, Realm]:
    return snapshot.realms.value.realms if snapshot.realms.value else {}


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    """Names whose values are not the same; equal by identity costs nothing."""
    for name, value in old.items():
        other = new.get(name)
        if other is not value and other != value:
            yield name
    yield from (name for name in new if name not in old)
