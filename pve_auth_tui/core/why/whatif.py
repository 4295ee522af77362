"""What a change does to everybody's rights: each user and API token before and after, everywhere.

Exact, by PVE's own computation (core.permissions), and quick enough for 10,000 users: only those
whose entries a change touches are looked at (`disturbed`), only on the paths that it can reach
(`zones`), those who have the same entries there together (`standins`), and what simply goes on
further down is not repeated (`rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.effects.rights import Shift
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.objects import Key, differing
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.asked import access_of
from pve_auth_tui.core.why.cases import Case, Cases, Single
from pve_auth_tui.core.why.disturbed import Entries, disturbed, entries_of
from pve_auth_tui.core.why.rows import Delta, Teller, Told
from pve_auth_tui.core.why.standins import Holding, StandIns
from pve_auth_tui.core.words import has_expired

Progress = Callable[[int, int], None]
_TURN = 100  # subjects between two looks at `stop`: a few milliseconds


class Stopped(AuthTuiError):
    """Somebody did not want to wait for the answer."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`shifts`: who gains or loses something, by name. `asked`: of how many users and API tokens.

    What a Shift says of a path holds for all below it, down to the next path that is named: in
    the Shift with another change, or in `unchanged` (subject -> paths where nothing changes
    although it does above them). `/vms/*` is what lies below /vms when that differs from /vms.
    `wake` and `sleep`: who keeps an account and can use its rights from then on, or no longer,
    because it is enabled, disabled, or expires.
    """

    shifts: tuple[Shift, ...]
    asked: int
    unchanged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wake: tuple[str, ...] = ()
    sleep: tuple[str, ...] = ()


def what_if(
    before: Snapshot,
    after: Snapshot,
    *,
    now: float,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> WhatIf:
    """Everybody, on all paths. `now` in seconds since 1970.

    `progress(done, of)` is called many times a second, with growing `done`; `stop()` is asked as
    often. Raises Stopped when that says so, Refused where either picture has no users and
    permissions.
    """
    pace = _Pace(progress, stop)
    old = entries_of(access_of(before))
    pace.look()
    new = entries_of(access_of(after))
    pace.look()
    keys = differing(before, after)
    pace.look()
    found = disturbed(keys, old, new)
    pace.look()
    pace.look()
    cases = Cases(old, new, found)
    pace.look()
    work = _Work(cases, old, new, pace)
    work.run()
    wake, sleep = _sleepers(keys, old, new, now)
    asked = _number(old.config, new.config)
    return WhatIf(tuple(work.shifts), asked, work.unchanged, wake, sleep)


class _Pace:
    def __init__(self, progress: Progress | None, stop: Callable[[], bool] | None) -> None:
        self._progress = progress
        self._stop = stop

    def look(self, done: int = 0, of: int = 0) -> None:
        if self._stop and self._stop():
            raise Stopped("Stopped: what the change does to rights was not worked out.")
        if self._progress and of:
            self._progress(done, of)


class _Work:
    """Asks about each kind of subject once, and tells of everyone who is of that kind."""

    def __init__(self, cases: Cases, old: Entries, new: Entries, pace: _Pace) -> None:
        self._cases = cases
        self._pace = pace
        self._was, self._will = StandIns(old.config), StandIns(new.config)
        self._teller = Teller(cases.paths, self._was, self._will)
        self._deltas: dict[Single, Delta] = {}
        self.shifts: list[Shift] = []
        self.unchanged: dict[str, tuple[str, ...]] = {}

    def run(self) -> None:
        """Fills `shifts` and `unchanged`."""
        subjects = self._cases.subjects()
        steps = 2 * len(subjects)
        kinds: dict[tuple[int, Holding | None, Holding | None], list[tuple[str, Case]]] = {}
        for number, subject in enumerate(subjects):
            if number % _TURN == 0:
                self._pace.look(number, steps)
            case = self._cases.case(subject)
            self._was.add(case.old)
            self._will.add(case.new)
            for _, single in case.singles:
                self._was.add(single.old)
                self._will.add(single.new)
            kinds.setdefault((id(case.zone), case.old, case.new), []).append((subject, case))
        done = len(subjects)
        for alike in kinds.values():
            self._pace.look(done, steps)
            first = alike[0][1]
            told = self._teller.tell(first.zone, first.old, first.new)
            for number, (subject, case) in enumerate(alike):
                if number % _TURN == 0:
                    self._pace.look(done + number, steps)
                self._tell(subject, case, told)
            done += len(alike)
        self._pace.look(steps, steps)
        self.shifts.sort(key=lambda shift: shift.subject)

    def _tell(self, subject: str, case: Case, told: Told) -> None:
        here = {}
        for path, single in case.singles:
            if single not in self._deltas:
                self._deltas[single] = self._teller.delta(single.old, single.new, single.like)
            here[path] = self._deltas[single]
        changes, unchanged = self._teller.adapted(told, here, case.settled)
        if changes:
            self.shifts.append(Shift(subject, changes))
            if unchanged:
                self.unchanged[subject] = unchanged


def _number(old: UserConfig, new: UserConfig) -> int:
    """Of users and tokens, before or after."""
    number = 0
    for userid in old.users.keys() | new.users.keys():
        was, will = old.users.get(userid), new.users.get(userid)
        tokens = was.tokens if was else {}
        if will and will is not was:
            tokens = {**tokens, **will.tokens}
        number += 1 + len(tokens)
    return number


def _sleepers(
    keys: Iterable[Key], old: Entries, new: Entries, now: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(who wakes, who falls asleep) of those who are there before and after."""
    differ = {key.name for key in keys if key.kind in ("user", "token")}
    for userid in list(differ):
        if user := old.config.users.get(userid):
            differ.update(f"{userid}!{token}" for token in user.tokens)
    wake: list[str] = []
    sleep: list[str] = []
    for subject in sorted(differ):
        was, will = _awake(old, subject, now), _awake(new, subject, now)
        if was is not None and will is not None and was != will:
            (wake if will else sleep).append(subject)
    return tuple(wake), tuple(sleep)


def _awake(side: Entries, subject: str, now: float) -> bool | None:
    """Is the account enabled and not expired? None: it does not exist."""
    if not side.exists(subject):
        return None
    token = side.token(subject)
    user = side.config.users[subject.rpartition("!")[0] if token else subject]
    usable = user.enable and not has_expired(user.expire, now)
    return usable and not (token and has_expired(token.expire, now))
