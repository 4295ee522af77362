"""What can be done on every list: one class per command, as `screens.commands` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from screens.base import EVERYWHERE
from screens.commands import Command, Commands

if TYPE_CHECKING:
    from screens.listing import ListScreen


L = TypeVar("L", bound="ListScreen")


class OnRow(Command[L]):
    """A command that needs a row under the cursor."""

    @classmethod
    def problem(cls, screen: L) -> str:
        return "" if screen.table.key else "There is no row here."


class ChangeOfRow(OnRow[L]):
    """One that changes something."""

    @classmethod
    def problem(cls, screen: L) -> str:
        return super().problem(screen) or screen.house.why_no_change()


class Open(OnRow["ListScreen"]):
    """Opens everything that is known about the row."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.open_details()


class Find(Command["ListScreen"]):
    """Finds rows by words, and by fields as in `realm:corp tfa:none -enabled:no`."""

    keys, shown, word, name = "slash", "/", "find", "find"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.open_find()


class Views(Command["ListScreen"]):
    """Shows the prepared views of this list."""

    keys, shown, word, name = "v", "v", "view", "view"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.choose_view()


class Sort(Command["ListScreen"]):
    """Sorts by a column."""

    keys, shown, word, name = "s", "s", "", "sort"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.choose_sort()


class Mark(OnRow["ListScreen"]):
    """Marks the row, or takes the mark off; keys then act on all marked rows."""

    keys, shown, word, name = "space", "space", "mark", "mark"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.toggle_mark()


class NextFinding(Command["ListScreen"]):
    """Goes to the next row that needs a look."""

    keys, shown, word, name = "n", "n", "", "next"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.next_to_look_at()


class ShowCommands(OnRow["ListScreen"]):
    """Shows the pveum lines that tell the same."""

    keys, shown, word, name = "c", "c", "", "commands"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.show_commands()


class Save(OnRow["ListScreen"]):
    """Saves the rows shown to a file that only you can read."""

    keys, shown, word, name = "f", "f", "", "save"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.save_list()


class Add(Command["ListScreen"]):
    """Adds an entry: opens a form, or PVE's own menu of what there is to add."""

    keys, shown, word, name = "a", "a", "add", "add"

    @classmethod
    def problem(cls, screen: ListScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.add_row()


class Edit(ChangeOfRow["ListScreen"]):
    """Edits the row, or all marked rows."""

    keys, shown, word, name = "e", "e", "edit", "edit"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.edit_rows()


class Remove(ChangeOfRow["ListScreen"]):
    """Removes the row, or all marked rows: shows the plan of it first."""

    keys, shown, word, name = "d", "d", "remove", "remove"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.remove_rows()


class Why(OnRow["ListScreen"]):
    """Explains why somebody can or cannot do something: the row's user, token or path."""

    keys, shown, word, name = "w", "w", "why", "why"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.explain_row()


class WhoCan(OnRow["ListScreen"]):
    """Lists everybody who can do something there, with the reason."""

    keys, shown, word, name = "W", "W", "", "who-can"

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.who_can_row()


class Compare(OnRow["ListScreen"]):
    """Compares the rights of the row's user or API token with somebody else's."""

    keys, shown, word, name = "b", "b", "", "compare"

    @classmethod
    def problem(cls, screen: ListScreen) -> str:
        return super().problem(screen) or screen.why_no_compare()

    @classmethod
    def run(cls, screen: ListScreen) -> None:
        screen.compare_row()


OF_LISTS: Commands = (
    Open, Find, Views, Mark, Add, Edit, Remove, Why, WhoCan, Compare, Sort, NextFinding,
    ShowCommands, Save, *EVERYWHERE,
)  # fmt: skip
