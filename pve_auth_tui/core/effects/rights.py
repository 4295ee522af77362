"""Who gains and who loses which privileges where: the engine asked before and after.

Asked about are those whom a change can reach: the subjects of the entries, members of the groups
and owners of the tokens that differ, on the paths of those entries and on the members of pools
there. What lies further below follows from that, where no other entry replaces it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from pve_auth_tui.core import names
from pve_auth_tui.core.accessdata import ROOT, AclEntry, UserConfig
from pve_auth_tui.core.aclindex import parents
from pve_auth_tui.core.aclnotes import ROOT_WAYS
from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.effects.scene import SINGLY, Scene
from pve_auth_tui.core.effects.throughpools import through_pools
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.may import place_of
from pve_auth_tui.core.objects import acl_parts
from pve_auth_tui.core.pathtree import member_paths
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.words import count_privileges, listed, natural_order

_PATHS: Final = 40  # looked at for one subject
_ROOT_PLACES: Final = frozenset({"", "access"})  # where the privileges of ROOT_WAYS count

Reached = dict[str, dict[str, None]]
"""userid or full token id -> paths, in the order in which they were found."""


class Change(NamedTuple):
    """What differs on a path. `below`: what is only passed on (or no longer) to paths below it."""

    gained: frozenset[str]
    lost: frozenset[str]
    gained_below: frozenset[str]
    lost_below: frozenset[str]

    @property
    def takes(self) -> bool:
        return bool(self.lost or self.lost_below)


Changes: TypeAlias = tuple[tuple[Change, tuple[str, ...]], ...]
"""What changes, with the paths on which just that changes."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What changes for one subject."""

    subject: str
    changes: Changes

    @property
    def takes(self) -> bool:
        return any(change.takes for change, _ in self.changes)


@dataclass(frozen=True, slots=True)
class Rights:
    """`shifts` of those looked at; `unseen`: how many others may be concerned.

    `raised` and `lowered`: who becomes an administrator, and who is one no longer. `rooted`:
    who else can make itself root from then on, and how (core.aclnotes).
    """

    shifts: tuple[Shift, ...] = ()
    unseen: int = 0
    raised: tuple[str, ...] = ()
    lowered: tuple[str, ...] = ()
    rooted: tuple[tuple[str, str], ...] = ()

    @property
    def takes(self) -> bool:
        """Does somebody lose a privilege?"""
        return bool(self.unseen or self.lowered) or any(shift.takes for shift in self.shifts)


def rights(scene: Scene) -> Rights:
    """What a change does to privileges. Those of root@pam never change."""
    reached = _reached(scene)
    reached.pop(ROOT, None)
    if not reached:
        return Rights()
    looked_at = dict(list(reached.items())[:SINGLY])
    will = scene.will(looked_at)
    shifts = [_shift(scene, will, subject, paths) for subject, paths in looked_at.items()]
    was_admin = is_admin = frozenset[str]()
    if any("/" in paths for paths in reached.values()):
        was_admin, is_admin = administrators(scene.old), administrators(scene.new)
    rooted = [
        (subject, way)
        for subject, paths in looked_at.items()
        if subject not in is_admin and any(place_of(path) in _ROOT_PLACES for path in paths)
        if (way := _new_root_way(scene, will, subject))
    ]
    return Rights(
        tuple(shift for shift in shifts if shift.changes),
        len(reached) - len(looked_at),
        tuple(sorted(is_admin - was_admin)),
        tuple(sorted(was_admin - is_admin)),
        tuple(rooted),
    )


def _new_root_way(scene: Scene, will: Permissions, subject: str) -> str:
    """`User.Modify on /access/groups` if that is new for somebody."""
    for path, privilege in ROOT_WAYS:
        old, new = _privileges(scene, will, subject, path)
        if privilege in new and privilege not in old:
            return f"{privilege} on {path}"
    return ""


def held(engine: Permissions, subject: str, entries: Iterable[AclEntry]) -> str:
    """`47 privileges on /`, `rights on 3 paths`, or nothing."""
    top = len(engine.privileges(subject, "/"))
    if top:
        return f"{count_privileges(top)} on /"
    paths = list(dict.fromkeys(entry.path for entry in entries))[:_PATHS]
    where = [path for path in paths if engine.privileges(subject, path)]
    if len(where) == 1:
        return f"{count_privileges(len(engine.privileges(subject, where[0])))} on {where[0]}"
    more = "or more " if len(paths) == _PATHS else ""
    return f"rights on {len(where)} {more}paths" if where else ""


