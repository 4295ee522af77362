"""What belongs to a realm and stays behind when PVE removes it (reference 4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.domains import Domains
from pve_auth_tui.core.intents.ghosts import belongings
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.lists.parts import sync_jobs
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaConfig
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import count_words, listed

_NO_FACTORS: Final = TfaConfig({})


@dataclass(frozen=True, slots=True)
class Left:
    """`users`: userids; `groups`: those that a sync or login of the realm made (`NAME-REALM`);
    `jobs`: sync jobs; `ghosts`: ACL entries and factors of names of the realm that are neither.

    `tokens`, `factors`, `entries`: how many API tokens, TFA entries and ACL entries the users and
    groups have. `administrators`: users of the realm that are.
    """

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    ghosts: tuple[Key, ...] = ()
    tokens: int = 0
    factors: int = 0
    entries: int = 0
    administrators: tuple[str, ...] = ()


def left_behind(snapshot: Snapshot, realm: str) -> Left:
    """As far as the picture tells; what could not be read is nothing."""
    jobs = tuple(job.id for job in sync_jobs(snapshot, realm))
    access = snapshot.access.value
    if access is None:
        return Left(jobs=jobs)
    users = tuple(sorted(user.id for user in access.users.values() if user.realm == realm))
    groups = tuple(name for name in sorted(access.groups) if is_of(snapshot, realm, name))
    tfa = snapshot.tfa.value or _NO_FACTORS
    known = frozenset(users)
    mine = {f"@{name}" for name in groups}
    subjects = [f"@{e.subject}" if e.kind == "group" else e.subject for e in access.acl]
    return Left(
        users=users,
        groups=groups,
        jobs=jobs,
        ghosts=tuple(_ghosts(snapshot, access, tfa, realm)),
        tokens=sum(len(access.users[userid].tokens) for userid in users),
        factors=sum(len(tfa.users[userid].entries) for userid in users if userid in tfa.users),
        entries=sum(s in mine or s.partition("!")[0] in known for s in subjects),
        administrators=tuple(sorted(known & administrators(access))),
    )


def is_of(snapshot: Snapshot, realm: str, group: str) -> bool:
    """Did a sync or login of this realm name the group? Of two that fit the longer one did."""
    domains = snapshot.realms.value or Domains({})
    fits = [name for name in {realm, *domains.realms} if group.endswith(f"-{name}")]
    return bool(fits) and max(fits, key=len) == realm


def _ghosts(snapshot: Snapshot, access: UserConfig, tfa: TfaConfig, realm: str) -> Iterator[Key]:
    """ACL entries and factors of users and groups of the realm that do not exist."""
    owners = {
        Key("user", entry.subject)
        for entry in access.acl
        if entry.kind == "user" and entry.subject not in access.users
    }
    owners |= {
        Key("group", entry.subject)
        for entry in access.acl
        if entry.kind == "group" and entry.subject not in access.groups
    }
    owners |= {Key("user", userid) for userid in tfa.users if userid not in access.users}
    for owner in sorted(owners):
        name, _, of = owner.name.rpartition("@")
        if (of == realm and name) if owner.kind == "user" else is_of(snapshot, realm, owner.name):
            yield from belongings(snapshot, owner)


def impact(left: Left, realm: str) -> Sequence[Line]:
    """For whoever is about to remove it: a line for each kind of thing that stays."""
    return tuple(_impact(left, realm))


def _impact(left: Left, realm: str) -> Iterator[Line]:
    if left.users:
        number = count_words(len(left.users), "user", "users")
        yield Line(f"{number} of {realm}: none of them can log in any more", "Users", "LOOK")
    if left.administrators:
        yield Line(f"administrators among them: {listed(left.administrators)}", "", "LOOK")
    having = [
        count_words(number, one, many)
        for number, one, many in (
            (left.tokens, "API token", "API tokens"),
            (left.factors, "TFA entry", "TFA entries"),
            (left.entries, "ACL line", "ACL lines"),
        )
        if number
    ]
    if having:
        yield Line(f"{listed(having)} stay, and count again for a new realm {realm}", "With them")
    if left.groups:
        yield Line(f"{listed(left.groups)}, with their members and rights", "Groups")
    if left.jobs:
        yield Line(f"{listed(left.jobs)}: each run fails from then on", "Sync jobs", "LOOK")
    if left.ghosts:
        entries = count_words(len(left.ghosts), "entry", "entries")
        yield Line(f"{entries} of names that are not there any more", "Ghosts", "LOOK")
    if not (left.users or left.groups or left.jobs or left.ghosts):
        yield Line("nothing: nobody is of this realm", "Stays")
