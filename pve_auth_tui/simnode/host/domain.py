"""The demo's domain as the simulated node sees it: over its name servers, with its tickets.

Numbers follow from the place in the directory; sssd makes uids of them as it does of a real
domain's. Only administrators of the domain may add computers: its ms-DS-MachineAccountQuota is 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple

from pve_auth_tui.simnode import demodirectory as corp
from pve_auth_tui.simnode.demopeople import BASE, BUILT_IN, COMPUTERS, DOMAIN, EVERYBODY
from pve_auth_tui.simnode.host.files import HostFiles
from pve_auth_tui.simnode.ldapserver.accounts import DISABLED, filetime
from pve_auth_tui.simnode.ldapserver.entries import Entry
from pve_auth_tui.simnode.ldapserver.messages import Refusal
from pve_auth_tui.simnode.ldapserver.names import BadName, compared
from pve_auth_tui.simnode.outside import ADDRESSES, DC1, DC2, Corp, Outside

REALM: Final = DOMAIN.upper()
SHORT: Final = corp.SHORT
SID: Final = "S-1-5-21-1004336348-1177238915-682003330"
FIRST_ID: Final = 1207400000
_FIXED: Final = {"administrator": 500, "guest": 501, "krbtgt": 502, "domain admins": 512}
_FIRST: Final = 1103
_TRUST: Final = 0x1000
_DOMAIN_COMPUTERS: Final = 515
_NEVER: Final = {0, 0x7FFFFFFFFFFFFFFF}
_CODE: Final = re.compile(r"data (\w+)")
_REASONS: Final = {
    "533": "Client's credentials have been revoked",
    "701": "Client's credentials have been revoked",
    "775": "Client's credentials have been revoked",
    "532": "Password has expired",
}

Dns = Literal["answers", "knows nothing", "silent"]


class NoTicket(Exception):
    """As libkrb5 says it. `asked` False: adcli's words are `Couldn't get kerberos ticket`."""

    def __init__(self, text: str, *, asked: bool = True) -> None:
        super().__init__(text)
        self.asked = asked


class Human(NamedTuple):
    """Somebody of the domain as sssd knows them: `name` without the domain, in small letters.

    `groups`: number and name, of groups in groups too.
    """

    name: str
    uid: int
    gid: int
    gecos: str
    groups: tuple[tuple[int, str], ...]
    usable: bool


class Computer(NamedTuple):
    """A computer's account: `kvno` is the version of its password, `password_set` a FILETIME."""

    name: str
    dn: str
    host: str
    kvno: int
    services: tuple[str, ...]
    password_set: int = 0


class Domain:
    """`outside` None: there is nobody."""

    def __init__(self, outside: Outside | None, files: HostFiles, now: Callable[[], float]) -> None:
        self._outside = outside
        self._files = files
        self._now = now
        self._numbers: dict[str, int] = {}

    @property
    def dns(self) -> Dns:
        """Of the name servers in /etc/resolv.conf."""
        servers = re.findall(r"^nameserver\s+(\S+)", self._files.text("etc/resolv.conf"), re.M)
        if self._outside is None or not servers:
            return "silent"
        controllers = {ADDRESSES[DC1], ADDRESSES[DC2]}
        if controllers.intersection(servers):
            return "answers"
        return "knows nothing" if servers[0].startswith("127.") else "silent"

    def controller(self, port: int) -> tuple[str, str] | None:
        """(name, address) of one that takes connections there."""
        for host in (DC1, DC2):
            if self._outside is not None and self._outside.opens(host, port):
                return host, ADDRESSES[host]
        return None

    @property
    def online(self) -> bool:
        """Whether sssd finds it."""
        ports = (88, 389)
        return self.dns == "answers" and all(self.controller(port) for port in ports)

    # --- logins -----------------------------------------------------------------------

    def log_in(self, user: str, password: str) -> str:
        """Get a ticket; whose it is, without the realm. Raises NoTicket."""
        login, sign, realm = user.rpartition("@")
        if not sign:
            login = user
        elif realm != REALM:
            if realm.upper() == REALM:
                raise NoTicket("KDC reply did not match expectations", asked=False)
            raise NoTicket(f'Cannot find KDC for realm "{realm}"', asked=False)
        if self.controller(88) is None:
            raise NoTicket(f"Cannot contact any KDC for realm '{REALM}'", asked=False)
        if self._login(login) is None:
            unescaped = login.replace("\\", "")
            raise NoTicket(f"Client '{unescaped}@{REALM}' not found in Kerberos database")
        try:
            self._corp.accounts.bind(f"{login}@{DOMAIN}", password.encode())
        except Refusal as refusal:
            code = _CODE.search(refusal.text)
            if code and code[1] == "773":
                raise NoTicket("New password cannot be zero length", asked=False) from refusal
            reason = _REASONS.get(code[1] if code else "", "Preauthentication failed")
            raise NoTicket(reason) from refusal
        return login

    def may_join(self, login: str) -> bool:
        """Whether somebody may add, change and delete computers."""
        human = self.human(login)
        return human is not None and "domain admins" in {name for _, name in human.groups}

    # --- people -------------------------------------------------------------------------

    def human(self, login: str) -> Human | None:
        """By sAMAccountName; computers are people to sssd, too."""
        entry = self._login(login)
        if entry is None or "group" in entry.folded("objectclass"):
            return None
        name = entry.folded("samaccountname")[0]
        first = _integer(entry, "primarygroupid") or EVERYBODY
        groups = [(FIRST_ID + first, "domain users" if first == EVERYBODY else f"rid {first}")]
        for group in self._groups_of(entry):
            label = group.folded("samaccountname")[0]
            groups.append((FIRST_ID + self._number(label), label))
        control = _integer(entry, "useraccountcontrol")
        ends = _integer(entry, "accountexpires")
        usable = not control & DISABLED and (ends in _NEVER or ends > filetime(self._now()))
        shown = entry.values("displayname") or entry.values("cn")
        return Human(
            name,
            FIRST_ID + self._number(name),
            groups[0][0],
            shown[0].decode(errors="replace"),
            tuple(dict.fromkeys(groups)),
            usable,
        )

    def group(self, name: str) -> tuple[int, str, tuple[str, ...]] | None:
        """(gid, name, members by login), of groups in it too; None for no such group."""
        entry = self._login(name)
        if entry is None or "group" not in entry.folded("objectclass"):
            return None
        label = entry.folded("samaccountname")[0]
        return FIRST_ID + self._number(label), label, tuple(dict.fromkeys(self._members(entry)))

    def _members(self, entry: Entry, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        for value in entry.values("member"):
            found = self._at(value.decode(errors="replace"))
            if found is None or found.dn in seen:
                continue
            if "group" in found.folded("objectclass"):
                yield from self._members(found, seen | {found.dn})
            else:
                yield found.folded("samaccountname")[0]

    def _groups_of(self, entry: Entry) -> Iterator[Entry]:
        waiting, seen = list(entry.values("memberof")), set()
        while waiting:
            dn = waiting.pop(0).decode(errors="replace")
            found = self._at(dn)
            if found is not None and found.dn not in seen:
                seen.add(found.dn)
                waiting += found.values("memberof")
                yield found

    # --- computers ----------------------------------------------------------------------

    def computer(self, name: str) -> Computer | None:
        """By its NetBIOS name, without the $."""
        entry = self._login(f"{name}$")
        if entry is None:
            return None
        hosts = entry.values("dnshostname")
        return Computer(
            name,
            entry.dn,
            hosts[0].decode(errors="replace") if hosts else "",
            _integer(entry, "msds-keyversionnumber") or 2,
            tuple(v.decode(errors="replace") for v in entry.values("serviceprincipalname")),
            _integer(entry, "pwdlastset"),
        )

    def place(self, ou: str) -> str | None:
        """The full DN of an OU, full or without the domain's own; None when there is none."""
        if not ou:
            return COMPUTERS
        for dn in (ou, f"{ou},{BASE}"):
            found = self._at(dn)
            if found is not None and dn.lower().endswith(BASE.lower()):
                return found.dn
        return None

    def enrol(self, name: str, dn: str, host: str, services: tuple[str, ...]) -> Computer:
        """Add the account, or give it another password and host."""
        old = self.computer(name)
        kvno = old.kvno + 1 if old else 2
        self.put_computer(name, old.dn if old else dn, host, kvno, services)
        return Computer(name, old.dn if old else dn, host, kvno, services)

    def put_computer(
        self,
        name: str,
        dn: str,
        host: str,
        kvno: int,
        services: tuple[str, ...] = (),
        *,
        age: float = 0.0,
    ) -> None:
        """An account as it shall be; `age`: of its password, in seconds."""
        changed = str(filetime(self._now() - age))
        attributes = {
            "objectClass": ["top", "person", "organizationalPerson", "user", "computer"],
            "cn": [name],
            "name": [name],
            "displayName": [f"{name}$"],
            "distinguishedName": [dn],
            "sAMAccountName": [f"{name}$"],
            "dNSHostName": [host],
            "servicePrincipalName": services,
            "operatingSystem": ["pc-linux-gnu"],
            "objectCategory": [f"CN=Computer,CN=Schema,CN=Configuration,{BASE}"],
            "userAccountControl": [str(_TRUST)],
            "primaryGroupID": [str(_DOMAIN_COMPUTERS)],
            "accountExpires": [str(max(_NEVER))],
            "pwdLastSet": [changed],
            "whenCreated": ["20240312091500.0Z"],
            "msDS-KeyVersionNumber": [str(kvno)],
        }
        self._corp.tree.add(Entry(dn, attributes, hidden=("msDS-KeyVersionNumber",)))
        self._corp.accounts.renew()

    def delete(self, computer: Computer) -> None:
        self._corp.tree.remove(compared(computer.dn))
        self._corp.accounts.renew()

    @property
    def _corp(self) -> Corp:
        if self._outside is None:
            raise NoTicket(f"Cannot contact any KDC for realm '{REALM}'", asked=False)
        return self._outside.corp

    def _at(self, dn: str) -> Entry | None:
        try:
            return self._corp.tree.get(compared(dn))
        except BadName:
            return None

    def _login(self, login: str) -> Entry | None:
        """Whatever has this sAMAccountName."""
        if self._outside is None:
            return None
        wanted = login.lower()
        for entry in self._corp.tree:
            if wanted in entry.folded("samaccountname"):
                return entry
        return None

    def _number(self, name: str) -> int:
        """A RID: built in, or by the order in which somebody asked first at the latest."""
        if name == "domain users":
            return EVERYBODY
        if name in _FIXED:
            return _FIXED[name]
        if name not in self._numbers:
            for entry in self._corp.tree:
                for each in entry.folded("samaccountname"):
                    self._numbers.setdefault(each, _FIRST + len(self._numbers))
        return self._numbers[name]


def _integer(entry: Entry, name: str) -> int:
    values = entry.values(name)
    return int(values[0]) if values and values[0].lstrip(b"-").isdigit() else 0


__all__ = ["BASE", "BUILT_IN", "COMPUTERS", "DOMAIN", "Computer", "Domain", "Human", "NoTicket"]
