"""Pools: add, edit, empty and remove them (PVE::API2::Pool; reference 2 and 3.2)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core import names, versions
from pve_auth_tui.core.accessdata import Pool
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.common import access_of, found
from pve_auth_tui.core.perltext import shown_number
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, listed

_VMID: Final = re.compile("[1-9][0-9]{2,8}")  # 100 to 999999999
_LETTER: Final = re.compile("[A-Za-z]")
_LOCAL: Final = "local"  # a storage that is there even when no file names it


class _Wish(NamedTuple):
    """What a pool is to be; None leaves something as it is."""

    comment: str | None
    vms: Sequence[str] | None
    storage: Sequence[str] | None
    allow_move: bool


def add(
    poolid: str,
    *,
    comment: str = "",
    vms: Sequence[str] = (),
    storage: Sequence[str] = (),
    allow_move: bool = False,
) -> Intent:
    """A new pool, with members; PVE takes those in a call of their own."""

    def intent(snapshot: Snapshot) -> Draft:
        if problem := new_pool_problem(snapshot, poolid):
            raise UsageError(problem)
        given: dict[str, Param] = {"poolid": poolid, **({"comment": comment} if comment else {})}
        pool = Pool(poolid, comment=comment or None)
        steps, notes = _changes(snapshot, pool, _Wish(None, vms, storage, allow_move))
        return Draft(f"add pool {poolid}", (ApiCall("POST", ("pools",), given), *steps), notes)

    return intent


def edit(
    poolid: str,
    *,
    comment: str | None = None,
    vms: Sequence[str] | None = None,
    storage: Sequence[str] | None = None,
    allow_move: bool = False,
) -> Intent:
    """`vms` (VMIDs) and `storage` are the whole new lists; None leaves something as it is.

    A guest is in one pool at most: with `allow_move` it leaves the other one, without it the
    intent raises Refused.
    """

    def intent(snapshot: Snapshot) -> Draft:
        pool = found(snapshot, access_of(snapshot).pools, poolid, "pool")
        steps, notes = _changes(snapshot, pool, _Wish(comment, vms, storage, allow_move))
        if not steps:
            raise Refused(f"Pool {poolid} is so already: nothing is to be changed.")
        return Draft(f"edit pool {poolid}", steps, notes)

    return intent


def change(
    poolid: str,
    *,
    comment: str | None = None,
    vms: tuple[Collection[str], Collection[str]] = ((), ()),
    storage: tuple[Collection[str], Collection[str]] = ((), ()),
    allow_move: bool = False,
) -> Intent:
    """`vms` and `storage`: (those that come in, those that go); all others stay as they are."""

    def intent(snapshot: Snapshot) -> Draft:
        pool = found(snapshot, access_of(snapshot).pools, poolid, "pool")
        return edit(
            poolid,
            comment=comment,
            vms=_turned([shown_number(vmid) for vmid in pool.vms], *vms),
            storage=_turned(pool.storage, *storage),
            allow_move=allow_move,
        )(snapshot)

    return intent


def _turned(
    there: Sequence[str], come: Collection[str], go: Collection[str]
) -> Sequence[str] | None:
    if not (come or go):
        return None
    return [name for name in dict.fromkeys((*there, *come)) if name not in go]


def remove(poolids: Sequence[str], *, empty: bool = False) -> Intent:
    """Remove pools, inner ones first; PVE removes empty ones only.

    `empty`: take guests and storages out before. Raises Refused for a pool that holds something
    without it, or a pool that was not named.
    """
    wanted = tuple(dict.fromkeys(poolids))

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError("No pool was named to be removed.")
        known = access_of(snapshot).pools
        steps: list[ApiCall] = []
        for pool in [found(snapshot, known, name, "pool") for name in sorted(wanted, reverse=True)]:
            _require_inner(snapshot, pool, wanted)
            inside = members_that_count(snapshot, pool)
            if inside and not empty:
                raise Refused(
                    f"Pool {pool.id} is not empty: {listed(inside)} "
                    f"{'is' if len(inside) == 1 else 'are'} in it.",
                    "Take them out first: PVE removes empty pools only.",
                )
            if inside:
                out = _members(pool.vms, pool.storage)
                steps.append(pool_call(snapshot, "PUT", pool.id, {**out, "delete": 1}))
            steps.append(pool_call(snapshot, "DELETE", pool.id))
        verb = "empty and remove" if len(steps) > len(wanted) else "remove"
        what = f"pool {wanted[0]}" if len(wanted) == 1 else f"{len(wanted)} pools"
        return Draft(f"{verb} {what}", tuple(steps))

    return intent


def members_that_count(snapshot: Snapshot, pool: Pool) -> list[str]:
    """What keeps PVE from removing it: `guest 100`, `storage nas`.

    Guests and storages that are gone do not count; where that is not known, all do.
    """
    inventory = snapshot.inventory.value
    guests = [f"guest {vm}" for vm in pool.vms if inventory is None or vm in inventory.guests]
    return guests + [
        f"storage {name}"
        for name in pool.storage
        if inventory is None or name in (*inventory.storages, _LOCAL)
    ]


def pool_call(
    snapshot: Snapshot, method: str, poolid: str, given: Mapping[str, Param] | None = None
) -> ApiCall:
    """A call on one pool: since pools can be nested its name is a parameter, before it was part
    of the path.
    """
    if versions.has(release_of(snapshot), "nested-pools"):
        return ApiCall(method, ("pools",), {"poolid": poolid, **(given or {})})
    return ApiCall(method, ("pools", poolid), dict(given or {}))


def new_pool_problem(snapshot: Snapshot, name: str) -> str:
    """What is wrong with the name of a pool to be added; "" when nothing is."""
    if problem := names.pool_problem(name, release=release_of(snapshot)):
        return problem
    parent, _, leaf = name.rpartition("/")
    if not _LETTER.match(leaf):
        return "A pool's name begins with a letter."
    access = snapshot.access.value
    if access and name in access.pools:
        return f"The pool {name} exists already."
    if access and parent and parent not in access.pools:
        return f"There is no pool {parent} to put it into."
    return ""


def _require_inner(snapshot: Snapshot, pool: Pool, wanted: Sequence[str]) -> None:
    start = f"{pool.id}/"
    inner = [name for name in access_of(snapshot).pools if name.startswith(start)]
    if left := sorted(set(inner).difference(wanted)):
        what = "pool" if len(left) == 1 else "pools"
        raise Refused(
            f"Pool {pool.id} holds the {what} {listed(left)}: PVE removes empty pools only.",
            "Remove the inner ones with it: mark them, too.",
        )


def _changes(
    snapshot: Snapshot, pool: Pool, wish: _Wish
) -> tuple[tuple[ApiCall, ...], tuple[Finding, ...]]:
    """The calls that make the pool so, and what to say about new members."""
    guests = set(pool.vms if wish.vms is None else (_vmid(pool, text) for text in wish.vms))
    stores = set(
        pool.storage if wish.storage is None else (_store(pool, name) for name in wish.storage)
    )
    new_guests, new_stores = guests.difference(pool.vms), stores.difference(pool.storage)
    gone = _members(set(pool.vms) - guests, set(pool.storage) - stores)
    moved = _moved(snapshot, pool, new_guests, wish.allow_move)
    in_one_call = versions.has(release_of(snapshot), "nested-pools")  # `allow-move` came with them
    steps = []
    if gone:
        steps.append(pool_call(snapshot, "PUT", pool.id, {**gone, "delete": 1}))
    if not in_one_call:
        for other, left in moved.items():
            steps.append(pool_call(snapshot, "PUT", other, {**_members(left, ()), "delete": 1}))
    given = _members(new_guests, new_stores)
    if wish.comment is not None and wish.comment != (pool.comment or ""):
        given["comment"] = wish.comment
    if moved and in_one_call:
        given["allow-move"] = 1
    if given:
        steps.append(pool_call(snapshot, "PUT", pool.id, given))
    return tuple(steps), _strangers(snapshot, new_guests, new_stores)


def _moved(
    snapshot: Snapshot, pool: Pool, guests: Collection[int], allow_move: bool
) -> dict[str, list[int]]:
    """Other pool -> its guests that come in. Raises Refused unless they may leave it."""
    found_in: dict[str, list[int]] = {}
    for vmid in sorted(guests):
        if other := pool_of(snapshot, vmid):
            found_in.setdefault(other, []).append(vmid)
    if found_in and not allow_move:
        said = [
            f"{count_words(len(vmids), 'guest', 'guests')} ({listed([*map(str, vmids)])}) "
            f"of pool {name}"
            for name, vmids in found_in.items()
        ]
        raise Refused(
            f"A guest is in one pool at most: {listed(said)} cannot be in {pool.id}, too.",
            "Allow the move: then it leaves the other pool, and rights through that end.",
        )
    return found_in


def pool_of(snapshot: Snapshot, vmid: int) -> str:
    """The pool that a guest is in; "" for none."""
    pools = access_of(snapshot).pools.values()
    return next((pool.id for pool in pools if vmid in pool.vms), "")


def _strangers(
    snapshot: Snapshot, guests: Iterable[int], stores: Iterable[str]
) -> tuple[Finding, ...]:
    """PVE takes members that it does not have."""
    inventory = snapshot.inventory.value
    if inventory is None:
        return ()
    said = [f"guest {vmid}" for vmid in sorted(guests) if vmid not in inventory.guests]
    said += [f"storage {n}" for n in sorted(stores) if n not in (*inventory.storages, _LOCAL)]
    if not said:
        return ()
    return (Finding("LOOK", f"There is no {listed(said)} here. PVE takes it all the same."),)


def _members(vms: Iterable[int], storage: Iterable[str]) -> dict[str, Param]:
    """As parameters; what there is none of is left out."""
    given = {"vms": ",".join(map(str, sorted(vms))), "storage": ",".join(sorted(storage))}
    return {name: value for name, value in given.items() if value}


def _vmid(pool: Pool, text: str) -> int:
    """What is in the pool already stays, whatever it is."""
    there = {shown_number(vmid): vmid for vmid in pool.vms}
    if text not in there and not _VMID.fullmatch(text):
        raise UsageError(f"A guest is its VMID, a number from 100 on: {text} is none.")
    return there[text] if text in there else int(text)


def _store(pool: Pool, name: str) -> str:
    if name not in pool.storage and not names.is_storage(name):
        raise UsageError(f"{name} cannot be the name of a storage.")
    return name
