"""What is asked before a join, and what the answers mean: the domain, and who may log in (R30)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.join.causes import REFUSES_ACCOUNT
from pve_auth_tui.core.join.model import JoinReport
from pve_auth_tui.core.join.names import domain_problem, permit_problem
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.words import listed

if TYPE_CHECKING:
    from pve_auth_tui.core.snapshot import Snapshot

BEFORE_THE_JOIN: Final = (
    "You name the group that may log in BEFORE the join. Everybody else of the domain is denied in"
    " the same plan: a plain join lets all of them in."
)

_APART: Final = re.compile(r"[,;\r\n]+")


class Logins(Enum):
    """Who of the domain may log in: it is always said, never left to realmd."""

    NAMED = "named"
    NOBODY = "nobody"
    EVERYBODY = "everybody"


def split_names(text: str) -> tuple[str, ...]:
    """Names with commas between them, each once. Groups of Active Directory have blanks in them."""
    return tuple(dict.fromkeys(name for part in _APART.split(text) if (name := part.strip())))


def refuses_account(report: JoinReport) -> bool:
    """Whether the domain has refused name or password: they are not sent again unasked, for a few
    wrong ones lock somebody out.
    """
    return any(not REFUSES_ACCOUNT.isdisjoint(check.causes) for check in report.checks)


def names_problem(text: str, domain: str) -> str:
    """What is wrong with such names, as one sentence; "" when nothing is."""
    problems = (permit_problem(name, domain) for name in split_names(text))
    return next((problem for problem in problems if problem), "")


def logins_problem(logins: Logins, users: Sequence[str], groups: Sequence[str]) -> str:
    """Why that is no answer to who may log in; "" when it is."""
    if logins is Logins.NAMED and not users and not groups:
        return "Name a group or a user, or choose nobody or everybody."
    return ""


def what_logins_mean(
    domain: str,
    logins: Logins,
    users: Sequence[str],
    groups: Sequence[str],
    *,
    joined: bool = False,
) -> tuple[Finding, ...]:
    """What somebody agrees to with them: who gets a shell on this node."""
    if logins is Logins.NOBODY:
        return (
            Finding("ok", f"Nobody of {domain} may log in here until you permit somebody."),
            Finding("ok", "sssd knows the names of the domain all the same."),
        )
    if logins is Logins.EVERYBODY:
        return (
            Finding(
                "BAD",
                f"Everybody of {domain} gets a shell on this node, also accounts made tomorrow.",
                "Name a group instead.",
            ),
        )
    told = [
        Finding(
            "LOOK",
            f"Who controls group {group} in Active Directory gets a shell here.",
            "Look who may change its members.",
        )
        for group in groups
    ]
    if users:
        told.append(
            Finding("LOOK", f"{listed(users)}: who sets the password there gets a shell here.")
        )
    since = "" if joined else ", from before the join on"
    told.append(Finding("ok", f"Everybody else of {domain} is denied{since}."))
    return tuple(told)


def proposed_domains(snapshot: Snapshot | None, fqdn: str) -> tuple[str, ...]:
    """Domains that could be meant, best first: those of the AD realms, then the host name's."""
    domains = snapshot.realms.value if snapshot else None
    realms = domains.realms.values() if domains else ()
    of_realms = [realm.options.get("domain", "") for realm in realms if realm.type == "ad"]
    found = [*of_realms, fqdn.partition(".")[2]]
    good = (name.strip().rstrip(".").lower() for name in found)
    return tuple(dict.fromkeys(name for name in good if name and not domain_problem(plain(name))))
