"""What every intent asks of the picture: is it there, and was it read at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.snapshot import Part, Snapshot
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, UserTfa
from pve_auth_tui.core.userconfig import User, UserConfig
from pve_auth_tui.core.words import listed

T = TypeVar("T")


def required(part: Part[T], what: str) -> T:
    """The part's value; raises Refused when it could not be read."""
    if part.value is None:
        why = f" {part.problem}" if part.problem else ""
        raise Refused(f"{what} could not be read, so nothing is planned.{why}", part.hint)
    return part.value


def access_of(snapshot: Snapshot) -> UserConfig:
    """Users, groups, roles, pools and ACL entries."""
    return required(snapshot.access, "Users and permissions")


def tfa_of(snapshot: Snapshot) -> TfaConfig:
    """The second factors of everybody."""
    return required(snapshot.tfa, "Second factors")


def user_of(snapshot: Snapshot, userid: str) -> User:
    """Raises UsageError when there is no such user."""
    return found(snapshot, access_of(snapshot).users, userid, "user")


def factors_of(snapshot: Snapshot, userid: str) -> UserTfa:
    """What tfa.cfg says about somebody, who may not be a user (any more)."""
    return tfa_of(snapshot).users.get(userid) or UserTfa(userid)


def factor_of(snapshot: Snapshot, userid: str, ident: str) -> TfaEntry:
    """One second factor; raises UsageError when there is none with that id."""
    for entry in factors_of(snapshot, userid).entries:
        if entry.id == ident:
            return entry
    raise UsageError(f"{userid} has no second factor {ident}.")


def realm_of(snapshot: Snapshot, userid: str) -> Realm | None:
    """The realm of a userid; None when it does not exist or was not read."""
    realms = snapshot.realms.value
    return realms.realms.get(userid.rpartition("@")[2]) if realms else None


def require_listable(name: str) -> None:
    """Raises Refused for a userid or token id that PVE would take for several.

    A comma may be in the name of a user, and it stands between the names of a list, both in a
    call and in user.cfg: the rights of `ann@pve,bob@pve` would go to ann@pve and bob@pve.
    """
    if (names := split_list(name)) != [name]:
        raise Refused(
            f"PVE would not take {name} for one name, but for {listed(names)}.",
            "Somebody of that name can be in no group and have no ACL entries.",
        )


def found(snapshot: Snapshot, known: Mapping[str, T], name: str, what: str) -> T:
    """`known[name]`; raises UsageError in the words that fit what PVE showed us."""
    if name in known:
        return known[name]
    if snapshot.restricted:
        raise UsageError(
            f"PVE shows no {what} {name} to whoever asks here.", "root@pam is shown everything."
        )
    raise UsageError(f"There is no {what} {name}.")
