"""Take back what was done: per object, three-way, and not for ever (security.md R14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core import threeway
from pve_auth_tui.core.applied import Applied, applied_of
from pve_auth_tui.core.backfactors import TooSoon
from pve_auth_tui.core.changed import Changed, CodeOf
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.giveback import given_back
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.plan import Draft, Intent
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.takeback import way_back
from pve_auth_tui.core.threeway import BY_HAND
from pve_auth_tui.core.words import count_words, span

__all__ = ["Age", "Applied", "TooSoon", "age_rule", "applied_of", "undo_intent"]

ASKS_AFTER: Final = 3600.0
"""Seconds after which giving something back asks for a typed word (R14)."""
REFUSED_AFTER: Final = 86400.0
"""Seconds after which nothing is given back any more (R14)."""

_SLEW: Final = 60.0  # a clock may be set by so much and mean nothing
_MOST_NAMED: Final = 10


class Age(NamedTuple):
    """Whether a change may still be taken back. `refusal`: why not, "" if it may.

    `confirm`: what is typed before it runs, "" for one key; `reason`: why.
    """

    refusal: str = ""
    confirm: str = ""
    reason: str = ""


def age_rule(applied: Applied, now: float) -> Age:
    """R14: taking away what was added is always allowed, giving something back is not.

    A clock that was set back says nothing about the age: then nothing is given back.
    """
    if not (given_back(applied.changes) or applied.regained):
        return Age()
    age = now - applied.time
    if age < -_SLEW:
        return Age("The clock was set back since: nobody knows how long ago that was. " + BY_HAND)
    if age > REFUSED_AFTER:
        ago = f"It was done {span(age)} ago, and it would give rights, factors or secrets back."
        return Age(f"{ago} After a day that is done by hand.")
    if age > ASKS_AFTER:
        reason = f"It was done {span(age)} ago, and gives rights, factors or secrets back."
        return Age("", applied.title, reason)
    return Age()


def undo_intent(
    applied: Applied,
    material: Mapping[str, Secret],
    *,
    now: float,
    code_of: CodeOf | None,
) -> Intent:
    """What takes a change back, with the picture that is there then.

    The Intent raises Refused when it was undone or purged, is too old (`age_rule`), when an
    object is no longer as the change left it (each is named), when everything is back already,
    or nothing can be brought back; TooSoon when a used code would count again.
    """

    def intent(snapshot: Snapshot) -> Draft:
        _require_open(applied, now)
        left = threeway.left(snapshot, applied.changes, material)
        if not left:
            raise Refused(f"It is back already: {applied.title}.")
        way = way_back(left, material, snapshot, now=now, code_of=code_of or _no_code)
        if not way.steps:
            raise Refused(f"Nothing can be taken back of: {applied.title}.", " ".join(way.lost))
        notes = _notes((*given_back(left), *applied.regained), way.lost)
        return Draft(
            f"take back: {applied.title}", way.steps, (*notes, *_users_left(snapshot, left))
        )

    return intent


def _no_code(totp: Totp) -> Secret:
    raise Refused(
        "A TOTP entry would come back, and nothing here computes its code.",
        "Enrol it anew.",
    )


def _require_open(applied: Applied, now: float) -> None:
    if applied.undone:
        raise Refused(f"It was taken back before: {applied.title}.")
    if applied.purged:
        raise Refused(f"What is needed to take it back was removed: {applied.title}.", BY_HAND)
    if refusal := age_rule(applied, now).refusal:
        raise Refused(refusal)


def _notes(given: Sequence[str], lost: Sequence[str]) -> tuple[Finding, ...]:
    """Everything that comes back, and everything that does not."""
    found = [Finding("LOOK", text) for text in given[:_MOST_NAMED]]
    if len(given) > _MOST_NAMED:
        found.append(Finding("LOOK", f"And {len(given) - _MOST_NAMED} more come back."))
    return (*found, *(Finding("LOOK", text) for text in lost))


def _users_left(snapshot: Snapshot, changes: Sequence[Changed]) -> tuple[Finding, ...]:
    """The users of a realm that is removed again stay, and cannot log in any more."""
    access = snapshot.access.value
    found = []
    for one in changes:
        if one.key.kind == "realm" and one.was_made and access:
            number = sum(user.realm == one.key.name for user in access.users.values())
            if number:
                users = count_words(number, "user", "users")
                found.append(
                    Finding("LOOK", f"{users} of realm {one.key.name} cannot log in any more.")
                )
    return tuple(found)
