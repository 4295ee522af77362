"""Looking at a node again and again while it is out of order: what Recover stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.node import node_of
from pve_auth_tui.core.overview import overview
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.condition import Condition, Neighbour
from pve_auth_tui.core.recover.diagnosis import Diagnosis
from pve_auth_tui.core.recover.nothing import nothing_read
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.watch import asks_others, has_changed, is_well, may_read
from pve_auth_tui.services.outlook import Outlook
from screens.base import BaseScreen
from screens.unwaited import until_given_up

if TYPE_CHECKING:
    from pve_auth_tui.services.recover import RecoverService

EVERY: Final = 5.0  # seconds between two looks while something is wrong
_OTHERS: Final = 3  # every third of them asks the other nodes, and reads PVE's files
_LOOKS: Final = "Looking at the machine ..."
_ASKS: Final = "Asking the other nodes ..."


class Look(NamedTuple):
    """What a worker is to look at. `number`: what an older look finds is dropped; `before`: what
    the other nodes said last; `first`: tell what the picture alone says, too.
    """

    number: int
    outlook: Outlook
    userid: str
    before: tuple[Neighbour, ...]
    ask: bool
    first: bool


class RecoverWatch(BaseScreen):
    """Subclasses take what was found. While something is wrong and this is what somebody sees,
    the machine is looked at every few seconds; while it is not, nothing is.
    """

    @dataclass
    class Known(Message):
        """How things are, as far as is known; `looked`: the machine was looked at; `last`: nothing
        more comes of this look.
        """

        number: int
        situation: Situation
        looked: bool = False
        last: bool = False

    @dataclass
    class Answered(Message):
        """One of the other nodes has, or is known not to."""

        number: int
        neighbour: Neighbour

    @dataclass
    class NotLooked(Message):
        """The machine could not be looked at, and why."""

        number: int
        reason: str

    def __init__(self, userid: str) -> None:
        super().__init__()
        self._userid = userid
        self.situation: Situation | None = None
        self.diagnosis: Diagnosis | None = None
        self.trouble = ""
        """Why the machine could not be looked at, as a sentence; "" when it could."""
        self.busy = ""
        """What is being done, as a sentence; "" between two looks."""
        self._number = 0
        self._ticks = 0
        self._looked: Condition | None = None  # what was found last
        self._rounds = 0
        self._reads_itself = False  # the next picture is one that this has asked for

    # --- what subclasses give --------------------------------------------------------------

    def take(self, situation: Situation) -> None:
        """Keep and show it, with what follows from it."""
        raise NotImplementedError

    def show_busy(self) -> None:
        """What is being done, or cannot be, is something else now."""
        raise NotImplementedError

    def show_nothing(self) -> None:
        """There is no picture yet."""
        raise NotImplementedError

    # --- when ------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._rounds = self.house.rounds
        self.set_interval(EVERY, self._tick)

    @property
    def is_well(self) -> bool:
        """Nothing is wrong, as far as was looked."""
        if self._looked is None or self.situation is None or self.diagnosis is None:
            return False
        return is_well(self.situation, self.diagnosis)

    @property
    def has_looked(self) -> bool:
        """Whether the machine was ever looked at."""
        return self._looked is not None

    def look_again(self) -> None:
        """`r`: everything."""
        self._reads_itself = True
        self.house.reload()
        self.look(ask=True)

    def _tick(self) -> None:
        is_seen = self.app.screen is self  # is_current is true below a transparent one, too
        if not is_seen or self.house.is_changing or self.busy or self.is_well:
            return
        self._ticks += 1
        whole = self._ticks % _OTHERS == 0
        self.look(ask=whole)
        rested = monotonic() >= self.house.rests_until  # 100,000 users are not read without end
        if whole and rested and (self._looked is None or may_read(self._looked)):
            self._read_again()

    def _read_again(self) -> None:
        """What PVE's files say may be something else now."""
        self._reads_itself = True
        self.house.reload()

    def snapshot_changed(self) -> None:
        """A new picture: shown at once; if somebody else had it read, the machine is looked at."""
        self.refresh_head()
        again, self._rounds = self._rounds != self.house.rounds, self.house.rounds
        own = self._reads_itself
        if again:
            self._reads_itself = False
        if self.situation is None:
            self.look(ask=True)
            return
        self.take(self._with_newest(self.situation))
        if again and not own:
            self.look(ask=True)

    # --- looking ---------------------------------------------------------------------------

    def look(self, *, ask: bool) -> None:
        """At the machine, and, while quorum is missing, at the other nodes."""
        outlook = self._known_outlook()
        if outlook is None:
            self.show_nothing()
            return
        self._number += 1
        self.busy = _LOOKS
        first = self.situation is None
        before = () if self.situation is None else self.situation.condition.neighbours
        self._look(Look(self._number, outlook, self._userid, before, ask, first))
        self.show_busy()

    def _known_outlook(self) -> Outlook | None:
        """What was read; where nothing could be, a picture that says so. None while it is read."""
        if self.house.outlook is not None or self.house.failure is None:
            return self.house.outlook
        snapshot = nothing_read(self.house.failure, 0.0)
        return Outlook(snapshot, overview(snapshot, 0.0), node_of(snapshot))

    @work(thread=True, exclusive=True, group="recover", exit_on_error=False)
    def _look(self, look: Look) -> None:
        worker = get_current_worker()

        def tell(message: Message) -> None:
            if not worker.is_cancelled:
                self.post_message(message)

        until_given_up(lambda: self._look_now(look, tell), lambda: worker.is_cancelled)

    def _look_now(self, look: Look, tell: Callable[[Message], None]) -> None:
        snapshot, node = look.outlook.snapshot, look.outlook.node
        try:
            recover = self.house.workshop.recover
        except AuthTuiError as error:
            unknown = Condition(snapshot.taken_at, here=False)
            now = snapshot.taken_at
            tell(self.Known(look.number, Situation(snapshot, node, unknown, look.userid, now)))
            tell(self.NotLooked(look.number, f"{error} {error.hint}".strip()))
            return
        if look.first:
            now = recover.clock.now()
            unknown = Condition(now)
            tell(self.Known(look.number, Situation(snapshot, node, unknown, look.userid, now)))
        try:
            self._look_at_all(recover, look, tell)
        except AuthTuiError as error:
            tell(self.NotLooked(look.number, f"{error} {error.hint}".strip()))
        except Exception as error:  # noqa: BLE001 (this is for when things are broken)
            tell(self.NotLooked(look.number, f"The machine could not be looked at: {error!r}"))

    def _look_at_all(
        self, recover: RecoverService, look: Look, tell: Callable[[Message], None]
    ) -> None:
        situation = recover.look(look.outlook, look.userid)
        cut_off = asks_others(situation)
        if cut_off and look.before:
            known = replace(situation.condition, neighbours=look.before)
            situation = situation._replace(condition=known)
        asks = cut_off and (look.ask or not look.before)
        tell(self.Known(look.number, situation, looked=True, last=not asks))
        if asks:
            situation = recover.ask(situation, lambda one: tell(self.Answered(look.number, one)))
            tell(self.Known(look.number, situation, looked=True, last=True))

    @on(Known)
    def _take_known(self, message: Known) -> None:
        if message.number != self._number:
            return
        if message.looked:
            before, self._looked = self._looked, message.situation.condition
            self.trouble = ""
            if before is not None and has_changed(before, self._looked):
                self._read_again()
            self.busy = "" if message.last else _ASKS
        self.take(self._with_newest(message.situation))

    def _with_newest(self, situation: Situation) -> Situation:
        """A picture may have been read, or somebody else picked, while this was looked at."""
        situation = situation._replace(userid=self._userid)
        outlook = self.house.outlook
        if outlook is None:
            return situation
        return situation._replace(snapshot=outlook.snapshot, node=outlook.node)

    @on(Answered)
    def _take_answer(self, message: Answered) -> None:
        if message.number != self._number or self.situation is None:
            return
        condition = self.situation.condition
        known = {one.name: one for one in condition.neighbours}
        known[message.neighbour.name] = message.neighbour
        condition = replace(condition, neighbours=tuple(known.values()))
        self.take(self.situation._replace(condition=condition))

    @on(NotLooked)
    def _take_trouble(self, message: NotLooked) -> None:
        if message.number == self._number:
            self.busy, self.trouble = "", plain(message.reason)
            self.show_busy()
