"""What was applied, and the way back from it: history, undo, keep (security.md R13 to R15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pve_auth_tui.core.applied import Applied
from pve_auth_tui.core.changed import Changed, CodeOf
from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.core.journal import Entry
from pve_auth_tui.core.objects import NEW, Key, record
from pve_auth_tui.core.plan import Draft, Intent
from pve_auth_tui.core.ports import Authenticator, Clock, Journal, Saved, Timers
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.undo import age_rule, undo_intent

_GRACE: Final = 120.0  # seconds after its time in which a timer may still be at work
_CREATED: Final = 60.0  # seconds that PVE's clock and ours may differ


@dataclass(frozen=True)
class UndoOf:
    """An Intent: takes the plan `plan` back. `typed`: what must be typed for it, "" for nothing."""

    plan: str
    typed: str
    intent: Intent

    def __call__(self, snapshot: Snapshot) -> Draft:
        return self.intent(snapshot)


class Undoing:
    """Records of applied plans, and what is done with them. Who calls holds `Saved.exclusively`
    where something is written.
    """

    def __init__(
        self,
        saved: Saved,
        journal: Journal,
        clock: Clock,
        timers: Timers | None,
        authenticator: Authenticator | None,
    ) -> None:
        self._saved = saved
        self._journal = journal
        self._clock = clock
        self._timers = timers
        self._authenticator = authenticator

    # --- what there is -------------------------------------------------------------------

    def history(self) -> tuple[Applied, ...]:
        """Every plan that changed something, the last one first. Raises Unreadable."""
        return tuple(one for one in reversed(self._saved.all()) if one.changes)

    def find(self, plan: str) -> Applied:
        """By its id; without one the last that is neither taken back nor itself such an undo.

        Who takes an undo back has made the change again. Raises Refused.
        """
        history = self.history()
        undoes = {one.id: one.undoes for one in history}
        for one in history:
            if one.id == plan or (not plan and not one.undone and not _is_undo(one.id, undoes)):
                return one
        if plan:
            raise Refused(f"There is no applied plan {plan} here.", "See: undo --list.")
        raise Refused("There is nothing to take back.", "Only what this program changed is.")

    def armed(self) -> tuple[Applied, ...]:
        """What takes itself back unless it is kept, and what should have but did not."""
        found = tuple(one for one in self.history() if one.armed_until is not None)
        for one in found:
            if self.missed(one) and not self._told_missed(one):
                self.tell(Entry("expired", one.id, one.title, outcome="was not taken back"))
        return found

    def missed(self, applied: Applied) -> bool:
        """Whether it should have taken itself back by now: a restart, no quorum, a refusal."""
        until = applied.armed_until
        return until is not None and self._clock.now() > until + _GRACE

    def _told_missed(self, applied: Applied) -> bool:
        try:
            written = self._journal.read()
        except AuthTuiError:
            return True  # it can be told of on the screen all the same
        return any(w.entry.event == "expired" and w.entry.plan == applied.id for w in written)

    # --- the way back ----------------------------------------------------------------------

    def undo(self, plan: str) -> UndoOf:
        """What takes it back; the Intent itself raises what `core.undo.undo_intent` raises.

        Raises Refused when there is nothing, or it is too old (R14).
        """
        applied = self.find(plan)
        age = age_rule(applied, self._clock.now())
        if age.refusal:
            raise Refused(age.refusal)
        return replace(self.inverse(applied), typed=age.confirm)

    def inverse(self, applied: Applied) -> UndoOf:
        """The same, whatever its age: for its timer."""
        return UndoOf(applied.id, "", self._intent(applied))

    def _intent(self, applied: Applied) -> Intent:
        def intent(snapshot: Snapshot) -> Draft:
            known = applied if applied.complete else settled(applied, snapshot)
            if not known.changes:
                raise Refused(f"Nothing of it was done: {applied.title}.")
            material = self._saved.material(applied.id)
            now = self._clock.now()
            return undo_intent(known, material, now=now, code_of=self.code_of)(snapshot)

        return intent

    @property
    def code_of(self) -> CodeOf | None:
        """The code of a TOTP entry as its device shows it now; None where nobody computes it."""
        authenticator = self._authenticator
        if authenticator is None:
            return None
        return lambda totp: authenticator.code(totp, self._clock.now())

    # --- states ------------------------------------------------------------------------------

    def was_undone(self, plan: str) -> None:
        """Its timer and its secrets are not needed any more."""
        applied = self.find(plan)
        self._saved.put(replace(applied, undone=True, armed_until=None))
        self._saved.wipe(plan)
        if applied.armed_until is not None:
            self.disarm(plan)

    def keep(self, plan: str) -> Applied:
        """It does not take itself back; its secrets are wiped (R13). Raises Refused."""
        applied = self.find(plan)
        if applied.armed_until is None:
            raise Refused("It does not take itself back (any more), so there is nothing to keep.")
        kept = replace(applied, armed_until=None)
        self._saved.put(kept)  # from now on its timer does nothing
        self._saved.wipe(plan)
        self.disarm(plan)
        self.tell(Entry("kept", plan, applied.title))
        return kept

    def purge(self) -> int:
        """Forget what undo needs, of all plans; of how many there was something.

        Raises Refused while one of them takes itself back.
        """
        left = [one for one in self._saved.all() if not one.purged and one.changes]
        for one in left:
            if one.armed_until is not None:
                told = f"This takes itself back unless it is kept: {one.title}."
                raise Refused(f"{told} So nothing was removed.", f"Keep it first: keep {one.id}")
        for one in left:
            self._saved.put(replace(one, purged=True))
        self._saved.wipe()
        self.tell(Entry("purged", "", "what undo needs", text=f"{len(left)} plans"))
        return len(left)

    def disarm(self, plan: str) -> None:
        """Raises Refused when the timer cannot be ended."""
        if self._timers:
            self._timers.disarm(plan)

    def tell(self, entry: Entry) -> None:
        """What happened to a plan afterwards. Raises Unwritable."""
        self._journal.write(entry)


def _is_undo(plan: str, undoes: Mapping[str, str]) -> bool:
    """`undoes`: which plan each takes back, "" for none. To take an undo back is none."""
    taken_back = undoes.get(plan, "")
    return bool(taken_back) and not _is_undo(taken_back, undoes)


def settled(applied: Applied, snapshot: Snapshot) -> Applied:
    """A plan that nobody saw the end of: only what really changed by now, under its real names."""
    changes = []
    for one in applied.changes:
        key = _real_key(one, applied.time, snapshot)
        if key is not None and record(snapshot, key) != one.before:
            changes.append(Changed(key, one.before, one.after))
    return replace(applied, changes=tuple(changes))


def _real_key(one: Changed, since: float, snapshot: Snapshot) -> Key | None:
    """A new second factor has no name of its own in a forecast: None when it was not added."""
    if one.key.kind != "factor" or not one.key.part.startswith(NEW):
        return one.key
    user = snapshot.tfa.value.users.get(one.key.name) if snapshot.tfa.value else None
    for entry in user.entries if user else ():
        key = Key("factor", one.key.name, entry.id)
        if entry.created >= since - _CREATED and record(snapshot, key) == one.after:
            return key
    return None
