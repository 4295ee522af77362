"""Security keys: the challenges, and the checks of what comes back.

Source: webauthn-rs 0.5.2 (core.rs) as proxmox-tfa uses it: user presence only, no attestation
asked for, ES256 and RS256. Every text is its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pve_auth_tui.core.serdejson import SerdeError
from pve_auth_tui.core.serdetypes import unexpected
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.simnode.sources import Sources
from pve_auth_tui.simnode.tfa import attestation, authdata, clientjson, cosekey
from pve_auth_tui.simnode.tfa.authdata import AuthData
from pve_auth_tui.simnode.tfa.cbor import CborError, decode
from pve_auth_tui.simnode.tfa.clientjson import Assertion, ClientData, Registration
from pve_auth_tui.simnode.tfa.failure import Failure
from pve_auth_tui.simnode.tfa.settings import WebauthnSettings

_CHALLENGE_SIZE: Final = 32
_TIMEOUT: Final = 300_000  # ms, for the browser
_OFFERED: Final = {"ES256": -7, "RS256": -257}
_COPIED: Final = "The credential may be a passkey and not truly bound to hardware."
_ALGORITHM: Final = "A credential alg that was not allowed in the request was attempted."


def new_challenge(sources: Sources) -> str:
    """32 random bytes as base64url."""
    return encode_base64url(sources.random(_CHALLENGE_SIZE))


def creation(
    settings: WebauthnSettings,
    userid: str,
    handle: bytes,
    challenge: str,
    excluded: Iterable[str],
) -> dict[str, Any]:
    """What a browser needs to register a key; `handle` is the user's id for the key."""
    return {
        "publicKey": {
            "rp": {"name": settings.rp, "id": settings.id},
            "user": {"id": encode_base64url(handle), "name": userid, "displayName": userid},
            "challenge": challenge,
            "pubKeyCredParams": [{"type": "public-key", "alg": n} for n in _OFFERED.values()],
            "timeout": _TIMEOUT,
            "excludeCredentials": _descriptors(excluded),
            "authenticatorSelection": {
                "residentKey": "discouraged",
                "requireResidentKey": False,
                "userVerification": "discouraged",
            },
            "hints": ["security-key"],
            "attestation": "none",
            "extensions": {"uvm": True, "credProps": True},
        }
    }


def request(
    settings: WebauthnSettings, challenge: str, credentials: Iterable[str]
) -> dict[str, Any]:
    """What a browser needs to log in with one of these credentials."""
    return {
        "publicKey": {
            "challenge": challenge,
            "timeout": _TIMEOUT,
            "rpId": settings.id,
            "allowCredentials": _descriptors(credentials),
            "userVerification": "discouraged",
            "hints": ["security-key"],
        }
    }


def _descriptors(ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": one} for one in ids]


def register(
    settings: WebauthnSettings, challenge: str, excluded: Sequence[str], answer: Registration
) -> dict[str, Any]:
    """The credential as tfa.cfg stores it. Raises Failure."""
    client = _client_data(answer.client_data)
    form, statement, auth = _attestation_object(answer.attestation)
    _check_client(client, "webauthn.create", challenge, settings)
    if client.cross_origin:
        raise Failure(
            "The credential was created in a cross-origin context"
            " (while cross-origin was disallowed)"
        )
    _check_auth(auth, settings)
    if form not in attestation.KNOWN:
        raise Failure(attestation.UNKNOWN)
    new = auth.credential
    if new is None:
        raise Failure("The required attestation data is not present in the response")
    attestation.check(form, statement, auth, new, _sha256(answer.client_data))
    key = cosekey.stored(new.public_key)
    if key["type_"] not in _OFFERED:
        raise Failure(_ALGORITHM)
    if auth.backed_up and not auth.eligible:
        raise Failure(_COPIED)
    if encode_base64url(new.id) in excluded:
        raise Failure(_ALGORITHM)  # misleading, but that is what it says
    return {
        "cred_id": encode_base64url(new.id),
        "cred": key,
        "counter": auth.counter,
        "backup_eligible": auth.eligible,
        "backup_state": auth.backed_up,
    }


def authenticate(
    settings: WebauthnSettings,
    challenge: str,
    credentials: Sequence[Mapping[str, Any]],
    answer: Assertion,
) -> None:
    """Checks the answer of one of these stored credentials. Raises Failure.

    The stored counter is that of the registration for ever, and what the key says about
    copies now counts, not what it said then.
    """
    found = encode_base64url(answer.id)
    credential = next((one for one in credentials if one["cred_id"] == found), None)
    if credential is None:
        raise Failure("The credential requested could not be found")
    auth = authdata.parse(answer.auth_data, registration=False)
    client = _client_data(answer.client_data)
    _check_client(client, "webauthn.get", challenge, settings)
    _check_auth(auth, settings)
    if auth.backed_up and not auth.eligible:
        raise Failure(_COPIED)
    data = answer.auth_data + _sha256(answer.client_data)
    if not cosekey.signed(credential["cred"], answer.signature, data):
        raise Failure("Authentication has failed")
    if (auth.counter or credential["counter"]) and auth.counter <= credential["counter"]:
        raise Failure("The credential may have be compromised and should be inspected")


def _client_data(data: bytes) -> ClientData:
    try:
        return clientjson.client_data(data)
    except SerdeError as error:
        raise Failure("A JSON parser failure has occurred", str(error)) from error


def _check_client(
    client: ClientData, kind: str, challenge: str, settings: WebauthnSettings
) -> None:
    if client.type != kind:
        raise Failure("The JSON from the client did not indicate webauthn.<method> correctly")
    if encode_base64url(client.challenge) != challenge:
        raise Failure(
            "The client response challenge differs from the latest challenge issued to the userId"
        )
    if not settings.allows(client.origin):
        raise Failure("The clients relying party origin does not match our servers information")


def _check_auth(auth: AuthData, settings: WebauthnSettings) -> None:
    if auth.rp_hash != _sha256(settings.id.encode()):
        raise Failure(
            "The clients relying party id hash does not match the hash of our relying party id"
        )
    if not auth.present:
        raise Failure("The user present bit is not set, and required")


def _attestation_object(data: bytes) -> tuple[str, Any, AuthData]:
    try:
        found = decode(data)
        form, statement, auth = _members(found)
    except CborError as error:
        raise Failure("A CBOR parser failure has occurred", str(error)) from error
    return form, statement, authdata.parse(auth, registration=True)


def _members(found: Any) -> tuple[str, Any, bytes]:
    if not isinstance(found, dict):
        raise CborError(f"invalid type: {_named(found)}, expected struct AttestationObjectInner")
    for name, kind, expected in (
        ("fmt", str, "a borrowed string"),
        ("authData", bytes, "a borrowed byte array"),
    ):
        if name in found and not isinstance(found[name], kind):
            raise CborError(f"invalid type: {_named(found[name])}, expected {expected}")
    for name in ("fmt", "attStmt", "authData"):
        if name not in found:
            raise CborError(f"missing field `{name}`")
    return found["fmt"], found["attStmt"], found["authData"]


def _named(value: Any) -> str:
    if value is None:
        return "unit value"
    return "byte array" if isinstance(value, bytes) else unexpected(value)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
