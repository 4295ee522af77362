"""Security keys with their PINs and answers as canaries, as `scenes` has the rest."""

from __future__ import annotations

from typing import Final, cast

from screens.at_key import PinEntry
from screens.choose import ChooseScreen
from screens.enrol_key import EnrolKeyScreen
from screens.enrol_key_commands import Step
from screens.enrol_totp import EnrolTotpScreen
from screens.enrol_yubico import EnrolYubicoForm
from screens.form import FormScreen
from screens.key_pin_form import KeyPinForm
from screens.keys import KeysScreen
from screens.pick import PickScreen
from screens.plan import PlanScreen
from screens.prove import ProveScreen
from screens.rack import RackScreen
from screens.rack_cells import Step as RackStep
from screens.rack_proof import OwnerEntry
from screens.rack_setup import RackSetup
from screens.webauthn_form import WebauthnForm
from tests.canary.formscenes import fill, looked_at
from tests.canary.planted import (
    ADMIN,
    KEY_PIN,
    NEW_PASSWORD,
    NEW_PIN,
    OTHER_PIN,
    OTP,
    PASSWORD,
    ROOT_PASSWORD,
    WITHOUT,
    WRONG_PIN,
    YUBICO,
)
from tests.canary.scenes import back_to_start, go, word
from tests.canary.stage import Stage

_ROOT: Final = "root@pam"
"""Whose key is in the demo's first port."""
_YUBICO: Final = "pve_auth_tui.simnode.handlers.tfa._yubico_id"


async def _at(stage: Stage, step: Step) -> EnrolKeyScreen:
    def is_there() -> bool:
        screen = stage.app.screen
        return isinstance(screen, EnrolKeyScreen) and screen.step is step

    await stage.until(is_there, f"{step}")
    return cast(EnrolKeyScreen, stage.app.screen)


async def _asked_for_pin(stage: Stage) -> None:
    def is_asked() -> bool:
        found = stage.app.screen.query(PinEntry)
        return bool(found) and found.first().control.has_focus

    await stage.until(is_asked, "a question for the PIN")


async def _pin(stage: Stage, pin: str) -> None:
    """It is typed, cannot be copied, and is sent."""
    await _asked_for_pin(stage)
    await stage.type(pin)
    stage.require_hidden()
    await stage.press("shift+home", "ctrl+c", "ctrl+x", "end", "enter")


async def _agreed(stage: Stage) -> None:
    """The plan, which is run elsewhere."""
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f")
    await stage.plan(word(stage))


async def _for_whom(stage: Stage, userid: str) -> None:
    await stage.on(PickScreen)
    await stage.type(userid)
    await stage.press("enter")


# --- an enrolment ------------------------------------------------------------------------------


async def _to_the_pin(stage: Stage) -> None:
    """From the list of users to the key's question."""
    await go(stage, "users", WITHOUT)
    await stage.command("second-factor")
    await stage.press("2")
    await _at(stage, Step.LABEL)
    await stage.press("ctrl+g", "ctrl+o")
    await _agreed(stage)
    await _asked_for_pin(stage)


async def a_key(stage: Stage) -> None:
    """A wrong PIN, the right one, a login with the key; then its journal."""
    await _to_the_pin(stage)
    await _pin(stage, WRONG_PIN)
    await stage.until(lambda: "That is not the key's PIN" in stage.screen, "another question")
    await _pin(stage, KEY_PIN)
    await _at(stage, Step.STORED)
    await stage.press("1")
    await stage.on(ProveScreen)
    await stage.type(PASSWORD)
    await stage.press("ctrl+r", "ctrl+c", "ctrl+r", "ctrl+o")
    await stage.until(lambda: "logged in at" in stage.screen, "a login")
    await stage.press("escape")
    await _at(stage, Step.AFTER)
    await stage.command(*(f"take {number}" for number in range(3, 10)), "take 1", "back")
    await stage.command("take 2")
    await _at(stage, Step.SCAN)
    await back_to_start(stage)
    await stage.command("journal", "open", "back")


async def a_key_is_stored(stage: Stage) -> None:
    """No more than that, and the signature: for what goes wrong at the second call."""
    await _to_the_pin(stage)
    await _pin(stage, KEY_PIN)
    await _at(stage, Step.STORED)
    await stage.press("3")
    await _at(stage, Step.AFTER)


