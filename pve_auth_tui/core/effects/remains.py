"""What stays behind a change, and what was left behind earlier and comes to life by it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.effects.scene import Scene, is_active, realms_of, tfa_of
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.lookalike import reads_as
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.pathtree import pool_path
from pve_auth_tui.core.userconfig import AclEntry
from pve_auth_tui.core.words import count_words, listed

_FEW: Final = 3


def stays(scene: Scene) -> Iterator[str]:
    """One line for each kind of thing that stays."""
    yield from _of_the_sleeping(scene)
    yield from _of_the_removed(scene)
    yield from _of_realms(scene)
    yield from _of_pools(scene)


def _of_the_sleeping(scene: Scene) -> Iterator[str]:
    """What disabled and expired users keep: it is all there when they wake up."""
    people = [
        key.name
        for key, _, _ in scene.changed("user")
        if is_active(scene.old.users.get(key.name), scene.now)
        and not is_active(scene.new.users.get(key.name), scene.now)
    ]
    if text := _belongings(scene, people):
        yield text


def _belongings(scene: Scene, people: Collection[str]) -> str:
    """`1 TFA entry, 1 token, 6 ACL lines, 2 memberships`, without what is not there."""
    users = scene.new.users
    lines = sum(len(scene.index.by_subject.get(userid, ())) for userid in people)
    counts = (
        (sum(len(tfa_of(scene.after, u).entries) for u in people), "TFA entry", "TFA entries"),
        (sum(len(users[u].tokens) for u in people if u in users), "API token", "API tokens"),
        (lines, "ACL line", "ACL lines"),
        (sum(len(scene.new.groups_of.get(u, ())) for u in people), "membership", "memberships"),
    )
    return ", ".join(count_words(number, one, many) for number, one, many in counts if number)


def _of_the_removed(scene: Scene) -> Iterator[str]:
    """PVE forgets neither the secrets of tokens nor the Linux user (reference 4.1)."""
    gone = [key.name for key in scene.gone("user")]
    secrets = scene.before.token_secrets.value
    left = [
        f"{userid}!{name}"
        for userid in gone
        for name in scene.old.users[userid].tokens
        if secrets is not None and f"{userid}!{name}" in secrets.tokens
    ]
    if left:
        number = count_words(len(left), "secret", "secrets")
        yield f"{number} of API tokens in priv/token.cfg, which nobody can log in with"
    linux = [userid.rpartition("@")[0] for userid in gone if userid.endswith("@pam")]
    if linux:
        users = "Linux user" if len(linux) == 1 else "Linux users"
        yield f"the {users} {listed(linux)} of the nodes, if there: SSH and console logins go on"


def _of_realms(scene: Scene) -> Iterator[str]:
    """PVE removes no user with a realm, no group and no sync job."""
    for key in scene.gone("realm"):
        people = [user.id for user in scene.new.users.values() if user.realm == key.name]
        if people:
            belongings = _belongings(scene, people)
            with_them = f" with {belongings}" if belongings else ""
            yield f"{count_words(len(people), 'user', 'users')} of {key.name}{with_them}"
        groups = [name for name in scene.new.groups if name.endswith(f"-{key.name}")]
        if groups:
            yield f"{count_words(len(groups), 'group', 'groups')} named *-{key.name}"
        jobs = scene.after.jobs.value.sync.values() if scene.after.jobs.value else ()
        mine = [job.id for job in jobs if job.realm == key.name]
        if mine:
            number = count_words(len(mine), "sync job fails", "sync jobs fail")
            yield f"{number} from now on: {listed(mine)}"


def _of_pools(scene: Scene) -> Iterator[str]:
    """The ACL entries of a pool that lies in another one (`predict.rights.remove_pool`)."""
    for key in scene.gone("pool"):
        left = [entry for entry in scene.new.acl if entry.path == pool_path(key.name)]
        if left:
            lines = count_words(len(left), "ACL line", "ACL lines")
            yield f"{lines} on {pool_path(key.name)}: for pools in pools PVE forgets none"


# --- what comes to life --------------------------------------------------------------------


def revived(scene: Scene) -> Iterator[Finding]:
    """New users, groups and realms that meet what an old one of the same name left."""
    for kind in ("user", "group"):
        names = [key.name for key in scene.made("user" if kind == "user" else "group")]
        for name in names[:_FEW]:
            yield from _lines(scene, kind, name)
        others = [name for name in names[_FEW:] if _left(scene, kind, name)]
        if others:
            more = count_words(len(others), "other new name stands", "other new names stand")
            yield Finding("LOOK", f"{more} in old ACL lines, too.")
    for key in scene.made("user")[:_FEW]:
        yield from _left_of_user(scene, key)
        yield from _lookalikes(scene, key)
    for key in scene.made("pool"):
        yield from _lines_of_pool(scene, key.name)
    for key in scene.made("realm"):
        people = [user for user in scene.old.users.values() if user.realm == key.name]
        if people and realms_of(scene.before):
            number = count_words(len(people), "user", "users")
            yield Finding(
                "LOOK",
                f"{number} of an earlier realm {key.name} can log in again, with their rights.",
                "",
                Target("users", query=f"realm:{key.name}"),
            )


def _left(scene: Scene, kind: str, name: str) -> tuple[AclEntry, ...]:
    return scene.index.by_subject.get(name if kind == "user" else f"@{name}", ())


def _lines(scene: Scene, kind: str, name: str) -> Iterator[Finding]:
    entries = _left(scene, kind, name)
    if entries:
        number = count_words(len(entries), "old ACL line", "old ACL lines")
        grants = [f"{entry.role} on {entry.path}" for entry in entries]
        yield Finding(
            "LOOK",
            f"{name} stands in {number} already, and gets {listed(grants)}.",
            "Whoever had that name before left them. Remove them if they are not meant.",
            Target("acl", query=name),
        )


def _lines_of_pool(scene: Scene, name: str) -> Iterator[Finding]:
    level = scene.index.levels.get(pool_path(name), {})
    grants = [f"{subject} {entry.role}" for subject, here in level.items() for entry in here]
    if grants:
        yield Finding(
            "LOOK",
            f"Old ACL lines on {pool_path(name)} count again for its members: {listed(grants)}.",
            "An earlier pool of that name left them. Remove them if they are not meant.",
            Target("acl", query=pool_path(name)),
        )


def _lookalikes(scene: Scene, key: Key) -> Iterator[Finding]:
    """A name that a person takes for an administrator's (security.md R24)."""
    for userid in sorted(administrators(scene.old)):
        if userid != key.name and reads_as(userid) == reads_as(key.name):
            yield Finding("LOOK", f"{key.name} reads like the administrator {userid}.")


def _left_of_user(scene: Scene, key: Key) -> Iterator[Finding]:
    groups = [g.id for g in scene.old.groups.values() if key.name in g.members]
    if groups:
        what = "group" if len(groups) == 1 else "groups"
        yield Finding("LOOK", f"{key.name} is a member of {what} {listed(groups)} already.")
    factors = len(tfa_of(scene.before, key.name).entries)
    if factors:
        number = count_words(factors, "second factor", "second factors")
        yield Finding(
            "LOOK",
            f"{number} of an earlier {key.name} will be asked for.",
            "Remove them, or the new one cannot log in.",
        )
