"""What a change means, in words: who gains or loses what, what stops, what stays, what reverts it.

Pure, of two pictures. The words are raw: whoever shows them sends them through `core.plain`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.effects.accounts import account_effects
from pve_auth_tui.core.effects.dropped import dropped_effects
from pve_auth_tui.core.effects.entries import entry_findings
from pve_auth_tui.core.effects.factors import factor_effects
from pve_auth_tui.core.effects.jobs import job_effects
from pve_auth_tui.core.effects.logins import login_findings
from pve_auth_tui.core.effects.remains import revived, stays
from pve_auth_tui.core.effects.rights import Change, Changes, Rights, Shift, rights, shift_words
from pve_auth_tui.core.effects.scene import Scene, is_active
from pve_auth_tui.core.effects.settings import setting_effects
from pve_auth_tui.core.effects.structure import structure_effects
from pve_auth_tui.core.effects.syncs import sync_findings
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, listed

_LINES: Final = 10  # of changed rights; more are told without their paths


class Effects(NamedTuple):
    """`findings` are BAD and LOOK; `takes`: somebody loses a privilege or a login."""

    findings: tuple[Finding, ...]
    changes: tuple[Effect, ...]
    stays: tuple[str, ...]
    takes: bool


def effects(
    before: Snapshot,
    after: Snapshot,
    touched: Sequence[Key],
    *,
    now: float,
    renewed: Sequence[Key] = (),
    synced: Collection[str] = (),
) -> Effects:
    """`touched`: the objects that differ (`objects.differing`); `renewed`: those that get a new
    secret; `now` in seconds since 1970. `synced`: realms of which this is a sync itself.
    """
    scene = Scene(before, after, touched, now, renewed, bool(synced))
    found = rights(scene)
    findings = (
        *login_findings(scene),
        *_rights_findings(found),
        *entry_findings(scene, found),
        *revived(scene),
        *sync_findings(scene, synced),
    )
    changes = (
        *setting_effects(scene),
        *job_effects(scene),
        *structure_effects(scene),
        *account_effects(scene),
        *factor_effects(scene),
        *_rights_effects(scene, found),
        *dropped_effects(scene),
    )
    takes = found.takes or _ends(scene) or any(finding.word == "BAD" for finding in findings)
    return Effects(findings, changes, tuple(stays(scene)), takes)


def _ends(scene: Scene) -> bool:
    """Is there an account that can be used before, and not after?"""
    return any(
        is_active(scene.old.users.get(key.name), scene.now)
        and not is_active(scene.new.users.get(key.name), scene.now)
        for key in scene.kind("user")
    )


def _rights_effects(scene: Scene, found: Rights) -> Iterator[Effect]:
    """Those for whom the same changes share a line; who is removed has one already."""
    shifts = [shift for shift in found.shifts if not _is_removed(scene, shift.subject)]
    lines: dict[Changes, list[str]] = {}
    for shift in shifts:
        lines.setdefault(shift.changes, []).append(shift.subject)
    for changes, subjects in (lines if len(lines) <= _LINES else _without_paths(shifts)).items():
        many = len(subjects) > 1
        yield Effect(listed(subjects), "; ".join(shift_words(*pair, many=many) for pair in changes))
    if found.unseen:
        yield Effect(
            count_words(found.unseen, "other", "others"),
            "reached, too; not looked at one by one",
        )


def _without_paths(shifts: Iterable[Shift]) -> Mapping[Changes, list[str]]:
    """The same with the number of paths instead of their names."""
    subjects: dict[Change, list[str]] = {}
    paths: dict[Change, set[str]] = {}
    for shift in shifts:
        for change, where in shift.changes:
            subjects.setdefault(change, []).append(shift.subject)
            paths.setdefault(change, set()).update(where)
    return {
        ((change, (count_words(len(paths[change]), "path", "paths"),)),): who
        for change, who in subjects.items()
    }


def _is_removed(scene: Scene, subject: str) -> bool:
    parts = split_tokenid(subject)
    if parts and scene.is_gone(Key("token", subject)):
        return True
    return scene.is_gone(Key("user", parts[0] if parts else subject))


def _rights_findings(found: Rights) -> Iterator[Finding]:
    if found.raised:
        verb = "becomes an administrator" if len(found.raised) == 1 else "become administrators"
        yield Finding("LOOK", f"{listed(found.raised)} {verb}: everything on /.")
    if found.lowered:
        verb = "is no administrator" if len(found.lowered) == 1 else "are no administrators"
        yield Finding("LOOK", f"{listed(found.lowered)} {verb} any more.")
    for subject, way in found.rooted:
        yield Finding("LOOK", f"{subject} can make itself root then: {way}.")
