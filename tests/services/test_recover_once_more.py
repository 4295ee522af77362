"""What makes a node write alone asks the other nodes once more, right before it is run."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.recover.condition import Mount, Neighbour
from pve_auth_tui.simnode.probe import SimProbe
from tests.services.recovering import REASON, ROOT, Trouble


def test_a_neighbour_that_has_quorum_by_now_stops_it() -> None:
    """The plan was made while nobody answered; then a cable was plugged in."""
    trouble = Trouble()
    trouble.breaks("all alone")
    plan = trouble.plan("expected")
    assert not plan.refusal
    trouble.mends("all alone")
    trouble.breaks("no quorum")  # cut off, but the others live
    with pytest.raises(Refused, match="pve2 and pve3 are alive"):
        trouble.shop.recover.apply(plan, userid=ROOT, reason=REASON, override=plan.confirm)
    assert not trouble.snapshot.cluster.value.quorate  # type: ignore[union-attr]
    assert trouble.shop.journal.read() == ()
    assert trouble.shop.recover.unseen() == ()


def test_whoever_overrides_a_refusal_has_seen_who_lives() -> None:
    trouble = Trouble()
    trouble.breaks("no quorum")
    plan = trouble.plan("expected")
    assert "pve2" in plan.refusal
    report = trouble.shop.recover.apply(plan, userid=ROOT, reason=REASON, override=plan.confirm)
    assert report.ok


def test_other_plans_ask_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unlocking takes no ten seconds."""
    trouble = Trouble()
    trouble.breaks("root locked")
    plan = trouble.plan("unlock")
    probe = trouble.shop.recover.probe
    monkeypatch.setattr(probe, "ask", lambda on_answer: pytest.fail("asked"))
    assert trouble.condition.mount is Mount.ANSWERS
    assert trouble.shop.recover.apply(plan, userid=ROOT, reason=REASON).ok


@pytest.mark.parametrize("meanwhile", ["it ended", "another one was started"])
def test_a_process_that_is_another_one_by_now_is_not_ended(meanwhile: str) -> None:
    """The plan has a number, and meanwhile that may be somebody else's."""
    trouble = Trouble()
    trouble.breaks("all alone", "corosync dead")
    local = trouble.plan("local-mode")
    assert trouble.go("local-mode", word=local.confirm).ok
    plan = trouble.plan("hand-back")
    began = len(trouble.journal)
    if meanwhile == "it ended":
        trouble.node.faults.dead.add("pmxcfs")
    else:
        trouble.node.faults.local_mode = False
        assert trouble.condition.pmxcfs is not None
    with pytest.raises(Refused, match="not there any more"):
        trouble.shop.recover.apply(plan, userid=ROOT, reason=REASON, override=plan.confirm)
    assert len(trouble.journal) == began
    assert len(trouble.recovered) == 1


def test_local_mode_asks_once_more_as_well() -> None:
    trouble = Trouble()
    trouble.breaks("all alone", "corosync dead")
    plan = trouble.plan("local-mode")
    trouble.mends("all alone")
    with pytest.raises(Refused, match="pve2 and pve3 are alive"):
        trouble.shop.recover.apply(plan, userid=ROOT, reason=REASON, override=plan.confirm)
    assert trouble.journal == []


def test_local_mode_is_stopped_by_whoever_lives_without_quorum_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No other node ends local mode: one that lives may get quorum any moment."""
    trouble = Trouble()
    trouble.breaks("all alone", "corosync dead")
    plan = trouble.plan("local-mode")
    lives = (Neighbour("pve2", True, False), Neighbour("pve3", False))
    monkeypatch.setattr(SimProbe, "ask", lambda self, on_answer: lives)
    with pytest.raises(Refused, match="pve2 may get quorum any moment"):
        trouble.shop.recover.apply(plan, userid=ROOT, reason=REASON, override=plan.confirm)
    assert trouble.journal == []


def test_secrets_of_files_are_read_only_where_pve_is_not_asked() -> None:
    """What is not held cannot leak."""
    trouble = Trouble()
    assert trouble.look().raw == {}
