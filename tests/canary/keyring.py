"""Security keys in software for the canaries: their PIN is one, and so is all that they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from pve_auth_tui import equipment
from pve_auth_tui.adapters import ladder
from pve_auth_tui.adapters.keys.usb import UsbKey
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.simnode import demousb
from pve_auth_tui.simnode.demousb import FIRST_PORT, DemoUsb
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from tests.canary.evidence import Evidence
from tests.canary.planted import KEY_PIN

_TOUCHED: Final = 0.05  # seconds
_ANSWERS: Final = ("attestationObject", "clientDataJSON", "signature")
"""What of an answer is nobody's business; the rest names a key."""


class Usb:
    """The ports of the demo that runs."""

    def __init__(self, app: PveAuthApp) -> None:
        assert app.stories
        self._stories = app.stories
        usb = app.stories._usb  # type: ignore[attr-defined]
        assert isinstance(usb, DemoUsb)
        self._usb = usb

    def turn(self, story: str, *, on: bool = True) -> None:
        """What happens to the keys, by the name that the demo has for it."""
        self._stories.turn(story, on=on)

    @property
    def first_key(self) -> SoftKey:
        """The one in the first port."""
        self._usb.look()
        key = self._usb.bus.key_at(FIRST_PORT)
        assert key
        return key


def plug_into_demo(patch: pytest.MonkeyPatch) -> None:
    """The demo's keys have that PIN, and are touched at once."""
    _prepare_keys(patch)
    patch.setattr("screens.key_watch._EVERY", 0.1)
    patch.setattr("screens.at_key._DEAF", 0.02)


def plug_into_this_machine(patch: pytest.MonkeyPatch) -> None:
    """The same keys in place of what is really plugged in; the node has its own name."""
    _prepare_keys(patch)
    usb = DemoUsb()
    patch.setattr(equipment, "HidrawBus", lambda: usb)
    patch.setattr(ladder, "own_address", lambda: "pve1.example.com:8006")


def _prepare_keys(patch: pytest.MonkeyPatch) -> None:
    make = demousb._made

    def made(product: str) -> SoftKey:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(demousb, "DEMO_PIN", KEY_PIN)
            return make(product)

    patch.setattr(demousb, "_made", made)
    patch.setattr(demousb, "TOUCH_SECONDS", _TOUCHED)


def note_answers(evidence: Evidence, patch: pytest.MonkeyPatch) -> None:
    """What PVE asks a key, and what the key answers, are looked for from then on."""
    for name in ("register", "sign"):
        patch.setattr(UsbKey, name, _noting(evidence, getattr(UsbKey, name)))


def _noting(evidence: Evidence, work: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Any, options: Mapping[str, Any], *args: Any) -> Any:
        evidence.canaries.add("challenge for a key", str(options["challenge"]))
        answer = work(self, options, *args)
        evidence.canaries.add("answer of a key", *parts_of(answer.value))
        return answer

    return noted


def parts_of(value: str) -> list[str]:
    """All of an answer, and its pieces."""
    response = json.loads(value)["response"]
    return [value, *(response[name] for name in _ANSWERS if name in response)]
