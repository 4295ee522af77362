"""The application: which screen is open, and what holds on every screen."""

from __future__ import annotations

from asyncio import get_running_loop
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from signal import SIGHUP, SIGTERM
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.filter import LineFilter
from textual.message import Message
from textual.widget import MountError
from textual.worker import Worker, WorkerState, get_current_worker

from pve_auth_tui.changing import Changing, OpenWorkshop
from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Target
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.node import Ability, Node
from pve_auth_tui.core.overview import opens_recover, overview
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.ports import Stories
from pve_auth_tui.core.recover.evidence import RECOVER
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.ways import WAYS
from pve_auth_tui.crash import CalmCrash, tell
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.services.outlook import Outlook, OutlookService
from pve_auth_tui.terminal.burst import Bursts, Gate, Kind
from pve_auth_tui.terminal.driver import driver_class
from pve_auth_tui.terminal.filters import line_filters
from pve_auth_tui.terminal.profile import Glyphs, Profile
from pve_auth_tui.terminal.timers import SureTimers
from screens.base import MEND, BaseScreen
from screens.start import StartScreen

_IDLE = 600  # seconds without a key until Start comes back
_GLYPHS: tuple[Glyphs, ...] = ("unicode", "cp437", "ascii")
_MOVES = frozenset({"up", "down", "left", "right", "pageup", "pagedown", "home", "end"})
_MOVING_LETTERS = frozenset("jk")
_PAINTED = 0.05  # seconds that the first rows need to be on the screen
_LOST = 0.5  # seconds until a key that a widget has kept no longer holds up the next
_ARMED = 0.5  # seconds from the first rows until it is looked whether anything takes itself back
_LONG = 1.0  # seconds that PVE may be asked before line 1 says so
_ASKED = 5.0  # seconds that a second q counts as the answer
_RESTS = 10  # times as long as it took to read everything, until it is read again by itself
_LEAVES_FIELD = frozenset({"enter", "tab", "shift+tab", "escape", "ctrl+o", "ctrl+g", "ctrl+r"})


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pve_auth_tui.core.grants import Flags
    from pve_auth_tui.core.proofs import Mark
    from pve_auth_tui.services.plans import Report
    from screens.listing import ListScreen


def _screens() -> dict[str, type[ListScreen]]:
    from screens.acl import AclScreen, AclTreeScreen
    from screens.anything import AnythingScreen
    from screens.groups import GroupsScreen
    from screens.pools import PoolsScreen
    from screens.realms import RealmsScreen
    from screens.roles import RolesScreen
    from screens.tfa import TfaScreen
    from screens.tokens import TokensScreen
    from screens.users import UsersScreen

    return {
        "acl": AclScreen,
        "tree": AclTreeScreen,
        "users": UsersScreen,
        "tokens": TokensScreen,
        "tfa": TfaScreen,
        "groups": GroupsScreen,
        "pools": PoolsScreen,
        "roles": RolesScreen,
        "realms": RealmsScreen,
        "anything": AnythingScreen,
    }


