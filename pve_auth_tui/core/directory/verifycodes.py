"""OpenSSL's verdicts on a certificate (x509_vfy.h, `X509_V_ERR_...`), as our causes."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.directory.causes import Cause

OK: Final = 0
OTHER_NAME: Final = 62
OTHER_ADDRESS: Final = 64
REASONS: Final = {OTHER_NAME: "hostname mismatch", OTHER_ADDRESS: "IP address mismatch"}

_CAUSES: Final = {
    2: Cause.CERT_INCOMPLETE,  # unable to get issuer certificate
    7: Cause.CERT_UNTRUSTED,  # signature failure: a CA of the same name with another key
    9: Cause.CERT_NOT_YET,
    10: Cause.CERT_EXPIRED,
    18: Cause.CERT_SELF_SIGNED,
    19: Cause.CERT_UNTRUSTED,  # self-signed certificate in the chain
    20: Cause.CERT_UNTRUSTED,  # unable to get local issuer certificate
    21: Cause.CERT_UNTRUSTED,  # unable to verify the first certificate
    26: Cause.CERT_NOT_FOR_SERVERS,  # unsuitable certificate purpose
    OTHER_NAME: Cause.CERT_OTHER_NAME,
    OTHER_ADDRESS: Cause.CERT_OTHER_ADDRESS,
    66: Cause.CERT_WEAK,  # EE certificate key too weak
    67: Cause.CERT_WEAK,  # CA certificate key too weak
    68: Cause.CERT_WEAK,  # CA signature digest algorithm too weak
}


def cause_of(code: int) -> Cause | None:
    """None for 0. 20 and 21 do not tell a missing intermediate from an unknown CA: whoever has
    the chain can (CERT_INCOMPLETE).
    """
    return _CAUSES.get(code, Cause.CERT_REFUSED) if code else None
