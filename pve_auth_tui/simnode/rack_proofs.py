"""What this program has seen of the demo cluster's second factors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.simnode import made_up
from pve_auth_tui.simnode.rack_tfa import DAY, registered

_SIGNED = 5
_ID = "example.com"
_OLD_ID = "pve1.example.com"  # of before the cluster had one for all its nodes


def marks(now: float) -> Mapping[tuple[str, str], Mark]:
    """(userid, entry's id) -> mark, as `core.ports.Proofs` has them."""
    return {(mark.userid, mark.entry): mark for mark in _marks(now)}


def _marks(now: float) -> Iterator[Mark]:
    yield _mark("root@pam", "rack 3", How.LOGIN, now - 3 * DAY, _ID)
    yield _mark("paul@pam", "key for pve1.example.com", How.LOGIN, now - 990 * DAY, _OLD_ID)
    yield _mark("bob.admin@corp", "blue key", How.SIGNATURE, now - 40 * DAY, _ID)


def _mark(userid: str, description: str, how: How, at: float, rp_id: str) -> Mark:
    """As `rack_tfa` labels its keys; each has signed a few times since it was registered."""
    entry = made_up.uuid(f"key {userid} {description}")
    counter = registered(userid, description)[1] + _SIGNED
    return Mark(userid, entry, how, at, "pve1", rp_id, counter)
