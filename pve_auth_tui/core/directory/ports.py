"""What realm tests, syncs and OpenID probes need of the network. Adapters fulfil it; the demo
brings a network of its own, on which the same adapters work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.secret import Secret

if TYPE_CHECKING:
    import socket
    import ssl


class ServiceRecord(NamedTuple):
    """An SRV record (RFC 2782)."""

    host: str
    port: int
    priority: int = 0
    weight: int = 0


class Network(Protocol):
    """Names, connections, and whom this node trusts. Every call ends within its seconds.

    Raises DirectoryTrouble (NAME_UNKNOWN, DNS_SILENT, REFUSED, SILENT, NO_ROUTE, CA_MISSING,
    CA_UNREADABLE, CLIENT_CERT_UNREADABLE).
    """

    def resolve(self, host: str, seconds: float) -> Sequence[str]:
        """The addresses of a name, as the system's own resolver finds them."""

    def services(self, name: str, seconds: float) -> Sequence[ServiceRecord]:
        """SRV records such as `_ldap._tcp.dc._msdcs.example.com`, best first; () for none."""

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """A TCP connection in the clear with that time-out."""

    def trust(self, context: ssl.SSLContext, capath: str) -> None:
        """Lets a context trust a file or a folder of CAs; "" is the system's store."""

    def identify(self, context: ssl.SSLContext, cert: str, key: str) -> None:
        """Lets a context show a client certificate, from files of the node."""


class Handshake(NamedTuple):
    """What TLS with a server came to. No credential was sent.

    `chain`: DER, the server's own first. `code`: OpenSSL's verify code, 0 for ok; `reason`: its
    words. `protocol`: `TLSv1.2`. `address`: who answered.
    """

    protocol: str
    cipher: str
    chain: tuple[bytes, ...]
    code: int
    reason: str
    address: str


class Entry(NamedTuple):
    """An entry of a directory: DN and values as octets; attributes by the name asked for, in
    small letters; what the entry lacks is not there.
    """

    dn: bytes
    values: Mapping[str, Sequence[bytes]]


class Answer(NamedTuple):
    """What a search brought. `code`: LDAP's result of the last page, 0 for all of it (RFC 4511
    A.1). `stopped`: whoever asked wanted no more, or our own limit was reached.
    """

    entries: Sequence[Entry]
    code: int = 0
    message: str = ""
    stopped: bool = False


class Directory(Protocol):
    """One connection to one server, TLS verified as the realm says. Errors: DirectoryTrouble."""

    @property
    def host(self) -> str: ...

    def root(self) -> Mapping[str, Sequence[bytes]]:
        """The root DSE, names in small letters; readable before any bind on most servers."""

    def bind(self, dn: str, password: Secret) -> None:
        """One simple bind, never repeated (R23). An empty password is refused here."""

    def bind_nobody(self) -> None:
        """An anonymous bind."""

    def search(
        self,
        base: str,
        wanted: str,
        attributes: Sequence[str],
        *,
        scope: str = "SUBTREE",
        page: int = 0,
        most: int = 200_000,
        seconds: float = 60.0,
        on_page: Callable[[int], None] = lambda count: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """Entries that fit, page by page (`page` 0: not paged); referrals are never followed.

        `on_page` hears how many came so far. Raises for codes that bring nothing.
        """

    def close(self) -> None:
        """Unbind and close; never raises."""


class Directories(Protocol):
    """The servers of LDAP and AD realms. Errors: DirectoryTrouble."""

    def resolve(self, host: str) -> Sequence[str]: ...

    def locate(self, domain: str) -> Sequence[ServiceRecord]:
        """The domain controllers that DNS names (`_ldap._tcp.dc._msdcs.DOMAIN`)."""

    def reach(self, settings: DirectorySettings, host: str) -> str:
        """The address that took a TCP connection; it is closed at once."""

    def starttls(self, settings: DirectorySettings, host: str) -> None:
        """Is StartTLS granted? Raises STARTTLS_NOT_OFFERED, NOT_LDAP."""

    def handshake(self, settings: DirectorySettings, host: str, *, version: str = "") -> Handshake:
        """TLS as the realm's mode has it, with its trust; a bad certificate is a code, no error.
        The client certificate is for servers whose own is good: of one that is not, and insists
        on it, there may be no chain and no protocol.

        `version`: exactly that one (`tlsv1_2`); "" for whatever both sides know.
        """

    def open(self, settings: DirectorySettings, host: str, *, agreed: bool = False) -> Directory:
        """A connection for binds: exactly PVE's version of TLS, verified before anything is sent.

        Without TLS or without `verify` only where somebody `agreed` to it (R20): else NOT_VERIFIED
        or IN_CLEAR is raised. Never falls back from StartTLS.
        """

    def describe(self, der: bytes) -> Certificate:
        """What a certificate of a chain says; never raises: rubbish has a `problem`."""
