"""What each choice of Remove Vanished does to this very realm, told in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.accessdata import AclEntry
from pve_auth_tui.core.sync.found import SyncOptions
from pve_auth_tui.core.sync.options import VANISHED
from pve_auth_tui.core.sync.preview import Choice, Compared, Side
from pve_auth_tui.core.words import count_words, listed

_WIPED: Final = {
    "comment": ("comment", "comments"),
    "keys": ("Key ID", "Key IDs"),
    "expire": ("expiry", "expiries"),
    "email": ("e-mail", "e-mails"),
    "firstname": ("first name", "first names"),
    "lastname": ("last name", "last names"),
}
_NOBODY: Final = "nobody is gone from the directory"


def choices_of(seen: Compared, usual: SyncOptions) -> tuple[Choice, ...]:
    """In the order of PVE's form."""
    texts = {
        "entry": _entry(seen.users, seen.groups),
        "acl": _acl(seen),
        "properties": _properties(seen),
    }
    return tuple(
        Choice(
            name,
            name in seen.options.vanished,
            name in usual.vanished,
            _said(*texts[name], name in seen.options.vanished),
        )
        for name in VANISHED
    )


def _said(what: str, verb: str, taken: bool) -> str:
    """`36 users are removed`, or `would remove 36 users`."""
    if not verb:
        return what
    return f"{verb}s {what}" if taken else f"would {verb} {what}"


def _entry(users: Side, groups: Side) -> tuple[str, str]:
    counts = ((users.vanished, "user", "users"), (groups.vanished, "group", "groups"))
    told = [count_words(len(names), one, many) for names, one, many in counts if names]
    return (listed(told), "remove") if told else (_NOBODY, "")


def _acl(seen: Compared) -> tuple[str, str]:
    lines = len(lines_of(seen))
    if lines:
        return count_words(lines, "ACL line", "ACL lines"), "remove"
    none = "they have no ACL lines" if seen.users.vanished or seen.groups.vanished else _NOBODY
    return none, ""


def lines_of(seen: Compared) -> tuple[AclEntry, ...]:
    """The ACL entries of whoever is gone from the directory."""
    gone = {("user", name) for name in seen.users.vanished}
    gone |= {("group", name) for name in seen.groups.vanished}
    if not gone:
        return ()
    return tuple(entry for entry in seen.old.acl if (entry.kind, entry.subject) in gone)


def _properties(seen: Compared) -> tuple[str, str]:
    wiped = Counter(wiped_fields(seen))
    told = [count_words(wiped[name], *_WIPED[name]) for name in _WIPED if wiped[name]]
    if not told:
        return "nothing typed by hand would go", ""
    return f"{listed(told, len(_WIPED))} typed by hand", "wipe"


def wiped_fields(seen: Compared) -> Iterator[str]:
    """Of everybody who stays: fields that PVE has and the directory does not send."""
    if seen.options.users:
        for userid, values in seen.found.users.items():
            user = seen.old.users.get(userid)
            if user is not None:
                for name in _WIPED:
                    had = user.has_old_keys if name == "keys" else getattr(user, name)
                    if had and name not in values:
                        yield name
    if seen.options.groups:
        for name in seen.found.groups:
            group = seen.old.groups.get(name)
            if group is not None and group.comment:
                yield "comment"
