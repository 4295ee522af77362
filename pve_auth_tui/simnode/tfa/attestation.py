"""Statements about where a key comes from: formats none, packed and fido-u2f.

No maker is trusted or distrusted; the statement only has to be right in itself. `tpm`, `apple`
and `android-key` are known to the core, but no key for a USB port makes them: those are refused
here as soon as there is more to check than whether the members are there.
Source: webauthn-rs-core 0.5.2, attestation.rs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pve_auth_tui.simnode.tfa import cosekey
from pve_auth_tui.simnode.tfa.authdata import AuthData, Credential
from pve_auth_tui.simnode.tfa.failure import Failure

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

UNKNOWN: Final = (
    "The attestation format requested is not able to be processed by this server"
    " - please report an issue to add the attestation format"
)
_STATEMENT: Final = "The attestation statement"
_NOT_A_MAP: Final = f"{_STATEMENT} map is not valid"
_NO_SIGNATURE: Final = f"{_STATEMENT} signature is not present"
_WRONG_SIGNATURE: Final = f"{_STATEMENT} signature is not valid"
_WRONG_X5C: Final = f"{_STATEMENT} x5c (trust root) is not valid"
_NO_X5C: Final = f"{_STATEMENT} x5c (trust root) is not present"
_NO_ALGORITHM: Final = f"{_STATEMENT} algorithm is not present"
_OTHER_ALGORITHM: Final = (
    f"{_STATEMENT} alg does not match algorithm of the credentialPublicKey in authenticatorData"
)
_RULES: Final = (
    "The requirements of https://w3c.github.io/webauthn/#sctn-packed-attestation-cert-requirements"
    " are not met by this attestation certificate"
)
_AAGUID: Final = "1.3.6.1.4.1.45724.1.1.4"
_OTHER_AAGUID: Final = (
    f"The attestation Certificate's OID {_AAGUID} aaguid does not match the aaguid of the token"
)
_UNIT: Final = "Authenticator Attestation"
_OCTETS: Final = b"\x04\x10"  # DER: an octet string of 16 bytes


def check(form: str, statement: Any, auth: AuthData, new: Credential, client_hash: bytes) -> None:
    """Raises Failure for a statement that is not right; `form` is one of `KNOWN`."""
    if form == "none":
        return
    if not isinstance(statement, Mapping):
        raise Failure(_NOT_A_MAP)
    _FORMATS[form](statement, auth, new, client_hash)


def _packed(
    statement: Mapping[Any, Any], auth: AuthData, new: Credential, client_hash: bytes
) -> None:
    algorithm = _algorithm(statement)
    data = auth.raw + client_hash
    if "x5c" in statement:
        certificate = _certificates(statement["x5c"])[0]
        _require(_verified(algorithm, certificate, _signature(statement), data))
        _require_rules(certificate)
        _require_aaguid(certificate, new.aaguid)
    elif "ecdaaKeyId" in statement:
        raise Failure(UNKNOWN)
    else:
        key = cosekey.stored(new.public_key)
        if key["type_"] != algorithm:
            raise Failure(_OTHER_ALGORITHM)
        _require(cosekey.signed(key, _signature(statement), data))


def _fido_u2f(
    statement: Mapping[Any, Any], auth: AuthData, new: Credential, client_hash: bytes
) -> None:
    x5c = statement.get("x5c")
    if "x5c" not in statement:
        raise Failure(_NO_X5C)
    signature = statement.get("sig")
    if not isinstance(signature, bytes):
        raise Failure(_NO_SIGNATURE)
    if not isinstance(x5c, list) or len(x5c) != 1:
        raise Failure(_WRONG_X5C)
    certificate = _certificates(x5c)[0]
    key = cosekey.octets(cosekey.stored(new.public_key))
    data = b"\0" + auth.rp_hash + client_hash + new.id + key
    _require(_verified("ES256", certificate, signature, data))


def _tpm(statement: Mapping[Any, Any], auth: AuthData, new: Credential, client_hash: bytes) -> None:
    if "ver" not in statement:
        raise Failure(f"{_STATEMENT} version is not present")
    if not isinstance(statement["ver"], str):
        raise Failure(f"{_STATEMENT} version is not valid")
    if statement["ver"] != "2.0":
        raise Failure(f"{_STATEMENT} version not supported")
    _algorithm(statement)
    if not isinstance(statement.get("certInfo"), bytes):
        raise Failure(f"{_STATEMENT} certInfo is not present")
    raise Failure("A NOM parser failure has occurred")


def _apple(
    statement: Mapping[Any, Any], auth: AuthData, new: Credential, client_hash: bytes
) -> None:
    if "x5c" not in statement:
        raise Failure(_NO_X5C)
    _certificates(statement["x5c"])
    raise Failure("A required extension was not in the attestation statement")


def _android(
    statement: Mapping[Any, Any], auth: AuthData, new: Credential, client_hash: bytes
) -> None:
    algorithm = _algorithm(statement)
    if not isinstance(statement.get("sig"), bytes):
        raise Failure(_NO_SIGNATURE)
    if "x5c" not in statement:
        raise Failure(_NO_X5C)
    certificate = _certificates(statement["x5c"])[0]
    _require(_verified(algorithm, certificate, statement["sig"], auth.raw + client_hash))
    raise Failure("A required extension was not in the attestation statement")


_FORMATS: Final = {
    "packed": _packed,
    "fido-u2f": _fido_u2f,
    "tpm": _tpm,
    "apple": _apple,
    "android-key": _android,
}
KNOWN: Final = ("none", *_FORMATS)


def _algorithm(statement: Mapping[Any, Any]) -> str:
    if "alg" not in statement:
        raise Failure(_NO_ALGORITHM)
    if type(statement["alg"]) is not int:
        raise Failure(_OTHER_ALGORITHM)
    algorithm = cosekey.ALGORITHMS.get(statement["alg"])
    if algorithm is None:
        raise Failure("The COSEKey contains invalid cryptographic algorithm request")
    return algorithm


def _signature(statement: Mapping[Any, Any]) -> bytes:
    if "sig" not in statement:
        raise Failure(_NO_SIGNATURE)
    signature = statement["sig"]
    if not isinstance(signature, bytes):
        raise Failure("The COSEKey contains invalid CBOR which can not be processed")
    return signature


def _require(verified: bool) -> None:
    if not verified:
        raise Failure(_WRONG_SIGNATURE)


def _certificates(x5c: Any) -> list[Certificate]:
    """At least one. Raises Failure."""
    from cryptography.x509 import load_der_x509_certificate

    if not isinstance(x5c, list) or not all(isinstance(data, bytes) for data in x5c):
        raise Failure(_WRONG_X5C)
    try:
        found = [load_der_x509_certificate(data) for data in x5c]
    except ValueError as error:
        raise Failure(cosekey.OPENSSL, str(error)) from error
    if not found:
        raise Failure(_WRONG_X5C)
    return found


def _verified(algorithm: str, certificate: Certificate, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Failure(cosekey.OPENSSL, str(error)) from error
    return cosekey.verified(algorithm, key, signature, data)


def _require_rules(certificate: Certificate) -> None:
    """WebAuthn 8.2.1: version 3, four parts of the subject, and not an authority."""
    from cryptography import x509

    try:
        names = _first_names(certificate.subject)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        good = (
            certificate.version is x509.Version.v3
            and {"C", "O", "CN"} <= names.keys()
            and names.get("OU") == _UNIT
            and not constraints.value.ca
            and not any(e.critical for e in certificate.extensions if _is_aaguid(e))
        )
    except (ValueError, x509.DuplicateExtension, x509.ExtensionNotFound) as error:
        raise Failure(_RULES) from error
    if not good:
        raise Failure(_RULES)


def _first_names(subject: Name) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = {}
    for attribute in subject:
        found.setdefault(attribute.rfc4514_attribute_name, attribute.value)
    return found


def _is_aaguid(extension: Any) -> bool:
    return bool(extension.oid.dotted_string == _AAGUID)


def _require_aaguid(certificate: Certificate, aaguid: bytes) -> None:
    """A certificate that names a model must name the one that the key says it is."""
    for extension in filter(_is_aaguid, certificate.extensions):
        value = extension.value.public_bytes()
        if not value.startswith(_OCTETS) or len(value) < len(_OCTETS) + len(aaguid):
            raise Failure(_WRONG_X5C)
        if value[len(_OCTETS) :][: len(aaguid)] != aaguid:
            raise Failure(_OTHER_AAGUID)
