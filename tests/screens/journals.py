"""A journal with something in it, behind an application that changes nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.journal import MemoryJournal
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.errors import AuthTuiError, Unreadable
from pve_auth_tui.core.journal import Entry, Event, Who, Written
from pve_auth_tui.core.journalcheck import Verdict
from pve_auth_tui.simnode.demo import DEMO_NOW
from pve_auth_tui.workshop import Workshop

JOE = Who("joe (uid 1001), session 7, on pts/0, from 192.0.2.7, by sshd, as uid 0", "SUDO_USER joe")
EVE = Who("eve (uid 1002), session 9, on pts/1, as uid 0", "SUDO_USER root", differs=True)
PLANS = ("20260725-100000-a1b2c3", "20260725-110000-d4e5f6")
FIRST = "pveum user modify anna.admin@corp --enable 0"


class Desk:
    """Gives the application a workshop with nothing in it but a journal; `trouble`: of reading."""

    def __init__(self, entries: int = 0) -> None:
        self.trouble: AuthTuiError | None = None
        self._journal = MemoryJournal(JOE, FixedClock(DEMO_NOW))
        for number in range(entries):
            self.write("intent", f"pveum user modify u{number}@pve", step=number + 1)

    def write(
        self, event: Event, text: str = "", *, plan: int = 0, step: int = 1, outcome: str = ""
    ) -> None:
        title = ("disable anna.admin@corp", "delete group ops")[plan]
        self._journal.write(Entry(event, PLANS[plan], title, step, text, outcome))

    def tell_a_story(self) -> None:
        """Joe disables a user; Eve, who claims to be root, fails to delete a group."""
        self.write("begin", step=0)
        self.write("intent", FIRST)
        self.write("result", outcome="ok")
        self.write("end", step=0, outcome="ok")
        self._journal._who = EVE
        self.write("begin", plan=1, step=0)
        self.write("intent", "pveum group delete ops", plan=1)
        self.write("result", plan=1, outcome="failed: ApiError")

    def break_it(self) -> None:
        """Somebody edits the second entry."""
        lines = self._journal._held
        lines[1] = lines[1].replace(b"--enable 0", b"--enable 1")

    def read(self) -> tuple[Written, ...]:
        if self.trouble:
            raise self.trouble
        return tuple(self._journal.read())

    def verify(self, head: str = "") -> Verdict:
        if self.trouble:
            raise self.trouble
        return self._journal.verify(head)

    def given_to(self, app: PveAuthApp) -> PveAuthApp:
        plans = SimpleNamespace(armed=lambda: (), busy=False, stop=lambda: None)
        recover = SimpleNamespace(unseen=lambda: ())
        workshop = SimpleNamespace(
            journal=self, plans=plans, recover=recover, clock=FixedClock(DEMO_NOW)
        )
        app.prepare_changes(lambda: cast(Workshop, workshop))
        return app


UNREADABLE = Unreadable("/journal can be used by others; it is not trusted.", "Is it yours?")
