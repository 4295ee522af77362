"""A connection to a provider: its name, the datacenter's proxy, TLS that is always verified, and a
socket on which everything together ends in time.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, NamedTuple, NoReturn
from urllib.parse import unquote, urlsplit

from pve_auth_tui.core.directory import verifycodes
from pve_auth_tui.core.directory.causes import Cause as DirectoryCause
from pve_auth_tui.core.directory.causes import DirectoryTrouble
from pve_auth_tui.core.directory.ports import Network
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.ports import AT, Line
from pve_auth_tui.core.secret import HIDDEN, Secret

_NO_TLS: Final = {
    *("HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"),
    *("UNKNOWN_PROTOCOL", "WRONG_VERSION_NUMBER"),
}
_WANTS_OURS: Final = {"TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE"}
_TOO_WEAK: Final = {"EE_KEY_TOO_SMALL", "CA_MD_TOO_WEAK", "CA_KEY_TOO_SMALL", "DH_KEY_TOO_SMALL"}
_ENDS: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
_MOST_ADDRESSES: Final = 4
_SAME_NAME: Final = {cause.value: cause for cause in Cause}
_RENAMED: Final = {
    DirectoryCause.CERT_OTHER_ADDRESS: Cause.CERT_OTHER_NAME,
    DirectoryCause.CERT_NOT_FOR_SERVERS: Cause.CERT_REFUSED,
    DirectoryCause.CA_MISSING: Cause.CA_UNREADABLE,
    DirectoryCause.NO_SRV: Cause.NAME_UNKNOWN,
}

_TRANSLATED: Final = IPv6Network("64:ff9b::/96")  # an IPv4 address behind NAT64 (RFC 6052)

_Address = IPv4Address | IPv6Address


class Place(NamedTuple):
    """Where a request goes."""

    host: str
    port: int
    encrypted: bool


class Deadline:
    """When everything has to be over; `left` raises TimeoutError then."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than 0."""
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise TimeoutError("the time is over")
        return rest


