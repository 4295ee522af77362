"""A join whose password is another one than that of the check."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.joinready import AccountRefused
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
