"""A security key's PIN: what it takes, what cannot be right, what to know (CTAP 2.1, 6.5)."""

from __future__ import annotations

from itertools import pairwise
from typing import Final
from unicodedata import normalize

from pve_auth_tui.core.finding import Finding, Word
from pve_auth_tui.core.keys import KeyInfo, PinState
from pve_auth_tui.core.keytrouble import ONLY_RESET
from pve_auth_tui.core.keywords import REPLUG, is_blocked, tries_left, tries_word
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.modhex import holds_code
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.words import count_words

SHORTEST_PIN: Final = 4  # characters, of every key (6.5.1)
LONGEST_PIN: Final = 63  # bytes of UTF-8 (6.5.1)
LAST_TRY: Final = "Another wrong one blocks the PIN for good."


def as_sent(typed: Secret) -> str | None:
    """A PIN as a key gets it (Unicode's form C; CTAP 2.1, 6.5.1); None where no key can have it."""
    pin = _normal(typed)
    try:
        size = len(pin.encode())
    except UnicodeEncodeError:
        return None
    return pin if len(pin) >= SHORTEST_PIN and size <= LONGEST_PIN and "\0" not in pin else None


def _normal(typed: Secret) -> str:
    return normalize("NFC", typed.reveal())


def no_pin_problem(info: KeyInfo) -> str:
    """Why its PIN can be neither set nor changed now; "" when it can."""
    if info.pin is PinState.UNSUPPORTED:
        return "This key cannot have a PIN: it works with a touch alone."
    if is_blocked(info):
        return f"The PIN is blocked. {ONLY_RESET}"
    return REPLUG if info.needs_replug else ""


def pin_problem(new: Secret, info: KeyInfo) -> Finding | None:
    """BAD: the key would not take it; LOOK: it would, and anybody guesses it; None: fine.

    The sentence never repeats the PIN.
    """
    pin = _normal(new)
    least = max(SHORTEST_PIN, info.min_pin)
    if len(pin) < least:
        characters = count_words(least, "character", "characters")
        return Finding("BAD", f"This key wants at least {characters}.")
    if problem := _unusable(pin):
        return Finding("BAD", problem)
    if len(set(pin)) == 1:
        return Finding("LOOK", "All characters are the same: anybody guesses that.")
    if _is_run(pin):
        return Finding("LOOK", "The characters follow one another: anybody guesses that.")
    return None


def pin_remarks(info: KeyInfo, new: Secret) -> list[Line]:
    """What to know before a PIN is sent to a key; `new` is what was typed so far."""
    lines = []
    found = pin_problem(new, info) if new.reveal() else None
    if found is not None and found.word == "LOOK":
        lines.append(Line(found.text, word="LOOK"))
    if info.pin is PinState.SET:
        lines.append(Line(*_tries_remark(info.pin_tries)))
    least = count_words(max(SHORTEST_PIN, info.min_pin), "character", "characters")
    return [
        *lines,
        Line(f"At least {least}: letters are as good as digits. At most {LONGEST_PIN} bytes."),
        Line("What is registered on the key stays. A forgotten PIN cannot be found out."),
        Line("Reset is never offered: it deletes every account on the key."),
    ]


def _tries_remark(tries: int | None) -> tuple[str, str, Word | None]:
    if tries is None:
        return "The key does not tell how many tries are left.", "", None
    if tries == 1:
        return f"{tries_left(tries).capitalize()}. {LAST_TRY}", "", "LOOK"
    return f"{tries_left(tries).capitalize()}.", "", tries_word(tries)


def old_pin_problem(old: Secret) -> str:
    """Why this cannot be the key's PIN, or "": what cannot be right need not cost a try."""
    pin = _normal(old)
    if len(pin) < SHORTEST_PIN:
        characters = count_words(SHORTEST_PIN, "character", "characters")
        return f"Every PIN has at least {characters}; no try was used."
    return _unusable(pin)


def _unusable(pin: str) -> str:
    try:
        length = len(pin.encode())
    except UnicodeEncodeError:
        return "There are characters in it that no key takes."
    if length > LONGEST_PIN:
        return f"A PIN has at most {LONGEST_PIN} bytes; this has {length}."
    if holds_code(pin):
        return "That is what a touched key types by itself; touch it when it is asked for."
    if not pin.isprintable():
        return "There are characters in it that cannot be typed again."
    return ""


def _is_run(pin: str) -> bool:
    """`1234`, `4321`, `abcd`."""
    steps = {ord(after) - ord(before) for before, after in pairwise(pin)}
    return steps in ({1}, {-1})
