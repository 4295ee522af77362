"""A join whose password is another one than that of the check."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.secret import Secret
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
        with pytest.raises(Refused, match="does not take this password of Administrator"):
            node.run(plan)
        assert node.disk == before
    finally:
        node.close()
