"""PVE's names and formats (reference 2; the verify functions of PVE::AccessControl, PVE::Auth).

`is_...` tell whether PVE accepts a name in a file. `..._problem` say in one sentence what is
wrong with a name that somebody is about to create or use in a request, or return None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pve_auth_tui.core import versions
from pve_auth_tui.core.perltext import truthy

_USER = r"[^ \t\n\r\f\v:/]+"
_REALM = r"[A-Za-z][A-Za-z0-9.\-_]+"
_NAME = r"[A-Za-z0-9.\-_]+"

_USERID = re.compile(rf"({_USER})@({_REALM})")
_TOKENID = re.compile(rf"({_USER}@{_REALM})!({_REALM})")
_REALM_NAME = re.compile(_REALM)
_PLAIN_NAME = re.compile(_NAME)
_POOL = re.compile(rf"{_NAME}(?:/{_NAME}){{0,2}}")
_STORAGE = re.compile(r"[A-Za-z][A-Za-z0-9\-_.]*[A-Za-z0-9]")
_JOB = re.compile(r"[A-Za-z][A-Za-z0-9_\-]+")
_EMAIL = re.compile(r"[\w+~-]+(?:\.[\w+~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_NOT_IN_USER = re.compile(r"[\s:/]")
_NODE = re.compile(r"(?:/[A-Za-z1-9._-][A-Za-z0-9._-]*)+")
_PATH = re.compile(r"[A-Za-z0-9./_-]+")
_SLASHES = re.compile("/+")

_SHORTEST_USERID = 3
_LONGEST_USERID = 64
_LONGEST_REALM = 32
_LONGEST_JOB = 64
_LONGEST_EMAIL = 254
_SHORTEST_PASSWORD = 8
_LONGEST_PASSWORD = 64
_BUILTIN_REALMS = frozenset({"pam", "pve"})

# First part of an ACL path -> what PVE lets follow it when an entry is added, shown and as
# an expression, with the feature that brought it.
_Shape = tuple[str, str, str]
_NONE: _Shape = ("", "", "")
_SHAPES: Mapping[str, tuple[_Shape, ...]] = {
    "": (_NONE,),
    "access": (
        _NONE,
        ("/groups", "/groups", ""),
        ("/groups/GROUP", f"/groups/{_NAME}", ""),
        ("/realm", "/realm", ""),
        ("/realm/REALM", f"/realm/{_NAME}", ""),
    ),
    "mapping": (
        ("", "", "mapping"),
        ("/KIND", f"/{_NAME}", "mapping"),
        ("/KIND/NAME", f"/{_NAME}/{_NAME}", "mapping"),
    ),
    "nodes": (_NONE, ("/NODE", f"/{_NAME}", "")),
    "pool": (
        _NONE,
        ("/POOL", f"/{_NAME}", ""),
        ("/POOL/POOL/POOL", f"/{_NAME}(?:/{_NAME}){{1,2}}", "nested-pools"),
    ),
    "sdn": (
        _NONE,
        ("/controllers/NAME", "/controllers(?:/[A-Za-z0-9_-]+)?", ""),
        ("/dns/NAME", "/dns(?:/[A-Za-z0-9]+)?", ""),
        ("/fabrics/NAME", "/fabrics(?:/[A-Za-z0-9]+)?", "sdn-fabrics"),
        ("/ipams/NAME", "/ipams(?:/[A-Za-z0-9]+)?", ""),
        ("/prefix-lists/NAME", "/prefix-lists(?:/[A-Za-z0-9]+)?", "sdn-prefix-lists"),
        ("/route-maps/NAME", "/route-maps(?:/[A-Za-z0-9]+)?", "sdn-route-maps"),
        ("/zones/ZONE/VNET/VLAN", f"/zones(?:/{_NAME}(?:/{_NAME}(?:/[1-9][0-9]{{0,3}})?)?)?", ""),
    ),
    "storage": (_NONE, ("/STORAGE", f"/{_NAME}", "")),
    "vms": (_NONE, ("/VMID", "/[1-9][0-9]{2,}", "")),
}

LONGEST: Mapping[str, int] = {
    "First name": 1024,
    "Last name": 1024,
    "User comment": 2048,
    "Realm comment": 4096,
    "Sync job comment": 512,
    "Two factor description": 255,
}
"""Characters that PVE allows in its text fields."""


def is_userid(text: str) -> bool:
    """`user@realm` as PVE::Auth::Plugin::verify_username wants it, 3 to 64 characters."""
    return _SHORTEST_USERID <= len(text) <= _LONGEST_USERID and has_userid_shape(text)


def has_userid_shape(text: str) -> bool:
    """`user@realm` of any length: some of PVE's API parameters ask for no more."""
    return _USERID.fullmatch(text) is not None


def is_group(text: str) -> bool:
    """A group's or a role's name. `0` is none: PVE asks whether the name it found is true."""
    return _PLAIN_NAME.fullmatch(text) is not None and truthy(text)


is_role = is_group


def is_pool(text: str) -> bool:
    """A pool's name with up to three levels, and not `0`."""
    return _POOL.fullmatch(text) is not None and truthy(text)


def is_storage(text: str) -> bool:
    """A storage id."""
    return _STORAGE.fullmatch(text) is not None


def split_userid(userid: str) -> tuple[str, str] | None:
    """(name, realm), split at the last `@`; None when it is no userid."""
    found = _USERID.fullmatch(userid) if is_userid(userid) else None
    return (found[1], found[2]) if found else None


def split_tokenid(tokenid: str) -> tuple[str, str] | None:
    """(userid, token) of `user@realm!token`; None when it is no token id."""
    found = _TOKENID.fullmatch(tokenid)
    return (found[1], found[2]) if found else None


