"""PVE's names and formats (reference 2, the verify functions of PVE::AccessControl and PVE::Auth).

`is_...` tell whether PVE accepts a name in a file; `..._problem` say in one sentence what is
wrong with a name that is about to be created, or return None.
"""

from __future__ import annotations

import re

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
_NODE = re.compile(r"(?:/[A-Za-z1-9._-][A-Za-z0-9._-]*)+")
_PATH = re.compile(r"[A-Za-z0-9./_-]+")
_SLASHES = re.compile("/+")

_SHORTEST_USERID = 3
_LONGEST_USERID = 64


def is_userid(text: str) -> bool:
    """`user@realm` as PVE::Auth::Plugin::verify_username wants it, 3 to 64 characters."""
    return _SHORTEST_USERID <= len(text) <= _LONGEST_USERID and _USERID.fullmatch(text) is not None


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
