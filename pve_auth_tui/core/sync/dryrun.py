"""What PVE's own lines about a sync say, and whether our preview says the same.

Lines as recorded (reference 6): `adding user 'x'`, `updating`, `overwriting`, `remove`,
`purge users 'x' ACL entries`, the same of groups; what else PVE warns of. Untrusted text: the
reading is linear, and never fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from pve_auth_tui.core.sync.preview import Preview, Side
from pve_auth_tui.core.words import count_words, listed, thousands

_DOING: Final = re.compile(r"(adding|updating|overwriting|remove) (user|group) '(.*)'", re.DOTALL)
_PURGING: Final = re.compile(r"purge (user|group)s '(.*)' ACL entries", re.DOTALL)
_NOTE: Final = "NOTE: Dry test run, changes were NOT written to the configuration."
_USUAL: Final = re.compile(
    r"|(?:\(dry test run\) )?starting sync for realm .*|got data from server, updating .*"
    r"|syncing (?:users|groups).*|deleting outdated existing (?:users|groups) first"
    r"|successfully updated .* configuration|TASK .*|" + re.escape(_NOTE),
    re.DOTALL,
)
_ENOUGH: Final = re.compile(r"(?:adding|updating|overwriting) user ")
_TOLD: Final = 20  # lines of a kind before they are only counted
_EVERY: Final = 500
_NAMED: Final = 3

Kind = Literal["user", "group"]


@dataclass(slots=True)
class Done:
    """Names by what PVE does with them; `updated` are those who were overwritten, too."""

    added: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    purged: set[str] = field(default_factory=set)


class DryRun(NamedTuple):
    """`warnings`: lines of any other kind. `whole`: PVE told it to its end."""

    users: Done
    groups: Done
    warnings: tuple[str, ...]
    whole: bool


class Agreement(NamedTuple):
    """`text`: one sentence; `differences`: one for each kind of thing on which the two differ."""

    agrees: bool
    text: str
    differences: tuple[str, ...] = ()


def read(lines: Iterable[str]) -> DryRun:
    """The lines of a task of type auth-realm-sync-test, or of a real one."""
    of = {"user": Done(), "group": Done()}
    warnings = []
    whole = False
    for line in lines:
        if found := _DOING.fullmatch(line):
            doing, kind, name = found.groups()
            done = of[kind]
            sets = {"adding": done.added, "remove": done.removed}
            sets.get(doing, done.updated).add(name)
        elif found := _PURGING.fullmatch(line):
            of[found[1]].purged.add(found[2])
        elif _USUAL.fullmatch(line) is None:
            warnings.append(line)
        whole = whole or line == _NOTE or line.startswith("successfully updated ")
    return DryRun(of["user"], of["group"], tuple(warnings), whole)


def removed_users(lines: Iterable[str]) -> int | None:
    """How many users a run removed; None while the lines do not reach as far as that."""
    count = 0
    for line in lines:
        if (found := _DOING.fullmatch(line)) and found[1] == "remove" and found[2] == "user":
            count += 1
        elif _ENOUGH.match(line) or line.startswith(("syncing groups", "successfully updated ")):
            return count
    return None


def compare(preview: Preview, dry_run: DryRun) -> Agreement:
    """Name by name, as far as the sync writes users and groups."""
    if not dry_run.whole:
        return Agreement(False, "PVE's own preview did not come to its end.", dry_run.warnings[-1:])
    differences = [
        *_differences("users", preview.users, dry_run.users, preview.options.vanished),
        *_differences("groups", preview.groups, dry_run.groups, preview.options.vanished),
    ]
    if differences:
        return Agreement(False, "PVE's own preview differs.", tuple(differences))
    done = dry_run.users if preview.users.synced else dry_run.groups
    told = [
        f"{thousands(len(names))} {word}"
        for names, word in (
            (done.added, "added"),
            (done.updated, "known"),
            (done.removed, "removed"),
        )
    ]
    return Agreement(True, f"PVE's own preview agrees: {', '.join(told)}.")


def _differences(what: str, side: Side, theirs: Done, vanished: frozenset[str]) -> Iterator[str]:
    if not side.synced:
        return
    gone = set(side.vanished)
    ours = (
        ("add", {row.name for row in side.added}, theirs.added),
        ("remove", {row.name for row in side.removed}, theirs.removed),
        ("take ACL lines from", gone if "acl" in vanished else set(), theirs.purged),
    )
    for verb, mine, other in ours:
        if only := sorted(other - mine):
            yield f"PVE would {verb} {_of(what, only)} that the preview does not have."
        if only := sorted(mine - other):
            yield f"PVE would not {verb} {_of(what, only)} that the preview has."
    known = {row.name for row in side.changed}
    if len(theirs.updated) != side.same + len(side.changed) or not known <= theirs.updated:
        yield (
            f"PVE would look at {thousands(len(theirs.updated))} known {what}, the preview at "
            f"{thousands(side.same + len(side.changed))}."
        )


def _of(what: str, names: Sequence[str]) -> str:
    return f"{count_words(len(names), what.removesuffix('s'), what)} ({listed(names, _NAMED)})"


class Thinned:
    """Passes on the lines of a sync while it runs: of many of a kind the first, then counts."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def told(self, line: str) -> str:
        """The line, a count in its place, or "" for one that is not told."""
        found = _DOING.fullmatch(line)
        if found is None:
            return line
        kind = (found[1], found[2])
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count <= _TOLD:
            return line
        return "" if count % _EVERY else f"{found[1]}: {thousands(count)} {found[2]}s so far"
