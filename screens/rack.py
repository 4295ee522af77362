"""`:rack`: keys for several people in one go; unplugging one means "next"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keys import KeyPlace, Scan
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import scan_lines
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.rack import (
    Place,
    Proving,
    Rack,
    State,
    failed,
    next_open,
    reopened,
    skipped,
)
from pve_auth_tui.core.rackplan import Agreed, of_cell, wanted
from pve_auth_tui.core.rackrows import cell_heading, columns, heading, rows, stages
from pve_auth_tui.core.racksheet import sheet
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.words import count_words, date
from screens.at_key import TOO_EARLY, AtKey
from screens.base import EVERYWHERE
from screens.commands import Back, Command, Commands
from screens.key_watch import KeyWatch
from widgets.controls import Entered
from widgets.field import SecretEntry
from widgets.filter_table import FilterTable
from widgets.lines import Rule
from widgets.stages import Stage, Stages

if TYPE_CHECKING:
    from pve_auth_tui.services.prove import Proof
    from pve_auth_tui.services.rack import Done, PlugPin, RackService, Ready

_MODHEX: Final = frozenset("cbdefghijklnrtuv")
_OTP: Final = 32  # characters from which on a text of these is what a touched key types


class Step(Enum):
    """What the rack waits for."""

    RESTS = "nothing"
    PLUG = "a key to be plugged in"
    LOOKS = "the key to be described"
    ASKS = "somebody to say yes"
    STORES = "the first touch"
    OWNER = "its owner, who types a password"
    PROVES = "the second touch"
    PULL = "the key to be unplugged"


_STAGE: Final = {Step.LOOKS: 0, Step.ASKS: 0, Step.STORES: 1, Step.OWNER: 2, Step.PROVES: 2}


class Again(Command["RackScreen"]):
    """Tries the cell again with the key that is plugged in; where the plan was left, shows it."""

    keys, shown, word, name = "a", "a", "again", "again"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return screen.why_not_again()

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.again()


class Yes(Command["RackScreen"]):
    """Takes a key that somebody else has already."""

    keys, shown, word, name = "y", "y", "", "yes"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return "" if screen.step is Step.ASKS else "Nothing is asked now."

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.said_yes()


class Skip(Command["RackScreen"]):
    """Skips the cell: it gets no key this time. Again: it is open."""

    keys, shown, word, name = "s", "s", "skip", "skip"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return screen.why_not_skip()

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.skip()


class SaveSheet(Command["RackScreen"]):
    """Saves the result sheet: who has which key, what is still to do. It holds no secret."""

    keys, shown, word, name = "f", "f", "save sheet", "save"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return "" if screen.rack else "There is no rack yet."

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.save_sheet()


class KeyBefore(Command["RackScreen"]):
    """Chooses the key before this one; up and down choose the person."""

    keys, shown, word, name = "left", "left", "", "key before"

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.choose_key(-1)


class KeyAfter(Command["RackScreen"]):
    """Chooses the key after this one."""

    keys, shown, word, name = "right", "right", "", "key after"

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.choose_key(1)


class LeaveRack(Back):
    """Gives the key up that is worked with, and its cell is open again; then leaves. What is not
    finished is kept: :rack goes on.
    """

    word = "back"


class RackScreen(AtKey, KeyWatch):
    """`userids`: who is chosen at first, else the administrators."""

    CSS_PATH = "rack.tcss"
    OFFERS: ClassVar[Commands] = (
        Again, Yes, Skip, SaveSheet, KeyBefore, KeyAfter, LeaveRack,
        *(command for command in EVERYWHERE if command is not Back),
    )  # fmt: skip

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
        self.rack: Rack | None = None
        self.step = Step.RESTS
        self._at = Place(0, 0)
        self._agreed: Agreed | None = None
        self._key: KeyPlace | None = None
        self._others: frozenset[KeyPlace] = frozenset()  # plugged in, and not for us
        self._ready: Ready | None = None
        self._again: Callable[[], None] | None = None
        self._kept_pin: PlugPin | None = None
        self._noting = Lock()

    @property
    def _service(self) -> RackService:
        return self.house.workshop.rack

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    @property
    def open_title(self) -> str:
        return "Rack"

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield FilterTable(columns(1), id="table")
        yield Rule(id="cell")
        yield Stages(id="stages")
        yield from self.compose_key()
        yield SecretEntry("password", "Password")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self._hide_password()
        self._show()
        self.table.focus()
        self._load()

    # --- what an earlier session has left -----------------------------------------------------

    @work(thread=True, exclusive=True, group="rack", exit_on_error=False)
    def _load(self) -> None:
        message: Message
        try:
            message = self.Loaded(self._service.unfinished())
        except AuthTuiError as error:
            message = self.Loaded(None, error)
        self._post(message)

    @work(thread=True, exclusive=True, group="rack", exit_on_error=False)
    def _compare(self, rack: Rack) -> None:
        message: Message
        try:
            message = self.Compared(*self._service.beside_pve(rack))
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

        drop = "Drop it, and begin anew. What PVE has stored stays."
        if rack is None:
            self.app.push_screen(ChooseScreen(str(message.error), [drop]), chosen)
        else:
            left = f"An unfinished rack of {date(rack.begun)}: {rack.summary}."
            self.app.push_screen(ChooseScreen(left, ["Go on with it", drop]), chosen)

    def _drop(self) -> None:
        with suppress(AuthTuiError):  # the next one takes its place
            self._service.drop()

    @on(Compared)
    def _compared(self, message: Compared) -> None:
        self.rack = message.rack
        self._at = next_open(message.rack) or Place(0, 0)
        self._show()
        if message.rack.unfinished:
            self._ask_agreement()
        self.say(" ".join(message.said) or "It is as it was noted.")

    # --- the plan -----------------------------------------------------------------------------

    def _set_up(self) -> None:
        from screens.rack_setup import RackSetup

        self.app.push_screen(RackSetup(self._begin, self.app.pop_screen, self._marked))

    def _begin(self, rack: Rack, plan: Plan, override: str) -> None:
        """From the form: a new rack, and the plan of it that was agreed to."""
        self.rack = rack
        self._at = rack.places[0]
        self._note()
        self._agree(rack.unfinished, plan, override)

    def _ask_agreement(self) -> None:
        """The plan of everything that is open."""
        if self.rack is None:
            return
        self.step = Step.RESTS
        agree = partial(self._agree, self.rack.unfinished)
        self.house.review(wanted(self.rack), self._plan_left, self.tell, agree)

    def _plan_left(self, report: object) -> None:
        if report is None:
            self.say("Nothing was agreed to. a shows the plan again; esc leaves.")

    def tell(self, error: AuthTuiError) -> None:
        """No plan can be made, or something else went wrong."""
        self.say(f"{error} {error.hint}".strip())

    def _agree(self, places: tuple[Place, ...], plan: Plan, override: str) -> None:
        self._agreed = Agreed(plan, places, override)
        self.watch_keys()
        self._wait_for_key()

    # --- plugging and pulling -----------------------------------------------------------------

    @property
    def may_look(self) -> bool:
        return not self.key_works

    def scanned(self, scan: Scan) -> None:
        self._others &= frozenset(scan.keys)
        if self._key is not None and self._key not in scan.keys:
            self._pulled()
        elif self.step is Step.PLUG:
            self._take(scan)

    def _pulled(self) -> None:
        """Next: the chosen cell if it waits for a key, else the one after it."""
        self._forget_key()
        self._hide_password()
        if self.rack is None or self._agreed is None:
            return
        following = self._following()
        if following is None:
            self._finish()
        else:
            self._at = following
            self._wait_for_key()

    def _following(self) -> Place | None:
        """Where the next key goes."""
        if self.rack is None:
            return None
        waits = self._at in self.rack.unfinished
        return self._at if waits else next_open(self.rack, self._at)

    def _forget_key(self) -> None:
        self._key = self._ready = self._again = None
        if self._kept_pin is not None:
            self._kept_pin.forget()

    def _wait_for_key(self) -> None:
        self.step = Step.PLUG
        self._show()
        self.table.focus()
        if self.rack is not None:
            self.say(f"Plug in the key for {self._at.label} {self.rack.userid(self._at)}.")
        if self.scan is not None:
            self._take(self.scan)

    def _take(self, scan: Scan) -> None:
        """The key that is new; one that stays plugged in for other things is left alone."""
        fresh = [key for key in scan.keys if key not in self._others]
        if len(fresh) > 1:
            told = count_words(len(fresh), "key is", "keys are")
            self.say(f"{told} plugged in: leave the one for {self._at.label} alone there.")
        elif fresh:
            self._key = fresh[0]
            self._others = frozenset(scan.keys) - {fresh[0]}
            self._look_at_key()
        elif not scan.keys:
            problem = next((one for one in scan_lines(scan) if one.word == "LOOK"), None)
            if problem is not None:
                self.say(f"{problem.text} {problem.fix}".strip())

    def _look_afresh(self) -> None:
        """While a key is worked with nobody looks; it may be gone by now."""
        self.forget_scan()
        self.look_for_keys()

    # --- a cell -------------------------------------------------------------------------------

    def _look_at_key(self) -> None:
        rack, key, agreed, at = self.rack, self._key, self._agreed, self._at
        if rack is None or key is None:
            return
        if agreed is None or at not in agreed.places:
            self._ask_agreement()
            return
        self.step = Step.LOOKS
        self._ready = None
        self._show()
        look = partial(self._service.look, rack, at, key, agreed)
        self.at_key(look, self._looked, self._not_stored)

    def _looked(self, ready: Ready) -> None:
        self._ready = ready
        if ready.asks:
            self.step = Step.ASKS
            self._show()
            self.table.focus()
            self.say(f"LOOK {' '.join(ready.asks)} y takes it all the same; or unplug it.")
            self._look_afresh()
        else:
            self._store_as_agreed(ready)

    def said_yes(self) -> None:
        if self._ready is not None:
            self._store_as_agreed(self._ready)

    def _store_as_agreed(self, ready: Ready) -> None:
        if ready.agreed:
            self._store(ready)
        elif self.rack is not None:
            self.step = Step.PULL
            self._again = self._look_at_key
            intent = of_cell(self.rack, ready.place)

            def agreed(plan: Plan, override: str) -> None:
                self._store(replace(ready, plan=plan), override)

            self.say("The node has changed since the plan was agreed to: look at this one.")
            self.house.review(intent, self._plan_left, self.tell, agreed)

    def _store(self, ready: Ready, override: str = "") -> None:
        from pve_auth_tui.services.rack import PlugPin

        rack = self.rack
        if rack is None:
            return
        pin = self._kept_pin = self._kept_pin or PlugPin()
        self.step = Step.STORES
        self._show()
        self.at_key(
            lambda hands: self._service.store(rack, ready, pin.hands(hands), override),
            self._stored,
            self._not_stored,
        )

    def _not_stored(self, error: AuthTuiError) -> None:
        self.step = Step.PULL
        self._again = self._look_at_key
        gave_up = isinstance(error, KeyTrouble) and error.kind in {
            Kind.CANCELLED,
            Kind.PIN_CANCELLED,
        }
        if self.rack is not None and not gave_up:
            self.rack = failed(self.rack, self._at, str(error))
            self._note()
        self._show()
        self.table.focus()
        if gave_up:
            self.say(f"Given up: {self._at.label} is open. a tries again; or unplug the key.")
        else:
            self.say(f"{error} {error.hint} a tries again; or unplug the key.")
        self._look_afresh()

    def _stored(self, done: Done) -> None:
        self.rack = done.rack
        self.house.took_picture(done.report)
        told = " ".join(done.remarks)
        match done.rack.proving:
            case Proving.SIGNATURE:
                self._sign()
            case Proving.NOW:
                self._ask_password()
            case Proving.LATER:
                self._end_cell(f"{self._at.label} is stored; nobody has proved it. {told}")
                return
        if told:
            self.say(told)

    # --- its proof ----------------------------------------------------------------------------

    def _ask_password(self) -> None:
        rack, snapshot = self.rack, self.house.snapshot
        if rack is None or snapshot is None:
            return
        userid = rack.userid(self._at)
        if why := self._service.why_no_login(userid, snapshot):
            self.say(f"{why} So its signature is checked.")
            self._sign()
            return
        self.step = Step.OWNER
        self._show()
        self.table.focus()
        self.say(f"Stored. {userid} types the password, then Enter; blank: signature only.")
        self.when_listening(self._show_password)
        self._look_afresh()

    def _show_password(self) -> None:
        if self.step is Step.OWNER:
            field = self._password
            field.give_label(field.label_width)
            field.display = True
            field.control.focus()

    @property
    def _password(self) -> SecretEntry:
        return self.query(SecretEntry).exclude("PinEntry").first(SecretEntry)

    def _hide_password(self) -> None:
        self._password.clear()
        self._password.display = False

    @on(Entered)
    def _password_entered(self, message: Entered) -> None:
        if self.step is not Step.OWNER or not self._password.display:
            return
        message.stop()
        password = self._password.value
        typed = password.reveal()
        if len(typed) >= _OTP and set(typed) <= _MODHEX:
            self._password.clear()
            self.say(TOO_EARLY)
            return
        self._hide_password()
        if typed:
            self._log_in(password)
        else:
            self._sign()

    def _log_in(self, password: Secret) -> None:
        rack, key, at = self.rack, self._key, self._at
        if rack is None or key is None or self._kept_pin is None:
            return
        pin = self._kept_pin
        self.step = Step.PROVES
        self._show()
        self.say("Logging in ...")
        self.at_key(
            lambda hands: self._service.log_in(rack, at, key, pin.hands(hands), password),
            self._proved,
            partial(self._not_proved, self._ask_password),
        )

    def _sign(self) -> None:
        rack, key, at = self.rack, self._key, self._at
        if rack is None or key is None or self._kept_pin is None:
            return
        pin = self._kept_pin
        self.step = Step.PROVES
        self._show()
        self.at_key(
            lambda hands: self._service.sign(rack, at, key, pin.hands(hands)),
            self._proved,
            partial(self._not_proved, self._sign),
        )

    def _proved(self, result: tuple[Rack, Proof]) -> None:
        self.rack, proof = result
        what = "proved by a login" if proof.address else "stored, its signature is right"
        self._end_cell(f"{self._at.label} is {what}.")

    def _not_proved(self, again: Callable[[], None], error: AuthTuiError) -> None:
        self._again = again
        told = f"{error} {error.hint}".strip()
        self._end_cell(f"{self._at.label} is stored, and not proved: {told} a tries again.")

    def _end_cell(self, sentence: str) -> None:
        self.step = Step.PULL
        self._show()
        self.table.focus()
        following = self._following()
        if following is None or self.rack is None:
            then = "Nothing is open any more: f saves the sheet."
        else:
            then = f"Unplug it; next is {following.label} {self.rack.userid(following)}."
        self.say(f"{sentence.strip()} {then}")
        self._look_afresh()

    def _finish(self) -> None:
        self.step = Step.RESTS
        self._show()
        self.table.focus()
        if self.rack is not None:
            self.say(f"{self.rack.summary} stored, none is open. f saves the sheet; esc leaves.")

    # --- what somebody presses ----------------------------------------------------------------

    def why_not_again(self) -> str:
        """Why there is nothing to try again; "" when there is."""
        if self.key_works:
            return "The key is being worked with. Esc gives it up."
        if self.rack is None:
            return "There is no rack yet."
        if self._again is not None and self.step is Step.PULL:
            return ""
        if self.step is Step.RESTS and self.rack.unfinished:
            return ""
        return "There is nothing to try again: plug a key in."

    def again(self) -> None:
        if self._again is not None:
            again, self._again = self._again, None
            again()
        else:
            self._ask_agreement()

    def why_not_skip(self) -> str:
        """Why the cell cannot be skipped; "" when it can."""
        if self.rack is None:
            return "There is no rack yet."
        if self.key_works or self.step in {Step.ASKS, Step.OWNER}:
            return "The key is being worked with. Esc gives it up."
        stored = self.rack.cell(self._at).state is State.STORED
        return f"{self._at.label} has a key already." if stored else ""

    def skip(self) -> None:
        if self.rack is None:
            return
        was_skipped = self.rack.cell(self._at).state is State.SKIPPED
        change = reopened if was_skipped else skipped
        self.rack = change(self.rack, self._at)
        self._note()
        following = self._following()
        if following is None and self.step is not Step.PULL:
            self._finish()
        elif following is not None:
            self._at = following
            if self.step is Step.PLUG or (self.step is Step.RESTS and self._agreed):
                self._wait_for_key()
        self._show()

    @property
    def _may_choose(self) -> bool:
        return self.rack is not None and self.step in {Step.RESTS, Step.PLUG, Step.PULL}

    def choose_key(self, step: int) -> None:
        """Left and right."""
        if self.rack is not None:
            key = min(self.rack.keys_each - 1, max(0, self._at.key + step))
            self._choose(Place(self._at.person, key))

    def row_moved(self) -> None:
        """Up and down."""
        if self.rack is None or self.table.key is None:
            return
        person = [one.userid for one in self.rack.people].index(self.table.key)
        if person != self._at.person:
            self._choose(Place(person, self._at.key))

    def _choose(self, place: Place) -> None:
        if not self._may_choose:
            self._show()
            self.say("Esc gives this key up first.")
            return
        self._at = place
        if self.step is Step.PLUG and self.rack is not None:
            waits = place in self.rack.unfinished
            userid = self.rack.userid(place)
            self.say(f"Plug in the key for {place.label} {userid}." if waits else "")
        self._show()

    def step_back(self) -> None:
        """Esc: gives the key up, or leaves."""
        if self.step is Step.OWNER:
            self._hide_password()
            self._again = self._ask_password
            self._end_cell(f"{self._at.label} is stored; nobody has proved it.")
        elif self.step is Step.ASKS:
            self._not_stored(KeyTrouble(Kind.CANCELLED))
        else:
            rack = self.rack
            works = self.key_works
            super().step_back()
            if not works and rack is not None:
                self._left(rack)

    def _left(self, rack: Rack) -> None:
        self._forget_key()
        if rack.unfinished:
            self.house.say(f"Kept: {rack.summary}. :rack goes on.")
        else:
            self._drop()

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

    @work(thread=True, group="note", exit_on_error=False)
    def _note(self) -> None:
        """Keep the rack as it is when this comes to it: the last one to write is right."""
        with self._noting:
            trouble = self._service.note(self.rack) if self.rack is not None else ""
        if trouble:
            self._post(self.Told(trouble))

    @on(Told)
    def _tell(self, message: Told) -> None:
        self.say(message.sentence)

    # --- what it shows ------------------------------------------------------------------------

    def _show(self) -> None:
        rack = self.rack
        if rack is None:
            self.query_one("#heading", Rule).show_parts("Rack")
            return
        self.query_one("#heading", Rule).show_parts(*heading(rack))
        works = self._agreed is not None and self.step is not Step.RESTS
        shown = rows(rack, self._at, works=works)
        table = self.table
        if len(table.columns) != len(shown[0].cells):
            table.show_columns(columns(rack.keys_each))
        table.load(shown, [row.key for row in shown])
        table.go_to(rack.userid(self._at))
        self.query_one("#cell", Rule).show_parts(cell_heading(rack, self._at))
        ready = self._ready
        about = ready.about if ready is not None and ready.place == self._at else ()
        told = stages(rack, self._at, [(one.word, one.text) for one in about])
        self.query_one(Stages).show(
            [Stage(one.name, one.word, one.texts) for one in told], _STAGE.get(self.step, -1)
        )
        self.show_keys()

    def on_unmount(self) -> None:
        """However it ends."""
        self._forget_key()
