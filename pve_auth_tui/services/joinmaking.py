"""What somebody wants of a join, settled: names as realmd takes them, refusals, what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from pve_auth_tui.core.errors import CommandFailed, Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.join import names, packages, prerequisites, seen
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.manifest import manifest_of
from pve_auth_tui.core.join.model import JoinCheck, JoinReport, JoinWish, NodeState, Topic
from pve_auth_tui.core.join.orders import JoinOrder
from pve_auth_tui.core.join.words import advice_of
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.joincheck import show_account
from pve_auth_tui.services.outlook import Outlook

_SPOKEN: Final = frozenset({Topic.ACCOUNT, Topic.PACKAGES, Topic.OTHERS})
"""What a join's plan tells of anyway, or changes nothing about."""
_THERE: Final = frozenset({JoinCause.ACCOUNT_OF_OTHER, JoinCause.ACCOUNT_EXISTS})


def require(problem: str | None) -> None:
    """Raises UsageError with the problem, if there is one."""
    if problem:
        raise UsageError(problem)


def require_domain(domain: str) -> None:
    require(names.domain_problem(domain))


def require_names(wish: JoinWish) -> None:
    """Raises UsageError for what realmd would not take, or take for something else."""
    require_domain(wish.domain)
    require(names.login_problem(wish.user) if wish.user else None)
    require(names.computer_problem(wish.computer) if wish.computer else None)
    require(names.ou_problem(wish.ou, wish.domain) if wish.ou else None)


def require_member(state: NodeState, domain: str) -> None:
    if state.member_of(domain) is None:
        raise Refused(f"This node is no member of {domain}.", "See: pve-auth-tui join check")


