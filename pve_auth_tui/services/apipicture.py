"""The picture of a cluster's access as PVE's API tells it, subject by subject.

On the node itself the files were read before: then the API is asked whether they still say the
same, and what it does not tell is taken from them. From elsewhere there is nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from pve_auth_tui.core import answers, apimerge, fromapi, fromapimore
from pve_auth_tui.core.accessdata import ROOT, Pool, UserConfig
from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.domains import Domains
from pve_auth_tui.core.errors import ApiError, AuthTuiError, Unreachable, Unreadable
from pve_auth_tui.core.health import Health, health
from pve_auth_tui.core.ports import Api, Clock, Param
from pve_auth_tui.core.snapshot import Cluster, Datacenter, Inventory, Jobs, Part, Snapshot
from pve_auth_tui.core.tfaconfig import TfaConfig
from pve_auth_tui.services.reading import Found

SECONDS: Final = 10.0  # for one call
ALL_SECONDS: Final = 30.0  # for all of them
MOST_POOLS: Final = 500  # whose members are asked for, one call each
_SILENT: Final = 2  # calls without an answer, after which nobody is asked any more
_BUSY: Final = "The node may be busy: r reads again."
_OLDER: Final = "Shown is what PVE's files say."
_ON_THE_NODE: Final = "On the node itself, as root, this program reads it from PVE's files."

T = TypeVar("T")
OnPart = Callable[[Snapshot], None]


class ApiPicture:
    """Blocking. `demo` marks a picture without files as that of a simulated cluster."""

    def __init__(self, api: Api, clock: Clock, *, demo: bool = False) -> None:
        self._api = api
        self._clock = clock
        self._demo = demo

    def load(self, before: Snapshot | None = None, on_part: OnPart | None = None) -> Snapshot:
        """The picture; a subject that the API does not tell says why, and is `before`'s.

        `on_part` gets the picture so far whenever a subject is there. Never raises for what
        the other side does.
        """
        way = self._api.way
        asking = Asking(self._api, self._clock, before, way)
        found = before or self._nothing(way)
        found = replace(found, source=way, taken_at=self._clock.now())
        for subject, read in _SUBJECTS.items():
            part: dict[str, Any] = {subject: asking.part(subject, read)}
            found = replace(found, **part)
            if on_part:
                on_part(found)
        return replace(found, restricted=asking.restricted)

    def _nothing(self, way: str) -> Snapshot:
        now = self._clock.now()

        def untold(what: str) -> Part[Any]:
            return Part(None, way, now, f"PVE's API does not tell {what}.", _ON_THE_NODE)

        yet: Part[Any] = Part(None, way, now, "PVE's API is still being asked.")
        subjects: dict[str, Any] = dict.fromkeys(_SUBJECTS, yet)
        return Snapshot(
            taken_at=now,
            source=way,
            demo=self._demo,
            **subjects,
            passwords=untold("which accounts have a password"),
            token_secrets=untold("which API tokens have a secret"),
        )


class Asking:
    """One round of questions, all within ALL_SECONDS; `way` is the one it begins with."""

    def __init__(self, api: Api, clock: Clock, before: Snapshot | None, way: str) -> None:
        self._api = api
        self._way = way
        self._clock = clock
        self._before = before
        self._until = time.monotonic() + ALL_SECONDS
        self._silent = 0
        self.restricted = False

    def known(self, subject: str) -> Any:
        """What the files say of a subject; None without files."""
        return getattr(self._before, subject).value if self._before else None

    @property
    def user(self) -> str:
        """Who asks."""
        return self._api.user

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.now()

    def get(self, *path: str, **params: Param) -> Any:
        """PVE's answer without its secrets (R9); raises what `Api.call` raises, and Unreadable."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Unreachable(f"PVE's API was not asked: {ALL_SECONDS:.0f} s were over.", _BUSY)
        if self._silent >= _SILENT:
            raise Unreachable("PVE's API was not asked: it had not answered before.", _BUSY)
        try:
            answer = self._api.call("GET", path, params, seconds=min(SECONDS, left))
        except Unreachable:
            self._silent += 1
            raise
        self._silent = 0
        try:
            return answers.masked(answer)
        except RecursionError:
            raise Unreadable("PVE's API answered with far too many levels.") from None

    def part(self, subject: str, read: Callable[[Asking], Found[Any]]) -> Part[Any]:
        """A subject as the API tells it; as the files have it, and why, where it does not."""
        before: Part[Any] | None = getattr(self._before, subject) if self._before else None
        known = before if before and before.value is not None else None
        if subject == "inventory" and known:
            return known  # PVE would look at every guest and storage of every node
        try:
            value, problem, hint = read(self)
        except AuthTuiError as error:
            return self._untold(subject, before, error)
        if known and value is known.value and not problem:
            return known._replace(source=self._way, read_at=self.now)
        if known and not problem:  # it is about the file: still true of what is not changed
            problem, hint = known.problem, known.hint
        return Part(value, self._way, self.now, problem, hint)

    def _untold(self, subject: str, before: Part[Any] | None, error: AuthTuiError) -> Part[Any]:
        trouble = self.trouble(error, _NAMES[subject])
        if before is None:
            now = self.now
            return Part(None, self._way, now, str(trouble), trouble.hint, trouble.original)
        if before.value is None:
            return before  # the file itself cannot be read, and says more about it
        problem = f"{trouble} {_OLDER} {before.problem}".rstrip()
        return before._replace(problem=problem, hint=trouble.hint, original=trouble.original)

    def trouble(self, error: AuthTuiError, what: str) -> AuthTuiError:
        """The same in a sentence that says what could not be read."""
        if isinstance(error, ApiError):
            return explained(error, action=f"read {what}", user=self._api.user)
        return AuthTuiError(f"Could not read {what}: {error}", error.hint, error.original)


