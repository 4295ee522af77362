"""What core.predict foretells is what the simulated node does, which answers as PVE does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import pytest

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.objects import differing, record, shown
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from tests.simnode.random_calls import RandomCalls

NOW = float(DEMO_NOW)
STEPS = 6
FILES = dict(demo_tree().files)


class StandingClock:
    def now(self) -> float:
        return NOW


def node_with(files: dict[str, bytes]) -> SimNode:
    numbers = count()
    sources = replace(
        system_sources(), now=lambda: NOW, uuid=lambda: f"{next(numbers):08}-0000-4000-8000-0"
    )
    return SimNode(MemoryDisk(files), sources)


def read(node: SimNode) -> Snapshot:
    return SnapshotService(node.tree, StandingClock(), demo=True).load()


def accepted(node: SimNode, call: ApiCall) -> str:
    """Why the node refuses a call; "" when it takes it."""
    try:
        DirectApi(node, "pve1.example.com:8006").call(
            call.method, call.path, call.params, call.secrets
        )
    except AuthTuiError as error:
        return str(error) or repr(error)
    return ""


def unnamed(snapshot: Snapshot, known: Iterable[str]) -> Snapshot:
    """New factors by their order instead of their id; an empty address as none."""
    tfa, access = snapshot.tfa.value, snapshot.access.value
    assert tfa
    assert access
    known = set(known)

    def told(number: int, entry: TfaEntry) -> TfaEntry:
        if entry.id in known and entry.created != int(NOW):
            return entry
        return replace(entry, id=f"new {number}", created=0, data=None)

    users = {
        userid: replace(user, entries=tuple(told(n, e) for n, e in enumerate(user.entries)))
        for userid, user in tfa.users.items()
    }
    people = {userid: replace(one, email=one.email or "") for userid, one in access.users.items()}
    return replace(
        snapshot,
        tfa=snapshot.tfa._replace(value=replace(tfa, users=users)),
        access=snapshot.access._replace(value=replace(access, users=people)),
    )


def factor_ids(snapshot: Snapshot) -> list[str]:
    tfa = snapshot.tfa.value
    assert tfa is not None
    return [entry.id for user in tfa.users.values() for entry in user.entries]


def same(told: Snapshot, read_back: Snapshot, known: Iterable[str]) -> list[str]:
    """What differs between two pictures, in words."""
    one, two = unnamed(told, known), unnamed(read_back, known)
    found = [
        f"{shown(key)}: foretold {record(one, key)}, is {record(two, key)}"
        for key in differing(one, two)
    ]
    for name in ("users", "groups", "roles", "pools", "acl", "groups_of"):
        if getattr(one.access.value, name) != getattr(two.access.value, name):
            found.append(name)
    for name in ("tfa", "passwords", "token_secrets"):
        if one.parts[name].value != two.parts[name].value:
            found.append(name)
    realms, options = one.realms.value, one.datacenter.value
    assert realms
    assert options
    if realms.realms != two.realms.value.realms:
        found.append("realms")
    if options[:2] != two.datacenter.value[:2]:
        found.append("datacenter")
    return found


@pytest.mark.parametrize("seed", range(300))
def test_a_call_does_what_was_foretold(seed):
    node = node_with(FILES)
    first = before = read(node)
    calls = RandomCalls(seed, first, NOW)
    known = factor_ids(first)
    steps = []
    for _ in range(STEPS):
        call = calls.call(before)
        told = forecast(before, [call], now=NOW)
        refusal = accepted(node, call)
        after = read(node)
        wrong = same(told.snapshot, after, known)
        assert not wrong, (call, told.problems, refusal)
        assert bool(told.problems) == bool(refusal), (call, told.problems, refusal)
        before = after
        steps.append(call)
    assert not same(forecast(first, steps, now=NOW).snapshot, before, known)
