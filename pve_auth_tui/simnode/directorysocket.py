"""TLS to a directory's server, as Net::LDAP makes it for PVE.

ldap3's own TLS is not used: it takes no exact version, and from Python 3.12 on it refuses a
certificate that names an IP address. Texts: Net::LDAP, IO::Socket::SSL, recorded answers.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.simnode.network import trust_files, trust_system
from pve_auth_tui.simnode.node import SimNode

_USUAL_VERSION: Final = "tlsv1_2"
_VERSIONS: Final = {
    "tlsv1": ssl.TLSVersion.TLSv1,
    "tlsv1_1": ssl.TLSVersion.TLSv1_1,
    "tlsv1_2": ssl.TLSVersion.TLSv1_2,
    "tlsv1_3": ssl.TLSVersion.TLSv1_3,
}
_SYSTEM_STORE: Final = "/etc/ssl/certs"
# OpenSSL's numbers for the reasons that are met (openssl/sslerr.h); 0A is the library `SSL`
_REASONS: Final = {
    "CERTIFICATE_VERIFY_FAILED": 0x86,
    "UNSUPPORTED_PROTOCOL": 0x102,
    "WRONG_VERSION_NUMBER": 0x10B,
    "UNEXPECTED_EOF_WHILE_READING": 0x126,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": 0x410,
    "TLSV1_ALERT_UNKNOWN_CA": 0x418,
    "TLSV1_ALERT_PROTOCOL_VERSION": 0x42E,
    "TLSV1_ALERT_INTERNAL_ERROR": 0x438,
}


def secured(plain: socket.socket, host: str, realm: Realm, node: SimNode) -> ssl.SSLSocket:
    """The same connection with TLS as a realm wants it; raises ApiError 500."""
    try:
        return _context(realm, node).wrap_socket(plain, server_hostname=host)
    except ssl.SSLError as error:
        plain.close()
        raise ApiError(500, f"SSL connect attempt failed{_reason(error)}\n") from error
    except (OSError, ValueError) as error:
        plain.close()
        raise ApiError(500, f"SSL connect attempt failed {error}\n") from error


def _reason(error: ssl.SSLError) -> str:
    """`error:0A000086:SSL routines::certificate verify failed`."""
    name = error.reason or ""
    if not name:
        return ""
    words = name.replace("_", " ").lower()
    return f" error:0A{_REASONS.get(name, 0):06X}:SSL routines::{words}"


def _context(realm: Realm, node: SimNode) -> ssl.SSLContext:
    """Exactly one version of TLS, as PVE has it; a check of the certificate only with `verify`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    name = realm.options.get("sslversion") or _USUAL_VERSION
    version = _VERSIONS.get(name, _VERSIONS[_USUAL_VERSION])
    # Debian's OpenSSL signs nothing that old at its usual level: such a realm reaches nobody.
    context.minimum_version = context.maximum_version = version
    if truthy(realm.options.get("verify")):
        _trust(context, realm.options.get("capath"), node)
    else:
        # The one place where TLS is not verified: the simulated node does here what PVE does
        # for a realm without `verify`. pve-auth-tui's own connections never come this way.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # noqa: TID251
    return context


def _trust(context: ssl.SSLContext, capath: str | None, node: SimNode) -> None:
    """A file or a folder of the node's own disk."""
    if capath is None or capath.rstrip("/") == _SYSTEM_STORE:
        trust_system(context, node)
    else:
        trust_files(context, node.disk, capath.strip("/"))
        if node.outside is not None:
            node.outside.judge(context)
