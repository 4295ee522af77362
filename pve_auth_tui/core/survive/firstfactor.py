"""What each trouble does to the first factor: the password, or whoever checks it outside.

Sources: reference 5.2 (which servers of a directory are asked, and how), 5.3 (OpenID: discovery,
the redirect address, groups-claim), 9.4 (tickets 5 minutes ahead still count), 11.3 (what works
without IdP, directory, clock), PVE::API2::OpenId (a login with groups-claim locks and writes
user.cfg).
"""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.cell import Cell, no, unknown, yes
from pve_auth_tui.core.survive.hosts import host_of, is_address, is_here
from pve_auth_tui.core.survive.quorum import keeps_quorum
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.way import First, Way
from pve_auth_tui.core.words import listed

_HERE: Final = "the node itself checks the password"
_NO_NAME: Final = "a password is bound to no name"
_AHEAD: Final = "tickets count up to 5 minutes ahead"
_READ: Final = "a password is only read"


def of_first(snapshot: Snapshot, way: Way, threat: Threat) -> Cell:
    """Whether the first factor of that way in still works."""
    if way.first is First.CONSOLE:
        return yes("the console asks Linux for root's password, and nothing of PVE")
    if way.first is First.DIRECTORY:
        return _directory(way.realm, threat)
    if way.first is First.PROVIDER:
        return _provider(snapshot, way.realm, threat)
    return _local(threat)


def _local(threat: Threat) -> Cell:
    match threat:
        case Threat.DNS:
            return yes(f"{_HERE}, and https:// with its address opens the web interface")
        case Threat.QUORUM:
            return yes(_READ)
        case Threat.CLOCK:
            return yes(_AHEAD)
        case Threat.CERTIFICATE:
            return yes(_NO_NAME)
        case _:
            return yes(_HERE)


# --- a directory ------------------------------------------------------------------------------


def _directory(realm: Realm | None, threat: Threat) -> Cell:
    name = f"the directory of realm {realm.name}" if realm else "a directory"
    match threat:
        case Threat.LDAP:
            return no(f"{name} checks the password")
        case Threat.DNS:
            return _named_servers(realm)
        case Threat.ISOLATED:
            here = [one for one in _servers(realm) if is_here(one)]
            return yes(f"{here[0]} is the node itself") if here else no(f"{name} is out of reach")
        case Threat.CLOCK:
            return yes(_AHEAD)
        case Threat.CERTIFICATE:
            return yes(_NO_NAME)
        case _:
            return yes(f"{name} checks the password")


def _servers(realm: Realm | None) -> list[str]:
    """As PVE tries them."""
    options = realm.options if realm else {}
    return [options[name] for name in ("server1", "server2") if options.get(name)]


def _named_servers(realm: Realm | None) -> Cell:
    servers = _servers(realm)
    if not servers:
        return unknown("which servers the realm has cannot be told from here")
    for server in servers:
        if is_address(server) or is_here(server):
            return yes(f"{server} needs no DNS")
    return no(f"{listed(servers)} cannot be resolved")


# --- a provider -------------------------------------------------------------------------------


def _provider(snapshot: Snapshot, realm: Realm | None, threat: Threat) -> Cell:
    issuer = host_of(realm.options.get("issuer-url", "")) if realm else ""
    match threat:
        case Threat.IDP:
            return no("node and browser have to reach the provider")
        case Threat.LDAP:
            return unknown("whether the provider itself asks a directory cannot be told from here")
        case Threat.DNS if issuer and not is_address(issuer):
            return no(f"neither node nor browser can resolve {issuer}")
        case Threat.DNS:
            return unknown("to which names the provider sends browsers cannot be told from here")
        case Threat.PHONE:
            return unknown("what the provider asks for cannot be told from here")
        case Threat.QUORUM:
            return _without_quorum(snapshot, realm)
        case Threat.CLOCK:
            return no("the times in the provider's token are checked")
        case Threat.ISOLATED:
            return no("the node does not reach the provider")
        case Threat.CERTIFICATE:
            return no("the provider sends browsers back to the addresses that it knows alone")


def _without_quorum(snapshot: Snapshot, realm: Realm | None) -> Cell:
    if reason := keeps_quorum(snapshot):
        return yes(reason)
    if realm and realm.options.get("groups-claim"):
        return no("with groups-claim a login writes the groups of the user")
    return yes("a login of a user who is there already writes nothing")
