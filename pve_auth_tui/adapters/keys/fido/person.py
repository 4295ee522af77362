"""Who stands at the key, as python-fido2 asks for them: touch, PIN, finger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from fido2.client import ClientError, UserInteraction
from fido2.ctap import CtapError
from fido2.ctap2.base import Ctap2
from fido2.ctap2.pin import ClientPin

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.trouble import trouble_of
from pve_auth_tui.core.keypins import LONGEST_PIN, SHORTEST_PIN, as_sent
from pve_auth_tui.core.keys import Phase, PinAsked
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import Hands

_MOST: Final = 9  # attempts: a key has eight tries for its PIN and five for a finger
_PIN_INVALID, _UV_INVALID = 0x31, 0x3F

T = TypeVar("T")


class Person(UserInteraction):
    """`ctap2` is None for a key that speaks U2F alone: it knows no PIN."""

    def __init__(self, channel: Channel, ctap2: Ctap2 | None, hands: Hands) -> None:
        self._channel = channel
        self._ctap2 = ctap2
        self._hands = hands
        self._finger = False
        self._asked = False
        self._wrong = False

    def attempt(self, call: Callable[[], T]) -> T:
        """`call` again and again until the PIN or the finger is right. Raises KeyTrouble or what
        the call raises.
        """
        trouble = KeyTrouble(Kind.PIN_WRONG)
        for _ in range(_MOST):
            self._wrong = trouble.kind is Kind.PIN_WRONG and self._asked
            self._says(Phase.WORKING)
            try:
                return call()
            except ClientError as error:
                cause = error.cause
                if not isinstance(cause, CtapError) or int(cause.code) not in (
                    _PIN_INVALID,
                    _UV_INVALID,
                ):
                    raise
                trouble = trouble_of(cause)
        raise trouble

    def prompt_up(self) -> None:
        """The key waits for a touch, or for the finger that was announced."""
        self._says(Phase.FINGER if self._finger else Phase.TOUCH)
        self._finger = False

    def request_uv(self, permissions: ClientPin.PERMISSION, rp_id: str | None) -> bool:
        """The key's own sensor is asked first."""
        self._finger = True
        self._says(Phase.FINGER)
        return True

    def request_pin(self, permissions: ClientPin.PERMISSION, rp_id: str | None) -> str:
        """The PIN, for this one call. Raises KeyTrouble instead of using up the last tries."""
        self._finger = False
        if self._ctap2 is None or self._ctap2.info.force_pin_change:
            raise KeyTrouble(Kind.PIN_CHANGE)
        for _ in range(_MOST):
            tries, replug = pin_tries(self._ctap2)
            if tries == 0:
                raise KeyTrouble(Kind.PIN_BLOCKED)
            if replug:
                raise KeyTrouble(Kind.PIN_REPLUG)
            self._says(Phase.PIN)
            self._asked = True
            given = self._hands.pin(PinAsked(tries, self._wrong))
            if self._hands.given_up():
                raise KeyTrouble(Kind.CANCELLED)
            if given is None:
                raise KeyTrouble(Kind.PIN_CANCELLED)
            if self._channel.left <= 0:
                raise KeyTrouble(Kind.SERVER_CHALLENGE)
            pin = as_sent(given)
            if pin is not None:
                self._says(Phase.WORKING)
                return pin
            self._wrong = True  # it cannot be the key's: no try is spent on it
        raise KeyTrouble(Kind.PIN_WRONG)

    def _says(self, phase: Phase) -> None:
        self._hands.waits(phase, self._channel.left)


def shortest_pin(ctap2: Ctap2) -> int:
    """In characters (code points), within what the format allows."""
    return min(LONGEST_PIN, max(SHORTEST_PIN, int(ctap2.info.min_pin_length)))


def pin_tries(ctap2: Ctap2) -> tuple[int | None, bool]:
    """How often a wrong PIN may still be given, None if the key does not tell; whether it wants
    to be unplugged first (CTAP 2.1, 6.5.5.2 getPINRetries).
    """
    try:
        tries, replug = ClientPin(ctap2).get_pin_retries()
    except (CtapError, ValueError, LookupError, TypeError):
        return None, False
    if isinstance(tries, bool) or not isinstance(tries, int) or not 0 <= tries <= 0xFF:
        return None, bool(replug)
    return tries, bool(replug)
