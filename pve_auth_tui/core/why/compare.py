"""Two users or API tokens side by side: what only one of them may do, on every path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pve_auth_tui.core.accessdata import ROOT, Token, User, UserConfig
from pve_auth_tui.core.aclindex import permissions_of
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.asked import access_of
from pve_auth_tui.core.why.rows import below
from pve_auth_tui.core.why.usable import usable
from pve_auth_tui.core.why.zones import Paths
from pve_auth_tui.core.words import expiry, listed, yes_no


class Difference(NamedTuple):
    """What two subjects may do on a path, and on all below it that no other Difference names.

    A path `/vms/*` is what lies below /vms where that is not as on /vms itself: then something
    there is not passed on.
    """

    path: str
    only_one: frozenset[str]
    only_other: frozenset[str]
    both: frozenset[str]

    @property
    def differs(self) -> bool:
        """May one of them do what the other may not?"""
        return bool(self.only_one or self.only_other)


class Beside(NamedTuple):
    """A fact beside rights in which the two differ: its name, and what it is for each."""

    name: str
    one: str
    other: str


def compare(snapshot: Snapshot, one: str, other: str) -> tuple[Difference, ...]:
    """Every path that PVE lists where the two, together, are not as further up; as a tree walk.

    `one` and `other` are userids or full token ids. A path where both have the same is told, too,
    when an entry or a pool makes it other than what is above it. Raises UsageError for somebody
    who does not exist, Refused where users and permissions were not read.
    """
    config = access_of(snapshot)
    for subject in (one, other):
        _found(config, subject)
    engine = permissions_of(config)
    paths = Paths(config, config)
    under: dict[str, _Sets] = {}
    told = []
    for path in sorted(engine.all_paths(ROOT), key=paths.order):
        above = next((under[up] for up in paths.above(path) if up in under), _NOTHING)
        here = _sets(engine.privileges(one, path), engine.privileges(other, path))
        under[path] = here
        if here != above:
            told.append(Difference(path, *here))
        if not paths.is_leaf(path):
            rest = below(path)
            under[path] = _sets(engine.privileges(one, rest), engine.privileges(other, rest))
            if under[path] != here:
                told.append(Difference(rest, *under[path]))
    return tuple(told)


def same(differences: Iterable[Difference]) -> bool:
    """May both do just the same, everywhere?"""
    return not any(difference.differs for difference in differences)


def alike(differences: Iterable[Difference]) -> Mapping[Difference, tuple[str, ...]]:
    """Those with the same privileges as one, with all their paths; `path` is the first of them."""
    found: dict[tuple[frozenset[str], ...], list[Difference]] = {}
    for each in differences:
        found.setdefault(each[1:], []).append(each)
    return {group[0]: tuple(each.path for each in group) for group in found.values()}


def beside(snapshot: Snapshot, one: str, other: str, now: float) -> tuple[Beside, ...]:
    """In what else they differ: groups, whether and how long the accounts count.

    `now` in seconds since 1970. Raises as `compare` does.
    """
    config = access_of(snapshot)
    facts = [dict(_facts(snapshot, config, subject, now)) for subject in (one, other)]
    mine, others = (set(_groups(config, subject)) for subject in (one, other))
    groups = [listed(sorted(found), 6) or "-" for found in (mine - others, others - mine)]
    told = [Beside("Groups", *groups)] if mine != others else []
    names = dict.fromkeys(name for found in facts for name in found)
    for name in names:
        texts = [found.get(name, "-") for found in facts]
        if texts[0] != texts[1]:
            told.append(Beside(name, *texts))
    return tuple(told)


_Sets = tuple[frozenset[str], frozenset[str], frozenset[str]]
_NOTHING: _Sets = (frozenset(), frozenset(), frozenset())


def _sets(one: Flags, other: Flags) -> _Sets:
    mine, others = one.keys(), other.keys()
    return frozenset(mine - others), frozenset(others - mine), frozenset(mine & others)


def _found(config: UserConfig, subject: str) -> tuple[User, Token | None]:
    parts = split_tokenid(subject)
    user = config.users.get(parts[0] if parts else subject)
    token = user.tokens.get(parts[1]) if user and parts else None
    if user is None or (parts and token is None):
        raise UsageError(f"There is no user or API token {subject}.")
    return user, token


def _groups(config: UserConfig, subject: str) -> Iterator[str]:
    """A user's groups; a token is in none, whatever its user is in."""
    return (group.id for group in config.groups.values() if subject in group.members)


def _facts(
    snapshot: Snapshot, config: UserConfig, subject: str, now: float
) -> Iterator[tuple[str, str]]:
    user, token = _found(config, subject)
    yield "Enabled", yes_no(user.enable)
    yield "Expire", expiry(token.expire if token else user.expire, now)
    if token:
        yield "Privilege Separation", yes_no(token.privsep)
    now_usable = usable(snapshot, subject, now)
    yield "Usable now", "yes" if now_usable.ok else now_usable.reason
