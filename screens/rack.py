"""`:rack`: keys for several people in one go; unplugging one means "next"."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.rack import Place, Rack, State, next_open, reopened, skipped
from pve_auth_tui.core.rackplan import Agreed, wanted
from pve_auth_tui.core.rackrows import cell_heading, columns, heading, rows, stages
from pve_auth_tui.core.racksheet import sheet
from pve_auth_tui.core.words import date
from screens.base import EVERYWHERE
from screens.commands import Back, Commands
from screens.rack_cells import Step
from screens.rack_commands import (
    Again,
    Digit,
    KeyAfter,
    KeyBefore,
    LeaveRack,
    SaveSheet,
    Skip,
    Yes,
)
from screens.rack_proof import OwnerEntry, RackProof
from widgets.filter_table import FilterTable
from widgets.lines import Rule
from widgets.stages import Stage, Stages

_DROP: Final = "Drop it, and begin anew. What PVE has stored stays."
_STAGE: Final = {Step.LOOKS: 0, Step.ASKS: 0, Step.STORES: 1, Step.OWNER: 2, Step.PROVES: 2}


class RackScreen(RackProof):
    """`userids`: who is chosen at first, else the administrators."""

    CSS_PATH = "rack.tcss"
    OFFERS: ClassVar[Commands] = (
        *(Digit, Again, Skip, SaveSheet, LeaveRack, Yes, KeyBefore, KeyAfter),
        *(command for command in EVERYWHERE if command is not Back),
    )

    @dataclass
    class Loaded(Message):
        """What an earlier session has left; `error` why that cannot be read."""

        rack: Rack | None
        error: AuthTuiError | None = None

    @dataclass
    class Compared(Message):
        """An unfinished rack as it really is."""

        rack: Rack
        said: Sequence[str]

    @dataclass
    class Told(Message):
        """Something for the status line."""

        sentence: str

    def __init__(self, userids: Sequence[str] = ()) -> None:
        super().__init__()
        self._marked = tuple(userids)
        self._noting = Lock()

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    @property
    def open_title(self) -> str:
        return "Rack"

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """Digits are part of PINs here."""
        super()._show_tabs(numbered=False)

    @property
    def asks(self) -> bool:
        """Whether `y` means something."""
        return self.step is Step.ASKS

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield FilterTable(columns(1), id="table")
        yield Rule(id="cell")
        yield Stages(id="stages")
        yield from self.compose_key()
        yield OwnerEntry("owner", "Password", help="Of whoever gets the key. It is kept nowhere.")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.hide_password()
        self.show_rack()
        self.focus_table()
        self._load()

    # --- what an earlier session has left -----------------------------------------------------

    @work(thread=True, exclusive=True, group="rack", exit_on_error=False)
    def _load(self) -> None:
        message: Message
        try:
            message = self.Loaded(self.service.unfinished())
        except AuthTuiError as error:
            message = self.Loaded(None, error)
        self._post(message)

    @work(thread=True, exclusive=True, group="rack", exit_on_error=False)
    def _compare(self, rack: Rack) -> None:
        message: Message
        try:
            message = self.Compared(*self.service.beside_pve(rack))
        except AuthTuiError as error:
            message = self.Compared(rack, (str(error),))
        self._post(message)

    def _post(self, message: Message) -> None:
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Loaded)
    def _loaded(self, message: Loaded) -> None:
        from screens.choose import ChooseScreen

        rack = message.rack
        if rack is None and message.error is None:
            self._set_up()
            return

        def chosen(index: int | None) -> None:
            if index is None:
                self.app.pop_screen()
            elif rack is not None and index == 0:
                self.say("Comparing it with what PVE has ...")
                self._compare(rack)
            else:
                self._drop()
                self._set_up()

        if rack is None:
            self.app.push_screen(ChooseScreen(str(message.error), [_DROP]), chosen)
        else:
            left = f"An unfinished rack of {date(rack.begun)}: {rack.summary}."
            self.app.push_screen(ChooseScreen(left, ["Go on with it.", _DROP]), chosen)

    def _drop(self) -> None:
        with suppress(AuthTuiError):  # the next one takes its place
            self.service.drop()

    @on(Compared)
    def _compared(self, message: Compared) -> None:
        self.rack = message.rack
        self.at = next_open(message.rack) or Place(0, 0)
        self.show_rack()
        if message.rack.unfinished:
            self.ask_agreement()
        else:
            self.finish()
        if message.said:
            self.say(" ".join(message.said))

    # --- the plan -----------------------------------------------------------------------------

    def _set_up(self) -> None:
        from screens.rack_setup import RackSetup

        self.app.push_screen(RackSetup(self._begin, self.app.pop_screen, self._marked))

    def _begin(self, rack: Rack, plan: Plan, override: str) -> None:
        """From the form: a new rack, and the plan of it that was agreed to."""
        self.rack = rack
        self.at = rack.places[0]
        self.note()
        self._agree(rack.unfinished, plan, override)

    def ask_agreement(self) -> None:
        if self.rack is not None:
            self.step = Step.RESTS
            agree = partial(self._agree, self.rack.unfinished)
            self.house.review(wanted(self.rack), self.plan_left, self.tell, agree)

    def plan_left(self, report: object) -> None:
        if report is None:
            self.say("Nothing was agreed to. a shows the plan again; esc leaves.")

    def _agree(self, places: tuple[Place, ...], plan: Plan, override: str) -> None:
        self.agreed = Agreed(plan, places)
        self.forget_key()
        self.watch_keys()
        self.wait_for_key()

    # --- what somebody chooses ----------------------------------------------------------------

    def why_not_skip(self) -> str:
        """Why the cell cannot be skipped; "" when it can."""
        if self.rack is None:
            return "There is no rack yet."
        if not self._may_choose:
            return "The key is being worked with. Esc gives it up."
        stored = self.rack.cell(self.at).state is State.STORED
        return f"{self.at.label} has a key already." if stored else ""

    def skip(self) -> None:
        """`s`: or open it again."""
        if self.rack is None:
            return
        place = self.at
        was_skipped = self.rack.cell(place).state is State.SKIPPED
        self.rack = (reopened if was_skipped else skipped)(self.rack, place)
        self.note()
        following = self.following
        self.at = following or place
        if following is None and self.step is Step.PLUG:
            self.finish()
        elif following is not None and self.agreed and self.step is not Step.PULL:
            self.wait_for_key()
        else:
            self.show_rack()
            self.say(f"{place.label} is {'open again' if was_skipped else 'skipped'}.")

    @property
    def _may_choose(self) -> bool:
        return self.step in {Step.RESTS, Step.PLUG, Step.PULL}

    def choose_key(self, step: int) -> None:
        """Left and right."""
        if self.rack is not None:
            key = min(self.rack.keys_each - 1, max(0, self.at.key + step))
            self._choose(Place(self.at.person, key))

    def row_moved(self) -> None:
        """Up and down."""
        if self.rack is None or self.table.key is None:
            return
        person = [one.userid for one in self.rack.people].index(self.table.key)
        if person != self.at.person:
            self._choose(Place(person, self.at.key))

    def _choose(self, place: Place) -> None:
        if self.rack is None:
            return
        if not self._may_choose:
            self.show_rack()
            self.say("Esc gives this key up first.")
            return
        self.at = place
        self.show_rack()
        if place not in self.rack.unfinished:
            self.say("")
        elif self.step is Step.PLUG:
            self.say(f"Plug in the key for {self.name_of(place)}.")
        elif self.step is Step.PULL:
            self.say(f"Unplug the key; next is {self.name_of(place)}.")

    def step_back(self) -> None:
        """Esc: gives the key up, or leaves."""
        if self.step is Step.OWNER:
            self.prove_later()
        elif self.step is Step.ASKS:
            self.not_stored(KeyTrouble(Kind.CANCELLED))
        elif not self.give_up_key():
            rack = self.rack
            super().step_back()
            if rack is not None:
                self._left(rack)

    def _left(self, rack: Rack) -> None:
        if rack.unfinished:
            self.house.say(f"Kept: {rack.summary}. :rack goes on.")
        else:
            self._drop()

    # --- what is kept -------------------------------------------------------------------------

    def note(self) -> None:
        self._keep()

    @work(thread=True, group="note", exit_on_error=False)
    def _keep(self) -> None:
        with self._noting:  # each writes what it finds then, so the last one is right
            trouble = self.service.note(self.rack) if self.rack is not None else ""
        if trouble:
            self._post(self.Told(trouble))

    def save_sheet(self) -> None:
        """`f`"""
        if self.rack is not None and self.house.snapshot is not None:
            self._save(sheet(self.rack, self.house.snapshot, self.house.workshop.clock.now()))

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def _save(self, text: str) -> None:
        try:
            path = self.house.exports.save_text("rack.txt", text)
        except AuthTuiError as error:
            self._post(self.Told(f"{error} {error.hint}".strip()))
        else:
            self._post(self.Told(f"Saved, for you alone: {path}"))

    @on(Told)
    def _tell(self, message: Told) -> None:
        self.say(message.sentence)

    # --- what it shows ------------------------------------------------------------------------

    def focus_table(self) -> None:
        self.table.focus()

    def show_rack(self) -> None:
        rack = self.rack
        if rack is None:
            self.query_one("#heading", Rule).show_parts("Rack")
            return
        self.query_one("#heading", Rule).show_parts(*heading(rack))
        shown = rows(rack, self.at, works=self.step is not Step.RESTS)
        table = self.table
        if len(table.columns) != len(shown[0].cells):
            table.show_columns(columns(rack.keys_each))
        table.load(shown, [row.key for row in shown])
        table.go_to(rack.userid(self.at))
        self.query_one("#cell", Rule).show_parts(cell_heading(rack, self.at))
        here = self.ready is not None and self.ready.place == self.at
        about = self.ready.about if self.ready is not None and here else ()
        proves = self.step in {Step.OWNER, Step.PROVES}
        told = stages(rack, self.at, [(one.word, one.text) for one in about], proves=proves)
        self.query_one(Stages).show(
            [Stage(one.name, one.word, one.texts) for one in told], _STAGE.get(self.step, -1)
        )
        self.show_keys()

    def on_unmount(self) -> None:
        """However it ends, no PIN stays."""
        self.forget_key()
