"""What `recover` asks whoever sits at the terminal: what is still there, which way, and why.

The same is taken from options where nobody sits there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.actions import writing
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.recover.astext import numbered
from pve_auth_tui.core.recover.have import Have, guessed
from pve_auth_tui.core.recover.intents import temporary_administrator
from pve_auth_tui.core.recover.ways import WayBack
from pve_auth_tui.core.words import listed
from pve_auth_tui.output import complain

_SHORTEST: Final = 4  # characters of an id that are enough, if they fit one alone
_NONE: Final = "0"


def held_by_options(
    asked: Sequence[Have], have: Sequence[str], lost: Sequence[str]
) -> frozenset[str]:
    """The first guess, corrected by --have and --lost. Raises UsageError for what is not there,
    and for what is both.
    """
    there = {_entry(asked, name) for name in have}
    gone = {_entry(asked, name) for name in lost}
    if both := there & gone:
        raise UsageError(f"{listed(sorted(both))} cannot be both there and lost.")
    return (guessed(asked) | there) - gone


def asked_for_held(asked: Sequence[Have]) -> frozenset[str]:
    """By their numbers; Enter leaves them as they are marked."""
    marked = guessed(asked)
    while True:
        typed = Answers().line("Numbers of these, Enter: as marked, 0: nothing: ", echo=True)
        words = typed.replace(",", " ").split()
        if not words:
            return marked
        if words == [_NONE]:
            return frozenset()
        by_number = {str(number): one.id for number, one in enumerate(asked, 1)}
        if all(word in by_number for word in words):
            return frozenset(by_number[word] for word in words)
        complain(f"Type numbers from 1 to {len(asked)}, such as: 1")


def asked_for_way(ways: Sequence[WayBack]) -> WayBack | None:
    """By its number or id; None with Enter."""
    while True:
        typed = Answers().line("Which way? Its number or id, Enter: none: ", echo=True).strip()
        if not typed:
            return None
        try:
            return way_named(ways, typed)
        except UsageError as error:
            complain(str(error), error.hint)


def asked_for_reason(verdict: str) -> str:
    """Why it is done, for the journal and for everybody who looks there later (R18)."""
    question = f"The reason, for the journal. Enter: {plain(verdict)}\n> "
    return Answers().line(question, echo=True).strip() or verdict


def temporary(options: argparse.Namespace, reason: str, now: float, *, somebody: bool) -> Intent:
    """A second administrator for some hours: --new-user and --hours, and a password that is asked
    for without echo or read from stdin. Raises UsageError.
    """
    userid = options.new_user
    if not userid and somebody:
        userid = Answers().line("Who is to be made, in realm pve: ", echo=True).strip()
    if not userid:
        raise UsageError("Who is to be made?", "For example: --new-user rescue@pve --hours 4")
    password = writing.asked(f"New password of {plain(userid)}", options, twice=True)
    return temporary_administrator(userid, password, options.hours, reason, now=now)


def is_among(ways: Sequence[WayBack], name: str) -> bool:
    """Whether one of them has that id, or that number."""
    return any(name in {way.id, number} for number, way in numbered(ways))


def way_named(ways: Sequence[WayBack], name: str) -> WayBack:
    """By its id, or the number that it is shown with. Raises UsageError."""
    for number, way in numbered(ways):
        if name in {way.id, number} and name != "-":
            return way
    known = listed([way.id for way in ways], len(ways))
    hint = f"There is: {known}" if ways else "There is none to take here."
    raise UsageError(f"{name} is no way back here.", hint)


def _entry(asked: Sequence[Have], name: str) -> str:
    """The id of a second factor, or the beginning of one. Raises UsageError."""
    exact = [one.id for one in asked if one.id == name]
    begins = [one.id for one in asked if len(name) >= _SHORTEST and one.id.startswith(name)]
    found = exact or begins
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{len(found)} ids begin with {name}.", f"Ids: {listed(found)}")
    known = listed([one.id for one in asked], len(asked))
    hint = f"There is: {known}" if asked else "There is no second factor to speak of."
    raise UsageError(f"No second factor has the id {name}.", hint)
