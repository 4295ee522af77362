"""Faults that are there before a join: names, and the ways to the domain."""

from __future__ import annotations

from functools import partial
from typing import Final

from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.model import Topic as T
from tests.lab.adlab import names
from tests.lab.joinlab import seeds
from tests.lab.joinlab.rows import ADMINISTRATOR, JoinFault

_DC: Final = names.DC_ADDRESS
_GATE: Final = names.GATE
_check: Final = partial(JoinFault, "join check")

NAMES: Final = (
    _check(
        "The DNS server does not know the domain",
        "one that says `no such name` to everything",
        T.SRV,
        C.NO_SRV,
        seeds.asks(_GATE, lacks=("",)),
    ),
    _check(
        "DNS has no SRV records of the domain",
        "one that lacks them alone",
        T.SRV,
        C.NO_SRV,
        seeds.asks(_GATE, lacks=("^33 ",)),
    ),
    _check(
        "A second DNS server is none of the domain's",
        "another one behind the domain controller's",
        T.DNS,
        C.DNS_FOREIGN,
        seeds.asks(_DC, _GATE),
        word="LOOK",
    ),
    _check(
        "resolv.conf names an address without a DNS server",
        "an address that nobody has",
        T.DNS,
        C.DNS_SILENT,
        seeds.asks(names.NOBODY),
    ),
    _check(
        "A firewall drops DNS",
        "nft drops what goes to port 53",
        T.DNS,
        C.DNS_SILENT,
        seeds.dropped("udp dport 53 drop", "tcp dport 53 drop"),
    ),
    _check(
        "The domain controller's name is not in DNS",
        "a DNS server that lacks its addresses",
        T.SRV,
        C.DC_NAME_UNKNOWN,
        seeds.asks(_GATE, lacks=(r"^(1|28) dc1\.",)),
    ),
    _check(
        "/etc/hosts has another name for the domain controller's address",
        "`192.0.2.10 other.lab.test`",
        T.ACCOUNT,
        C.DC_NAME_OTHER,
        seeds.hosts(_DC, "other.lab.test"),
        login=ADMINISTRATOR,
    ),
    _check(
        "The host name has no domain",
        "`pve1` alone",
        T.NAME,
        C.NO_FQDN,
        seeds.called("pve1"),
        word="LOOK",
    ),
    _check(
        "The host name is in another domain",
        "`pve1.rack.example.net`",
        T.NAME,
        C.OTHER_DOMAIN,
        seeds.called("pve1.rack.example.net"),
        word="LOOK",
    ),
    _check(
        "The host name is longer than 15 characters",
        "`proxmox-frankfurt-07`",
        T.NAME,
        C.NAME_TOO_LONG,
        seeds.called(f"proxmox-frankfurt-07.{names.DOMAIN}"),
        word="LOOK",
    ),
    _check(
        "The host name is no computer's name",
        "`pve_1`",
        T.NAME,
        C.NAME_UNFIT,
        seeds.called(f"pve_1.{names.DOMAIN}"),
    ),
    _check(
        "The host name stands for the loopback",
        "`127.0.1.1` in /etc/hosts",
        T.NAME,
        C.LOOPBACK_NAME,
        seeds.hosts("127.0.1.1"),
        word="LOOK",
    ),
)
WAYS: Final = (
    _check(
        "A firewall drops LDAP",
        "nft drops what goes to port 389",
        T.PORTS,
        C.PORT_SILENT,
        seeds.dropped("tcp dport 389 drop", "udp dport 389 drop"),
    ),
    _check(
        "A firewall refuses LDAP",
        "nft rejects port 389 with a reset",
        T.PORTS,
        C.PORT_REFUSED,
        seeds.dropped("tcp dport 389 reject with tcp reset"),
    ),
    _check(
        "A firewall drops Kerberos",
        "nft drops what goes to port 88",
        T.PORTS,
        C.PORT_SILENT,
        seeds.dropped("tcp dport 88 drop", "udp dport 88 drop"),
    ),
    _check(
        "A firewall refuses the change of passwords",
        "nft rejects port 464 with a reset",
        T.PORTS,
        C.PORT_REFUSED,
        seeds.dropped("tcp dport 464 reject with tcp reset"),
    ),
    _check(
        "A firewall drops everything but DNS",
        "nft drops what goes to the domain controller",
        T.PORTS,
        C.PORT_SILENT,
        seeds.dropped("udp dport 53 accept", f"ip daddr {_DC} drop"),
    ),
    _check(
        "No KDC answers who joins",
        "nft rejects port 88",
        T.ACCOUNT,
        C.NO_KDC,
        seeds.dropped("tcp dport 88 reject with tcp reset", "udp dport 88 reject"),
        login=ADMINISTRATOR,
    ),
    _check(
        "No LDAP server answers who joins",
        "nft rejects port 389",
        T.ACCOUNT,
        C.NO_LDAP,
        seeds.dropped("tcp dport 389 reject with tcp reset", "udp dport 389 reject"),
        login=ADMINISTRATOR,
    ),
    _check(
        "The domain controller's clock is off",
        "its processes are told a time that is 10 min ahead",
        T.CLOCK,
        C.CLOCK_OFF,
        seeds.dc_ahead(600),
    ),
    _check(
        "A firewall refuses LDAP, so nobody tells the time",
        "nft rejects port 389 with a reset",
        T.CLOCK,
        C.CLOCK_UNKNOWN,
        seeds.dropped("tcp dport 389 reject with tcp reset"),
        word="LOOK",
    ),
    JoinFault(
        "join discover",
        "There is no such domain",
        "`nowhere.lab.test`",
        T.DISCOVERY,
        C.NOT_DISCOVERED,
        domain="nowhere.lab.test",
    ),
    JoinFault(
        "join discover",
        "realmd cannot start",
        "its unit is masked",
        T.DISCOVERY,
        C.REALMD_DEAD,
        seeds.script("systemctl mask --runtime --now realmd", "systemctl unmask --runtime realmd"),
    ),
)
FAULTS: Final = (*NAMES, *WAYS)
