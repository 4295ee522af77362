"""Rack mode: the next key for the next person, from its plug to its proof.

Blocking. Which cell comes next, and what is asked of people, is the caller's. Every change of a
rack is noted, so that interrupted work goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.keyids import Holding
from pve_auth_tui.core.keys import KeyInfo, KeyPlace, Phase, PinAsked
from pve_auth_tui.core.keystages import already, not_asked, silent
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import FEW_TRIES, label, pin_words
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.ports import Clock, Hands, Proofs, Racks, SecurityKeys
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.rack import NO_TAG, Place, Rack, State, Tag, proved, stored, tag_of
from pve_auth_tui.core.rackcheck import beside_pve
from pve_auth_tui.core.rackplan import Agreed, foreseen, of_cell, says_no_more
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed
from pve_auth_tui.services.applying import World
from pve_auth_tui.services.enrolkey import KeyEnrolService, NotEnrolled, new_entry
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.prove import Proof, ProveService
from pve_auth_tui.services.report import Report


class PlugPin:
    """The PIN of the key that is plugged in, so that a second question for it need not be asked."""

    def __init__(self) -> None:
        self._pin: Secret | None = None

    def forget(self) -> None:
        """The key was unplugged, or everything has ended."""
        self._pin = None

    def hands(self, hands: Hands) -> Hands:
        """The same hands, which type a PIN that was right a second time by themselves."""
        return _RememberingHands(hands, self)

    def answer(self, asked: PinAsked, hands: Hands) -> Secret | None:
        """The known one unless it is wrong, or few tries are left; else what is typed."""
        few = asked.tries is not None and asked.tries <= FEW_TRIES
        if self._pin is None or asked.wrong or few:
            self._pin = hands.pin(asked)
        return self._pin


class _RememberingHands:
    """A `core.ports.Hands`."""

    def __init__(self, hands: Hands, kept: PlugPin) -> None:
        self._hands = hands
        self._kept = kept

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        self._hands.waits(phase, seconds)

    def pin(self, asked: PinAsked) -> Secret | None:
        return self._kept.answer(asked, self._hands)

    def given_up(self) -> bool:
        return self._hands.given_up()


@dataclass(frozen=True)
class Ready:
    """A key that was looked at for a cell, without a touch.

    `about`: what it is and holds. `asks`: why somebody has to say yes first, as sentences.
    `plan` is the cell's, made just now; `agreed`: it says no more than what was agreed to.
    """

    place: Place
    key: KeyPlace
    tag: Tag
    about: tuple[Finding, ...]
    asks: tuple[str, ...]
    plan: Plan
    agreed: bool


@dataclass(frozen=True)
class Done:
    """A cell that PVE has stored. `remarks`: sentences about what could not be written down."""

    rack: Rack
    report: Report
    remarks: tuple[str, ...] = ()


class RackService:
    """`world` tells how the node is, `racks` keeps what is not finished."""

    def __init__(
        self,
        *,
        keys: SecurityKeys,
        enrol: KeyEnrolService,
        prove: ProveService,
        plans: PlanService,
        world: World,
        proofs: Proofs,
        racks: Racks,
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._enrol = enrol
        self._prove = prove
        self._plans = plans
        self._world = world
        self._proofs = proofs
        self._racks = racks
        self._clock = clock
        self._serials: dict[tuple[str, str], dict[str, None]] = {}  # whose keys, while we run

    # --- what is kept ------------------------------------------------------------------------

    def unfinished(self) -> Rack | None:
        """What was interrupted, if anything. Raises Unreadable."""
        return self._racks.load()

    def note(self, rack: Rack) -> str:
        """Keep it; why that is not possible, as a sentence, or ""."""
        try:
            self._racks.save(rack)
        except AuthTuiError as error:
            return f"If it is interrupted, it cannot go on: {error}"
        return ""

    def drop(self) -> None:
        """It is finished, or not wanted any more. Raises Unwritable."""
        self._racks.drop()

    def beside_pve(self, rack: Rack) -> tuple[Rack, tuple[str, ...]]:
        """The rack as it really is, and what is different, as sentences. Raises Unreadable."""
        now, said = beside_pve(rack, self._world.fresh().snapshot, self._marks())
        return now, (*said, *filter(None, (self.note(now),)))

    def _marks(self) -> Mapping[tuple[str, str], Mark]:
        return self._proofs.all()

    # --- a key for a cell --------------------------------------------------------------------

    def look(self, rack: Rack, place: Place, key: KeyPlace, agreed: Agreed, hands: Hands) -> Ready:
        """Look at a plugged-in key and make the cell's plan; nothing is sent, nobody touches.

        Raises KeyTrouble (ALREADY for a key that the person has, UNPLUGGED where another one is
        there by now), and what the plan raises.
        """
        hands.waits(Phase.OPENING)
        outlook = self._world.fresh()
        with closing(self._keys.open(key.path)) as opened:
            info = opened.info()
            if info.place != key:
                raise KeyTrouble(Kind.UNPLUGGED)
            if info.problem:
                raise silent(info)
            userid, tag = rack.userid(place), tag_of(info)
            known = self._enrol.known(opened, outlook.snapshot, userid, given_up=hands.given_up)
        if hands.given_up():
            raise KeyTrouble(Kind.CANCELLED)
        held = known.held
        if trouble := already(held, userid):
            raise trouble
        plan = self._plans.review(of_cell(rack, place), outlook)
        before = foreseen(rack, agreed, self._clock.now())
        foretold = self._plans.review(of_cell(rack, place), outlook._replace(snapshot=before))
        asks = (*_held_by(held), *self._seen_before(rack, key, tag, held))
        about = (_described(info), *_holds(held), *_not_asked(known.unasked))
        return Ready(place, key, tag, about, asks, plan, says_no_more(plan, foretold))

    def _seen_before(
        self, rack: Rack, key: KeyPlace, tag: Tag, held: tuple[Holding, ...]
    ) -> tuple[str, ...]:
        """A key that tells nothing of what it holds may be known by its serial number."""
        if held or not key.serial:
            return ()
        whose = dict(self._serials.get((key.product, key.serial), {}))
        for place in rack.places:
            cell = rack.cell(place)
            if cell.state is State.STORED and cell.tag == tag and cell.tag != NO_TAG:
                whose[f"{place.label} {rack.userid(place)}"] = None
        if not whose:
            return ()
        return (f"It looks like the key that was just stored for {listed(list(whose))}.",)

    def store(self, rack: Rack, ready: Ready, hands: Hands, override: str = "") -> Done:
        """PIN and first touch: PVE has an entry then. Raises KeyTrouble, PlanChanged, Refused.

        What raises leaves the cell as it was. Where nobody heard whether PVE has stored it, and
        it has, it is stored.
        """
        place = ready.place
        if ready.key not in self._keys.scan().keys:
            raise KeyTrouble(Kind.UNPLUGGED)
        try:
            report = self._enrol.enrol(
                ready.plan, ready.key.path, hands, override or ready.plan.confirm
            )
        except NotEnrolled as error:
            if error.report is None:
                raise
            rack, report = _found(rack, place, ready.tag, error.report), error.report
            if rack.cell(place).state is not State.STORED:
                raise
        else:
            rack = self._stored(rack, ready, report)
        known = self._serials.setdefault((ready.key.product, ready.key.serial), {})
        known[f"{place.label} {rack.userid(place)}"] = None
        remarks = tuple(filter(None, (*report.remarks, self.note(rack))))
        return Done(rack, report, remarks)

    def _stored(self, rack: Rack, ready: Ready, report: Report) -> Rack:
        entry = new_entry(report)
        if not entry:
            return _found(rack, ready.place, ready.tag, report)
        return stored(rack, ready.place, entry, ready.tag, self._clock.now())

    # --- its proof -----------------------------------------------------------------------------

    def why_no_login(self, userid: str, snapshot: Snapshot) -> str:
        """Why nobody can log in as that person now; "" when somebody can try."""
        try:
            self._prove.before(userid, snapshot)
        except AuthTuiError as error:
            return str(error)
        return ""

    def log_in(
        self, rack: Rack, place: Place, key: KeyPlace, hands: Hands, password: Secret
    ) -> tuple[Rack, Proof]:
        """The second touch: a real login with password and key. One attempt (R23).

        Raises what `ProveService.prove` raises, and KeyTrouble.
        """
        snapshot = self._world.fresh().snapshot
        answer = self._prove.with_key(key.path, hands, snapshot, rack.userid(place))
        proof = self._prove.prove(rack.userid(place), password, answer, snapshot)
        return self._proved(rack, place, How.LOGIN), proof

    def sign(self, rack: Rack, place: Place, key: KeyPlace, hands: Hands) -> tuple[Rack, Proof]:
        """The second touch: a signature, checked against what PVE has stored. Nobody logs in.

        Raises KeyTrouble, and Refused where what PVE has stored cannot be read.
        """
        snapshot = self._world.fresh().snapshot
        proof = self._prove.signature_check(rack.userid(place), key.path, hands, snapshot)
        return self._proved(rack, place, How.SIGNATURE), proof

    def _proved(self, rack: Rack, place: Place, how: How) -> Rack:
        rack = proved(rack, place, how)
        self.note(rack)
        return rack


def _found(rack: Rack, place: Place, tag: Tag, report: Report) -> Rack:
    """With the cell's entry, if PVE shows it."""
    now, _ = beside_pve(rack, report.snapshot, {})
    cell = now.cell(place)
    if cell.state is not State.STORED:
        return rack
    return stored(rack, place, cell.entry, tag, cell.at)


def _held_by(held: tuple[Holding, ...]) -> tuple[str, ...]:
    names = list(dict.fromkeys(one.userid for one in held))
    if not names:
        return ()
    return (
        f"It is a key of {listed(names)}: whoever has it then has both people's second factor.",
    )


def _holds(held: tuple[Holding, ...]) -> tuple[Finding, ...]:
    if not held:
        return ()
    told = [f"{one.userid} {one.description}{'' if one.enabled else ' (off)'}" for one in held]
    return (Finding("LOOK", f"It holds {listed(told)}."),)


def _not_asked(unasked: int) -> tuple[Finding, ...]:
    return (Finding("-", not_asked(unasked)),) if unasked else ()


def _described(info: KeyInfo) -> Finding:
    text, word = pin_words(info)
    kind = info.versions[-1] if info.versions else "it tells no version"
    return Finding(word or "ok", f"{label(info.place)}, {kind}, PIN {text}.")
