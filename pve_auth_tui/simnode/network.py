"""What the simulated node finds on the network, and whom it trusts there.

Its own files decide: /etc/hosts, whether there is an /etc/resolv.conf, the store of the system's
certificates. So a node without them asks nobody. In the demo there are simulated servers around
it (`outside`), and nobody else: no name of it ever leaves the machine.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.disk import Disk

if TYPE_CHECKING:
    from pve_auth_tui.simnode.node import SimNode

_TIMEOUT: Final = 10.0  # seconds for each server (PVE::LDAP::ldap_connect)
_SLOWEST_ANSWER: Final = 60.0  # seconds; PVE itself would wait for ever
STORE: Final = "etc/ssl/certs/ca-certificates.crt"
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def reached(node: SimNode, host: str, port: int) -> socket.socket:
    """A connection in the clear; raises ApiError 500 with the system's words."""
    address = _address(node, host)
    try:
        if node.outside is not None:
            found = node.outside.connect(address, port)
        else:
            found = socket.create_connection((address, port), timeout=_TIMEOUT)
    except TimeoutError as error:
        raise ApiError(500, "Connection timed out\n") from error
    except socket.gaierror as error:
        raise ApiError(500, f"{error.strerror}\n") from error
    except (OSError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        raise ApiError(500, f"{os.strerror(number) if number else error}\n") from error
    found.settimeout(_SLOWEST_ANSWER)
    return found


def trust_system(context: ssl.SSLContext, node: SimNode) -> None:
    """The node's own store; this machine's where it has none, and the servers are real."""
    if not trust_files(context, node.disk, STORE) and node.outside is None:
        context.load_default_certs()
    if node.outside is not None:
        node.outside.judge(context)


def trust_files(context: ssl.SSLContext, disk: Disk, path: str) -> bool:
    """A file of certificates, or all files of a folder; False when there is none in it."""
    places = [path, *(f"{path}/{name}" for name in disk.names(path))]
    found = _PEM.findall(b"\n".join(disk.read(place) or b"" for place in places))
    for certificate in found:
        context.load_verify_locations(cadata=certificate.decode("ascii", "replace"))
    return bool(found)


def own_address(disk: Disk, host: str) -> str:
    """An address as it is, or that of a name in the node's own /etc/hosts; else ""."""
    if _is_address(host):
        return host
    for line in (disk.read("etc/hosts") or b"").decode(errors="replace").splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if host.lower() in (name.lower() for name in names):
            return address
    return "127.0.0.1" if host.lower() == "localhost" else ""


def _address(node: SimNode, host: str) -> str:
    """As a resolver with `files dns` finds it; without name servers it tries again and again."""
    if own := own_address(node.disk, host):
        return own
    if node.outside is not None:
        if found := node.outside.addresses(host):
            return found[0]
        raise ApiError(500, "Name or service not known\n")
    if node.disk.read("etc/resolv.conf") is None:
        raise ApiError(500, "Temporary failure in name resolution\n")
    return host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
