"""Other names for users, groups, realms, tokens, roles, pools and descriptions.

Each letter becomes the next one of its alphabet, so that length, case and kinds of characters
stay: what PVE accepts as a name it accepts as the other name. Names that mean something to PVE
stay as they are, and so does what a directory holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from string import ascii_lowercase, ascii_uppercase

from pve_auth_tui.core.names import split_tokenid

_NEXT = str.maketrans(
    ascii_lowercase + ascii_uppercase,
    ascii_lowercase[1:] + ascii_lowercase[0] + ascii_uppercase[1:] + ascii_uppercase[0],
)
_ESCAPE = re.compile(r"(%[0-9A-Fa-f]{2}|\\x[0-9a-f]{2})")  # of a byte, in files and recordings
_ITEM = re.compile(r"[^\s,;]+")
_ROLES = re.compile(r"PVE.*|NoAccess|Administrator", re.IGNORECASE | re.DOTALL)
_ACL_PATH = re.compile(r"(/*pool/+|/*access/+groups/+|/*access/+realm/+)(.*)", re.DOTALL)
_OF_PVE = frozenset({"Linux PAM standard authentication", "Proxmox VE authentication server"})
_REALMS = frozenset({"pam", "pve"})
_USERS = frozenset({"root@pam"})


class Cipher:
    """`people` and `groups` are those of the directory behind LDAP realms.

    `seen`: the user ids that were renamed, as they were before.
    """

    def __init__(self, people: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        self._people = frozenset(people)
        self._groups = frozenset(groups)
        self.seen: set[str] = set()

    def word(self, text: str) -> str:
        """Any text, but for the escapes in it."""
        parts = _ESCAPE.split(text)
        return "".join(
            part if place % 2 else part.translate(_NEXT) for place, part in enumerate(parts)
        )

    def description(self, text: str) -> str:
        """A comment; those of the built-in realms are PVE's own."""
        return text if text in _OF_PVE else self.word(text)

    def realm(self, realm: str) -> str:
        return realm if realm in _REALMS else self.word(realm)

    def role(self, role: str) -> str:
        return role if _ROLES.fullmatch(role) else self.word(role)

    def group(self, group: str) -> str:
        """A synced one has the directory's name and the realm's."""
        name, dash, realm = group.rpartition("-")
        if name in self._groups:
            return f"{name}{dash}{self.realm(realm)}"
        return self.word(group)

    def user(self, userid: str) -> str:
        """Also one without a realm."""
        if userid in _USERS:
            return userid
        name, at, realm = userid.rpartition("@")
        if not at:
            return self.word(userid) if userid != "root" else userid
        self.seen.add(userid)
        if realm not in _REALMS and name in self._people:
            return f"{name}@{self.realm(realm)}"
        return f"{self.word(name)}@{self.realm(realm)}"

    def authid(self, authid: str) -> str:
        """A user or a token."""
        if token := split_tokenid(authid):
            return f"{self.user(token[0])}!{self.word(token[1])}"
        return self.user(authid)

    def subject(self, subject: str) -> str:
        """Whom an ACL line of user.cfg names: `@group`, a user or a token."""
        return f"@{self.group(subject[1:])}" if subject[:1] == "@" else self.authid(subject)

    def acl_path(self, path: str) -> str:
        found = _ACL_PATH.fullmatch(path)
        if not found:
            return path
        if "pool" in found[1]:
            return found[1] + self.word(found[2])
        return found[1] + (self.group if "groups" in found[1] else self.realm)(found[2])

    @staticmethod
    def each(text: str, rename: Callable[[str], str]) -> str:
        """Every item of a list as PVE takes it: commas, semicolons or blanks in between."""
        return _ITEM.sub(lambda found: rename(found[0]), text)
