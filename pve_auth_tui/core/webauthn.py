"""WebAuthn as PVE speaks it: its challenges and its stored keys.

Sources: reference/fido.md 2.2, 2.3, 3.2 and 9 (measured on proxmox-tfa 6.0.5 with webauthn-rs
0.5.2), reference/pve-access.md 7.4; WebAuthn Level 2, 6.1 (authenticator data).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.tfafile import encode_base64url

LIFE: Final = 120.0
"""Seconds that PVE keeps a challenge, on one node alone (measured: 120 pass, 121 do not)."""

PATIENCE: Final = LIFE - 10.0
"""Seconds that somebody at a key has; the rest is for the way to PVE."""

AUTH_DATA: Final = 37
"""Bytes that there are at least: the hash of the RP ID, flags, the counter."""

_LONGEST: Final = 256 * 1024  # characters of a challenge; with 256 excluded keys it has 30 000
_MOST_EXCLUDED: Final = 256
_PRESENT, _VERIFIED = 0x01, 0x04  # flags: somebody touched it; it knows who


# --- enrolling ------------------------------------------------------------------------------


class Creation(NamedTuple):
    """What PVE asks a new key for: `options` for the key, `challenge` to be sent back with its
    answer (the bare base64url one: the whole JSON is refused), `rp_id` that the key binds to.
    """

    options: Mapping[str, Any]
    challenge: str
    rp_id: str


def creation_of(challenge_json: str) -> Creation:
    """Reads the `challenge` of the first call. Raises Unreadable for everything else.

    PVE asks for nothing that a key must store, and extensions only add ways to be refused: they
    are left out.
    """
    key = _public_key(challenge_json)
    party, user, challenge = (key.get(name) for name in ("rp", "user", "challenge"))
    excluded = key.get("excludeCredentials") or []
    if (
        not isinstance(party, dict)
        or not isinstance(party.get("id"), str)
        or not isinstance(user, dict)
        or not isinstance(challenge, str)
        or not isinstance(key.get("pubKeyCredParams"), list)
        or not isinstance(excluded, list)
        or len(excluded) > _MOST_EXCLUDED
    ):
        raise _no_question()
    options = {name: value for name, value in key.items() if name != "extensions"}
    return Creation(options, challenge, party["id"])


def _public_key(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        found = None
    key = found.get("publicKey") if isinstance(found, dict) else None
    if not isinstance(key, dict):
        raise _no_question()
    return key


def _no_question() -> Unreadable:
    return Unreadable(
        "PVE asks for a new security key in a way that this program does not know.",
        "Enrol it with the web interface, and tell us the version of PVE.",
    )


# --- signing --------------------------------------------------------------------------------


def timed(options: Mapping[str, Any], seconds: float = PATIENCE) -> Mapping[str, Any]:
    """The same question to a key, with so much time for the answer."""
    return {**options, "timeout": int(seconds * 1000)}


def request_options(
    rp_id: str, challenge: bytes, credentials: Sequence[bytes]
) -> Mapping[str, Any]:
    """A question of our own to a key: the form is that of PVE's at a login."""
    return {
        "challenge": encode_base64url(challenge),
        "rpId": rp_id,
        "allowCredentials": [
            {"type": "public-key", "id": encode_base64url(one)} for one in credentials
        ],
        "userVerification": "discouraged",
    }


class AuthData(NamedTuple):
    """What a key says with its signature: `rp_hash` is the SHA-256 of the RP ID, `present` that
    it was touched, `verified` that it had a PIN or a finger.
    """

    rp_hash: bytes
    present: bool
    verified: bool
    counter: int


def auth_data(data: bytes) -> AuthData:
    """Reads authenticator data. Raises KeyTrouble for less than there must be."""
    if len(data) < AUTH_DATA:
        raise KeyTrouble(Kind.KEY_ERROR, f"authenticator data of {len(data)} bytes")
    flags = data[32]
    counter = int.from_bytes(data[33:AUTH_DATA], "big")
    return AuthData(data[:32], bool(flags & _PRESENT), bool(flags & _VERIFIED), counter)


