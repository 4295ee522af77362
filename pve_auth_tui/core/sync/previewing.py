"""Makes a preview: the picture after a sync, compared, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.guard import judge
from pve_auth_tui.core.objects import differing
from pve_auth_tui.core.plan import SyncCall
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync.choices import choices_of
from pve_auth_tui.core.sync.dangers import dangerous
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.limits import Limit, limit_of, refusal_of
from pve_auth_tui.core.sync.meaning import meanings
from pve_auth_tui.core.sync.options import params_of, usual
from pve_auth_tui.core.sync.preview import TITLES, Line, Preview, Row, Side, compared
from pve_auth_tui.core.sync.shutout import shut_out
from pve_auth_tui.core.words import count_words, listed, thousands

_ORDER: Final[Mapping[str, int]] = {"BAD": 0, "LOOK": 1, "ok": 2, "-": 3}
_QUIET: Final = frozenset({"First Name", "Last Name", "E-Mail"})


def sync_call(found: Found, options: SyncOptions) -> SyncCall:
    """PVE's call, with every option named."""
    path = ("access", "domains", found.realm, "sync")
    return SyncCall("POST", path, params_of(options), found=found)


def preview(
    snapshot: Snapshot,
    found: Found,
    options: SyncOptions,
    *,
    now: float,
    earlier: Sequence[int] = (),
) -> Preview:
    """What the sync of that realm would do now. `earlier`: how many users each of the last runs
    removed, the last one first. Raises UsageError for a realm that PVE would not sync, Refused
    where users or realms could not be read.
    """
    foretold = forecast(snapshot, [sync_call(found, options)], now=now)
    if foretold.problems:
        raise UsageError(foretold.problems[0])
    after = foretold.snapshot
    old, new, realms = snapshot.access.value, after.access.value, snapshot.realms.value
    if old is None or new is None or realms is None or foretold.unforeseen:
        raise Refused("Users or realms could not be read, so nothing can be foretold.")
    seen = compared(old, new, found, options)
    users, groups = seen.users, seen.groups
    dangers = tuple(dangerous(old, new, users, groups))
    named = {name for _, names in dangers for name in names}
    out = shut_out(seen, now)
    limit = limit_of(seen, out)
    if not limit.word and named:
        limit = _for_names(len(named))
    told = (
        *(finding for finding, _ in dangers),
        *meanings(snapshot, seen, out),
    )
    verdict = judge(snapshot, after, differing(snapshot, after), now)
    return Preview(
        found.realm,
        options,
        found,
        users,
        groups,
        _heading(found, users, groups),
        tuple(_lines(users, groups, options, earlier)),
        _sorted((*told, *verdict.findings)),
        choices_of(seen, usual(realms.realms[found.realm])),
        refusal_of(found, options),
        limit.word,
        limit.text,
        snapshot,
        after,
        notes=_sorted(told),
    )


def _for_names(number: int) -> Limit:
    names = count_words(number, "added name is", "added names are")
    return Limit(str(number), f"{names} dangerous: the plan asks you to type {number}.")


def _sorted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: _ORDER[finding.word]))


def _heading(found: Found, users: Side, groups: Side) -> str:
    sent, known = [], []
    if users.synced:
        sent.append(count_words(found.entries, "user", "users"))
        known.append(thousands(users.known))
    if groups.synced:
        sent.append(count_words(found.group_entries, "group", "groups"))
        known.append(thousands(groups.known))
    return f"The directory sent {listed(sent)}. PVE has {listed(known)} of {found.realm}."


def _lines(
    users: Side, groups: Side, options: SyncOptions, earlier: Sequence[int]
) -> Iterator[Line]:
    for what in TITLES:
        counts = users.count(what), groups.count(what)
        text = _TEXTS[what](users, groups, options, earlier) if what in _TEXTS else ""
        looks = what == "removed" and any(counts)
        yield Line(what, *counts, "LOOK" if looks else "-", text)


def _added(users: Side, groups: Side, options: SyncOptions, earlier: Sequence[int]) -> str:
    if not users.added:
        return ""
    return "enabled at once (enable-new)" if options.enable_new else "not enabled (enable-new 0)"


def _changed(users: Side, groups: Side, options: SyncOptions, earlier: Sequence[int]) -> str:
    if not users.changed:
        return ""
    quiet = sum(_is_quiet(row) for row in users.changed)
    told = [f"{thousands(quiet)} only name or e-mail"] if quiet else []
    for state, verb in (("yes", "enable"), ("no", "disable")):
        number = sum(
            change.field == "Enabled" and change.new == state
            for row in users.changed
            for change in row.changes
        )
        told += [f"{thousands(number)} {verb}"] if number else []
    return ", ".join(told)


def _is_quiet(row: Row) -> bool:
    return all(change.field in _QUIET for change in row.changes)


def _removed(users: Side, groups: Side, options: SyncOptions, earlier: Sequence[int]) -> str:
    if not users.removed and not groups.removed:
        gone = len(users.vanished) + len(groups.vanished)
        if not gone:
            return ""
        return f"{thousands(gone)} {'is' if gone == 1 else 'are'} gone from the directory: kept"
    told = []
    if users.known:
        told.append(f"{len(users.removed) / users.known:.1%}".replace("%", " %"))
    if earlier:
        runs = f"the last {len(earlier)} runs" if len(earlier) > 1 else "the last run"
        least, most = min(earlier), max(earlier)
        told.append(f"{runs} removed {least if least == most else f'{least} to {most}'}")
    return "; ".join(told)


def _skipped(users: Side, groups: Side, options: SyncOptions, earlier: Sequence[int]) -> str:
    names = "names that PVE does not take" if users.skipped or groups.skipped else ""
    values = count_words(len(users.values), "value, too", "values, too") if users.values else ""
    return ", ".join(filter(None, (names, values)))


_TEXTS: Final = {
    "added": _added,
    "changed": _changed,
    "removed": _removed,
    "skipped": _skipped,
}
