"""What an explanation says: a verdict, the steps that lead to it, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.plan import Step as Call

StepKind: TypeAlias = Literal["root", "none", "user", "group", "token", "pool", "owner"]


class Step(NamedTuple):
    """One line of the table, in the order in which PVE looks: from / down, then pools, then the
    limit that a token's user sets.

    `path`: the level whose entry it is; `entry`: who it names, as ACL lists show it (`@ops`);
    `role`: one role, or "" for a step that is no entry. Then `entry` is what there is instead:
    `pool lab` that gives nothing, `none has guest 100`, the user of a token (kind `owner`).
    `counts`: does it decide or add something here? `why`: a few words (`replaced further down`).
    `result`: privilege -> propagates, as it stands after this step; the last step's is the answer.
    """

    kind: StepKind
    path: str
    entry: str
    role: str
    counts: bool
    why: str
    result: Flags


class Usable(NamedTuple):
    """Can the subject use its rights at all, now? `ok` is None where that is not judged.

    `reason`: one sentence, "" only when `ok` is True.
    """

    ok: bool | None
    reason: str = ""


class Fix(NamedTuple):
    """What would allow it: `title` (an act), `effect` (what that leads to), and the plan of it.

    `calls`: what the intent gives with the picture that was asked.
    """

    title: str
    effect: str
    intent: Intent
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """`privilege`: the one asked for, "" for all. `allowed`: what PVE answers for the path
    (GET /access/permissions with userid and path): privilege -> propagates.

    `verdict` and `because` are sentences; `steps` is never empty. `owner`: the same question for
    the user of a token with privilege separation. `also`: other accounts of the same person.
    """

    subject: str
    path: str
    privilege: str
    allowed: Flags
    usable: Usable
    verdict: str
    because: str
    steps: tuple[Step, ...]
    fixes: tuple[Fix, ...] = ()
    owner: Explanation | None = None
    also: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """The privilege asked for; without one: any at all."""
        return self.privilege in self.allowed if self.privilege else bool(self.allowed)

    @property
    def propagates(self) -> bool:
        """Is it passed on to what lies below the path? Without a privilege: are all of them?"""
        if self.privilege:
            return self.allowed.get(self.privilege, False)
        return bool(self.allowed) and all(self.allowed.values())