async def a_key_after_all_not(stage: Stage) -> None:
    """Left at the PIN, again; declined, its own words; pulled; of two keys the one touched; left
    while nobody touches it.
    """
    await _to_the_pin(stage)
    await stage.type(KEY_PIN)
    await stage.press("escape")
    await _at(stage, Step.TROUBLE)
    stage.usb.first_key.script.touch = "deny"
    await stage.press("r")
    await _pin(stage, KEY_PIN)
    await stage.until(lambda: "declined at the key" in stage.screen, "a refusal")
    await stage.command("original", "pin", "settings")
    stage.usb.first_key.script.touch = "never"
    await stage.press("r")
    await _pin(stage, KEY_PIN)
    await stage.until(lambda: "Touch the key now" in stage.screen, "a touch")
    stage.usb.turn("no key")
    await stage.until(lambda: "was unplugged" in stage.screen, "a key that is gone")
    await back_to_start(stage)
    stage.usb.turn("no key", on=False)
    stage.usb.turn("second key")
    stage.usb.first_key.script.touch = "auto"
    stage.app.open_start()
    await stage.settle()
    await stage.press("e")
    await _for_whom(stage, WITHOUT)
    await _at(stage, Step.CHOOSE)
    await stage.press("t")
    await _at(stage, Step.LABEL)
    stage.usb.first_key.script.touch = "never"
    await stage.press("ctrl+o")
    await _agreed(stage)
    await _pin(stage, KEY_PIN)
    await stage.until(lambda: "Touch the key now" in stage.screen, "a touch")
    await stage.press("escape")
    await _at(stage, Step.TROUBLE)
    await back_to_start(stage)
    await stage.command("give TOTP")
    await _for_whom(stage, WITHOUT)
    await stage.on(EnrolTotpScreen)


# --- what is done with a key -------------------------------------------------------------------


async def a_login_with_a_key(stage: Stage) -> None:
    """PVE asks for it, and it wants its PIN; then its signature alone."""
    stage.usb.first_key.always_uv = True
    await go(stage, "tfa", _ROOT)
    await stage.press("t")
    await stage.on(ProveScreen)
    await stage.type(ROOT_PASSWORD)
    await stage.press("ctrl+o")
    await stage.until(lambda: "security key >" in stage.screen, "the second question")
    await stage.press("ctrl+o")
    await _pin(stage, WRONG_PIN)
    await _pin(stage, KEY_PIN)
    await stage.until(lambda: "logged in at" in stage.screen, "a login")
    await stage.press("escape", "t", "ctrl+o")
    for _ in range(4):
        if "security key: its" not in stage.screen:
            await stage.press("up", "space")
    await stage.press("ctrl+o")
    await _pin(stage, KEY_PIN)
    await stage.until(lambda: "signature is right" in stage.screen, "a proof")


async def a_pin(stage: Stage) -> None:
    """Two that differ, left, a wrong one, then it is changed; the other commands of that screen."""
    await go(stage, "tfa", _ROOT)
    await stage.press("p")
    await stage.on(KeysScreen)
    await stage.until(lambda: cast(KeysScreen, stage.app.screen).plugged, "a key that was read")
    await stage.press("p")
    await stage.on(KeyPinForm)
    await fill(stage, old=WRONG_PIN, new=NEW_PIN)
    await looked_at(stage)
    await fill(stage, again=OTHER_PIN)
    await stage.press("ctrl+o")
    assert "not the same PIN" in stage.screen
    await stage.press("ctrl+r", "escape", "p")
    await stage.on(KeyPinForm)
    stage.require_hidden()
    await fill(stage, old=WRONG_PIN, new=NEW_PIN, again=NEW_PIN)
    await stage.press("ctrl+o")
    await stage.until(lambda: "not the key's PIN" in stage.screen, "a refusal")
    await fill(stage, old=KEY_PIN, new=NEW_PIN, again=NEW_PIN)
    await looked_at(stage)
    await stage.press("ctrl+o")
    await stage.on(KeysScreen)
    await stage.command("open", "back", "reload")
    screen = cast(KeysScreen, stage.app.screen)
    await stage.until(lambda: screen.plugged and not screen.reads, "a key that was read")
    await stage.press("e")
    await stage.on(PickScreen)
    await stage.press("escape", "t")
    await stage.on(ProveScreen)
    await stage.press("escape")
    await back_to_start(stage)
    await stage.command("keys", "back", "journal", "open", "back")


async def a_yubico_otp(stage: Stage) -> None:
    """A code that is no code, one that PVE refuses, one that it takes."""
    await go(stage, "users", YUBICO)
    await stage.command("second-factor")
    await stage.press("4")
    await stage.on(EnrolYubicoForm)
    await stage.command("back", "second-factor")
    await stage.press("4")
    await stage.on(EnrolYubicoForm)
    await fill(stage, description="blue", otp=OTP[:-1])
    await stage.press("ctrl+o", "ctrl+u")
    await fill(stage, otp=OTP)
    await looked_at(stage)
    await stage.press("ctrl+o")
    await _agreed(stage)
    await stage.until(lambda: _is_over(stage), "the end of the plan")
    await stage.press("escape")
    await stage.until(lambda: "used up" in stage.screen, "a refusal")
    stage.patch.setattr(_YUBICO, lambda node, userid, value: value[:12])
    await fill(stage, otp=OTP)
    await stage.press("ctrl+o")
    await _agreed(stage)
    await stage.press("escape")
    await stage.on(ProveScreen)
    await back_to_start(stage)
    await stage.command("journal", "open", "back")


