"""What stands around the simulated node: names, and servers that answer in this process.

No port is opened, and no name leaves the machine: whoever is not here does not exist.
"""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from pve_auth_tui.simnode.disk import Disk

if TYPE_CHECKING:
    import socket
    import ssl

    from pve_auth_tui.simnode.demoprovider import Provider
    from pve_auth_tui.simnode.ldapserver.accounts import Accounts
    from pve_auth_tui.simnode.ldapserver.entries import Tree
    from pve_auth_tui.simnode.ldapserver.server import LdapServer
    from pve_auth_tui.simnode.line import Line
    from pve_auth_tui.simnode.rack import Rack

DC1: Final = "dc01.example.com"
DC2: Final = "dc02.example.com"
LAB: Final = "ldap.lab.example.com"
PROVIDER: Final = "login.microsoftonline.com"
ADDRESSES: Final = {
    DC1: "192.0.2.10",
    DC2: "192.0.2.11",
    "dc2.example.com": "192.0.2.11",
    LAB: "192.0.2.40",
    PROVIDER: "192.0.2.50",
}
DAYS: Final = 241
"""For which the certificate of dc01 is still good when the demo starts."""
REDIRECTS: Final = tuple(f"https://{name}.example.com:8006" for name in ("pve1", "pve2"))
"""What somebody registered at the provider; pve3 was forgotten."""
_DOMAIN: Final = "example.com"
_SERVICES: Final = re.compile(
    r"_(ldap|kerberos|kpasswd|gc)\._(tcp|udp)\."
    r"((dc|gc|pdc)\._msdcs\.|([\w-]+\._sites\.(dc\._msdcs\.)?))?example\.com"
)
_PORTS: Final = {"ldap": 389, "kerberos": 88, "kpasswd": 464, "gc": 3268}
_LDAP, _LDAPS, _HTTPS = 389, 636, 443
_KERBEROS: Final = {88: "port 88 closed", 464: "port 464 closed"}
"""Ports of a domain controller that take connections and say nothing here, and their faults."""
_RESOLV: Final = "etc/resolv.conf"
_NAME_SERVER: Final = re.compile(rb"^nameserver\s+(\S+)", re.MULTILINE)
_DOMAINS: Final = "etc/pve/domains.cfg"
_USERS: Final = "etc/pve/user.cfg"
_PASSWORD: Final = "etc/pve/priv/realm/corp.pw"  # noqa: S105 (a path)
_PATIENCE: Final = 10.0  # seconds that somebody who says nothing is listened to
_TENANT: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SCALED: Final = re.compile(rb"^user:u(\d{5,6})@corp:", re.MULTILINE)

Serve = Callable[["socket.socket"], None]


class Service(NamedTuple):
    """A server that a domain's DNS names."""

    host: str
    port: int


class Corp(NamedTuple):
    """Realm corp's Active Directory."""

    tree: Tree
    accounts: Accounts


