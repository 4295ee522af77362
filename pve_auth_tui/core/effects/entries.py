"""What surprises about new and changed ACL entries: that they take something away, restrict
nothing, give nothing, or do not count for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core import aclnotes, aclremarks
from pve_auth_tui.core.accessdata import NO_ACCESS, AclEntry
from pve_auth_tui.core.aclremarks import Remark
from pve_auth_tui.core.aclview import AclView, with_changes
from pve_auth_tui.core.effects.rights import Rights
from pve_auth_tui.core.effects.scene import Scene
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.objects import Key, Record, acl_parts
from pve_auth_tui.core.words import count_privileges, listed

_MOST: Final = 50  # entries that are looked at
_TOLD: Final = (
    aclnotes.IS_ROOT, aclnotes.UNUSED, aclnotes.BLOCKS, aclnotes.POOL, aclnotes.CAPPED,
    aclnotes.HIDDEN, aclremarks.SAME,
)  # fmt: skip
"""What is told with the headings of `core.aclremarks`; who loses what is told by `_replacing`."""


def entry_findings(scene: Scene, found: Rights) -> Iterator[Finding]:
    """One line for each thing worth knowing, however many entries there are (reference 3.2)."""
    made = scene.made("acl")
    giving = [key for key in made if acl_parts(key)[2] != NO_ACCESS]
    yield from _replacing(scene, found, [key.name for key in giving])
    remarks = list(_remarks(scene, [*made, *(key for key, _, _ in scene.changed("acl"))]))
    for heading in _TOLD:
        some = [remark for remark in remarks if remark.heading == heading]
        if heading == aclnotes.IS_ROOT and found.rooted:
            continue  # told by name
        if len(some) == 1:
            yield _one(some[0])
        elif some:
            where = listed([f"{remark.subject} on {remark.path}" for remark in some])
            text = f"{len(some)} ACL lines, {where}: {aclremarks.SHORT[heading]}."
            yield Finding("LOOK", text)


def _replacing(scene: Scene, found: Rights, paths: list[str]) -> Iterator[Finding]:
    """An entry replaces all that comes from further up, a user's those of groups, too."""
    changed = {key.name for key in scene.gone("acl")}
    for path in dict.fromkeys(paths):
        losers = [
            (shift.subject, len(change.lost))
            for shift in found.shifts
            for change, where in shift.changes
            if change.lost and path in where
        ]
        if losers:
            most = count_privileges(max(number for _, number in losers))
            up_to = "up to " if len(losers) > 1 else ""
            why = "It replaces what comes from further up; a user's line also those of groups."
            yield Finding(
                "LOOK",
                f"The new ACL line on {path} takes {up_to}{most} from "
                f"{listed([who for who, _ in losers])}.",
                "" if path in changed else why,
            )


def _remarks(scene: Scene, keys: Sequence[Key]) -> Iterator[Remark]:
    """On the entries as they will be; of one that is there already only what is new about it."""
    if not keys:
        return
    before = AclView(scene.old, scene.index)
    entries = {key: _entry(key, scene.records[key][1]) for key in keys}
    gone = [_entry(key, scene.records[key][0]) for key in scene.gone("acl")]
    after = with_changes(before, list(entries.values()), gone, scene.new)
    known = {
        (note, entry.shown_subject, entry.path)
        for key in keys
        if (old := scene.records[key][0]) is not None
        for entry in (_entry(key, old),)
        for note in aclnotes.notes_of(before, entry)
    }
    found = aclremarks.remarks(before, after, list(entries.values())[:_MOST])
    empty = {(one.subject, one.path) for one in found if one.heading == aclremarks.SAME}
    for one in found:
        capped = one.heading == aclnotes.CAPPED and (one.subject, one.path) in empty
        if not capped and (one.heading, one.subject, one.path) not in known:
            yield one


def _entry(key: Key, record: Record | None) -> AclEntry:
    kind, subject, role = acl_parts(key)
    return AclEntry(key.name, kind, subject, role, (record or {}).get("propagate") == "1")


def _one(remark: Remark) -> Finding:
    if remark.heading == aclremarks.SAME:
        text, _, why = remark.text.partition(": ")
        sentence = f"The new ACL line on {remark.path} {text}."
        return Finding("LOOK", sentence, f"{why[:1].upper()}{why[1:]}")
    return Finding("LOOK", f"The ACL line of {remark.subject} on {remark.path}: {remark.text}")
