"""A new credential on a key, as the `value` of PVE's second call (reference/pve-access.md 8.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationObject,
    PublicKeyCredentialCreationOptions,
    RegistrationResponse,
)

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.fido.client import (
    OriginWriter,
    base64url,
    client,
    ctap2_of,
    only_ids,
    seconds_of,
)
from pve_auth_tui.adapters.keys.fido.person import Person
from pve_auth_tui.adapters.keys.trouble import as_trouble, clean
from pve_auth_tui.core.keys import Registered
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import Hands

_LONGEST_ID: Final = 1023  # bytes of a credential's id (WebAuthn Level 2, 7.1 and 4)


def register(channel: Channel, options: Mapping[str, Any], origin: str, hands: Hands) -> Registered:
    """`core.ports.SecurityKey.register`."""
    wanted = _wanted(options)
    with (
        as_trouble(ineligible=Kind.ALREADY),
        channel.watched(seconds_of(options), hands.given_up, Kind.TIMEOUT),
    ):
        rp_id = str(wanted.rp.id)
        writer = OriginWriter(origin, rp_id)
        person = Person(channel, ctap2_of(channel), hands)
        made = client(channel, writer, person)
        answer = person.attempt(lambda: made.make_credential(wanted))
        _check(answer, rp_id, [one.alg for one in wanted.pub_key_cred_params])
        return Registered(bytes(answer.raw_id), _value(answer))


def _wanted(options: Mapping[str, Any]) -> PublicKeyCredentialCreationOptions:
    """What of PVE's options reaches the key. Nothing that it would have to store, no extension,
    no attestation; the time is kept by the channel. Raises KeyTrouble.
    """
    try:
        rp, user = options["rp"], options["user"]
        selection = options.get("authenticatorSelection") or {}
        wanted = PublicKeyCredentialCreationOptions.from_dict(
            {
                "rp": {"id": str(rp["id"]), "name": str(rp["name"])},
                "user": {
                    "id": base64url(user["id"]),
                    "name": str(user["name"]),
                    "displayName": str(user.get("displayName") or user["name"]),
                },
                "challenge": base64url(options["challenge"]),
                "pubKeyCredParams": list(options["pubKeyCredParams"]),
                "excludeCredentials": only_ids(options.get("excludeCredentials")),
                "authenticatorSelection": {
                    "userVerification": selection.get("userVerification") or "discouraged"
                },
            }
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise KeyTrouble(Kind.SERVER, clean(str(error))) from None
    return wanted


def _check(answer: RegistrationResponse, rp_id: str, algorithms: list[int]) -> None:
    """What PVE would refuse with a text about something else."""
    data = answer.response.attestation_object.auth_data
    if data.rp_id_hash != sha256(rp_id.encode()).digest() or data.credential_data is None:
        raise KeyTrouble(Kind.KEY_ERROR, "an answer for another ID")
    size = len(data.credential_data.credential_id)
    if not 0 < size <= _LONGEST_ID:  # PVE stores it, and nobody ever logs in with it
        raise KeyTrouble(Kind.KEY_ERROR, f"a credential's id of {size} bytes")
    if data.credential_data.public_key.get(3) not in algorithms:
        raise KeyTrouble(Kind.UNSUPPORTED)


def _value(answer: RegistrationResponse) -> str:
    """The members that PVE's web interface sends.

    PVE asks for no attestation, and a browser then takes it out; python-fido2 does not. Kept, a
    key with an odd certificate or a new format is refused for what PVE never uses.
    """
    bare = AttestationObject.create("none", answer.response.attestation_object.auth_data, {})
    name = websafe_encode(answer.raw_id)
    return json.dumps(
        {
            "id": name,
            "type": "public-key",
            "rawId": name,
            "response": {
                "attestationObject": websafe_encode(bare),
                "clientDataJSON": websafe_encode(answer.response.client_data),
            },
        },
        separators=(",", ":"),
    )
