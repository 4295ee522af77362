"""The screens from their start to their end, as `open_screens` runs them, played by keys."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import pytest
from textual import events
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.message_pump import MessagePump
from textual.pilot import Pilot

from pve_auth_tui import environment, equipment
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.journal import FileJournal
from pve_auth_tui.adapters.state import StateFolder
from pve_auth_tui.app import PveAuthApp, open_screens
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.keys import Phase
from pve_auth_tui.core.otpauth import Totp, decode_base32
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.simnode import certificates, demo
from pve_auth_tui.simnode.demo import DEMO_NOW
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.simnode.tfa import totp as on_phone
from pve_auth_tui.terminal.profile import Profile
from pve_auth_tui.wiring import wired
from pve_auth_tui.workshop import Workshop
from screens.at_key import AtKey, PinEntry
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Command
from screens.plan import PlanScreen
from tests.canary import keyring
from tests.canary.desk import May, note_answers
from tests.canary.evidence import Evidence
from tests.canary.node import Home, live_in
from tests.canary.planted import NEW_TOTP, app_of, plant, running
from tests.canary.trouble import Trouble
from tests.screens.conftest import BothAtOnce

Play = Callable[["Stage"], Awaitable[None]]
_PROFILE: Final = Profile("unicode", "true")
_RESTS: Final = 0.06  # seconds after which the next key is none of a burst
_LONGEST: Final = 10.0  # seconds for anything to happen
_SOON: Final = 20  # ticks in a row without work
_TICK: Final = 0.01
_QUIET: Final = 2  # times in a row that nothing is left to do
_ASKS: Final = "prove"  # a worker that waits for somebody
_AT_KEY: Final = "key"  # one that works a security key, and waits for somebody at times
_LOOKS: Final = "scan"  # one that looks at the USB ports, again and again
_NAMES: Final = {" ": "space", ":": "colon", "-": "minus", "/": "slash", ".": "full_stop"}
_SIGNS: Final = {name: sign for sign, name in _NAMES.items()}


class Over(Exception):
    """The application has ended before the play."""


@dataclass(frozen=True)
class Scene:
    """One use of the screens. `covers`: the commands and screens that it goes through, as
    `tests.canary.screens` names them; `may`: where which secrets are meant to be, of the screen
    only while they are asked for (`screen:shown`). `late`: the troubles come only where PVE gets
    an answer to what it asked.
    """

    play: Play
    covers: frozenset[str]
    may: May = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
    may_in_trouble: May = field(default_factory=dict)
    late: bool = False

    @property
    def name(self) -> str:
        return self.play.__name__


@cache
def tree() -> MemoryTree:
    """The planted node, with what its TLS needs."""
    disk = MemoryDisk(running(DEMO_NOW).files)
    certificates.ensure(disk, "pve1", time.time())
    return MemoryTree(disk.files)


class Stage:
    """One run of the application on the planted demo."""

    def __init__(self, home: Home, patch: pytest.MonkeyPatch, evidence: Evidence) -> None:
        self.home = home
        self.evidence = evidence
        self.seen: set[str] = set()
        self.trouble = Trouble.NONE
        self.leaves = False  # the play ends with the end of the application
        self.pilot: Pilot[Any]
        self.patch = patch
        plant(evidence.canaries, tree().files)
        live_in(home, patch)
        patch.setattr(demo, "demo_tree", lambda **_: tree())
        patch.setattr(
            "screens.plan._LISTENS", 0.001
        )  # how soon a plan takes keys is tested elsewhere
        own = environment.own_folder
        patch.setattr(
            equipment,
            "MemoryJournal",
            lambda who, clock, cluster: FileJournal(
                own() / "journal", who, clock, syslog=equipment.Syslog(), cluster=cluster
            ),
        )
        saved = equipment.FileSaved
        patch.setattr(equipment, "MemorySaved", lambda clock: saved(own(), clock))
        patch.setattr(
            equipment, "MemoryRacks", lambda: equipment.FileRacks(environment.own_folder())
        )
        patch.setattr(
            equipment,
            "_proofs",
            lambda found, outlooks: equipment.FileProofs(own(), there=outlooks.entries),
        )
        keyring.plug_into_demo(patch)
        note_answers(evidence, patch)
        keyring.note_answers(evidence, patch)
        _note_screens(self, patch)

    @property
    def app(self) -> PveAuthApp:
        app = self.pilot.app
        assert isinstance(app, PveAuthApp)
        return app

    @property
    def well(self) -> bool:
        """Whether nothing goes wrong on purpose."""
        return self.trouble is Trouble.NONE

    def run(self, play: Play) -> int:
        """Open the screens, play, and leave; the exit code. What fails in the play is raised."""
        failed: list[BaseException] = []

        async def piloted(pilot: Pilot[Any]) -> None:
            self.pilot = pilot
            try:
                await self.settle()
                await play(self)
            except Over:
                if self.well and not self.leaves:
                    failed.append(self.app.crash or AssertionError("it has ended by itself"))
            except BaseException as error:  # noqa: BLE001 (it is raised when all is over)
                failed.append(error)
            finally:
                pilot.app.exit()

        def runs(app: PveAuthApp, *, mouse: bool) -> Any:
            return App.run(app, headless=True, size=(80, 24), auto_pilot=piloted)

        found = wired(parse(["demo"]), FixedClock(DEMO_NOW))
        outlooks = BothAtOnce(found.pictures, found.nodes)
        exports = Exports(StateFolder(environment.own_folder() / "saved"))
        made: list[Workshop] = []

        def workshop() -> Workshop:
            made.append(equipment.equipped(parse(["demo"]), found, outlooks, {}))
            return made[0]

        with self.patch.context() as patch:
            patch.setattr(PveAuthApp, "run", runs)
            code = open_screens(outlooks, _PROFILE, exports, found.stories, workshop)
        if found.simulated:
            self._note_node(found.simulated())
        if failed:
            raise failed[0]
        return code

    def _note_node(self, node: Any) -> None:
        for entry in node.answer("GET", "cluster/log", {}):
            self.evidence.add("cluster log", str(entry["uid"]), json.dumps(entry))
        for line in node.journal:
            self.evidence.add("cluster log", "the node's journal", line)

    # --- keys ------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait for workers, the messages they post, and what these start."""
        end = time.monotonic() + _LONGEST
        quiet = 0
        while quiet < _QUIET:
            self._require_app()
            await self.pilot._wait_for_screen(_LONGEST)
            busy = {one.group for one in self.pilot.app.workers if not one.is_finished}
            waits = {_ASKS, *([_AT_KEY] if self._waits_at_key() else [])}
            if not self._is_held_up() and busy <= waits:
                quiet += 1
                await asyncio.sleep(0)
            else:
                quiet = 0
                await asyncio.sleep(_TICK)
            assert time.monotonic() < end, f"it does not come to rest\n{self.screen}"
        self._require_app()
        self._look()

    def _waits_at_key(self) -> bool:
        """Whether somebody is asked for a PIN, or nobody touches the key."""
        screen = self.pilot.app.screen
        if not isinstance(screen, AtKey) or screen.key_phase is None:
            return False
        if screen.key_phase is Phase.PIN:
            return screen.query_one(PinEntry).control.has_focus
        return screen.key_phase is Phase.TOUCH and self.usb.first_key.script.touch == "never"

    def _is_held_up(self) -> bool:
        """Whether a key is waiting: a burst might follow it, or the one before still acts."""
        return bool(self.app._passing) or self.app._gate.due is not None

    def _require_app(self) -> None:
        if self.pilot.app._exception is not None or not self.pilot.app.is_running:
            raise Over

    def _look(self) -> None:
        """What stands there now; and whether somebody has asked to see what is secret."""
        screen = self.pilot.app.screen
        self.seen.add(name_of(type(screen)))
        shown = " shown" if any(map(_shows, screen.walk_children())) else ""
        self.evidence.add("screen", f"{type(screen).__name__}{shown}", self.screen)
        for widget in (screen, *screen.walk_children()):
            self.evidence.add("repr", type(widget).__name__, f"{widget!r} {widget}")

    def require_hidden(self) -> None:
        """Nothing is shown that nobody asked for, or that was hidden again."""
        shown = [one for one in self.pilot.app.screen.walk_children() if _shows(one)]
        assert not shown, f"nobody asked for it: {shown}"

    @property
    def screen(self) -> str:
        """Everything on the screen, as text."""
        strips = self.pilot.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def press(self, *keys: str) -> None:
        """One key after another, as a person does: each has acted before the next comes."""
        for key in keys:
            self._send(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Into the field that has the cursor."""
        for character in text:
            self._send(character)
        await asyncio.sleep(_RESTS)
        await self.settle()

    def _send(self, key: str) -> None:
        self._require_app()
        driver = self.pilot.app._driver
        assert driver is not None
        driver.send_message(events.Key(_NAMES.get(key, key), _SIGNS.get(key, _character(key))))

    async def command(self, *names: str) -> None:
        """Commands of the screen that is open, by their names."""
        for name in names:
            screen = self.pilot.app.screen
            assert isinstance(screen, BaseScreen), screen
            screen.action_command(name)
            await self.settle()

    async def until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for what a worker or a timer does. Where something goes wrong on purpose it may
        never come: then the play is over.
        """
        end = time.monotonic() + _LONGEST
        rests = 0
        while not condition():
            self._require_app()
            workers = [one for one in self.pilot.app.workers if not one.is_finished]
            busy = any(one.group not in {_ASKS, _LOOKS} for one in workers)
            rests = 0 if busy else rests + 1
            if not self.well and rests > _SOON:
                raise Over
            assert time.monotonic() < end, f"never: {what}\n{self.screen}"
            await asyncio.sleep(_TICK)
        await self.settle()

    async def on(self, kind: type[Any]) -> None:
        """Wait until such a screen is on top."""
        await self.until(lambda: isinstance(self.pilot.app.screen, kind), kind.__name__)

    async def plan(self, word: str = "", key: str = "y") -> None:
        """Run the plan that is shown; a HEAVY one with its word."""
        await self.on(PlanScreen)
        screen = self.pilot.app.screen
        assert isinstance(screen, PlanScreen)
        early = "A plan listens half a second after it is shown."
        await self.until(lambda: screen.why_not_run() != early, "a plan that listens")
        if word:
            await self.press("end")
        await self.press(key)
        if word:
            await self.type(word)
            await self.press("enter")
        await self.until(lambda: not screen._runs, "the end of the plan")

    @property
    def usb(self) -> keyring.Usb:
        """The demo's ports, and what is plugged into them."""
        return keyring.Usb(self.app)

    # --- what somebody knows -----------------------------------------------------------------

    def new_code(self) -> str:
        return self.code(Totp(decode_base32(NEW_TOTP), ""))

    def code_of(self, userid: str) -> str:
        return self.code(app_of(userid, tree().files))

    def secret_of(self, tokenid: str) -> str:
        """As PVE has stored it."""
        lines = tree().files["etc/pve/priv/token.cfg"].decode().splitlines()
        return dict(line.split() for line in lines)[tokenid]

    def code(self, totp: Totp) -> str:
        """What an app shows now; a canary, too."""
        shown = on_phone.code(totp, DEMO_NOW)
        self.evidence.canaries.add("typed code", shown)
        return shown


def _shows(widget: Any) -> bool:
    """A secret, because somebody has asked for it."""
    return bool(getattr(widget, "is_shown", False) or getattr(widget, "revealed", False))


def _character(key: str) -> str | None:
    return key if len(key) == 1 else None


# --- what is noted -----------------------------------------------------------------------------


def name_of(thing: type[Any], name: str = "") -> str:
    """`users.GiveFactor` and `plan.PlanScreen`; `commands.GoTo:users` for one of those made by
    a function.
    """
    module = thing.__module__.removeprefix("screens.")
    made = f":{name}" if "<locals>" in thing.__qualname__ else ""
    return f"{module}.{thing.__name__}{made}"


def name_of_command(command: type[Command[Any]]) -> str:
    return name_of(command, command.name)


def name_on(screen: type[BaseScreen], command: type[Command[Any]]) -> str:
    """`tfa.TfaScreen: remove`; of a command that holds everywhere `:keep`."""
    return f":{command.name}" if command in EVERYWHERE else f"{name_of(screen)}: {command.name}"


def _note_screens(stage: Stage, patch: pytest.MonkeyPatch) -> None:
    obey = BaseScreen.action_command

    def obeyed(self: BaseScreen, name: str) -> None:
        if command := self.command(name):
            stage.seen.add(name_on(type(self), command))
        obey(self, name)

    patch.setattr(BaseScreen, "action_command", obeyed)
    post = MessagePump.post_message

    def posted(self: MessagePump, message: Any) -> bool:
        stage.evidence.add("repr", type(message).__name__, f"{message!r}")
        return post(self, message)

    patch.setattr(MessagePump, "post_message", posted)
    patch.setattr(
        HeadlessDriver,
        "write",
        lambda self, data: stage.evidence.add("terminal", "written to it", data),
    )
    say = PveAuthApp.say

    def said(self: PveAuthApp, sentence: str) -> None:
        stage.evidence.add("repr", "a sentence", sentence)
        say(self, sentence)

    patch.setattr(PveAuthApp, "say", said)
