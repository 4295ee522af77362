"""The row under the cursor of a join: everything about it, and the fixes that digits take."""

from __future__ import annotations

from typing import Final

from textual.events import Key

from pve_auth_tui.core.join.model import JoinFix, Topic
from pve_auth_tui.core.plain import plain
from screens import join_row
from screens.join_flow import Step
from screens.join_plans import JoinPlans
from screens.join_rows import DOMAIN, NEXT, topic_title
from widgets.sections import Sections

_TITLE: Final = "AD Join"
_KEYS: Final = {"a": "add", "p": "permit", "l": "leave"}
"""What the rows with a letter do: the names of the commands."""


class JoinFixes(JoinPlans):
    """What a fix leads to is looked at again, or shown as a plan: nothing is done here."""

    def __init__(self) -> None:
        super().__init__()
        self._digit = 0

    @property
    def rows(self) -> Sections:
        return self.query_one(Sections)

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
        """A digit takes the fix that carries it."""
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