def permitted_names(
    domain: str, users: Sequence[str], groups: Sequence[str], *, everybody: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Users and groups as realmd takes them, each once. Raises UsageError."""
    if everybody and (users or groups):
        raise UsageError("Everybody and names do not go together.", "Give the one or the other.")
    for name in (*users, *groups):
        require(names.permit_problem(name, domain))
    once = (
        tuple({names.permitted(one, domain).casefold(): one for one in some}.values())
        for some in (users, groups)
    )
    found = tuple(tuple(names.permitted(one, domain) for one in some) for some in once)
    return found[0], found[1]


def cluster_of(outlook: Outlook) -> str:
    """The cluster's name, "" for none."""
    cluster = outlook.snapshot.cluster.value
    return (cluster.name if cluster else None) or ""


def others_of(outlook: Outlook) -> tuple[str, ...]:
    """The other nodes of the cluster."""
    cluster = outlook.snapshot.cluster.value
    if cluster is None:
        return ()
    return tuple(one.name for one in cluster.nodes if one.name != cluster.node)


@dataclass(frozen=True)
class JoinMaking:
    """`own`: this program's folder on the node."""

    host: Host
    clock: Clock
    own: str

    def order(
        self,
        wish: JoinWish,
        password: Secret | None,
        report: JoinReport,
        *,
        everybody: bool,
        preview: bool = False,
    ) -> JoinOrder:
        """Raises UsageError and Refused. `preview`: it is never run."""
        require_names(wish)
        require(names.login_problem(wish.user))
        users, groups = permitted_names(wish.domain, wish.users, wish.groups, everybody=everybody)
        if password is not None:
            require_password(password)
        elif not preview:
            raise UsageError("A join needs a password.", "Nothing was sent.")
        _require_possible(report, wish, preview=preview)
        state = report.state
        settled = replace(
            wish,
            domain=_as_found(report, wish.domain),
            user=names.login_name(wish.user),
            computer=wish.computer or state.computer,
            users=users,
            groups=groups,
        )
        account = self._account(settled, password, report)
        _require_account(account, settled)
        exists = bool(
            {JoinCause.ACCOUNT_OF_OTHER, JoinCause.ACCOUNT_EXISTS}.intersection(account.causes)
        )
        of_other = JoinCause.ACCOUNT_OF_OTHER in account.causes
        holder = next((one.text for one in account.facts if one.heading == seen.HOLDER), "")
        at = self.clock.now()
        manifest = manifest_of(
            state,
            folder=self._folder(at),
            domain=settled.domain,
            computer=settled.computer,
            at=at,
            wants_homes=settled.homes,
        )
        return JoinOrder(
            settled,
            password or Secret(""),
            state,
            manifest,
            everybody=everybody,
            exists=exists,
            taken_from=holder if of_other else "",
            refusal=_refusal(report),
            notes=(*_notes(report), *_unknown(account, settled)),
        )

    def _folder(self, at: float) -> str:
        """One that is not there yet."""
        stamp = f"{self.own}/join/{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}"
        names = (stamp, *(f"{stamp}-{number}" for number in range(2, 1000)))
        return next(name for name in names if self.host.look(name) is None)

    def _account(self, wish: JoinWish, password: Secret | None, report: JoinReport) -> JoinCheck:
        """As the report has it, if it has looked for that name; else looked for now, once."""
        known = report.at(Topic.ACCOUNT)
        looked_for = {one.text for one in known.facts if one.heading == seen.COMPUTER}
        unknown = known.word == "-" or JoinCause.ACCOUNT_UNKNOWN in known.causes
        if not unknown and wish.computer in looked_for:
            return known
        if password is None:
            return prerequisites.account(wish, report.state, None, self.clock.now())
        try:
            said = show_account(self.host, wish, report.state, password)
        except CommandFailed as error:
            raise Refused(
                f"{wish.computer}$ could not be looked for: {error}", error.hint
            ) from error
        return prerequisites.account(wish, report.state, said, self.clock.now())


def require_password(password: Secret) -> None:
    typed = password.reveal()
    if not typed:  # realmd would ask the DC with it, which counts as a wrong one
        raise UsageError("The password is empty.", "Nothing was sent.")
    if any(sign in typed for sign in "\r\n\0"):
        raise UsageError("The password has a line break in it.", "Nothing was sent.")


def _require_possible(report: JoinReport, wish: JoinWish, *, preview: bool) -> None:
    """What no typed word makes possible."""
    if report.domain.lower() != wish.domain.lower():
        raise UsageError(f"What was checked is {report.domain}, not {wish.domain}.")
    member = report.at(Topic.MEMBER)
    if member.word == "-":
        raise Refused("The node was not checked yet.", "Check it first.")
    if member.word == "BAD":
        raise _refused(member, wish)
    if report.state.unread:
        paths = ", ".join(report.state.unread)
        raise Refused(
            f"{paths} cannot be read, so it could not be put back.",
            "Look at it, then check again.",
        )
    lacking = packages.missing(report.state.packages)
    if lacking and not preview:
        raise Refused(
            f"{len(lacking)} packages are missing: {', '.join(lacking)}.",
            "Install them first: pve-auth-tui join run with --install",
        )
    if not preview:
        _require_found(report)


def _require_found(report: JoinReport) -> None:
    """realmd finds a domain by the name of one of its DCs, too, and then names it otherwise: what
    keeps everybody out would stand in another section of sssd's than the domain.
    """
    if report.membership is None:
        raise Refused(f"realmd does not find {report.domain}.", "Check it again.")
    found = report.membership.domain
    if found.lower() != report.domain.lower():
        raise Refused(f"{report.domain}: realmd calls it {found}.", "Name it so, and check again.")


def _as_found(report: JoinReport, domain: str) -> str:
    """As realmd and sssd write it: they name the domain's section so."""
    found = report.membership.domain if report.membership else ""
    return found if found.lower() == domain.lower() else domain.lower()


def _require_account(account: JoinCheck, wish: JoinWish) -> None:
    if JoinCause.ACCOUNT_OF_OTHER in account.causes:
        if not wish.take_over:
            raise _refused(account, wish)
    elif account.word == "BAD":
        raise _refused(account, wish)


def _refused(check: JoinCheck, wish: JoinWish) -> Refused:
    told = advice_of(check, domain=wish.domain, user=wish.user)
    fix = next((one.sentence for one in told.fixes), "")
    return Refused(f"{check.topic.value}: {told.what or check.text}", fix, check.original)


def _refusal(report: JoinReport) -> str:
    """What is BAD and might be overridden: a clock, PAM, ports, names."""
    for check in report.checks:
        if check.word == "BAD" and check.topic is not Topic.ACCOUNT:
            return f"{check.topic.value}: {check.text}."
    return ""


def _notes(report: JoinReport) -> Iterator[Finding]:
    for check in report.checks:
        if check.word in ("LOOK", "BAD") and check.topic not in _SPOKEN:
            yield Finding(check.word, f"{check.topic.value}: {check.text}")


def _unknown(account: JoinCheck, wish: JoinWish) -> Iterator[Finding]:
    if JoinCause.ACCOUNT_UNKNOWN in account.causes:
        text = f"Whether {wish.domain} has {wish.computer}$ already was not looked for."
        yield Finding("LOOK", text, "That needs the password.")