def shift_words(change: Change, paths: tuple[str, ...], *, many: bool = False) -> str:
    """`gains 10 privileges on /vms/100`; for `many` subjects `gain 10 ...`."""
    end = "" if many else "s"
    said = []
    for place, gained, lost in (
        ("on", change.gained, change.lost),
        ("below", change.gained_below, change.lost_below),
    ):
        verbs = [
            f"{verb}{end} {_amount(privileges)}"
            for verb, privileges in (("gain", gained), ("lose", lost))
            if privileges
        ]
        if verbs:
            said.append(f"{', '.join(verbs)} {place} {listed(paths)}")
    return "; ".join(said)


def _amount(privileges: frozenset[str]) -> str:
    if len(privileges) <= 2:
        return " and ".join(sorted(privileges))
    return count_privileges(len(privileges))


# --- whom a change can reach --------------------------------------------------------------


def _reached(scene: Scene) -> Reached:
    reached: Reached = {}
    for subject, path in _places(scene):
        if subject in reached or _exists(scene.old, subject) or _exists(scene.new, subject):
            reached.setdefault(subject, {})[path] = None
    for userid in list(reached):
        if not _is_token(userid):
            _add_tokens(scene, reached, userid)
    return reached


def _places(scene: Scene) -> Iterator[tuple[str, str]]:
    """(userid or token id, path) that may differ."""
    if scene.old is scene.new:
        return
    for entry_path, subject in _entries(scene):
        for path in (entry_path, *_members_below(scene, entry_path)):
            for who in _people(scene, subject):
                yield who, path
    yield from _by_membership(scene)
    for key in scene.kind("token"):
        userid = key.name.rpartition("!")[0]
        if userid == ROOT:  # its rights stand in no entry
            yield key.name, "/"
        own = scene.index.by_subject.get(key.name, ())
        yield from ((key.name, entry.path) for entry in own)
        yield from ((key.name, entry.path) for entry in scene.index.entries_of(userid))
    yield from _by_pool(scene)


def _entries(scene: Scene) -> Iterator[tuple[str, str]]:
    """(path, shown subject) of the entries that differ, or whose role does."""
    for key in scene.kind("acl"):
        kind, subject, _ = acl_parts(key)
        yield key.name, f"@{subject}" if kind == "group" else subject
    roles = {key.name for key in scene.kind("role")}
    if roles:
        for entry in scene.old.acl:
            if entry.role in roles:
                yield entry.path, entry.shown_subject


def _people(scene: Scene, subject: str) -> Iterable[str]:
    if not subject.startswith("@"):
        return (subject,)
    name = subject[1:]
    groups = (config.groups.get(name) for config in (scene.old, scene.new))
    return dict.fromkeys(member for group in groups if group for member in group.members)


def _by_membership(scene: Scene) -> Iterator[tuple[str, str]]:
    """Those who join or leave groups, on the paths of these groups' entries."""
    for key in scene.kind("group"):
        old, new = scene.old.groups.get(key.name), scene.new.groups.get(key.name)
        members = set(old.members if old else ()) ^ set(new.members if new else ())
        paths = _paths_of(scene, f"@{key.name}")
        yield from ((member, path) for member in sorted(members) for path in paths)
    for key in (*scene.made("user"), *scene.gone("user")):
        for entry in scene.index.entries_of(key.name):
            yield key.name, entry.path


def _paths_of(scene: Scene, subject: str) -> list[str]:
    found = dict.fromkeys(entry.path for entry in scene.index.by_subject.get(subject, ()))
    found |= dict.fromkeys(scene.made_entries.get(subject, ()))
    return [place for path in found for place in (path, *_members_below(scene, path))]


def _by_pool(scene: Scene) -> Iterator[tuple[str, str]]:
    """Guests and storages that go into or out of pools, for those with entries on these pools."""
    for key in scene.kind("pool"):
        pools = (config.pools.get(key.name) for config in (scene.old, scene.new))
        old, new = (set(member_paths(pool)) if pool else set() for pool in pools)
        path = f"/pool/{key.name}"
        while path:
            for subject in scene.index.levels.get(path, {}):
                for who in _people(scene, subject):
                    yield from ((who, member) for member in sorted(old ^ new))
            path = "/" if path.count("/") == 1 and path != "/" else path.rpartition("/")[0]


