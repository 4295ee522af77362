"""authenticatorClientPIN (CTAP 2.1, 6.5): the PIN, the finger, and tokens that stand for them."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pve_auth_tui.simnode.softkey.credential import coordinates, new_point
from pve_auth_tui.simnode.softkey.encoding import given, needed
from pve_auth_tui.simnode.softkey.pincrypt import Shared, agree, is_mac
from pve_auth_tui.simnode.softkey.status import Refusal, Status

MAKE, GET = 1, 2  # permissions: makeCredential, getAssertion
MOST_FINGERS: Final = 3
_MOST_TRIES: Final = 8
_IN_A_ROW: Final = 3
_LONGEST: Final = 63
_PADDED: Final = 64


@dataclass
class Token:
    """Somebody was verified; `rp_id` is set when it is first used for one.

    `present`: by a finger, which is as good as a touch.
    """

    protocol: int
    value: bytes
    permissions: int
    rp_id: str | None
    present: bool


class PinDesk:
    """A key's PIN with its tries, and those of fingers.

    `shortest` in characters; `new`: tokens have permissions (CTAP 2.1).
    """

    def __init__(
        self, *, pin: str | None, protocols: tuple[int, ...], tries: int, shortest: int, new: bool
    ) -> None:
        self.hash = _hashed(pin.encode()) if pin else None
        self.protocols = protocols
        self.tries = tries
        self.shortest = shortest
        self.must_change = False
        self.failures_in_a_row = 0
        self.finger_tries = MOST_FINGERS
        self._has_permissions = new  # FIDO_2_1
        self._agreement = new_point()
        self._token: Token | None = None

    @property
    def waits_for_replug(self) -> bool:
        """After three wrong PINs in a row."""
        return self.failures_in_a_row >= _IN_A_ROW

    def fail_three_times(self) -> None:
        """As if somebody had typed three wrong PINs."""
        self.tries = max(0, self.tries - _IN_A_ROW)
        self.failures_in_a_row = _IN_A_ROW

    def power_cycle(self) -> None:
        """Pulled and plugged in again: three wrong ones in a row are forgiven."""
        self.failures_in_a_row = 0
        self._token = None
        self._agreement = new_point()

    def reset(self) -> None:
        """As made: no PIN."""
        self.hash, self.tries, self.must_change = None, _MOST_TRIES, False
        self.power_cycle()

    def answer(
        self, arguments: Mapping[Any, Any], finger: Callable[[], None] | None
    ) -> dict[int, Any] | None:
        """One subcommand; `finger` waits for one and raises Refusal. Raises Refusal."""
        match needed(arguments, 2, int):
            case 1:
                return {3: self.tries, **({4: True} if self.waits_for_replug else {})}
            case 2:
                self._protocol(arguments)
                return {1: {1: 2, 3: -25, **coordinates(self._agreement)}}
            case 3:
                self._set(arguments)
                return None
            case 4:
                self._change(arguments)
                return None
            case 5:
                return self._by_pin(arguments, MAKE | GET)
            case 6 if self._has_permissions and finger:
                shared, permissions = self._shared(arguments), self._permissions(arguments)
                finger()
                return self._issue(shared, permissions, given(arguments, 10, str), present=True)
            case 7 if finger:
                return {5: self.finger_tries}
            case 9 if self._has_permissions:
                return self._by_pin(arguments, self._permissions(arguments))
        raise Refusal(Status.INVALID_SUBCOMMAND)

    def verified(
        self, param: bytes | None, protocol: int | None, message: bytes, need: int, rp_id: str
    ) -> bool:
        """Whether a token says so; no `param`: no. Raises Refusal for a wrong one."""
        if param is None:
            return False
        if protocol is None:
            raise Refusal(Status.MISSING_PARAMETER)
        if protocol not in self.protocols:
            raise Refusal(Status.INVALID_PARAMETER)
        token = self._token
        if (
            token is None
            or token.protocol != protocol
            or not is_mac(protocol, token.value, message, param)
            or not token.permissions & need
            or token.rp_id not in {None, rp_id}
        ):
            raise Refusal(Status.PIN_AUTH_INVALID)
        token.rp_id = rp_id
        return True

    def is_present(self) -> bool:
        """Whether the token that was just verified comes from a finger (6.5.2.1)."""
        return self._token is not None and self._token.present

    def used(self) -> None:
        """After a touch a token is worth nothing (CTAP 2.1, 6.1.2 and 6.2.2)."""
        if self._token and self._has_permissions:
            self._token.permissions = 0

    # --- subcommands -----------------------------------------------------------------

    def _set(self, arguments: Mapping[Any, Any]) -> None:
        shared, padded = self._shared(arguments), needed(arguments, 5, bytes)
        if self.hash is not None or not shared.is_mac(padded, needed(arguments, 4, bytes)):
            raise Refusal(Status.PIN_AUTH_INVALID)
        self._keep(shared.decrypt(padded))

    def _change(self, arguments: Mapping[Any, Any]) -> None:
        shared, padded = self._shared(arguments), needed(arguments, 5, bytes)
        old, mac = needed(arguments, 6, bytes), needed(arguments, 4, bytes)
        if self.hash is None:
            raise Refusal(Status.PIN_NOT_SET)
        if not shared.is_mac(padded + old, mac):
            raise Refusal(Status.PIN_AUTH_INVALID)
        self._check(shared, old)
        self._keep(shared.decrypt(padded))

    def _keep(self, padded: bytes) -> None:
        if len(padded) != _PADDED:
            raise Refusal(Status.INVALID_PARAMETER)
        pin = padded.rstrip(b"\0")
        try:
            length = len(pin.decode())  # in characters
        except UnicodeDecodeError:
            raise Refusal(Status.PIN_POLICY_VIOLATION) from None
        if length < self.shortest or len(pin) > _LONGEST:
            raise Refusal(Status.PIN_POLICY_VIOLATION)
        if self.must_change and _hashed(pin) == self.hash:
            raise Refusal(Status.PIN_POLICY_VIOLATION)
        self.hash, self.tries, self.must_change = _hashed(pin), _MOST_TRIES, False
        self.failures_in_a_row = 0
        self._token = None

    def _by_pin(self, arguments: Mapping[Any, Any], permissions: int) -> dict[int, Any]:
        shared, given_hash = self._shared(arguments), needed(arguments, 6, bytes)
        if self.hash is None:
            raise Refusal(Status.PIN_NOT_SET)
        self._check(shared, given_hash)
        if self.must_change:
            raise Refusal(Status.PIN_POLICY_VIOLATION)
        return self._issue(shared, permissions, given(arguments, 10, str))

    def _check(self, shared: Shared, encrypted: bytes) -> None:
        if self.tries == 0:
            raise Refusal(Status.PIN_BLOCKED)
        if self.waits_for_replug:
            raise Refusal(Status.PIN_AUTH_BLOCKED)
        self.tries -= 1
        if self.hash is None or not hmac.compare_digest(shared.decrypt(encrypted), self.hash):
            self._agreement = new_point()
            self.failures_in_a_row += 1
            if self.tries == 0:
                raise Refusal(Status.PIN_BLOCKED)
            if self.waits_for_replug:
                raise Refusal(Status.PIN_AUTH_BLOCKED)
            raise Refusal(Status.PIN_INVALID)
        self.tries, self.finger_tries = _MOST_TRIES, MOST_FINGERS
        self.failures_in_a_row = 0

    def _permissions(self, arguments: Mapping[Any, Any]) -> int:
        permissions = needed(arguments, 9, int)
        if permissions <= 0:
            raise Refusal(Status.INVALID_PARAMETER)
        if permissions & (MAKE | GET) and given(arguments, 10, str) is None:
            raise Refusal(Status.MISSING_PARAMETER)
        return permissions

    def _issue(
        self, shared: Shared, permissions: int, rp_id: str | None, *, present: bool = False
    ) -> dict[int, Any]:
        self._token = Token(shared.protocol, os.urandom(32), permissions, rp_id, present)
        return {2: shared.encrypt(self._token.value)}

    def _shared(self, arguments: Mapping[Any, Any]) -> Shared:
        return agree(self._protocol(arguments), self._agreement, needed(arguments, 3, dict))

    def _protocol(self, arguments: Mapping[Any, Any]) -> int:
        protocol = needed(arguments, 1, int)
        if protocol not in self.protocols:
            raise Refusal(Status.INVALID_PARAMETER)
        return protocol


def _hashed(pin: bytes) -> bytes:
    return hashlib.sha256(pin).digest()[:16]
