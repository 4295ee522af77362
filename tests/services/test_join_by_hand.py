"""A join whose password is another one than that of the check."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.joinready import AccountRefused
from pve_auth_tui.services.report import State
from pve_auth_tui.services.reporttext import trouble_text
from pve_auth_tui.simnode.demo import PASSWORD
from tests.services.joinnode import JoinNode


def test_a_password_that_is_wrong_at_last_is_told_as_such() -> None:
    """It may be another one than that of the check: typed anew after a join was stopped."""
    node = JoinNode()
    try:
        wish = node.wish()
        report = node.check(wish, PASSWORD)
        plan = node.plan(node.join.join(wish, Secret("wrong"), report))
        before = node.disk
        told = "does not take this password of Administrator"
        with pytest.raises(AccountRefused, match=told) as refused:
            node.run(plan)
        assert node.disk == before
        hint = "See whether the keyboard is the right one, then type it again."
        assert refused.value.hint == hint
    finally:
        node.close()


def test_what_to_do_about_a_refused_account_begins_as_a_sentence_does() -> None:
    """It stands after the sentence on what is wrong."""
    node = JoinNode()
    try:
        wish = node.wish()
        report = node.check(wish, "wrong")
        with pytest.raises(Refused) as refused:
            node.join.join(wish, Secret("wrong"), report)
        assert str(refused.value).endswith("of Administrator.")
        assert refused.value.hint.startswith("See whether")
        assert refused.value.hint.endswith(".")
    finally:
        node.close()


def test_what_a_tool_printed_keeps_its_lines_in_a_refusal() -> None:
    """And what would move a terminal is spelled out in every one of them."""
    error = Refused("Nothing was done.", original=" * Using realm\n\n ! Preauth\x1b[2J failed\n")
    lines = trouble_text(error, 60)
    at = lines.index("Original")
    assert [line.strip() for line in lines[at + 1 :]] == [
        "* Using realm",
        "",
        r"! Preauth\x1b[2J failed",
    ]


def test_what_stays_after_a_roll_back_is_told_as_such_in_the_report() -> None:
    """The page of the plan says it as the page of the join does."""
    node = JoinNode()
    try:
        node.host.fails = lambda argv: "permit" in argv
        done = node.run(node.joining())
        assert done.told.remarks[-1] == "What was done was rolled back, all of it."
        some = done._replace(left=("PVE1$ was there before, and has a new password now.",))
        assert some.told.remarks[-2:] == (
            "What was done was rolled back, but not all of it:",
            "PVE1$ was there before, and has a new password now.",
        )
    finally:
        node.close()


def test_a_step_that_does_not_begin_after_a_stop_is_not_told_as_begun() -> None:
    node = JoinNode()
    begun: list[int] = []
    stopped_at: list[int] = []
    try:
        plan = node.joining()

        def stop_there(argv: object) -> bool:
            if "deny" in tuple(argv):  # type: ignore[arg-type]
                node.join.stop()
                stopped_at.append(node.progress[-1].number)
            return False

        def back(_: Plan) -> None:
            begun.extend(one.number for one in node.progress if one.state is State.RUNS)

        node.progress.clear()
        node.host.fails = stop_there
        done = node.join.apply(
            plan, override=plan.confirm, on_progress=node.progress.append, on_roll_back=back
        )
        assert done.report.stopped
        assert max(begun) == stopped_at[0] < len(plan.steps)
    finally:
        node.close()