def _members_below(scene: Scene, path: str) -> list[str]:
    """What gets rights through the pools at and below a pool's path."""
    pools = scene.index.pools_below.get(path, ())
    found = [member for name in pools for member in member_paths(scene.old.pools[name])]
    return found[:_PATHS]


def _add_tokens(scene: Scene, reached: Reached, userid: str) -> None:
    """A token never has more than its user: entries of its own may begin or cease to count."""
    paths = reached[userid]
    for config in (scene.old, scene.new):
        user = config.users.get(userid)
        for name in user.tokens if user else ():
            token = f"{userid}!{name}"
            places = reached.setdefault(token, {})
            places.update(paths)
            places.update((path, None) for path in _paths_of(scene, token))


def _is_token(subject: str) -> bool:
    return names.split_tokenid(subject) is not None


# --- what differs for them ----------------------------------------------------------------


def _shift(scene: Scene, will: Permissions, subject: str, paths: Collection[str]) -> Shift:
    same: dict[Change, list[str]] = {}
    for path in sorted(list(paths)[:_PATHS], key=natural_order):
        change = _change(*_privileges(scene, will, subject, path))
        if _is_leaf(path):
            change = _here(change)
        elif path in scene.stops:
            change = _with_below(change, *_privileges(scene, will, subject, _below(path)))
        if any(change):
            same.setdefault(change, []).append(path)
    for path, alike in through_pools(scene, subject, paths):
        if path not in paths:
            change = _here(_change(*_privileges(scene, will, subject, path)))
            above = _from_above(scene, will, subject, path, paths)
            if not (change.gained <= above.gained and change.lost <= above.lost):
                same.setdefault(change, []).extend(alike)
    return Shift(
        subject,
        tuple((change, tuple(sorted(where, key=natural_order))) for change, where in same.items()),
    )


def _from_above(
    scene: Scene, will: Permissions, subject: str, path: str, paths: Collection[str]
) -> Change:
    """What a change further up, which is told there, does on a path without entries."""
    for above in parents(path):
        if above in paths:
            return _here(_change(*_privileges(scene, will, subject, _below(above))))
    return _NO_CHANGE


def _is_leaf(path: str) -> bool:
    """A guest or storage: there is nothing that could lie below it."""
    return path.startswith(("/vms/", "/storage/")) and path.count("/") == 2


def _here(change: Change) -> Change:
    """Without what is only passed on."""
    return Change(change.gained, change.lost, frozenset(), frozenset())


def _privileges(scene: Scene, will: Permissions, subject: str, path: str) -> tuple[Flags, Flags]:
    """Before and after; who does not exist has none, whatever entries say."""
    old = scene.was.privileges(subject, path) if _exists(scene.old, subject) else {}
    new = will.privileges(subject, path) if _exists(scene.new, subject) else {}
    return old, new


def _change(old: Flags, new: Flags) -> Change:
    if old == new:
        return _NO_CHANGE
    gained, lost = new.keys() - old.keys(), old.keys() - new.keys()
    both = new.keys() & old.keys()
    return Change(
        frozenset(gained),
        frozenset(lost),
        frozenset(priv for priv in both if new[priv] and not old[priv]),
        frozenset(priv for priv in both if old[priv] and not new[priv]),
    )


def _with_below(change: Change, old: Flags, new: Flags) -> Change:
    """What changes on a path whose entries are not all passed on, with what changes below it.

    There another entry of the same path may be the one that counts.
    """
    gained, lost = new.keys() - old.keys(), old.keys() - new.keys()
    return change._replace(
        gained_below=frozenset(gained - change.gained), lost_below=frozenset(lost - change.lost)
    )


def _below(path: str) -> str:
    """A path below another one that no entry can name."""
    return f"{path.rstrip('/')}/*"


_NO_CHANGE = Change(frozenset(), frozenset(), frozenset(), frozenset())


def _exists(config: UserConfig, subject: str) -> bool:
    parts = names.split_tokenid(subject)
    if parts is None:
        return subject in config.users
    user = config.users.get(parts[0])
    return user is not None and parts[1] in user.tokens
