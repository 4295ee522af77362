"""Joins this node to Active Directory, step by step, and takes it out again (`:join`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.join.asking import refuses_account
from pve_auth_tui.core.join.model import JoinCheck, JoinReport
from pve_auth_tui.core.join.names import domain_problem
from pve_auth_tui.core.plain import cells, plain
from screens import join_row
from screens import join_rows as rows
from screens.commands import Commands, hints
from screens.join_commands import OF_JOIN, TakeFix
from screens.join_fixes import JoinFixes
from screens.join_flow import ORDER, Step
from screens.join_work import JoinWork
from widgets.detail_pane import DetailPane
from widgets.lines import HeadLine, KeyHint, KeyLine, Rule, Sentence
from widgets.sections import Sections

if TYPE_CHECKING:
    from screens.join_after_forms import Tried
    from screens.join_forms import Account

_TITLE: Final = "AD Join"
_LOW: Final = 18  # rows of a screen on which what is well is one row


class JoinScreen(JoinFixes):
    """`domain`: which one to join; "" proposes one. A node that has joined opens on its proof."""

    CSS_PATH = "join.tcss"
    OFFERS: ClassVar[Commands] = OF_JOIN

    def __init__(self, domain: str = "") -> None:
        super().__init__()
        self.flow.domain = domain
        self._begun = False

    @property
    def open_title(self) -> str:
        return _TITLE

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        yield Sections(id="rows")
        yield DetailPane(id="details")
        yield Sentence(id="status")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.rows.focus()
        self.look()
        self.say(self.busy)
        self.show()

    def on_unmount(self) -> None:
        """However it is left."""
        self.flow.forget()

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """No lists here: the digits take fixes."""

    def on_resize(self) -> None:
        self.show()

    # --- what was found ------------------------------------------------------------------

    def known(self, known: JoinWork.Known) -> None:
        flow = self.flow
        flow.state, flow.trouble_here = known.state, known.trouble
        flow.about(known.domain)
        flow.needs = known.needs
        if flow.joined and flow.joined.lower() == flow.domain.lower():
            self.go_to(Step.PROOF)
            self.again()
            return
        if flow.step is Step.PROOF:  # it has left meanwhile
            self.go_to(Step.NEED)
        self.show()
        if known.trouble is not None:
            self.tell_trouble(known.trouble)
        elif not self._begun or flow.step is Step.NEED:
            unchanged = "" if self._begun else "Nothing has been changed. "
            self.say(f"{unchanged}n goes on to the check.")
        self._begun = True

    def checked(self, check: JoinCheck) -> None:
        flow = self.flow
        report = flow.proof if flow.step is Step.PROOF else flow.report
        if report is None:
            return
        others = (one for one in report.checks if one.topic is not check.topic)
        self._put(replace(report, checks=(*others, check)))
        self.show()

    def reported(self, report: JoinReport) -> None:
        self._put(report)
        self.flow.checked = self.flow.checked or self.flow.step is Step.CHECK
        self.flow.state = report.state
        if refuses_account(report):
            self.flow.forget()
        self.show()
        if not self._moved:
            self.rows.go_to(rows.first_row(self.flow))
        self.say(rows.count_sentence(report))

    def _put(self, report: JoinReport) -> None:
        if self.flow.step is Step.PROOF:
            self.flow.proof = report
        else:
            self.flow.report = report

    def failed(self, error: AuthTuiError) -> None:
        """A password with which nothing could be planned is not tried again by itself."""
        self.flow.forget()
        self.show()
        self.tell_trouble(error)

    # --- showing ---------------------------------------------------------------------------

    def show(self) -> None:
        """Everything anew; the cursor stays where somebody has put it."""
        if not self.query(Sections):
            return
        flow = self.flow
        title = rows.heading(flow)
        size = self.app.size
        stages = rows.stages_line(flow.step, size.width - cells(plain(title)) - 7)
        self.query_one("#heading", Rule).show_parts(title, stages)
        shown = rows.sections(flow, runs=bool(self.busy), folds=size.height < _LOW)
        self.rows.show((), shown, rows.first_row(flow))
        self._show_details()
        self.show_keys()

    def _show_details(self) -> None:
        self.query_one(DetailPane).show(*join_row.details(self.flow, self.rows.key))

    @on(Sections.Moved)
    def _moved_to(self, message: Sections.Moved) -> None:
        message.stop()
        self._show_details()
        self.show_keys()

    def show_keys(self) -> None:
        fixes = join_row.fixes_at(self.flow, self.rows.key)
        digits = KeyHint(f"1-{len(fixes)}" if len(fixes) > 1 else "1", TakeFix.word)
        shown = []
        for hint in hints(self.OFFERS, self):
            if hint.key == TakeFix.shown:
                shown += [digits] if fixes else []
            else:
                shown.append(hint)
        self.query_one(KeyLine).show_hints(shown)

    # --- steps ---------------------------------------------------------------------------------

    def go_to(self, step: Step) -> None:
        self.flow.step, self._moved = step, False
        self.rows.begin_anew()
        self.show()

    def has_joined(self) -> None:
        self.go_to(Step.PROOF)
        self.look()
        self.edit()

    def again(self) -> None:
        """`r`"""
        step = self.flow.step
        if step is Step.CHECK:
            self.check()
        elif step is Step.PROOF and self.flow.joined:
            self.validate()
        else:
            self.look()
        self.say(self.busy)
        self.show()

    def why_no_next(self) -> str:
        """Why there is no next step now; "" when there is."""
        if self.flow.trouble_here is not None:
            return plain(f"{self.flow.trouble_here} {self.flow.trouble_here.hint}".strip())
        return ""

    def go_on(self) -> None:
        """`n`"""
        flow = self.flow
        if flow.step is Step.NEED and not flow.domain:
            self.edit()
        elif flow.step is Step.NEED:
            self.go_to(Step.CHECK)
            if not flow.asked_account:
                self.edit()
            elif not flow.checked:
                self.again()
        elif flow.step is Step.CHECK and not flow.checked:
            self.again()
        elif flow.step is Step.CHECK:
            self.go_to(Step.WHO)
            if flow.logins is None:
                self.say("n asks who may log in; nobody is an answer, too.")
                self.edit()
            else:
                self.say("n goes on to the plan of the join.")
        elif (flow.step is Step.WHO and flow.logins is None) or flow.step is Step.PROOF:
            self.edit()
        else:
            self.go_to(Step.JOIN)
            self.join()

    def step_back(self) -> None:
        """Esc: stops what is looked at; one step back; leaves."""
        at = ORDER.index(self.flow.step)
        if self.busy:
            self.stop_looking()
            self.show()
            self.say("Stopped. Nothing was changed. r looks again.")
        elif self.flow.step in (Step.NEED, Step.PROOF):
            super().step_back()
        else:
            self.go_to(ORDER[at - 1])
            self.say("")

    # --- what is asked ---------------------------------------------------------------------------

    def why_no_edit(self) -> str:
        """Why nothing can be answered now; "" when it can."""
        return "" if self.flow.step is Step.NEED else self.why_no_next()

    def edit(self) -> None:
        """`e`: what this step asks."""
        from screens.join_after_forms import ProofForm, Tried

        flow = self.flow
        if flow.step is Step.NEED:
            self.ask_domain()
        elif flow.step is Step.WHO:
            self.ask_logins()
        elif flow.step is Step.PROOF:
            begin = Tried(flow.may, flow.must_not)
            self.app.push_screen(ProofForm(flow.domain, begin, self._tried))
        else:
            if flow.step is Step.CHECK and not flow.checked:
                self.say("r looks without the account, e asks for it again.")
            self.ask_account(self._account_given, must=False)

    def ask_domain(self) -> None:
        """Another domain, or the first one."""
        from screens.rename import RenameScreen

        def named(text: str | None) -> None:
            if text is not None:
                self.flow.about(text.strip().lower())
                self.look()
                self.show()

        def problem(text: str) -> str:
            return domain_problem(text.strip()) or ""

        dialog = RenameScreen("Domain", self.flow.domain, problem, title="Which", done="go on")
        self.app.push_screen(dialog, named)

    def _account_given(self, account: Account) -> None:
        self.take_account(account)
        if self.flow.step is Step.CHECK:
            self.again()

    def _tried(self, tried: Tried) -> None:
        self.flow.may, self.flow.must_not = tried.may, tried.must_not
        self.again()
