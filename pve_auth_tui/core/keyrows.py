"""Plugged-in security keys as a list: the same on the screen and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.keyids import Holding
from pve_auth_tui.core.keys import KeyInfo, KeyPlace
from pve_auth_tui.core.keywords import (
    LONGEST_NAME,
    cut,
    device,
    key_lines,
    key_word,
    label,
    pin_words,
    serial,
    versions,
)
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.words import count_words, listed, yes_no

COLUMNS: Final = (
    Column("Key", 20, grow=True),
    Column("State", 5),
    Column("PIN", 18),
    Column("Holds", 18, grow=True),
    Column("Device", 8),
    Column("Serial", 12, wide=True),
    Column("Versions", 20, wide=True),
)
_WAITS: Final = "reading ..."


def row(info: KeyInfo, held: Sequence[Holding] | None) -> Row:
    """A key that was asked; its path is the row's key. `held` is None where nobody could look."""
    place, state = info.place, state_of(info, held)
    cells = (
        label(place),
        state,
        "" if info.problem else pin_words(info)[0],
        holders(held),
        device(place.path),
        serial(place),
        versions(info),
    )
    return Row(place.path, cells, {"look": yes_no(state in ("LOOK", "BAD"))})


def waiting(place: KeyPlace) -> Row:
    """One that is being asked."""
    cells = (label(place), "", _WAITS, "", device(place.path), serial(place), "")
    return Row(place.path, cells, {"look": "no"})


def state_of(info: KeyInfo, held: Sequence[Holding] | None) -> Word:
    """The worse of what the key says and of what it holds."""
    word = key_word(info)
    return "LOOK" if word == "ok" and any(not one.works for one in held or ()) else word


def lines_of(
    info: KeyInfo, held: Sequence[Holding] | None, today: str, unasked: int = 0
) -> list[Line]:
    """Everything about a key; `today` is the WebAuthn ID of the settings, or "". For `unasked`
    stored keys it was not asked.
    """
    lines = [] if held is None else holding_lines(held, today)
    if unasked:
        keys = count_words(unasked, "older entry", "older entries")
        lines.append(Line(f"not asked for {keys}: that takes too long", "" if lines else "Holds"))
    return key_lines(info, lines)


def as_json(info: KeyInfo, held: Sequence[Holding] | None, unasked: int = 0) -> dict[str, Any]:
    """The same as a value, as the key said it; `holds` is null where nobody could look."""
    place = info.place
    return {
        "path": place.path,
        "product": place.product,
        "serial": place.serial,
        "usb": f"{place.vendor_id:04x}:{place.product_id:04x}",
        "state": state_of(info, held),
        "problem": info.problem,
        "versions": list(info.versions),
        "firmware": info.firmware,
        "transports": list(info.transports),
        "aaguid": info.aaguid,
        "algorithms": list(info.algorithms),
        "pin": info.pin.value,
        "pin_tries": info.pin_tries,
        "shortest_pin": info.min_pin,
        "fingerprints": info.finger.value,
        "needs_replug": info.needs_replug,
        "must_change_pin": info.must_change_pin,
        "holds": None if held is None else [_held_json(one) for one in held],
        "unasked": unasked,
    }


def _held_json(one: Holding) -> dict[str, Any]:
    return {
        "userid": one.userid,
        "entry": one.entry,
        "description": one.description,
        "enable": one.enabled,
        "webauthn_id": one.rp_id,
        "works": one.works,
    }


def holding_lines(holdings: Sequence[Holding], today: str) -> list[Line]:
    """Whose entries a key answers to; `today` is the WebAuthn ID of the settings, or ""."""
    if not holdings:
        text = "no entry of anybody here, as far as it tells without a touch"
        return [Line(text, "Holds")]
    return [
        Line(_held(one, today), "" if at else "Holds", _held_word(one))
        for at, one in enumerate(holdings)
    ]


def _held(one: Holding, today: str) -> str:
    description = cut(one.description, 2 * LONGEST_NAME)
    name = f'{one.userid}: "{description}"'
    if not one.enabled:
        name += ", which is disabled"
    if one.works:
        return name
    now = f"today's ID is {today}" if today else "no ID is set today"
    return f"{name}. It answers under {one.rp_id}, {now}: it cannot log in any more."


def _held_word(one: Holding) -> Word:
    if not one.works:
        return "BAD"
    return "ok" if one.enabled else "-"


def holders(holdings: Sequence[Holding] | None) -> str:
    """Whose entries they are, in a few words: `root@pam and anna@pam`; "" where nobody looked."""
    if holdings is None:
        return ""
    return listed(list(dict.fromkeys(one.userid for one in holdings)), 2) or "-"