def realm_problem(name: str) -> str | None:
    """What is wrong with the name of a new realm."""
    if name in _BUILTIN_REALMS:
        return f"Realm {name} is always there and cannot be created."
    if len(name) > _LONGEST_REALM:
        return f"A realm's name has at most {_LONGEST_REALM} characters."
    if not _REALM_NAME.fullmatch(name):
        return (
            "A realm's name begins with a letter, has at least 2 characters, and only "
            "letters, digits, dot, - and _."
        )
    return None


def userid_problem(userid: str) -> str | None:
    """What is wrong with the id of a user, `name@realm`."""
    name, at, realm = userid.rpartition("@")
    if not (name and at):
        return "A user ID is name@realm, for example ann@pve."
    if not _SHORTEST_USERID <= len(userid) <= _LONGEST_USERID:
        return f"A user ID has at most {_LONGEST_USERID} characters, the realm included."
    if _NOT_IN_USER.search(name):
        return "The name before @ has no blanks, no colon and no slash."
    if not _REALM_NAME.fullmatch(realm):
        return (
            "The realm behind @ begins with a letter, has at least 2 characters, and only "
            "letters, digits, dot, - and _."
        )
    return None


def group_problem(name: str) -> str | None:
    """What is wrong with the name of a group."""
    return _plain_problem("group", name)


def role_problem(name: str) -> str | None:
    """What is wrong with the name of a new role."""
    if name.upper().startswith("PVE"):
        return "Names that begin with PVE are kept for built-in roles."
    return _plain_problem("role", name)


def token_problem(name: str) -> str | None:
    """What is wrong with the name of an API token, the part behind `!`."""
    if not _REALM_NAME.fullmatch(name):
        return (
            "A token's name begins with a letter, has at least 2 characters, and only "
            "letters, digits, dot, - and _."
        )
    return None


def pool_problem(name: str, *, release: str = versions.NEWEST) -> str | None:
    """What is wrong with the name of a pool in a release (version of libpve-access-control)."""
    levels = name.split("/")
    if len(levels) > 1 and not versions.has(release, "nested-pools"):
        return "Pools within pools need PVE 8.1 or newer."
    if len(levels) > 3:
        return "Pools have at most three levels."
    return next((problem for level in levels if (problem := _plain_problem("pool", level))), None)


def job_problem(name: str) -> str | None:
    """What is wrong with the id of a realm sync job."""
    if len(name) > _LONGEST_JOB:
        return f"A job's ID has at most {_LONGEST_JOB} characters."
    if not _JOB.fullmatch(name):
        return (
            "A job's ID begins with a letter, has at least 2 characters, and only letters, "
            "digits, - and _."
        )
    return None


def email_problem(address: str) -> str | None:
    """What is wrong with a mail address; none at all is right."""
    if len(address) > _LONGEST_EMAIL:
        return f"A mail address has at most {_LONGEST_EMAIL} characters."
    if address and not _EMAIL.fullmatch(address):
        return "PVE takes mail addresses like ann.b@example.com, without quotes or blanks."
    return None


def password_problem(password: str) -> str | None:
    """What is wrong with a new password (8 characters since PVE 8.3; we ask for them always)."""
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        return f"A password has {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters."
    return None


def text_problem(field: str, text: str) -> str | None:
    """What is wrong with a text field; `field` is a key of LONGEST."""
    most = LONGEST[field]
    return f"{field}: at most {most} characters." if len(text) > most else None


def normalise_path(path: str) -> str | None:
    """An ACL path as PVE writes it (PVE::AccessControl::normalize_path), None when invalid."""
    if not truthy(path):
        return None
    path = _SLASHES.sub("/", path).removesuffix("/")
    if not truthy(path):
        return "/"
    if not path.startswith("/"):
        path = f"/{path}"
    return path if _PATH.fullmatch(path) else None


def tree_path(path: str) -> str | None:
    """Where in the ACL tree PVE puts an entry for a path, None when the path is invalid.

    On the way there PVE walks past parts that are `0`, so `/vms/0` is `/vms`.
    """
    if _NODE.fullmatch(path):
        return path
    normal = normalise_path(path)
    return normal and f"/{'/'.join(filter(truthy, normal.split('/')))}"


def path_shape_problem(path: str, *, release: str = versions.NEWEST) -> str | None:
    """What keeps PVE from adding an ACL entry on a path (PVE::AccessControl::check_path).

    The path is normalised first, as PVE does. Deleting entries takes any valid path.
    """
    normal = normalise_path(path)
    if normal is None:
        return "A path has only letters, digits, dot, -, _ and / between its parts."
    first, slash, rest = normal[1:].partition("/")
    shapes = _SHAPES.get(first)
    if shapes is None:
        roots = ", ".join(f"/{root}" for root in _SHAPES if root)
        return f"PVE knows no path /{first}; there are {roots} and / itself."
    for _, pattern, feature in shapes:
        if re.fullmatch(pattern, slash + rest):
            if feature and not versions.has(release, feature):
                return f"{normal} needs libpve-access-control {versions.FEATURES[feature]}."
            return None
    if first == "vms":
        return "A guest's path is /vms/VMID, with a VMID from 100 on."
    known = ", ".join(f"/{first}{shown}" for shown, _, _ in shapes)
    return f"PVE knows no path {normal}; there are {known}."


def _plain_problem(what: str, name: str) -> str | None:
    if is_group(name):
        return None
    if name == "0":
        return f"PVE cannot read a {what} named 0."
    return f"A {what}'s name has only letters, digits, dot, - and _."
