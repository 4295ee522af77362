"""The eight troubles that a way in may or may not survive."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple


class Threat(Enum):
    """In the order of the columns; the values are their names in JSON."""

    IDP = "idp"
    LDAP = "ldap"
    DNS = "dns"
    PHONE = "phone"
    QUORUM = "quorum"
    CLOCK = "clock"
    ISOLATED = "isolated"
    CERTIFICATE = "certificate"

    @property
    def column(self) -> str:
        """At most five cells."""
        return _ABOUT[self].column

    @property
    def title(self) -> str:
        """`phone lost`."""
        return _ABOUT[self].title

    @property
    def meaning(self) -> str:
        """What is taken to be the case, in one sentence."""
        return _ABOUT[self].meaning


OFF: Final = 120
"""Seconds that the clock is off."""


class _About(NamedTuple):
    column: str
    title: str
    meaning: str


_ABOUT: Final[Mapping[Threat, _About]] = {
    Threat.IDP: _About(
        "IdP",
        "identity provider down",
        "The providers of all OpenID realms give no answer.",
    ),
    Threat.LDAP: _About(
        "LDAP",
        "directory down",
        "No server of any LDAP or AD realm answers.",
    ),
    Threat.DNS: _About(
        "DNS",
        "DNS gone",
        "Names are resolved no more, neither on the node nor where your browser runs, but for those"
        " in their /etc/hosts, which nobody can see from here.",
    ),
    Threat.PHONE: _About(
        "Phone",
        "phone lost",
        "The phones are gone, and every authenticator app is taken to be on one.",
    ),
    Threat.QUORUM: _About(
        "Quor.",
        "no quorum",
        "The cluster has no quorum, so nothing in /etc/pve can be written.",
    ),
    Threat.CLOCK: _About(
        "Clock",
        "clock wrong",
        f"The clock of the node is {OFF // 60} minutes off.",
    ),
    Threat.ISOLATED: _About(
        "Alone",
        "node isolated",
        "The node reaches no other node, no directory and no provider; you still reach the node.",
    ),
    Threat.CERTIFICATE: _About(
        "Cert",
        "certificate name changed",
        "The certificate was renewed under another name, so browsers open the web interface under"
        " that one.",
    ),
}
