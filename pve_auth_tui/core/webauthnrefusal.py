"""What PVE says when it refuses a security key, in the words of who stands at the key.

The texts are those of proxmox-tfa 6.0.5 and webauthn-rs 0.5.2 (reference/fido.md 2.3, 3.2 and 9).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.errors import ApiError, AuthTuiError
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind

_MOST_READ: Final = 4096  # of PVE's text


class _Told(NamedTuple):
    kind: Kind
    message: str
    hint: str = ""


_ANEW: Final = "Begin anew; if it comes again, tell us the version of PVE."
_NOT_SET: Final = "Look at the WebAuthn settings. The reason: journalctl -u pvedaemon."
_OTHER_KEY: Final = "Take another key."

_TEXTS: Final[tuple[tuple[str, _Told], ...]] = (
    ("no such challenge", _Told(Kind.SERVER_CHALLENGE, "")),
    (
        "client response challenge differs",
        _Told(Kind.SERVER_CHALLENGE, "The key answered an older challenge than PVE's last one."),
    ),
    (
        "no webauthn configuration available",
        _Told(Kind.ORIGIN, "PVE cannot use its WebAuthn settings, or has none.", _NOT_SET),
    ),
    (
        "failed to figure out origin",
        _Told(
            Kind.ORIGIN,
            "The WebAuthn settings have no origin, and a call on the node itself names none.",
            "Set the origin: https://, the node's full name, and :8006.",
        ),
    ),
    (
        "relying party origin does not match",
        _Told(
            Kind.ORIGIN,
            "PVE expects another origin than the one that the key was asked for.",
            "Compare the origin of the WebAuthn settings with the node's name and port.",
        ),
    ),
    (
        "relying party id hash does not match",
        _Told(
            Kind.ORIGIN,
            "The key answered for another WebAuthn ID than PVE's.",
            "Were the settings changed just now? Begin anew.",
        ),
    ),
    (
        "credential alg that was not allowed",
        _Told(
            Kind.UNSUPPORTED,
            "PVE takes no such key: it signs with neither ES256 nor RS256, or it is enrolled"
            " for this user already.",
            "Look at the user's entries, or take another key.",
        ),
    ),
    (
        "packed-attestation-cert-requirements",
        _Told(Kind.UNSUPPORTED, "PVE does not take the certificate that the key sent.", _OTHER_KEY),
    ),
    (
        "attestation format requested is not able",
        _Told(Kind.UNSUPPORTED, "PVE does not know the form in which the key answers.", _OTHER_KEY),
    ),
    (
        "may be a passkey and not truly bound",
        _Told(
            Kind.UNSUPPORTED,
            "The key says that it was copied although it cannot be: PVE takes no such key.",
            _OTHER_KEY,
        ),
    ),
    (
        "COSEKey|OpenSSL Error|insecure cryptographic",
        _Told(Kind.UNSUPPORTED, "PVE cannot use the key's public key.", _OTHER_KEY),
    ),
    (
        "user present bit is not set",
        _Told(Kind.KEY_ERROR, "The key answered without a touch, and PVE wants one."),
    ),
    (
        "may have be compromised",
        _Told(
            Kind.KEY_ERROR,
            "The key's counter is not above the one at its enrolment: PVE takes it for a copy.",
            "Enrol the key anew.",
        ),
    ),
    (
        "Authentication has failed",
        _Told(Kind.KEY_ERROR, "The key's signature does not fit what PVE has stored."),
    ),
    ("credential requested could not be found", _Told(Kind.NOT_THIS_KEY, "")),
    ("credential id already present", _Told(Kind.ALREADY, "")),
    (
        "cross-origin context",
        _Told(Kind.SERVER, "PVE takes no answer that was made within another page.", _ANEW),
    ),
    (
        r"did not indicate webauthn\.<method>",
        _Told(Kind.SERVER, "The answer was one of another kind than PVE had asked for.", _ANEW),
    ),
    (
        "(?:JSON|CBOR) parser failure|error parsing challenge response|invalid tfa response"
        "|attestation data is not present|expected value at line",
        _Told(Kind.SERVER, "PVE could not read the key's answer.", _ANEW),
    ),
    ("missing 'value' parameter", _Told(Kind.SERVER, "PVE got no answer of the key.", _ANEW)),
    (
        "'description' is required",
        _Told(Kind.SERVER, "PVE wants a description for a new key.", "Type one: rack 3."),
    ),
    (
        "no such entry",
        _Told(Kind.SERVER, "That entry is not there any more.", "Read the list again."),
    ),
    (
        "relative URL without a base|missing field `(?:rp|id)`|unknown field `",
        _Told(Kind.ORIGIN, "PVE cannot read its WebAuthn settings.", _NOT_SET),
    ),
    (
        "no such user",
        _Told(
            Kind.SERVER,
            "PVE has no such user.",
            "Add the user first: one of a realm of Linux users has to be added, too.",
        ),
    ),
)


def server_trouble(error: AuthTuiError) -> KeyTrouble:
    """PVE's refusal of one of the two calls, in the words of who stands at the key.

    Its own text stays in `original`. What has nothing to do with keys (no quorum, no right, a
    session that ended) keeps its sentences and is Kind.SERVER.
    """
    if isinstance(error, KeyTrouble):
        return error
    text = (error.original or str(error)).strip()
    for pattern, told in _TEXTS:
        if re.search(pattern, text[:_MOST_READ]):
            return KeyTrouble(told.kind, text, message=told.message, hint=told.hint)
    plainly = explained(error) if isinstance(error, ApiError) else error
    hint = plainly.hint or "Nothing was stored."
    return KeyTrouble(Kind.SERVER, text, message=str(plainly), hint=hint)
