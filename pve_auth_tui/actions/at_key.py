"""Somebody at a terminal who has a security key at hand: which one, its PIN, ctrl+c."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from pve_auth_tui.actions.signals import on_signals
from pve_auth_tui.arguments import FAILED, INTERRUPTED
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.keys import TOUCHES, Phase, PinAsked, Scan
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import label, scan_lines, tries_left
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.ports import Hands, SecurityKeys
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.webauthn import timed
from pve_auth_tui.core.webauthnorigin import Settings, client_origin
from pve_auth_tui.core.words import listed

_GIVEN_UP: Final = "Given up: the key is left alone."


class TerminalHands:
    """A `core.ports.Hands`: phases are told on stderr, the PIN is asked for without echo.

    `given_up` becomes true by `give_up`, which a signal's handler may call.
    """

    def __init__(self, asked: Answers, *, many: bool = True) -> None:
        self._asked = asked
        self._many = many  # somebody is there to be asked again
        self._gone = False
        self._told: Phase | None = None
        self.is_asking = False

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        """One line for each phase, and not twice the same."""
        if phase is self._told:
            return
        self._told = phase
        if phase is Phase.PIN or self._gone:
            return  # the question itself says it
        left = f" {seconds:.0f} s are left." if phase in TOUCHES and seconds else ""
        _tell(f"{phase.value}{left}")

    def pin(self, asked: PinAsked) -> Secret | None:
        """What is typed; None for nothing, and where a wrong one cannot be typed again."""
        self._told = Phase.PIN
        if asked.wrong and not self._many:
            raise KeyTrouble(Kind.PIN_WRONG)
        wrong = "That is not the key's PIN. " if asked.wrong else ""
        tries = "" if asked.tries is None else f" ({tries_left(asked.tries)})"
        self.is_asking = True
        try:
            typed = self._asked.line(f"{wrong}PIN of the security key{tries}: ")
        except KeyboardInterrupt:
            self._gone = True
            return None
        except UsageError:
            return None
        finally:
            self.is_asking = False
        return Secret(typed) if typed else None

    def given_up(self) -> bool:
        return self._gone

    def give_up(self) -> None:
        """The key is left alone at the next look, within a second."""
        self._gone = True


@contextmanager
def cancelled_by_signals(
    hands: TerminalHands, stop: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Within: ctrl+c, SIGTERM and a lost terminal give up the key, and call `stop`."""

    def give_up() -> None:
        hands.give_up()
        stop()
        if hands.is_asking:
            raise KeyboardInterrupt  # a line that is being read would wait on

    with on_signals(give_up, _GIVEN_UP):
        yield


def chosen(keys: SecurityKeys, path: str, hands: Hands) -> str:
    """The path of the key to use: the one that was named, the only one, or the one touched.

    Raises KeyTrouble; AuthTuiError where there is none, with what the scan says.
    """
    scan = keys.scan()
    paths = [place.path for place in scan.keys]
    if path:
        if path in paths:
            return path
        if path in scan.denied:
            raise KeyTrouble(Kind.NOT_ALLOWED)
        known = f"There is: {listed(paths, 8)}." if paths else _first(scan)
        raise UsageError(f"{path} is no security key.", known)
    if not paths:
        raise AuthTuiError(_first(scan), _hints(scan))
    if len(paths) == 1:
        return paths[0]
    _tell(f"{len(paths)} keys: {listed([label(place) for place in scan.keys], 8)}.")
    _tell("Touch the one to use.")
    return keys.touched(paths, hands)


def there_is_one(keys: SecurityKeys) -> bool:
    """Whether a key is plugged in that can be asked."""
    try:
        return bool(keys.scan().keys)
    except KeyTrouble:
        return False


def _first(scan: Scan) -> str:
    return next((one.text for one in scan_lines(scan)), "There is no security key.")


def _hints(scan: Scan) -> str:
    first, *others = scan_lines(scan)
    sentences = [first.fix, *(f"{one.text} {one.fix}" for one in others)]
    return " ".join(filter(None, sentences))


def login_key(
    keys: SecurityKeys, asked: Answers, host: str
) -> Callable[[Challenge], Secret | None]:
    """What answers a login's question at another host with a key in this machine's USB.

    `host`: name and port as in a browser's address bar, which decides whether a key can be used.
    Raises AuthTuiError and KeyTrouble.
    """

    def answered(challenge: Challenge) -> Secret | None:
        if challenge.webauthn is None:
            return None
        origin = client_origin(Settings(host, str(challenge.webauthn.get("rpId", ""))), host)
        hands = TerminalHands(asked)
        with cancelled_by_signals(hands):
            key = keys.open(chosen(keys, "", hands))
            try:
                signed = key.sign(timed(challenge.webauthn), origin, hands)
            finally:
                key.close()
        return None if hands.given_up() else Secret(f"webauthn:{signed.value}")

    return answered


def code_of(trouble: KeyTrouble) -> int:
    """130 for whoever gave up, else 1."""
    return INTERRUPTED if trouble.kind is Kind.CANCELLED else FAILED


def _tell(text: str) -> None:
    with suppress(OSError, ValueError):
        if sys.stderr:
            sys.stderr.write(f"{plain(text)}\n")
            sys.stderr.flush()