class Timed:
    """A socket as http.client wants one: however slowly the other side drips, it ends in time."""

    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        """Raises TimeoutError, OSError."""
        self._inner.settimeout(self._deadline.left())
        self._inner.sendall(data)

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> io.BufferedReader:
        """For reading alone."""
        return io.BufferedReader(_Reader(self._inner, self._deadline))

    def close(self) -> None:
        """The connection's owner closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._inner = inner
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._inner.settimeout(self._deadline.left())
        try:
            return self._inner.recv_into(buffer)
        except ssl.SSLZeroReturnError:
            return 0


def trouble_of(error: DirectoryTrouble) -> OpenIdTrouble:
    """What a network says, by our own names."""
    cause = _RENAMED.get(error.cause) or _SAME_NAME.get(error.cause.value, Cause.BROKEN_OFF)
    facts = {AT: "port"} if cause in (Cause.SILENT, Cause.BROKEN_OFF) else {}
    return OpenIdTrouble(cause, str(error), error.hint, error.original, facts)


class Connector:
    """Opens connections over a network, which may be the demo's."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def open(
        self, place: Place, deadline: Deadline, issuer: str, proxy: Secret | None
    ) -> tuple[socket.socket, Line]:
        """Connected, and verified where it is encrypted; nothing was asked yet. `issuer`: the host
        that somebody typed. Raises OpenIdTrouble.
        """
        try:
            if proxy is not None:
                plain, line = self._by_proxy(place, deadline, issuer, proxy)
            else:
                plain, line = self._directly(place, deadline, issuer)
            if not place.encrypted:
                return plain, line
            try:
                return self._encrypted(plain, place.host, deadline, line)
            except BaseException:
                plain.close()
                raise
        except DirectoryTrouble as error:
            raise trouble_of(error) from None
        except TimeoutError:
            raise OpenIdTrouble(
                Cause.SILENT, f"{place.host} did not answer in time.", facts={AT: "port"}
            ) from None

    # --- the way there ---------------------------------------------------------------------

    def _directly(
        self, place: Place, deadline: Deadline, issuer: str
    ) -> tuple[socket.socket, Line]:
        """The address that is asked is one that was looked at: no name is resolved twice."""
        began = time.monotonic()
        addresses = self._addresses(place.host, deadline)
        self._require_fit(place.host, addresses, deadline, issuer)
        naming = time.monotonic() - began
        last: DirectoryTrouble | None = None
        for address in addresses[:_MOST_ADDRESSES]:
            began = time.monotonic()
            try:
                found = self._network.connect(address, place.port, deadline.left())
            except DirectoryTrouble as error:
                last = error
                continue
            took = time.monotonic() - began
            return found, Line(address=address, naming=naming, connecting=took)
        raise last or DirectoryTrouble(
            DirectoryCause.NAME_UNKNOWN, f"The name {place.host} has no address."
        )

    def _addresses(self, host: str, deadline: Deadline) -> list[str]:
        if _address(host) is not None:
            return [host]
        return list(self._network.resolve(host, deadline.left()))

    def _require_fit(
        self, host: str, addresses: list[str], deadline: Deadline, issuer: str
    ) -> None:
        """R21: this machine itself and link-local addresses only where the issuer is there."""
        if host.lower() == issuer.lower() or not any(map(_is_local, addresses)):
            return
        try:
            theirs = self._addresses(issuer, deadline) if issuer else []
        except DirectoryTrouble:
            theirs = []
        if not any(map(_is_local, theirs)):
            raise OpenIdTrouble(
                Cause.LOCAL_ADDRESS,
                f"{host} leads to this machine itself, or to a link-local address.",
                "It was not asked.",
            )

    def _by_proxy(
        self, place: Place, deadline: Deadline, issuer: str, proxy: Secret
    ) -> tuple[socket.socket, Line]:
        """A tunnel (RFC 9110, 9.3.6); names are looked up by the proxy then."""
        literal = _literal(place.host)
        if literal:
            self._require_fit(place.host, [literal], deadline, issuer)
        host, port, login = _proxy_of(proxy)
        began = time.monotonic()
        try:
            found = self._network.connect(host, port, deadline.left())
        except DirectoryTrouble as error:
            raise OpenIdTrouble(
                Cause.PROXY_UNREACHABLE,
                f"The datacenter's HTTP proxy {host}:{port} does not answer.",
                "See http_proxy of the datacenter's options.",
                error.original,
            ) from None
        try:
            _tunnel(found, place, deadline, login)
        except BaseException:
            found.close()
            raise
        return found, Line(address=f"by proxy {host}", connecting=time.monotonic() - began)

    # --- TLS ---------------------------------------------------------------------------------

    def _encrypted(
        self, plain: socket.socket, host: str, deadline: Deadline, line: Line
    ) -> tuple[socket.socket, Line]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it verifies chain and name
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._network.trust(context, "")
        began = time.monotonic()
        plain.settimeout(deadline.left())
        try:
            found = context.wrap_socket(plain, server_hostname=host)
        except TimeoutError:
            raise OpenIdTrouble(
                Cause.SILENT, f"{host} did not answer in time.", facts={AT: "tls"}
            ) from None
        except (OSError, ValueError) as error:
            raise _tls_trouble(error, host) from None
        ends = 0.0
        with suppress(ValueError):
            shown: Any = found.getpeercert() or {}
            ends = float(ssl.cert_time_to_seconds(shown.get("notAfter", "")))
        took = time.monotonic() - began
        return found, line._replace(tls=found.version() or "TLS", ends=ends, shaking=took)


def _tls_trouble(error: Exception, host: str) -> OpenIdTrouble:
    if isinstance(error, ssl.SSLCertVerificationError):
        found = verifycodes.cause_of(error.verify_code) or DirectoryCause.CERT_REFUSED
        cause = Cause.CERT_INCOMPLETE if error.verify_code == 21 else _same(found)
        return OpenIdTrouble(
            cause,
            f"The certificate of {host} is not taken.",
            original=error.verify_message or "",
            facts={"Verify code": str(error.verify_code), "OpenSSL says": error.verify_message},
        )
    reason = getattr(error, "reason", "") or ""
    if reason in _NO_TLS:
        return OpenIdTrouble(Cause.NO_TLS, f"{host} speaks no TLS there.", original=reason)
    if reason in _WANTS_OURS:
        return OpenIdTrouble(
            Cause.CLIENT_CERT_WANTED, f"{host} wants a client certificate.", original=reason
        )
    if reason in _TOO_WEAK:
        return OpenIdTrouble(
            Cause.CERT_WEAK, f"The certificate of {host} is too weak.", original=reason
        )
    if isinstance(error, ssl.SSLError) and not isinstance(error, _ENDS):
        return OpenIdTrouble(
            Cause.NO_COMMON_TLS, f"{host} and this node share no TLS.", original=reason
        )
    return OpenIdTrouble(
        Cause.BROKEN_OFF,
        f"{host} broke the connection off.",
        original=str(error),
        facts={AT: "tls"},
    )


