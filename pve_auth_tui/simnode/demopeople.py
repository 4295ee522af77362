"""Who is in the demo's Active Directory, and in which groups; nobody of them exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pve_auth_tui.core.userconfig import User
from pve_auth_tui.simnode import made_up
from pve_auth_tui.simnode.ldapserver.accounts import DISABLED, filetime
from pve_auth_tui.simnode.rack import Rack
from pve_auth_tui.simnode.rack_crowd import crowd
from pve_auth_tui.simnode.rack_people import LONG_NAME

DOMAIN: Final = "example.com"
BASE: Final = "DC=example,DC=com"
BIND_NAME: Final = "proxmox_auth"
ADDED: Final = 61
REMOVED: Final = 36
LOCK_AFTER: Final = 5  # wrong passwords
PEOPLE: Final = f"OU=People,{BASE}"
GROUPS: Final = f"OU=Groups,{BASE}"
SERVICES: Final = f"OU=Service Accounts,{BASE}"
BUILT_IN: Final = f"CN=Users,{BASE}"
COMPUTERS: Final = f"CN=Computers,{BASE}"
CONTROLLERS: Final = f"OU=Domain Controllers,{BASE}"
EVERYBODY: Final = 513
"""The number of Domain Users."""
_DAY: Final = 86400
_NORMAL, _CONTROLLER, _KEEPS_PASSWORD = 0x200, 0x82000, 0x10000
_LONGEST: Final = 20  # characters of a sAMAccountName
_GONE: Final = ("carl", "dora", "Carl", LONG_NAME.partition("@")[0])
_SKIPPED: Final = ("Meeting Room 2", "lab printer", "svc backup", "Visitor Desk")
_CROWD: Final = 250  # made-up people among whom the leavers are
_TEAMS_GONE: Final = ("design-corp", "legal-corp")
_MARRIED: Final = ("Falk", "Moser", "Brandt", "Keil", "Ricci")
_SUFFIX: Final = "-corp"
_REALM: Final = "@corp"
_CONTROLLERS_GROUP: Final = 516
_AS_THEY_WERE: Final = ("admins-corp", "ops-corp")


@dataclass
class Person:
    """`login` is the sAMAccountName; `extra` replaces attributes."""

    login: str
    first: str = ""
    last: str = ""
    mail: str = ""
    place: str = PEOPLE
    password: str = made_up.PASSWORD
    control: int = _NORMAL
    primary: int = EVERYBODY
    classes: tuple[str, ...] = ("top", "person", "organizationalPerson", "user")
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Team(NamedTuple):
    """A group: where it stands, and the logins and groups that are in it."""

    place: str
    members: list[str]


def people(cluster: Rack, now: float, bind_password: str) -> list[Person]:
    """Everybody and everything that can log in; logins are unique."""
    reader = Person(
        BIND_NAME,
        "Proxmox",
        "Directory reader",
        place=SERVICES,
        password=bind_password,
        control=_NORMAL | _KEEPS_PASSWORD,
    )
    held = [user for user in cluster.users if user.realm == "corp"]
    return [*_kept(held), *_added(cluster, now), *_skipped(), reader]


def leavers(held: Iterable[User]) -> set[str]:
    """Of realm corp's users those whom the directory has no more; always the same 36."""
    names = {user.name for user in held}
    ranked = sorted(
        (user.name for user in crowd(_CROWD) if user.realm == "corp" and user.name in names),
        key=lambda name: made_up.number(f"left {name}", 1 << 32),
    )
    return {*_GONE, *ranked[: REMOVED - len(_GONE)]}


def _kept(held: Sequence[User]) -> Iterator[Person]:
    """Those who stay: two in five have another address or name by now."""
    gone = leavers(held)
    for user in held:
        if user.name in gone:
            continue
        first, last, mail = user.firstname or "", user.lastname or "", user.email or ""
        turn = made_up.number(f"changed {user.name}", 100)
        if mail and turn < 33:
            mail = f"{user.name}@corp.example.com"
        elif last and turn < 40:
            last = _MARRIED[turn % len(_MARRIED)]
        person = Person(user.name, first, last, mail)
        yield _with_story(person)


