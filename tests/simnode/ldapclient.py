"""ldap3 as a client of the simulated directories: it was written by others."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import ldap3
from ldap3.operation.search import compile_filter, parse_filter
from ldap3.utils.asn1 import encode

from pve_auth_tui.simnode.ldapserver import ber
from pve_auth_tui.simnode.ldapserver.accounts import Accounts, Policy
from pve_auth_tui.simnode.ldapserver.entries import Entry, Tree
from pve_auth_tui.simnode.ldapserver.searching import Directory
from pve_auth_tui.simnode.ldapserver.server import LdapServer
from pve_auth_tui.simnode.line import Line

NOW = 1_800_000_000.0
BASE = "dc=example,dc=com"
PAGED = "1.2.840.113556.1.4.319"
START_TLS = "1.3.6.1.4.1.1466.20037"


def person(login: str, **more: Any) -> Entry:
    """A user as AD has them; the password is `secret`."""
    attributes = {
        "objectClass": ["top", "person", "user"],
        "cn": [login],
        "sAMAccountName": [login],
        "userPrincipalName": [f"{login}@example.com"],
        "userAccountControl": ["512"],
        "userPassword": ["secret"],
        **more,
    }
    return Entry(f"cn={login},ou=people,{BASE}", attributes)


def tree(*entries: Entry) -> Tree:
    """These below the usual two."""
    base = Entry(BASE, {"objectClass": ["domain"], "dc": ["example"]})
    people = Entry(f"ou=people,{BASE}", {"objectClass": ["organizationalUnit"], "ou": ["people"]})
    return Tree([base, people, *entries])


class Clock:
    """Time that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.seconds = NOW

    def now(self) -> float:
        return self.seconds


def server(
    *entries: Entry, ad: bool = False, clock: Clock | None = None, **more: Any
) -> LdapServer:
    """Without TLS; an AD server of example.com locks after three wrong passwords."""
    found = tree(*entries)
    now = (clock or Clock()).now
    names = {"domain": "example.com", "short": "EXAMPLE", "policy": Policy(3)} if ad else {}
    accounts = Accounts(found, now, **names)
    made = LdapServer("dc.example.com", Directory(found, BASE, ad=ad, **more), accounts, now)
    if ad:
        made.faults.add("signing not required")
    return made


def connected(server: LdapServer) -> ldap3.Connection:
    """In the clear, as nobody."""
    return over(Line().connect(server.serve, ("dc.example.com", 389)))


def over(opened: socket.socket) -> ldap3.Connection:
    """ldap3 upon a socket that it did not open."""
    found = ldap3.Connection(
        ldap3.Server("directory", get_info=ldap3.NONE),
        check_names=False,
        auto_referrals=False,
        auto_range=False,
        return_empty_attributes=False,
    )
    opened.settimeout(30)
    found.socket = opened
    found.closed = False
    found.listening = True
    found.strategy._outstanding = {}
    return found


def bind(connection: ldap3.Connection, name: str, password: str) -> tuple[int, str]:
    """(code, text)."""
    connection.rebind(name, password, ldap3.SIMPLE)
    return connection.result["result"], connection.result["message"]


def names(connection: ldap3.Connection) -> list[str]:
    """The first parts of the DNs of what the last search brought."""
    found = [each for each in connection.response if each["type"] == "searchResEntry"]
    return [each["dn"].partition(",")[0].partition("=")[2] for each in found]


def filter_octets(text: str) -> tuple[int, bytes]:
    """A filter as ldap3 sends it: tag and content."""
    data = encode(compile_filter(parse_filter(text, None, False, False, None, False).elements[0]))
    found = ber.header(data)
    assert found
    return found[0], data[found[1] : found[2]]


def context(network: Any, capath: str = "", version: str = "") -> ssl.SSLContext:
    """A client's, which trusts what the network says."""
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if version:
        found.minimum_version = found.maximum_version = ssl.TLSVersion[version]
    network.trust(found, capath)
    return found
