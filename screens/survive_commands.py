"""What the keys do in the survivability matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.commands import Back, Command

if TYPE_CHECKING:
    from screens.survive import SurviveScreen


class OpenWay(Command["SurviveScreen"]):
    """Tells everything about the way in: each trouble, and why it survives it or not."""

    keys, shown, word, name = "enter", "enter", "why", "why"

    @classmethod
    def problem(cls, screen: SurviveScreen) -> str:
        return screen.why_no_row()

    @classmethod
    def run(cls, screen: SurviveScreen) -> None:
        screen.open_way()


class Drill(Command["SurviveScreen"]):
    """Proves the way in now, by a real login with password and second factor; the date is noted."""

    keys, shown, word, name = "t", "t", "drill", "drill"

    @classmethod
    def problem(cls, screen: SurviveScreen) -> str:
        return screen.why_no_row() or screen.why_no_drill() or screen.house.why_no_login()

    @classmethod
    def run(cls, screen: SurviveScreen) -> None:
        screen.drill()


class TroubleBefore(Command["SurviveScreen"]):
    """Chooses the trouble left of this one; up and down choose the way in."""

    keys, shown, word, name = "left", "left/right", "trouble", "trouble before"

    @classmethod
    def run(cls, screen: SurviveScreen) -> None:
        screen.choose_trouble(-1)


class TroubleAfter(Command["SurviveScreen"]):
    """Chooses the trouble right of this one."""

    keys, shown, word, name = "right", "right", "", "trouble after"

    @classmethod
    def run(cls, screen: SurviveScreen) -> None:
        screen.choose_trouble(1)


class WhatToDo(Command["SurviveScreen"]):
    """Tells what needs a look, and the next step of each."""

    keys, shown, word, name = "n", "n", "findings", "findings"

    @classmethod
    def problem(cls, screen: SurviveScreen) -> str:
        return screen.why_no_row()

    @classmethod
    def run(cls, screen: SurviveScreen) -> None:
        screen.open_findings()


class SaveMatrix(Command["SurviveScreen"]):
    """Saves the matrix with its reasons to a file that only you can read."""

    keys, shown, word, name = "f", "f", "save", "save"

    @classmethod
    def problem(cls, screen: SurviveScreen) -> str:
        return screen.why_no_row()

    @classmethod
    def run(cls, screen: SurviveScreen) -> None:
        screen.save()


class LeaveMatrix(Back):
    """Goes back."""

    word = "back"
