"""Start: who gets in, what there is, what needs a look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.overview import opens_recover
from pve_auth_tui.core.recover.evidence import Recovered, recovery_findings
from pve_auth_tui.core.ways import way_findings
from pve_auth_tui.core.words import count_words
from pve_auth_tui.services.outlook import Outlook
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Command, Commands, hints
from widgets.detail_pane import Paragraph
from widgets.filter_table import FilterTable
from widgets.lines import KeyHint, KeyLine, SideBar


class OpenFinding(Command["StartScreen"]):
    """Opens what the line is about."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def run(cls, screen: StartScreen) -> None:
        screen.open_finding()


class FindAnything(Command["StartScreen"]):
    """Finds users, groups, tokens, paths, anything, in all lists at once."""

    keys, shown, word, name = "slash", "/", "find", "find"

    @classmethod
    def run(cls, screen: StartScreen) -> None:
        screen.house.open_list("anything")


class AskWhy(Command["StartScreen"]):
    """Explains why somebody can or cannot do something."""

    keys, shown, word, name = "w", "w", "why", "why"

    @classmethod
    def run(cls, screen: StartScreen) -> None:
        screen.explain("", "")


class EnrolKey(Command["StartScreen"]):
    """Enrols a security key that is plugged into this machine for somebody."""

    keys, shown, word, name = "e", "e", "key", "enrol a key"

    @classmethod
    def problem(cls, screen: StartScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: StartScreen) -> None:
        screen.enrol_key()


class GiveTotp(Command["StartScreen"]):
    """Gives somebody TOTP: an authenticator app."""

    keys, shown, word, name = "o", "o", "TOTP", "give TOTP"

    @classmethod
    def problem(cls, screen: StartScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: StartScreen) -> None:
        screen.give_totp()


class Next(Command["StartScreen"]):
    """Goes to the next thing to look at."""

    keys, shown, word, name = "n", "n", "", "next"

    @classmethod
    def run(cls, screen: StartScreen) -> None:
        screen.query_one(FilterTable).go_to_next(lambda row: True)


_OF_START: Commands = (
    *(OpenFinding, FindAnything, AskWhy, EnrolKey, GiveTotp, Next),
    *EVERYWHERE,
)


class StartScreen(BaseScreen):
    """The first screen."""

    CSS_PATH = "start.tcss"
    OFFERS: ClassVar[Commands] = _OF_START

    def __init__(self) -> None:
        super().__init__()
        self._outlook: Outlook | None = None
        self._recovered: Sequence[Recovered] = ()
        self._round = 0
        self._findings: tuple[Finding, ...] = ()
        self._told: str | None = None
        self._counted = ""  # the sentence that counts, while it is the last that was said

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        with Horizontal(id="body"):
            yield SideBar(id="side")
            with Vertical(id="parts"):
                yield Paragraph((Line("Reading ..."),), id="facts")
                yield FilterTable((Column("", 5), Column("To look at", 60, grow=True)), id="table")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one(FilterTable).focus()
        self.snapshot_changed()

    def show_keys(self) -> None:
        """As everywhere, and the keys that one looks for first."""
        own = hints((OpenFinding, FindAnything, AskWhy, EnrolKey, GiveTotp), self)
        everywhere = (KeyHint("1-8", "lists"), KeyHint(":", "go to"), KeyHint("q", "quit"))
        self.query_one(KeyLine).show_hints((*own, *everywhere, KeyHint("?", "help")))

    def on_screen_resume(self) -> None:
        self.snapshot_changed()

    def snapshot_changed(self) -> None:
        self.refresh_head()
        outlook = self.house.outlook
        if outlook is None:
            self.query_one(Paragraph).show(self.house.why_no_picture())
            return
        if outlook is self._outlook and self.house.recovered == self._recovered:
            return
        before, self._outlook = self._outlook, outlook
        self._recovered = self.house.recovered
        recoveries = recovery_findings(self._recovered)
        of_node = (*way_findings(outlook.node), *outlook.overview.findings)
        self._findings = (*recoveries, *of_node)
        lines = list(outlook.overview.lines)
        if outlook.snapshot.demo:
            lines[:0] = self._about_the_demo()
        if sentence := opens_recover(outlook.snapshot):
            lines.insert(0, Line(sentence, word="BAD"))
        self.query_one(Paragraph).show(lines)
        rows = [Row(finding.text, (finding.word, finding.text)) for finding in self._findings]
        table = self.query_one(FilterTable)
        if before is None or not table.holds(rows):
            table.load(rows, [row.cells[1].lower() for row in rows], from_top=True)
            self._told = table.key
        self._count(len(rows), again=self._round != self.house.rounds, first=before is None)
        self._round = self.house.rounds

    def refresh_lines(self) -> None:
        """Somebody got back in with Recover, or has acknowledged it."""
        super().refresh_lines()
        if self._is_there and self.query(FilterTable):
            self.snapshot_changed()

    def _count(self, number: int, *, again: bool, first: bool) -> None:
        """Say how many there are; and anew when there are more, unless something else was said."""
        if not (first or again or self._counted):
            return
        count = count_words(number, "thing", "things") if number else "Nothing"
        if again or self._counted.startswith("Read"):
            said = f"Read again. {count} to look at."
        else:
            said = f"{count} to look at. ? tells the keys, : goes anywhere by name, q leaves."
        if said != self._counted:
            self.say(said)
            self._counted = said

    def say(self, sentence: str) -> None:
        if sentence != self._sentence:  # what was said before it was there is said once more
            self._counted = ""
        super().say(sentence)

    def _about_the_demo(self) -> list[Line]:
        breaks = " :demo breaks things." if self.house.stories else ""
        lines = [Line(f"DEMO: a simulated cluster, no real node is touched.{breaks}")]
        stories = self.house.stories.stories if self.house.stories else ()
        if broken := [story.name for story in stories if story.on and story.breaks]:
            lines.append(Line(f"Broken on purpose: {', '.join(broken)}. :demo mends it."))
        return lines

    def open_finding(self) -> None:
        if self.query_one(FilterTable).key is None:
            return
        finding = self._findings[self.query_one(FilterTable).cursor]
        if finding.target:
            self.house.open_target(finding.target)
        if finding.fix:
            self.house.say(finding.fix)

    def enrol_key(self) -> None:
        """`e`"""
        from screens.enrol_key import EnrolKeyScreen

        self._for_somebody("Enrol a security key for", EnrolKeyScreen)

    def give_totp(self) -> None:
        """`o`"""
        from screens.enrol_totp import EnrolTotpScreen

        self._for_somebody("TOTP for", EnrolTotpScreen)

    def _for_somebody(self, title: str, opened: Callable[[str], Screen[None]]) -> None:
        """Ask for whom, then open it."""
        from pve_auth_tui.core.names import split_tokenid
        from screens.pick import PickScreen

        names = [name for name in self.house.names_for_prompt() if split_tokenid(name) is None]

        def picked(userid: str | None) -> None:
            if userid is not None:
                self.app.push_screen(opened(userid))

        self.app.push_screen(PickScreen(title, names), picked)

    def row_moved(self) -> None:
        key = self.query_one(FilterTable).key
        if key is not None and key != self._told:
            self._told = key
            finding = self._findings[self.query_one(FilterTable).cursor]
            whole = f"{finding.text}. " if self.query_one(FilterTable).is_cut else ""
            self.say(whole + finding.fix)

    def step_back(self) -> None:
        """This is the first screen."""
        self.say("q leaves.")
