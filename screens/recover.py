"""Recover: what keeps somebody out, what is still there, and the ways back in (`0`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.diagnosis import diagnose
from pve_auth_tui.core.recover.have import Have, questions
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.watch import asks_others
from pve_auth_tui.core.recover.ways import Kind, WayBack, ways_back
from pve_auth_tui.services.recover import Recovers
from screens.commands import Commands, hints
from screens.recover_after import NextRow, next_rows, next_section
from screens.recover_commands import OF_RECOVER, TakeWay
from screens.recover_rows import (
    HAVE,
    WAY,
    check_keys,
    check_lines,
    checks_section,
    first_row,
    numbered,
    questions_section,
    way_lines,
    ways_section,
)
from screens.recover_watch import EVERY, RecoverWatch
from widgets.detail_pane import DetailPane
from widgets.lines import HeadLine, KeyHint, KeyLine, Rule, Sentence
from widgets.sections import FOLDED, Section, Sections

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.services.report import Report

_TITLE: Final = "Recover"
_UNCHANGED: Final = "Nothing has been changed"
_NOTHING_CHANGED: Final = re.compile(rf" ?{_UNCHANGED}( yet)?\.")
_RECORDED: Final = "This line may be recorded: secrets are shown only after you agree."


class RecoverScreen(RecoverWatch):
    """`userid`: whose login it is about. Nothing that somebody moved or answered is lost when the
    machine is looked at again.
    """

    CSS_PATH = "recover.tcss"
    OFFERS: ClassVar[Commands] = OF_RECOVER
    HEAD_END = ""

    def __init__(self, userid: str = ROOT) -> None:
        super().__init__(userid)
        self._asked: tuple[Have, ...] = ()
        self._ways: tuple[WayBack, ...] = ()
        self._answers: dict[str, bool] = {}  # which factors somebody has, as he said
        self._next: Sequence[NextRow] = ()
        self._digit = 0
        self._done = False  # something was recovered from here
        self._standing = ""  # what is said while there is nothing else to say

    @property
    def userid(self) -> str:
        """Whose login it is about."""
        return self._userid

    @property
    def open_title(self) -> str:
        return _TITLE

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        with Horizontal(id="parts"):
            yield Sections(id="rows")
            yield DetailPane(id="details")
        yield Sentence(id="status")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.rows.focus()
        self.about(self._userid)

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """No lists here: the digits take ways back."""

    @property
    def rows(self) -> Sections:
        return self.query_one(Sections)

    # --- whose login -----------------------------------------------------------------------

    def about(self, userid: str) -> None:
        """Somebody's login from now on; what was answered about somebody else's is forgotten."""
        if userid != self._userid:
            self._userid, self._answers, self._done = userid, {}, False
            self.rows.begin_anew()
        title = _TITLE if userid == ROOT else f"{_TITLE}: {userid}"
        self.query_one("#heading", Rule).show_parts(title)
        if self.situation is not None:
            self.take(self.situation._replace(userid=userid))
        self.look(ask=True)

    def pick_somebody(self) -> None:
        """`w`"""
        from pve_auth_tui.core.names import split_tokenid
        from screens.pick import PickScreen

        names = [name for name in self.house.names_for_prompt() if split_tokenid(name) is None]
        if not names:
            self.say("No users could be read.")
            return

        def picked(userid: str | None) -> None:
            if userid is not None:
                self.about(userid)

        self.app.push_screen(PickScreen("Whose login", names), picked)

    # --- showing -------------------------------------------------------------------------

    def show_nothing(self) -> None:
        self.rows.show([line.text for line in self.house.why_no_picture()], ())

    def take(self, situation: Situation) -> None:
        self.situation = situation
        self.diagnosis = diagnose(situation)
        self._asked = tuple(questions(situation))
        self._ways = tuple(ways_back(situation, self.held))
        self._show_rows()

    @property
    def held(self) -> frozenset[str]:
        """The factors that somebody still has: as he said, else by the first guess."""
        return frozenset(one.id for one in self._asked if self._answers.get(one.id, one.held))

    def _show_rows(self) -> None:
        if self.diagnosis is None or self.situation is None:
            return
        told = bool(self.house.recovered)
        self._next = next_rows(self.situation, told=told) if self._done or told else ()
        afterwards = [next_section(self._next)] if self._next else []
        sections: list[Section] = [checks_section(self.diagnosis)]
        first = first_row(self._asked, self._ways)
        if afterwards and self.is_well:
            sections += afterwards
            first, afterwards = self._next[0].key, []
        if self._asked:
            sections.append(questions_section(self._asked, self.held))
        if self._ways:
            sections.append(ways_section(self._ways))
        sections += afterwards
        self.rows.show((*self._unread(), *self._verdict()), sections, first)
        self._show_details()
        self.show_busy()
        self.show_keys()

    def _verdict(self) -> tuple[str, ...]:
        """Its sentences; after a recovery none says that nothing has been changed."""
        told = self.diagnosis.sentences if self.diagnosis else ()
        if not self._done and not self.house.recovered:
            return told
        kept = (_NOTHING_CHANGED.sub("", sentence) for sentence in told)
        return tuple(sentence for sentence in kept if sentence)

    def _unread(self) -> tuple[str, ...]:
        """Why nothing of PVE is known, where that is so."""
        failure = self.house.failure if self.house.outlook is None else None
        return (f"{failure} {failure.hint}".strip(),) if failure else ()

    def show_busy(self) -> None:
        """The sentence that stands, unless something else was said since."""
        stood, self._standing = self._standing, self._standing_sentence()
        if self._sentence in {stood, ""}:
            self.say(self._standing)

    def _standing_sentence(self) -> str:
        if self.trouble:
            return self.trouble
        if self.busy and not self.has_looked:
            return self.busy
        said = self.diagnosis is not None and _UNCHANGED in " ".join(self.diagnosis.sentences)
        done = self._done or bool(self.house.recovered)
        nothing = "" if done or said else f" {_UNCHANGED}."
        if self.is_well:
            return f"r looks again.{nothing}"
        if self.house.profile.serial and self.situation and not asks_others(self.situation):
            return _RECORDED
        return f"Checked again every {EVERY:.0f} s.{nothing}"

    def _show_details(self) -> None:
        self.query_one(DetailPane).show(*self._details())

    @on(Sections.Moved)
    def _moved_to(self, message: Sections.Moved) -> None:
        message.stop()
        self._show_details()
        if message.by_hand:
            self.say(self._standing)
        self.show_keys()

    def refresh_lines(self) -> None:
        """What was recovered may have been acknowledged, or found."""
        super().refresh_lines()
        if self._is_there and self.query(Sections):
            self._show_rows()

    def show_keys(self) -> None:
        ways = numbered(self._ways)
        plans = any(way.kind in {Kind.PLAN, Kind.ASK} for way in ways.values())
        digits = KeyHint(f"1-{len(ways)}" if len(ways) > 1 else "1", "")
        digits = digits._replace(word="show the plan" if plans else "show how")
        shown = []
        for hint in hints(OF_RECOVER, self):
            if hint.key == TakeWay.shown:
                shown += [digits] if ways else []
            elif hint.key != "space" or self._asked:
                shown.append(hint)
        self.query_one(KeyLine).show_hints(shown)

    # --- rows ----------------------------------------------------------------------------

    @property
    def have_here(self) -> Have | None:
        """The question under the cursor."""
        key = self.rows.key
        return next((one for one in self._asked if HAVE + one.id == key), None)

    @property
    def way_here(self) -> WayBack | None:
        """The way back under the cursor."""
        key = self.rows.key
        return next((one for one in self._ways if WAY + one.id == key), None)

    def turn_have(self) -> None:
        """`space`"""
        if (one := self.have_here) and self.situation:
            self._answers[one.id] = one.id not in self.held
            self.take(self.situation)

    def _details(self) -> tuple[str, Sequence[Line]]:
        key = self.rows.key
        if way := self.way_here:
            return way.title, way_lines(way)
        if have := self.have_here:
            return have.text, self._factor_lines(have)
        checks = self.diagnosis.checks if self.diagnosis else ()
        if key == FOLDED:
            well = [check for check in checks if check.word == "ok"]
            return "What is well", [line for check in well for line in check_lines(check)]
        for name, check in zip(check_keys(checks), checks, strict=True):
            if name == key:
                return check.subject, check_lines(check)
        line = next((row.line for row in self._next if row.key == key), None)
        return (line.heading, [Line(line.text)]) if line else ("", ())

    def _factor_lines(self, have: Have) -> Sequence[Line]:
        """What Two Factor tells of it."""
        from pve_auth_tui.core.lists.tfa import TFA

        if self.situation is None or self.situation.snapshot.tfa.value is None:
            return [Line(have.text)]
        key = f"{self._userid} {have.id}"
        return TFA.details(self.situation.snapshot, key, self.situation.now)

    def open_row(self) -> None:
        """Enter: all of it; what is to be done afterwards is begun."""
        from screens.details import DetailsScreen

        key = self.rows.key
        if way := self.way_here:
            self._open_way(way)
        elif command := next((row.command for row in self._next if row.key == key), ""):
            self.action_command(command)
        elif key:
            self.app.push_screen(DetailsScreen(_TITLE, *self._details()))
        else:
            self.say("There is no row here yet.")

    def _open_way(self, way: WayBack) -> None:
        from screens.recover_details import WayScreen

        self.app.push_screen(WayScreen(way, self.take_way))

    # --- commands ------------------------------------------------------------------------

    def why_no_commands(self) -> str:
        """Why `c` shows nothing here; "" when it does."""
        way = self.way_here
        if way is None:
            return "c is for a way back: put the cursor on one."
        return "" if way.intent else "That way runs no commands: Enter tells what to do."

    def show_commands(self) -> None:
        """`c`"""
        from pve_auth_tui.core.commands import shown
        from screens.details import DetailsScreen

        way = self.way_here
        if way is None or way.intent is None or self.situation is None:
            return
        try:
            steps = way.intent(self.situation.snapshot).steps
        except AuthTuiError as error:
            self.house.tell(error)
            return
        lines = [Line(shown(step)) for step in steps]
        self.app.push_screen(DetailsScreen(_TITLE, f"Commands: {way.title}", lines))

    # --- taking a way ----------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """A digit takes what carries it."""
        if event.character and event.character.isdigit():
            self._digit = int(event.character)

    def why_no_way(self) -> str:
        """Why a digit does nothing now; "" when it does."""
        if not self._ways:
            return "There are no ways back here yet."
        if self._digit and self._digit not in numbered(self._ways):
            return f"There is no {self._digit} here."
        return ""

    def take_digit(self) -> None:
        """`1` to `9`"""
        digit, self._digit = self._digit, 0
        way = numbered(self._ways).get(digit)
        if way is None:
            self.say("The digits take the ways back.")
        else:
            self.take_way(way)

    def take_way(self, way: WayBack) -> None:
        """Show how, or ask for the reason and show the plan. Nothing is done here."""
        self.rows.go_to(WAY + way.id)
        if way.kind is Kind.ASK:
            from screens.temporary_form import TemporaryForm

            self.app.push_screen(TemporaryForm(self._userid, self._proposed_reason, self._came))
        elif way.intent is None:
            self._open_way(way)
        else:
            self._ask_reason(way.title, way.intent)

    @property
    def _proposed_reason(self) -> str:
        """The verdict's first sentence."""
        sentences = self.diagnosis.sentences if self.diagnosis else ()
        return plain(sentences[0]) if sentences else ""

    def _ask_reason(self, title: str, intent: Intent) -> None:
        from screens.recover_reason import LONGEST, ReasonScreen

        def given(reason: str | None) -> None:
            if reason is None:
                self.say("Nothing was done.")
                return
            self.say("Making the plan ...")
            self.house.review(intent, self._came, recovers=Recovers(self._userid, reason))

        dialog = ReasonScreen(f"Why: {title}", self._proposed_reason[:LONGEST])
        self.app.push_screen(dialog, given)

    def _came(self, report: Report | None) -> None:
        """The plan was run, or left."""
        if report is None:
            self.say("Nothing was changed.")
        elif report.nothing_done:
            self.say("Nothing was changed; the plan said why.")
        else:
            self._done = True
            self.rows.begin_anew()
            told = "Done." if report.ok else "Not all went as planned."
            self.look(ask=True)
            self._show_rows()
            self.say(f"{told} Above stands how it is now, at the end what to do next.")

    # --- afterwards --------------------------------------------------------------------------

    def prove(self) -> None:
        """`p`"""
        from screens.prove import ProveScreen

        self.app.push_screen(ProveScreen(self._userid))

    def give_totp(self) -> None:
        """`o`"""
        from screens.enrol_totp import EnrolTotpScreen

        self.app.push_screen(EnrolTotpScreen(self._userid))

    def give_recovery_keys(self) -> None:
        """`n`"""
        from screens.enrol_recovery import EnrolRecoveryScreen

        self.app.push_screen(EnrolRecoveryScreen(self._userid))
