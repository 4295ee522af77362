"""One cell of the rack after the other: plugged in, described, stored, proved, unplugged."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keys import KeyPlace, Scan
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import scan_lines
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.rack import Place, Rack, failed, next_open
from pve_auth_tui.core.rackplan import Agreed
from pve_auth_tui.core.words import count_words
from screens.at_key import AtKey
from screens.key_watch import KeyWatch

if TYPE_CHECKING:
    from pve_auth_tui.services.rack import Done, PlugPin, RackService, Ready

_STAYS_OPEN: Final = frozenset({Kind.CANCELLED, Kind.PIN_CANCELLED, Kind.ALREADY})


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


class RackCells(AtKey, KeyWatch):
    """The part of the rack's screen that works with keys. `rack` and `agreed` are there as soon as
    it waits for the first one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rack: Rack | None = None
        self.step = Step.RESTS
        self.at = Place(0, 0)
        self.agreed: Agreed | None = None
        self.ready: Ready | None = None
        self.plugged: KeyPlace | None = None
        self._others: frozenset[KeyPlace] = frozenset()  # plugged in, and not for us
        self.again_with: Callable[[], None] | None = None
        self._pin: PlugPin | None = None

    # --- what the rest of the screen does -----------------------------------------------------

    def show_rack(self) -> None:
        """The table and the cell, as they are now."""
        raise NotImplementedError

    def focus_table(self) -> None:
        """No control has the cursor while a hand may be at the key."""
        raise NotImplementedError

    def stored(self, done: Done) -> None:
        """PVE has stored the key: now its proof."""
        raise NotImplementedError

    def hide_password(self) -> None:
        """And forget what was typed."""
        raise NotImplementedError

    def note(self) -> None:
        """Keep the rack as it is now."""
        raise NotImplementedError

    def ask_agreement(self) -> None:
        """Show the plan of everything that is open."""
        raise NotImplementedError

    def plan_left(self, report: object) -> None:
        """A plan that was shown was left, not agreed to."""
        raise NotImplementedError

    @property
    def service(self) -> RackService:
        return self.house.workshop.rack

    # --- plugging and pulling -----------------------------------------------------------------

    @property
    def may_look(self) -> bool:
        return not self.key_works

    def scanned(self, scan: Scan) -> None:
        self._others &= frozenset(scan.keys)
        if self.plugged is not None and self.plugged not in scan.keys:
            self._pulled()
        elif self.step is Step.PLUG:
            self._take(scan)

    def _pulled(self) -> None:
        """Next: the chosen cell if it waits for a key, else the one after it."""
        self.forget_key()
        self.hide_password()
        following = self.following
        if following is None:
            self.finish()
        else:
            self.at = following
            self.wait_for_key()

    @property
    def following(self) -> Place | None:
        """Where the next key goes; None when no cell is open."""
        if self.rack is None:
            return None
        waits = self.at in self.rack.unfinished
        return self.at if waits else next_open(self.rack, self.at)

    def forget_key(self) -> None:
        """It was unplugged, or the screen is left: its PIN goes, too."""
        self.plugged = self.ready = self.again_with = None
        if self._pin is not None:
            self._pin.forget()

    def wait_for_key(self) -> None:
        """The chosen cell is the next one."""
        self.go(Step.PLUG)
        self.focus_table()
        self.say(f"Plug in the key for {self.name_of(self.at)}.")
        if self.scan is not None:
            self._take(self.scan)

    def name_of(self, place: Place) -> str:
        """`A1 anna@corp`."""
        return f"{place.label} {self.rack.userid(place)}" if self.rack else place.label

    def _take(self, scan: Scan) -> None:
        """The key that is new; one that stays plugged in for other things is left alone."""
        fresh = [key for key in scan.keys if key not in self._others]
        if len(fresh) > 1:
            told = count_words(len(fresh), "key is", "keys are")
            self.say(f"{told} plugged in: leave the one for {self.at.label} alone there.")
        elif fresh:
            self.plugged = fresh[0]
            self._others = frozenset(scan.keys) - {fresh[0]}
            self._look_at_key()
        elif not scan.keys:
            problem = next((one for one in scan_lines(scan) if one.word == "LOOK"), None)
            if problem is not None:
                self.say(f"{problem.text} {problem.fix}".strip())

    def look_afresh(self) -> None:
        """While a key is worked with nobody looks; it may be gone by now."""
        self.forget_scan()
        self.look_for_keys()

    def go(self, step: Step) -> None:
        self.step = step
        self.show_rack()

    # --- a cell -------------------------------------------------------------------------------

    def _look_at_key(self) -> None:
        rack, key, agreed, at = self.rack, self.plugged, self.agreed, self.at
        if rack is None or key is None:
            return
        if agreed is None or at not in agreed.places:
            self.ask_agreement()
            return
        self.ready = None
        self.go(Step.LOOKS)
        look = partial(self.service.look, rack, at, key, agreed)
        self.at_key(look, self._looked, self.not_stored)

    def _looked(self, ready: Ready) -> None:
        self.ready = ready
        if ready.asks:
            self.go(Step.ASKS)
            self.focus_table()
            self.say(f"LOOK {' '.join(ready.asks)} y takes it all the same; or unplug it.")
            self.look_afresh()
        else:
            self._store_as_agreed(ready)

    def said_yes(self) -> None:
        """`y`: this key, although somebody else has it."""
        if self.ready is not None:
            self._store_as_agreed(self.ready)

    def _store_as_agreed(self, ready: Ready) -> None:
        if ready.agreed:
            self._store(ready)
        else:
            from screens.plan import PlanScreen

            self.step = Step.PULL
            self.again_with = self._look_at_key

            def agreed(plan: Plan, override: str) -> None:
                self._store(ready, override)

            self.say("The node has changed since the plan was agreed to.")
            self.app.push_screen(PlanScreen(ready.plan, self.plan_left, agree=agreed))

    def tell(self, error: AuthTuiError) -> None:
        """What went wrong and what to try, as one sentence."""
        self.say(f"{error} {error.hint}".strip())

    def _store(self, ready: Ready, override: str = "") -> None:
        rack, pin = self.rack, self.plug_pin()
        if rack is None:
            return
        self.go(Step.STORES)
        self.at_key(
            lambda hands: self.service.store(rack, ready, pin.hands(hands), override),
            self.stored,
            self.not_stored,
        )

    def plug_pin(self) -> PlugPin:
        if self._pin is None:
            from pve_auth_tui.services.rack import PlugPin

            self._pin = PlugPin()
        return self._pin

    def not_stored(self, error: AuthTuiError) -> None:
        """Nothing was stored: the cell waits for another try."""
        from pve_auth_tui.services.plans import PlanChanged

        is_open = isinstance(error, PlanChanged) or (
            isinstance(error, KeyTrouble) and error.kind in _STAYS_OPEN
        )
        self.again_with = self._look_at_key
        if self.rack is not None and not is_open:
            self.rack = failed(self.rack, self.at, str(error))
            self.note()
        self.go(Step.PULL)
        self.focus_table()
        if isinstance(error, KeyTrouble) and error.kind in {Kind.CANCELLED, Kind.PIN_CANCELLED}:
            told = f"Given up: {self.at.label} is open."
        else:
            told = f"{error} {error.hint}".strip()
        self.say(f"{told} a tries again; or unplug the key.")
        self.look_afresh()

    def finish(self) -> None:
        """No cell is open."""
        self.go(Step.RESTS)
        self.focus_table()
        if self.rack is not None:
            self.say(f"{self.rack.summary} stored, none is open. f saves the sheet; esc leaves.")

    # --- again --------------------------------------------------------------------------------

    def why_not_again(self) -> str:
        """Why there is nothing to try again; "" when there is."""
        if self.key_works:
            return "The key is being worked with. Esc gives it up."
        if self.rack is None:
            return "There is no rack yet."
        if self.again_with is not None and self.step is Step.PULL:
            return ""
        if self.step is Step.RESTS and self.rack.unfinished:
            return ""
        return "There is nothing to try again: plug a key in."

    def again(self) -> None:
        """`a`: with the key that is plugged in, or the plan that was left."""
        if self.again_with is not None:
            again, self.again_with = self.again_with, None
            again()
        else:
            self.ask_agreement()