def _is_over(stage: Stage) -> bool:
    screen = stage.app.screen
    return isinstance(screen, PlanScreen) and screen._report is not None


async def webauthn_settings(stage: Stage) -> None:
    """They stand in a file with a password; changed, and taken back."""
    await go(stage, "tfa", _ROOT)
    await stage.press("S")
    await stage.on(WebauthnForm)
    await stage.command("help", "proposal")
    await stage.until(lambda: "proposal" in stage.screen.lower(), "a proposal")
    await fill(stage, rp="another name")
    await stage.press("ctrl+o")
    await stage.on(PlanScreen)
    await stage.press("c", "escape", "f")
    await stage.plan(word(stage))
    await stage.press("u")
    await stage.plan(word(stage))
    await back_to_start(stage)
    await stage.command("webauthn")
    await stage.on(WebauthnForm)
    await stage.command("back", "journal", "open", "back")


# --- the rack ------------------------------------------------------------------------------------


async def a_rack(stage: Stage) -> None:
    """Two people: a wrong PIN, a password that is wrong, a login; left, gone on with; its sheet."""
    stage.usb.turn("no key")
    stage.app.open_rack()
    await stage.settle()
    await stage.on(RackSetup)
    await stage.command("help")
    form = cast(FormScreen, stage.app.screen).form
    form.fill({"people": (WITHOUT, ADMIN), "keys": "1", "proof": "now"})
    form.focus_field("people")
    await stage.command("pick")
    await stage.press("escape", "ctrl+o")
    await _agreed(stage)
    await _rack_at(stage, RackStep.PLUG)
    await stage.command("key after", "key before", "yes", "digit")
    stage.usb.turn("next key")
    await _pin(stage, WRONG_PIN)
    await _pin(stage, KEY_PIN)
    await _owner(stage, NEW_PASSWORD)
    await stage.until(lambda: "PVE refused the login" in stage.screen, "a login that fails")
    await stage.press("a")
    await _owner(stage, PASSWORD)
    await stage.until(lambda: "proved by a login" in stage.screen, "a login")
    await stage.command("save")
    await stage.until(lambda: "Saved, for you" in stage.screen, "a sheet")
    await stage.command("skip")
    await stage.press("escape")
    await stage.command("rack")
    await stage.on(ChooseScreen)
    await stage.press("1")
    await _agreed(stage)
    await _rack_at(stage, RackStep.ASKS)  # the first one's key
    await stage.press("y")
    await _pin(stage, KEY_PIN)
    await _owner(stage, "")
    await stage.until(lambda: "its signature is right" in stage.screen, "a proof")
    await stage.command("save")
    await stage.press("escape")
    await stage.command("journal", "open", "back")


async def a_rack_that_is_left(stage: Stage) -> None:
    """In the middle of a password: nothing of it is kept."""
    stage.usb.turn("no key")
    await go(stage, "tfa", WITHOUT)
    await stage.press("R")
    await stage.on(RackSetup)
    await stage.command("back")
    await stage.press("R")
    await stage.on(RackSetup)
    cast(FormScreen, stage.app.screen).form.fill(
        {"people": (WITHOUT, ADMIN), "keys": "1", "proof": "now"}
    )
    await stage.press("ctrl+o")
    await _agreed(stage)
    await _rack_at(stage, RackStep.PLUG)
    stage.usb.turn("next key")
    await _pin(stage, KEY_PIN)
    await _owner_is_asked(stage)
    await stage.type(PASSWORD)
    await stage.press("escape")
    await _rack_at(stage, RackStep.PULL)
    await stage.command("again")
    await _owner_is_asked(stage)
    stage.require_hidden()
    await stage.press("escape", "escape")


async def _rack_at(stage: Stage, step: RackStep) -> None:
    def is_there() -> bool:
        screen = stage.app.screen
        return isinstance(screen, RackScreen) and screen.step is step

    await stage.until(is_there, f"{step}")


async def _owner_is_asked(stage: Stage) -> None:
    await _rack_at(stage, RackStep.OWNER)
    field = stage.app.screen.query_one(OwnerEntry)
    await stage.until(lambda: field.control.has_focus, "a question for the password")


async def _owner(stage: Stage, password: str) -> None:
    await _owner_is_asked(stage)
    await stage.type(password)
    stage.require_hidden()
    await stage.press("shift+home", "ctrl+c", "end", "enter")
