"""Carries out the enrolment of a security key: between PVE's two calls the key is at work.

Source: reference/fido.md 2.2, 2.4 and 3.2. A challenge lives for 120 s on one node, so one that
has grown old is asked for anew, silently, by the same call on the same connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pve_auth_tui.core.errors import ApiError, Unreadable
from pve_auth_tui.core.keys import TOUCHES, Phase, PinAsked, Registered
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.plan import ApiCall, KeyCall, Step
from pve_auth_tui.core.ports import Clock, Hands, Runner, SecurityKey
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.webauthn import PATIENCE, Creation, creation_of, timed
from pve_auth_tui.core.webauthnrefusal import server_trouble
from pve_auth_tui.services.keyorigin import Place, require_rp

OLD: Final = 90.0
"""Seconds after which a challenge is no longer given to a key."""


class KeyRunner:
    """A `core.ports.Runner` for one plan of `intents.factors.add_key`, used once.

    `runner` sends the calls; `key` is open; `place` is the ID and the origin that were shown: for
    another ID the key is not asked. A step raises KeyTrouble when the key or PVE ended it, and
    what `runner` raises besides.
    """

    def __init__(
        self, runner: Runner, key: SecurityKey, place: Place, hands: Hands, clock: Clock
    ) -> None:
        self._runner = runner
        self._key = key
        self._place = place
        self._hands = hands
        self._clock = clock
        self._asks: Step | None = None
        self._creation: Creation | None = None
        self._born = 0.0
        self._pin: Secret | None = None

    def run(self, step: Step, on_line: Callable[[str], None]) -> Any:
        """PVE's answer. The last step gets its secrets here, and the first one is remembered."""
        if not isinstance(step, KeyCall):
            return self._ask(step, on_line)
        try:
            return self._store(step, on_line)
        finally:
            self._pin = None

    # --- PVE asks ------------------------------------------------------------------------

    def _ask(self, step: Step, on_line: Callable[[str], None]) -> Any:
        self._require_wanted()
        self._hands.waits(Phase.ASKING)
        born = self._clock.now()
        answer = self._sent(step, on_line)
        text = answer.get("challenge") if isinstance(answer, dict) else None
        try:
            creation = creation_of(text if isinstance(text, str) else "")
        except Unreadable as error:
            raise server_trouble(error) from None
        self._creation, self._asks, self._born = creation, step, born
        return answer

    # --- the key answers -----------------------------------------------------------------

    def _store(self, step: KeyCall, on_line: Callable[[str], None]) -> Any:
        registered, challenge = self._registered(on_line)
        self._require_wanted()
        self._hands.waits(Phase.SENDING)
        made = {"challenge": Secret(challenge), "value": Secret(registered.value)}
        told = {name: value for name, value in step.params.items() if name != "description"}
        return self._sent(ApiCall(step.method, step.path, told, made), on_line)

    def _registered(self, on_line: Callable[[str], None]) -> tuple[Registered, str]:
        while True:
            self._require_wanted()
            if self._asks is None or self._creation is None:
                raise KeyTrouble(Kind.SERVER_CHALLENGE)
            if self._age >= OLD:
                self._ask(self._asks, on_line)
            asked, hands = self._creation, _Timely(self)
            require_rp(asked.rp_id, self._place)
            options = timed(asked.options, self._left)
            try:
                return self._key.register(options, self._place.origin, hands), asked.challenge
            except KeyTrouble:
                if not hands.was_late:
                    raise

    def _require_wanted(self) -> None:
        if self._hands.given_up():
            raise KeyTrouble(Kind.CANCELLED)

    @property
    def _age(self) -> float:
        return self._clock.now() - self._born

    @property
    def _left(self) -> float:
        """Seconds that somebody at the key still has."""
        return max(1.0, PATIENCE - self._age)

    def _sent(self, step: Step, on_line: Callable[[str], None]) -> Any:
        try:
            return self._runner.run(step, on_line)
        except ApiError as error:
            trouble = server_trouble(error)
        if trouble.kind is Kind.SERVER_CHALLENGE and self._age < PATIENCE:
            raise KeyTrouble(
                Kind.SERVER_CHALLENGE,
                trouble.original,
                message=f"PVE does not know the challenge that it gave {self._age:.0f} s ago.",
                hint="Each node keeps its own: if the address leads to several, name one of them"
                " with --host.",
            )
        raise trouble


class _Timely:
    """Hands that know when the challenge ends. A PIN that came too late for it is kept for the
    next one (`was_late`): nobody types it twice.
    """

    def __init__(self, runner: KeyRunner) -> None:
        self._runner = runner
        self.was_late = False

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        left = self._runner._left if phase in TOUCHES else 0.0
        self._runner._hands.waits(phase, left)

    def pin(self, asked: PinAsked) -> Secret | None:
        runner = self._runner
        if runner._pin is not None and not asked.wrong:
            return runner._pin
        runner._pin = runner._hands.pin(asked)
        self.was_late = runner._pin is not None and runner._age >= OLD
        return None if self.was_late else runner._pin

    def given_up(self) -> bool:
        return self._runner._hands.given_up()