class Outside:
    """`now`: seconds since 1970. The directories are what the disk's users make of them when the
    first connection comes; the bind password and the provider's client are those that stand on
    the disk at the start.

    `faults`: host -> what is wrong there; names as in `ldapserver.faults` and `demoprovider`.
    """

    def __init__(self, disk: Disk, now: Callable[[], float]) -> None:
        self.faults: dict[str, set[str]] = {host: set() for host in (DC1, DC2, LAB, PROVIDER)}
        self._now = now
        self._since = now()
        self._disk = disk
        self._realms = disk.read(_DOMAINS) or b""
        self._bind_password = (disk.read(_PASSWORD) or b"").decode(errors="replace").strip()
        self._turn = threading.Lock()

    def addresses(self, host: str) -> Sequence[str]:
        """Of a name; () when there is none of it."""
        name = host.lower().rstrip(".")
        if not self._knows_names:
            return ()
        if name == _DOMAIN:
            return (ADDRESSES[DC1], ADDRESSES[DC2])
        return tuple(filter(None, [ADDRESSES.get(name, "")]))

    def services(self, name: str) -> Sequence[Service]:
        """Those of an SRV record; () when there is none of it."""
        if not self._knows_names:
            return ()
        if found := _SERVICES.fullmatch(name.lower().rstrip(".")):
            port = _PORTS[found[1]]
            return (Service(DC1, port), Service(DC2, port))
        return ()

    def opens(self, host: str, port: int) -> bool:
        """Whether somebody takes connections there, without making one."""
        faults = self.faults.get(host, {"refused"})
        if faults & {"refused", "silent", "closes", "not ldap"}:
            return False
        return _KERBEROS.get(port, "") not in faults

    @property
    def _knows_names(self) -> bool:
        """Whether the node asks a DC's DNS; where nothing is written down, it does."""
        servers = _NAME_SERVER.findall(self._disk.read(_RESOLV) or b"")
        known = {ADDRESSES[DC1].encode(), ADDRESSES[DC2].encode()}
        return not servers or bool(known.intersection(servers))

    @property
    def corp(self) -> Corp:
        """The domain controllers' directory: what a join changes there."""
        with self._turn:
            return self._corp

    def connect(self, address: str, port: int) -> socket.socket:
        """A connection to whoever listens there. Raises OSError as a system does."""
        hosts = [host for host in self.faults if ADDRESSES[host] == address]
        if not hosts:
            known = address.startswith(("127.", "::1"))
            raise _error(errno.ECONNREFUSED if known else errno.EHOSTUNREACH)
        (host,) = hosts
        if "refused" in self.faults[host]:
            raise _error(errno.ECONNREFUSED)
        with self._turn:
            serve = self._listening(host, port)
        if serve is None:
            raise _error(errno.ECONNREFUSED)
        return self._line.connect(serve, (address, port))

    def judge(self, context: ssl.SSLContext) -> None:
        """Lets OpenSSL look away from a certificate's dates where no story is about them: they
        are the demo's clock's, and OpenSSL knows only the machine's (`democertificates`).
        """
        from pve_auth_tui.simnode.democertificates import NO_CHECK_TIME

        if not self._about_time:
            context.verify_flags |= NO_CHECK_TIME

    @property
    def _about_time(self) -> bool:
        from pve_auth_tui.simnode.democertificates import ABOUT_TIME

        return any(ABOUT_TIME & faults for faults in self.faults.values())

    def _listening(self, host: str, port: int) -> Serve | None:
        if host == PROVIDER:
            return self._speak_https if port == _HTTPS else None
        if port in _KERBEROS and host in (DC1, DC2):
            return None if _KERBEROS[port] in self.faults[host] else _listen_only
        if port not in (_LDAP, _LDAPS) or (host == LAB and port == _LDAPS):
            return None
        return partial(self._servers[host].serve, tls=port == _LDAPS)

    @cached_property
    def _line(self) -> Line:
        from pve_auth_tui.simnode.line import Line

        return Line()

    @cached_property
    def _provider(self) -> Provider:
        """Entra ID as realm entra has it at the start: its tenant, its client, its secret."""
        from pve_auth_tui.core.domains import Realm, parse_domains
        from pve_auth_tui.core.errors import AuthTuiError
        from pve_auth_tui.simnode.demoprovider import Client, Provider

        realm = Realm("entra", None)
        with suppress(AuthTuiError):
            realm = parse_domains(self._realms).realms.get("entra", realm)
        options = realm.options
        tenant = _TENANT.search(options.get("issuer-url", ""))
        client = Client(options.get("client-id", ""), options.get("client-key", ""), REDIRECTS)
        faults = self.faults[PROVIDER]
        return Provider(PROVIDER, tenant[0] if tenant else "common", client, self._now, faults)

    def _speak_https(self, connection: socket.socket) -> None:
        with suppress(OSError), self._secure(PROVIDER, connection) as secured:
            self._provider.serve(secured)

    @cached_property
    def _cluster(self) -> Rack:
        """As the demo made it, in its size: what the disk's users were at first."""
        from pve_auth_tui.simnode.rack import rack
        from pve_auth_tui.simnode.scale import with_users

        found = [int(number) for number in _SCALED.findall(self._disk.read(_USERS) or b"")]
        cluster = rack(self._since)
        return with_users(cluster, max(found)) if found else cluster

    @cached_property
    def _corp(self) -> Corp:
        from pve_auth_tui.simnode import demodirectory as corp
        from pve_auth_tui.simnode.ldapserver.accounts import Accounts, Policy

        tree = corp.directory(self._cluster, self._since, self._bind_password)
        policy = Policy(corp.LOCK_AFTER, corp.LOCK_MINUTES)
        accounts = Accounts(tree, self._now, domain=corp.DOMAIN, short=corp.SHORT, policy=policy)
        return Corp(tree, accounts)

    @cached_property
    def _servers(self) -> dict[str, LdapServer]:
        from pve_auth_tui.simnode import demodirectory as corp
        from pve_auth_tui.simnode import demodirectorylab as lab
        from pve_auth_tui.simnode.ldapserver.accounts import Accounts
        from pve_auth_tui.simnode.ldapserver.searching import Directory
        from pve_auth_tui.simnode.ldapserver.server import LdapServer

        tree, accounts = self._corp
        domain = Directory(tree, corp.BASE, ad=True, elsewhere=corp.ELSEWHERE)
        plain = lab.directory(self._cluster)
        servers = {
            host: LdapServer(host, domain, accounts, self._now, partial(self._secure, host))
            for host in (DC1, DC2)
        }
        servers[LAB] = LdapServer(
            LAB,
            Directory(plain, lab.SUFFIX, most=500, most_paged=500),
            Accounts(plain, self._now),
            self._now,
        )
        for host, server in servers.items():
            server.faults = self.faults[host]  # type: ignore[assignment]
        return servers

    def _secure(self, host: str, connection: socket.socket) -> socket.socket:
        """TLS on a server's side."""
        from pve_auth_tui.simnode.democertificates import Shown, server_context

        names = {DC2: ("dc2.example.com",)}.get(host, (host,))
        days = {DC1: DAYS}.get(host, 2 * DAYS)
        shown = Shown(names, days, self._since)
        context = server_context(shown, self.faults[host], judged=self._about_time)
        return context.wrap_socket(connection, server_side=True)


def _listen_only(connection: socket.socket) -> None:
    """Kerberos: only whether the port is open is looked at."""
    with suppress(OSError), connection:
        connection.settimeout(_PATIENCE)
        while connection.recv(4096):
            pass


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
