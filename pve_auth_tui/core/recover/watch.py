"""What of a node is looked at again while somebody waits for it to come back."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.overview import opens_recover
from pve_auth_tui.core.recover.condition import Condition, Mount
from pve_auth_tui.core.recover.diagnosis import Diagnosis
from pve_auth_tui.core.recover.facts import clustered, is_quorate
from pve_auth_tui.core.recover.nothing import NOTHING
from pve_auth_tui.core.recover.situation import Situation

_DEAD: Final = (Mount.HANGS, Mount.BROKEN, Mount.BARE)


def is_well(situation: Situation, diagnosis: Diagnosis) -> bool:
    """Nothing is wrong, as far as was looked: nobody has to look again."""
    known = situation.snapshot.source != NOTHING
    return known and not diagnosis.causes and opens_recover(situation.snapshot) is None


def asks_others(situation: Situation) -> bool:
    """Whether it matters what the other nodes say of themselves: they may have quorum."""
    if clustered(situation) is False:
        return False
    return is_quorate(situation) is False or situation.condition.mount in _DEAD


def may_read(condition: Condition) -> bool:
    """Whether PVE's files can be read again and again: each reading of a dead mount leaves a
    process behind that waits there.
    """
    return condition.mount not in {Mount.HANGS, Mount.BROKEN}


def has_changed(before: Condition, now: Condition) -> bool:
    """Whether the machine does otherwise, so that the picture may be another one, too.

    How much of a disk is free, and when it was looked, is no such thing.
    """
    return _state(before) != _state(now)


def _state(condition: Condition) -> tuple[object, ...]:
    votes = condition.votes
    return (
        dict(condition.services),
        condition.mount,
        condition.pmxcfs,
        condition.database,
        condition.clustered,
        condition.shadow,
        votes and (votes.present, votes.needed),
        tuple((disk.path, disk.is_full, disk.read_only) for disk in condition.disks),
    )
