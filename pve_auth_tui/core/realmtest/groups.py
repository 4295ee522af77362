"""What the groups of a directory and their members come to, as PVE would take them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.ports import Answer, Entry
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.realmtest.people import cut_short
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.seen import (
    ELSEWHERE,
    NESTED,
    POSIX,
    PRIMARY,
    RANGED,
    SKIPPED,
    SUCH_AS,
    Seen,
    facts_of,
)
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.sync.taking import GroupsTaken, UsersTaken, groups_taken
from pve_auth_tui.core.words import count_words, thousands


class Besides(NamedTuple):
    """What else was asked, where there was a reason. `ranged`: DNs of groups that have members,
    although none came; `primary`: DNs of groups that are the primary one of somebody; `posix`:
    how many groups name their members by `memberUid`, which PVE does not ask for.
    """

    ranged: Collection[bytes] = ()
    primary: Collection[bytes] = ()
    posix: int = 0


def members_of(entry: Entry) -> Sequence[bytes]:
    """As PVE takes them: `uniqueMember` only where there is no `member`."""
    return entry.values.get("member") or entry.values.get("uniquemember") or ()


def taken_entries(settings: DirectorySettings, answer: Answer) -> list[Entry]:
    """Those that PVE takes: what is wrong with the others does not matter."""
    return [entry for entry in answer.entries if groups_taken(settings, [entry], {}).groups]


def judge_groups(
    settings: DirectorySettings,
    answer: Answer,
    people: UsersTaken,
    taken: GroupsTaken,
    besides: Besides,
) -> Seen:
    """AD's traps among it: nested groups, more members than one answer holds, primary groups."""
    known = {entry.dn.lower() for entry in answer.entries}
    nested, empty = [], []
    for entry in taken_entries(settings, answer):
        members = {member.lower() for member in members_of(entry)}
        if inner := members & known:
            nested.append(f"{_text(entry.dn)}: {count_words(len(inner), 'group', 'groups')} in it")
        elif members and people.people and not any(one in people.people for one in members):
            empty.append(f"{_text(entry.dn)}: {count_words(len(members), 'member', 'members')}")
    skipped = [f"{one.name}: {one.why}" for one in taken.skipped]
    told = (
        (Cause.RANGED_MEMBERS, RANGED, [_text(dn) for dn in besides.ranged]),
        (Cause.GROUPS_SKIPPED, SKIPPED, skipped),
        (Cause.NESTED_GROUPS, NESTED, nested),
        (Cause.PRIMARY_GROUP, PRIMARY, [_text(dn) for dn in besides.primary]),
        (Cause.MEMBERS_ELSEWHERE, ELSEWHERE, empty),
    )
    causes = [cause for cause, _, found in told if found]
    facts = [fact for _, heading, found in told for fact in facts_of(heading, found)]
    if besides.posix:
        causes.insert(0, Cause.MEMBERS_BY_NAME)
        named = count_words(besides.posix, "group", "groups")
        facts.insert(0, Fact(POSIX, f"{named} with memberUid"))
    samples = [
        f"{name}: {count_words(len(members), 'member', 'members')}"
        for name, members in list(taken.groups.items())[:5]
    ]
    facts += facts_of(SUCH_AS, samples)
    word: Word = "LOOK" if causes else "ok"
    limit = cut_short(answer)
    if limit:
        causes.insert(0, limit)
        word = "BAD"
    elif not answer.entries:
        causes.insert(0, Cause.NO_GROUPS)
        word = "LOOK"
    return Seen(
        word, _counted(answer, taken, told, limit), tuple(causes), tuple(facts), answer.message
    )


def _counted(
    answer: Answer,
    taken: GroupsTaken,
    told: Sequence[tuple[Cause, str, Sequence[str]]],
    limit: Cause | None,
) -> str:
    """`44, 3 bad`"""
    count = thousands(len(taken.groups))
    if limit:
        return f"{count}, {SHORT[limit]}"
    if not answer.entries:
        return SHORT[Cause.NO_GROUPS]
    bad = sum(len(found) for _, _, found in told)
    return f"{count}, {thousands(bad)} bad" if bad else count


def _text(dn: bytes) -> str:
    return dn.decode("utf-8", "replace")
