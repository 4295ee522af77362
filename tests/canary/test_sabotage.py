"""The program made worse on purpose: each of its precautions is missed by a flow that is noted."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest
from textual.app import App
from textual.message_pump import MessagePump
from textual.widgets import Input

from pve_auth_tui import arguments, crash
from pve_auth_tui.adapters import linechild, rackfile, saved
from pve_auth_tui.adapters.keys import trouble as keytrouble
from pve_auth_tui.adapters.keys.fido.person import Person
from pve_auth_tui.adapters.keys.usb import UsbKey
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.keytrouble import KeyTrouble
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services import keycare, steps
from pve_auth_tui.services.keycare import KeyCareService
from pve_auth_tui.services.report import StepResult
from screens.commands import Command
from screens.prove import ProveScreen
from screens.tfa import TfaScreen
from tests.canary import keyscenes, scenes, test_command_line, test_screens
from tests.canary.commandline import FLOWS
from tests.canary.desk import Desk, Flow
from tests.canary.evidence import Evidence, watching
from tests.canary.node import Home, listening
from tests.canary.planted import ADMIN, NEW_PASSWORD, PASSWORD
from tests.canary.stage import Play, Scene, Stage
from tests.canary.trouble import Trouble, troubled
from widgets.controls import Hidden

Sabotage = Callable[[pytest.MonkeyPatch], None]


def flow_of(command: str, name: str) -> Flow:
    return next(flow for flow in FLOWS[command] if flow.name == name)


# --- the command line --------------------------------------------------------------------------


def commands_are_shown_whole(patch: pytest.MonkeyPatch) -> None:
    """No mask in what the journal gets."""

    def shown(step: Any) -> str:
        secrets = step.secrets if isinstance(step, ApiCall) else {}
        return " ".join(secret.reveal() for secret in secrets.values())

    patch.setattr(steps, "shown", shown)


def a_crash_tells_what_the_exception_says(patch: pytest.MonkeyPatch) -> None:
    lines = crash._lines
    patch.setattr(crash, "_lines", lambda error: [*lines(error), str(error)])
    patch.setattr(crash, "sentence", lambda error, path: str(error))


def refusals_are_not_masked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("pve_auth_tui.adapters.runner.without", lambda error, secrets: error)


def a_child_gets_it_in_its_environment(patch: pytest.MonkeyPatch) -> None:
    known = linechild.child_environment
    patch.setattr(linechild, "child_environment", lambda: known() | {"PASSWORD": NEW_PASSWORD})


def undo_keeps_everything(patch: pytest.MonkeyPatch) -> None:
    """Nothing is wiped when it is kept."""
    patch.setattr(saved.RunMaterial, "wipe", lambda self, plan="": 0)


def undo_keeps_it_for_all(patch: pytest.MonkeyPatch) -> None:
    """Of other users, too."""
    put = saved.RunMaterial.put

    def more(self: Any, plan: str, material: Any) -> None:
        put(self, plan, {**material, "more": Secret(NEW_PASSWORD)})

    patch.setattr(saved.RunMaterial, "put", more)


def the_answer_is_recorded_raw(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StepResult, "told", property(lambda self: json.dumps(self.answer)))


def the_librarys_words_are_told(patch: pytest.MonkeyPatch) -> None:
    """Whatever fails at a key, with all that it says."""
    known = keytrouble.trouble_of

    def told(error: Exception, **how: Any) -> KeyTrouble:
        found = known(error, **how)
        return KeyTrouble(found.kind, f"{error}")

    patch.setattr(keytrouble, "trouble_of", told)


def the_journal_is_told_the_pin(patch: pytest.MonkeyPatch) -> None:
    set_pin = KeyCareService.change_pin

    def changed(self: Any, path: str, new: Secret, old: Secret | None = None) -> Any:
        patch.setattr(keycare, "label", lambda place: f"a key with {new.reveal()}")
        return set_pin(self, path, new, old)

    patch.setattr(KeyCareService, "change_pin", changed)


class Worse(NamedTuple):
    """What is made worse, the flow that has to notice it, and where."""

    how: Sabotage
    flow: Flow
    places: Iterable[str]
    trouble: Trouble = Trouble.NONE


_PASSWORD = flow_of("change", "a password")
_KEYS = flow_of("change", "recovery keys to a file")
_PIN = flow_of("keys", "another PIN")
COMMANDS = [
    Worse(commands_are_shown_whole, _PASSWORD, ("file", "syslog", "cluster log")),
    Worse(the_answer_is_recorded_raw, _KEYS, ("file", "syslog", "cluster log", "stdout")),
    Worse(a_crash_tells_what_the_exception_says, _PASSWORD, ("file", "stderr"), Trouble.CRASH),
    Worse(refusals_are_not_masked, _PASSWORD, ("stdout", "repr"), Trouble.ECHOED),
    Worse(a_child_gets_it_in_its_environment, _PASSWORD, ("environment",)),
    Worse(undo_keeps_everything, FLOWS["keep"][0], ("file",)),
    Worse(the_librarys_words_are_told, _PIN, ("exception",), Trouble.IN_LIBRARY),
    Worse(the_journal_is_told_the_pin, _PIN, ("file", "syslog")),
    Worse(undo_keeps_it_for_all, flow_of("change", "an app that is removed"), ("file",)),
]


@pytest.mark.parametrize("worse", COMMANDS, ids=lambda worse: worse.how.__name__)
def test_a_precaution_that_is_missing_is_missed(
    worse: Worse, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = worse.flow
    worse.how(monkeypatch)
    with watching(desk.evidence, monkeypatch, ours=desk.home.all, not_ours=[desk.served.folder]):
        for one in flow.before:
            desk.run(one)
        troubled(worse.trouble, monkeypatch)
        desk.run(flow)
    found = {leak.place for leak in desk.evidence.leaks(flow.may)}
    assert found >= set(worse.places), found


# --- the screens -------------------------------------------------------------------------------


def secrets_print(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Secret, "__repr__", lambda self: self._value)
    patch.setattr(Secret, "__str__", lambda self: self._value)


def nothing_is_hidden_at_first(patch: pytest.MonkeyPatch) -> None:
    made = Hidden.__init__

    def shown(self: Any) -> None:
        made(self)
        self.password = False

    patch.setattr(Hidden, "__init__", shown)
    patch.setattr("widgets.field.SecretEntry.revealed", False)


def what_is_typed_can_be_copied(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PveAuthApp, "copy_to_clipboard", App.copy_to_clipboard)
    patch.setattr(Hidden, "action_copy", Input.action_copy)
    patch.setattr(
        "textual.drivers.headless_driver.HeadlessDriver.is_headless", property(lambda self: False)
    )


def messages_carry_values(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("widgets.controls.Typed.post_message", MessagePump.post_message)


def pins_are_logged(patch: pytest.MonkeyPatch) -> None:
    """By the adapter, on its way to the library."""
    ask = Person.request_pin

    def logged(self: Person, *args: Any) -> str:
        pin = ask(self, *args)
        logging.getLogger("keys").debug("the PIN is %s", pin)
        return pin

    patch.setattr(Person, "request_pin", logged)


def answers_are_kept_in_the_rack(patch: pytest.MonkeyPatch) -> None:
    """With what else is known of a cell."""
    register, answers = UsbKey.register, list[str]()

    def registered(self: UsbKey, *args: Any) -> Any:
        answer = register(self, *args)
        answers.append(answer.value)
        return answer

    patch.setattr(UsbKey, "register", registered)
    write = rackfile.replace_file

    def written(folder: int, name: str, data: bytes) -> None:
        write(folder, name, data + json.dumps(answers).encode())

    patch.setattr(rackfile, "replace_file", written)


def challenges_are_told(patch: pytest.MonkeyPatch) -> None:
    """By the object that carries what PVE asks at a login."""
    patch.setattr(Challenge, "__repr__", lambda self: f"Challenge({self.webauthn})")


class WorseScreen(NamedTuple):
    """The same on the screens."""

    how: Sabotage
    play: Play
    places: Iterable[str]


async def a_password_is_typed(stage: Stage) -> None:
    """And somebody tries to copy it."""
    await scenes.go(stage, "users", ADMIN)
    await stage.press("t")
    await stage.on(ProveScreen)
    await stage.type(PASSWORD)
    await stage.press("shift+home", "ctrl+c", "escape")


SCREENS = [
    WorseScreen(nothing_is_hidden_at_first, a_password_is_typed, ("screen",)),
    WorseScreen(what_is_typed_can_be_copied, a_password_is_typed, ("clipboard",)),
    WorseScreen(messages_carry_values, a_password_is_typed, ("repr",)),
    WorseScreen(secrets_print, scenes.to_the_app, ("repr",)),
    WorseScreen(pins_are_logged, keyscenes.a_key_is_stored, ("log",)),
    WorseScreen(answers_are_kept_in_the_rack, keyscenes.a_rack_that_is_left, ("file",)),
    WorseScreen(challenges_are_told, keyscenes.a_login_with_a_key, ("repr",)),
]


@pytest.mark.parametrize("worse", [None, *SCREENS], ids=lambda one: one and one.how.__name__)
def test_a_precaution_of_the_screens_that_is_missing_is_missed(
    worse: WorseScreen | None, home: Home, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(home, monkeypatch, evidence)
    if worse:
        worse.how(monkeypatch)
    with (
        watching(evidence, monkeypatch, ours=home.all, not_ours=[]),
        listening(home, monkeypatch, evidence),
    ):
        stage.run(worse.play if worse else a_password_is_typed)
    found = {leak.place for leak in evidence.leaks()}
    assert found >= set(worse.places) if worse else not found, found


# --- what is new ---------------------------------------------------------------------------------


def test_a_new_command_without_a_canary_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(arguments.ACTIONS, "revive", "Brings somebody back")
    with pytest.raises(AssertionError, match="revive: new on the command line"):
        test_command_line.test_every_command_has_its_canaries()


def test_a_new_key_without_a_canary_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Revive(Command[TfaScreen]):
        """Brings it back."""

        keys, shown, word, name = "R", "R", "revive", "revive"

    monkeypatch.setattr(TfaScreen, "OFFERS", (*TfaScreen.OFFERS, Revive))
    with pytest.raises(AssertionError, match=r"tfa\.TfaScreen: revive"):
        test_screens.test_every_screen_and_every_command_has_its_canaries()


def test_a_scene_that_does_not_do_what_it_says_is_missed(
    home: Home, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(a_password_is_typed, frozenset({"prove.ProveScreen", "prove.ProveScreen: help"}))
    stage = Stage(home, monkeypatch, evidence)
    with listening(home, monkeypatch, evidence):
        stage.run(scene.play)
    assert scene.covers - stage.seen == {"prove.ProveScreen: help"}
