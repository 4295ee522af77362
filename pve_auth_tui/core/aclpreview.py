"""What ACL entries would do, said while somebody still types them.

Worked out from the index of the picture, entry by entry: no new picture is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core import aclpaths
from pve_auth_tui.core.accessdata import ADMINISTRATOR
from pve_auth_tui.core.aclremarks import ORDER, SHORT, Remark, remarks
from pve_auth_tui.core.aclview import AclView, view_of, with_changes
from pve_auth_tui.core.intents import acl
from pve_auth_tui.core.intents.acl import Subjects
from pve_auth_tui.core.intents.common import access_of
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.may import may, place_of
from pve_auth_tui.core.objects import Key, acl_key
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import AclEntry
from pve_auth_tui.core.words import count_privileges, count_words, listed, yes_no

_SINGLY: Final = 3  # subjects on paths that are spoken of one by one
_MOST: Final = 200  # that are looked at


def preview(
    snapshot: Snapshot,
    paths: Sequence[str],
    roles: Sequence[str],
    subjects: Subjects,
    propagate: bool = True,
) -> tuple[Line, ...]:
    """On the entries that `intents.acl.add` would make.

    Raises what that raises for names that are wrong; where something is still to be named, it
    says so.
    """
    missing = [
        what
        for what, given in (("a path", paths), ("a role", roles), ("somebody", subjects.all))
        if not given
    ]
    if missing:
        return (Line(f"Still to be named: {listed(missing)}."),)
    wanted = acl.wanted_entries(snapshot, paths, roles, subjects, propagate=propagate)
    config = access_of(snapshot)
    there = [entry for entry in wanted if acl.present(config, entry) == entry]
    made = [entry for entry in wanted if acl.present(config, entry) != entry]
    return (*_counts(snapshot, made, len(there)), *_lines(snapshot, made, ()))


def preview_edit(
    snapshot: Snapshot,
    keys: Sequence[Key],
    *,
    role: str | None = None,
    propagate: bool | None = None,
) -> tuple[Line, ...]:
    """On what `intents.acl.edit` would change; raises what that raises."""
    old = acl.entries_of(snapshot, keys)
    new = acl.becoming(old, role=role, propagate=propagate)
    config = access_of(snapshot)
    made = [entry for entry in new if acl.present(config, entry) != entry]
    places = {acl_key(entry) for entry in new}
    gone = [entry for entry in old if acl_key(entry) not in places]
    if not made and not gone:
        return (Line("Nothing changes: it is so already."),)
    return (*_replaced(gone, made or new), *_lines(snapshot, made or new, gone))


def _counts(snapshot: Snapshot, made: Sequence[AclEntry], there: int) -> Iterator[Line]:
    config = access_of(snapshot)
    new = sum(acl.present(config, entry) is None for entry in made)
    said = [count_words(new, "new entry", "new entries")] if new else []
    if changed := len(made) - new:
        word = yes_no(made[0].propagate)
        said.append(f"{count_words(changed, 'entry', 'entries')}: only Propagate becomes {word}")
    if there:
        said.append(f"{count_words(there, 'entry', 'entries')} there already")
    yield Line(f"{', '.join(said)}.")
    for path in dict.fromkeys(entry.path for entry in made):
        if what := aclpaths.missing_at(snapshot, path):
            yield Line(f"There is no {what}: the entry waits for one.", word="LOOK")


def _replaced(gone: Sequence[AclEntry], made: Sequence[AclEntry]) -> Iterator[Line]:
    number = count_words(len(gone) or len(made), "entry", "entries")
    if gone:
        yield Line(f"{number}: the new one is made first, then the old one goes.")
    else:
        yield Line(f"{number}: only Propagate becomes {yes_no(made[0].propagate)}.")
        paths = [path for path in dict.fromkeys(entry.path for entry in made) if _has_below(path)]
        if paths:
            word = "as well" if made[0].propagate else "no longer"
            yield Line(f"It counts {word} for what lies below {listed(paths)}.", "Below", "LOOK")


def _has_below(path: str) -> bool:
    """A guest and a storage have nothing below them."""
    return not (path.startswith(("/vms/", "/storage/")))


def _lines(
    snapshot: Snapshot, made: Sequence[AclEntry], gone: Sequence[AclEntry]
) -> Iterator[Line]:
    before = view_of(access_of(snapshot))
    staying = set(made) - set(gone)
    after = with_changes(before, [entry for entry in made if entry in staying], gone)
    pairs = list(dict.fromkeys((entry.kind, entry.subject, entry.path) for entry in made))
    looked_at = set(pairs[:_MOST])
    found = remarks(
        before,
        after,
        [entry for entry in made if (entry.kind, entry.subject, entry.path) in looked_at],
    )
    if len(pairs) <= _SINGLY:
        yield from _one_by_one(snapshot, before, after, made, found)
        return
    for heading in ORDER:
        some = [remark for remark in found if remark.heading == heading]
        if heading in SHORT and len(some) > 1:
            where = listed([f"{remark.subject} on {remark.path}" for remark in some])
            yield Line(f"{len(some)} of {len(pairs)}: {where}: {SHORT[heading]}.", heading)
        else:
            for remark in some:
                yield Line(f"{remark.subject} on {remark.path}: {remark.text}", heading)
    if len(pairs) > _MOST:
        yield Line(f"Only the first {_MOST} of {len(pairs)} were looked at.")


def _one_by_one(
    snapshot: Snapshot,
    before: AclView,
    after: AclView,
    made: Sequence[AclEntry],
    found: Sequence[Remark],
) -> Iterator[Line]:
    pairs = {(entry.shown_subject, entry.path): entry for entry in made}
    for (subject, path), entry in pairs.items():
        yield Line(_effect(snapshot, before, after, entry), "Effect")
        for remark in found:
            if (remark.subject, remark.path) == (subject, path):
                yield Line(remark.text, remark.heading)


def _effect(snapshot: Snapshot, before: AclView, after: AclView, entry: AclEntry) -> str:
    """`bob@pve on /vms/100 (web-01 on pve2): look (7 privileges), now nothing.`"""
    config = access_of(snapshot)
    role = config.roles.get(ADMINISTRATOR)
    everything = role.privs if role else frozenset()

    def words(view: AclView) -> str:
        held = view.privileges(entry.kind, entry.subject, entry.path)
        word = may(held, everything, place_of(entry.path))
        return f"{word} ({count_privileges(len(held))})" if held else word

    who = entry.shown_subject
    if entry.kind == "group":
        members = len(config.groups[entry.subject].members)
        who += f", {count_words(members, 'member', 'members')},"
    about = aclpaths.about_path(snapshot, entry.path)
    place = f"{entry.path} ({about})" if about else entry.path
    now, then = words(before), words(after)
    return f"{who} on {place}: {then}, {'as now' if now == then else f'now {now}'}."
