"""Names and connections as this machine has them (a `core.directory.ports.Network`)."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.directory import resolver
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import ServiceRecord

SYSTEM_STORE: Final = Path("/etc/ssl/certs")  # Debian's, and what PVE's schema names
_NO_ROUTE: Final = {
    errno.EACCES,  # iptables REJECT with admin-prohibited
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.EPERM,
}
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_LARGEST: Final = 16 * 1024 * 1024  # octets of a file of CAs
_NO_PHRASE: Final = "-"  # PVE gives none either; without one OpenSSL would ask the terminal
_NEXT_CA: Final = "The realm's CA Path is a file of certificates (PEM), or a folder of them."


class SystemNetwork:
    """The resolver, the routes and the store of CAs of this machine.

    `store`: the folder of CAs that capath "" means.
    """

    def __init__(self, store: Path = SYSTEM_STORE) -> None:
        self._store = store

    def resolve(self, host: str, seconds: float) -> Sequence[str]:
        return resolver.addresses(host, seconds)

    def services(self, name: str, seconds: float) -> Sequence[ServiceRecord]:
        return resolver.service_records(name, seconds)

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """Every address in its turn, each with its share of the time. Of several failures the one
        that says most is raised: somebody refused, before nobody answered.
        """
        until = time.monotonic() + seconds
        addresses = self.resolve(host, seconds)
        failures: list[OSError] = []
        for tried, address in enumerate(addresses):
            left = max(until - time.monotonic(), 0.01)
            try:
                line = socket.create_connection((address, port), left / (len(addresses) - tried))
            except OSError as error:
                failures.append(error)
                continue
            line.settimeout(seconds)
            return line
        raise _not_connected(host, port, failures)

    def trust(self, context: ssl.SSLContext, capath: str) -> None:
        """OpenSSL's own default is not asked for: SSL_CERT_FILE and SSL_CERT_DIR would steer it."""
        path = Path(capath) if capath else self._store
        mode = _mode(path, Cause.CA_MISSING, Cause.CA_UNREADABLE, _NEXT_CA)
        try:
            if stat.S_ISDIR(mode):
                _require_hashes(path)
                context.load_verify_locations(capath=path)
            else:
                _require_file(path, mode)
                context.load_verify_locations(cafile=path)
        except (OSError, ValueError) as error:
            raise DirectoryTrouble(
                Cause.CA_UNREADABLE,
                f"There are no certificates to read in {path}.",
                _NEXT_CA,
                getattr(error, "reason", "") or str(error),
            ) from None

    def identify(self, context: ssl.SSLContext, cert: str, key: str) -> None:
        if not cert or not key:
            raise _identity("The client certificate and its key go together.", "")
        try:
            for path in (Path(cert), Path(key)):
                _require_file(path, path.stat().st_mode)
            context.load_cert_chain(cert, key, password=lambda: _NO_PHRASE)
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", "") or str(error)
            raise _identity(f"The client certificate {cert} cannot be used.", why) from None


def _not_connected(host: str, port: int, failures: Sequence[OSError]) -> DirectoryTrouble:
    where = f"{host}, port {port}"
    for error in failures:
        if isinstance(error, ConnectionRefusedError):
            return DirectoryTrouble(
                Cause.REFUSED,
                f"{where}: nothing listens there, or a firewall refuses.",
                original=_words(error),
            )
        if isinstance(error, ConnectionError):
            return DirectoryTrouble(
                Cause.BROKEN_OFF,
                f"{where}: the connection was closed at once.",
                original=_words(error),
            )
    for error in failures:
        if isinstance(error, TimeoutError):
            return DirectoryTrouble(
                Cause.SILENT,
                f"{where}: no answer.",
                "A firewall may drop what this node sends, or the server is down.",
                _words(error),
            )
    last = failures[-1] if failures else OSError(errno.EADDRNOTAVAIL, "no address")
    known = last.errno in _NO_ROUTE
    return DirectoryTrouble(
        Cause.NO_ROUTE if known else Cause.REFUSED,
        f"{where}: there is no way there from this node." if known else f"{where}: refused.",
        original=_words(last),
    )


def _words(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)


def _mode(path: Path, missing: Cause, unreadable: Cause, hint: str) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise DirectoryTrouble(missing, f"There is no {path} on this node.", hint) from None
    except (OSError, ValueError) as error:
        raise DirectoryTrouble(unreadable, f"{path} cannot be read.", hint, str(error)) from None


def _require_file(path: Path, mode: int) -> None:
    """OpenSSL would wait for a pipe for ever, and read a device to no end."""
    if not stat.S_ISREG(mode):
        raise ValueError(f"{path} is no file")
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path} is too large")


def _require_hashes(path: Path) -> None:
    """OpenSSL finds nothing in a folder whose links `openssl rehash` did not make."""
    with os.scandir(path) as listed:
        if not any(_HASHED.fullmatch(one.name) for one in listed):
            raise ValueError("no certificate there has a hashed name: openssl rehash makes them")


def _identity(message: str, why: str) -> DirectoryTrouble:
    return DirectoryTrouble(
        Cause.CLIENT_CERT_UNREADABLE,
        message,
        "Both are PEM files on this node, the key without a passphrase.",
        why,
    )
