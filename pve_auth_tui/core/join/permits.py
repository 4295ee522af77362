"""Who of the domain may log in: as steps, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.join import steps
from pve_auth_tui.core.join.access import deny_everybody
from pve_auth_tui.core.join.model import SNIPPET, Membership
from pve_auth_tui.core.join.names import permitted, same_permitted
from pve_auth_tui.core.join.orders import PermitOrder
from pve_auth_tui.core.join.parts import MASKED, digest, node_of, shut_at_start
from pve_auth_tui.core.plan import Draft, Effect, HostFile, Step

_NOBODY: Final = Finding(
    "LOOK",
    "Nobody of the domain may log in then.",
    "That is safe. Who may is named later: pve-auth-tui join permit",
)
_EVERYBODY: Final = Finding(
    "BAD",
    "Everybody of the domain gets a shell on this node, and whoever is added to it later.",
    "Name a group instead.",
)


def permit_draft(order: PermitOrder) -> Draft:
    """Behind the file that denies all: realmd alone opens to everybody between two of its steps."""
    node = node_of(order.before)
    told = list(
        login_effects(node, order.domain, order.users, order.groups, everybody=order.everybody)
    )
    if _masks(order):
        told.append(Effect("packagekit", "is masked: any user could ask it for packages"))
    member = order.before.member_of(order.domain)
    had = (*member.permitted_users, *member.permitted_groups) if member else ()
    names = ", ".join(had) or ("nobody" if member and "deny" in member.policy else "everybody")
    return Draft(
        f"who of {order.domain} may log in to {node}",
        tuple(_permit_steps(order, member)),
        tuple(login_notes(order.users, order.groups, everybody=order.everybody)),
        told=tuple(told),
        lost=(f"Until now it was {names}: that is set again by pve-auth-tui join permit.",),
        word=order.domain if order.everybody else "",
    )


def _permit_steps(order: PermitOrder, member: Membership | None) -> Iterator[Step]:
    deny = deny_everybody(order.domain)
    yield from shut_at_start(order.before)
    yield HostFile(SNIPPET, deny, 0o600, order.before.files.get(SNIPPET, ""))
    yield from steps.anew()
    for had, wanted, group in (
        (member.permitted_users if member else (), order.users, False),
        (member.permitted_groups if member else (), order.groups, True),
    ):
        for name in had:
            if not any(same_permitted(name, one, order.domain) for one in wanted):
                yield steps.reset_failed()
                yield steps.withdraw(permitted(name, order.domain), group=group)
    yield from logins(order.domain, order.users, order.groups, everybody=order.everybody)
    yield HostFile(SNIPPET, None, 0o600, digest(deny))
    yield from steps.anew()
    if _masks(order):
        yield steps.mask()


def _masks(order: PermitOrder) -> bool:
    """A join that was ended in its middle did not come to it."""
    return order.before.units.get(steps.PACKAGEKIT, MASKED) != MASKED


def logins(
    domain: str, users: Sequence[str], groups: Sequence[str], *, everybody: bool
) -> Iterator[Step]:
    yield steps.reset_failed()
    yield steps.deny_all(domain)
    names = [(name, False) for name in users] + [(name, True) for name in groups]
    for number, (name, group) in enumerate(names, 1):
        goal = steps.permits(domain, users, groups) if number == len(names) else None
        yield steps.reset_failed()
        yield steps.permit(name, group=group, goal=goal)
    if everybody:
        yield steps.reset_failed()
        yield steps.permit_all()


def login_notes(
    users: Sequence[str], groups: Sequence[str], *, everybody: bool
) -> Iterator[Finding]:
    if everybody:
        yield _EVERYBODY
    elif not (users or groups):
        yield _NOBODY


def login_effects(
    node: str, domain: str, users: Sequence[str], groups: Sequence[str], *, everybody: bool
) -> Iterator[Effect]:
    for name in users:
        yield Effect(name, f"gets a shell on {node}")
    for name in groups:
        short = name.rpartition("@")[0] or name
        yield Effect(
            name,
            f"members of {short} get a shell on {node}: whoever controls {short} in AD decides",
        )
    if everybody:
        yield Effect(f"everybody of {domain}", f"gets a shell on {node}")
    elif users or groups:
        yield Effect(f"everybody else of {domain}", "is kept out, from the first moment on")
    else:
        yield Effect(f"everybody of {domain}", "is kept out, from the first moment on")
