"""PVE's question for the second factor of a login, and what answers it (reference 9.2, 9.3).

Pure: what is wrong with an answer is found here, before it is sent and counted (R23).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from pve_auth_tui.core.apianswer import NotAnAnswer, parsed
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.modhex import is_code

_TICKET: Final = re.compile(r"PVE:(!tfa![^:]*):[0-9A-Fa-f]{8}::\S+")
_LONGEST_TICKET: Final = 48 * 1024  # it goes back in a form, and PVE takes forms of 64 KiB
_MOST_KEYS: Final = 256
_MOST_CODES: Final = 64  # PVE makes 10
_LONGEST_ANSWER: Final = 12 * 1024

_CODE: Final = re.compile(r"[0-9]{6,8}", re.ASCII)
_RECOVERY: Final = re.compile(r"[0-9a-f]{4}(-[0-9a-f]{4}){3}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """The factors that PVE would take for this login.

    `recovery`: numbers of the recovery keys that are unused, None when there is no such set;
    `webauthn`: what a security key is asked to sign, as in a browser (`publicKey`).
    """

    totp: bool = False
    recovery: tuple[int, ...] | None = None
    webauthn: Mapping[str, Any] | None = field(default=None, repr=False)  # good for one login
    yubico: bool = False
    u2f: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which kinds of answers have a chance: the start of `kind:answer`."""
        offered = {
            "webauthn": self.webauthn is not None,
            "totp": self.totp,
            "yubico": self.yubico,
            "recovery": bool(self.recovery),
            "u2f": self.u2f,
        }
        return tuple(kind for kind, there in offered.items() if there)


def challenge_of(ticket: str) -> Challenge:
    """Reads the half ticket `PVE:!tfa!<JSON, its colons as %3A>:<time>::<signature>`.

    Raises Unreadable for everything else: then nobody can answer.
    """
    found = _TICKET.fullmatch(ticket) if len(ticket) <= _LONGEST_TICKET else None
    try:
        if found is None:
            raise NotAnAnswer("no ticket of a first step")
        return _challenge(parsed(unquote(found[1].removeprefix("!tfa!")).encode()))
    except NotAnAnswer as error:
        raise Unreadable(
            "PVE asks for a second factor in a way that this program does not know.",
            "Log in with the web interface, and tell us the version of PVE.",
            f"The question was {error}.",
        ) from None


def _challenge(question: Mapping[str, Any]) -> Challenge:
    recovery = question.get("recovery")
    if isinstance(recovery, list):
        if len(recovery) > _MOST_CODES or not all(type(index) is int for index in recovery):
            raise NotAnAnswer("no list of recovery keys")
        recovery = tuple(recovery)
    elif recovery is not None:
        raise NotAnAnswer("no list of recovery keys")
    return Challenge(
        totp=bool(question.get("totp")),
        recovery=recovery,
        webauthn=_public_key(question.get("webauthn")),
        yubico=bool(question.get("yubico")),
        u2f=bool(question.get("u2f")),
    )


def _public_key(webauthn: Any) -> Mapping[str, Any] | None:
    if webauthn is None:
        return None
    key = webauthn.get("publicKey") if isinstance(webauthn, dict) else None
    if not isinstance(key, dict) or not isinstance(key.get("challenge"), str):
        raise NotAnAnswer("no question for a security key")
    allowed = key.get("allowCredentials", [])
    if not isinstance(allowed, list) or len(allowed) > _MOST_KEYS:
        raise NotAnAnswer("no list of security keys")
    return key


def answer_problem(challenge: Challenge, answer: str) -> str | None:
    """What is wrong with `totp:123456`, `recovery:…`, `webauthn:{…}`, `yubico:…`, or None.

    One sentence, which never repeats the answer: it may be a code that still works.
    """
    kind, colon, value = answer.partition(":")
    if not colon or kind not in {"totp", "recovery", "webauthn", "yubico", "u2f"}:
        return "This is no answer to a question for a second factor."
    if kind == "recovery" and challenge.recovery == ():
        return "No recovery key is left."
    if kind not in challenge.kinds:
        return f"PVE does not ask for {_NAMES[kind]} here."
    if len(value) > _LONGEST_ANSWER:
        return "The answer is too long."
    match kind:
        case "totp" if not _CODE.fullmatch(value):
            return "A code of an authenticator app has 6 to 8 digits."
        case "recovery" if not _RECOVERY.fullmatch(value):
            return (
                "A recovery key looks like 0123-4567-89ab-cdef: four times four of 0-9 and a-f,"
                " with dashes."
            )
        case "yubico" if not is_code(value):
            return "A one-time code of a YubiKey has 44 letters."
        case "webauthn":
            return _key_problem(challenge, value)
    return None


_NAMES: Final = {
    "totp": "a code of an authenticator app",
    "recovery": "a recovery key",
    "webauthn": "a security key",
    "yubico": "a one-time code of a YubiKey",
    "u2f": "an old U2F key",
}


def _key_problem(challenge: Challenge, value: str) -> str | None:
    try:
        answer = json.loads(value)
    except (ValueError, RecursionError):
        return "The security key's answer is not JSON."
    signed = answer.get("response") if isinstance(answer, dict) else None
    members = ("authenticatorData", "clientDataJSON", "signature")
    if not isinstance(signed, dict) or not all(isinstance(signed.get(m), str) for m in members):
        return "The security key's answer is not complete."
    if challenge.webauthn and answer.get("challenge") != challenge.webauthn["challenge"]:
        return "The security key answered another question."
    return None
