"""The row under the cursor of a join: everything about it, and the fixes that digits take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual import on
from textual.events import Key
from textual.message import Message

from pve_auth_tui.core.join.model import JoinFix, Topic
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from screens import join_row
from screens.join_flow import Step
from screens.join_plans import JoinPlans
from screens.join_row import output_lines
from screens.join_rows import DOMAIN, NEXT, topic_title, trouble_of
from screens.join_work import Post, Stopped
from widgets.sections import Sections

if TYPE_CHECKING:
    from pve_auth_tui.services.report import Report

_TITLE: Final = "AD Join"
_MOVES: Final = frozenset({"up", "down", "j", "k", "pageup", "pagedown", "home", "end"})
_KEYS: Final = {"a": "add", "p": "permit", "l": "leave"}
"""What the rows with a letter do: the names of the commands."""


class JoinFixes(JoinPlans):
    """What a fix leads to is looked at again, or shown as a plan: nothing is done here."""

    @dataclass
    class Lines(Message):
        """The commands of the join."""

        number: int
        lines: tuple[Line, ...]

    def __init__(self) -> None:
        super().__init__()
        self._digit = 0
        self._moved = False  # by a person: until then the cursor goes to what is wrong

    @property
    def rows(self) -> Sections:
        return self.query_one(Sections)

    def edit(self) -> None:
        """What this step asks."""
        raise NotImplementedError

    def ask_domain(self) -> None:
        """Which one to join."""
        raise NotImplementedError

    # --- the row under the cursor -------------------------------------------------------------

    def why_no_row(self) -> str:
        """Why there is nothing to open; "" when there is."""
        return "" if self.rows.key else "There is no row here yet."

    def open_row(self) -> None:
        """Enter"""
        from screens.details import DetailsScreen

        key = self.rows.key
        if key == DOMAIN:
            self.ask_domain()
        elif do := _KEYS.get(key.removeprefix(NEXT)):
            self.action_command(do)
        else:
            title, _ = join_row.details(self.flow, key)
            lines = join_row.all_lines(self.flow, key)
            self.app.push_screen(DetailsScreen(_TITLE, title, lines))

    def on_key(self, event: Key) -> None:
        """A digit takes the fix that carries it; who moves the cursor has it where it is."""
        self._moved = self._moved or event.key in _MOVES
        if event.character and event.character.isdigit():
            self._digit = int(event.character)

    def why_no_fix(self) -> str:
        """Why a digit does nothing now; "" when it does."""
        fixes = join_row.fixes_at(self.flow, self.rows.key)
        if not fixes:
            return "There is nothing to mend here."
        return "" if self._digit in {0, *fixes} else f"There is no fix {self._digit} here."

    def take_fix(self) -> None:
        """`1` to `9`"""
        digit, self._digit = self._digit, 0
        fix = join_row.fixes_at(self.flow, self.rows.key).get(digit)
        if fix is None:
            self.say("The digits take the fixes.")
        else:
            self._take(fix)

    def _take(self, fix: JoinFix) -> None:
        flow = self.flow
        if fix.kind == "install":
            self.install()
        elif fix.kind == "leave":
            self.leave_domain()
        elif fix.kind == "account":
            self.edit()
        elif fix.kind == "permit" and flow.joined:
            self.permit()
        elif fix.kind == "computer" and fix.value:
            flow.computer = fix.value
            self.look_anew()
        elif fix.kind == "domain" and fix.value:
            flow.about(fix.value)
            self.look_anew()
        elif fix.kind == "take-over":
            self._agree_to_take_over(fix)
        else:
            self.say(f"That is not done from here: {plain(fix.text)}.")

    def look_anew(self) -> None:
        """Something of the wish is another one: what was checked holds no more."""
        self.go_to(Step.CHECK)
        self.again()

    def _agree_to_take_over(self, fix: JoinFix) -> None:
        from screens.typed_yes import YesScreen

        advice = join_row.advice_at(self.flow, self.rows.key)

        def answered(yes: bool | None) -> None:
            if yes:
                self.flow.take_over = True
                self.look_anew()
            else:
                self.say("The account stays with whom it belongs to.")

        told = [advice.what if advice else "", fix.text]
        dialog = YesScreen(topic_title(Topic.ACCOUNT, self.flow), [one for one in told if one])
        self.app.push_screen(dialog, answered)

    # --- afterwards ---------------------------------------------------------------------------

    def add_user(self) -> None:
        """`a`: the form of a new user, with a name of the domain in it."""
        from screens.pick import PickScreen
        from screens.user_form import UserForm

        permitted = self.permitted()
        names = list(dict.fromkeys((*(permitted.users if permitted else ()), *self.flow.may)))

        def picked(name: str | None) -> None:
            if name is not None:
                self.app.push_screen(UserForm(on_done=self._added, name=name, realm="pam"))

        if len(names) > 1:
            self.app.push_screen(PickScreen("Add to PVE", names), picked)
        else:
            picked(names[0] if names else "")

    def _added(self, report: Report | None) -> None:
        self.say("Added. Give the user rights with Permissions (1)." if report else "")

    # --- showing --------------------------------------------------------------------------------

    def why_no_commands(self) -> str:
        """Why `c` shows nothing now; "" when it does."""
        if self.flow.step in (Step.NEED, Step.PROOF):
            return "c shows the commands of the join once it was checked; p and l show theirs."
        return ""

    def show_commands(self) -> None:
        """`c`: those of the join, without its password."""
        from pve_auth_tui.core.commands import shown

        make = self.wanted_join(None)

        def made(number: int, post: Post, stopped: Stopped) -> Message:
            steps = make()(self.outlook.snapshot).steps
            return self.Lines(number, tuple(Line(shown(step)) for step in steps))

        self._begin("The commands are being worked out. Esc stops it.", made)
        self.say(self.busy)
        self.show_keys()

    @on(Lines)
    def _show_lines(self, message: Lines) -> None:
        from screens.details import DetailsScreen

        if message.number == self._number:
            self.busy = ""
            self.say("")
            self.app.push_screen(DetailsScreen(_TITLE, "Commands of the join", message.lines))

    def why_no_output(self) -> str:
        """Why `o` shows nothing now; "" when it does."""
        error = trouble_of(self.flow)
        return "" if error and error.original else "Nothing has failed here, so nothing is printed."

    def show_output(self) -> None:
        """`o`"""
        from screens.details import DetailsScreen

        error = trouble_of(self.flow)
        if error is not None:
            lines = output_lines(error)
            self.app.push_screen(DetailsScreen(_TITLE, "What was printed", lines))
