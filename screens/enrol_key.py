"""A security key for somebody: settings, key, name, plan, touch, stored, proved (fido.md 3.2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from textual import on

from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.core.intents import factors
from pve_auth_tui.core.keys import KeyPlace, Scan, ScanState
from pve_auth_tui.core.keystages import again_at, unfit, what_comes
from pve_auth_tui.core.keytrouble import Back, KeyTrouble, Kind
from pve_auth_tui.core.keywords import default_description, label, scan_lines
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.webauthnorigin import settings_of
from screens.enrol_key_commands import Step
from screens.enrol_key_proof import ProofStages
from screens.enrol_key_stages import KEY, SETTINGS, TOUCH, WATCHED, Ready
from widgets.field import Field
from widgets.form import Form

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Plan
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.services.hands import QueuedHands
    from pve_auth_tui.services.keycare import Plugged
    from pve_auth_tui.services.report import Report

_PIN: Final = frozenset({Kind.PIN_MISSING, Kind.PIN_CHANGE, Kind.PIN_POLICY})


class EnrolKeyScreen(ProofStages):
    """`said` is what is known already, in the status line."""

    def __init__(self, userid: str, said: str = "") -> None:
        super().__init__(userid, said)
        self._suggested = ""
        self._again = False  # somebody wants the plan that was agreed to carried out once more
        self._plan: Plan | None = None
        self._override = ""
        self._asked = ""  # the description whose plan is shown

    def on_mount(self) -> None:
        self.call_later(self._check_settings)

    # --- settings -------------------------------------------------------------------------

    def _check_settings(self) -> None:
        self.ready = self.trouble = None
        self.go(Step.CHECKING, (Line("Looking at the WebAuthn settings ..."),))
        snapshot, reason = self.house.snapshot, self.house.why_no_change()
        self.at_key(
            partial(self._find_out, snapshot, reason),
            self._settings_good,
            partial(self._fail, stage=SETTINGS),
        )

    def _find_out(self, snapshot: Snapshot | None, reason: str, hands: QueuedHands) -> Ready:
        """In a worker: the workshop may have to be opened."""
        if snapshot is None:
            raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
        if reason:
            raise Refused(reason)
        workshop = self.house.workshop
        origin = workshop.key_enrol.origin(snapshot)
        factors.add_key(self.userid, "new")(snapshot)  # raises what stands in its way
        settings = settings_of(snapshot)
        return Ready(origin, settings.id if settings else "", workshop.demo_key)

    def _settings_good(self, ready: Ready) -> None:
        if self.ready is not None and ready != self.ready:  # a plan was agreed to under the others
            self._plan, self.agreed, self._again = None, "", False
        self.ready = ready
        self._wait_for_key()

    # --- the key --------------------------------------------------------------------------

    @property
    def may_look(self) -> bool:
        return self.step in WATCHED and self.ready is not None and not self.key_works

    def _wait_for_key(self) -> None:
        self.place = self.plugged = self.trouble = None
        self.forget_scan()
        self.go(Step.SCAN, (Line("Looking for security keys ..."),))
        self.watch_keys()

    def scanned(self, scan: Scan) -> None:
        if self.step is Step.LABEL and self.place in scan.keys:
            return
        if self.step is Step.TROUBLE and not self._can_be_replugged(scan):
            self.place = self.place if self.place in scan.keys else None
            return
        gone = "The key was unplugged. " if self.step is Step.LABEL else ""
        self.place = self.plugged = None
        if len(scan.keys) == 1:
            self._look_at(scan.keys[0])
        elif scan.keys:
            self._ask_which(scan)
        else:
            lines = [
                Line(f"{one.text} {one.fix}".strip(), word=one.word) for one in scan_lines(scan)
            ]
            self.go(Step.SCAN, lines, said=f"{gone}Looked for every second; Esc leaves.")

    def _can_be_replugged(self, scan: Scan) -> bool:
        """A key that comes back while its trouble is shown; going away is part of that trouble."""
        if self.trouble is None or again_at(self.trouble) is not Back.SCAN:
            return False
        return scan.state is ScanState.FOUND

    def _ask_which(self, scan: Scan) -> None:
        offers = tuple(
            (f"{label(place)}, {place.path}", partial(self._look_at, place)) for place in scan.keys
        )
        told = "Several keys are plugged in. t: all blink, touch the one that you want."
        self.go(Step.CHOOSE, (), offers, told)

    def choose_by_touch(self) -> None:
        """`t`"""
        if self.scan is None:
            return
        paths = [place.path for place in self.scan.keys]
        self.go(Step.LOOKING, (Line("The key that you touch is taken."),))
        touched = partial(self._touched_path, paths)
        self.at_key(touched, self._was_touched, partial(self._fail, stage=KEY))

    def _touched_path(self, paths: list[str], hands: QueuedHands) -> str:
        return self.house.workshop.keys.touched(paths, hands)

    def _was_touched(self, path: str) -> None:
        places = self.scan.keys if self.scan else ()
        self._look_at(next((one for one in places if one.path == path), KeyPlace(path)))

    def _look_at(self, place: KeyPlace) -> None:
        self.place = place
        self.go(Step.LOOKING, (Line(f"Looking at {label(place)} ..."),))
        job = partial(self._looked_at, place, self.house.snapshot)
        self.at_key(job, self._describe, partial(self._fail, stage=KEY))

    def _looked_at(self, place: KeyPlace, snapshot: Snapshot | None, hands: QueuedHands) -> Plugged:
        from pve_auth_tui.services.keyasking import SOON

        care, gone = self.house.workshop.key_care, hands.given_up
        return care.look(place, snapshot, self.userid, seconds=SOON, given_up=gone)

    def _describe(self, plugged: Plugged) -> None:
        self.plugged = plugged
        if trouble := unfit(plugged.info, plugged.held or (), self.userid):
            self._fail(trouble, KEY)
            return
        self._suggest(default_description(plugged.info, self.house.workshop.clock.now()))
        if self._again and self._plan is not None and self.description == self.agreed:
            self._work()
            return
        self._again = False
        told = "^O shows the plan; nothing is sent before you agree to it."
        self.go(Step.LABEL, (Line(what_comes(plugged.info)), *self._no_use()), said=told)
        self.when_listening(self._focus_description)

    def _no_use(self) -> list[Line]:
        """Before anybody takes the trouble: the plan says it again."""
        snapshot = self.house.snapshot
        found = factors.of_no_use(snapshot, self.userid) if snapshot else []
        return [Line(f"{one.text} {one.fix}".strip(), word=one.word) for one in found]

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
        if self._plan is not None and self.description == self.agreed:
            self._work()
            return
        self._asked = self.description
        intent = factors.add_key(self.userid, self._asked)
        self.house.review(intent, self._left_plan, self._no_plan, agree=self._agree)

    def _left_plan(self, report: Report | None) -> None:
        self.say("Nothing was changed. What is typed stays.")

    def _no_plan(self, error: AuthTuiError) -> None:
        self.say(f"{plain(str(error))} {plain(error.hint)}".strip())

    def _agree(self, plan: Plan, override: str) -> None:
        self._plan, self._override, self.agreed = plan, override, self._asked
        self._work()

    # --- the key works --------------------------------------------------------------------

    def _work(self) -> None:
        if self._plan is None or self.place is None:
            self._again = self._plan is not None
            self._wait_for_key()
            return
        self.trouble, self._again = None, False
        self.go(Step.WORK, said="Esc gives up; then nothing is stored.")
        job = partial(self._enrol, self._plan, self.place, self._override)
        self.at_key(job, self.was_stored, self._was_not_stored)

    def _enrol(self, plan: Plan, seen: KeyPlace, override: str, hands: QueuedHands) -> Report:
        enrolling = self.house.workshop.key_enrol
        return enrolling.enrol(plan, seen.path, hands, override, seen=seen)

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
        self._fail(error, TOUCH, stays)

    def _show_anew(self, plan: Plan) -> None:
        """The node is no longer as it was agreed to: the plan made anew."""
        from screens.plan import PlanScreen

        self._plan = None
        self.go(Step.LABEL, ())
        shown = PlanScreen(plan, self._left_plan, agree=self._agree)
        self.app.push_screen(shown)
        told = "Somebody changed something meanwhile: this is the plan made anew."
        shown.call_later(shown.say, told)  # when it is there

    # --- trouble --------------------------------------------------------------------------

    def _fail(self, error: AuthTuiError, stage: int, stays: str = "") -> None:
        self._again = self._plan is not None
        self.fail(error, SETTINGS if again_at(error) is Back.SETTINGS else stage, stays)

    @property
    def wants_pin(self) -> bool:
        """Whether the key has to get a PIN first."""
        return isinstance(self.trouble, KeyTrouble) and self.trouble.kind in _PIN

    def again(self) -> None:
        """`r`: where trying again begins."""
        back = again_at(self.trouble) if self.trouble else Back.SCAN
        if back in (None, Back.SETTINGS):
            self._check_settings()
        elif back is Back.CHALLENGE and self._plan is not None:
            self._work()
        elif back is Back.DESCRIBE and self.place is not None:
            self._look_at(self.place)
        else:
            self._again = self._plan is not None
            self._wait_for_key()

    # --- coming back, leaving -------------------------------------------------------------

    def second_key(self) -> None:
        self._plan, self.agreed, self._again = None, "", False
        self.form.fill({"description": ""})
        self._suggested = ""
        self.place = self.plugged = None
        told = "Pull the first key out and plug the second one in. r looks at what is plugged in."
        self.go(Step.SCAN, (), said=told)

    def on_screen_resume(self) -> None:
        if self.step is Step.SETUP:
            self._check_settings()
        elif self.step is Step.STORED:
            self.look_for_proof()
        elif self.step is Step.AFTER:
            self.offer_more(self.lines)
        elif self.step is Step.TROUBLE and self.wants_pin and self.place is not None:
            self._look_at(self.place)

    def step_back(self) -> None:
        if self.step in (Step.CHECKING, Step.LOOKING):
            self.drop_key()  # nothing was begun that could stay
        chosen = self.step in (Step.LOOKING, Step.LABEL)
        if chosen and self.scan is not None and len(self.scan.keys) > 1:
            self.plugged = None
            self._ask_which(self.scan)
            return
        super().step_back()
