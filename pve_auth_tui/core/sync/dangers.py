"""Names that PVE takes and that are dangerous all the same (security.md R24)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pve_auth_tui.core.accessdata import ROOT, AclEntry, UserConfig
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.lookalike import reads_as
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.sync.preview import Side
from pve_auth_tui.core.words import count_words, listed

_SIGNS: Final = frozenset("#?%@!")
_SEPARATORS: Final = frozenset(",;\0")  # of PVE's lists (PVE::Tools::split_list)
_NAMED: Final = 3


def dangerous(
    old: UserConfig, new: UserConfig, users: Side, groups: Side
) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """What is to be told, with the added names that it is about."""
    added = [row.name for row in users.added]
    yield from _heirs(old, new, added, [row.name for row in groups.added])
    yield from _lookalikes(old, added)
    signs = [name for name in added if _SIGNS & set(_name(name))]
    if signs:
        yield (
            Finding(
                "LOOK",
                f"{_names(signs)} with signs that mean something elsewhere (# ? % @ !): "
                f"{listed(signs)}",
                "In web addresses, tokens and other programs they can stand for somebody else.",
            ),
            tuple(signs),
        )
    several = [name for name in added if _SEPARATORS & set(name)]
    if several:
        yield (
            Finding(
                "LOOK",
                f"{_names(several)} with a comma or a semicolon: {listed(several)}",
                "In groups and ACL lines PVE reads such a name as several, and some of them can "
                "be somebody else's.",
            ),
            tuple(several),
        )
    hidden = [name for name in added if name.startswith("-") or plain(name) != name]
    if hidden:
        yield (
            Finding(
                "LOOK",
                f"{_names(hidden)} with signs that do not show, or a dash in front: "
                f"{listed(hidden)}",
                "Commands take a dash for an option; what does not show can be somebody else.",
            ),
            tuple(hidden),
        )
    foreign = [name for name in added if not name.isascii()]
    if foreign:
        yield (
            Finding(
                "LOOK",
                f"{_names(foreign)} with letters beyond ASCII: {listed(foreign)}",
                "PVE stores them as octets, and who logs in must type just these.",
            ),
            tuple(foreign),
        )


def _heirs(
    old: UserConfig, new: UserConfig, users: Iterable[str], groups: Iterable[str]
) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """Names to which old ACL lines and memberships belong at once."""
    by_subject = acl_index(old).by_subject
    strong = administrators(new)
    listing = {
        member: group.id
        for group in old.groups.values()
        for member in group.members
        if member not in old.users
    }
    weak: list[tuple[str, str]] = []
    for shown, name in [(name, name) for name in users] + [(f"@{name}", name) for name in groups]:
        lines = by_subject.get(shown, ())
        if lines:
            text = f"{name} gets {_grants(lines)}"
            if name in strong or any(member in strong for member in _members(new, shown)):
                yield (
                    Finding(
                        "BAD",
                        f"1 added name becomes Administrator by old ACL lines: {text}",
                        "Remove these lines first, if they are not meant.",
                        Target("acl", query=name),
                    ),
                    (name,),
                )
            else:
                weak.append((name, text))
    if weak:
        names = tuple(name for name, _ in weak)
        yield (
            Finding(
                "LOOK",
                f"{_names(names)} meet{'s' if len(names) == 1 else ''} old ACL lines: "
                f"{_few([text for _, text in weak])}",
                "Whoever had that name before left them. Remove them if they are not meant.",
                Target("acl", query=names[0]),
            ),
            names,
        )
    members = [name for name in users if name in listing]
    if members:
        yield (
            Finding(
                "LOOK",
                f"{_names(members)} in groups already, which list the name: "
                f"{_few([f'{name} in {listing[name]}' for name in members])}",
            ),
            tuple(members),
        )


def _members(config: UserConfig, shown: str) -> Iterable[str]:
    group = config.groups.get(shown[1:]) if shown.startswith("@") else None
    return group.members if group else ()


def _grants(lines: tuple[AclEntry, ...]) -> str:
    return listed([f"{entry.role} on {entry.path}" for entry in lines])


def _lookalikes(old: UserConfig, added: Iterable[str]) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """Who reads like an administrator, or differs from somebody in case alone."""
    top = {reads_as(_name(userid)): userid for userid in sorted(administrators(old))}
    alike, cased = [], []
    folded = {userid.casefold(): userid for userid in old.users}
    for name in added:
        other = top.get(reads_as(_name(name)))
        if other is not None and (other == ROOT or _name(name) != _name(other)):
            alike.append((name, f"{name} like {other}"))
        if (same := folded.setdefault(name.casefold(), name)) != name:
            cased.append((name, f"{name} and {same}"))
    if alike:
        yield (
            Finding(
                "LOOK",
                f"{_names([name for name, _ in alike])} read{'s' if len(alike) == 1 else ''} like "
                f"an administrator's: {_few([text for _, text in alike])}",
            ),
            tuple(name for name, _ in alike),
        )
    if cased:
        yield (
            Finding(
                "LOOK",
                f"{_names([name for name, _ in cased])} differ{'s' if len(cased) == 1 else ''} in "
                f"case alone: {_few([text for _, text in cased])}",
                "In a realm that does not tell case apart PVE lets neither of them in.",
            ),
            tuple(name for name, _ in cased),
        )


def _name(userid: str) -> str:
    return userid.rpartition("@")[0]


def _names(names: Iterable[str]) -> str:
    return count_words(len(tuple(names)), "added name", "added names")


def _few(texts: list[str]) -> str:
    more = len(texts) - _NAMED
    told = "; ".join(texts[:_NAMED])
    return f"{told} and {more} more" if more > 0 else told
