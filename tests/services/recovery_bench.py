"""A bench with what records and mails a recovery, and somebody who reads that mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pve_auth_tui.adapters.recoveries import MemoryRecoveries
from pve_auth_tui.core.errors import CommandFailed, Unwritable
from pve_auth_tui.core.ports import Recoveries
from pve_auth_tui.core.recover.evidence import Recovered
from pve_auth_tui.services.recover import RecoverService
from pve_auth_tui.services.report import Report
from pve_auth_tui.simnode.probe import SimProbe
from tests.services.workbench import USERS, Bench

REASON = "the phone fell into the lake"
ADDRESS = "admin@example.com"
WITH_ADDRESS = USERS.replace("root@pam:1:0:::::", f"root@pam:1:0:::{ADDRESS}::")
WHO = "root, logged in as ann on tty1"


class MailBox:
    """A `core.ports.Mail`. `broken`: the node's mail system takes nothing."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str, str]] = []
        self.broken = False

    def send(self, to: str, subject: str, text: str) -> None:
        if self.broken:
            raise CommandFailed("sendmail could not be started: No such file or directory.")
        self.mails.append((to, subject, text))


class FullRecoveries:
    """A disk that takes nothing."""

    def all(self) -> Sequence[Recovered]:
        return ()

    def put(self, recovered: Recovered) -> None:
        raise Unwritable("No space left on device.", "Make room.")


class RecoveryBench(Bench):
    """`recover` on a bench; `recoveries` and `mail` are what it leaves."""

    def __init__(self, recoveries: Recoveries | None = None, **more: Any) -> None:
        super().__init__(**{"users": WITH_ADDRESS, **more})
        self.recoveries: Recoveries = MemoryRecoveries() if recoveries is None else recoveries
        self.mail = MailBox()
        self.recover = self.recovery()

    def recovery(self, **more: Any) -> RecoverService:
        """Another session."""
        parts: dict[str, Any] = {"recoveries": self.recoveries, "mail": self.mail, **more}
        probe = SimProbe(self.node.disk, self.node.faults, self.clock)
        return RecoverService(
            world=self.outlooks,
            probe=probe,
            plans=self.plans,
            clock=self.clock,
            who=lambda: WHO,
            **parts,
        )

    def run(self, intent: Any, **more: Any) -> Report:
        """Review and apply, as a way back is."""
        return self.recover.apply(self.review(intent), userid="root@pam", reason=REASON, **more)

    def refusing(self, name: str, error: Exception) -> None:
        """What undo needs cannot be kept: `put`, `put_material`, `exclusively`, `wipe`."""

        def refuse(*given: Any, **named: Any) -> Any:
            raise error

        @contextmanager
        def unlocked(seconds: float = 0.0) -> Iterator[None]:
            raise error
            yield

        setattr(self.saved, name, unlocked if name == "exclusively" else refuse)
