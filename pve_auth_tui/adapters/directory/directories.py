"""The servers of LDAP and AD realms (a `core.directory.ports.Directories`)."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.adapters.directory import contexts, tls
from pve_auth_tui.adapters.directory.connection import LdapDirectory
from pve_auth_tui.adapters.directory.starttls import speaks_ldap, start_tls
from pve_auth_tui.core.directory import verifycodes
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.directory.ports import Directory, Handshake, Network, ServiceRecord
from pve_auth_tui.core.directory.settings import DirectorySettings

SECONDS: Final = 10.0  # for each step, as PVE::LDAP has it for a connection


class LdapDirectories:
    """Over a network, which may be the demo's. Thread-safe: nothing is kept between two calls.

    `seconds`: for each step with a server.
    """

    def __init__(self, network: Network, seconds: float = SECONDS) -> None:
        self._network = network
        self._seconds = seconds

    def resolve(self, host: str) -> Sequence[str]:
        return self._network.resolve(host, self._seconds)

    def locate(self, domain: str) -> Sequence[ServiceRecord]:
        name = domain.strip(".")
        return self._network.services(f"_ldap._tcp.dc._msdcs.{name}", self._seconds)

    def reach(self, settings: DirectorySettings, host: str) -> str:
        with contextlib.closing(self._connected(settings, host)) as line:
            return _address(line)

    def starttls(self, settings: DirectorySettings, host: str) -> None:
        self._granted(settings, host).close()

    def handshake(self, settings: DirectorySettings, host: str, *, version: str = "") -> Handshake:
        """See `Directories.handshake`. One connection where the certificate is good; where it is
        not, a second one that does not verify brings what the server shows: whoever that is, it
        gets no client certificate.
        """
        context = contexts.prepared(contexts.context_for(version), settings, self._network)
        code, reason = verifycodes.OK, "ok"
        try:
            line, address = self._shaken(settings, host, context, version)
        except tls.BadCertificate as bad:
            code, reason = bad.code, bad.reason
            looking = contexts.context_for(version)
            contexts.not_verifying(looking)
            try:
                line, address = self._shaken(settings, host, looking, version)
            except DirectoryTrouble as trouble:
                if trouble.cause is not Cause.CLIENT_CERT_WANTED:
                    raise
                return Handshake("", "", (), code, reason, "")
        with contextlib.closing(line):
            cipher = (line.cipher() or ("",))[0]
            return Handshake(line.version() or "", cipher, tls.chain(line), code, reason, address)

    def open(self, settings: DirectorySettings, host: str, *, agreed: bool = False) -> Directory:
        if not settings.encrypted:
            if not agreed:
                raise DirectoryTrouble(
                    Cause.IN_CLEAR,
                    f"The realm speaks with {host} in the clear: everybody between can read it.",
                    "The mode STARTTLS or LDAPS, with Verify Certificate, keeps passwords secret.",
                )
            return self._in_the_clear(settings, host)
        if not settings.verify and not agreed:
            raise DirectoryTrouble(
                Cause.NOT_VERIFIED,
                f"The realm does not check who answers as {host}.",
                "Turn on Verify Certificate.",
            )
        context = contexts.context_for(settings.version)
        if settings.verify:
            contexts.prepared(context, settings, self._network)
        else:
            contexts.not_verifying(context)
        wishes = tls.Wishes()
        try:
            line, _ = self._shaken(settings, host, context, settings.version, wishes)
        except tls.BadCertificate as bad:
            raise _refused(host, bad) from None

        def instead(trouble: DirectoryTrouble) -> DirectoryTrouble:
            # TLS 1.3 tells of a missing certificate after the handshake, if that is still heard
            if wishes.certificate:
                return tls.certificate_wanted(host, trouble.original)
            return trouble

        return LdapDirectory(line, host, instead)

    def describe(self, der: bytes) -> Certificate:
        from pve_auth_tui.adapters.directory.certificates import described

        return described(der)

    def _in_the_clear(self, settings: DirectorySettings, host: str) -> Directory:
        def instead(trouble: DirectoryTrouble) -> DirectoryTrouble:
            wanted = self._begins_with_tls(settings, host)
            return _tls_wanted(host, trouble) if wanted else trouble

        return LdapDirectory(self._connected(settings, host), host, instead)

    def _connected(self, settings: DirectorySettings, host: str) -> socket.socket:
        return self._network.connect(host, settings.port, self._seconds)

    def _granted(self, settings: DirectorySettings, host: str) -> socket.socket:
        """An open socket on which TLS may begin, after StartTLS where the realm has that."""
        line = self._connected(settings, host)
        if settings.mode != "ldap+starttls":
            return line
        try:
            start_tls(line, host, self._seconds)
        except DirectoryTrouble as trouble:
            line.close()
            if trouble.cause is Cause.BROKEN_OFF and self._begins_with_tls(settings, host):
                raise _tls_wanted(host, trouble) from None
            raise
        except BaseException:
            line.close()
            raise
        return line

    def _shaken(
        self,
        settings: DirectorySettings,
        host: str,
        context: ssl.SSLContext,
        version: str,
        wishes: tls.Wishes | None = None,
    ) -> tuple[ssl.SSLSocket, str]:
        """And the address. Raises BadCertificate, and DirectoryTrouble for what no certificate is
        to blame for.
        """
        line = self._granted(settings, host)
        address = _address(line)
        try:
            return tls.shaken(line, context, host, self._seconds, wishes), address
        except tls.NoAgreement as error:
            raise self._no_agreement(settings, host, version, str(error)) from None
        except tls.BrokenOff as error:
            raise self._broken_off(settings, host, version, str(error)) from None
        except DirectoryTrouble as trouble:
            if trouble.cause is Cause.SILENT and self._speaks_plainly(settings, host):
                raise _no_tls(host, trouble.original) from None
            raise

    def _no_agreement(
        self, settings: DirectorySettings, host: str, version: str, reason: str
    ) -> DirectoryTrouble:
        knows = self._knows(settings, host)
        if knows and knows != _shown(version):
            return _other_version(host, version, knows, reason)
        return DirectoryTrouble(
            Cause.NO_COMMON_TLS,
            f"{host} knows no version or cipher of TLS that this node knows.",
            original=reason,
        )

    def _broken_off(
        self, settings: DirectorySettings, host: str, version: str, reason: str
    ) -> DirectoryTrouble:
        if self._speaks_plainly(settings, host):
            return _no_tls(host, reason)
        knows = self._knows(settings, host)
        if knows and knows != _shown(version):
            return _other_version(host, version, knows, reason)
        return DirectoryTrouble(
            Cause.BROKEN_OFF,
            f"{host} closed the connection in the middle of the TLS handshake.",
            original=reason,
        )

    def _knows(self, settings: DirectorySettings, host: str) -> str:
        """The best version that a server knows (`TLSv1.3`), "" for none; nothing is sent on it."""
        context = contexts.context_for("")
        contexts.any_version(context)
        contexts.not_verifying(context)
        try:
            line = tls.shaken(self._granted(settings, host), context, host, self._seconds)
        except (tls.NoAgreement, tls.BrokenOff, DirectoryTrouble):
            return ""
        with contextlib.closing(line):
            return line.version() or ""

    def _begins_with_tls(self, settings: DirectorySettings, host: str) -> bool:
        context = contexts.context_for("")
        contexts.not_verifying(context)
        try:
            tls.shaken(self._connected(settings, host), context, host, self._seconds).close()
        except (tls.BrokenOff, DirectoryTrouble):
            return False
        except tls.NoAgreement:
            return True
        return True

    def _speaks_plainly(self, settings: DirectorySettings, host: str) -> bool:
        """Is it a port in the clear, where the realm has LDAPS?"""
        if settings.mode != "ldaps":
            return False
        try:
            return speaks_ldap(self._connected(settings, host), host, self._seconds)
        except DirectoryTrouble:
            return False


def _address(line: socket.socket) -> str:
    """Asked of the plain socket: the demo's knows whom it stands for, TLS above it does not."""
    try:
        return str(line.getpeername()[0])
    except OSError:  # it has hung up already
        return ""


