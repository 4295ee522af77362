"""Care for plugged-in security keys: what each is, whose entries it holds, its PIN.

Nothing here resets a key: that deletes every account on it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from pve_auth_tui.core.errors import Refused, Unwritable, UsageError
from pve_auth_tui.core.keyids import Holding, ids_to_try
from pve_auth_tui.core.keypins import LAST_TRY, no_pin_problem, old_pin_problem, pin_problem
from pve_auth_tui.core.keys import KeyInfo, KeyPlace, PinState, Scan
from pve_auth_tui.core.keytrouble import ONLY_RESET, KeyTrouble, Kind
from pve_auth_tui.core.keywords import is_blocked, label, tries_left
from pve_auth_tui.core.ports import Clock, Journal, SecurityKey, SecurityKeys
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.keyasking import LONG, ask
from pve_auth_tui.services.steps import Story
from pve_auth_tui.services.steps import entry as event

_NOBODY_KNOWS: Final = frozenset({Kind.UNPLUGGED, Kind.SILENT})
"""After these a PIN may have been changed or not."""


@dataclass(frozen=True, slots=True)
class Plugged:
    """One key that is plugged in. `info.problem` says why it could not be asked; `held`: whose
    entries it answers to, None where nobody could look. `unasked`: so many stored keys there was
    no time to ask it for.
    """

    info: KeyInfo
    held: tuple[Holding, ...] | None = None
    unasked: int = 0


@dataclass(frozen=True, slots=True)
class Care:
    """Everything that is plugged in."""

    scan: Scan
    keys: tuple[Plugged, ...] = ()


class KeyCareService:
    """Blocking, safe from several threads: no two of them have a key open at once.

    `names`: the full names of the nodes, `pve1.example.com`, as far as they are known.
    """

    def __init__(
        self,
        keys: SecurityKeys,
        journal: Journal,
        clock: Clock,
        names: Callable[[Snapshot], Sequence[str]] = lambda snapshot: (),
    ) -> None:
        self._keys = keys
        self._journal = journal
        self._clock = clock
        self._names = names
        self._claim = threading.Lock()

    def scan(self) -> Scan:
        """What is plugged in now; opens no key."""
        return self._keys.scan()

    def list(self, snapshot: Snapshot | None = None) -> Care:
        """Every plugged-in key, opened one after the other and closed at once; then those that
        may be keys and cannot be opened at all.
        """
        scan = self.scan()
        found = [self.look(place, snapshot) for place in scan.keys]
        return Care(scan, (*found, *refused(scan)))

    def look(
        self,
        place: KeyPlace,
        snapshot: Snapshot | None = None,
        userid: str = "",
        *,
        seconds: float = LONG,
        given_up: Callable[[], bool] = lambda: False,
        on_info: Callable[[KeyInfo], None] = lambda info: None,
    ) -> Plugged:
        """One key, opened once. Never raises KeyTrouble: one that cannot be asked says why.

        `on_info` gets what it says of itself, before it is asked for the entries of `userid`, then
        for `seconds` at most for those of others.
        """
        try:
            with self._opened(place.path) as key:
                info = _at(place, key.info())
                if info.problem:
                    return Plugged(info)
                if snapshot is None or not _is_known(snapshot):
                    return Plugged(info)
                on_info(info)
                rp_ids = ids_to_try(snapshot, self._names(snapshot))
                try:
                    found = ask(key, snapshot, rp_ids, userid, seconds=seconds, given_up=given_up)
                    return Plugged(info, found.held, found.unasked)
                except KeyTrouble as error:  # what it said before stays true
                    return Plugged(replace(info, problem=_sentence(error)))
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
                key.set_pin(new, old if had_one else None)
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
            story.tell(event("intent", step=1, text=what))
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


def refused(scan: Scan) -> tuple[Plugged, ...]:
    """What may be a key and cannot be opened at all."""
    known = {place.path for place in scan.keys}
    trouble = KeyTrouble(Kind.NOT_ALLOWED)
    return tuple(
        Plugged(_silent(KeyPlace(path), trouble)) for path in scan.denied if path not in known
    )


def _at(place: KeyPlace, info: KeyInfo) -> KeyInfo:
    """Where it is, the scan knows."""
    return replace(info, place=place)


def _silent(place: KeyPlace, error: KeyTrouble) -> KeyInfo:
    return KeyInfo(place, problem=_sentence(error))


def _sentence(error: KeyTrouble) -> str:
    return f"{error} {error.hint}".strip()


def _is_known(snapshot: Snapshot) -> bool:
    """Whether the picture holds what is stored of keys: PVE's API tells none of it."""
    tfa = snapshot.tfa.value
    entries = (entry for user in tfa.users.values() for entry in user.entries) if tfa else ()
    return tfa is not None and all(
        one.type != "webauthn" or one.data is not None for one in entries
    )


def _require(info: KeyInfo, new: Secret, old: Secret | None) -> None:
    """Nothing that can be known beforehand is left to the key, which counts tries."""
    if problem := no_pin_problem(info):
        blocked = Kind.PIN_BLOCKED if is_blocked(info) else Kind.PIN_REPLUG
        kind = Kind.UNSUPPORTED if info.pin is PinState.UNSUPPORTED else blocked
        raise KeyTrouble(kind, message=problem, hint="Nothing was sent to the key.")
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
        hint=_THEN.get(tries, "Type it again."),
    )


_THEN: Final = {0: ONLY_RESET, 1: LAST_TRY}
"""What to know with so few tries left."""


def _end(story: Story, outcome: str) -> None:
    """What came of it; the key has done it, whether the journal takes that or not."""
    with suppress(Unwritable):
        story.tell(event("result", step=1, outcome=outcome))
        story.tell(event("end", outcome=outcome))