# --- subjects --------------------------------------------------------------------------


def _access(asking: Asking) -> Found[UserConfig]:
    known: UserConfig | None = asking.known("access")
    users, groups, roles, acl = (
        asking.get("access", "users", full=1),
        *(asking.get("access", name) for name in ("groups", "roles", "acl")),
    )
    problem = hint = ""
    try:
        pools = fromapi.pool_list(asking.get("pools"))
    except AuthTuiError as error:
        trouble = asking.trouble(error, "the pools")
        problem, hint = str(trouble), trouble.hint
        pools = dict(known.pools) if known else {}
        told = fromapi.user_config(users, groups, roles, acl, pools)
    else:
        told = fromapi.user_config(users, groups, roles, acl, pools)
        if known and apimerge.same_access(told, known):
            return Found(known)
        pools, problem = _with_members(asking, pools, known)
        told = replace(told, pools={**told.pools, **pools})
    if known is None and _is_restricted(asking, told):
        asking.restricted = True
        part = f"PVE shows {asking.user} only a part of the users and ACL entries"
        problem = f"{part}: rights may be missing here. {problem}".rstrip()
        hint = "Log in as root@pam, or as somebody with Sys.Audit on /access."
    return Found(apimerge.access(told, known) if known else told, problem, hint)


def _is_restricted(asking: Asking, told: UserConfig) -> bool:
    """Whether PVE leaves users and ACL entries out for whoever asks; root@pam always exists."""
    if asking.user == ROOT or ROOT not in told.users:
        return asking.user != ROOT
    try:
        held = asking.get("access", "permissions", path="/access")
    except AuthTuiError:
        return True
    return not (isinstance(held, dict) and "Sys.Audit" in (held.get("/access") or {}))


def _with_members(
    asking: Asking, pools: Mapping[str, Pool], known: UserConfig | None
) -> tuple[dict[str, Pool], str]:
    """The pools with their members; a sentence when some could not be had."""
    inventory: Inventory | None = asking.known("inventory")
    known_pools = known.pools if known else {}
    found = {name: known_pools.get(name, pool) for name, pool in pools.items()}
    for number, (name, pool) in enumerate(pools.items()):
        if number == MOST_POOLS:
            return found, f"The members of {len(pools) - number} pools were not read."
        try:
            told = fromapi.pool(asking.get("pools", poolid=name), pool)
        except AuthTuiError as error:
            return found, str(asking.trouble(error, f"the members of pool {name}"))
        found[name] = apimerge.with_strangers(told, known_pools.get(name), inventory)
    return found, ""


def _realms(asking: Asking) -> Found[Domains]:
    """Whoever may not see a realm's settings still sees what the login box needs."""
    known: Domains | None = asking.known("realms")
    listed = fromapimore.realm_list(asking.get("access", "domains"))
    details: dict[str, Any] = {}
    problem = hint = ""
    for name, realm in listed.items():
        if realm.type is None:
            continue  # PVE cannot read its section and has nothing to tell
        try:
            details[name] = asking.get("access", "domains", name)
        except ApiError as error:
            if known:
                raise
            trouble = asking.trouble(error, "the settings of the realms")
            problem, hint = str(trouble), trouble.hint
            break
    told = fromapimore.domains(listed, details)
    return Found(apimerge.realms(told, known) if known else told, problem, hint)


def _tfa(asking: Asking) -> Found[TfaConfig]:
    known: TfaConfig | None = asking.known("tfa")
    told = fromapi.tfa_config(asking.get("access", "tfa"))
    return Found(apimerge.tfa(told, known, asking.now) if known else told)


def _datacenter(asking: Asking) -> Found[Datacenter]:
    known: Datacenter | None = asking.known("datacenter")
    answer = asking.get("cluster", "options")
    if fromapimore.is_for_everybody(answer):
        raise ApiError(403, "Permission check failed (/, Sys.Audit)\n")  # as for other calls
    told = fromapimore.datacenter(answer)
    return Found(apimerge.datacenter(told, known) if known else told)


def _jobs(asking: Asking) -> Found[Jobs]:
    known: Jobs | None = asking.known("jobs")
    told = fromapimore.jobs(asking.get("cluster", "jobs", "realm-sync"))
    return Found(apimerge.jobs(told, known) if known else told)


def _cluster(asking: Asking) -> Found[Cluster]:
    known: Cluster | None = asking.known("cluster")
    told = fromapimore.cluster(asking.get("cluster", "status"), asking.get("version"))
    return Found(apimerge.cluster(told, known) if known else told)


def _inventory(asking: Asking) -> Found[Inventory]:
    return Found(fromapimore.inventory(asking.get("cluster", "resources")))


def _health(asking: Asking) -> Found[Health | None]:
    """What this way, or this user, does not get to see is no problem of the node's."""
    known: Cluster | None = asking.known("cluster")
    node = (known.node if known else "") or "localhost"
    try:
        services, status = (asking.get("nodes", node, what) for what in ("services", "status"))
    except ApiError:
        return Found(None)
    return Found(health(services, status))


_SUBJECTS: Final[Mapping[str, Callable[[Asking], Found[Any]]]] = {
    "access": _access,
    "realms": _realms,
    "cluster": _cluster,
    "tfa": _tfa,
    "datacenter": _datacenter,
    "jobs": _jobs,
    "inventory": _inventory,
    "health": _health,
}
_NAMES: Final = {
    "access": "the users and their rights",
    "realms": "the realms",
    "tfa": "the second factors",
    "datacenter": "the datacenter options",
    "jobs": "the sync jobs",
    "cluster": "the state of the cluster",
    "inventory": "the guests and storages",
    "health": "the node's services",
}
