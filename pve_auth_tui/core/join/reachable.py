"""Names, ports and clocks of the domain controllers, as rows of the table. Texts are untrusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.join import seen
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import JoinCheck, Topic
from pve_auth_tui.core.join.rows import row
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.words import listed, span

PORTS: Final = (88, 389, 464)
"""Kerberos, LDAP, and the change of a Kerberos password: a join needs all three."""
CLOCK_LOOK: Final = 120.0
CLOCK_BAD: Final = 300.0
"""Seconds: Kerberos allows five minutes; MIT's libraries forgive more, others do not."""


class PortSight(NamedTuple):
    """One port of one domain controller. `trouble`: PORT_REFUSED, PORT_SILENT, None for open."""

    host: str
    port: int
    trouble: JoinCause | None = None


def dns(
    resolvers: Sequence[str],
    controllers: Mapping[str, Sequence[str]],
    trouble: JoinCause | None = None,
) -> JoinCheck:
    """Who answers this node's questions. `controllers`: DC -> its addresses."""
    facts = [Fact(seen.RESOLVERS, one) for one in resolvers]
    if not resolvers:
        return row(Topic.DNS, "BAD", "this node asks no DNS server", JoinCause.DNS_SILENT)
    if trouble is JoinCause.DNS_SILENT:
        return row(Topic.DNS, "BAD", f"no answer from {listed(resolvers)}", trouble, facts=facts)
    if not controllers:
        text = f"{listed(resolvers)}; no domain controller is known to compare with"
        return row(Topic.DNS, "-", text, facts=facts)
    known = {address for each in controllers.values() for address in each}
    foreign = [one for one in resolvers if one not in known]
    if foreign:
        facts.extend(Fact(seen.FOREIGN, one) for one in foreign)
        text = f"{listed(foreign)} {_is(foreign)} no domain controller{_s(foreign)}"
        return row(Topic.DNS, "LOOK", text, JoinCause.DNS_FOREIGN, facts=facts)
    which = {1: "a domain controller", 2: "both domain controllers"}
    kind = which.get(len(resolvers), "all domain controllers")
    return row(Topic.DNS, "ok", f"{listed(resolvers)}, {kind}", facts=facts)


def srv(
    ldap: Sequence[str],
    kerberos: Sequence[str],
    unresolved: Sequence[str] = (),
    trouble: JoinCause | None = None,
) -> JoinCheck:
    """The records that name domain controllers and KDCs; `unresolved`: those without address."""
    facts = [Fact(seen.CONTROLLERS, one) for one in dict.fromkeys((*ldap, *kerberos))]
    facts.extend(Fact(seen.UNRESOLVED, one) for one in unresolved)
    if trouble:
        return row(Topic.SRV, "BAD", "not told: DNS did not answer", trouble, facts=facts)
    if not ldap or not kerberos:
        lacks = [kind for kind, found in (("ldap", ldap), ("kerberos", kerberos)) if not found]
        text = f"none for {' and '.join(lacks)}"
        return row(Topic.SRV, "BAD", text, JoinCause.NO_SRV, facts=facts)
    counts = f"{len(ldap)} x ldap, {len(kerberos)} x kerberos"
    if unresolved:
        word: Word = "BAD" if set(ldap) <= set(unresolved) else "LOOK"
        text = f"{counts}; no address for {listed(unresolved)}"
        return row(Topic.SRV, word, text, JoinCause.DC_NAME_UNKNOWN, facts=facts)
    resolve = "all names resolve" if len({*ldap, *kerberos}) > 1 else "the name resolves"
    return row(Topic.SRV, "ok", f"{counts}; {resolve}", facts=facts)


def ports(sights: Sequence[PortSight]) -> JoinCheck:
    """BAD where no DC has all of them open: realmd and adcli choose one themselves."""
    if not sights:
        return JoinCheck(Topic.PORTS, "-", "no domain controller is known")
    hosts = list(dict.fromkeys(sight.host for sight in sights))
    closed = [sight for sight in sights if sight.trouble]
    every = " ".join(str(port) for port in dict.fromkeys(sight.port for sight in sights))
    if not closed:
        where = {1: hosts[0], 2: "both"}.get(len(hosts), f"all {len(hosts)}")
        return JoinCheck(Topic.PORTS, "ok", f"{every} open on {where}")
    whole = [host for host in hosts if host not in {sight.host for sight in closed}]
    told = [f"{sight.port} {_how(sight)} by {sight.host}" for sight in closed]
    causes = tuple(
        cause
        for cause in (JoinCause.PORT_SILENT, JoinCause.PORT_REFUSED)
        if any(sight.trouble is cause for sight in closed)
    )
    facts = tuple(Fact(seen.CLOSED, one) for one in told)
    text = listed(told, 2) + (f"; all open on {listed(whole, 2)}" if whole else "")
    return JoinCheck(Topic.PORTS, "LOOK" if whole else "BAD", text, causes, facts=facts)


def clock(offsets: Mapping[str, float | None]) -> JoinCheck:
    """`offsets`: DC -> seconds that its own clock is ahead of this node's, None: not told."""
    told = {host: value for host, value in offsets.items() if value is not None}
    if not told:
        text = "no domain controller told its time"
        return JoinCheck(Topic.CLOCK, "LOOK", text, (JoinCause.CLOCK_UNKNOWN,))
    facts = tuple(Fact(seen.CLOCK, _off(host, value)) for host, value in told.items())
    host, worst = max(told.items(), key=lambda item: abs(item[1]))
    text = _off(host, worst)
    if abs(worst) > CLOCK_LOOK:
        word = "BAD" if abs(worst) > CLOCK_BAD else "LOOK"
        limit = f"{int(CLOCK_BAD // 60)} min is the limit of Kerberos"
        return JoinCheck(
            Topic.CLOCK,
            "BAD" if word == "BAD" else "LOOK",
            f"{text}; {limit}",
            (JoinCause.CLOCK_OFF,),
            facts,
        )
    limit = f"its own time; limit {int(CLOCK_LOOK // 60)} min"
    return JoinCheck(Topic.CLOCK, "ok", f"{text} ({limit})", facts=facts)


def _off(host: str, seconds: float) -> str:
    """The node's clock seen from the DC: `0.4 s behind dc01`."""
    size = abs(seconds)
    if size < 0.05:
        return f"the same as {host}"
    amount = f"{size:.1f} s" if size < 10 else span(size)
    return f"{amount} {'behind' if seconds > 0 else 'ahead of'} {host}"


def _how(sight: PortSight) -> str:
    return "refused" if sight.trouble is JoinCause.PORT_REFUSED else "not answered"


def _is(items: Sequence[str]) -> str:
    return "is" if len(items) == 1 else "are"


def _s(items: Sequence[str]) -> str:
    return "" if len(items) == 1 else "s"
