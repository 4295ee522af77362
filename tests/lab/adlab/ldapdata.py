"""Who stands in the OpenLDAP directory: ordinary people, and oddities in folders of their own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from tests.lab.adlab import names

_Entry: TypeAlias = tuple[str, Sequence[str]]
_BASE: Final = names.LDAP_BASE
FOLDERS: Final = (
    "people",
    "groups",
    "services",
    "many",
    "empty",
    "odd",
    "twice",
    "badvalues",
    "bare",
    "nested",
    "posix",
    "outsiders",
    "closed",
    "split",
)


def ldif() -> str:
    """All of it, parents first (RFC 2849)."""
    return "\n".join(f"dn: {dn}\n" + "".join(f"{line}\n" for line in lines) for dn, lines in _all())


def _all() -> Iterator[_Entry]:
    yield _BASE, ("objectClass: dcObject", "objectClass: organization", "o: Lab", "dc: lab")
    for name in FOLDERS:
        yield f"ou={name},{_BASE}", ("objectClass: organizationalUnit", f"ou: {name}")
    for name in ("proxmox", "plain", "limited", "unpaged", "watched"):
        yield _service(name)
    yield from _ordinary()
    for at in range(names.LDAP_MANY):
        yield _person("many", f"u{at:04d}", "Many", f"People{at}")
    yield from _odd()
    yield from _odd_groups()
    # as partitioned directories have them
    yield (
        f"ou=branch,ou=split,{_BASE}",
        (
            "objectClass: referral",
            "objectClass: extensibleObject",
            "ou: branch",
            f"ref: ldap://branch.lab.test/ou=branch,{_BASE}",
        ),
    )


def _ordinary() -> Iterator[_Entry]:
    people = (("alice", "Alice", "Anders"), ("bob", "Bob", "Bauer"), ("carol", "Carol", "Cole"))
    for folder in ("people", "split"):
        for person in people:
            yield _person(folder, *person)
    yield _group("groups", "pveadmins", _dn("alice"))
    yield _group("groups", "pveusers", _dn("bob"), _dn("carol"))
    yield _group("split", "splitters", _dn("alice", "split"))
    yield _group("many", "everybody", *(_dn(f"u{at:04d}", "many") for at in range(names.LDAP_MANY)))


def _odd() -> Iterator[_Entry]:
    yield _person("odd", "dan", "Dan", "Doe")
    yield _person("odd", "eve smith", "Eve", "Smith")
    yield _person("odd", "fay/ops", "Fay", "Ops")
    yield _person("odd", "gus:ops", "Gus", "Ops")
    yield _person("twice", "hal", "Hal", "One")
    yield f"ou=more,ou=twice,{_BASE}", ("objectClass: organizationalUnit", "ou: more")
    yield _person("more,ou=twice", "hal", "Hal", "Two")
    yield _person("badvalues", "ida", "Ida", "Ink", mail="no mail address")
    dn, lines = _person("bare", "joe", "Joe", "Bare")
    yield dn, [line for line in lines if not line.startswith(("mail:", "givenName:"))]
    yield _person("closed", "kim", "Kim", "Closed")


def _odd_groups() -> Iterator[_Entry]:
    inner = f"cn=inner,ou=nested,{_BASE}"
    yield _group("nested", "inner", _dn("alice"))
    yield _group("nested", "outer", inner, _dn("bob"))
    yield (
        f"cn=byname,ou=posix,{_BASE}",
        ("objectClass: posixGroup", "cn: byname", "gidNumber: 5000", "memberUid: alice"),
    )
    yield _group("outsiders", "elsewhere", f"uid=zoe,ou=gone,{_BASE}", _dn("dan", "odd"))


def _dn(uid: str, folder: str = "people") -> str:
    return f"uid={uid},ou={folder},{_BASE}"


def _person(folder: str, uid: str, given: str, surname: str, mail: str = "") -> _Entry:
    return _dn(uid, folder), (
        "objectClass: inetOrgPerson",
        f"uid: {uid}",
        f"cn: {given} {surname}",
        f"sn: {surname}",
        f"givenName: {given}",
        f"mail: {mail or f'{uid}@lab.test'}",
        f"userPassword: {_hashed(names.LDAP_USER_PASSWORD)}",
    )


def _service(name: str) -> _Entry:
    return f"cn={name},ou=services,{_BASE}", (
        "objectClass: organizationalRole",
        "objectClass: simpleSecurityObject",
        f"cn: {name}",
        f"userPassword: {_hashed(names.LDAP_PASSWORD)}",
    )


def _group(folder: str, name: str, *members: str) -> _Entry:
    lines = ["objectClass: groupOfNames", f"cn: {name}", *(f"member: {dn}" for dn in members)]
    return f"cn={name},ou={folder},{_BASE}", lines


def _hashed(password: str) -> str:
    """As slapd keeps it; RFC 2307 section 5.3, with a salt that needs no chance."""
    digest = hashlib.sha1(password.encode() + b"lab", usedforsecurity=False).digest()
    return "{SSHA}" + base64.b64encode(digest + b"lab").decode()
