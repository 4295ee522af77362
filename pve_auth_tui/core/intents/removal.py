"""Remove objects of every kind, with the calls that PVE has for it (reference 4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.domains import BUILT_IN
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import ghosts, pools
from pve_auth_tui.core.intents.common import access_of, factor_of, found, required, user_of
from pve_auth_tui.core.intents.factors import named, removal_step, unlock_step
from pve_auth_tui.core.objects import KINDS, Key, acl_parts, record, shown
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed

_MANY: Final[Mapping[str, str]] = {
    **{kind: f"{kind}s" for kind in KINDS},
    "acl": "ACL entries",
    "factor": "TFA entries",
    "lock": "TFA locks",
    "token": "API tokens",
    "option": "datacenter options",
    "job": "sync jobs",
}
_SUBJECTS: Final[Mapping[str, str]] = {"user": "users", "group": "groups", "token": "tokens"}


def remove(keys: Sequence[Key]) -> Intent:
    """Remove each of these, and what PVE removes along with it.

    What belongs to a user or group that goes, too, needs no call of its own. Of a user or group
    that does not exist everything goes at once or nothing (`ghosts`).
    """
    wanted = tuple(dict.fromkeys(keys))

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError("Nothing was named to be removed.")
        alone = [key for key in wanted if not _goes_along(key, wanted)]
        left, steps = ghosts.removal(snapshot, alone)
        entries = [key for key in left if key.kind == "acl"]
        others = sorted(
            (key for key in left if key.kind != "acl"),
            key=lambda key: (-KINDS.index(key.kind), key),
        )
        made = [_STEPS[key.kind](snapshot, key) for key in others]
        steps = (*_acl_steps(snapshot, entries), *steps, *made)
        return Draft(_title(snapshot, wanted), steps)

    return intent


def _title(snapshot: Snapshot, keys: Sequence[Key]) -> str:
    """A factor goes by its name: its id says nothing to anybody."""
    if len(keys) == 1 and keys[0].kind == "factor":
        entry = factor_of(snapshot, keys[0].name, keys[0].part)
        return f"remove {named(entry)} of {keys[0].name}"
    return title_of("remove", keys)


def title_of(doing: str, keys: Sequence[Key]) -> str:
    """`remove user ann@pve`, `remove 3 API tokens`, `remove 5 objects`."""
    kinds = {key.kind for key in keys}
    if len(keys) == 1:
        return f"{doing} {shown(keys[0])}"
    return f"{doing} {len(keys)} {_MANY[kinds.pop()] if len(kinds) == 1 else 'objects'}"


def _goes_along(key: Key, wanted: Collection[Key]) -> bool:
    """Does PVE remove it with its user or group, which is removed, too?"""
    match key.kind:
        case "acl":
            kind, subject, _ = acl_parts(key)
            return kind in ("user", "group") and Key(kind, subject) in wanted
        case "token":
            return Key("user", key.name.rpartition("!")[0]) in wanted
        case "factor" | "lock" | "password":
            return Key("user", key.name) in wanted
    return False


def _acl_steps(snapshot: Snapshot, keys: Sequence[Key]) -> tuple[ApiCall, ...]:
    """One call for each role on each path: PVE takes several subjects at once."""
    calls: dict[tuple[str, str], dict[str, list[str]]] = {}
    for key in keys:
        if record(snapshot, key) is None:
            raise UsageError(f"There is no {shown(key)}.")
        kind, subject, role = acl_parts(key)
        subjects = calls.setdefault((key.name, role), {})
        subjects.setdefault(_SUBJECTS[kind], []).append(subject)
    return tuple(
        ApiCall(
            "PUT",
            ("access", "acl"),
            {
                "path": path,
                "roles": role,
                **{name: ",".join(subjects) for name, subjects in sorted(of.items())},
                "delete": 1,
            },
        )
        for (path, role), of in sorted(calls.items())
    )


def _user(snapshot: Snapshot, key: Key) -> ApiCall:
    user = user_of(snapshot, key.name)
    if user.id == ROOT:
        raise Refused(
            "root@pam cannot be removed: PVE makes it anew at once, without its second factors.",
            "Disable it, or remove its second factors one by one.",
        )
    return ApiCall("DELETE", ("access", "users", user.id))


def _group(snapshot: Snapshot, key: Key) -> ApiCall:
    found(snapshot, access_of(snapshot).groups, key.name, "group")
    return ApiCall("DELETE", ("access", "groups", key.name))


def _role(snapshot: Snapshot, key: Key) -> ApiCall:
    if found(snapshot, access_of(snapshot).roles, key.name, "role").special:
        raise Refused(f"Role {key.name} is built in: PVE does not remove it.")
    return ApiCall("DELETE", ("access", "roles", key.name))


def _token(snapshot: Snapshot, key: Key) -> ApiCall:
    userid, _, name = key.name.rpartition("!")
    tokens = user_of(snapshot, userid).tokens
    found(snapshot, tokens, name, f"API token of {userid} named")
    return ApiCall("DELETE", ("access", "users", userid, "token", name))


def _realm(snapshot: Snapshot, key: Key) -> ApiCall:
    if key.name in BUILT_IN:
        raise Refused(f"Realm {key.name} is always there: PVE makes it anew.")
    realm = found(snapshot, required(snapshot.realms, "Realms").realms, key.name, "realm")
    if realm.type is None:
        raise Refused(
            f"PVE itself cannot read realm {key.name}, and so not remove it.",
            "Mend it first: e on Realms makes it anew with what it lacks.",
        )
    return ApiCall("DELETE", ("access", "domains", key.name))


def _factor(snapshot: Snapshot, key: Key) -> ApiCall:
    return removal_step(key.name, factor_of(snapshot, key.name, key.part))


def _lock(snapshot: Snapshot, key: Key) -> ApiCall:
    return unlock_step(snapshot, key.name)


def _pool(snapshot: Snapshot, key: Key) -> ApiCall:
    """PVE refuses a pool with anything in it; guests and storages that are gone do not count."""
    known = access_of(snapshot).pools
    pool = found(snapshot, known, key.name, "pool")
    inside = [f"pool {name}" for name in known if name.startswith(f"{pool.id}/")]
    inside += pools.members_that_count(snapshot, pool)
    if inside:
        raise Refused(
            f"Pool {pool.id} is not empty: {listed(inside)} "
            f"{'is' if len(inside) == 1 else 'are'} in it.",
            "Take them out first: PVE removes empty pools only.",
        )
    return pools.pool_call(snapshot, "DELETE", pool.id)


def _option(snapshot: Snapshot, key: Key) -> ApiCall:
    datacenter = required(snapshot.datacenter, "Datacenter options")
    found(snapshot, datacenter.options, key.name, "datacenter option")
    return ApiCall("PUT", ("cluster", "options"), {"delete": key.name})


def _job(snapshot: Snapshot, key: Key) -> ApiCall:
    found(snapshot, required(snapshot.jobs, "Sync jobs").sync, key.name, "sync job")
    return ApiCall("DELETE", ("cluster", "jobs", "realm-sync", key.name))


def _password(snapshot: Snapshot, key: Key) -> ApiCall:
    raise UsageError(
        f"The password of {key.name} cannot be removed, only be replaced.",
        "To keep somebody out, disable the user.",
    )


_STEPS: Final[Mapping[str, Callable[[Snapshot, Key], ApiCall]]] = {
    "realm": _realm,
    "role": _role,
    "group": _group,
    "user": _user,
    "password": _password,
    "token": _token,
    "pool": _pool,
    "factor": _factor,
    "lock": _lock,
    "option": _option,
    "job": _job,
}
