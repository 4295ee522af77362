"""A security key for somebody: settings, key, name, plan, touch, stored, proved (fido.md 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.intents import factors
from pve_auth_tui.core.keys import KeyPlace, Phase, Scan, ScanState
from pve_auth_tui.core.keystages import key_texts, unfit, what_comes
from pve_auth_tui.core.keytrouble import Back, KeyTrouble, Kind
from pve_auth_tui.core.keywords import default_description, label, scan_lines
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.logins import recovery_left
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.totp import description_problem
from pve_auth_tui.core.webauthnorigin import settings_of
from screens.at_key import AtKey
from screens.commands import Commands, Help, hints
from screens.enrol_key_commands import OF_ENROLLING, TAKES, Step
from screens.key_watch import KeyWatch
from widgets.detail_pane import Paragraph
from widgets.field import Field, TextEntry
from widgets.form import Form
from widgets.lines import HeadLine, KeyHint, KeyLine, Rule
from widgets.stages import Stage, Stages

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Plan
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.services.hands import QueuedHands
    from pve_auth_tui.services.keycare import Plugged
    from pve_auth_tui.services.prove import Proof
    from pve_auth_tui.services.report import Report

_NAMES: Final = ("Settings", "Key", "Label", "Touch", "Stored", "Proof")
_SETTINGS, _KEY, _LABEL, _TOUCH, _STORED, _PROOF = range(len(_NAMES))
_AT: Final[Mapping[Step, int]] = {
    Step.CHECKING: _SETTINGS,
    Step.SETUP: _SETTINGS,
    Step.SCAN: _KEY,
    Step.CHOOSE: _KEY,
    Step.LOOKING: _KEY,
    Step.LABEL: _LABEL,
    Step.WORK: _TOUCH,
    Step.STORED: _PROOF,
    Step.PROVING: _PROOF,
    Step.AFTER: _PROOF,
}
_WATCHED: Final = frozenset({Step.SCAN, Step.CHOOSE, Step.LABEL, Step.TROUBLE})
_PIN: Final = frozenset({Kind.PIN_MISSING, Kind.PIN_CHANGE, Kind.PIN_POLICY})
_MOST: Final = 9  # keys with a digit of their own

Offer = tuple[str, Callable[[], None]]


@dataclass(frozen=True)
class _Ready:
    """What the first stage found out. `demo`: what to know of the demo's keys, "" elsewhere."""

    origin: str
    rp_id: str
    demo: str


