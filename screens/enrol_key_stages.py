"""The stages of an enrolment on the screen: how far it is, what is told of it, what it offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keys import KeyPlace
from pve_auth_tui.core.keystages import (
    again_at,
    key_name,
    key_texts,
    trouble_lines,
    what_next,
    word_of,
)
from pve_auth_tui.core.keytrouble import Back
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.totp import description_problem
from screens.at_key import AtKey
from screens.commands import Commands, Help, hints
from screens.enrol_key_commands import OF_ENROLLING, TAKES, Step
from screens.key_watch import KeyWatch
from widgets.detail_pane import Paragraph
from widgets.field import TextEntry
from widgets.form import Form
from widgets.lines import HeadLine, KeyHint, KeyLine, Rule
from widgets.stages import Stage, Stages

if TYPE_CHECKING:
    from pve_auth_tui.services.keycare import Plugged

NAMES: Final = ("Settings", "Key", "Label", "Touch", "Stored", "Proof")
SETTINGS, KEY, LABEL, TOUCH, STORED, PROOF = range(len(NAMES))
WATCHED: Final = frozenset({Step.SCAN, Step.CHOOSE, Step.LABEL, Step.TROUBLE})
"""Steps in which keys may be plugged in and pulled."""
_AT: Final[Mapping[Step, int]] = {
    Step.CHECKING: SETTINGS,
    Step.SETUP: SETTINGS,
    Step.SCAN: KEY,
    Step.CHOOSE: KEY,
    Step.LOOKING: KEY,
    Step.LABEL: LABEL,
    Step.WORK: TOUCH,
    Step.STORED: PROOF,
    Step.PROVING: PROOF,
    Step.AFTER: PROOF,
}
_ROOM: Final = 15  # rows of a screen that has room for all stages and what is asked
_MOST: Final = 9  # things with a digit of their own

Offer = tuple[str, Callable[[], None]]
"""What it is, and what taking it does."""


@dataclass(frozen=True)
class Ready:
    """What the first stage found out. `demo`: what to know of the demo's keys, "" elsewhere."""

    origin: str
    rp_id: str
    demo: str


