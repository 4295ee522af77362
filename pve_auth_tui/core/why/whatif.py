"""What a change does to everybody's rights: each user and API token before and after, everywhere.

Exact, by PVE's own computation (core.permissions), and quick enough for 10,000 users: only those
whose entries a change touches are looked at (`disturbed`), only on the paths that it can reach
(`zones`), those who have the same entries there together (`standins`), and what simply goes on
further down is not repeated (`rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.effects.rights import Shift
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.objects import differing
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.cases import Case, Cases, Single
from pve_auth_tui.core.why.disturbed import Entries, disturbed, entries_of
from pve_auth_tui.core.why.rows import Delta, Teller, Told
from pve_auth_tui.core.why.standins import Holding, StandIns
from pve_auth_tui.core.why.whocan import access_of
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
    everybody = list(dict.fromkeys((*_subjects(old.config), *_subjects(new.config))))
    pace.look()
    cases = Cases(old, new, found)
    pace.look()
    work = _Work(cases, old, new, pace)
    work.run()
    wake, sleep = _sleepers(everybody, old, new, now)
    return WhatIf(tuple(work.shifts), len(everybody), work.unchanged, wake, sleep)


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


def _subjects(config: UserConfig) -> Iterator[str]:
    for user in config.users.values():
        yield user.id
        for token in user.tokens:
            yield f"{user.id}!{token}"


def _sleepers(
    everybody: Iterable[str], old: Entries, new: Entries, now: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(who wakes, who falls asleep) of those who are there before and after."""
    wake: list[str] = []
    sleep: list[str] = []
    for subject in everybody:
        was, will = _awake(old, subject, now), _awake(new, subject, now)
        if was is not None and will is not None and was != will:
            (wake if will else sleep).append(subject)
    return tuple(sorted(wake)), tuple(sorted(sleep))


def _awake(side: Entries, subject: str, now: float) -> bool | None:
    """Is the account enabled and not expired? None: it does not exist."""
    token = side.token(subject)
    user = side.config.users.get(subject.rpartition("!")[0] if token else subject)
    if user is None:
        return None
    usable = user.enable and not has_expired(user.expire, now)
    return usable and not (token and has_expired(token.expire, now))
