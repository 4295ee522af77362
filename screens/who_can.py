"""Everybody who can do something on a path: through what, and whether they can log in now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar, Final

from pve_auth_tui.core.aclpaths import about_path, known_paths, placed
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.explanation import Usable
from pve_auth_tui.core.why.known import (
    about_subject,
    act_words,
    counted_subjects,
    known_acts,
    permission_lines,
)
from pve_auth_tui.core.why.whocan import Holder, who_can
from pve_auth_tui.core.words import yes_no
from screens.answer_rows import FindRow, RowsScreen
from screens.commands import Command, Commands
from screens.questions import OF_QUESTIONS, Choices, LeaveAnswer, SaveAnswer, Show, ShowLines
from widgets.question import Question

_DOES, _WHERE = range(2)
_USABLE: Final[Mapping[bool | None, str]] = {True: "yes", False: "NO", None: "-"}


class ExplainRow(Command["WhoCanScreen"]):
    """Explains why the user or API token of the row can do it."""

    keys, shown, word, name = "enter", "enter", "why", "why"

    @classmethod
    def problem(cls, screen: WhoCanScreen) -> str:
        return screen.why_no_row()

    @classmethod
    def run(cls, screen: WhoCanScreen) -> None:
        screen.explain_row()


class WhoCanScreen(RowsScreen):
    """One row for each user and API token; what is left empty is asked."""

    OFFERS: ClassVar[Commands] = (
        ExplainRow, FindRow, LeaveAnswer, SaveAnswer, ShowLines, *OF_QUESTIONS,
    )  # fmt: skip
    LABELS = ("Does", "Where")
    TITLE_TEXT = "Who can"
    COLUMNS = (
        Column("User/API Token", 26, grow=True),
        Column("Through", 28, grow=True),
        Column("Prop", 4),
        Column("Can log in", 10),
    )
    FIELDS = ("prop", "usable")
    FILE = "who-can"

    def __init__(self, privilege: str = "", where: str = "/") -> None:
        super().__init__(privilege, where)
        self._holders: Mapping[str, Holder] = {}
        self._meant: Mapping[str, str] = {}  # what is offered -> privilege

    def choices(self, index: int, snapshot: Snapshot) -> Choices:
        if index == _WHERE:
            return known_paths(snapshot)
        acts = known_acts(snapshot, self.asked[_WHERE])
        self._meant = {act.text: act.privilege for act in acts}
        return [(act.text, act.about) for act in acts]

    def as_typed(self, index: int) -> str:
        return "as it was typed" if index == _WHERE else ""

    def typed(self, index: int, text: str) -> str:
        return placed(text) if index == _WHERE else self._meant.get(text, text)

    def show_questions(self) -> None:
        privilege, where = self.asked
        snapshot = self.house.snapshot
        words = act_words(privilege, where) if privilege and where else ""
        does = self.query_one("#question-0", Question)
        does.show(words or privilege or "Enter chooses", "", privilege if words else "")
        about = about_path(snapshot, where) if snapshot else ""
        self.query_one("#question-1", Question).show(where or "Enter chooses", about)

    def work_out(self, snapshot: Snapshot, asked: tuple[str, ...]) -> Show:
        privilege, where = asked
        holders = who_can(snapshot, privilege, where, now=snapshot.taken_at)
        rows = [_row(holder) for holder in holders]
        return partial(self._show, {holder.subject: holder for holder in holders}, rows)

    def _show(self, holders: Mapping[str, Holder], rows: Sequence[Row]) -> None:
        self._holders = holders
        self.show_rows(rows, "Nobody can.")

    def counted(self, number: int) -> str:
        return counted_subjects(tuple(self._holders))

    def details(self, key: str) -> tuple[str, Sequence[Line]]:
        holder, snapshot = self._holders[key], self.house.snapshot
        passed_on = "what lies below, too" if holder.propagates else "there alone"
        lines = [
            Line(holder.through, "Through"),
            Line(passed_on, "For"),
            Line(_log_in(holder.usable), "Log in"),
        ]
        about = about_subject(snapshot, key) if snapshot else ""
        return key, [Line(about, "Who"), *lines] if about else lines

    def lines(self) -> Sequence[str]:
        key, where = self.table.key, self.asked[_WHERE]
        return ("pveum acl list", *(permission_lines(key, where) if key else ()))

    def explain_row(self) -> None:
        """Enter"""
        privilege, where = self.asked
        if key := self.table.key:
            self.explain(key, where, privilege)


def _row(holder: Holder) -> Row:
    propagates, usable = yes_no(holder.propagates), _USABLE[holder.usable.ok]
    fields = {"prop": propagates, "usable": usable.casefold()}
    cells = (holder.subject, holder.through, propagates, usable)
    return Row(holder.subject, cells, fields)


def _log_in(usable: Usable) -> str:
    return usable.reason or "nothing is in the way."
