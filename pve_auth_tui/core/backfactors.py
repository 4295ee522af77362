"""The way back of second factors, TFA locks and passwords.

Only a TOTP entry can be added again by whoever has its URI; everything else needs the device
or the user (reference 7). A code that was used must not count again, and the new entry knows
of none: so it is not added before they are all too old (security.md R14b).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from pve_auth_tui.core.changed import Changed, Way, call
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.otpauth import BadUri, Totp, parse
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry

_STEPS_ALLOWED: Final = 1  # PVE takes the code of the period before, too (reference 7.2)
_KINDS: Final[Mapping[str, str]] = {
    "totp": "TOTP",
    "webauthn": "WebAuthn",
    "u2f": "U2F",
    "yubico": "Yubico",
}
_INSTEAD: Final[Mapping[str, str]] = {
    "webauthn": "enrol the key anew",
    "u2f": "enrol the key anew",
    "yubico": "add the YubiKey anew",
}


class TooSoon(Refused):
    """A second factor cannot come back yet: a code of it that was used would count again.

    `seconds` from now it can.
    """

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message, f"Try again in {seconds} seconds.")
        self.seconds = seconds


class Stored(NamedTuple):
    """A TOTP entry as PVE keeps it: its URI, and the last period of which a code was used."""

    uri: str
    last_count: int | None

    @property
    def totp(self) -> Totp:
        """Raises BadUri."""
        return parse(self.uri)


def stored(entry: TfaEntry) -> Stored | None:
    """The secret of an entry that was read from tfa.cfg; PVE's API tells none."""
    data = entry.data
    if entry.type != "totp" or data is None:
        return None
    if isinstance(data, str):
        return Stored(data, None)
    return _read(data)


def _read(data: object) -> Stored | None:
    """An entry after its first login: {"totp": URI, "last-count": n}."""
    if not isinstance(data, Mapping):
        return None
    uri, last = data.get("totp"), data.get("last-count")
    if not isinstance(uri, str) or not (last is None or type(last) is int):
        return None
    return Stored(uri, last)


def material(before: Snapshot, change: Changed) -> Iterator[tuple[str, Secret]]:
    """The secret of a TOTP entry that was removed and can be added again, as JSON."""
    if not _can_come_back(change):
        return
    tfa = before.tfa.value
    user = tfa.users.get(change.key.name) if tfa else None
    for entry in user.entries if user else ():
        found = stored(entry) if entry.id == change.key.part else None
        if found:
            data = {"totp": found.uri, "last-count": found.last_count}
            yield material_name(change.key), Secret(json.dumps(data))


def material_name(key: Key) -> str:
    """Under which name the secret of a factor is kept."""
    return f"factor {key.name} {key.part}"


def _can_come_back(change: Changed) -> bool:
    """PVE's API adds enabled entries only: one that was off would ask for codes."""
    return (
        change.key.kind == "factor"
        and change.was_removed
        and change.back.get("type") == "totp"
        and change.back.get("enable") == "1"
    )


def kept(key: Key, material: Mapping[str, Secret]) -> Stored | None:
    """What was kept of a removed TOTP entry; None where nothing usable was."""
    secret = material.get(material_name(key))
    if secret is None:
        return None
    try:
        found = _read(json.loads(secret.reveal()))
        if found is None or found.totp.period == 0:  # PVE would crash on that
            return None
    except (ValueError, RecursionError, BadUri):
        return None
    return found


def seconds_until_safe(found: Stored, now: float) -> int:
    """How long a code that was used would still be accepted; 0 when none would."""
    if found.last_count is None:
        return 0
    first = found.last_count + 1 + _STEPS_ALLOWED  # the period in which none of them counts
    return max(0, math.ceil(first * found.totp.period - now))


def factors(way: Way) -> None:
    """Call this before the users': it tells which of them get a second factor back."""
    for one in way.of("factor"):
        path = ("access", "tfa", one.key.name)
        if one.was_made:
            if not way.goes("user", one.key.name):
                way.remove("factor", call("DELETE", *path, one.key.part))
        elif one.was_removed:
            _restore(way, one)
        else:
            given: dict[str, Param] = dict(one.back)
            if "enable" in given:
                given["enable"] = int(one.back["enable"])
            way.make("factor", call("PUT", *path, one.key.part, params=given))


def _restore(way: Way, one: Changed) -> None:
    userid = one.key.name
    found = kept(one.key, way.material)
    if not _can_come_back(one) or found is None or not way.is_there("user", userid):
        way.lose(_gone(one))
        return
    if way.code_of is None:
        code = Secret("")
    else:
        _require_time(one, found, way.now)
        code = way.code_of(found.totp)
    given: dict[str, Param] = {"type": "totp", "description": one.back["description"]}
    secrets = {"totp": Secret(found.uri), "value": code}
    way.make("factor", call("POST", "access", "tfa", userid, params=given, secrets=secrets))
    way.factors_of.add(userid)
    way.renew(f"{_named(one)} comes back with a new id and today's date.")


def _require_time(one: Changed, found: Stored, now: float) -> None:
    seconds = seconds_until_safe(found, now)
    if seconds:
        raise TooSoon(
            f"{_named(one)} cannot come back for {seconds} seconds: a code of it that was used "
            "would count again.",
            seconds,
        )


def _gone(one: Changed) -> str:
    """Why that entry does not come back, and what to do instead."""
    before = one.before or {}
    if before.get("type") == "recovery":
        return f"The recovery keys of {one.key.name} do not come back: make a new set."
    if before.get("type") == "totp" and before.get("enable") == "0":
        return f"{_named(one)} does not come back: it was off, and PVE adds only what is on."
    instead = _INSTEAD.get(before.get("type", ""), "nobody has its secret, enrol anew")
    return f"{_named(one)} does not come back: {instead}."


def _named(one: Changed) -> str:
    before = one.before or {}
    kind = _KINDS.get(before.get("type", ""), "TFA")
    return f"{kind} entry {before.get('description') or one.key.part} of {one.key.name}"


def locks(way: Way) -> None:
    """A lock comes from wrong codes, and no call makes one."""
    for one in way.of("lock"):
        if one.was_made:
            path = ("access", "users", one.key.name, "unlock-tfa")
            way.make("lock", call("PUT", *path))
        else:
            way.lose(
                f"The TFA lock of {one.key.name} does not come back, and need not: wrong codes "
                "would lock again."
            )


def passwords(way: Way) -> None:
    """Hashes do not go through PVE's API in either direction."""
    for one in way.of("password"):
        userid = one.key.name
        if one.was_removed:
            way.lose(f"The password of {userid} does not come back: set a new one.")
        elif not way.goes("user", userid):
            way.lose(f"The new password of {userid} stays: PVE cannot take it away again.")
