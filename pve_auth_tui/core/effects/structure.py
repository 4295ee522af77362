"""What becomes of groups, roles, pools and ACL entries, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core.effects.scene import MANY, SINGLY, Scene
from pve_auth_tui.core.objects import Key, Record, acl_parts
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.words import count_privileges, count_words, listed, yes_no

_MEMBERS: Final = 3  # that come or go; more are counted


def structure_effects(scene: Scene) -> Iterator[Effect]:
    """One line for each; entries that go with their subject or role are in its line."""
    yield from _roles(scene)
    yield from _groups(scene)
    yield from _pools(scene)
    yield from _entries(scene)


def _groups(scene: Scene) -> Iterator[Effect]:
    made = scene.made("group")
    told = set(made) if scene.is_crowded and len(made) > MANY else set()
    if told:
        names = listed([key.name for key in made])
        yield Effect(count_words(len(made), "new group", "new groups"), names)
    for key in (key for key in scene.kind("group") if key not in told):
        old, new = scene.records[key]
        if old is None:
            yield Effect(f"@{key.name}", "new group")
        elif new is None:
            group = scene.old.groups[key.name]
            lines = len(scene.index.by_subject.get(f"@{key.name}", ()))
            members = count_words(len(group.members), "member", "members")
            members += f" ({listed(group.members)})" if group.members else ""
            lines_too = count_words(lines, "ACL line", "ACL lines")
            yield Effect(f"@{key.name}", f"group removed, with {members} and {lines_too}")
        elif parts := list(_group_changes(scene, key, old, new)):
            yield Effect(f"@{key.name}", "; ".join(parts))


def _group_changes(scene: Scene, key: Key, old: Record, new: Record) -> Iterator[str]:
    """Users who join or leave say so themselves; here are those who do not exist, and many."""
    if old["comment"] != new["comment"]:
        yield "new comment" if new["comment"] else "comment removed"
    was, will = scene.old.groups[key.name].members, scene.new.groups[key.name].members
    for verb, people in (("gains", set(will) - set(was)), ("loses", set(was) - set(will))):
        ghosts = [who for who in sorted(people) if not _says_so(scene, who)]
        if len(people) > _MEMBERS:
            yield f"{verb} {count_words(len(people), 'member', 'members')}"
        elif ghosts:
            yield f"{verb} {listed(ghosts)}"


def _says_so(scene: Scene, userid: str) -> bool:
    return Key("user", userid) in scene.records


def _roles(scene: Scene) -> Iterator[Effect]:
    for key in scene.kind("role"):
        old, new = (scene.old.roles.get(key.name), scene.new.roles.get(key.name))
        lines = sum(entry.role == key.name for entry in scene.old.acl)
        end = "s" if lines == 1 else ""
        named = count_words(lines, "ACL line", "ACL lines")
        if old is None and new is not None:
            yield Effect(key.name, f"new role with {count_privileges(len(new.privs))}")
        elif new is None:
            with_lines = f" with the {named} that name{end} it" if lines else "; nothing names it"
            yield Effect(key.name, f"role removed{with_lines}")
        elif old is not None:
            parts = [
                f"{verb} {_privileges(privs)}"
                for verb, privs in (
                    ("gains", new.privs - old.privs),
                    ("loses", old.privs - new.privs),
                )
                if privs
            ]
            yield Effect(key.name, f"{', '.join(parts)}; {named} name{end} it")


def _privileges(privs: frozenset[str]) -> str:
    return listed(sorted(privs), 4)


def _pools(scene: Scene) -> Iterator[Effect]:
    for key in scene.kind("pool"):
        old, new = scene.records[key]
        if old is None:
            yield Effect(key.name, f"new pool{_with_members(new)}")
        elif new is None:
            yield Effect(key.name, "pool removed")
        else:
            parts = ["new comment"] if old["comment"] != new["comment"] else []
            for field, what in (("vms", "guest"), ("storage", "storage")):
                was, will = ({*record[field].split(",")} - {""} for record in (old, new))
                for verb, names in (("gains", will - was), ("loses", was - will)):
                    if names:
                        parts.append(f"{verb} {what} {listed(sorted(names), 6)}")
            yield Effect(key.name, "; ".join(parts))


def _with_members(pool: Record | None) -> str:
    """` with guests 100 and 101, storage nas`, or nothing."""
    said = []
    for field, one, many in (("vms", "guest", "guests"), ("storage", "storage", "storages")):
        if names := [name for name in (pool or {}).get(field, "").split(",") if name]:
            said.append(f"{one if len(names) == 1 else many} {listed(names, 6)}")
    return f" with {', '.join(said)}" if said else ""


# --- ACL entries ------------------------------------------------------------------------------


def _entries(scene: Scene) -> Iterator[Effect]:
    """Entries that go with their user, group, token or role are in those lines."""
    keys = [key for key in scene.kind("acl") if not _goes_along(scene, key)]
    if len(keys) > SINGLY:
        yield from _counted(scene, keys)
        return
    for key in keys:
        kind, subject, role = acl_parts(key)
        shown = f"@{subject}" if kind == "group" else subject
        old, new = scene.records[key]
        if old is None:
            only = "" if new and new["propagate"] == "1" else ", not passed on"
            yield Effect(shown, f"new ACL line: {role} on {key.name}{only}")
        elif new is None:
            yield Effect(shown, f"ACL line removed: {role} on {key.name}")
        else:
            words = (yes_no(record["propagate"] == "1") for record in (old, new))
            yield Effect(shown, f"{role} on {key.name}: propagate {' -> '.join(words)}")


def _goes_along(scene: Scene, key: Key) -> bool:
    if not scene.is_gone(key):
        return False
    kind, subject, role = acl_parts(key)
    return scene.is_gone(Key(kind, subject)) or scene.is_gone(Key("role", role))


def _counted(scene: Scene, keys: Sequence[Key]) -> Iterator[Effect]:
    states = Counter(
        "new" if scene.is_made(key) else "removed" if scene.is_gone(key) else "changed"
        for key in keys
    )
    for state, number in sorted(states.items()):
        yield Effect(count_words(number, "ACL line", "ACL lines"), state)