def _same(cause: DirectoryCause) -> Cause:
    return _RENAMED.get(cause) or _SAME_NAME.get(cause.value, Cause.CERT_REFUSED)


# --- addresses -----------------------------------------------------------------------------


def _address(text: str) -> _Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _literal(host: str) -> str:
    """The address that a host is without any look-up, as resolvers take it: `127.1` and
    `2130706433` are addresses as well, and localhost is never asked for (RFC 6761 6.3).
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return "127.0.0.1"
    if _address(name) is not None:
        return name
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        return ""


def _is_local(text: str) -> bool:
    """This machine itself, link-local ones (metadata services are there), and unspecified ones."""
    found = _address(text)
    if isinstance(found, IPv6Address):
        inner = IPv4Address(int(found) & 0xFFFFFFFF) if found in _TRANSLATED else None
        found = found.ipv4_mapped or found.sixtofour or inner or found
    return found is not None and (
        found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast
    )


# --- the proxy ---------------------------------------------------------------------------------


def _proxy_of(proxy: Secret) -> tuple[str, int, Secret | None]:
    """Its host, its port (80 for none, as curl has it), and its login. The text is a secret."""
    try:
        parts = urlsplit(proxy.reveal())
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        _bad_proxy()
    if parts.scheme != "http" or not host:
        _bad_proxy()
    if parts.username is None:
        return host, port, None
    if parts.username == HIDDEN:  # as PVE's API shows it: sent, it would be a failed login
        raise OpenIdTrouble(
            Cause.PROXY_LOGIN_HIDDEN,
            f"The datacenter's HTTP proxy {host}:{port} has a login, which is not shown here.",
            "As root on the node: pve-auth-tui oidc-probe REALM",
        )
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return host, port, Secret(b64encode(login.encode()).decode())


def _bad_proxy() -> NoReturn:
    raise OpenIdTrouble(
        Cause.PROXY_MALFORMED,
        "http_proxy of the datacenter is no address of a proxy.",
        "Such as http://proxy.example.com:3128",
    )


def _tunnel(inner: socket.socket, place: Place, deadline: Deadline, login: Secret | None) -> None:
    target = f"[{place.host}]" if ":" in place.host else place.host
    lines = [f"CONNECT {target}:{place.port} HTTP/1.1", f"Host: {target}:{place.port}"]
    if login is not None:
        lines.append(f"Proxy-Authorization: Basic {login.reveal()}")
    timed = Timed(inner, deadline)
    try:
        timed.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1"))
        status = _tunnel_status(timed)
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise OpenIdTrouble(
            Cause.PROXY_UNREACHABLE,
            "The datacenter's HTTP proxy does not answer as a proxy does.",
            original=type(error).__name__,
        ) from None
    if not 200 <= status < 300:
        raise OpenIdTrouble(
            Cause.PROXY_REFUSED,
            f"The datacenter's HTTP proxy does not let us through to {place.host}.",
            facts={"Answer": f"HTTP {status}"},
        )


def _tunnel_status(timed: Timed) -> int:
    """Octet by octet: what follows the empty line is TLS, and not ours to read here."""
    head = b""
    read: Callable[[int], bytes | None] = timed.makefile().raw.read
    while not head.endswith(b"\r\n\r\n"):
        one = read(1)
        if not one or len(head) > 8192:
            raise http.client.HTTPException("no answer of a proxy")
        head += one
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise http.client.HTTPException("no answer of a proxy")
    return int(rest[:3])
