"""What is wrong with a node and with somebody's login, in seconds and without changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.causes import Cause, causes_of
from pve_auth_tui.core.recover.check import Check
from pve_auth_tui.core.recover.checks import mount_check, node_checks, way_check
from pve_auth_tui.core.recover.checks_login import login_checks
from pve_auth_tui.core.recover.checks_quorum import quorum_checks
from pve_auth_tui.core.recover.condition import Mount
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.verdict import sentences

__all__ = ["Cause", "Check", "Diagnosis", "diagnose"]


@dataclass(frozen=True)
class Diagnosis:
    """`userid`: whose login it is about. `sentences`: the verdict, at most three; `causes` the
    gravest first, none where nothing is wrong; `checks` in the order in which they are shown.
    """

    userid: str
    sentences: tuple[str, ...]
    causes: tuple[Cause, ...]
    checks: tuple[Check, ...]


def diagnose(situation: Situation) -> Diagnosis:
    """What is wrong, and what is well. What is not known is said to be so."""
    causes = causes_of(situation)
    checks = tuple(_checks(situation, causes))
    return Diagnosis(situation.userid, sentences(situation, causes), causes, checks)


def _checks(situation: Situation, causes: tuple[Cause, ...]) -> Iterator[Check]:
    """Without quorum the cluster comes first, and what is well with the node is left out."""
    lost = Cause.NO_QUORUM in causes
    if lost:
        yield from quorum_checks(situation)
    for check in node_checks(situation):
        if not (lost and (check.subject == "corosync" or check.word == "ok")):
            yield check
    way = way_check(situation)
    if way.word != "ok" or way.more:
        yield way
    well = situation.condition.mount is Mount.ANSWERS and situation.node.asks_pve
    for check in mount_check(situation):
        if not (well and check.word == "ok"):
            yield check
    for check in login_checks(situation):
        kind = check.subject in ("TOTP", "key", "recovery keys")
        whose = lost and check.subject in ("TOTP", "key")
        subject = f"{plain(situation.userid)} {check.subject}" if whose else check.subject
        if not (lost and check.word == "ok" and not kind):
            yield check._replace(subject=subject)
    if trouble := tuple(map(plain, situation.condition.trouble)):
        yield Check("-", "not known", trouble[0], trouble[1:])
