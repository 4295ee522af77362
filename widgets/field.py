"""One question of a form: a label, something to answer with, and what is wrong with the answer.

What is typed stays, whatever is wrong with it. No message carries a value: whoever wants it asks
the field. What a secret field holds leaves it as a `Secret` only.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from pve_auth_tui.core.plain import cells, plain
from pve_auth_tui.core.secret import Secret
from widgets.controls import Edited, Hidden, Options, Typed
from widgets.lines import OneLine, Sentence

V = TypeVar("V")
Rule: TypeAlias = Callable[[V], str]
"""What is wrong with a value, as one sentence; "" when nothing is."""


class Field(Vertical, Generic[V]):
    """A row with a label and a control; below it, while there is one, a problem.

    `ident` names its value in the form; `help` is what `^G` tells; `rule` finds what is wrong with
    a value.
    """

    DEFAULT_CSS = """
    Field { height: auto; }
    Field > Horizontal { height: 1; }
    Field .label { width: 20; }
    Field > Sentence { display: none; margin-left: 2; }
    """

    class Changed(Message):
        """What `field` holds was changed by a key."""

        def __init__(self, field: Field[Any]) -> None:
            super().__init__()
            self.field = field

    def __init__(self, ident: str, label: str, *, help: str = "", rule: Rule[V] | None = None):
        super().__init__()
        self.ident = ident
        self.help_text = help
        self.problem = ""
        self._text = plain(label)
        self._rule = rule
        self._edited = False

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield OneLine(f"  {self._text}", classes="label")
            yield self.control
        yield Sentence(classes="problem")

    def on_mount(self) -> None:
        self.query_one(Sentence).display = False

    @property
    @abstractmethod
    def control(self) -> Widget:
        """What takes the keys."""

    @property
    @abstractmethod
    def value(self) -> V:
        """What it holds now."""

    @property
    def label_width(self) -> int:
        """Columns that the label needs, with the sign before it and a gap behind it."""
        return cells(self._text) + 5

    def give_label(self, width: int) -> None:
        """All labels of a form are equally wide."""
        self.query_one(".label").styles.width = width

    def show_problem(self, sentence: str) -> None:
        """Below the field; "" takes it away."""
        self.problem = sentence
        line = self.query_one(Sentence)
        line.show(sentence)
        line.display = bool(sentence)

    def check(self) -> bool:
        """Whether the rule is content; shows what it finds."""
        self._edited = False
        self.show_problem(self._rule(self.value) if self._rule else "")
        return not self.problem

    @on(Edited)
    def _was_edited(self, message: Edited) -> None:
        message.stop()
        self._edited = True
        if self.problem:
            self.check()  # it goes as soon as it is mended
            self._edited = True
        self.post_message(self.Changed(self))

    def on_descendant_focus(self) -> None:
        self.query_one(".label", OneLine).show(f"> {self._text}")

    def on_descendant_blur(self) -> None:
        self.query_one(".label", OneLine).show(f"  {self._text}")
        if self._edited:
            self.check()


class TextEntry(Field[str]):
    """A line of text."""

    def __init__(
        self, ident: str, label: str, value: str = "", *, help: str = "",
        rule: Rule[str] | None = None,
    ):  # fmt: skip
        super().__init__(ident, label, help=help, rule=rule)
        self._control = Typed(value)

    @property
    def control(self) -> Typed:
        return self._control

    @property
    def value(self) -> str:
        return self._control.value

    @value.setter
    def value(self, value: str) -> None:
        self._control.put(value)


class SecretEntry(Field[Secret]):
    """A password, a key, a code: masked until `reveal`, and again when it is left."""

    def __init__(
        self, ident: str, label: str, *, help: str = "", rule: Rule[Secret] | None = None
    ) -> None:
        super().__init__(ident, label, help=help, rule=rule)
        self._control = Hidden()

    @property
    def control(self) -> Hidden:
        return self._control

    @property
    def value(self) -> Secret:
        return Secret(self._control.value)

    @value.setter
    def value(self, value: Secret) -> None:
        self._control.put(value.reveal())

    @property
    def revealed(self) -> bool:
        return not self._control.password

    def reveal(self, *, yes: bool) -> None:
        """Show what was typed, or mask it."""
        self._control.password = not yes

    def clear(self) -> None:
        """Forget what was typed."""
        self._control.put("")
        self.show_problem("")

    def on_descendant_blur(self) -> None:
        self.reveal(yes=False)


class ChoiceEntry(Field[str]):
    """One of a few values; `options` are (value, text)."""

    def __init__(
        self, ident: str, label: str, options: Sequence[tuple[str, str]], value: str = "", *,
        help: str = "",
    ):  # fmt: skip
        super().__init__(ident, label, help=help)
        self._control = Options([], 0)
        self.offer(options)
        self.value = value

    def offer(self, options: Sequence[tuple[str, str]]) -> None:
        """Other values from now on; at least one."""
        self._values = tuple(value for value, _ in options)
        self._control.offer([text for _, text in options])

    @property
    def control(self) -> Options:
        return self._control

    @property
    def value(self) -> str:
        return self._values[self._control.at]

    @value.setter
    def value(self, value: str) -> None:
        if value in self._values:
            self._control.at = self._values.index(value)


class YesNoEntry(Field[bool]):
    """Yes or no: space turns it."""

    def __init__(self, ident: str, label: str, value: bool = False, *, help: str = "") -> None:
        super().__init__(ident, label, help=help)
        self._control = Options(["[ ] no", "[x] yes"], int(value))

    @property
    def control(self) -> Options:
        return self._control

    @property
    def value(self) -> bool:
        return bool(self._control.at)

    @value.setter
    def value(self, value: bool) -> None:
        self._control.at = int(value)


AnyField: TypeAlias = TextEntry | SecretEntry | ChoiceEntry | YesNoEntry
Answer: TypeAlias = str | bool | Secret
