"""What keeps somebody out, or keeps everything from being changed, by name."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.logins import Login, demanded, login
from pve_auth_tui.core.node import DATABASE
from pve_auth_tui.core.recover.condition import Condition, Mount, Service
from pve_auth_tui.core.recover.factorwords import realm_of
from pve_auth_tui.core.recover.facts import (
    clock_problem,
    clustered,
    daemon_is_down,
    full_disks,
    is_quorate,
    read_only_disks,
)
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.unixshadow import Shadow
from pve_auth_tui.core.words import has_expired


class Cause(Enum):
    """Why somebody does not get in, or why nothing can be changed. The gravest come first."""

    RESCUE = "PVE does not run: another system's disk"
    NOT_A_NODE = "there is no config.db"
    DEAD_MOUNT = "/etc/pve does not answer"
    FULL_DISK = "a disk is full"
    READ_ONLY = "a disk is read-only"
    PMXCFS = "pmxcfs does not run"
    NO_QUORUM = "no quorum"
    LOCAL_MODE = "pmxcfs runs in local mode"
    PVEDAEMON = "pvedaemon does not run"
    PVEPROXY = "pveproxy does not run"
    CLOCK = "the clock is wrong"
    TFA_UNREADABLE = "PVE cannot read priv/tfa.cfg"
    NO_ACCOUNT = "there is no such account"
    DISABLED = "the account is disabled"
    EXPIRED = "the account has expired"
    PASSWORD = "no password can be right"  # noqa: S105
    REALM_TFA = "the realm demands a factor that is not there"
    LOCKED = "the second factors are locked"
    NO_FACTOR = "no second factor can be used"


OF_THE_LOGIN: Final = frozenset(
    {
        *(Cause.TFA_UNREADABLE, Cause.NO_ACCOUNT, Cause.DISABLED, Cause.EXPIRED),
        *(Cause.PASSWORD, Cause.REALM_TFA, Cause.LOCKED, Cause.NO_FACTOR),
    }
)
"""Those that are about one account; the others are about the node."""

SHUT: Final = frozenset(
    {
        *(Cause.RESCUE, Cause.NOT_A_NODE, Cause.DEAD_MOUNT, Cause.PMXCFS),
        *(Cause.PVEDAEMON, Cause.PVEPROXY),
        *(Cause.NO_ACCOUNT, Cause.DISABLED, Cause.EXPIRED, Cause.PASSWORD, Cause.TFA_UNREADABLE),
    }
)
"""While one of them is there, no second factor opens this node's web interface (reference 11.3)."""

_USELESS: Final = (Shadow.NONE, Shadow.LOCKED, Shadow.EXPIRED, Shadow.MUST_CHANGE)


def causes_of(situation: Situation) -> tuple[Cause, ...]:
    """All that are known to be there, the gravest first; what is not known is none."""
    found = set(_of_node(situation))
    if Cause.NOT_A_NODE not in found:  # whose login could it be?
        found.update(_of_login(situation))
    return tuple(sorted(found, key=_RANK.index))


_RANK: Final = tuple(Cause)


def _of_node(situation: Situation) -> Iterator[Cause]:
    condition = situation.condition
    if condition.rescue:
        yield Cause.RESCUE
        return
    if (
        condition.here
        and condition.mount is Mount.BARE
        and not (condition.database or condition.pmxcfs)
    ):
        yield Cause.NOT_A_NODE
        yield from _of_disks(condition)
        return
    if condition.mount in (Mount.HANGS, Mount.BROKEN):
        yield Cause.DEAD_MOUNT
    elif _pmxcfs_is_down(situation):
        yield Cause.PMXCFS
    elif is_quorate(situation) is False:
        yield Cause.NO_QUORUM
    if condition.pmxcfs is not None and condition.pmxcfs.local and clustered(situation):
        yield Cause.LOCAL_MODE
    yield from _of_disks(condition)
    if daemon_is_down(condition, "pvedaemon"):
        yield Cause.PVEDAEMON
    if daemon_is_down(condition, "pveproxy"):
        yield Cause.PVEPROXY
    if clock_problem(situation):
        yield Cause.CLOCK


def _of_disks(condition: Condition) -> Iterator[Cause]:
    if full_disks(condition):
        yield Cause.FULL_DISK
    if read_only_disks(condition):
        yield Cause.READ_ONLY


def _pmxcfs_is_down(situation: Situation) -> bool:
    condition = situation.condition
    if condition.mount in (Mount.BARE, Mount.ANSWERS):
        return condition.mount is Mount.BARE and condition.here
    down = (Service.STOPPED, Service.FAILED)
    return condition.here and (
        (condition.service("pve-cluster") in down and condition.pmxcfs is None)
        or situation.node.way == DATABASE
    )


def _of_login(situation: Situation) -> list[Cause]:
    """What `core.logins` finds and nothing here has a name for is a realm that is not there."""
    named = list(_named(situation))
    obstacle = login(situation.snapshot, situation.userid, situation.now).obstacle
    return named or ([Cause.NO_ACCOUNT] if obstacle else [])


def _named(situation: Situation) -> Iterator[Cause]:
    snapshot, userid, now = situation.snapshot, situation.userid, situation.now
    if snapshot.tfa.refused:
        yield Cause.TFA_UNREADABLE
    access = snapshot.access.value
    user = access.users.get(userid) if access else None
    if access and user is None and userid != ROOT and not snapshot.restricted:
        yield Cause.NO_ACCOUNT
        return
    if user and not user.enable:
        yield Cause.DISABLED
    if user and has_expired(user.expire, now):
        yield Cause.EXPIRED
    if _no_password(situation):
        yield Cause.PASSWORD
    found = login(snapshot, userid, now)
    if found.lacks_demanded or _only_paper(situation, found):
        yield Cause.REALM_TFA
    if found.locked:
        yield Cause.LOCKED
    elif found.asked and not found.usable and not found.lacks_demanded:
        yield Cause.NO_FACTOR


def _only_paper(situation: Situation, found: Login) -> bool:
    """Whether the realm demands what is not there, and takes nothing besides but recovery keys."""
    demand = demanded(realm_of(situation))
    wanted = {"oath": "totp", "yubico": "yubico"}.get(demand, "")
    return bool(demand) and wanted not in found.kinds and found.usable == {"recovery"}


def _no_password(situation: Situation) -> bool:
    """Whether it is known that none can be right."""
    name, _, realm = situation.userid.rpartition("@")
    if situation.userid == ROOT and situation.condition.shadow is not Shadow.UNKNOWN:
        return situation.condition.shadow in _USELESS
    if realm == "pam":
        unix = situation.snapshot.unix.value
        return unix is not None and name not in unix.users
    passwords = situation.snapshot.passwords.value
    return realm == "pve" and passwords is not None and name not in passwords.users
