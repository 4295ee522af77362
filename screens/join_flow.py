"""How far somebody has come with a join: what was answered, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.join.asking import Logins
from pve_auth_tui.core.join.model import JoinReport, JoinWish, NodeState

if TYPE_CHECKING:
    from pve_auth_tui.core.errors import AuthTuiError
    from pve_auth_tui.core.secret import Secret
    from pve_auth_tui.services.join import JoinDone


class Step(Enum):
    """In their order; the value is what line 2 shows."""

    NEED = "Need"
    CHECK = "Check"
    WHO = "Who may log in"
    JOIN = "Join"
    PROOF = "Proof"


ORDER = tuple(Step)


@dataclass
class Flow:
    """`password`: of who joins, in memory alone, and only until `forget`.

    `trouble_here`: why the node cannot be looked at. `checked`: `report` has everything that is
    looked at before a join. `logins` None: nobody has said yet who may log in. `done`: what came
    of the plan of the join; `refused`: why nothing of it was done at the last try. `may`,
    `must_not`: names to try once it has joined.
    """

    domain: str = ""
    step: Step = Step.NEED
    user: str = "Administrator"
    computer: str = ""
    ou: str = ""
    take_over: bool = False
    logins: Logins | None = None
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    homes: bool = True
    password: Secret | None = field(default=None, repr=False)
    asked_account: bool = False
    state: NodeState | None = None
    trouble_here: AuthTuiError | None = None
    needs: tuple[Finding, ...] = ()
    report: JoinReport | None = None
    checked: bool = False
    done: JoinDone | None = None
    refused: AuthTuiError | None = None
    proof: JoinReport | None = None
    may: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()

    @property
    def wish(self) -> JoinWish:
        named = self.logins is Logins.NAMED
        return JoinWish(
            self.domain,
            self.user,
            self.computer,
            self.ou,
            self.users if named else (),
            self.groups if named else (),
            self.homes,
            self.take_over,
        )

    @property
    def joined(self) -> str:
        """The domain that this node is a member of; "" for none."""
        for one in self.state.memberships if self.state else ():
            if one.configured:
                return one.domain
        return ""

    def forget(self) -> None:
        """The password is needed no more."""
        self.password = None

    def about(self, domain: str) -> None:
        """Another domain: what was found of the one before says nothing of it."""
        if domain != self.domain:
            self.domain, self.needs, self.done, self.refused = domain, (), None, None
            self.take_over, self.asked_account = False, False
            self.change()
            self.forget()

    def change(self) -> None:
        """What is to be done was changed, so what was checked holds no more."""
        self.report, self.checked = None, False
