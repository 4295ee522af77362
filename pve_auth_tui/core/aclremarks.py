"""What is worth knowing about ACL entries that are about to be made, before they are.

The words of the Note column (core.aclnotes) with what they mean for just these entries, and what
else surprises: whom they take something from, that they give nothing, where further down others
count. The form says it while somebody types, the plan before it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core import aclnotes
from pve_auth_tui.core.accessdata import NO_ACCESS, ROOT, SubjectKind
from pve_auth_tui.core.aclindex import parents
from pve_auth_tui.core.aclview import AclView
from pve_auth_tui.core.userconfig import AclEntry
from pve_auth_tui.core.words import count_privileges, listed, natural_order

ADMIN = "ADMIN"
"""Somebody becomes an administrator, or is one no longer."""
TAKES = "TAKES"
"""Members of a group lose privileges on the path."""
HIDES = "HIDES"
"""A user's own entry, because of which those of groups do not count on the path."""
SAME = "SAME"
"""The subject has all of that already."""
BELOW = "BELOW"
"""Further down other entries of the subject count."""

ORDER: Final = (
    ADMIN, aclnotes.IS_ROOT, aclnotes.UNUSED, aclnotes.BLOCKS, aclnotes.POOL, aclnotes.REPLACES,
    TAKES, aclnotes.CAPPED, aclnotes.HIDDEN, HIDES, SAME, BELOW,
)  # fmt: skip
"""The most important first."""

SHORT: Final[Mapping[str, str]] = {
    aclnotes.IS_ROOT: "can make themselves root then",
    aclnotes.UNUSED: "never count",
    aclnotes.BLOCKS: "NoAccess wins over every other role there",
    aclnotes.POOL: "a pool adds it back: these entries restrict nothing",
    aclnotes.REPLACES: "take something that comes from further up",
    aclnotes.CAPPED: "more than the token's user has there",
    aclnotes.HIDDEN: "do not count for members with entries of their own",
    TAKES: "members lose privileges",
    HIDES: "group entries on the same path do not count any more",
    SAME: "give nothing more than there is already",
    BELOW: "other entries count further down",
}
"""The same in a few words, of several entries; none for ADMIN, which names all."""

_NAMED: Final = 4  # privileges, members and paths that are named


class Remark(NamedTuple):
    """`heading` is one of ORDER; `subject` as entries show it; `text` a sentence without it."""

    heading: str
    subject: str
    path: str
    text: str


def remarks(before: AclView, after: AclView, entries: Iterable[AclEntry]) -> list[Remark]:
    """On entries of `after` that `before` does not have so, all of one subject on a path together.

    In the order of ORDER, and in that of the entries.
    """
    groups: dict[tuple[str, SubjectKind, str], list[AclEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.path, entry.kind, entry.subject), []).append(entry)
    found = [
        Remark(heading, some[0].shown_subject, path, text)
        for (path, _, _), some in groups.items()
        for heading, text in _of_pair(before, after, some)
    ]
    return sorted(found, key=lambda remark: ORDER.index(remark.heading))


def above_words(view: AclView, entry: AclEntry) -> str:
    """`Administrator on / through admins-corp`: what counts further up for the subject."""
    return listed([_through(other, entry.subject) for other in view.above(entry)])


def _through(entry: AclEntry, subject: str) -> str:
    through = f" through {entry.subject}" if entry.subject != subject else ""
    return f"{entry.role} on {entry.path}{through}"


def _of_pair(
    before: AclView, after: AclView, entries: Sequence[AclEntry]
) -> Iterator[tuple[str, str]]:
    """(heading, text) on entries of one subject on one path."""
    first = entries[0]
    if first.path == "/":
        yield from _administrators(before, after, first)
    noted: dict[str, AclEntry] = {}
    for entry in entries:
        for note in aclnotes.notes_of(after, entry):
            noted.setdefault(note, entry)
    unused = noted.get(aclnotes.UNUSED)
    if aclnotes.BLOCKS in noted and unused and aclnotes.beside_no_access(after, unused):
        del noted[aclnotes.UNUSED]  # the same in other words
    for note, one in noted.items():
        if text := _note_text(before, after, entries, note, one):
            yield note, text
    if first.kind == "group":
        yield from members_taken(before, after, first)
    elif hidden := hidden_by(after, first):
        yield HIDES, hidden
    if gives_nothing(before, after, entries):
        yield SAME, _nothing(first)
    if any(entry.propagate for entry in entries) and (paths := _below(after, first)):
        where = listed(paths, _NAMED)
        yield BELOW, f"other entries count further down, on {where}: nothing changes there."


def _note_text(
    before: AclView, after: AclView, entries: Sequence[AclEntry], note: str, one: AclEntry
) -> str:
    """`one`: the first of the entries that has the note."""
    who = one.shown_subject
    if note == aclnotes.UNUSED:
        if aclnotes.beside_no_access(after, one):
            return f"never counts: NoAccess of {who} stands on the same path."
        return "never counts: without privilege separation the token has its user's rights."
    if note == aclnotes.IS_ROOT:
        way = aclnotes.way_to_root(after, one)
        known = one.kind == "user" and one.subject in before.index.administrators
        return "" if known else f"{who} can make itself root then: {way}."
    if note == aclnotes.BLOCKS:
        held = before.privileges(one.kind, one.subject, one.path)
        taken = f": {count_privileges(len(held))} less" if held else ""
        return f"NoAccess wins over every other role of {who} on this path{taken}."
    if note == aclnotes.CAPPED:
        lacks = {p for entry in entries for p in aclnotes.missing_for_token(after, entry)}
        return f"its user lacks {listed(sorted(lacks), _NAMED)}, so the token does, too."
    if note == aclnotes.POOL:
        pools = listed(after.index.pools_of.get(one.path, ()))
        return (
            f"a pool adds it back ({pools}): this entry restricts nothing. Replaced would be "
            f"{above_words(after, one)}."
        )
    if note == aclnotes.REPLACES:
        return _replaces(after, one)
    if note == aclnotes.HIDDEN:
        members = listed(aclnotes.hiders(after, one), _NAMED)
        return f"does not count for {members}: own entries come first."
    return ""


