"""The forms of priv/tfa.cfg in the tfa family: read, listed, written back, asked for at logins."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pve_auth_tui.core import answers, tfafile, tfalines
from pve_auth_tui.core.serdejson import SerdeError, TooDeep
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaUnreadable, UserTfa, parse_tfa, write_tfa
from pve_auth_tui.simnode.tfa import entries, recovery
from tests.conformance.tfaplayer import Json, Player, differing

Case = Mapping[str, Any]
Lines = Iterator[str]

_WITH_SETTINGS = {
    "rp": "lab",
    "id": "pve1.example.com",
    "origin": "https://pve1.example.com:8006",
}


def compared(case: Case) -> Lines:
    """One case of tfacfg.json."""
    data = base64.b64decode(case["input_base64"]) if "input_base64" in case else None
    data = case["input"].encode() if data is None else data
    try:
        config = parse_tfa(data, now=case["time"])
    except TfaUnreadable as error:
        yield from _unreadable(error, case)
        return
    yield from differing("read", True, "error" not in case and "panic" not in case)
    yield from differing("form", _form(data), (case["parsed_as"], case["json_error"]))
    warnings = [
        f"user tfa config - ignore user '{userid}' - invalid user name"
        for userid in case["ignored_users"]
    ]
    yield from differing("warnings", list(config.warnings), warnings)
    listing = answers.tfa(config, case["time"])
    yield from differing("listing", listing, case["listing"])
    yield from differing("listing of the API", listing, case["listing_api"])
    written = write_tfa(config)
    if "serialised" in case:
        yield from differing("written", written.decode(), case["serialised"])
    yield from differing("content", json.loads(written), case["serialised_json"])
    again = write_tfa(parse_tfa(written, now=case["time"]))
    yield from differing("stable", again == written, case["stable"])
    yield from _people(config, case)


def _unreadable(error: TfaUnreadable, case: Case) -> Lines:
    if "panic" in case:
        yield from differing("panic", error.original, "rust function panicked")
        yield from differing("reason", case["panic"] in str(error), True)
        return
    ours = (error.original, error.json_problem, error.line_problem)
    names = ("error", "json_error", "old_style_error")
    for name, text in zip(names, ours, strict=True):
        yield from differing(name, text, case.get(name))


def _form(data: bytes) -> tuple[str, str | None]:
    """As what the core reads it, and why not as JSON."""
    try:
        tfafile.read_users(data)
    except SerdeError as error:
        tfalines.read_users(data)
        return "old", str(error)
    except TooDeep:
        return "", None
    return "json", None


def _people(config: TfaConfig, case: Case) -> Lines:
    yield from differing("users", sorted(config.users), sorted(case["users"]))
    for userid, recorded in case["users"].items():
        user = config.users[userid]
        for name, values in (("without", None), ("with", _WITH_SETTINGS)):
            player = Player(config)
            player.time = case["time"]
            player.set_settings(values)
            ours = _short(player.challenge(userid))
            what = f"login_challenge_{name}_settings"
            yield from differing(f"{what} of {userid}", ours, recorded[what])
        ours = {
            "totp_locked": user.totp_locked,
            "tfa_locked_until": user.locked_until,
            "has_type": types(user),
        }
        others = {name: value for name, value in recorded.items() if "challenge" not in name}
        yield from differing(userid, ours, others)


def _short(challenge: str | None) -> Json:
    """A challenge in the form of the recording: of WebAuthn only the credentials."""
    found = None if challenge is None else json.loads(challenge)
    if found and "webauthn" in found:
        allowed = found["webauthn"]["publicKey"]["allowCredentials"]
        found["webauthn"] = {"allowCredentials": [one["id"] for one in allowed]}
    return found


def types(user: UserTfa) -> dict[str, bool]:
    """Kinds of which there is at least one, enabled or not; of recovery keys an unused one."""
    found = {
        kind: bool(entries.of(user, kind, enabled=False))
        for kind in ("totp", "u2f", "webauthn", "yubico")
    }
    left = [recovery.unused(entry.data) for entry in entries.of(user, "recovery")]
    return {**found, "recovery": any(left)}
