"""Which names and addresses a certificate is for. Everything in it is somebody else's text."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.errors import Unreadable

if TYPE_CHECKING:
    from cryptography import x509

_PEM: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----[\s\S]{1,65536}?-----END CERTIFICATE-----", re.ASCII
)
_MOST: Final = 100
_LONGEST: Final = 253  # characters of a host name (RFC 1035)


def certificate_names(pem: bytes) -> tuple[str, ...]:
    """The names and addresses of the first certificate in a text: alternative names, then the
    common name, each once, wildcards as they are. At most 100; none longer than a host name is.

    Raises Unreadable for what is no certificate, and where the library for them is missing.
    """
    try:
        from cryptography import x509
    except ImportError as error:
        raise Unreadable("Certificates cannot be read here.", "", str(error)) from None
    found = _PEM.search(pem)
    if found is None:
        raise Unreadable("There is no certificate in it.")
    try:
        with warnings.catch_warnings():  # of serial numbers and the like: nothing is believed here
            warnings.simplefilter("ignore")
            certificate = x509.load_pem_x509_certificate(found.group())
        common = [
            str(one.value)
            for one in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        ]
        names = [*_alternative(certificate), *common]
    except (ValueError, TypeError, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as error:
        raise Unreadable("The certificate cannot be read.", "", str(error)) from None
    short = (name for name in names if 0 < len(name) <= _LONGEST)
    return tuple(dict.fromkeys(short))[:_MOST]


def _alternative(certificate: x509.Certificate) -> list[str]:
    from cryptography import x509

    try:
        kinds = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        return []
    return [
        *kinds.get_values_for_type(x509.DNSName),
        *map(str, kinds.get_values_for_type(x509.IPAddress)),
    ]
