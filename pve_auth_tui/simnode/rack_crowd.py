"""Everybody else in the demo cluster: people without a story, and the groups."""

from __future__ import annotations

from collections.abc import Iterator

from pve_auth_tui.core.userconfig import Group, User
from pve_auth_tui.simnode import made_up
from pve_auth_tui.simnode.rack_people import UMLAUT_NAME

_FIRST_NAMES = (
    "Ada Ahmed Aiko Alice Alma Amir Anton Asha Beat Bela Boris Britta Cem Chloe Claire Dana "
    "David Diego Edith Elena Emil Eva Fatma Felix Finn Flora Gino Greta Hanna Hugo Ida Igor "
    "Ines Ivan Jana Jonas Julia Karl Kemal Klara Lars Lea Leon Lina Luca Maja Marco Marta Mia "
    "Milan Nadia Nils Nora Oskar Pia Rafael Rosa Ruben Samira Simon Sofia Tara Tim Vera"
)
_LAST_NAMES = (
    "Abel Aydin Bauer Becker Bianchi Braun Busch Costa Dahl Dietz Ebner Engel Ferrari Fischer "
    "Frank Garc\xeda Graf Gro\xdf Haas Hahn Hansen Horvat Huber Jansen Jung Kaya Keller Koch "
    "K\xf6nig Kowalski Lang Larsen Lehmann Lorenz Maier Marek Moreau M\xfcller Nagy Neumann "
    "Nov\xe1k Otte Papp Peters Petrov Pohl Richter Rossi Sato Schulz Seidel Silva Simon Sommer "
    "Szab\xf3 Tanaka Thoma Vogel Wagner Weber Winter Wolf Yilmaz Zimmer"
)
_FIRST = _FIRST_NAMES.split()
_LAST = _LAST_NAMES.split()
_ASCII = str.maketrans("\xe1\xed\xf3\xf6\xfc", "aioou", "")

_CORP_TEAMS = (
    ("db-corp", "Databases"),
    ("web-corp", "Web"),
    ("mail-corp", "Mail"),
    ("sap-corp", "SAP"),
    ("hr-corp", "Human resources"),
    ("finance-corp", "Finance"),
    ("sales-corp", "Sales"),
    ("support-corp", "Support"),
    ("qa-corp", "Quality"),
    ("build-corp", "Build"),
    ("design-corp", "Design"),
    ("legal-corp", "Legal"),
    ("security-corp", "Security"),
    ("network-corp", "Network"),
    ("storage-corp", "Storage"),
)
_LAB_TEAMS = (("students-lab", "Students"), ("staff-lab", "Staff"), ("robots-lab", ""))
ENTRA_TEAMS = (
    "6b1f0c52-8d1e-4f5e-9c0b-2f6a7d3e4a10-entra",
    "b7c9e2d4-3a55-4c1b-8e0f-91d2c3b4a5f6-entra",
)
# Groups whose members have rights nowhere else: entries for them cannot change anybody's others.
CROWD_GROUPS = (
    *(name for name, _ in _CORP_TEAMS),
    *(name for name, _ in _LAB_TEAMS),
    *ENTRA_TEAMS,
)


def crowd(count: int) -> list[User]:
    """`count` people from the realms corp, lab and entra; the first ones are always the same."""
    return [_person(number) for number in range(count)]


def _person(place: int) -> User:
    first = _FIRST[place % len(_FIRST)]
    last = _LAST[(place * 7 + place // len(_FIRST) * 23) % len(_LAST)]
    login = f"{first}.{last}".lower().replace("\xdf", "ss").translate(_ASCII)
    mail = f"{login}@example.com"
    match made_up.number(f"realm {place}", 12):
        case 0:
            return User(f"{mail}@entra", firstname=first, lastname=last, email=mail)
        case 1 | 2:
            return User(f"{login}@lab")
    return User(
        f"{login}@corp",
        enable=made_up.number(f"enable {place}", 20) > 0,
        firstname=first,
        lastname=last,
        email=mail,
    )


def groups(crowd_members: list[User]) -> list[Group]:
    """The 31 groups: those with a story, and the teams that the crowd belongs to."""
    return [*_story_groups(), *_teams(crowd_members)]


def _story_groups() -> Iterator[Group]:
    yield Group(
        "admins-corp",
        ("anna.admin@corp", "carl@corp", "dora@corp", "frank@corp"),
        "Rack administrators",
    )
    yield Group(
        "local-admins",
        ("anna@pam", "backup-admin@pve", "erik@pve", "nina@pve", "old-admin@pve"),
        "work without the directory",
    )
    yield Group("ops-corp", ("anna.admin@corp", "olga@corp", "omar@corp", "otto@corp"), "Operators")
    yield Group(
        "monitoring",
        ("lena@pve", "mon@pve", "netbox@pve", "paul@pam", "yuri@pve"),
        "sees everything, changes nothing",
    )
    yield Group("dev", ("carol@corp", "ci@pve"), "the lab pool")
    yield Group("contractors", (), "nobody at the moment")
    yield Group("legacy", (UMLAUT_NAME,), "role from before the upgrade to PVE 9")
    yield Group("interns", (), "2024")
    # Both end in the suffix of realm lab, and neither came from there: the first was made by
    # hand, the second was group "x" of a realm my-lab that has been removed since.
    yield Group("x-lab", ("bob@pve",), "made by hand, looks synced")
    yield Group("x-my-lab", (), "group x of realm my-lab")
    yield Group("Admins-entra", ("admin@x.org@entra", "anna@entra"), "")


def _teams(members: list[User]) -> Iterator[Group]:
    teams: dict[str, list[str]] = {name: [] for name in CROWD_GROUPS}
    by_realm = {
        "corp": [name for name, _ in _CORP_TEAMS],
        "lab": [name for name, _ in _LAB_TEAMS],
        "entra": list(ENTRA_TEAMS),
    }
    for user in members:
        names = by_realm[user.realm]
        for turn in range(made_up.number(f"teams {user.id}", 3)):
            team = teams[names[made_up.number(f"team {turn} {user.id}", len(names))]]
            if user.id not in team:
                team.append(user.id)
    comments = dict((*_CORP_TEAMS, *_LAB_TEAMS))
    for name, userids in teams.items():
        yield Group(name, tuple(sorted(userids)), comments.get(name, "made by the IdP"))
