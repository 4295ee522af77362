"""The network of the demo: its directories and its provider, in this process (a
`core.directory.ports.Network`). No name of it ever leaves the machine.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import ServiceRecord
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.network import STORE, own_address, trust_files
from pve_auth_tui.simnode.outside import Outside

_SYSTEM: Final = "/etc/ssl/certs"
_REFUSED: Final = {
    errno.ECONNREFUSED: (Cause.REFUSED, "refuses connections"),
    errno.EHOSTUNREACH: (Cause.NO_ROUTE, "cannot be reached: no route to host"),
}


class DemoNetwork:
    """What the files of the simulated node say of names and CAs holds here, too.

    `outside` are the servers of the same demo; without them there is nobody.
    """

    def __init__(self, disk: Disk, outside: Outside | None = None) -> None:
        self._disk = disk
        self._outside = outside

    def resolve(self, host: str, seconds: float) -> Sequence[str]:
        if own := own_address(self._disk, host):
            return (own,)
        found = self._outside.addresses(host) if self._outside else ()
        if not found:
            raise DirectoryTrouble(Cause.NAME_UNKNOWN, f"The name {host} is not known.")
        return found

    def services(self, name: str, seconds: float) -> Sequence[ServiceRecord]:
        found = self._outside.services(name) if self._outside else ()
        return tuple(ServiceRecord(service.host, service.port) for service in found)

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        address = self.resolve(host, seconds)[0]
        try:
            if self._outside is None:
                raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody is there")
            found = self._outside.connect(address, port)
        except OSError as error:
            cause, text = _REFUSED.get(error.errno or 0, (Cause.SILENT, "does not answer"))
            raise DirectoryTrouble(
                cause, f"{host} ({address}) {text} on port {port}.", "", str(error)
            ) from error
        found.settimeout(seconds)
        return found

    def trust(self, context: ssl.SSLContext, capath: str) -> None:
        system = not capath or capath.rstrip("/") == _SYSTEM
        path = STORE if system else capath.strip("/")
        try:
            found = trust_files(context, self._disk, path)
        except ssl.SSLError as error:
            raise _unreadable(capath, str(error)) from error
        if not found and not system:
            if self._disk.read(path) is None and not self._disk.names(path):
                raise DirectoryTrouble(Cause.CA_MISSING, f"{capath} is not there.")
            raise _unreadable(capath, "no certificate")
        if self._outside is not None:
            self._outside.judge(context)

    def identify(self, context: ssl.SSLContext, cert: str, key: str) -> None:
        from pve_auth_tui.simnode.democertificates import load_pair

        held = [self._disk.read(path.strip("/")) for path in (cert, key)]
        for path, data in zip((cert, key), held, strict=True):
            if data is None:
                raise DirectoryTrouble(Cause.CLIENT_CERT_UNREADABLE, f"{path} is not there.")
        try:
            load_pair(context, held[0] or b"", held[1] or b"")
        except (OSError, ValueError) as error:
            raise DirectoryTrouble(
                Cause.CLIENT_CERT_UNREADABLE,
                f"{cert} and {key} are no certificate and its key.",
                "",
                str(error),
            ) from error


def _unreadable(capath: str, why: str) -> DirectoryTrouble:
    return DirectoryTrouble(
        Cause.CA_UNREADABLE, f"{capath} holds no certificate that can be read.", "", why
    )
