"""One question of a form: a label, something to answer with, and what is wrong with the answer.

What is typed stays, whatever is wrong with it. No message carries a value: whoever wants it asks
the field. What a secret field holds leaves it as a `Secret` only.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from pve_auth_tui.core.plain import cells, plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.terminal.timers import SureTimers
from widgets.controls import Asked, Chosen, Edited, Hidden, Options, Typed
from widgets.lines import OneLine, Sentence

V = TypeVar("V")
Rule: TypeAlias = Callable[[V], str]
"""What is wrong with a value, as one sentence; "" when nothing is."""

_RESTS: Final = 0.6  # seconds after the last key until the rule looks at what was typed


class Choice(NamedTuple):
    """Something to pick from a list, and a few words about it."""

    value: str
    about: str = ""


class Field(SureTimers, Vertical, Generic[V]):
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

    class Picks(Message):
        """Somebody wants to pick the field's value from a list."""

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
        self._rest: Timer | None = None

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
    def label_text(self) -> str:
        return self._text

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
        elif self._rule is not None:
            self._look_when_at_rest()
        self.post_message(self.Changed(self))

    def _look_when_at_rest(self) -> None:
        """Half a word is not wrong yet: the rule looks when no key has come for a moment."""
        if self._rest is None:
            self._rest = self.set_timer(_RESTS, self._look)
        else:
            self._rest.reset()

    def _look(self) -> None:
        self._rest = None
        if self._edited:
            self.check()
            self._edited = True

    @on(Asked)
    def _was_asked(self, message: Asked) -> None:
        message.stop()
        self.post_message(self.Picks(self))

    @property
    def choices(self) -> Sequence[Choice]:
        """What `^P` offers; nothing for most fields."""
        return ()

    def on_descendant_focus(self) -> None:
        self.query_one(".label", OneLine).show(f"> {self._text}")

    def on_descendant_blur(self) -> None:
        self.query_one(".label", OneLine).show(f"  {self._text}")
        if self._edited:
            self.check()


class TextEntry(Field[str]):
    """A line of text; what could stand there may be picked from `choices`."""

    def __init__(
        self, ident: str, label: str, value: str = "", *, help: str = "",
        rule: Rule[str] | None = None, choices: Sequence[Choice] = (),
    ):  # fmt: skip
        super().__init__(ident, label, help=help, rule=rule)
        self._control = Typed(value)
        self._choices = tuple(choices)

    @property
    def choices(self) -> Sequence[Choice]:
        return self._choices

    def offer(self, choices: Sequence[Choice]) -> None:
        """Other values to pick from, from now on."""
        self._choices = tuple(choices)

    def choose(self, value: str) -> None:
        """Another text, picked with keys."""
        self.value = value
        self._control.post_message(Edited())

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


class ManyEntry(Field[tuple[str, ...]]):
    """Any number of values out of a list, in the list's order: space opens it.

    What was chosen and is not in the list stays, behind the others.
    """

    def __init__(
        self, ident: str, label: str, choices: Sequence[Choice], value: Sequence[str] = (), *,
        help: str = "", rule: Rule[tuple[str, ...]] | None = None, none: str = "none",
    ):  # fmt: skip
        super().__init__(ident, label, help=help, rule=rule)
        self._control = Chosen()
        self._choices = tuple(choices)
        self._none = none
        self.value = tuple(value)

    @property
    def control(self) -> Chosen:
        return self._control

    @property
    def choices(self) -> Sequence[Choice]:
        known = {choice.value for choice in self._choices}
        gone = (Choice(value, "not there any more") for value in self._value if value not in known)
        return (*self._choices, *gone)

    def offer(self, choices: Sequence[Choice]) -> None:
        """Other values to choose from, from now on."""
        self._choices = tuple(choices)
        self.value = self._value

    @property
    def value(self) -> tuple[str, ...]:
        return self._value

    @value.setter
    def value(self, value: tuple[str, ...]) -> None:
        place = {choice.value: at for at, choice in enumerate(self._choices)}
        self._value = tuple(sorted(value, key=lambda one: place.get(one, len(place))))
        some = f"{len(self._value)}: {', '.join(self._value)}"
        self._control.put(f"[ {some if self._value else self._none} ]")

    def choose(self, value: Sequence[str]) -> None:
        """Other values, chosen with keys."""
        self.value = tuple(value)
        self._control.post_message(Edited())


AnyField: TypeAlias = TextEntry | SecretEntry | ChoiceEntry | YesNoEntry | ManyEntry
Answer: TypeAlias = str | bool | Secret | tuple[str, ...]