def _replaces(after: AclView, entry: AclEntry) -> str:
    missing = aclnotes.lost(after, entry)[1]
    text = f"what {entry.shown_subject} has further up: {above_words(after, entry)}."
    if missing:
        some = listed(sorted(missing), _NAMED)
        text += f" Not given here: {count_privileges(len(missing))}, {some}."
    return text


def members_taken(before: AclView, after: AclView, entry: AclEntry) -> Iterator[tuple[str, str]]:
    """TAKES, where members of the entry's group hold less after it is made than before."""
    losers: dict[str, int] = {}
    for members in _alike(after, entry):
        if entry not in after.index.on_path(after.index.ranks("user", members[0]), entry.path):
            continue  # an entry of their own counts there
        held, then = (view.privileges("user", members[0], entry.path) for view in (before, after))
        if held - then:
            losers |= dict.fromkeys(members, len(held - then))
    if losers:
        most = max(losers.values())
        up_to = "up to " if len(set(losers.values())) > 1 else ""
        who = listed(sorted(losers), _NAMED)
        yield TAKES, f"{up_to}{count_privileges(most)} on this path from {who}."


def _alike(view: AclView, entry: AclEntry) -> Iterable[list[str]]:
    """The group's members, in lists of those for whom the same entries count on the path."""
    index = view.index
    pools = [f"/pool/{pool}" for pool in index.pools_of.get(entry.path, ())]
    asked = dict.fromkeys(step for path in (entry.path, *pools) for step in (path, *parents(path)))
    involved = {who for step in asked for who in index.levels.get(step, {})}
    alike: dict[tuple[str, ...], list[str]] = {}
    for member in view.config.groups[entry.subject].members:
        if member in view.config.users and member != ROOT:
            groups = index.groups_of.get(member, ())
            own = (member,) if member in involved else tuple(g for g in groups if g in involved)
            alike.setdefault(own, []).append(member)
    return alike.values()


def _administrators(before: AclView, after: AclView, entry: AclEntry) -> Iterator[tuple[str, str]]:
    """Of those for whom the entry may count; tokens are never administrators here."""
    was = before.index.administrators
    if entry.kind == "group":
        kinds = list(_alike(after, entry))
    else:
        kinds = [[entry.subject]] if entry.kind == "user" else []
    raised, lowered = [], []
    for members in kinds:
        strong = after.is_administrator(members[0])
        raised += [member for member in members if strong and member not in was]
        lowered += [member for member in members if not strong and member in was]
    if raised:
        what = "an administrator" if len(raised) == 1 else "administrators"
        yield ADMIN, f"makes {listed(sorted(raised), _NAMED)} {what}: everything, from / down."
    if lowered:
        is_no = "is no administrator" if len(lowered) == 1 else "are no administrators"
        yield ADMIN, f"{listed(sorted(lowered), _NAMED)} {is_no} any more."


def hidden_by(view: AclView, entry: AclEntry) -> str:
    """`the group entry on the same path: @ops PVEVMUser.` of a user's own entry, else ""."""
    if entry.kind != "user":
        return ""
    level = view.index.levels.get(entry.path, {})
    groups = view.index.groups_of.get(entry.subject, ())
    hidden = [f"{group} {other.role}" for group in groups for other in level.get(group, ())]
    what = "entry" if len(hidden) == 1 else "entries"
    return f"the group {what} on the same path: {listed(hidden)}." if hidden else ""


def gives_nothing(before: AclView, after: AclView, entries: Sequence[AclEntry]) -> bool:
    """Are they all new, meant to give something, and does their subject hold the same as before?

    On the path and below it. Entries that never count are left to UNUSED.
    """
    one = entries[0]
    if any(entry.role == NO_ACCESS for entry in after.own(one)):
        return False
    if one.kind == "token" and not after.is_separated(one.subject):
        return False
    had = {entry.role for entry in before.own(one)}
    if any(entry.role in had for entry in entries):
        return False
    below = f"{one.path.rstrip('/')}/*"  # no entry can have a star in its path
    return all(
        before.privileges(one.kind, one.subject, path)
        == after.privileges(one.kind, one.subject, path)
        for path in (one.path, below)
    )


def _nothing(entry: AclEntry) -> str:
    if entry.kind == "token":
        return f"gives {entry.subject} nothing more: it never gets more than its user."
    return f"gives {entry.shown_subject} nothing more: it has all of that there already."


def _below(view: AclView, entry: AclEntry) -> list[str]:
    start = entry.path.rstrip("/") + "/"
    ranks = view.index.ranks(entry.kind, entry.subject)
    found = {
        other.path
        for rank in ranks
        for subject in rank
        for other in view.index.by_subject.get(subject, ())
        if other.path.startswith(start) and other.path != entry.path
    }
    return sorted(found, key=natural_order)
