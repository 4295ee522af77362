"""What PVE's API told beside what was read from its files a moment ago.

The API leaves things out: what a second factor consists of, how many recovery keys are left,
what PVE ignored in a file; and secrets were masked as they came. So wherever the two say the
same, through the answers that `core.answers` makes of both, the richer one stays. `known` is
from the files; each function returns it itself, not a copy, when nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pve_auth_tui.core import answers
from pve_auth_tui.core.accessdata import Pool, Role, User, UserConfig
from pve_auth_tui.core.domains import Domains, Realm
from pve_auth_tui.core.snapshot import Cluster, Datacenter, Inventory, Jobs, SyncJob
from pve_auth_tui.core.tfaconfig import TfaConfig, UserTfa

T = TypeVar("T")
V = TypeVar("V")


def same_access(told: UserConfig, known: UserConfig) -> bool:
    """Whether both give the same answers; of pools what their list tells, not their members."""
    if not _same(told, known, lambda config: answers.users(config, full=True)):
        return False
    shown = (answers.groups, answers.roles, answers.acl, answers.pools)
    return all(_same(told, known, show) for show in shown)


def access(told: UserConfig, known: UserConfig) -> UserConfig:
    """Users as they were where nothing changed (their `keys` are not masked), all else as told.

    The warnings about the file stay, and which privileges of a role PVE drops.
    """

    def shown(users: Mapping[str, User]) -> Mapping[str, Any]:
        rows = answers.masked(answers.users(replace(told, users=users), full=True))
        return {row["userid"]: row for row in rows}

    users = _kept(told.users, known.users, shown)
    roles = {name: _with_dropped(role, known.roles.get(name)) for name, role in told.roles.items()}
    return replace(told, users=users, roles=roles, warnings=known.warnings)


def _with_dropped(told: Role, known: Role | None) -> Role:
    """What PVE does not know it does not tell; the file does, until somebody changes the role."""
    if known is None or known.privs != told.privs:
        return told
    return replace(told, dropped=known.dropped)


def with_strangers(told: Pool, known: Pool | None, inventory: Inventory | None) -> Pool:
    """PVE does not tell members that are no guest or storage of the cluster; the file does."""
    if known is None or inventory is None:
        return told
    return replace(
        told,
        vms=_joined(told.vms, known.vms, inventory.guests),
        storage=_joined(told.storage, known.storage, inventory.storages),
    )


def _joined(told: tuple[V, ...], known: tuple[V, ...], here: Collection[V]) -> tuple[V, ...]:
    return tuple(sorted({*told, *(each for each in known if each not in here)}))  # type: ignore[type-var]


def realms(told: Domains, known: Domains) -> Domains:
    """Realms in the order of the file, as they were where nothing changed."""

    def shown(realms: Mapping[str, Realm]) -> Mapping[str, Any]:
        rows = answers.masked(answers.realm_details(Domains(realms)))
        # of a section that PVE itself cannot read it tells nothing but the name
        return {row["realm"]: row if row["type"] else None for row in rows}

    kept = _kept(told.realms, known.realms, shown)
    order = {name: number for number, name in enumerate(known.realms)}
    names = sorted(kept, key=lambda name: order.get(name, len(order)))
    if names == list(known.realms) and all(kept[name] is known.realms[name] for name in names):
        return known
    return replace(known, realms={name: kept[name] for name in names}, digest=told.digest)


def tfa(told: TfaConfig, known: TfaConfig, now: float) -> TfaConfig:
    """Users and entries as they were where nothing changed; `now` in seconds since 1970."""
    mine, theirs = ({row["userid"]: row for row in answers.tfa(of, now)} for of in (told, known))
    if mine == theirs:
        return known
    users = {
        userid: known.users[userid]
        if mine[userid] == theirs.get(userid)
        else _factors(user, known.users.get(userid))
        for userid, user in told.users.items()
    }
    return TfaConfig(users, (*known.warnings, *told.warnings))


def _factors(told: UserTfa, known: UserTfa | None) -> UserTfa:
    before = {(each.type, each.id): each for each in known.entries} if known else {}
    entries = []
    for entry in told.entries:
        old = before.get((entry.type, entry.id))
        bare = old and replace(old, data=None, unused=None, total=None)
        entries.append(old if old and bare == entry else entry)
    return replace(told, entries=tuple(entries))


def datacenter(told: Datacenter, known: Datacenter) -> Datacenter:
    """The options as told, unless nothing changed."""
    if _same(told, known, answers.cluster_options):
        return known
    return told._replace(warnings=known.warnings)


def jobs(told: Jobs, known: Jobs) -> Jobs:
    """Jobs as they were where nothing changed; the last result belongs to the last run."""

    def shown(sync: Mapping[str, SyncJob]) -> Mapping[str, Any]:
        return {row["id"]: row for row in answers.realm_sync_jobs(Jobs(sync))}

    kept = _kept(told.sync, known.sync, shown)
    if kept == known.sync:
        return known
    return replace(known, sync=kept, sections=())


def cluster(told: Cluster, known: Cluster) -> Cluster:
    """What PVE tells of the nodes; packages and locks are those of the node itself.

    While corosync does not run, PVE takes the node for one that is in no cluster: then the files
    know better.
    """
    if told.name is None and known.name is not None:
        return known
    found = replace(
        told,
        node=told.node or known.node,
        pve_release=told.pve_release or known.pve_release,
        access_control=known.access_control,
        locks=known.locks,
    )
    return known if found == known else found


def _same(told: T, known: T, show: Callable[[T], Any]) -> bool:
    return bool(answers.masked(show(told)) == answers.masked(show(known)))


def _kept(
    told: Mapping[str, V],
    known: Mapping[str, V],
    show: Callable[[Mapping[str, V]], Mapping[str, Any]],
) -> dict[str, V]:
    """What was told, but the known value itself wherever its answer is the same."""
    mine, theirs = show(told), show(known)
    return {
        name: known[name] if name in theirs and mine[name] == theirs[name] else value
        for name, value in told.items()
    }
