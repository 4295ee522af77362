"""What is looked at where quorum is lost: corosync, links, votes, the other nodes, HA."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.check import Check
from pve_auth_tui.core.recover.condition import Link, Neighbour, Service
from pve_auth_tui.core.recover.facts import DOWN, names, neighbours, not_asked, unsettled
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.words import count_words, span

_LOOK: Final = "corosync-cfgtool -s; pvecm status; journalctl -b -u corosync -n 50 --no-pager"
_QDEVICE: Final = "corosync-qdevice"


def quorum_checks(situation: Situation) -> Iterator[Check]:
    """Nothing of it is asked of a node that has quorum."""
    yield _corosync(situation)
    yield from _network(situation)
    yield _others(situation)
    yield from _votes(situation)
    yield from _ha(situation)


def _corosync(situation: Situation) -> Check:
    how = situation.condition.service("corosync")
    if how is not Service.RUNS:
        word: Word = "-" if how is Service.UNKNOWN else "BAD"
        return Check(word, "corosync", how.value, (f"Look: {_LOOK}",))
    lost = [told for link in situation.condition.links or () for told in _lost(link)]
    if lost:
        return Check("BAD", "corosync", lost[0], (*lost[1:], f"Look: {_LOOK}"))
    if situation.condition.links is None:
        return Check("-", "corosync", "runs; its links are not known", (f"Look: {_LOOK}",))
    return Check("LOOK", "corosync", "runs, and counts too few votes", (f"Look: {_LOOK}",))


def _lost(link: Link) -> Iterator[str]:
    gone = [plain(name) for name, there in sorted(link.peers.items()) if not there]
    if gone:
        where = f" ({plain(link.address)})" if link.address else ""
        yield f"link {link.number}{where}: {', '.join(gone)} not seen"


def _network(situation: Situation) -> Iterator[Check]:
    for link in situation.condition.links or ():
        yield from link_check(link)


def link_check(link: Link) -> Iterator[Check]:
    """The interface below a link, where something is wrong with it, or it is well."""
    address, interface = plain(link.address), plain(link.interface)
    if link.address and not link.interface:
        text = f"no interface here has {address}, the address of link {link.number}"
        yield Check("BAD", "network", text, ("Look: ip -br addr; cat /etc/network/interfaces",))
    elif link.carrier is False:
        yield Check("BAD", "network", f"{interface} ({address}): no carrier")
    elif link.carrier:
        yield Check("ok", "network", f"{interface} ({address}): has a carrier")
    elif link.interface:
        yield Check("-", "network", f"{interface} ({address}): whether it has a carrier is unknown")


def _others(situation: Situation) -> Check:
    all_of_them = neighbours(situation)
    if not all_of_them:
        return Check("-", "other nodes", "which ones there are is not known here")
    waiting, doubtful = not_asked(situation), unsettled(situation)
    silent = [one for one in all_of_them if one.alive is False]
    alive = [one for one in all_of_them if one.alive]
    more = tuple(told for one in all_of_them for told in _about(one))
    if waiting:
        return Check("-", "other nodes", f"asking {names(waiting)} ...", more)
    if not alive and doubtful:
        verb = "runs" if len(doubtful) == 1 else "run"
        text = f"not settled whether {names(doubtful)} {verb}: {plain(doubtful[0].why)}"
        return Check("LOOK", "other nodes", text, more)
    if not alive:
        text = f"{names(silent)} did not answer at any address; they may run all the same"
        return Check("BAD", "other nodes", text, more)
    text = "; ".join(_said(alive))
    if silent:
        text += f"; no answer from {names(silent)}"
    if doubtful:
        text += f"; not settled: {names(doubtful)}"
    word: Word = "ok" if any(one.quorate for one in alive) else "LOOK"
    return Check(word, "other nodes", text, more)


def _said(alive: Sequence[Neighbour]) -> Iterator[str]:
    quorate = [one for one in alive if one.quorate]
    without = [one for one in alive if one.quorate is False]
    silent = [one for one in alive if one.quorate is None]
    if quorate:
        verb = "says" if len(quorate) == 1 else "say"
        yield f"{names(quorate)} {verb}: quorate"
    if without:
        yield f"{names(without)} run{'s' if len(without) == 1 else ''}, without quorum"
    if silent:
        verb = "does" if len(silent) == 1 else "do"
        yield f"{names(silent)} run{'s' if len(silent) == 1 else ''}, and {verb} not tell of quorum"


def _about(one: Neighbour) -> Iterator[str]:
    name = plain(one.name)
    if one.address:
        yield f"{name} answered at {plain(one.address)}" + (
            f"; web interface {plain(one.web)}" if one.web else ""
        )
    elif one.asked:
        yield f"{name} was asked at {', '.join(map(plain, one.asked))}"
    if one.why:
        yield f"{name}: {plain(one.why)}"
    if one.ahead is not None and abs(one.ahead) >= 2:
        how = "ahead" if one.ahead > 0 else "behind"
        yield f"{name}: its clock is {span(abs(one.ahead))} {how}"


def _votes(situation: Situation) -> Iterator[Check]:
    votes = situation.condition.votes
    if votes is None:
        yield Check("-", "votes", "not known: corosync tells them, when it runs")
        return
    text = f"{_number(votes.present)} of {_number(votes.expected)}; {_number(votes.needed)} needed"
    more = ("two_node is set: of two nodes one is enough, once both were there",)
    yield Check("LOOK", "votes", text, more if votes.two_node else ())
    qdevice = situation.condition.service(_QDEVICE)
    if votes.device is False or qdevice in DOWN:
        yield Check("BAD", "QDevice", "gives no vote now", (f"Look: journalctl -b -u {_QDEVICE}",))
    elif votes.device:
        yield Check("ok", "QDevice", "gives its vote")


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _ha(situation: Situation) -> Iterator[Check]:
    ha = situation.condition.ha
    if ha is None:
        yield Check("-", "HA", "what it manages is not known here")
        return
    if ha.watchdog:
        text = "the watchdog is armed: it resets this node without quorum within a minute"
        yield Check("LOOK", "HA", text)
    if ha.here:
        text = f"{count_words(ha.here, 'service was', 'services were')} here"
        taken = situation.condition.with_quorum
        text += f"; {names(taken)} may have taken over" if taken else ""
        yield Check("LOOK", "HA", text)
    elif not ha.watchdog:
        yield Check("ok", "HA", "manages nothing on this node")
