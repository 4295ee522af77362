"""What stays of a recovery, so that nobody gets in quietly through this program (R18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.words import date_time

RECOVER: Final = "recover"
"""The target that opens Recover."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """One recovery: `id` its own, `at` when it was begun, `seen` when somebody has acknowledged it
    (seconds since 1970; 0: nobody has). `userid`: whose login it was about; `who`: as the kernel
    says; `outcome`: `begun`, `done`, `failed` or `nothing done`.
    """

    id: str
    at: float
    userid: str
    title: str
    reason: str
    who: str
    outcome: str = "begun"
    seen: float = 0.0


def unseen(all_of_them: Sequence[Recovered]) -> tuple[Recovered, ...]:
    """Those that nobody has acknowledged; what did nothing is not told."""
    return tuple(one for one in all_of_them if not one.seen and one.outcome != "nothing done")


def recovery_findings(all_of_them: Sequence[Recovered]) -> list[Finding]:
    """For Start and `status`, the last one first."""
    return [
        Finding(
            "LOOK",
            f"Recover was used at {date_time(one.at)}: {plain(one.title)} ({_how(one)})",
            f"Reason: {plain(one.reason).rstrip('.') or 'none was given'}. By {plain(one.who)}. "
            "0 Recover, then a: acknowledged, and not told again.",
            Target(RECOVER, one.userid),
        )
        for one in reversed(unseen(all_of_them))
    ]


def _how(one: Recovered) -> str:
    """Who was killed in the middle could not write how it ended."""
    return "begun, its end is not recorded" if one.outcome == "begun" else one.outcome


def mail_about(one: Recovered, node: str, commands: Sequence[str]) -> tuple[str, str]:
    """Subject and text of the mail to root@pam; no secret is in the commands."""
    subject = f"[{plain(node)}] pve-auth-tui recover: {plain(one.title)}"
    lines = [
        f"On {plain(node)}, at {date_time(one.at)}, somebody used pve-auth-tui to get back in.",
        "",
        f"What:    {plain(one.title)} ({one.outcome})",
        f"Login:   {plain(one.userid)}",
        f"Reason:  {plain(one.reason) or 'none was given'}",
        f"By:      {plain(one.who)}",
        "",
        *(f"  {line}" for line in commands),
        "",
        "If that was not you: look at the journal (pve-auth-tui journal) and at who was logged in.",
    ]
    return subject, "\n".join(lines) + "\n"