class StagesScreen(AtKey, KeyWatch):
    """`go` is the only way to another step."""

    CSS_PATH = "enrol_key.tcss"
    OFFERS: ClassVar[Commands] = OF_ENROLLING

    def __init__(self, userid: str, said: str = "") -> None:
        super().__init__()
        self.userid = userid
        self._sentence = said
        self.step = Step.CHECKING
        self.ready: Ready | None = None
        self.place: KeyPlace | None = None
        self.plugged: Plugged | None = None
        self.agreed = ""  # the description that was agreed to
        self.stored: tuple[str, str] = ("-", "")
        self.proof: tuple[str, str] = ("-", "")
        self.trouble: AuthTuiError | None = None
        self.lines: tuple[Line, ...] = ()
        self._trouble_at = SETTINGS
        self._shows_original = False
        self._offers: tuple[Offer, ...] = ()

    # --- what it shows --------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        with Vertical(id="body"):
            yield Stages(id="stages")
            yield Paragraph((), id="about")
            yield Form([self._description_field()], id="form")
            yield from self.compose_key()
        yield from self.compose_bottom()

    def _description_field(self) -> TextEntry:
        return TextEntry(
            "description",
            "Description",
            help="Tells this key from the user's other factors, for example: rack 3. Write it on"
            " the key, too.",
            rule=description_problem,
        )

    def on_mount(self) -> None:
        self.query_one("#heading", Rule).show_parts(f"A security key for {self.userid}")
        self.form.display = False

    def _show_tabs(self, *, numbered: bool = False) -> None:
        """Digits take what is offered here, and the rows are needed."""

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    @property
    def description(self) -> str:
        """As it was typed."""
        value = self.form.field("description").value
        return value.strip() if isinstance(value, str) else ""

    @property
    def offered(self) -> int:
        """How many things carry a digit."""
        return min(_MOST, len(self._offers))

    def take(self, number: int) -> None:
        """What carries that digit."""
        self._offers[number - 1][1]()

    def go(
        self,
        step: Step,
        lines: Sequence[Line] = (),
        offers: tuple[Offer, ...] = (),
        said: str = "",
    ) -> None:
        """Stand at that step, and tell this about it; `offers` carry digits."""
        self.step, self.lines, self._offers = step, tuple(lines), offers
        self.say(said)
        self.form.display = step is Step.LABEL
        if step is not Step.LABEL:
            self.query_one(Stages).focus()
        self._draw()
        self.show_keys()

    def fail(self, error: AuthTuiError, stage: int, stays: str = "") -> None:
        """It ended at that stage: two sentences, what stays, and what trying again does."""
        self.trouble, self._trouble_at, self._shows_original = error, stage, False
        step = (
            Step.SETUP if stage == SETTINGS and again_at(error) is Back.SETTINGS else Step.TROUBLE
        )
        self.go(step, trouble_lines(error, stays), said=what_next(error))

    @property
    def original(self) -> str:
        """PVE's or the key's own words on the trouble; "" for none."""
        return self.trouble.original if self.trouble else ""

    def turn_original(self) -> None:
        """`o`"""
        self._shows_original = not self._shows_original
        self._draw()

    def on_resize(self) -> None:
        """What is asked has to be seen: where there is no room for all stages, the current one."""
        self._draw()

    def _draw(self) -> None:
        at = self._trouble_at if self.step is Step.TROUBLE else _AT[self.step]
        stages = self._stages(at)
        if self.app.size.height < _ROOM:
            self.query_one(Stages).show(stages[at : at + 1], 0)
        else:
            self.query_one(Stages).show(stages, at)
        offers = [Line(f"{n} {text}") for n, (text, _) in enumerate(self._offers[:_MOST], 1)]
        gap = [Line("")] if offers and self.lines else []
        after = self.step is Step.AFTER  # what is offered comes first: that has to be seen
        lines = [*offers, *gap, *self.lines] if after else [*self.lines, *gap, *offers]
        if self._shows_original and self.original:
            lines.append(Line(self.original, heading="Original"))
        if self.ready and self.ready.demo and self.step in WATCHED | {Step.WORK}:
            lines.append(Line(f"DEMO: {self.ready.demo}"))
        about = self.query_one("#about", Paragraph)
        about.display = bool(lines)
        about.show(lines)

    def _stages(self, at: int) -> list[Stage]:
        told: dict[int, tuple[str, tuple[str, ...]]] = {}
        if self.ready is not None:
            ready = self.ready
            told[SETTINGS] = ("ok", (f"{ready.origin}, ID {ready.rp_id}",))
        if self.plugged is not None:
            known = self.plugged
            name = (key_name(known.info),)  # how many tries are left is told where a PIN is wanted
            texts = key_texts(known.info, known.held, known.unasked) if at <= LABEL else name
            told[KEY] = ("ok", texts)
        if at > LABEL:
            told[LABEL] = ("ok", (self.agreed,))
        if at > STORED:
            told[TOUCH] = ("ok", ())
            told[STORED] = (self.stored[0], (self.stored[1],))
            told[PROOF] = (self.proof[0], (self.proof[1],))
        if self.step in (Step.SETUP, Step.TROUBLE) and self.trouble is not None:
            told[at] = (word_of(self.trouble), told.get(at, ("", ()))[1])
        return [Stage(name, *told.get(index, ("-", ()))) for index, name in enumerate(NAMES)]

    def show_keys(self) -> None:
        """Those that do something at this stage."""
        if self.key_works:
            super().show_keys()
            return
        keys: list[KeyHint] = []
        if self.offered:
            keys.append(KeyHint(f"1-{self.offered}" if self.offered > 1 else "1", "take"))
        hidden = (*TAKES, *([Help] if self.step is Step.LABEL else []))  # ? is text there
        own = tuple(one for one in self.OFFERS if one not in hidden and not one.problem(self))
        keys += hints(own, self)
        if self.step is Step.STORED:
            keys = [one._replace(word="later") if one.key == "esc" else one for one in keys]
        self.query_one(KeyLine).show_hints(keys)