class PveAuthApp(CalmCrash, SureTimers, Changing):
    """Holds the picture and the screens; screens ask it for both."""

    CSS_PATH = "app.tcss"
    TITLE = "PVE auth"
    ENABLE_COMMAND_PALETTE = False  # its screenshot writes a readable file (security.md R6)
    ALLOW_SELECT = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "tell_how_to_quit", show=False, system=True)
    ]

    @dataclass
    class Read(Message):
        """A new picture; `again`: of files that were read anew, not the same one refined."""

        outlook: Outlook
        again: bool = False

    @dataclass
    class NotRead(Message):
        """There is none, and why."""

        error: AuthTuiError

    @dataclass
    class Proofs(Message):
        """What was seen of second factors, by (userid, entry id)."""

        marks: Mapping[tuple[str, str], Mark]

    def __init__(
        self,
        service: OutlookService,
        profile: Profile,
        exports: Exports,
        stories: Stories | None = None,
        open_workshop: OpenWorkshop | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class(profile), ansi_color=True)
        self.theme = "ansi-dark"  # the terminal's own sixteen colours, wherever it runs
        self.animation_level = "none"
        self.profile = profile
        self.exports = exports
        self.stories = stories
        self.outlook: Outlook | None = None
        self.rounds = 0  # how often everything was read again
        self.rests_until = 0.0
        """As time.monotonic(): before that nothing is read again that nobody has asked for."""
        self._failure: AuthTuiError | None = None
        self._service = service
        self._bursts = Bursts()
        self._gate: Gate[events.Key] = Gate(self._bursts)
        self._passing: deque[events.Key] = deque()
        self._screens: dict[str, ListScreen] = {}
        self._filters_now = line_filters(profile)
        self._last_key = monotonic()
        self._asked_to_leave = False
        self._offered_recover = False
        self.prepare_changes(open_workshop)

    def on_mount(self) -> None:
        if self._service.is_ready:
            self.outlook = self._service.load()
        self.push_screen(StartScreen())
        self._open_recover_by_itself()
        if self.outlook is None:
            self.reload()
        elif self._service.has_second:
            self.call_after_refresh(self.set_timer, _PAINTED, self._refine)
        self.set_interval(_IDLE / 20, self._watch_idleness)
        self._hear_the_terminal_go()
        self.call_after_refresh(self.set_timer, _ARMED, self.look_for_armed)
        self.call_after_refresh(self.set_timer, _ARMED, self.look_for_recovered)

    # --- the picture --------------------------------------------------------------

    @work(thread=True, exclusive=True, group="snapshot", exit_on_error=False)
    def reload(self) -> None:
        """Read everything anew, in a worker: first PVE's files, then what its API says."""
        with self._resting_afterwards():
            try:
                outlook = self._service.load()
            except AuthTuiError as error:
                self._post(self.NotRead(error))
                return  # the API would only be asked about what was read before
            self._post(self.Read(outlook, again=True))
            self._ask_api()

    @work(thread=True, exclusive=True, group="snapshot", exit_on_error=False)
    def _refine(self) -> None:
        with self._resting_afterwards():
            self._ask_api()

    @contextmanager
    def _resting_afterwards(self) -> Iterator[None]:
        """The longer it took to read, the longer nobody reads who was not told to."""
        began, self.rests_until = monotonic(), inf
        try:
            yield
        finally:
            self.rests_until = monotonic() + _RESTS * (monotonic() - began)

    def _ask_api(self) -> None:
        """The second picture, in a worker; parts of it as soon as they are there."""
        if self._service.has_second and not get_current_worker().is_cancelled:
            try:
                self._post(self.Read(self._service.refine(self._post_part)))
            except AuthTuiError as error:
                self._post(self.NotRead(error))

    def _post_part(self, outlook: Outlook) -> None:
        self._post(self.Read(outlook))

    def _post(self, message: Message) -> None:
        """From a worker; what comes too late is dropped."""
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Read)
    def _take(self, message: Read) -> None:
        self._failure = None
        self.rounds += message.again and self.outlook is not None
        self.outlook = message.outlook
        self._show_picture()
        self._open_recover_by_itself()
        if message.outlook.node.waiting and not message.outlook.node.seconds:
            self.set_timer(_LONG, partial(self._tell_of_waiting, message.outlook))

    def _tell_of_waiting(self, outlook: Outlook) -> None:
        """PVE has been asked for a while, and nothing more is known than `outlook`: say so."""
        if self.outlook is outlook:
            self.outlook = outlook._replace(node=replace(outlook.node, seconds=_LONG))
            self._show_picture()

    def _show_picture(self) -> None:
        """While the application closes, no screen is left to take what comes too late."""
        if self.has_screens:
            self.house_screen.take_picture()

    @on(NotRead)
    def _explain(self, message: NotRead) -> None:
        self._failure = message.error
        self._show_picture()
        self.say(f"{message.error} {message.error.hint}".strip())
        self._open_recover_by_itself()

    @property
    def failure(self) -> AuthTuiError | None:
        """Why the last reading gave no picture; None when it gave one."""
        return self._failure

    @property
    def is_stale(self) -> bool:
        """Whether what is shown was read earlier, because the last reading failed."""
        return self._failure is not None and self.outlook is not None

    def why_no_picture(self) -> tuple[Line, ...]:
        """What to show where the picture would be."""
        if self._failure is None:
            return (Line("Reading ..."),)
        error = self._failure
        lines = [Line(str(error), word="BAD"), Line(error.hint), Line("r reads again.")]
        if error.original:
            lines.append(Line(error.original, heading="Original"))
        return tuple(line for line in lines if line.text)

    @on(Worker.StateChanged)
    def unforeseen(self, event: Worker.StateChanged) -> None:
        """A worker that fails in a way nobody thought of ends the program, with a report."""
        if event.state is WorkerState.ERROR and isinstance(event.worker.error, Exception):
            self._handle_exception(event.worker.error)

    def _handle_exception(self, error: Exception) -> None:
        """A screen that is only being opened when the application closes gets no widgets any more:
        that it does not find them is no mistake.
        """
        closes = self._exit or not self.is_running
        if not (closes and isinstance(error, NoMatches | MountError)):
            super()._handle_exception(error)

    @property
    def snapshot(self) -> Snapshot | None:
        return self.outlook.snapshot if self.outlook else None

    @property
    def node(self) -> Node | None:
        """How the node is reached, and what is possible there now."""
        return self.outlook.node if self.outlook else None

    def took_picture(self, report: Report) -> None:
        """What was read back after a change; a reading that began before it comes too late."""
        self.workers.cancel_group(self, "snapshot")
        self._failure = None
        snapshot = report.snapshot
        self.outlook = Outlook(snapshot, overview(snapshot, snapshot.taken_at), report.node)
        self._show_picture()

    @work(thread=True, exclusive=True, group="proofs", exit_on_error=False)
    def look_at_proofs(self) -> None:
        """A second factor was just seen to work: that stands beside the picture, not in it."""
        try:
            self._post(self.Proofs(self.workshop.proofs.all()))
        except AuthTuiError:
            return  # whoever noted it has said so; the next reading tells again

    @on(Proofs)
    def _take_proofs(self, message: Proofs) -> None:
        if self.outlook is not None:
            snapshot = replace(self.outlook.snapshot, proofs=message.marks)
            summary = overview(snapshot, snapshot.taken_at)
            self.outlook = self.outlook._replace(snapshot=snapshot, overview=summary)
            self._show_picture()

    def refresh_heads(self) -> None:
        if self.has_screens:
            self.house_screen.refresh_lines()

    def _say(self, sentence: str) -> None:
        self.say(sentence)

    def why_no_change(self) -> str:
        """Why nothing can be changed now, as one sentence; "" when it could be."""
        reason = self.node.can(Ability.CHANGE) if self.node else ""
        reason = reason.removeprefix("read-only: ")
        return f"Nothing can be changed now: {reason}." if reason else ""

    def why_no_login(self) -> str:
        """Why no login can be tried now, as one sentence; "" when it can."""
        reason = self.node.can(Ability.LOGIN) if self.node else "nothing was read yet"
        return f"No login can be tried now: {reason}." if reason else ""

    def turn_story(self, name: str) -> None:
        """Break or mend something on the demo cluster, and read it anew."""
        if self.stories is None:
            return
        story = next((each for each in self.stories.stories if each.name == name), None)
        if name == MEND:
            self.stories.mend()
            self.say("Everything works again. Reading ...")
        elif story is None:
            self.say(f"The demo has no story {name}. `:demo` shows them.")
            return
        else:
            self.stories.turn(name, on=not story.on)
            done = ("broken", "mended") if story.breaks else ("on", "off")
            state = done[1] if story.on else f"{done[0]}: {story.text}"
            self.say(f"{name.capitalize()}: {state}. Reading ...")
        self.reload()

    def leave(self) -> None:
        """Quit; asks once while a plan runs, or while something would take itself back.

        Whatever is being asked is given up, for nobody waits for the answer.
        """
        if not self._asked_to_leave and (why := self._why_stay()):
            self._asked_to_leave = True
            self.say(why)
            self.set_timer(_ASKED, self._forget_asking)
            return
        self._go()

    def _why_stay(self) -> str:
        if self.is_changing:
            return "A plan runs. q again: its running step ends, no other starts, then it leaves."
        if self.armed:
            title = plain(self.armed[0].title)
            return f"{title}: taken back by itself unless kept with K. q again leaves all the same."
        return ""

    def _forget_asking(self) -> None:
        self._asked_to_leave = False

    def _go(self) -> None:
        if self.is_changing:  # its running step needs the way to PVE, and so does reading back
            self.stop_changing()
        else:
            Thread(target=self._service.close, daemon=True).start()
        self.exit()

    def _hear_the_terminal_go(self) -> None:
        """A closed window or a lost line: the running step ends, and the journal says so."""
        with suppress(NotImplementedError, ValueError, RuntimeError):  # only the main thread may
            for number in (SIGHUP, SIGTERM):
                get_running_loop().add_signal_handler(number, self._go)

    # --- screens ------------------------------------------------------------------

    @property
    def house_screen(self) -> BaseScreen:
        """The topmost screen that is no dialog."""
        return next(s for s in reversed(self.screen_stack) if isinstance(s, BaseScreen))

    @property
    def has_screens(self) -> bool:
        """False before the first one, and while the application closes."""
        return any(isinstance(screen, BaseScreen) for screen in self.screen_stack)

    def say(self, sentence: str) -> None:
        if self.has_screens:
            self.house_screen.say(sentence)

    def open_start(self) -> None:
        """Back to the first screen."""
        while len(self.screen_stack) > 2:
            self.pop_screen()

    def open_list(self, name: str, target: Target | None = None) -> None:
        """Open a list over Start; it keeps its words, cursor and marks between visits."""
        if name not in self._screens:
            screen = _screens()[name]()
            self.install_screen(screen, name)
            self._screens[name] = screen
        wanted = self._screens[name]
        if self.screen is not wanted:
            self.open_start()
            self.push_screen(wanted)
        if target:
            wanted.follow(target)

    def open_journal(self) -> None:
        """What was changed with this program."""
        from screens.journal import JournalScreen

        if not isinstance(self.screen, JournalScreen):
            self.open_start()
            self.push_screen(JournalScreen())

    def open_keys(self) -> None:
        """The security keys in this machine's USB ports."""
        from screens.keys import KeysScreen

        self._open_once(KeysScreen)

    def open_rack(self, userids: Sequence[str] = ()) -> None:
        """Several keys for several people: at first for these."""
        from screens.rack import RackScreen

        self._open_once(RackScreen, userids)

    def open_webauthn(self) -> None:
        """The settings that every security key is bound to."""
        from screens.webauthn_form import WebauthnForm

        self._open_once(WebauthnForm)

    def open_recover(self, userid: str = "") -> None:
        """The ways back in; "" leaves open whose login it is about, which is root@pam's at first.

        Over Start, like a list: what was open is left.
        """
        from screens.recover import RecoverScreen

        shown = next((one for one in self.screen_stack if isinstance(one, RecoverScreen)), None)
        if shown is None:
            self.open_start()
            self.push_screen(RecoverScreen(userid or ROOT))
            return
        while self.screen is not shown:
            self.pop_screen()
        if userid:
            shown.about(userid)

    def _open_recover_by_itself(self) -> None:
        """Once: when root@pam cannot log in, quorum is lost, or nothing of PVE can be read.

        Nobody is taken away from a list to which he has gone on; there it is said.
        """
        if self.outlook is not None:
            why = opens_recover(self.outlook.snapshot)
        else:
            why = str(self._failure) if self._failure else None
        if why is None or self._offered_recover or not self.has_screens:
            return
        if isinstance(self.screen, StartScreen):
            self._offered_recover = True
            self.open_recover()
        elif not isinstance(self.house_screen, StartScreen):
            self._offered_recover = True
            self.set_timer(_LONG, partial(self._tell_of_recover, why))

    def _tell_of_recover(self, why: str) -> None:
        """After the screen has said that it was read again."""
        from screens.recover import RecoverScreen

        if not any(isinstance(screen, RecoverScreen) for screen in self.screen_stack):
            self.say(f"{why} 0 opens Recover.")

    def open_survive(self) -> None:
        """Which way in survives what."""
        from screens.survive import SurviveScreen

        self._open_once(SurviveScreen)

    def open_join(self, domain: str = "") -> None:
        """This node and Active Directory; "" proposes a domain."""
        from screens.join import JoinScreen

        self._open_once(JoinScreen, domain)

    def open_pam(self) -> None:
        """Whether PAM lets root in, and nobody without a password."""
        from screens.pam import PamScreen

        self._open_once(PamScreen)

    def open_trust(self) -> None:
        """The CAs that this node trusts."""
        from screens.trust import TrustScreen

        self._open_once(TrustScreen)

    def _open_once(self, kind: Callable[..., BaseScreen], *about: object) -> None:
        """Over the screen that is shown, unless it is open already."""
        if not any(type(screen) is kind for screen in self.screen_stack):
            self.push_screen(kind(*about))

    def open_target(self, target: Target) -> None:
        """Open what a finding or a found row points at."""
        if target.listing == WAYS:
            self.house_screen.show_ways()
            return
        if target.listing == RECOVER:
            self.open_recover(target.key)
            return
        self.open_list(target.listing, target)

    def by_pve(self, subject: str, path: str) -> Flags | None:
        """What PVE itself answers; blocking, see OutlookService."""
        return self._service.by_pve(subject, path)

    def names_for_prompt(self) -> list[str]:
        """Names that `:` can complete: users and API tokens."""
        access = self.snapshot.access.value if self.snapshot else None
        if access is None:
            return []
        users = sorted(access.users)
        tokens = [f"{user}!{token}" for user in users for token in access.users[user].tokens]
        return [*users, *tokens]

    def obey(self, words: str, screen: BaseScreen) -> None:
        """What was typed behind `:`."""
        if screen.obey(words):
            return
        if screen.command(words) is not None:
            screen.action_command(words)
        elif name := next((name for name in self.names_for_prompt() if plain(name) == words), ""):
            self.open_target(Target("tokens" if "!" in words else "users", name))
        else:
            self.open_list("anything", Target("anything", query=words))

    # --- keys ---------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Every key goes through the gate first: none that acts comes out of a burst (R4)."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._last_key = monotonic()
            kind, printable = self._kind_of(event), event.is_printable
            passed = self._gate.arrived(event, event.time, kind, printable=printable)
            await self._queue(passed)
            return
        if isinstance(event, events.Paste) and not event.is_forwarded:
            self._bursts.pasted(event.time)
            if not getattr(self.focused, "types_text", False):
                self._tell_of_burst()
        await super().on_event(event)
        if isinstance(event, events.Key):  # it has come back, so its bindings have been run
            await self._passed(event)

    async def _queue(self, keys: Iterable[events.Key]) -> None:
        """Keys go on one at a time: one that opens a screen has opened it before the next."""
        if self._gate.dropped:
            self._gate.dropped = 0
            self._tell_of_burst()
        busy = bool(self._passing)
        self._passing.extend(keys)
        if self._passing and not busy:
            await self._pass_one()
        if (due := self._gate.due) is not None:
            self.set_timer(max(0.0, due - monotonic()) + 0.001, self._look_at_the_gate)

    async def _pass_one(self) -> None:
        key = self._passing[0]
        is_text = key.is_printable and getattr(self.focused, "types_text", False)
        await super().on_event(key)
        if is_text or not key.is_forwarded:  # a field keeps it, or a binding has been run
            await self._passed(key)
        else:
            self.set_timer(_LOST, partial(self._passed, key))

    async def _passed(self, key: events.Key) -> None:
        """The next key may go on, once a screen that `key` opened is there."""
        if not (self._passing and self._passing[0] is key and self.has_screens):
            return
        if self.focused is None and monotonic() < key.time + _LOST:
            self.set_timer(0.01, partial(self._passed, key))
            return
        self._passing.popleft()
        if self._passing:
            await self._pass_one()

    async def _look_at_the_gate(self) -> None:
        await self._queue(self._gate.released(monotonic()))

    def _tell_of_burst(self) -> None:
        if self.has_screens:
            self.say(self.house_screen.BURST)

    def _kind_of(self, event: events.Key) -> Kind:
        if event.key in _MOVES:
            return "moves"
        if getattr(self.focused, "types_text", False) and event.key not in _LEAVES_FIELD:
            return "types"
        return "moves" if event.key in _MOVING_LETTERS else "acts"

    def action_tell_how_to_quit(self) -> None:
        self.say("q leaves.")

    def copy_to_clipboard(self, text: str) -> None:
        """Nothing goes to the terminal's clipboard (R6)."""

    def seen_somebody(self) -> None:
        """Somebody is there, though no key was pressed: a security key was plugged in or pulled."""
        self._last_key = monotonic()

    def _watch_idleness(self) -> None:
        if monotonic() - self._last_key < _IDLE:
            return
        self.drafts.drop_secrets()
        screen = self.house_screen
        if screen.waits_to_be_seen or (self.is_changing and not screen.waits_for_somebody):
            return
        if self.screen is not self.screen_stack[1]:
            self.open_start()

    # --- how it looks -----------------------------------------------------------------

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._filters_now]

    def next_glyphs(self) -> str:
        """Switch to the next set of glyphs; says which."""
        after = _GLYPHS[(_GLYPHS.index(self.profile.glyphs) + 1) % len(_GLYPHS)]
        self.profile = replace(self.profile, glyphs=after)
        self._filters_now = line_filters(self.profile)
        self.screen.refresh(layout=True, repaint=True)
        return f"Drawn with {self.profile.glyphs}."


def open_screens(
    service: OutlookService,
    profile: Profile,
    exports: Exports,
    stories: Stories | None = None,
    open_workshop: OpenWorkshop | None = None,
) -> int:
    """Run the application until the user leaves; the exit code.

    A plan that still runs then ends with its running step.
    """
    app = PveAuthApp(service, profile, exports, stories, open_workshop)
    try:
        app.run(mouse=profile.mouse)
    finally:
        app.end_changes()
    if app.crash is not None:
        return tell(app.crash)
    return app.return_code or 0