# --- entries --------------------------------------------------------------------------------


class Stored(NamedTuple):
    """A security key as tfa.cfg has it. `counter`: at the enrolment, PVE never updates it.

    `public_key`: `alg` is COSE's number, -7 (ES256) with the bytes `x` and `y` of a point on
    P-256, or -257 (RS256) with `n` and `e`.
    """

    credential: bytes
    counter: int
    public_key: Mapping[str, Any]


def entry_of(entry: TfaEntry) -> Stored | None:
    """What is stored of a WebAuthn entry, in the form of PVE 8 (lists of numbers) or 9.

    None for another kind, and where the picture holds no keys (PVE's API tells none). Raises
    Unreadable for what PVE itself could not use.
    """
    data = entry.data
    if entry.type != "webauthn" or data is None:
        return None
    credential, key, counter = (
        data.get(name) if isinstance(data, Mapping) else None
        for name in ("cred_id", "cred", "counter")
    )
    ident = bytes_of(credential)
    if ident is None or type(counter) is not int or counter < 0:
        raise _no_key("its id or its counter is none")
    return Stored(ident, counter, _stored_key(key))


class StoredKey(NamedTuple):
    """Somebody's WebAuthn entry, with what is stored of its key."""

    userid: str
    entry: TfaEntry
    stored: Stored


def stored_keys(snapshot: Snapshot, userid: str = "") -> Iterator[StoredKey]:
    """Those of one user, else of everybody, as far as the picture holds them.

    What PVE itself could not use is left out.
    """
    tfa = snapshot.tfa.value
    users = tfa.users if tfa else {}
    for name in (userid,) if userid in users else () if userid else users:
        for entry in users[name].entries:
            with suppress(Unreadable):
                if stored := entry_of(entry):
                    yield StoredKey(name, entry, stored)


def by_credential(snapshot: Snapshot) -> Mapping[bytes, tuple[StoredKey, ...]]:
    """Credential -> everybody's entries that have it."""
    found: dict[bytes, tuple[StoredKey, ...]] = {}
    for one in stored_keys(snapshot):
        found[one.stored.credential] = (*found.get(one.stored.credential, ()), one)
    return found


def _stored_key(data: Any) -> Mapping[str, Any]:
    kind = data.get("type_") if isinstance(data, Mapping) else None
    form = data.get("key") if isinstance(data, Mapping) else None
    if not isinstance(form, Mapping) or not isinstance(kind, str):
        raise _no_key("it has no public key")
    point, modulus = form.get("EC_EC2"), form.get("RSA")
    if kind == "ES256" and isinstance(point, Mapping) and point.get("curve") == "SECP256R1":
        x, y = bytes_of(point.get("x")), bytes_of(point.get("y"))
        if x and y:
            return {"alg": -7, "x": x, "y": y}
    if kind == "RS256" and isinstance(modulus, Mapping):
        n, e = bytes_of(modulus.get("n")), bytes_of(modulus.get("e"))
        if n and e:
            return {"alg": -257, "n": n, "e": e}
    raise _no_key(f"its public key is no ES256 or RS256 one ({kind[:20]})")


def _no_key(why: str) -> Unreadable:
    return Unreadable(
        f"What PVE has stored of this security key cannot be used: {why}.",
        "Remove the entry and enrol the key anew.",
    )


def bytes_of(value: Any) -> bytes | None:
    """Bytes as PVE 8 (numbers) or 9 (base64url) writes them; None for what is neither."""
    if isinstance(value, list):
        numbers = all(type(one) is int and 0 <= one < 256 for one in value)
        return bytes(value) if numbers else None
    if not isinstance(value, str) or not value.isascii():
        return None
    body = value.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