def _with_story(person: Person) -> Person:
    """What keeps some from logging in, each in another way."""
    if person.login in ("bob.admin", "carol"):
        person.control |= DISABLED
    elif person.login == "omar":
        person.extra = {"pwdLastSet": ["0"]}
    elif person.login == "otto":
        person.extra = {"lockoutTime": ["now"], "badPwdCount": [str(LOCK_AFTER)]}
    return person


def _added(cluster: Rack, now: float) -> Iterator[Person]:
    """61: a ghost's heir, odd names, what every domain has, and people."""
    built_in = [
        Person("Administrator", place=BUILT_IN, control=_NORMAL | _KEEPS_PASSWORD),
        Person("Guest", place=BUILT_IN, password="", control=_NORMAL | DISABLED),
        Person("krbtgt", place=BUILT_IN, password="", control=_NORMAL | DISABLED),
        *(_controller(name) for name in ("DC01", "DC02")),
    ]
    past = str(filetime(now - 30 * _DAY))
    ended = {"msDS-UserPasswordExpiryTimeComputed": [past]}
    odd = [
        Person("gone", "Gone", "Again", "gone@example.com"),
        Person("root", "Rosa", "Oot", "r.oot@example.com"),
        Person("anna.adm1n", "Anna", "Admin", "anna@mail.example.org"),
        Person("build#2", "Build", "Two", place=SERVICES),
        Person("temp.contractor", "Theo", "Temp", extra={"accountExpires": [past]}),
        Person("svc-report", "Report", "Service", place=SERVICES, extra=ended),
    ]
    yield from (*built_in, *odd)
    taken = {user.name for user in cluster.users}
    fresh = [
        user
        for user in crowd(4 * _CROWD)
        if user.realm == "corp" and user.name not in taken and len(user.name) <= _LONGEST
    ]
    unique = list({user.name: user for user in fresh}.values())
    count = ADDED - len(built_in) - len(odd) - 1  # one is the bind account
    for user in unique[:count]:
        yield Person(user.name, user.firstname or "", user.lastname or "", user.email or "")


def _controller(name: str) -> Person:
    """A computer is a user, too, and is sent with them."""
    return Person(
        f"{name}$",
        place=CONTROLLERS,
        password="",
        control=_CONTROLLER,
        primary=_CONTROLLERS_GROUP,
        classes=("top", "person", "organizationalPerson", "user", "computer"),
        extra={"dNSHostName": [f"{name.lower()}.{DOMAIN}"]},
    )


def _skipped() -> Iterator[Person]:
    for name in _SKIPPED:
        first, _, last = name.partition(" ")
        yield Person(name, first, last)


def teams(cluster: Rack, everybody: Sequence[Person]) -> dict[str, Team]:
    """By name. Domain Users is everybody's primary group: as in AD nobody stands in it."""
    there = {person.login for person in everybody}
    known = {user.name for user in cluster.users if user.realm == "corp"}
    staff = [person.login for person in everybody if person.place == PEOPLE]
    fresh = [login for login in staff if login not in known]
    found: dict[str, Team] = {}
    for turn, group in enumerate(cluster.groups):
        if not group.id.endswith(_SUFFIX) or group.id in _TEAMS_GONE:
            continue
        logins = [each.removesuffix(_REALM) for each in group.members if each.endswith(_REALM)]
        members = [login for login in logins if login in there]
        if turn % 2 and group.id not in _AS_THEY_WERE:
            members += fresh[10 + turn : 13 + turn]
        found[group.id.removesuffix(_SUFFIX)] = Team(GROUPS, members)
    found["admins"].members.append("platform")  # who is in there comes through no sync of PVE's
    return found | {
        "platform": Team(GROUPS, ["olga", fresh[9]]),
        "ProxmoxAdmins": Team(GROUPS, ["anna.admin", "frank"]),
        "ProxmoxUsers": Team(GROUPS, ["admins", "ops", *fresh[:5]]),
        "all-staff": Team(GROUPS, staff),
        "Domain Users": Team(BUILT_IN, []),
        "Domain Admins": Team(BUILT_IN, ["Administrator"]),
        "Remote Desktop Users": Team(BUILT_IN, ["frank", "olga"]),
    }
