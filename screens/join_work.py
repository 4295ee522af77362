"""Looking at the node and at a domain in a worker: what the join stands on. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message
from textual.worker import Worker, get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.join.asking import proposed_domains
from pve_auth_tui.core.join.model import JoinCheck, JoinReport, NodeState
from screens.base import BaseScreen
from screens.join_flow import Flow
from screens.unwaited import until_given_up

if TYPE_CHECKING:
    from pve_auth_tui.services.join import JoinService
    from pve_auth_tui.services.outlook import Outlook

Post = Callable[[Message], None]
Stopped = Callable[[], bool]
Look = Callable[[int, Post, Stopped], Message]
"""Gets the number of the look; gives what is told at its end."""

_UNREAD = AuthTuiError("Nothing of PVE was read yet.", "r reads again.")


class JoinWork(BaseScreen):
    """Subclasses take what was found. What an older look finds is dropped."""

    @dataclass
    class Known(Message):
        """How the node stands, None where that cannot be looked at, and why; what a join means."""

        number: int
        state: NodeState | None
        trouble: AuthTuiError | None
        domain: str
        needs: tuple[Finding, ...]

    @dataclass
    class Checked(Message):
        """One thing was looked at."""

        number: int
        check: JoinCheck

    @dataclass
    class Reported(Message):
        """All of them were."""

        number: int
        report: JoinReport

    @dataclass
    class Failed(Message):
        """Nothing could be looked at, and why."""

        number: int
        error: AuthTuiError

    def __init__(self) -> None:
        super().__init__()
        self.flow = Flow()
        self.busy = ""
        """What is being looked at, as a sentence; "" while nothing is."""
        self._number = 0
        self._worker: Worker[None] | None = None

    @property
    def service(self) -> JoinService:
        return self.house.workshop.join

    @property
    def outlook(self) -> Outlook:
        """What is known of PVE. Raises AuthTuiError where nothing was read."""
        if self.house.outlook is None:
            raise self.house.failure or _UNREAD
        return self.house.outlook

    # --- what is looked at -----------------------------------------------------------------

    def look(self) -> None:
        """At the node; then what a join to the domain would mean here."""
        domain = self.flow.domain

        def looked(number: int, post: Post, stopped: Stopped) -> Message:
            state, trouble = None, None
            try:
                state = self.service.state()
            except AuthTuiError as error:
                trouble = error
            snapshot = self.house.snapshot
            members = state.memberships if state else ()
            joined = next((one.domain for one in members if one.configured), "")
            fqdn = state.fqdn if state else ""
            proposed = (joined, *proposed_domains(snapshot, fqdn))
            name = domain or next((one for one in proposed if one), "")
            needs = self.service.needs(self.outlook, name)
            return self.Known(number, state, trouble, name, needs)

        self._begin("The node is being looked at. Esc stops it.", looked)

    def check(self) -> None:
        """Every prerequisite, row by row."""
        flow = self.flow
        flow.change()
        flow.report = JoinReport(flow.domain, (), flow.state or NodeState())
        wish, password = flow.wish, flow.password

        def checked(number: int, post: Post, stopped: Stopped) -> Message:
            report = self.service.check(
                wish,
                self.outlook,
                password=password,
                on_check=lambda check: post(self.Checked(number, check)),
                stopped=stopped,
            )
            return self.Reported(number, report)

        self._begin("The check runs. Esc stops it.", checked)

    def validate(self) -> None:
        """How the membership does, and who may log in."""
        flow = self.flow
        flow.proof = JoinReport(flow.domain, (), flow.state or NodeState())
        domain, may, must_not = flow.domain, flow.may, flow.must_not

        def validated(number: int, post: Post, stopped: Stopped) -> Message:
            report = self.service.validate(
                domain,
                may=may,
                must_not=must_not,
                on_check=lambda check: post(self.Checked(number, check)),
                stopped=stopped,
            )
            return self.Reported(number, report)

        self._begin("The membership is being looked at. Esc stops it.", validated)

    # --- a worker ----------------------------------------------------------------------------

    def _begin(self, sentence: str, do: Look) -> None:
        self._number += 1
        self.busy = sentence
        self._worker = self._run(self._number, do)

    @work(thread=True, exclusive=True, group="join", exit_on_error=False)
    def _run(self, number: int, do: Look) -> None:
        worker = get_current_worker()

        def post(message: Message) -> None:
            if not worker.is_cancelled:
                self.post_message(message)

        def look() -> None:
            try:
                post(do(number, post, lambda: worker.is_cancelled))
            except AuthTuiError as error:
                post(self.Failed(number, error))

        until_given_up(look, lambda: worker.is_cancelled)

    def stop_looking(self) -> None:
        """Nothing was changed, and nothing of it is waited for any more."""
        if self._worker is not None:
            self._worker.cancel()
        self._number += 1
        self.busy = ""

    @on(Known)
    def _take_known(self, message: Known) -> None:
        if message.number == self._number:
            self.busy = ""
            self.known(message)

    @on(Checked)
    def _take_check(self, message: Checked) -> None:
        if message.number == self._number:
            self.checked(message.check)

    @on(Reported)
    def _take_report(self, message: Reported) -> None:
        if message.number == self._number:
            self.busy = ""
            self.reported(message.report)

    @on(Failed)
    def _take_failure(self, message: Failed) -> None:
        if message.number == self._number:
            self.busy = ""
            self.failed(message.error)

    # --- what a subclass does with it -------------------------------------------------------

    def known(self, known: Known) -> None:
        """How the node stands."""
        raise NotImplementedError

    def checked(self, check: JoinCheck) -> None:
        """One row more."""
        raise NotImplementedError

    def reported(self, report: JoinReport) -> None:
        """All rows."""
        raise NotImplementedError

    def failed(self, error: AuthTuiError) -> None:
        """There is nothing to show, and why."""
        raise NotImplementedError
