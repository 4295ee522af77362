"""The rights of two users or API tokens side by side: where they differ, and in what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from pve_auth_tui.core.aclpaths import about_path
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.compare import Beside, Difference, beside, compare, same
from pve_auth_tui.core.why.known import about_subject, known_subjects, permission_lines
from pve_auth_tui.core.words import natural_order
from screens.answer_rows import FindRow, OpenRow, RowsScreen
from screens.commands import Command, Commands
from screens.questions import OF_QUESTIONS, Choices, LeaveAnswer, SaveAnswer, Show, ShowLines
from widgets.question import Question

_ONE, _OTHER = range(2)


class AnotherPerson(Command["CompareScreen"]):
    """Compares with another user or API token."""

    keys, shown, word, name = "p", "p", "person", "person"

    @classmethod
    def run(cls, screen: CompareScreen) -> None:
        screen.pick(_OTHER)


class CompareScreen(RowsScreen):
    """One row for each path on which they differ; who is left empty is asked for."""

    OFFERS: ClassVar[Commands] = (
        OpenRow, FindRow, AnotherPerson, LeaveAnswer, SaveAnswer, ShowLines, *OF_QUESTIONS,
    )  # fmt: skip
    LABELS = ("One", "Other")
    TITLE_TEXT = "Compare rights"
    COLUMNS = (
        Column("Path", 30, grow=True),
        Column("Only one", 12),
        Column("Only other", 12),
        Column("Both", 8),
    )
    NOUN = ("path differs", "paths differ")
    FILE = "compare"

    def __init__(self, one: str, other: str = "") -> None:
        super().__init__(one, other)
        self._differences: Mapping[str, Difference] = {}
        self._beside: Sequence[Beside] = ()

    def choices(self, index: int, snapshot: Snapshot) -> Choices:
        taken = self.asked[1 - index]
        return [known for known in known_subjects(snapshot) if known.subject != taken]

    def show_questions(self) -> None:
        snapshot = self.house.snapshot
        for index, subject in enumerate(self.asked):
            about = about_subject(snapshot, subject) if snapshot else ""
            question = self.query_one(f"#question-{index}", Question)
            question.show(subject or "Enter chooses", about)

    def work_out(self, snapshot: Snapshot, asked: tuple[str, ...]) -> Show:
        one, other = asked
        found = compare(snapshot, one, other)
        facts = beside(snapshot, one, other, snapshot.taken_at)
        rows = [] if same(found) else [_row(each) for each in found]
        return partial(self._show, {each.path: each for each in found}, rows, facts)

    def _show(
        self, differences: Mapping[str, Difference], rows: Sequence[Row], facts: Sequence[Beside]
    ) -> None:
        self._differences, self._beside = differences, facts
        self.show_rows(rows, "They may do the same everywhere.")

    def counted(self, number: int) -> str:
        """Paths on which they may do the same stand there only to say so."""
        return super().counted(sum(one.differs for one in self._differences.values()))

    def details(self, key: str) -> tuple[str, Sequence[Line]]:
        one, other = self.asked
        difference, snapshot = self._differences[key], self.house.snapshot
        place = about_path(snapshot, key) if snapshot else ""
        lines = [
            Line(", ".join(sorted(privileges)) or "-", heading)
            for heading, privileges in (
                ("Only one", difference.only_one),
                ("Only other", difference.only_other),
                ("Both", difference.both),
            )
        ]
        lines += [Line(f"{fact.one} / {fact.other}", fact.name) for fact in self._beside]
        return f"{key}{f' {place}' if place else ''} · {one} · {other}", lines

    def lines(self) -> Sequence[str]:
        where = self.table.key or "/"
        return [line for subject in self.asked for line in permission_lines(subject, where)]


def _row(difference: Difference) -> Row:
    numbers = (len(difference.only_one), len(difference.only_other), len(difference.both))
    cells = (difference.path, *(str(number) if number else "-" for number in numbers))
    return Row(difference.path, cells, sort=(natural_order(difference.path), *numbers))