def _shown(version: str) -> str:
    """`tlsv1_2` as Python says it: `TLSv1.2`."""
    return version.replace("tls", "TLS").replace("_", ".")


def _refused(host: str, bad: tls.BadCertificate) -> DirectoryTrouble:
    cause = verifycodes.cause_of(bad.code) or Cause.CERT_REFUSED
    return DirectoryTrouble(
        cause,
        f"The certificate of {host} is not accepted: {bad.reason}.",
        original=f"{bad.code}: {bad.reason}",
        facts={"code": str(bad.code)},
    )


def _other_version(host: str, version: str, knows: str, reason: str) -> DirectoryTrouble:
    return DirectoryTrouble(
        Cause.OTHER_TLS_VERSION,
        f"{host} answers with {knows}, and {_shown(version) or 'TLSv1.2'} is wanted.",
        original=reason,
        facts={"knows": knows, "wanted": _shown(version)},
    )


def _tls_wanted(host: str, trouble: DirectoryTrouble) -> DirectoryTrouble:
    return DirectoryTrouble(
        Cause.TLS_WANTED,
        f"{host} wants TLS from the start on this port.",
        "The mode LDAPS is for this port.",
        trouble.original,
    )


def _no_tls(host: str, reason: str) -> DirectoryTrouble:
    return DirectoryTrouble(
        Cause.NO_TLS,
        f"{host} speaks LDAP in the clear on this port.",
        "The mode STARTTLS is for this port.",
        reason,
    )
