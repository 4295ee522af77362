"""The guard against an oracle: 100,000 random plans."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from pve_auth_tui.core.guard import judge
from pve_auth_tui.core.objects import Key, differing
from tests.core.guard_oracle import (
    administrators,
    changed,
    let_end,
    must_be_refused,
    shuts_root_out,
)
from tests.core.guard_worlds import NOW, USERS, picture, plans

PLANS = 10_000  # by each seed
SEEDS = range(10)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_accepted_plan_leaves_nobody_in_and_no_refusal_is_without_a_reason(seed: int) -> None:
    random = Random(seed)  # noqa: S311 (no secrets)
    met: Counter[str] = Counter()
    for cluster, some_plans in plans(random, PLANS):
        before = picture(cluster)
        shown = random.choice(("", "root@pam", *USERS))
        old = administrators(cluster, cluster, NOW, shown)
        for plan in some_plans:
            after = changed(cluster, plan)
            then = picture(after, (cluster, before))
            passwords = [Key("password", userid) for userid in sorted(after.new_passwords)]
            touched = [*differing(before, then), *passwords]
            verdict = judge(before, then, touched, NOW, logged_in=shown)
            new = administrators(after, cluster, NOW, shown)
            ending = {userid for userid in new if let_end(after, cluster, userid, NOW)}
            told = (plan, cluster, shown)
            if not verdict.refusal and "known" in old.values():
                lasting = [new[userid] for userid in new.keys() - ending]
                assert "known" in lasting, told
            shut_out = shuts_root_out(cluster, after, old, new)
            refused = must_be_refused(old, new, ending) or shut_out
            met["root alone is shut out"] += shut_out and not must_be_refused(old, new, ending)
            assert bool(verdict.refusal) == refused, told
            assert {way.userid: way.certainty for way in verdict.ways} == new, told
            met["plans"] += 1
            met["refused" if verdict.refusal else "accepted"] += 1
            met["somebody was in" if "known" in old.values() else "nobody was in"] += 1
    assert met["plans"] == PLANS
    assert met["accepted"] > PLANS // 4
    assert met["refused"] > PLANS // 10
    assert met["nobody was in"] > PLANS // 10
    assert met["root alone is shut out"]
