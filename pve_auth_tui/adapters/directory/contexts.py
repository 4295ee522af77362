"""How our TLS is set up, as Net::LDAP and IO::Socket::SSL 2.081 do it for PVE.

What differs from Python's own defaults, each so that our verdict is PVE's:
- exactly one version of TLS (`sslversion`);
- `DEFAULT` ciphers, among them those without forward secrecy, at OpenSSL's level 2 as on Debian:
  there a realm with `tlsv1` or `tlsv1_1` reaches no server, whatever that one knows;
- a certificate that is trusted itself ends a chain (X509_V_FLAG_PARTIAL_CHAIN);
- no strict reading of RFC 5280: Python 3.13 refuses CAs without keyUsage, OpenSSL does not;
- the name is compared by `core.directory.peername`, after the handshake and before any request.

Twenty kinds of servers were shown to Net::LDAP 0.68 on Debian 12 as well: the verdicts are equal.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import Final

from pve_auth_tui.core.directory.causes import DirectoryTrouble
from pve_auth_tui.core.directory.ports import Network
from pve_auth_tui.core.directory.settings import DirectorySettings

_VERSIONS: Final = {
    "tlsv1": ssl.TLSVersion.TLSv1,
    "tlsv1_1": ssl.TLSVersion.TLSv1_1,
    "tlsv1_2": ssl.TLSVersion.TLSv1_2,
    "tlsv1_3": ssl.TLSVersion.TLSv1_3,
}
_CIPHERS: Final = "DEFAULT:!EXP:!MEDIUM:!LOW:!eNULL:!aNULL:!RC4:!DES:!MD5:!PSK:!SRP"
_USUAL, _LOWEST = "@SECLEVEL=2", "@SECLEVEL=0"


def context_for(version: str) -> ssl.SSLContext:
    """For exactly a version (`tlsv1_2`; one that is unknown counts as that); "" from 1.2 on.

    It verifies chains, and trusts nobody yet.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # ours comes after the handshake
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_ciphers(f"{_CIPHERS}:{_USUAL}")
    if version:
        exactly = _VERSIONS.get(version, ssl.TLSVersion.TLSv1_2)
        context.minimum_version = context.maximum_version = exactly
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def any_version(context: ssl.SSLContext) -> None:
    """Whatever OpenSSL still knows, for a look at servers that know nothing better."""
    context.set_ciphers(f"{_CIPHERS}:{_LOWEST}")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED


def not_verifying(context: ssl.SSLContext) -> None:
    """For a handshake that only looks at what the server shows, and for a realm without `verify`
    after somebody agreed to it (R20).
    """
    context.verify_mode = ssl.CERT_NONE  # noqa: TID251 (the two cases above, and no others)


def prepared(
    context: ssl.SSLContext, settings: DirectorySettings, network: Network
) -> ssl.SSLContext:
    """With the realm's CAs and its client certificate. PVE uses them with `verify` only: without
    it, CAs that cannot be read are no trouble.

    Raises DirectoryTrouble (CA_MISSING, CA_UNREADABLE, CLIENT_CERT_UNREADABLE).
    """
    if not settings.verify:
        with contextlib.suppress(DirectoryTrouble):
            network.trust(context, settings.capath)
        return context
    network.trust(context, settings.capath)
    if settings.cert or settings.certkey:
        network.identify(context, settings.cert, settings.certkey)
    return context
