"""A screen that works with a security key: told what the key waits for, asked for its PIN, free
to give up. The key is worked in a thread; the screen never touches it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil
from threading import Lock
from time import monotonic
from typing import Any, ClassVar, Final, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keypins import old_pin_problem
from pve_auth_tui.core.keys import TOUCHES, Phase, PinAsked
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import tries_left
from pve_auth_tui.core.modhex import holds_code, without_codes
from pve_auth_tui.services.hands import QueuedHands
from screens.base import BaseScreen
from screens.commands import Back
from widgets.controls import Entered
from widgets.field import Field, SecretEntry, TextEntry
from widgets.lines import KeyHint, KeyLine
from widgets.stages import KeyNow

T = TypeVar("T")

TOO_EARLY: Final = "The key typed a one-time code: it was touched too early."
_DEAF: Final = 1.0  # seconds after a touch in which a key may still type (reference/fido.md 3.3)
_TICK: Final = 1.0  # seconds between two looks at the countdown
_TURN: Final = 0.1  # seconds between two looks whether the job before has let the key go
_SWEEP: Final = 0.2  # seconds after which a key that types has typed all of it
_HAND: Final = TOUCHES | {Phase.PIN}


class PinEntry(SecretEntry):
    """The PIN of the key that is worked with; it stands in no form."""


class AtKey(BaseScreen):
    """Mixin: put `compose_key` where the key's line and its PIN belong, begin with `at_key`.

    One job at a time; what comes of a job that was followed by another one, or whose screen is
    gone, is dropped. Around a touch no control has the cursor, and for a second after it nothing
    but Esc is heard, for a touched key may type.
    """

    BURST: ClassVar[str] = TOO_EARLY

    @dataclass
    class Waits(Message):
        """What the key does now; `seconds` that PVE waits for it, 0 for no limit."""

        job: int
        phase: Phase
        seconds: float

    @dataclass
    class PinWanted(Message):
        """The key asks for its PIN."""

        job: int
        asked: PinAsked

    @dataclass
    class Ended(Message):
        """The job is over; `tell` hands on what came of it."""

        job: int
        tell: Callable[[], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._job = 0  # counts them
        self._hands: QueuedHands | None = None
        self._phase: Phase | None = None
        self._until = 0.0
        self._touched = -_DEAF
        self._ticking: Timer | None = None
        self._sweeping: Timer | None = None
        self._turn = Lock()

    def compose_key(self) -> ComposeResult:
        """The line that says what the key waits for, and the field for its PIN."""
        yield KeyNow(id="key-now")
        yield PinEntry("pin", "PIN of the key")

    def on_mount(self) -> None:
        self._pin_field.give_label(self._pin_field.label_width)
        self._hide_key()

    # --- for the screen -------------------------------------------------------------------

    @property
    def key_works(self) -> bool:
        """Whether a job is under way."""
        return self._hands is not None

    @property
    def waits_for_somebody(self) -> bool:
        """For a PIN; its plan runs all the while. A touch has an end of its own."""
        return self.key_works and self._phase is Phase.PIN

    @property
    def key_phase(self) -> Phase | None:
        """What the key does now; None while it does nothing."""
        return self._phase

    def at_key(
        self,
        job: Callable[[QueuedHands], T],
        done: Callable[[T], None],
        failed: Callable[[AuthTuiError], None],
    ) -> None:
        """Run `job` in a thread, with hands that reach this screen; then one of the others here.

        `job` may raise AuthTuiError; a KeyTrouble CANCELLED when somebody gave up.
        """
        self._give_up()
        self._job += 1
        hands = self._hands = QueuedHands(
            partial(self._tell_phase, self._job), partial(self._tell_pin, self._job)
        )
        self._phase = None
        now = self.query_one("#key-now", KeyNow)
        now.show_phase("", 0, wants_hand=False)
        now.display = True
        now.focus()
        self._work_key(self._job, hands, job, done, failed)
        self.show_keys()

    def give_up_key(self) -> bool:
        """Esc: whether a job was under way. It ends within a moment, and says what came of it."""
        if self._hands is None:
            return False
        if self._hands.given_up():
            return False  # the second Esc leaves; the job ends by itself
        self._hands.give_up()
        self._hide_pin()
        self.say("Giving up ...")
        return True

    def drop_key(self) -> None:
        """End the job; nobody hears what comes of it."""
        self._give_up()
        self._leave_phase()
        self._phase = None
        self._hide_key()

    def show_keys(self) -> None:
        """While the key works, what is a command elsewhere is part of a PIN, or nothing."""
        if not self.key_works:
            super().show_keys()
            return
        keys = [KeyHint("enter", "send")] if self.key_phase is Phase.PIN else []
        self.query_one(KeyLine).show_hints([*keys, KeyHint("esc", "give up")])

    def phase_changed(self, phase: Phase) -> None:
        """The key waits for something else now."""

    def when_listening(self, then: Callable[[], object]) -> None:
        """Call it now, or when nothing that a touched key types can come any more."""
        left = self._touched + _DEAF - monotonic()
        if left > 0:
            self.set_timer(left, then)
        else:
            then()

    # --- in the key's thread --------------------------------------------------------------

    @work(thread=True, exclusive=True, group="key", exit_on_error=False)
    def _work_key(
        self,
        number: int,
        hands: QueuedHands,
        job: Callable[[QueuedHands], T],
        done: Callable[[T], None],
        failed: Callable[[AuthTuiError], None],
    ) -> None:
        tell: Callable[[], None]
        try:
            tell = partial(done, self._in_turn(hands, job))
        except AuthTuiError as error:
            tell = partial(failed, error)
        if not get_current_worker().is_cancelled:
            self.post_message(self.Ended(number, tell))

    def _in_turn(self, hands: QueuedHands, job: Callable[[QueuedHands], T]) -> T:
        """No two jobs are at the key: the one before lets it go within a moment."""
        while not self._turn.acquire(timeout=_TURN):
            if hands.given_up():
                raise KeyTrouble(Kind.CANCELLED)
        try:
            return job(hands)
        finally:
            self._turn.release()

    def _tell_phase(self, job: int, phase: Phase, seconds: float) -> None:
        self.post_message(self.Waits(job, phase, seconds))

    def _tell_pin(self, job: int, asked: PinAsked) -> None:
        self.post_message(self.PinWanted(job, asked))

    # --- on the screen --------------------------------------------------------------------

    @on(Waits)
    def _waits(self, message: Waits) -> None:
        message.stop()
        if not self._is_awaited(message.job):
            return
        self._leave_phase()
        self._phase = message.phase
        self._until = monotonic() + message.seconds if message.seconds > 0 else 0.0
        if message.phase is not Phase.PIN:
            self._hide_pin()
        self._tick()
        if self._until and self._ticking is None:
            self._ticking = self.set_interval(_TICK, self._tick)
        self.phase_changed(message.phase)
        self.show_keys()

    def _is_awaited(self, job: int) -> bool:
        """Whether that job is the one under way, and nobody has given it up."""
        return job == self._job and self._hands is not None and not self._hands.given_up()

    def _tick(self) -> None:
        if self._phase is not None:
            left = max(1, ceil(self._until - monotonic())) if self._until else 0
            now = self.query_one("#key-now", KeyNow)
            now.show_phase(self._phase.value, left, wants_hand=self._phase in _HAND)

    @on(PinWanted)
    def _pin_wanted(self, message: PinWanted) -> None:
        message.stop()
        if not self._is_awaited(message.job):
            return
        asked = message.asked
        self._leave_phase()
        self._phase, self._until = Phase.PIN, 0.0
        self._tick()
        tries = "" if asked.tries is None else f" {tries_left(asked.tries).capitalize()}."
        wrong = "That is not the key's PIN." if asked.wrong else "Type the key's PIN, then Enter."
        self.say(f"{wrong}{tries}")
        self._pin_field.clear()
        self.when_listening(partial(self._show_pin, message.job))
        self.phase_changed(Phase.PIN)
        self.show_keys()

    def _show_pin(self, job: int) -> None:
        if self._is_awaited(job) and self._phase is Phase.PIN:
            self._pin_field.display = True
            self._pin_field.control.focus()

    @on(Entered)
    def _pin_entered(self, message: Entered) -> None:
        """Enter in the field of the PIN, for it stands in no form."""
        field = self._pin_field
        if self._hands is None or self._phase is not Phase.PIN or not field.display:
            return
        message.stop()
        pin = field.value
        if problem := old_pin_problem(pin):
            field.show_problem(problem)
            return
        self._hide_pin()
        self.say("")
        self._hands.answer(pin)

    @on(Field.Changed)
    def _typed_by_key(self, message: Field.Changed) -> None:
        """A key that is touched while something is asked for types into that very field."""
        field = message.field
        text = field.value.reveal() if isinstance(field, PinEntry) else field.value
        if isinstance(field, PinEntry | TextEntry) and holds_code(text):
            self.say(TOO_EARLY)
            if self._sweeping is not None:
                self._sweeping.stop()
            self._sweeping = self.set_timer(_SWEEP, partial(self._sweep, field))

    def _sweep(self, field: PinEntry | TextEntry) -> None:
        """All of it has come: out with it."""
        if isinstance(field, PinEntry):
            field.clear()
        else:
            field.value = without_codes(field.value)

    @on(Ended)
    def _job_ended(self, message: Ended) -> None:
        message.stop()
        if message.job == self._job and self._hands is not None:
            self._leave_phase()
            self._hands = self._phase = None
            self._hide_key()
            message.tell()
            self.show_keys()

    def _leave_phase(self) -> None:
        if self._phase in TOUCHES:
            self._touched = monotonic()

    @property
    def _pin_field(self) -> PinEntry:
        return self.query_one(PinEntry)

    def _hide_pin(self) -> None:
        self._pin_field.clear()
        if self._pin_field.control.has_focus:
            self.query_one("#key-now").focus()
        self._pin_field.display = False

    def _hide_key(self) -> None:
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        self._hide_pin()
        self.query_one("#key-now", KeyNow).display = False

    def on_key(self, event: Key) -> None:
        """Letters mean nothing to a key that works."""
        if self.key_works and event.is_printable and not self._pin_field.control.has_focus:
            self.say("The key works. Esc gives up.")
            event.prevent_default()

    def action_command(self, name: str) -> None:
        """For a second after a touch nothing but Esc is heard."""
        command = self.command(name)
        leaves = command is not None and issubclass(command, Back)
        if not leaves and monotonic() - self._touched < _DEAF:
            self.say("One moment: the key was touched just now.")
        else:
            super().action_command(name)

    # --- leaving --------------------------------------------------------------------------

    def step_back(self) -> None:
        """Esc: gives the key up, or leaves."""
        if not self.give_up_key():
            super().step_back()

    def _give_up(self) -> None:
        if self._hands is not None:
            self._hands.give_up()
            self._hands = None

    def on_unmount(self) -> None:
        """A thread cannot be ended: it is told, and ends within a moment."""
        self._give_up()
