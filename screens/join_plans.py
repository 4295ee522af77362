"""The plans of a join: packages, the join itself, who may log in, leaving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.join.asking import Logins
from pve_auth_tui.core.join.model import JoinReport, NodeState
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from screens.join_after_forms import Leaving
from screens.join_flow import Step
from screens.join_forms import Account, WhoMay
from screens.join_rows import trouble_of
from screens.join_work import JoinWork, Post, Stopped

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent, Plan
    from pve_auth_tui.services.join import JoinDone
    from pve_auth_tui.services.report import Report
    from pve_auth_tui.services.steps import OnProgress

OnDone = Callable[["Report | None"], None]


class JoinPlans(JoinWork):
    """What is wanted goes through the plan's screen; `JoinService` carries it out."""

    @dataclass
    class RollsBack(Message):
        """The join failed, and is taken back now."""

        title: str

    @dataclass
    class Wants(Message):
        """What somebody wants, ready to be planned."""

        number: int
        intent: Intent
        on_done: OnDone

    def __init__(self) -> None:
        super().__init__()
        self._came: JoinDone | None = None  # of the plan that was carried out last
        self._refused: AuthTuiError | None = None  # why it was not

    def show(self) -> None:
        """Everything anew."""
        raise NotImplementedError

    def again(self) -> None:
        """Look at everything of this step."""
        raise NotImplementedError

    def go_to(self, step: Step) -> None:
        """Another step is shown from now on; the cursor begins where it is put."""
        raise NotImplementedError

    def tell_trouble(self, error: AuthTuiError) -> None:
        """What is wrong and what to try, as one sentence."""
        self.say(f"{plain(str(error))} {plain(error.hint)}".strip())

    # --- what is asked ------------------------------------------------------------------------

    def ask_account(self, on_given: Callable[[Account], None], *, must: bool) -> None:
        """Who joins; `must`: no join without the password."""
        from screens.join_forms import AccountForm

        flow = self.flow
        begin = Account(flow.user, None, flow.computer, flow.ou)
        self.app.push_screen(AccountForm(flow.domain, begin, on_given, must=must))

    def take_account(self, account: Account) -> None:
        """What was answered; the password replaces the one before, also where it is none."""
        flow = self.flow
        if (account.computer, account.ou) != (flow.computer, flow.ou):
            flow.take_over = False
        flow.user, flow.computer, flow.ou = account.user, account.computer, account.ou
        flow.password, flow.asked_account = account.password, True

    def ask_logins(self) -> None:
        """Who may log in."""
        from screens.join_forms import LoginsForm

        flow = self.flow
        begin = WhoMay(flow.logins, flow.users, flow.groups, flow.homes) if flow.logins else None

        def given(who: WhoMay) -> None:
            flow.logins, flow.users, flow.groups, flow.homes = who
            self.show()
            self.say("n goes on to the plan of the join.")

        self.app.push_screen(LoginsForm(flow.domain, begin, given))

    # --- plans ------------------------------------------------------------------------------

    def _plan(self, make: Callable[[], Intent], on_done: OnDone) -> None:
        """What is wanted looks at the node and asks the domain, so it is made in a worker."""

        def made(number: int, post: Post, stopped: Stopped) -> Message:
            return self.Wants(number, make(), on_done)

        self._begin("The plan is being made. Esc stops it.", made)
        self.say(self.busy)
        self.show_keys()

    @on(Wants)
    def _review(self, message: Wants) -> None:
        if message.number != self._number:
            return
        self.busy, self._came, self._refused = "", None, None
        self.show_keys()
        self.house.review(message.intent, message.on_done, self.tell_trouble, carries=self._carried)

    def _carried(self, plan: Plan, typed: str, on_progress: OnProgress) -> Report:
        """In a worker. A password that a domain controller did not take is not sent again."""
        from pve_auth_tui.services.joinready import AccountRefused

        def on_roll_back(back: Plan) -> None:
            self.post_message(self.RollsBack(back.title))

        if isinstance(self._refused, AccountRefused):
            raise self._refused
        try:
            done = self.service.apply(
                plan, override=typed, on_progress=on_progress, on_roll_back=on_roll_back
            )
        except AuthTuiError as error:
            self._refused = error
            raise
        self._came, self._refused = done, None
        return done.told

    @on(RollsBack)
    def _tell_roll_back(self, message: RollsBack) -> None:
        from screens.plan import PlanScreen

        for screen in self.app.screen_stack:
            if isinstance(screen, PlanScreen):
                told = "LOOK  It did not go to its end. What comes now:"
                screen.goes_on(f"{told} {plain(message.title)} ...")

    def install(self) -> None:
        """The packages that are missing; then everything is checked again."""
        report = self.flow.report
        if report is not None:
            self._plan(lambda: self.service.install(report), self._looked_after)

    def join(self) -> None:
        """The plan of the join; who joins is asked for the password, unless it is at hand."""
        flow = self.flow
        password = flow.password
        if password is None:

            def given(account: Account) -> None:
                before = (flow.user, flow.computer, flow.ou)
                self.take_account(account)
                if (flow.computer, flow.ou) != before[1:]:  # another account than was looked for
                    flow.step = Step.CHECK
                    self.again()
                elif flow.password is not None:
                    self.join()

            self.ask_account(given, must=True)
            return
        self._plan(self.wanted_join(password), self._joined)

    def wanted_join(self, password: Secret | None) -> Callable[[], Intent]:
        """Makes it, in a worker; without a password only to be looked at."""
        flow = self.flow
        report = flow.report or JoinReport(flow.domain, (), flow.state or NodeState())
        wish, everybody = flow.wish, flow.logins is Logins.EVERYBODY
        return lambda: self.service.join(
            wish, password, report, everybody=everybody, preview=password is None
        )

    def _joined(self, report: Report | None) -> None:
        """The plan was carried out, or left."""
        flow, came = self.flow, self._came
        if report is None or came is None:
            self._not_joined()
            return
        flow.done, flow.refused = came, None
        flow.forget()
        if not came.ok:
            self.go_to(Step.JOIN)
            if came.report.stopped and trouble_of(flow) is None:
                self.say("You stopped it. n asks for the password, and shows the plan anew.")
            else:
                self.say("It did not go as planned. enter tells why, o shows what was printed.")
            return
        flow.may = flow.users
        self.has_joined()

    def _not_joined(self) -> None:
        """The plan was left, perhaps after nothing of it was done."""
        from pve_auth_tui.services.joinready import AccountRefused

        flow, refused = self.flow, self._refused
        if refused is not None:
            flow.refused = refused.with_traceback(None)  # its frames know the password
        if isinstance(refused, AccountRefused):
            flow.forget()
            self.say("Nothing was changed. n asks for the password anew.")
        else:
            self.say("Nothing was changed. n shows the plan again.")
        self.show()

    def has_joined(self) -> None:
        """It went as planned: now it is proved."""
        raise NotImplementedError

    def _looked_after(self, report: Report | None) -> None:
        """Another plan than the join was carried out, or left."""
        if report is None or self._came is None:
            self.say("Nothing was changed.")
        else:
            self.again()

    def permit(self) -> None:
        """`p`"""
        from screens.join_forms import LoginsForm

        domain = self.flow.domain

        def given(who: WhoMay) -> None:
            everybody = who.logins is Logins.EVERYBODY
            self._plan(
                lambda: self.service.permit(domain, who.users, who.groups, everybody=everybody),
                self._looked_after,
            )

        self.app.push_screen(LoginsForm(domain, self.permitted(), given, joined=True))

    def permitted(self) -> WhoMay | None:
        """Who may log in now."""
        state = self.flow.state
        member = state.member_of(self.flow.domain) if state else None
        if member is None or not (member.permitted_users or member.permitted_groups):
            return None
        return WhoMay(Logins.NAMED, member.permitted_users, member.permitted_groups, True)

    def leave_domain(self) -> None:
        """`l`"""
        from screens.join_after_forms import LeaveDomainForm

        domain = self.flow.joined or self.flow.domain

        def given(how: Leaving) -> None:
            self._plan(
                lambda: self.service.leave(
                    domain,
                    delete=how.delete,
                    user=how.user,
                    password=how.password,
                    clean_up=how.clean_up,
                    purge=how.purge,
                ),
                self._left,
            )

        self.app.push_screen(LeaveDomainForm(domain, self.flow.user, given))

    def _left(self, report: Report | None) -> None:
        if report is None or self._came is None:
            self.say("Nothing was changed.")
            return
        self.flow.change()
        self.look()
        self.say(self.busy)
        self.show()

    def why_not_member(self) -> str:
        """Why nothing of a membership can be changed; "" when there is one."""
        return "" if self.flow.joined else "This node has not joined a domain."
