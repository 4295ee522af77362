"""Asking as an API token: its secret, real calls, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError, LoginRefused
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tokenheader import secret_problem
from screens.base import BaseScreen
from screens.choose import ChooseScreen
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Reveal, Review
from widgets.detail_pane import Paragraph
from widgets.field import AnyField, ChoiceEntry, SecretEntry
from widgets.form import Form
from widgets.lines import Rule

if TYPE_CHECKING:
    from pve_auth_tui.services.plans import Report
    from pve_auth_tui.services.tokentest import TokenTrial

_MADE, _FILE, _TYPED = "made", "file", "typed"
_NEVER_TYPED: Final = Secret("")


class Ask(Review):
    """Asks PVE once with the token's secret: what it may do, and what it sees."""

    word, name = "ask", "ask"

    @classmethod
    def problem(cls, screen: FormScreen) -> str:
        return screen.busy if isinstance(screen, TokenTestScreen) else ""


class LeaveTrial(LeaveForm):
    """Leaves; the secret is kept nowhere."""

    word = "back"


class TokenTestScreen(FormScreen):
    """`made`: the secret if it was made just now; then it is asked at once. `on_tested` hears
    what came of the last test when the screen is left.
    """

    CSS_PATH = "token_test.tcss"
    OFFERS: ClassVar[Commands] = (Ask, FieldHelp, Reveal, LeaveTrial)

    @dataclass
    class Tested(Message):
        """PVE answered."""

        trial: TokenTrial

    @dataclass
    class NotTested(Message):
        """It did not, or nothing was sent; and why."""

        error: AuthTuiError

    def __init__(
        self,
        tokenid: str,
        made: Secret | None = None,
        on_tested: Callable[[Sequence[Line]], None] | None = None,
    ) -> None:
        super().__init__()
        self._tokenid = tokenid
        self._made = made
        self._on_tested = on_tested
        self._told: Sequence[Line] = ()
        self.busy = ""

    @property
    def heading(self) -> str:
        return f"Ask as {self._tokenid}"

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        with Vertical(id="body"):
            yield Form(self.make_fields(), id="form")
            yield Paragraph((), id="result")
        yield from self.compose_bottom()

    def make_fields(self) -> list[AnyField]:
        sources = [(_TYPED, "typed here")]
        if self._reads_secrets:
            sources.insert(0, (_FILE, "priv/token.cfg on this node, read for this test alone"))
        if self._made is not None:
            sources.insert(0, (_MADE, "the one that was just made"))
        return [
            ChoiceEntry(
                "source", "Its secret", sources, sources[0][0],
                help="PVE has it in priv/token.cfg; whoever made the token has it, too.",
            ),
            SecretEntry(
                "secret", "Secret", rule=self._secret_problem,
                help="The secret alone, or user@realm!name=secret. It is kept nowhere.",
            ),
        ]  # fmt: skip

    @property
    def _reads_secrets(self) -> bool:
        try:
            return self.house.workshop.token_test.reads_secrets
        except AuthTuiError:
            return False

    def _secret_problem(self, typed: Secret) -> str:
        return secret_problem(typed) if self._source == _TYPED else ""

    @property
    def _source(self) -> str:
        return str(self.form.field("source").value)

    def filled(self) -> None:
        self._fold()
        if self._made is not None:
            self.review()

    def answer_changed(self, ident: str) -> None:
        if ident == "source":
            self._fold()

    def _fold(self) -> None:
        self.form.field("secret").display = self._source == _TYPED

    # --- asking ------------------------------------------------------------------------------

    def review(self) -> None:
        snapshot = self.house.snapshot
        if snapshot is None:
            raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
        typed = self.form.field("secret").value
        secret = self._made if self._source == _MADE else None
        if self._source == _TYPED:
            secret = typed if isinstance(typed, Secret) else _NEVER_TYPED
            self.form.clear_secrets()
        self.busy = "PVE is being asked ..."
        self.query_one("#result", Paragraph).show(())
        self.say(self.busy)
        self.show_keys()
        self._ask(secret, snapshot)

    @work(thread=True, exclusive=True, group="ask", exit_on_error=False)
    def _ask(self, secret: Secret | None, snapshot: Snapshot) -> None:
        """With `secret`, or (None) the one that PVE has stored."""
        message: Message
        try:
            trials = self.house.workshop.token_test
            known = trials.stored(self._tokenid) if secret is None else secret
            message = self.Tested(trials.test(self._tokenid, known, snapshot))
        except AuthTuiError as error:
            message = self.NotTested(error)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Tested)
    def _tested(self, message: Tested) -> None:
        from pve_auth_tui.services.tokentest import trial_lines

        self._end(trial_lines(message.trial), "Asked. ^O asks again, Esc goes back.")

    @on(NotTested)
    def _not_tested(self, message: NotTested) -> None:
        error = message.error
        refused = isinstance(error, LoginRefused)
        lines = [
            Line(f"no. {error}" if refused else str(error), "Logs in" if refused else "", "BAD")
        ]
        hint = [Line(error.hint)] if error.hint else []
        self._end([*lines, *hint], "Esc goes back, ^O asks again.")

    def _end(self, lines: Sequence[Line], sentence: str) -> None:
        self.busy = ""
        self._told = lines
        self.query_one("#result", Paragraph).show(lines)
        self.say(sentence)
        self.show_keys()

    def step_back(self) -> None:
        super().step_back()
        if self._on_tested is not None and self._told:
            self._on_tested(self._told)


# --- what leads here -----------------------------------------------------------------------


def offer_test(screen: BaseScreen, report: Report | None) -> None:
    """After a plan that made one secret: ask whether to try it at once."""
    told = report.told_once if report else ()
    if len(told) != 1:
        return
    tokenid, secret = told[0]

    def chosen(index: int | None) -> None:
        if index == 0:
            screen.app.push_screen(TokenTestScreen(tokenid, secret))

    options = ["ask PVE as the token, with the new secret", "later: t in the list does it"]
    screen.app.push_screen(ChooseScreen(f"Try {tokenid} now?", options), chosen)


def renew(
    screen: BaseScreen,
    tokenids: Sequence[str],
    on_done: Callable[[Report | None], None] | None = None,
) -> None:
    """The plan of new secrets; then, for one, the offer to try it."""
    from pve_auth_tui.core.intents.tokens import regenerate
    from pve_auth_tui.core.planning import together

    def done(report: Report | None) -> None:
        if on_done is not None:
            on_done(report)
        offer_test(screen, report)

    title = f"new secrets for {len(tokenids)} API tokens" if len(tokenids) > 1 else ""
    screen.house.review(together([regenerate(one) for one in tokenids], title), done)
