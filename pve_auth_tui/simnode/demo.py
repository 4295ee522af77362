"""The demo cluster in memory, in the size that was asked for. Nothing in it exists."""

from __future__ import annotations

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.simnode.made_up import PASSWORD
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.simnode.rack import ACL_ENTRIES, DEMO_NOW, USERS, rack, tree_of
from pve_auth_tui.simnode.scale import big_tree

__all__ = ["DEMO_NOW", "PASSWORD", "demo_tree"]

MOST_USERS = 100_000


def demo_tree(*, users: int = USERS, now: float = DEMO_NOW) -> MemoryTree:
    """The files of cluster `rack`; the same bytes for the same arguments.

    With more than 212 users everything grows with them, to 2,000 groups, 20,000 ACL
    entries, 5,000 tokens and 5,000 users with a second factor for 10,000 users; the people
    with a story stay. Passwords in realms pam and pve are all PASSWORD. Raises UsageError for
    fewer users, or for more than 100,000.
    """
    if users == USERS:
        return tree_of(rack(now), now)
    if not USERS < users <= MOST_USERS:
        raise UsageError(
            f"The demo cluster can have {USERS} to {MOST_USERS:,} users, not {users:,}.",
            "Leave --users out, or name a number in between.",
        )
    return big_tree(
        users=users,
        groups=users // 5,
        acl=max(ACL_ENTRIES, users * 2),
        tokens=users // 2,
        tfa=users // 2,
        now=now,
    )
