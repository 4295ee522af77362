"""What a certificate says, read by the `cryptography` package, which is imported only here."""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.directory.certificate import Certificate

if TYPE_CHECKING:
    from cryptography import x509

LONGEST: Final = 256 * 1024  # octets of DER
_MOST_NAMES: Final = 200
_SHORT: Final = {
    "2.5.29.37.0": "anyExtendedKeyUsage",
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
}


def described(der: bytes) -> Certificate:
    """Never raises; what cannot be read has a `problem`."""
    sha256 = hashlib.sha256(der).hexdigest()
    if len(der) > LONGEST:
        return Certificate(sha256=sha256, problem="it is too long")
    try:
        from cryptography import x509
    except ImportError:
        return Certificate(sha256=sha256, problem="python3-cryptography is missing here")
    broken = (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)
    try:
        with warnings.catch_warnings():
            # a serial number of 0, which old authorities gave, would be told on stderr
            warnings.simplefilter("ignore")
            return _read(x509.load_der_x509_certificate(der), sha256)
    except (ValueError, TypeError, KeyError, OverflowError, *broken) as error:
        # cryptography raises these for certificates that break RFC 5280 in one way or another
        return Certificate(sha256=sha256, problem=f"it cannot be read: {error}")


def unpacked(der: bytes) -> tuple[bytes, ...] | None:
    """The certificates of a PKCS#7 file, as DER; None for what is none."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
    except ImportError:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one that is BER
            found = pkcs7.load_der_pkcs7_certificates(der)
        return tuple(one.public_bytes(Encoding.DER) for one in found)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _read(found: x509.Certificate, sha256: str) -> Certificate:
    names, addresses = _alternatives(found)
    subject, issuer = found.subject.rfc4514_string(), found.issuer.rfc4514_string()
    return Certificate(
        subject=subject,
        issuer=issuer,
        names=names,
        addresses=addresses,
        begins=found.not_valid_before_utc.timestamp(),
        ends=found.not_valid_after_utc.timestamp(),
        sha256=sha256,
        purposes=_purposes(found),
        self_signed=found.subject == found.issuer,
        is_ca=_is_ca(found),
        key=_key(found),
        signature=_digest(found),
        path_length=_path_length(found),
        signs=_signs(found),
    )


def _alternatives(found: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from cryptography import x509

    try:
        value = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (), ()
    names = value.get_values_for_type(x509.DNSName)
    addresses = value.get_values_for_type(x509.IPAddress)
    return tuple(names[:_MOST_NAMES]), tuple(str(one) for one in addresses[:_MOST_NAMES])


def _purposes(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        value = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ()
    dotted = [one.dotted_string for one in value]
    return tuple(_SHORT.get(one, one) for one in dotted[:_MOST_NAMES])


def _is_ca(found: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _path_length(found: x509.Certificate) -> int | None:
    from cryptography import x509

    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    except x509.ExtensionNotFound:
        return None


def _signs(found: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        return found.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def _key(found: x509.Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        key = found.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return ""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


def _digest(found: x509.Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        used = found.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return used.name if used is not None else ""
