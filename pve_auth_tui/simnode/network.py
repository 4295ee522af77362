"""What the simulated node finds on the network, and whom it trusts there.

Its own files decide: /etc/hosts, whether there is an /etc/resolv.conf, the store of the system's
certificates. So a demo without them asks nobody: no name of it ever leaves the machine.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from ipaddress import ip_address
from typing import Final

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.disk import Disk

_TIMEOUT: Final = 10.0  # seconds for each server (PVE::LDAP::ldap_connect)
_SLOWEST_ANSWER: Final = 60.0  # seconds; PVE itself would wait for ever
_STORE: Final = "etc/ssl/certs/ca-certificates.crt"
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def reached(disk: Disk, host: str, port: int) -> socket.socket:
    """A connection in the clear; raises ApiError 500 with the system's words."""
    address = _address(disk, host)
    try:
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


def trust_system(context: ssl.SSLContext, disk: Disk) -> None:
    """The node's own store; this machine's where it has none."""
    if not trust_files(context, disk, _STORE):
        context.load_default_certs()


def trust_files(context: ssl.SSLContext, disk: Disk, path: str) -> bool:
    """A file of certificates, or all files of a folder; False when there is none in it."""
    places = [path, *(f"{path}/{name}" for name in disk.names(path))]
    found = _PEM.findall(b"\n".join(disk.read(place) or b"" for place in places))
    for certificate in found:
        context.load_verify_locations(cadata=certificate.decode("ascii", "replace"))
    return bool(found)


def _address(disk: Disk, host: str) -> str:
    """As a resolver with `files dns` finds it; without name servers it tries again and again."""
    if _is_address(host):
        return host
    for line in (disk.read("etc/hosts") or b"").decode(errors="replace").splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if host.lower() in (name.lower() for name in names):
            return address
    if host.lower() == "localhost":
        return "127.0.0.1"
    if disk.read("etc/resolv.conf") is None:
        raise ApiError(500, "Temporary failure in name resolution\n")
    return host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
