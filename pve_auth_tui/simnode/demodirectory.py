"""The Active Directory of the demo: who is in example.com while realm corp waits for a sync.

Against the users that PVE has there are 61 more and 36 fewer, two administrators among these; many
have a new name or address; four names and three groups are none for PVE. One that is new has the
name of a ghost ACL entry. Nothing in it exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pve_auth_tui.simnode.demopeople import (
    BASE,
    BUILT_IN,
    COMPUTERS,
    CONTROLLERS,
    DOMAIN,
    EVERYBODY,
    GROUPS,
    LOCK_AFTER,
    PEOPLE,
    SERVICES,
    Person,
    people,
    teams,
)
from pve_auth_tui.simnode.ldapserver.accounts import filetime
from pve_auth_tui.simnode.ldapserver.entries import Entry, Tree
from pve_auth_tui.simnode.ldapserver.names import escaped
from pve_auth_tui.simnode.rack import Rack

__all__ = ["BASE", "DOMAIN", "ELSEWHERE", "LOCK_AFTER", "LOCK_MINUTES", "SHORT", "directory"]

SHORT: Final = "EXAMPLE"
"""The domain's NetBIOS name."""
ELSEWHERE: Final = (
    f"CN=Configuration,{BASE}",
    f"DC=ForestDnsZones,{BASE}",
    f"DC=DomainDnsZones,{BASE}",
)
LOCK_MINUTES: Final = 30

_CATEGORIES: Final = f"CN=Schema,CN=Configuration,{BASE}"
_NEVER: Final = 0x7FFFFFFFFFFFFFFF
_DAY: Final = 86400
_COMPUTED: Final = (  # what AD works out, and sends only when it is asked for by name
    "msDS-User-Account-Control-Computed",
    "msDS-UserPasswordExpiryTimeComputed",
    "primaryGroupToken",
)


def directory(cluster: Rack, now: float, bind_password: str) -> Tree:
    """The entries for what PVE has; `bind_password` is that of proxmox_auth@example.com."""
    everybody = people(cluster, now, bind_password)
    groups = teams(cluster, everybody)
    names = _common_names(everybody)
    dn_of = {each.login: f"CN={escaped(names[each.login])},{each.place}" for each in everybody}
    dn_of |= {name: f"CN={escaped(name)},{group.place}" for name, group in groups.items()}
    belongs: dict[str, list[str]] = {}
    for name, group in groups.items():
        for member in group.members:
            belongs.setdefault(member, []).append(dn_of[name])
    entries = list(_frame())
    for person in everybody:
        login = person.login
        of_groups = {"memberOf": belongs.get(login, ())}
        attributes = _user(person, dn_of[login], names[login], now)
        entries.append(Entry(dn_of[login], {**attributes, **of_groups}, hidden=_COMPUTED))
    for name, group in groups.items():
        members = [dn_of[member] for member in group.members]
        entries.append(_group(name, dn_of[name], members, belongs.get(name, ())))
    return Tree(entries)


def _common_names(people: Sequence[Person]) -> dict[str, str]:
    """Login -> CN; who has the name of somebody else before them keeps the login."""
    taken: set[str] = set()
    names = {}
    for person in people:
        name = f"{person.first} {person.last}".strip() or person.login.rstrip("$")
        if name.lower() in taken:
            name = person.login
        taken.add(name.lower())
        names[person.login] = name
    return names


def _frame() -> Iterator[Entry]:
    minutes = str(-LOCK_MINUTES * 60 * 10_000_000)
    yield Entry(
        BASE,
        {
            "objectClass": ["top", "domain", "domainDNS"],
            "distinguishedName": [BASE],
            "dc": ["example"],
            "name": ["example"],
            "lockoutThreshold": [str(LOCK_AFTER)],
            "lockoutDuration": [minutes],
            "lockOutObservationWindow": [minutes],
            "maxPwdAge": [str(-_NEVER - 1)],
        },
    )
    for dn in (PEOPLE, GROUPS, SERVICES, CONTROLLERS):
        name = dn.partition(",")[0].partition("=")[2]
        classes = ["top", "organizationalUnit"]
        yield Entry(dn, {"objectClass": classes, "ou": [name], "distinguishedName": [dn]})
    for dn in (BUILT_IN, COMPUTERS):
        name = dn.partition(",")[0].partition("=")[2]
        classes = ["top", "container"]
        yield Entry(dn, {"objectClass": classes, "cn": [name], "distinguishedName": [dn]})


def _user(person: Person, dn: str, name: str, now: float) -> Mapping[str, Sequence[str]]:
    kind = "Computer" if "computer" in person.classes else "Person"
    principal = [] if kind == "Computer" else [f"{person.login.replace(' ', '.')}@{DOMAIN}"]
    extra = {
        key: [str(filetime(now)) if value == "now" else value for value in values]
        for key, values in person.extra.items()
    }
    locked = 0x10 if "lockoutTime" in extra else 0
    expired = 0x800000 if "msDS-UserPasswordExpiryTimeComputed" in extra else 0
    return {
        "objectClass": person.classes,
        "cn": [name],
        "sn": [person.last] if person.last else [],
        "givenName": [person.first] if person.first else [],
        "displayName": [name],
        "name": [name],
        "distinguishedName": [dn],
        "sAMAccountName": [person.login],
        "userPrincipalName": principal,
        "mail": [person.mail] if person.mail else [],
        "objectCategory": [f"CN={kind},{_CATEGORIES}"],
        "userAccountControl": [str(person.control)],
        "primaryGroupID": [str(person.primary)],
        "badPwdCount": ["0"],
        "badPasswordTime": ["0"],
        "lockoutTime": ["0"],
        "pwdLastSet": [str(filetime(now - 40 * _DAY))],
        "accountExpires": [str(_NEVER)],
        "msDS-UserPasswordExpiryTimeComputed": [str(_NEVER)],
        "msDS-User-Account-Control-Computed": [str(locked | expired)],
        "userPassword": [person.password] if person.password else [],
        **extra,
    }


def _group(name: str, dn: str, members: Sequence[str], belongs: Sequence[str]) -> Entry:
    token = [str(EVERYBODY)] if name == "Domain Users" else []
    return Entry(
        dn,
        {
            "objectClass": ["top", "group"],
            "cn": [name],
            "name": [name],
            "distinguishedName": [dn],
            "sAMAccountName": [name],
            "groupType": ["-2147483646"],
            "objectCategory": [f"CN=Group,{_CATEGORIES}"],
            "member": members,
            "memberOf": belongs,
            "primaryGroupToken": token,
        },
        hidden=_COMPUTED,
    )
