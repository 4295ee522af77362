"""What every screen has: line 1, the lists with their digits, one sentence, the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.worker import Worker

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.headline import where_am_i
from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.ways import way_lines
from pve_auth_tui.terminal.timers import SureTimers
from screens import realm_commands
from screens.commands import (
    Back,
    Collect,
    Command,
    Commands,
    Demo,
    GlyphsCommand,
    Health,
    Help,
    JoinCommand,
    JournalCommand,
    Keep,
    KeysCommand,
    PamCommand,
    Prompt,
    Quit,
    RackCommand,
    Recover,
    Reload,
    ReviewCollected,
    SurviveCommand,
    TrustCommand,
    Undo,
    Ways,
    WebauthnCommand,
    bindings,
    go_to,
    hints,
)
from screens.realm_commands import RealmTestCommand, SyncCommand, SyncJobsCommand
from widgets.filter_table import FilterTable
from widgets.lines import Fact, HeadLine, KeyLine, Sentence, SideBar, TabLine

if TYPE_CHECKING:
    from pve_auth_tui.app import PveAuthApp

_GO = tuple(
    go_to(listing.name, listing.title, str(digit))
    for digit, listing in enumerate(LISTINGS, start=1)
)
EVERYWHERE: Commands = (
    *(Help, Prompt, Back, Quit, Reload),
    *_GO,
    *(Health, Recover, Ways, Demo, GlyphsCommand),
    *(Keep, Undo, Collect, ReviewCollected, JournalCommand),
    *(KeysCommand, RackCommand, WebauthnCommand, SurviveCommand),
    *(RealmTestCommand, SyncCommand, SyncJobsCommand),
    *(JoinCommand, TrustCommand, PamCommand),
)
MEND = "all well"
"""What ends every story of the demo."""
_SHORT = {"API Tokens": "Tokens", "Two Factor": "TFA"}  # nine titles have to fit 80 columns
TABS = (
    *(
        (str(digit), _SHORT.get(listing.title, listing.title), True)
        for digit, listing in enumerate(LISTINGS, start=1)
    ),
    ("9", "Health", False),
)
_OF_NODE = (("", "AD Join", True), ("", "CA Trust", True), ("", "PAM", True))
"""What the sidebar shows besides: `:join`, `:ca` and `:pam` open them."""


class BaseScreen(SureTimers, Screen[None]):
    """Lines 1 and 2 at the top, a status line and the keys at the bottom, the rest between."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (Textual's name and type)
        (0, "-narrow"), (100, "-side"), (132, "-large"), (180, "-right")]  # fmt: skip
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-normal"), (36, "-high")]  # noqa: RUF012
    OFFERS: ClassVar[Commands] = EVERYWHERE
    BINDINGS = bindings(EVERYWHERE)
    BURST: ClassVar[str] = (
        "Many keys came at once, as from a paste or a security key: they were left out."
    )
    """Said when the gate has dropped some."""
    HEAD_END: ClassVar[str] = "0 Recover"
    """What stands at the right end of line 1."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """What a screen offers has its key there."""
        cls.BINDINGS = bindings(cls.OFFERS)
        super().__init_subclass__(**kwargs)

    def __init__(self) -> None:
        super().__init__()
        self._sentence = ""  # said before the screen was there
        self._is_there = False

    @property
    def house(self) -> PveAuthApp:
        return cast("PveAuthApp", self.app)

    def compose_top(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield TabLine(id="tabs")

    def compose_bottom(self) -> ComposeResult:
        yield Sentence(id="status")
        yield KeyLine(id="keys")

    # Textual calls the on_... methods of every class of a screen, so nobody calls super().

    def on_mount(self) -> None:
        self._is_there = True
        self.say(self._sentence)
        self._show_tabs()
        self.show_keys()

    def on_screen_suspend(self) -> None:
        self._show_tabs(numbered=False)  # a dialog over it may have digits of its own

    def on_screen_resume(self) -> None:
        self._show_tabs()
        self.refresh_head()

    @property
    def open_title(self) -> str:
        """The title of the list that this screen is, or ""."""
        return ""

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """The lists; without their digits where these do something else."""
        tab = _SHORT.get(self.open_title, self.open_title)
        tabs = TABS if numbered else tuple((" ", title, works) for _, title, works in TABS)
        self.query_one(TabLine).show_tabs(tabs, tab)
        for bar in self.query(SideBar):
            recover = ("0" if numbered else "", "Recover", True)
            bar.show_entries((*tabs, None, *_OF_NODE, recover), tab)

    def refresh_head(self) -> None:
        """Line 1 from the picture the program has now."""
        snapshot = self.house.snapshot
        facts = []
        if snapshot:
            facts += [Fact(*fact) for fact in where_am_i(snapshot, self.house.node)]
        if self.house.is_stale:
            facts.append(Fact("READ EARLIER", 0))
        if left := self.house.time_left():
            facts.append(Fact(left, 0))
        if self.house.recovered:
            facts.append(Fact("RECOVERED, see Start", 0))
        if collected := len(self.house.collected):
            facts.append(Fact(f"{collected} COLLECTED", 1))
        if self.house.profile.serial:
            facts.append(Fact("LINE: SERIAL", 4))
        self.query_one(HeadLine).show_facts(facts, self.HEAD_END)

    def show_keys(self) -> None:
        self.query_one(KeyLine).show_hints(hints(self.OFFERS, self))

    def refresh_lines(self) -> None:
        """Line 1 and the keys; a screen that is only being opened draws them when it is."""
        if self._is_there and self.query(HeadLine):
            self.refresh_head()
            self.show_keys()

    def say(self, sentence: str) -> None:
        """One sentence about what happened, in the last line but one."""
        self._sentence = sentence
        for status in self.query(Sentence):  # none before the screen is composed
            status.show(sentence)

    def action_command(self, name: str) -> None:
        """Run a command of this screen, or say why it cannot work now."""
        command = self.command(name)
        if command is None:
            self.say("That key does nothing here; the last line shows those that do.")
        elif problem := command.problem(self):
            self.say(problem)
        else:
            command.run(self)

    def on_key(self, event: Key) -> None:
        """A key that nobody has taken says so: none is silent."""
        if event.character and event.is_printable and event.key not in self.active_bindings:
            self.say(f"{event.character} does nothing here. ? tells the keys.")

    def command(self, name: str) -> type[Command[Any]] | None:
        return next((command for command in self.OFFERS if command.name == name), None)

    @property
    def people(self) -> tuple[str, ...]:
        """The users that are marked here; none where nobody can be."""
        return ()

    @property
    def waits_to_be_seen(self) -> bool:
        """Whether what it leads to would be lost if it were closed by itself."""
        return False

    @property
    def waits_for_somebody(self) -> bool:
        """Whether what runs waits without end, and ends by itself when this is closed."""
        return False

    def show_help(self) -> None:
        from screens.help import HelpScreen  # read only when asked for

        self.app.push_screen(HelpScreen(self))

    def open_prompt(self) -> None:
        from screens.prompt import PromptScreen  # brings Textual's Input

        self.app.push_screen(PromptScreen(self), self._prompted)

    def _prompted(self, words: str | None) -> None:
        if words:
            self.house.obey(words, self)

    def words_for_prompt(self) -> list[str]:
        """What `:` can complete here, besides names of users and paths."""
        stories = self.house.stories.stories if self.house.stories else ()
        told = [f"{Demo.name} {name}" for name in (*(s.name for s in stories), MEND) if stories]
        return [*(command.name for command in self.OFFERS), *told, *realm_commands.words(self)]

    def obey(self, words: str) -> bool:
        """Do what was typed behind `:` if it is more than a command's name; False if not."""
        name, _, story = words.partition(" ")
        if name == Recover.name and story:
            self.recover_for(story.strip())
            return True
        if name == JoinCommand.name and story.strip():
            self.house.open_join(story.strip())
            return True
        if realm_commands.obey(self, name, story.strip()):
            return True
        if name != Demo.name or not story:
            return False
        if problem := Demo.problem(self):
            self.say(problem)
        else:
            self.house.turn_story(story)
        return True

    def recover_for(self, words: str) -> None:
        """`:recover USER`"""
        names = (name for name in self.house.names_for_prompt() if "!" not in name)
        userid = next((name for name in names if plain(name) == words), "")
        if userid or words == ROOT:
            self.house.open_recover(userid or ROOT)
        else:
            self.say(f"There is no user {words}.")

    def show_ways(self) -> None:
        """How the node is reached, and why no better way works."""
        from screens.details import DetailsScreen

        node = self.house.node
        lines = way_lines(node, self.house.failure) if node else self.house.why_no_picture()
        self.app.push_screen(DetailsScreen("Ways", "How this node is reached", lines))

    def choose_story(self) -> None:
        """`:demo`: what can be broken on the demo cluster; choosing it again mends it."""
        from screens.choose import ChooseScreen

        stories = self.house.stories.stories if self.house.stories else ()
        words = {True: "BROKEN", False: "ON"}
        options = [f"{s.name:15} {words[s.breaks] if s.on else '-':7} {s.text}" for s in stories]

        def chosen(index: int | None) -> None:
            if index is not None:
                self.house.turn_story(stories[index].name if index < len(stories) else MEND)

        self.app.push_screen(ChooseScreen("Demo: break or mend", [*options, MEND]), chosen)

    def step_back(self) -> None:
        """Esc: one step back; the first screen stays."""
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    # --- why, from anywhere -------------------------------------------------------------

    def explain(self, who: str = "", where: str = "/", privilege: str = "") -> None:
        """Why somebody can or cannot do something; what is left empty is asked there."""
        from screens.explain import ExplainScreen

        self.app.push_screen(ExplainScreen(who, where, privilege))

    def who_can(self, privilege: str = "", where: str = "/") -> None:
        """Everybody who has a privilege on a path; what is left empty is asked there."""
        from screens.who_can import WhoCanScreen

        self.app.push_screen(WhoCanScreen(privilege, where))

    def compare(self, one: str, other: str = "") -> None:
        """The rights of two subjects side by side; the other one is asked for if left empty."""
        from screens.compare import CompareScreen

        self.app.push_screen(CompareScreen(one, other))

    def take_picture(self) -> None:
        """Show what the program knows now; a screen that is only being opened does when it is.

        One that is just being taken down, as all are at the end, has nothing to show it on.
        """
        if self._is_there and self.query(HeadLine):
            self.snapshot_changed()

    def snapshot_changed(self) -> None:
        """The program has read a new picture."""
        self.refresh_head()

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        """A screen's own workers: what they say does not bubble."""
        self.house.unforeseen(event)

    @on(FilterTable.Moved)
    def _row_moved(self, message: FilterTable.Moved) -> None:
        message.stop()
        self.row_moved()

    def row_moved(self) -> None:
        """The cursor of this screen's table stands elsewhere."""
