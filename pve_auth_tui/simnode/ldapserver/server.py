"""A directory's server: it takes connections that somebody hands to it, each in a thread."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pve_auth_tui.simnode.ldapserver import messages
from pve_auth_tui.simnode.ldapserver.accounts import Accounts
from pve_auth_tui.simnode.ldapserver.entries import Entry
from pve_auth_tui.simnode.ldapserver.faults import AHEAD, Fault
from pve_auth_tui.simnode.ldapserver.searching import Directory
from pve_auth_tui.simnode.ldapserver.session import IDLE, Secure, Session

_SOMETHING_ELSE: Final = b"220 this is no directory\r\n"


class LdapServer:
    """`directory` and `accounts` may be another server's, too. `now`: seconds since 1970.

    `faults` may change while it runs. `secure` makes TLS on its side; None for no certificate.
    """

    def __init__(
        self,
        host: str,
        directory: Directory,
        accounts: Accounts,
        now: Callable[[], float],
        secure: Secure | None = None,
    ) -> None:
        self.host = host
        self.faults: set[Fault] = set()
        self._directory = directory
        self._accounts = accounts
        self._now = now
        self._secure = secure

    def serve(self, connection: socket.socket, *, tls: bool = False) -> None:
        """Answer one client until it leaves; `tls`: from the first octet on (LDAPS)."""
        if "closes" in self.faults:
            connection.close()
        elif "silent" in self.faults or "not ldap" in self.faults:
            self._be_useless(connection)
        else:
            Session(
                connection,
                self._directory,
                self._accounts,
                root=self._root,
                secure=self._secure,
                faults=self.faults,
                encrypted=tls,
            ).run()

    def _be_useless(self, connection: socket.socket) -> None:
        connection.settimeout(IDLE)
        with suppress(OSError), connection:
            if "not ldap" in self.faults:
                connection.sendall(_SOMETHING_ELSE)
            while connection.recv(4096):
                pass

    def _root(self) -> Entry:
        """The root DSE as it is now."""
        ahead = AHEAD if "clock wrong" in self.faults else 0
        return root_dse(self.host, self._directory, self._now() + ahead, self.faults)


def root_dse(host: str, directory: Directory, now: float, faults: set[Fault]) -> Entry:
    """What a server says of itself (RFC 4512 5.1); AD's says more, and its time."""
    base = directory.base
    controls = [] if "no paging" in faults else [messages.PAGED]
    extensions = [] if "no starttls" in faults else [messages.START_TLS]
    usual = {
        "objectClass": ["top"],
        "namingContexts": [base, *directory.elsewhere],
        "supportedLDAPVersion": ["3"],
        "supportedControl": controls,
        "supportedExtension": extensions,
        "vendorName": ["pve-auth-tui (simulated)"],
    }
    if not directory.ad:
        known = {**usual, "objectClass": ["top", "OpenLDAProotDSE"]}
        return Entry("", known, hidden=[name for name in known if name != "objectClass"])
    short = host.partition(".")[0].upper()
    return Entry(
        "",
        {
            **usual,
            "currentTime": [time.strftime("%Y%m%d%H%M%S.0Z", time.gmtime(now))],
            "defaultNamingContext": [base],
            "rootDomainNamingContext": [base],
            "configurationNamingContext": [f"CN=Configuration,{base}"],
            "schemaNamingContext": [f"CN=Schema,CN=Configuration,{base}"],
            "dnsHostName": [host],
            "serverName": [
                f"CN={short},CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,{base}"
            ],
            "supportedCapabilities": ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"],
            "domainFunctionality": ["7"],
            "domainControllerFunctionality": ["7"],
            "isGlobalCatalogReady": ["TRUE"],
            "isSynchronized": ["TRUE"],
        },
    )
