"""An enrolment of a security key in words: is the key fit, what is it, what became of it.

Source: reference/fido.md 3.2 (DESCRIBE, ERROR) and 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.keyids import Holding
from pve_auth_tui.core.keys import Finger, KeyInfo, PinState
from pve_auth_tui.core.keytrouble import Back, KeyTrouble, Kind
from pve_auth_tui.core.keywords import is_blocked, label, pin_words
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.words import count_words

_MOST: Final = 3  # entries that are named


def unfit(info: KeyInfo, held: Sequence[Holding], userid: str) -> KeyTrouble | None:
    """Why this key cannot be enrolled for that user as it is now; None when it can be tried.

    A PIN that is never asked for (`verifies` is False) may be in any state.
    """
    if info.problem:
        return silent(info)
    if trouble := already(held, userid):
        return trouble
    if info.must_change_pin:
        return KeyTrouble(Kind.PIN_CHANGE)
    if not info.verifies or info.finger is Finger.ENROLLED:
        return None
    if is_blocked(info):
        return KeyTrouble(Kind.PIN_BLOCKED)
    if info.needs_replug:
        return KeyTrouble(Kind.PIN_REPLUG)
    return KeyTrouble(Kind.PIN_MISSING) if info.pin is PinState.NONE else None


def silent(info: KeyInfo) -> KeyTrouble:
    """What kept a key from being asked; `info.problem` may have its own advice."""
    hint = "Take another key if that stays so."
    return KeyTrouble(Kind.KEY_ERROR, message=info.problem, hint=hint)


def already(held: Sequence[Holding], userid: str) -> KeyTrouble | None:
    """ALREADY, with the entry, for a key that holds one of that user's which works, or would if it
    were enabled.
    """
    mine = next((one for one in held if one.userid == userid and one.works), None)
    if mine is None:
        return None
    off = "" if mine.enabled else ", which is disabled"
    told = f"{userid} has this key already: {mine.description}{off}."
    return KeyTrouble(Kind.ALREADY, message=told)


def key_texts(info: KeyInfo, held: Sequence[Holding] | None, unasked: int = 0) -> tuple[str, ...]:
    """A key in a few lines: product, firmware, PIN, and whose entries it holds already.

    `held` is None where nobody could look; `unasked` stored keys were not asked for. Names in it
    are untrusted.
    """
    parts = [key_name(info)]
    if not info.problem:
        parts.append("U2F, no PIN" if not info.is_ctap2 else f"PIN {pin_words(info)[0]}")
        if info.finger is Finger.ENROLLED:
            parts.append("knows a finger")
    return (", ".join(parts), *_held(held), *((not_asked(unasked),) if unasked else ()))


def key_name(info: KeyInfo) -> str:
    """Product and firmware: what stays as it is while the key works, unlike the tries left."""
    firmware = f", firmware {info.firmware}" if info.firmware and not info.problem else ""
    return f"{label(info.place)}{firmware}"


def not_asked(unasked: int) -> str:
    """What a key was not asked for, because that takes too long."""
    return f"not asked for {count_words(unasked, 'older entry', 'older entries')} of others"


def _held(held: Sequence[Holding] | None) -> tuple[str, ...]:
    texts = []
    for one in (held or ())[:_MOST]:
        off = ", disabled" if not one.enabled else ""
        old = "" if one.works else f", under the WebAuthn ID {one.rp_id}"
        texts.append(f"also enrolled for {one.userid}: {one.description}{off}{old}")
    if held and len(held) > _MOST:
        texts.append(f"and {count_words(len(held) - _MOST, 'more entry', 'more entries')}")
    return tuple(texts)


def what_comes(info: KeyInfo) -> str:
    """What the key will want when it is enrolled, as a sentence."""
    if not info.verifies:
        return "The key will want one touch, and no PIN."
    if info.finger is Finger.ENROLLED:
        other = ", or its PIN and a touch" if info.pin is PinState.SET else ""
        return f"The key will want a finger{other}."
    return "The key will want its PIN, then a touch."


# --- what went wrong --------------------------------------------------------------------------

_NEXT: Final[Mapping[Back, str]] = {
    Back.SETTINGS: "e opens the settings, with a proposal. r looks again.",
    Back.SCAN: "r looks for keys again; so does plugging one in.",
    Back.DESCRIBE: "r asks the key again.",
    Back.CHALLENGE: "r tries again.",
}


def again_at(error: AuthTuiError) -> Back | None:
    """Where trying again begins; None: from the start, for it was no trouble with a key.

    What was given up can be taken up again with the same plan, and where a key's PIN is blocked,
    another key can take its place: so nothing is Back.CLOSE here.
    """
    if not isinstance(error, KeyTrouble):
        return None
    if error.kind is Kind.PIN_BLOCKED:
        return Back.SCAN
    return Back.CHALLENGE if error.back is Back.CLOSE else error.back


def what_next(error: AuthTuiError) -> str:
    """What trying again does, as sentences."""
    back = again_at(error)
    told = _NEXT[back] if back else "r begins again."
    return f"{told} o shows the original text." if error.original else told


def given_up(error: AuthTuiError) -> bool:
    """Whether somebody wanted it to end."""
    return isinstance(error, KeyTrouble) and error.kind in (Kind.CANCELLED, Kind.PIN_CANCELLED)


def word_of(error: AuthTuiError) -> Word:
    """The state of the stage at which it ended."""
    return "-" if given_up(error) else "BAD"


def trouble_lines(error: AuthTuiError, stays: str = "") -> tuple[Line, ...]:
    """What happened, what to do, and what is left of it on the node (`stays`, where it is known:
    that is more exact than the usual word on what was given up).
    """
    hint = "" if stays and given_up(error) else error.hint
    lines = (Line(str(error), word=word_of(error)), Line(hint), Line(stays))
    return tuple(line for line in lines if line.text)
