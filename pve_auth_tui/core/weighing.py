"""How a change is taken back, and how much it therefore asks of whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pve_auth_tui.core.changed import Changed
from pve_auth_tui.core.effects.targets import Target, targets
from pve_auth_tui.core.objects import Key, record
from pve_auth_tui.core.plan import ApiCall, Step, SyncCall, TakeBack, Weight
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.takeback import beyond_records, changed, material_of, way_back
from pve_auth_tui.core.threeway import hanging_on, without_heirs
from pve_auth_tui.core.webauthnsettings import broken_by, settings_of

MOST: Final = 10
"""A plan with more objects than these is HEAVY."""

_WEBAUTHN: Final = Key("option", "webauthn")
_WITH_THE_USER: Final = frozenset({"password", "token", "factor", "lock"})


@dataclass(frozen=True, slots=True)
class Deed:
    """Some steps, with the pictures before and after them. `differ`: the objects that differ.

    `unforeseen`: there are steps whose effects nobody can foretell. `now` in seconds since 1970.
    """

    steps: Sequence[Step]
    before: Snapshot
    after: Snapshot
    differ: Sequence[Key]
    now: float
    unforeseen: bool = False


def back_of(deed: Deed) -> TakeBack:
    """The way back by records, with what no record shows among what is lost."""
    changes = changed(deed.before, deed.after, deed.differ)
    stay: tuple[str, ...] = ()
    if is_sync(deed.steps):
        changes, stay = without_heirs(deed.after, changes)
    material = material_of(deed.before, changes)
    back = way_back(changes, material, deed.after, now=deed.now)
    if hanging := hanging_on(deed.after, changes):
        why = tuple(f"{text}. It would go with it, so nothing is taken back." for text in hanging)
        back = TakeBack((), why)
    listed = tuple(_listed_before(deed.before, changes))
    lost = [*back.lost, *stay, *listed, *beyond_records(deed.steps, changes)]
    if deed.unforeseen:
        lost.append("What cannot be foretold is not taken back.")
    if _notes(deed.before) != _notes(deed.after):
        lost.append("The old notes of the datacenter are not taken back.")
    return TakeBack(back.steps, tuple(dict.fromkeys(lost)), back.anew.union(listed))


def is_sync(steps: Sequence[Step]) -> bool:
    """Does a plan sync a realm? Then one user who cannot go again keeps nobody else."""
    return any(isinstance(step, SyncCall) for step in steps)


def _listed_before(before: Snapshot, changes: Sequence[Changed]) -> Iterator[str]:
    """A group may list a name before there is such a user; PVE takes it out with the user."""
    made = {one.key.name for one in changes if one.key.kind == "user" and one.was_made}
    groups = before.access.value.groups.values() if before.access.value and made else ()
    for group in groups:
        for name in sorted(made.intersection(group.members)):
            yield f"Group {group.id} does not list the name {name} any more."


def weight_of(deed: Deed, back: TakeBack, *, refused: bool, takes: bool) -> Weight:
    """SMALL: one object, nothing lost, nobody loses rights. HEAVY: more than MOST objects,
    something that cannot be taken back (nobody misses a lock), security keys that end,
    or refused by the guard.

    `takes`: somebody loses a privilege or a login.
    """
    count = max(len(targets(deed.steps)), objects_of(deed))
    if refused or count > MOST or _ends_keys(deed):
        return Weight.HEAVY
    if back.gone and _gone_without_locks(deed):
        return Weight.HEAVY
    if count <= 1 and not back.lost and not takes:
        return Weight.SMALL
    return Weight.ORDINARY


def _ends_keys(deed: Deed) -> bool:
    """Another WebAuthn ID: one object, and every key of everybody (reference 8.1)."""
    if _WEBAUTHN not in deed.differ:
        return False
    return bool(broken_by(deed.before, settings_of(deed.after)))


def objects_of(deed: Deed) -> int:
    """How many objects change, as an admin counts: a membership is the user's, and what belongs
    to a user whose record changes, too, is not counted again.
    """
    users = {key.name for key in deed.differ if key.kind == "user"}
    count = 0
    for key in deed.differ:
        owner = key.name.rpartition("!")[0] if key.kind == "token" else key.name
        if not (key.kind in _WITH_THE_USER and owner in users):
            count += not _only_members(deed, key)
    return count


def word_to_type(named: Sequence[Target], *, refused: bool) -> str:
    """What runs a HEAVY plan: the name of its object, or how many there are.

    Whoever overrides the guard types the name of what is changed (first).
    """
    return named[0].name if refused or len(named) == 1 else str(len(named))


def _gone_without_locks(deed: Deed) -> tuple[str, ...]:
    steps = [step for step in deed.steps if not _is_unlock(step)]
    differ = [key for key in deed.differ if key.kind != "lock"]
    return back_of(replace(deed, steps=steps, differ=differ)).gone


def _is_unlock(step: Step) -> bool:
    return isinstance(step, ApiCall) and step.path[-1:] == ("unlock-tfa",)


def _only_members(deed: Deed, key: Key) -> bool:
    if key.kind != "group":
        return False
    old, new = record(deed.before, key), record(deed.after, key)
    return old is not None and new is not None and old["comment"] == new["comment"]


def _notes(snapshot: Snapshot) -> str:
    return snapshot.datacenter.value.notes if snapshot.datacenter.value else ""