class EnrolKeyScreen(AtKey, KeyWatch):
    """`said` is what is known already, in the status line."""

    CSS_PATH = "enrol_key.tcss"
    OFFERS: ClassVar[Commands] = OF_ENROLLING

    def __init__(self, userid: str, said: str = "") -> None:
        super().__init__()
        self._userid = userid
        self._sentence = said
        self.step = Step.CHECKING
        self._trouble_at = _SETTINGS
        self._ready: _Ready | None = None
        self._place: KeyPlace | None = None
        self._plugged: Plugged | None = None
        self._suggested = ""
        self._again = False  # somebody wants the plan that was agreed to carried out once more
        self._plan: Plan | None = None
        self._override = ""
        self._agreed = ""  # the description that was agreed to
        self._asked = ""  # the one whose plan is shown
        self._trouble: AuthTuiError | None = None
        self._shows_original = False
        self._entry = ""
        self._stored: tuple[str, str] = ("-", "")
        self._proof: tuple[str, str] = ("-", "")
        self._lines: tuple[Line, ...] = ()
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
        self.query_one("#heading", Rule).show_parts(f"A security key for {self._userid}")
        self.form.display = False
        self._check_settings()

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

    def _go(
        self,
        step: Step,
        lines: Sequence[Line] = (),
        offers: tuple[Offer, ...] = (),
        said: str = "",
    ) -> None:
        """Stand at that step, and tell this about it; `offers` carry digits."""
        self.step, self._lines, self._offers = step, tuple(lines), offers
        self.say(said)
        self.form.display = step is Step.LABEL
        self._draw()
        self.show_keys()

    def _draw(self) -> None:
        at = self._trouble_at if self.step is Step.TROUBLE else _AT[self.step]
        self.query_one(Stages).show(self._stages(at), at)
        offers = [Line(f"{n} {text}") for n, (text, _) in enumerate(self._offers[:_MOST], 1)]
        gap = [Line("")] if offers and self._lines else []
        after = self.step is Step.AFTER  # what is offered comes first: that has to be seen
        lines = [*offers, *gap, *self._lines] if after else [*self._lines, *gap, *offers]
        if self._shows_original and self.original:
            lines.append(Line(self.original, heading="Original"))
        if self._ready and self._ready.demo and self.step in _WATCHED | {Step.WORK}:
            lines.append(Line(f"DEMO: {self._ready.demo}"))
        about = self.query_one("#about", Paragraph)
        about.display = bool(lines)
        about.show(lines)

    def _stages(self, at: int) -> list[Stage]:
        told: dict[int, tuple[str, tuple[str, ...]]] = {}
        if self._ready is not None:
            ready = self._ready
            told[_SETTINGS] = ("ok", (f"{ready.origin}, ID {ready.rp_id}",))
        if self._plugged is not None:
            texts = key_texts(self._plugged.info, self._plugged.held)
            told[_KEY] = ("ok", texts if at <= _LABEL else texts[:1])
        if at > _LABEL:
            told[_LABEL] = ("ok", (self._agreed,))
        if at > _STORED:
            told[_TOUCH] = ("ok", ())
            told[_STORED] = (self._stored[0], (self._stored[1],))
            told[_PROOF] = (self._proof[0], (self._proof[1],))
        if self.step in (Step.SETUP, Step.TROUBLE):
            told[at] = (_word(self._trouble), told.get(at, ("", ()))[1])
        return [Stage(name, *told.get(index, ("-", ()))) for index, name in enumerate(_NAMES)]

    def show_keys(self) -> None:
        """Those that do something at this stage."""
        keys: list[KeyHint] = []
        if self.key_works:
            keys = [KeyHint("enter", "send")] if self.key_phase is Phase.PIN else []
            keys.append(KeyHint("esc", "give up"))
        else:
            if self.offered:
                keys.append(KeyHint(f"1-{self.offered}" if self.offered > 1 else "1", "take"))
            hidden = (*TAKES, *([Help] if self.step is Step.LABEL else []))  # ? is text there
            own = tuple(one for one in self.OFFERS if one not in hidden and not one.problem(self))
            keys += hints(own, self)
            if self.step is Step.STORED:
                keys = [one._replace(word="later") if one.key == "esc" else one for one in keys]
        self.query_one(KeyLine).show_hints(keys)

    # --- settings -------------------------------------------------------------------------

    def _check_settings(self) -> None:
        self._ready = self._trouble = None
        self._go(Step.CHECKING, (Line("Looking at the WebAuthn settings ..."),))
        snapshot, reason = self.house.snapshot, self.house.why_no_change()
        self.at_key(partial(self._find_out, snapshot, reason), self._settings_good, self._no_good)

    def _find_out(self, snapshot: Snapshot | None, reason: str, hands: QueuedHands) -> _Ready:
        """In a worker: the workshop may have to be opened."""
        if snapshot is None:
            raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
        if reason:
            raise Refused(reason)
        workshop = self.house.workshop
        origin = workshop.key_enrol.origin(snapshot)
        factors.add_key(self._userid, "new")(snapshot)  # raises what stands in its way
        settings = settings_of(snapshot)
        return _Ready(origin, settings.id if settings else "", workshop.demo_key)

    def _settings_good(self, ready: _Ready) -> None:
        self._ready = ready
        self._wait_for_key()

    def _no_good(self, error: AuthTuiError) -> None:
        if isinstance(error, KeyTrouble) and error.back is Back.SETTINGS:
            self._trouble = error
            what_next = "e opens the settings, with a proposal. r looks again."
            self._go(Step.SETUP, _told(error), said=what_next)
        else:
            self._fail(error, _SETTINGS)

    # --- the key --------------------------------------------------------------------------

    @property
    def may_look(self) -> bool:
        return self.step in _WATCHED and self._ready is not None and not self.key_works

    def _wait_for_key(self) -> None:
        self._place = self._plugged = self._trouble = None
        self.forget_scan()
        self._go(Step.SCAN, (Line("Looking for security keys ..."),))
        self.watch_keys()

    def scanned(self, scan: Scan) -> None:
        if self.step is Step.LABEL and self._place in scan.keys:
            return
        if self.step is Step.TROUBLE and not self._can_be_replugged(scan):
            self._place = self._place if self._place in scan.keys else None
            return
        gone = "The key was unplugged. " if self.step is Step.LABEL else ""
        self._place = self._plugged = None
        if len(scan.keys) == 1:
            self._look_at(scan.keys[0])
        elif scan.keys:
            self._ask_which(scan)
        else:
            lines = [
                Line(f"{one.text} {one.fix}".strip(), word=one.word) for one in scan_lines(scan)
            ]
            self._go(Step.SCAN, lines, said=f"{gone}Looked for every second; Esc leaves.")

    def _can_be_replugged(self, scan: Scan) -> bool:
        """A key that comes back while its trouble is shown; going away is part of that trouble."""
        return _back(self._trouble) is Back.SCAN and scan.state is ScanState.FOUND

    def _ask_which(self, scan: Scan) -> None:
        offers = tuple(
            (f"{label(place)}, {place.path}", partial(self._look_at, place)) for place in scan.keys
        )
        told = "Several keys are plugged in. t: all blink, touch the one that you want."
        self._go(Step.CHOOSE, (), offers, told)

    def choose_by_touch(self) -> None:
        """`t`"""
        if self.scan is None:
            return
        paths = [place.path for place in self.scan.keys]
        self._go(Step.LOOKING, (Line("The key that you touch is taken."),))
        touched = partial(self._touched_path, paths)
        self.at_key(touched, self._was_touched, partial(self._fail, stage=_KEY))

    def _touched_path(self, paths: list[str], hands: QueuedHands) -> str:
        return self.house.workshop.keys.touched(paths, hands)

    def _was_touched(self, path: str) -> None:
        places = self.scan.keys if self.scan else ()
        self._look_at(next((one for one in places if one.path == path), KeyPlace(path)))

    def _look_at(self, place: KeyPlace) -> None:
        self._place = place
        self._go(Step.LOOKING, (Line(f"Looking at {label(place)} ..."),))
        job = partial(self._looked_at, place, self.house.snapshot)
        self.at_key(job, self._describe, partial(self._fail, stage=_KEY))

    def _looked_at(self, place: KeyPlace, snapshot: Snapshot | None, hands: QueuedHands) -> Plugged:
        return self.house.workshop.key_care.look(place, snapshot)

    def _describe(self, plugged: Plugged) -> None:
        self._plugged = plugged
        if trouble := unfit(plugged.info, plugged.held or (), self._userid):
            self._fail(trouble, _KEY)
            return
        self._suggest(default_description(plugged.info, self.house.workshop.clock.now()))
        if self._again and self._plan is not None and self.description == self._agreed:
            self._work()
            return
        self._again = False
        told = "^O shows the plan; nothing is sent before you agree to it."
        self._go(Step.LABEL, (Line(what_comes(plugged.info)),), said=told)
        self.when_listening(self._focus_description)

    def _focus_description(self) -> None:
        if self.step is Step.LABEL:
            self.form.focus_field()

    # --- its name, and the plan -----------------------------------------------------------

    def _suggest(self, description: str) -> None:
        """What somebody typed stays."""
        if self.description in ("", self._suggested):
            self.form.fill({"description": description})
        self._suggested = description

    def help_on_field(self) -> None:
        self.say(self.form.fields[0].help_text)

    @on(Form.Ended)
    def _last_field(self, message: Form.Ended) -> None:
        self.say("That was the last field. ^O: review.")

    @on(Field.Changed)
    def _edited(self, message: Field.Changed) -> None:
        message.stop()

    def review(self) -> None:
        """`^O`: the plan, unless it was agreed to already."""
        if not self.form.check():
            return
        if self._plan is not None and self.description == self._agreed:
            self._work()
            return
        self._asked = self.description
        intent = factors.add_key(self._userid, self._asked)
        self.house.review(intent, self._left_plan, self._no_plan, agree=self._agree)

    def _left_plan(self, report: Report | None) -> None:
        self.say("Nothing was changed. What is typed stays.")

    def _no_plan(self, error: AuthTuiError) -> None:
        self.say(f"{plain(str(error))} {plain(error.hint)}".strip())

    def _agree(self, plan: Plan, override: str) -> None:
        self._plan, self._override, self._agreed = plan, override, self._asked
        self._work()

    # --- the key works --------------------------------------------------------------------

    def _work(self) -> None:
        self._trouble, self._again = None, False
        if self._plan is None or self._place is None:
            self._wait_for_key()
            return
        self._go(Step.WORK, said="Esc gives up; then nothing is stored.")
        job = partial(self._enrol, self._plan, self._place.path, self._override)
        self.at_key(job, self._was_stored, self._was_not_stored)

    def _enrol(self, plan: Plan, path: str, override: str, hands: QueuedHands) -> Report:
        enrolling = self.house.workshop.key_enrol
        return enrolling.enrol(plan, path, hands, override)

    def _was_not_stored(self, error: AuthTuiError) -> None:
        from pve_auth_tui.services.enrolkey import NotEnrolled
        from pve_auth_tui.services.plans import PlanChanged

        stays = ""
        if isinstance(error, NotEnrolled):
            stays = error.stays
            if error.report is not None:
                self.house.took_picture(error.report)
        if isinstance(error, PlanChanged):
            self._show_anew(error.plan)
            return
        self._fail(error, _TOUCH, stays)

    def _show_anew(self, plan: Plan) -> None:
        """The node is no longer as it was agreed to: the plan made anew."""
        from screens.plan import PlanScreen

        self._plan = None
        self._go(Step.LABEL, ())
        shown = PlanScreen(plan, self._left_plan, agree=self._agree)
        self.app.push_screen(shown)
        told = "Somebody changed something meanwhile: this is the plan made anew."
        shown.call_later(shown.say, told)  # when it is there

    # --- trouble --------------------------------------------------------------------------

    def _fail(self, error: AuthTuiError, stage: int, stays: str = "") -> None:
        """Two sentences, what stays, and what comes next."""
        self._trouble, self._trouble_at, self._shows_original = error, stage, False
        back, self._offers = _back(error), ()
        self._again = self._plan is not None
        lines = _told(error)
        if stays:  # more exact than the usual word on a given-up key
            lines = [*(lines[:1] if _given_up(error) else lines), Line(stays)]
        what_next = _NEXT[back] if isinstance(error, KeyTrouble) else "r begins again."
        if self.original:
            what_next = f"{what_next} o shows the original text."
        self._go(Step.TROUBLE, lines, said=what_next)

    @property
    def original(self) -> str:
        """PVE's or the key's own words on the trouble; "" for none."""
        return self._trouble.original if self._trouble else ""

    @property
    def wants_pin(self) -> bool:
        """Whether the key has to get a PIN first."""
        return isinstance(self._trouble, KeyTrouble) and self._trouble.kind in _PIN

    def turn_original(self) -> None:
        """`o`"""
        self._shows_original = not self._shows_original
        self._draw()

    def again(self) -> None:
        """`r`: where trying again begins."""
        back = _back(self._trouble)
        if self.step is Step.SETUP or self._ready is None or back is Back.SETTINGS:
            self._check_settings()
        elif self.step is Step.TROUBLE and back is Back.CHALLENGE and self._plan is not None:
            self._work()
        elif self.step is Step.TROUBLE and back is Back.DESCRIBE and self._place is not None:
            self._look_at(self._place)
        else:
            self._again = self._plan is not None
            self._wait_for_key()

    # --- stored, and the proof ------------------------------------------------------------

    def _was_stored(self, report: Report) -> None:
        answer = report.results[-1].answer
        self._entry = str(answer.get("id", "")) if isinstance(answer, Mapping) else ""
        self.house.took_picture(report)
        wrong = " ".join((*report.differences, *report.remarks))
        read = "PVE was asked again, and has it."
        self._stored = ("LOOK", wrong) if wrong else ("ok", read)
        self._proof = ("-", "not yet")
        self._fork()

    def _fork(self) -> None:
        offers = (
            ("Log in with it now: they type their password here", self._log_in),
            (f"Later: t in Two Factor, or `pve-auth-tui prove {self._userid}`", self._later),
            ("Check its signature only: one touch, no password", self._check_signature),
        )
        told = "Stored. Nobody has logged in with it yet."
        self._go(Step.STORED, (Line("Does it work? A login proves it."),), offers, told)

    def take(self, number: int) -> None:
        """What carries that digit."""
        self._offers[number - 1][1]()

    def _log_in(self) -> None:
        from screens.prove import ProveScreen

        path = self._place.path if self._place else ""
        self.app.push_screen(ProveScreen(self._userid, "The key is stored.", key=path))

    def _later(self) -> None:
        self._proof = ("-", f"later: t in Two Factor, or `pve-auth-tui prove {self._userid}`")
        self._offer_more(())

    def _check_signature(self) -> None:
        self._go(Step.PROVING)
        path = self._place.path if self._place else ""
        job = partial(self._sign, path, self.house.snapshot)
        self.at_key(job, self._signed, self._not_signed)

    def _sign(self, path: str, snapshot: Snapshot | None, hands: QueuedHands) -> Proof:
        if snapshot is None:
            raise AuthTuiError("Nothing was read yet.", "r reads again.")
        proving = self.house.workshop.prove
        return proving.signature_check(self._userid, path, hands, snapshot)

    def _signed(self, proof: Proof) -> None:
        self._proof = ("ok", "signature checked; nobody has logged in")
        lines = [Line(sentence, word="ok") for sentence in proof.proved]
        lines += [Line(sentence, word="-") for sentence in proof.not_proved]
        self._offer_more(tuple(lines))

    def _not_signed(self, error: AuthTuiError) -> None:
        self._fork()
        self._lines = (*_told(error), *self._lines)
        self._draw()

    def _look_for_proof(self) -> None:
        """Somebody comes back from the login."""
        self.at_key(self._marks, self._was_proved, partial(self._fail, stage=_PROOF))

    def _marks(self, hands: QueuedHands) -> Mapping[tuple[str, str], Mark]:
        return self.house.workshop.proofs.all()

    def _was_proved(self, marks: Mapping[tuple[str, str], Mark]) -> None:
        mark = marks.get((self._userid, self._entry))
        if mark is not None and mark.how is How.LOGIN:
            self._proof = ("ok", "proved: somebody logged in with it")
            self._offer_more(())
        else:
            self._fork()

    def _offer_more(self, lines: tuple[Line, ...]) -> None:
        offers: list[Offer] = []
        snapshot = self.house.snapshot
        tfa = snapshot.tfa.value if snapshot else None
        if tfa is not None and recovery_left(tfa.users.get(self._userid)) is None:
            offers.append(
                ("Recovery keys: there are none yet, for when it is lost", self._recovery)
            )
        offers.append(("A second key, for when the first is lost", self._second_key))
        told = "Done. u on a list takes it back. Esc leaves."
        self._go(Step.AFTER, lines, tuple(offers), told)

    def _recovery(self) -> None:
        from screens.enrol_recovery import EnrolRecoveryScreen

        self.app.push_screen(EnrolRecoveryScreen(self._userid))

    def _second_key(self) -> None:
        self._plan, self._agreed, self._again = None, "", False
        self.form.fill({"description": ""})
        self._suggested = ""
        self._place = self._plugged = None
        told = "Pull the first key out and plug the second one in. r looks at what is plugged in."
        self._go(Step.SCAN, (), said=told)

    # --- coming back, leaving -------------------------------------------------------------

    def on_screen_resume(self) -> None:
        if self.step is Step.SETUP:
            self._check_settings()
        elif self.step is Step.STORED:
            self._look_for_proof()
        elif self.step is Step.AFTER:
            self._offer_more(self._lines)
        elif self.step is Step.TROUBLE and self.wants_pin and self._place is not None:
            self._look_at(self._place)

    def step_back(self) -> None:
        if self.step in (Step.CHECKING, Step.LOOKING):
            self.drop_key()  # nothing was begun that could stay
        chosen = self.step in (Step.LOOKING, Step.LABEL)
        if chosen and self.scan is not None and len(self.scan.keys) > 1:
            self._plugged = None
            self._ask_which(self.scan)
            return
        super().step_back()


_NEXT: Final[Mapping[Back, str]] = {
    Back.SETTINGS: "r looks at the settings again.",
    Back.SCAN: "r looks for keys again; so does plugging one in.",
    Back.DESCRIBE: "r asks the key again.",
    Back.CHALLENGE: "r tries again.",
    Back.CLOSE: "Esc leaves.",
}


def _back(error: AuthTuiError | None) -> Back:
    """Where trying again begins; what was given up can be taken up again with the same plan."""
    if not isinstance(error, KeyTrouble):
        return Back.SETTINGS
    if error.kind is Kind.PIN_BLOCKED:
        return Back.SCAN  # with another key
    return Back.CHALLENGE if error.back is Back.CLOSE else error.back


def _given_up(error: AuthTuiError | None) -> bool:
    return isinstance(error, KeyTrouble) and error.kind in (Kind.CANCELLED, Kind.PIN_CANCELLED)


def _word(error: AuthTuiError | None) -> Word:
    return "-" if _given_up(error) else "BAD"


def _told(error: AuthTuiError) -> list[Line]:
    return [line for line in (Line(str(error), word=_word(error)), Line(error.hint)) if line.text]
