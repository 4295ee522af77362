"""Whether the node is still as a plan of a join was made for: looked at right before its first
step, for a join is settled minutes before, and with other eyes.
"""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.join import access, packages
from pve_auth_tui.core.join.causes import REFUSES_ACCOUNT, JoinCause
from pve_auth_tui.core.join.goback import differences
from pve_auth_tui.core.join.model import Membership, NodeState
from pve_auth_tui.core.join.orders import JoinOrder
from pve_auth_tui.core.join.outcomes import classify
from pve_auth_tui.core.join.words import advice
from pve_auth_tui.services.joincheck import show_account
from pve_auth_tui.services.joinintents import InstallIntent, JoinIntent, LeaveIntent, PermitIntent
from pve_auth_tui.services.joinlook import NodeLook

_AS_PLANNED: Final = "Check the node again, and look at the plan that it then gives."


class AccountRefused(Refused):
    """A domain controller said no to the name or the password of who joins. They count that, so
    the same password is not sent once more.
    """


def require_as_planned(host: Host, intent: object) -> None:
    """Raises Refused where the node, or the account in the domain, is not as it was planned for."""
    match intent:
        case JoinIntent(order):
            if not order.password.reveal():
                raise Refused("That plan is only to be looked at: it has no password.")
            now = NodeLook(host).state()
            _require_same(order.before, now)
            require_alone(host, order.wish.domain)
            if lacking := packages.missing(now.packages):
                raise Refused(f"{', '.join(lacking)} is not installed any more.", _AS_PLANNED)
            _require_account(host, order)
        case InstallIntent(_, before):
            now = NodeLook(host).state()
            if packages.missing(before.packages) != packages.missing(now.packages):
                raise Refused("Other packages are missing by now: nothing was done.", _AS_PLANNED)
        case PermitIntent(order):
            _require_same(order.before, NodeLook(host).state())
            require_alone(host, order.domain)
        case LeaveIntent(order):
            _require_same(order.before, NodeLook(host).state())


def require_alone(host: Host, domain: str) -> None:
    """Raises Refused where a file that realmd does not know says who of the domain may log in, or
    might: sssd may read it after ours that denies all.
    """
    look = NodeLook(host)
    if beside := access.elsewhere(look.snippets(), domain):
        raise Refused(
            f"{', '.join(beside)} says who of {domain} may log in, whatever realmd is told.",
            "Take the domain's section out of that file, or move it away.",
        )
    if look.troubles:
        raise Refused(look.troubles[0], "It may say who of the domain may log in: look at it.")


def _require_same(before: NodeState, now: NodeState) -> None:
    if changed := changes(before, now):
        told = "The node is not as it was when the plan was made, so nothing was done."
        raise Refused(f"{told} {changed[0]}", _AS_PLANNED)


def _require_account(host: Host, order: JoinOrder) -> None:
    """Somebody else may have made it meanwhile, and a join takes it over without a word."""
    said = show_account(host, order.wish, order.before, order.password)
    causes = classify(said, "show-computer")
    there = not causes
    if causes not in ((), (JoinCause.NO_ACCOUNT,)):
        told = f"{order.wish.computer}$ could not be looked for once more, so nothing was done."
        why = advice(causes[0], user=order.wish.user, domain=order.wish.domain)
        if REFUSES_ACCOUNT.intersection(causes):
            fix = next((one.sentence for one in why.fixes), "")
            raise AccountRefused(f"{told} {why.what}", fix, said.text)
        raise Refused(f"{told} {why.what}", _AS_PLANNED, said.text)
    if there != order.exists:
        is_now = "is there" if there else "is gone"
        told = f"{order.wish.computer}$ {is_now} since the plan was made: nothing was done."
        raise Refused(told, _AS_PLANNED)


def changes(before: NodeState, now: NodeState) -> tuple[str, ...]:
    """What a plan relies on and is different by now, as sentences."""
    found = list(differences(before, now))
    if [_membership(one) for one in before.memberships] != [
        _membership(one) for one in now.memberships
    ]:
        found.insert(0, "Its memberships or who may log in have changed.")
    if (before.short, before.fqdn) != (now.short, now.fqdn):
        found.insert(0, f"Its name is {now.fqdn or now.short} now.")
    return tuple(found)


def _membership(one: Membership) -> object:
    users, groups = frozenset(one.permitted_users), frozenset(one.permitted_groups)
    return one.domain.lower(), one.configured, one.policy, users, groups
