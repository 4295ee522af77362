"""What the guard accepts, tried at the door: real logins in two steps on the simulated node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.guard import Verdict, judge, ways_in
from pve_auth_tui.core.objects import Key, differing
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.node import SimNode
from tests.simnode.guard_houses import NOW, House, Logins, carry_out

HOUSES = 20  # by each seed
PLANS = 5  # for each house
SEEDS = range(4)


def picture(node: SimNode) -> Snapshot:
    return SnapshotService(node.tree, FixedClock(float(NOW))).load()


def known_ways(snapshot: Snapshot) -> dict[str, set[str]]:
    ways = ways_in(snapshot, NOW)
    return {way.userid: set(way.factors) for way in ways if way.certainty == "known"}


def judged(before: Snapshot, after: Snapshot, calls: Sequence[ApiCall]) -> Verdict:
    set_anew = [call.params["userid"] for call in calls if "password" in call.secrets]
    passwords = [Key("password", str(userid)) for userid in set_anew]
    return judge(before, after, [*differing(before, after), *passwords], NOW)


def foretold(before: Snapshot, calls: Sequence[ApiCall]) -> Verdict | None:
    """As a plan is judged before anything is done; None where not all can be foretold."""
    found = forecast(before, calls, now=float(NOW))
    if found.unforeseen or found.problems:
        return None
    touched = [*differing(before, found.snapshot), *found.renewed]
    return judge(before, found.snapshot, touched, NOW)


@pytest.mark.parametrize("seed", SEEDS)
def test_after_every_plan_that_is_accepted_an_administrator_really_gets_in(seed: int) -> None:
    random = Random(seed)  # noqa: S311 (no secrets)
    met: Counter[str] = Counter()
    for _ in range(HOUSES):
        house = House(random)
        before = picture(house.node())
        for _ in range(PLANS):
            node, calls, pockets = carry_out(house, random.randrange(1, 12))
            after = picture(node)
            verdict = judged(before, after, calls)
            engine, logins = Permissions(node.state.access), Logins(node.disk, pockets)
            people = [who for who in node.state.access.users if engine.is_administrator(who)]
            inside = {who: ways for who in people if (ways := logins.ways_of(who)) is not None}
            told = (calls, inside, verdict)
            if known_ways(before) and not verdict.refusal:
                assert inside, told
                met["accepted"] += 1
            for way in verdict.ways:  # each of them, with each factor that is named
                if way.certainty == "known":
                    assert set(way.factors) <= inside[way.userid], told
                    met["ways"] += 1
            assert inside.keys() <= known_ways(after).keys(), told
            early = foretold(before, calls)
            if early is not None:
                assert early.refusal == verdict.refusal, (told, early)
                met["foretold"] += 1
            met["refused"] += bool(verdict.refusal)
            met["logins"] += logins.tried
            met["in"] += len(inside)
            met["kept out"] += len(people) - len(inside)
            met["by a factor"] += sum(map(bool, inside.values()))
    assert met["accepted"] >= 60, met
    assert met["ways"] >= 100, met
    assert met["in"] >= 100, met
    assert met["by a factor"] >= 40, met
    assert met["logins"] >= 300, met
    assert met["kept out"] >= 50, met
    assert met["refused"] >= 8, met
    assert met["foretold"] >= 80, met
