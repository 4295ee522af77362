"""Care for plugged-in security keys: what each is, whose entries it holds, its PIN.

Nothing here resets a key: that deletes every account on it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from pve_auth_tui.core.errors import Refused, Unwritable, UsageError
from pve_auth_tui.core.keys import KeyInfo, KeyPlace, PinState, Scan
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import (
    is_blocked,
    label,
    normal_pin,
    old_pin_problem,
    pin_problem,
    tries_left,
)
from pve_auth_tui.core.ports import Clock, Journal, SecurityKey, SecurityKeys
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.steps import Story, entry

_NOBODY_KNOWS: Final = frozenset({Kind.UNPLUGGED, Kind.SILENT})
"""After these a PIN may have been changed or not."""


@dataclass(frozen=True, slots=True)
class Plugged:
    """One key that is plugged in. `info.problem` says why it could not be asked."""

    info: KeyInfo


@dataclass(frozen=True, slots=True)
class Care:
    """Everything that is plugged in."""

    scan: Scan
    keys: tuple[Plugged, ...] = ()


class KeyCareService:
    """Blocking, safe from several threads: no two of them have a key open at once."""

    def __init__(self, keys: SecurityKeys, journal: Journal, clock: Clock) -> None:
        self._keys = keys
        self._journal = journal
        self._clock = clock
        self._claim = threading.Lock()

    def scan(self) -> Scan:
        """What is plugged in now; opens no key."""
        return self._keys.scan()

    def list(self) -> Care:
        """Every plugged-in key, opened one after the other and closed at once."""
        scan = self.scan()
        return Care(scan, tuple(self.look(place) for place in scan.keys))

    def look(self, place: KeyPlace) -> Plugged:
        """One key. Never raises KeyTrouble: one that cannot be asked says why."""
        try:
            with self._opened(place.path) as key:
                return Plugged(_at(place, key.info()))
        except KeyTrouble as error:
            return Plugged(_silent(place, error))

    # --- PINs --------------------------------------------------------------------------------

    def change_pin(self, path: str, new: Secret, old: Secret | None = None) -> KeyInfo:
        """The first PIN of a key, or with `old` another one; what the key says of itself then.

        What cannot be right is found here and costs no try. Raises KeyTrouble: PIN_WRONG with the
        tries that are left, UNPLUGGED and SILENT when nobody knows which PIN it has now;
        UsageError, and Refused when the journal takes no entries: then nothing was done.
        """
        with self._opened(path) as key:
            info = key.info()
            _require(info, new, old)
            had_one = info.pin is PinState.SET
            what = f"{'change' if had_one else 'set'} the PIN of {label(info.place)}"
            story = Story(self._journal, self._act(), what)
            self._begin(story, what)
            try:
                key.set_pin(normal_pin(new), normal_pin(old) if old and had_one else None)
            except KeyTrouble as error:
                unsure = error.kind in _NOBODY_KNOWS
                _end(story, f"{'unsure' if unsure else 'failed'}: {error.kind.value}")
                raise _told(error, key) from None
            _end(story, "ok")
            try:
                return key.info()
            except KeyTrouble as error:  # it was unplugged since: that the PIN is set stays true
                return _silent(info.place, error)

    def _begin(self, story: Story, what: str) -> None:
        try:
            story.tell(entry("intent", step=1, text=what))
        except Unwritable as error:
            told = f"The journal takes no entries, so nothing was changed: {error}"
            raise Refused(told, error.hint) from error

    def _act(self) -> str:
        """What names it in the journal: no plan of PVE's, so nothing of it can be undone."""
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"

    @contextmanager
    def _opened(self, path: str) -> Iterator[SecurityKey]:
        with self._claim:
            key = self._keys.open(path)
            try:
                yield key
            finally:
                key.close()


def _at(place: KeyPlace, info: KeyInfo) -> KeyInfo:
    """A key need not tell again where it is."""
    return info if info.place.path == place.path else replace(info, place=place)


def _silent(place: KeyPlace, error: KeyTrouble) -> KeyInfo:
    return KeyInfo(place, problem=f"{error} {error.hint}".strip())


def _require(info: KeyInfo, new: Secret, old: Secret | None) -> None:
    """Nothing that can be known beforehand is left to the key, which counts tries."""
    if info.pin is PinState.UNSUPPORTED:
        raise KeyTrouble(
            Kind.UNSUPPORTED,
            message="This key cannot have a PIN.",
            hint="It works with a touch alone.",
        )
    if is_blocked(info):
        raise KeyTrouble(Kind.PIN_BLOCKED)
    if info.needs_replug:
        raise KeyTrouble(Kind.PIN_REPLUG)
    if info.pin is PinState.SET:
        if old is None:
            raise UsageError("The key has a PIN already.", "Give that one, too.")
        if problem := old_pin_problem(old):
            raise UsageError(problem, "Nothing was sent to the key.")
    found = pin_problem(new, info)
    if found is not None and found.word == "BAD":
        raise UsageError(found.text, "Nothing was sent to the key.")


def _told(error: KeyTrouble, key: SecurityKey) -> KeyTrouble:
    """The same, with what is to be known next."""
    if error.kind in _NOBODY_KNOWS:
        return KeyTrouble(
            error.kind,
            error.original,
            message=f"{error} Nobody knows which PIN it has now.",
            hint="Plug it in again and look at its tries; type the new PIN first.",
        )
    if error.kind is not Kind.PIN_WRONG:
        return error
    tries: int | None = None
    with suppress(KeyTrouble):
        tries = key.info().pin_tries
    if tries is None:
        return error
    return KeyTrouble(
        Kind.PIN_WRONG if tries > 0 else Kind.PIN_BLOCKED,
        error.original,
        message=f"That is not the key's PIN: {tries_left(tries)}.",
        hint="" if tries > 1 else last_try(tries),
    )


def last_try(tries: int) -> str:
    """What a wrong PIN would do now; "" while there are more tries."""
    if tries > 1:
        return ""
    if tries == 1:
        return "Another wrong one blocks the PIN for good."
    return "Only a reset helps, and it deletes every account on the key."


def _end(story: Story, outcome: str) -> None:
    """What came of it; the key has done it, whether the journal takes that or not."""
    with suppress(Unwritable):
        story.tell(entry("result", step=1, outcome=outcome))
        story.tell(entry("end", outcome=outcome))
