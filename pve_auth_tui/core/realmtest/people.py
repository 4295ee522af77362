"""What the users of a directory come to, as PVE would take them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.mapping import FIELDS, attributes_of
from pve_auth_tui.core.directory.ports import Answer
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.plain import suspicious
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.seen import (
    BAD_ITEM,
    DANGEROUS,
    FITTING,
    LACKING,
    NAME_IN,
    SKIPPED,
    SUCH_AS,
    TWICE,
    Seen,
    facts_of,
)
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.sync.taking import UsersTaken
from pve_auth_tui.core.words import count_words, listed, thousands

USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "firstname": ("givenName",),
    "lastname": ("sn",),
    "email": ("mail",),
    "comment": ("description", "displayName"),
    "username": ("uid", "sAMAccountName", "cn", "mail"),
}
"""Where directories keep what PVE can take: ours -> theirs, best first."""

_SUGGESTED: Final = ("firstname", "lastname", "email")  # a comment may be typed by hand
_LIMITS: Final = {3: Cause.TIME_LIMIT, 4: Cause.SIZE_LIMIT, 11: Cause.ADMIN_LIMIT}
_SAMPLES: Final = 5


def cut_short(answer: Answer) -> Cause | None:
    """Why not all of it came, None when it did."""
    if answer.stopped:
        return Cause.TOO_MUCH
    return _LIMITS.get(answer.code, Cause.SEARCH_REFUSED) if answer.code else None


def is_strange(settings: DirectorySettings, answer: Answer) -> bool:
    """Is it worth a look at what else the entries have (USUAL)?"""
    return bool(answer.entries) and (
        not settings.sync_attributes.strip() or bool(lacking(settings, answer))
    )


def lacking(settings: DirectorySettings, answer: Answer) -> list[str]:
    """Attributes that the realm names and that no entry has."""
    came = {name for entry in answer.entries for name in entry.values}
    implied = {name: name for name in FIELDS}.items()
    mapping = attributes_of(settings).mapping
    return [
        theirs
        for theirs, ours in mapping.items()
        if theirs.lower() not in came and (theirs, ours) not in implied
    ]


def judge_users(
    settings: DirectorySettings, answer: Answer, taken: UsersTaken, usual: Mapping[str, int]
) -> Seen:
    """`usual`: of the attributes of USUAL, in small letters, how many entries of a few have them;
    asked for where `is_strange`.
    """
    causes: list[tuple[Word, Cause]] = []
    facts: list[Fact] = []
    if limit := cut_short(answer):
        causes.append(("BAD", limit))
    elif not answer.entries:
        return Seen("BAD", SHORT[Cause.NO_USERS], (Cause.NO_USERS,))
    never = lacking(settings, answer) if answer.entries else []
    if settings.user_attr in never:
        causes.append(("BAD", Cause.NO_NAME_ATTRIBUTE))
        found = [name for name in USUAL["username"] if usual.get(name.lower())]
        facts += facts_of(NAME_IN, found)
    mapped = [name for name in never if name != settings.user_attr]
    bad = attributes_of(settings).bad
    fitting = fitting_mapping(settings, mapped, usual)
    if bad:
        causes.append(("LOOK", Cause.BAD_MAPPING))
        facts += facts_of(BAD_ITEM, bad)
    if mapped:
        causes.append(("LOOK", Cause.ATTRIBUTE_NEVER_COMES))
        facts.append(Fact(LACKING, listed(mapped, 6)))
    elif not settings.sync_attributes.strip():
        causes.append(("LOOK", Cause.NO_MAPPING))
    if (bad or mapped or not settings.sync_attributes.strip()) and fitting:
        facts.append(Fact(FITTING, fitting))
    values = [f"{one.name}: {one.why}" for one in taken.skipped if one.kind == "value"]
    if values:
        causes.append(("LOOK", Cause.VALUES_SKIPPED))
        facts += facts_of(SKIPPED, values)
    facts += facts_of(SUCH_AS, [_sample(*one) for one in list(taken.users.items())[:_SAMPLES]])
    word: Word = "BAD" if any(word == "BAD" for word, _ in causes) else "LOOK" if causes else "ok"
    counted = thousands(len(taken.users))
    text = f"{counted}, {SHORT[causes[0][1]]}" if causes else counted
    return Seen(word, text, tuple(cause for _, cause in causes), tuple(facts), answer.message)


def fitting_mapping(
    settings: DirectorySettings, never: Sequence[str], usual: Mapping[str, int]
) -> str:
    """sync_attributes as these entries could fill them: what is well stays as it is typed."""
    items = split_list(settings.sync_attributes)
    bad = attributes_of(settings).bad
    kept = [one for one in items if one not in bad and one.partition("=")[2] not in never]
    ours = {one.partition("=")[0] for one in kept}
    wanted = [one.partition("=")[0] for one in items if one not in bad] or list(_SUGGESTED)
    for name in wanted:
        found = next((one for one in USUAL.get(name, ()) if usual.get(one.lower())), "")
        if name not in ours and found:
            kept.append(f"{name}={found}")
            ours.add(name)
    return ",".join(kept)


def _sample(userid: str, values: Mapping[str, str]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in values.items() if value)
    return f"{userid}: {told}" if told else userid


def judge_names(settings: DirectorySettings, taken: UsersTaken) -> Seen:
    """Names that PVE leaves out, has more than once, or takes although people should not."""
    users = [one for one in taken.skipped if one.kind == "user"]
    left_out = [f"{one.name}: {one.why}" for one in users if one.name not in taken.users]
    twice = [f"{one.name}: {one.why}" for one in users if one.name in taken.users]
    twice += _meeting(settings, taken)
    dangerous = [
        f"{userid}: {sentence}" for userid in taken.users if (sentence := suspicious(userid))
    ]
    told = (
        (Cause.NAMES_SKIPPED, SKIPPED, left_out),
        (Cause.NAMES_TWICE, TWICE, twice),
        (Cause.NAMES_DANGEROUS, DANGEROUS, dangerous),
    )
    causes = tuple(cause for cause, _, found in told if found)
    facts = tuple(fact for _, heading, found in told for fact in facts_of(heading, found))
    if not causes:
        return Seen("ok", "none")
    counts = ", ".join(
        thousands(len(found)) if cause is Cause.NAMES_SKIPPED else f"{len(found)} {SHORT[cause]}"
        for cause, _, found in told
        if found
    )
    return Seen("LOOK", counts, causes, facts)


def _meeting(settings: DirectorySettings, taken: UsersTaken) -> list[str]:
    """PVE refuses a login whose name fits several users when letters' case does not count."""
    if settings.case_sensitive:
        return []
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for userid in taken.users:
        alike[userid.lower()].append(userid)
    return [
        f"{listed(found, 4)}: without case-sensitive PVE refuses the login of "
        f"{count_words(len(found), 'user', 'users')} that differ in case only"
        for found in alike.values()
        if len(found) > 1
    ]
