"""A key's answer to a login's challenge (reference/pve-access.md 8.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fido2.utils import websafe_encode
from fido2.webauthn import PublicKeyCredentialRequestOptions

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
from pve_auth_tui.core.keys import Signed
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import Hands


def sign(channel: Channel, options: Mapping[str, Any], origin: str, hands: Hands) -> Signed:
    """`core.ports.SecurityKey.sign`."""
    wanted = _wanted(options)
    with (
        as_trouble(ineligible=Kind.NOT_THIS_KEY),
        channel.watched(seconds_of(options), hands.given_up, Kind.TIMEOUT),
    ):
        writer = OriginWriter(origin, str(wanted.rp_id))
        person = Person(channel, ctap2_of(channel), hands)
        made = client(channel, writer, person)
        answer = person.attempt(lambda: made.get_assertion(wanted)).get_response(0)
        credential = bytes(answer.raw_id)
        if credential not in {one.id for one in wanted.allow_credentials or ()}:
            raise KeyTrouble(Kind.KEY_ERROR, "an answer for another credential")
        data = answer.response.authenticator_data
        client_data = bytes(answer.response.client_data)
        signature = bytes(answer.response.signature)
        name = websafe_encode(credential)
        value = json.dumps(
            {
                "id": name,
                "type": "public-key",
                "rawId": name,
                "challenge": options["challenge"],
                "response": {
                    "authenticatorData": websafe_encode(data),
                    "clientDataJSON": websafe_encode(client_data),
                    "signature": websafe_encode(signature),
                },
            },
            separators=(",", ":"),
        )
        return Signed(credential, value, bytes(data), client_data, signature, int(data.counter))


def _wanted(options: Mapping[str, Any]) -> PublicKeyCredentialRequestOptions:
    """What of PVE's options reaches the key. Raises KeyTrouble."""
    try:
        allowed = only_ids(options["allowCredentials"])
        wanted = PublicKeyCredentialRequestOptions.from_dict(
            {
                "challenge": base64url(options["challenge"]),
                "rpId": str(options["rpId"]),
                "allowCredentials": allowed,
                "userVerification": options.get("userVerification") or "discouraged",
            }
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise KeyTrouble(Kind.SERVER, clean(str(error))) from None
    if not allowed:
        raise KeyTrouble(Kind.NOT_THIS_KEY, "the challenge names no security key")
    return wanted
