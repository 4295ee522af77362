"""The plain LDAP directory of the demo (realm lab): OpenLDAP's way, nothing of it real.

Its groups are the odd part: `students` names members by DN as PVE reads them, `robots` by login
(memberUid) beside a member that is nobody, and `staff` is a posixGroup, which PVE does not ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.simnode import made_up
from pve_auth_tui.simnode.ldapserver.entries import Entry, Tree
from pve_auth_tui.simnode.rack import Rack

SUFFIX: Final = "dc=lab,dc=example,dc=com"
_PEOPLE: Final = f"ou=people,{SUFFIX}"
_GROUPS: Final = f"ou=groups,{_PEOPLE}"
_NEW: Final = ("intern7", "intern8", "visiting.fellow")
_FIRST_NUMBER: Final = 10000


def directory(cluster: Rack) -> Tree:
    """Everybody whom PVE has in realm lab, and three more; one has the name of a ghost."""
    names = [user.name for user in cluster.users if user.realm == "lab"]
    return Tree([*_frame(), *_people([*names, *_NEW]), *_groups(cluster)])


def _dn(login: str) -> str:
    return f"uid={login},{_PEOPLE}"


def _frame() -> Iterator[Entry]:
    classes = ["top", "dcObject", "organization"]
    yield Entry(SUFFIX, {"objectClass": classes, "dc": ["lab"], "o": ["Lab"]})
    for dn in (_PEOPLE, _GROUPS):
        name = dn.partition(",")[0].partition("=")[2]
        yield Entry(dn, {"objectClass": ["organizationalUnit"], "ou": [name]})


def _people(names: list[str]) -> Iterator[Entry]:
    for number, login in enumerate(names, _FIRST_NUMBER):
        first, _, last = login.partition(".")
        yield Entry(
            _dn(login),
            {
                "objectClass": ["inetOrgPerson", "posixAccount"],
                "uid": [login],
                "cn": [f"{first} {last}".strip().title()],
                "sn": [(last or first).title()],
                "givenName": [first.title()] if last else [],
                "mail": [f"{login}@lab.example.com"],
                "uidNumber": [str(number)],
                "gidNumber": ["500"],
                "homeDirectory": [f"/home/{login}"],
                "userPassword": [made_up.PASSWORD],
            },
        )


def _groups(cluster: Rack) -> Iterator[Entry]:
    teams = {group.id: group.members for group in cluster.groups}
    logins = {
        name: [member.partition("@")[0] for member in teams.get(f"{name}-lab", ())]
        for name in ("students", "staff", "robots")
    }
    yield Entry(
        f"cn=students,{_GROUPS}",
        {
            "objectClass": ["groupOfNames"],
            "cn": ["students"],
            "member": [_dn(login) for login in logins["students"]],
        },
    )
    yield Entry(
        f"cn=staff,{_GROUPS}",
        {
            "objectClass": ["posixGroup"],
            "cn": ["staff"],
            "gidNumber": ["501"],
            "memberUid": logins["staff"],
        },
    )
    yield Entry(
        f"cn=robots,{_GROUPS}",
        {
            "objectClass": ["groupOfNames", "posixGroup"],
            "cn": ["robots"],
            "gidNumber": ["502"],
            "member": [f"cn=nobody,{SUFFIX}"],
            "memberUid": logins["robots"],
        },
    )
