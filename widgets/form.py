"""Fields below one another: arrows, Tab and Enter move, what has no room is scrolled to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from pve_auth_tui.core.words import count_words
from widgets.controls import Entered
from widgets.field import Answer, AnyField, SecretEntry
from widgets.lines import OneLine


class _Rows(Vertical):
    DEFAULT_CSS = """
    _Rows { height: 1fr; overflow-y: auto; scrollbar-size-vertical: 0; }
    """

    class Resized(Message):
        """There is more or less room for fields."""

    def on_resize(self) -> None:
        self.post_message(self.Resized())


class Form(Vertical):
    """The fields in their order; each has a name of its own."""

    DEFAULT_CSS = """
    Form { height: 1fr; }
    Form > .more { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "go(1)", "next field", show=False),
        Binding("up", "go(-1)", "field before", show=False),
    ]

    class Ended(Message):
        """Enter was pressed in the last field."""

    def __init__(self, fields: Sequence[AnyField], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.fields = tuple(fields)
        self._hidden = 0

    def compose(self) -> ComposeResult:
        yield _Rows(*self.fields)
        yield OneLine(classes="more")

    def on_mount(self) -> None:
        width = max((field.label_width for field in self.fields), default=0)
        for field in self.fields:
            field.give_label(width)
        rows = self.query_one(_Rows)
        for what in ("scroll_y", "virtual_size"):
            self.watch(rows, what, self._count_when_placed)

    def field(self, ident: str) -> AnyField:
        return next(field for field in self.fields if field.ident == ident)

    @property
    def focused(self) -> AnyField | None:
        """The field that takes the keys now."""
        return next((field for field in self.fields if field.control.has_focus), None)

    def focus_field(self, ident: str = "") -> None:
        """The field of that name, or the first."""
        (self.field(ident) if ident else self.fields[0]).control.focus()

    @property
    def asked(self) -> list[AnyField]:
        """The fields that are not folded away."""
        return [field for field in self.fields if field.display]

    @property
    def values(self) -> dict[str, Answer]:
        """What was answered, by the fields' names."""
        return {field.ident: field.value for field in self.fields}

    def fill(self, values: Mapping[str, Answer]) -> None:
        """Put answers back, as far as there are fields for them."""
        for field in self.fields:
            value = values.get(field.ident)
            if value is not None:
                field.value = value

    def check(self) -> bool:
        """Whether every rule is content; goes to the first field where it is not."""
        wrong = [field for field in self.asked if not field.check()]
        if wrong:
            wrong[0].control.focus()
        return not wrong

    def show_problem(self, ident: str, sentence: str) -> None:
        """What only the whole shows, below the field where it can be mended."""
        field = self.field(ident)
        field.show_problem(sentence)
        field.control.focus()

    def clear_secrets(self) -> None:
        """Forget them."""
        for field in self.fields:
            if isinstance(field, SecretEntry):
                field.clear()

    def action_go(self, step: int) -> None:
        fields = self.asked
        at = fields.index(self.focused) + step if self.focused else 0
        if 0 <= at < len(fields):
            fields[at].control.focus()

    @on(Entered)
    def _entered(self, message: Entered) -> None:
        message.stop()
        if self.focused is self.asked[-1]:
            self.post_message(self.Ended())
        else:
            self.action_go(1)

    @on(_Rows.Resized)
    def _count_when_placed(self) -> None:
        """Where a field stands is known only after what was scrolled or grown is laid out."""
        self.call_after_refresh(self._count_more)

    def _count_more(self) -> None:
        """Say how many fields are below what is shown: there is no scroll bar."""
        if not self.is_running:  # it was left before it was laid out
            return
        rows = self.query_one(_Rows)
        bottom = rows.region.bottom
        hidden = sum(field.region.bottom > bottom for field in self.asked)
        line = self.query_one(".more", OneLine)
        line.show(f"   {count_words(hidden, 'more field', 'more fields')} below")
        needed = hidden > 0 and rows.max_scroll_y > 0
        if needed != line.display or hidden != self._hidden:
            line.display = needed
            self._hidden = hidden
            self.call_after_refresh(self._count_more)  # the line takes a row itself
        if field := self.focused:
            rows.scroll_to_widget(field, animate=False)  # what grew may have pushed it out
