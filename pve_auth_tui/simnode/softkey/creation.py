"""What goes into and comes out of a makeCredential, besides the credential (CTAP 2.1, 6.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pve_auth_tui.simnode.softkey.credential import ES256, Credential, Make, sign
from pve_auth_tui.simnode.softkey.encoding import needed
from pve_auth_tui.simnode.softkey.status import Refusal, Status


def algorithms_wanted(wanted: list[Any]) -> Sequence[int]:
    """COSE's numbers out of pubKeyCredParams, the most wanted one first. Raises Refusal."""
    if not all(isinstance(each, dict) for each in wanted):
        raise Refusal(Status.CBOR_UNEXPECTED_TYPE)
    return [needed(e, "alg", int) for e in wanted if needed(e, "type", str) == "public-key"]


def extensions(asked: Mapping[Any, Any]) -> dict[str, Any]:
    """What a key says to those of them that it knows."""
    found: dict[str, Any] = {}
    if type(asked.get("credProtect")) is int:
        found["credProtect"] = asked["credProtect"]
    if asked.get("hmac-secret") is True:
        found["hmac-secret"] = True
    return found


def attested(
    form: str, make: Make, credential: Credential, data: bytes, client_hash: bytes
) -> tuple[str, dict[str, Any]]:
    """Format and statement (WebAuthn 8): `none`, `self`, `fido-u2f`, or else `packed`."""
    match form:
        case "none":
            return "none", {}
        case "self":
            signature = credential.sign(data + client_hash)
            return "packed", {"alg": credential.algorithm, "sig": signature}
        case "fido-u2f":
            said = b"\0" + credential.rp_hash + client_hash + credential.id + credential.point
            return "fido-u2f", {"x5c": [make.certificate], "sig": sign(make.key, said)}
    signature = sign(make.key, data + client_hash)
    return "packed", {"alg": ES256, "sig": signature, "x5c": [make.certificate]}
