"""What a sync means: who loses what, what stays behind, what comes to life."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.domains import Domains
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.predict.syncs import takes_for_its_own
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync.choices import lines_of
from pve_auth_tui.core.sync.preview import Compared, Side
from pve_auth_tui.core.sync.shutout import ShutOut
from pve_auth_tui.core.words import count_words, listed, thousands

_NAMED: Final = 4
_TAKING: Final = frozenset({"entry", "acl"})


def meanings(before: Snapshot, seen: Compared, out: ShutOut) -> Iterator[Finding]:
    """`out`: who is disabled. In no order; `dangers` tells of added names, `core.guard` who can
    still log in.
    """
    yield from _answer(seen)
    yield from _administrators(seen.old, seen.new)
    yield from _administrators_out(seen.old, out)
    if before.realms.value is not None:
        yield from _of_other_realms(before.realms.value, seen)
    yield from _lines(seen)
    yield from _left_behind(before, seen.users)
    yield from _met(before, seen.users)
    yield from _enabled_again(seen)
    yield from _expired(out)
    yield from _local_members(seen)
    yield from _nobodys_members(seen)


def _answer(seen: Compared) -> Iterator[Finding]:
    if not seen.found.complete:
        yield Finding(
            "BAD",
            "The server cut its answer: who is missing in it may be there all the same",
            "Narrow the filter, or raise the server's limit of entries.",
        )
    for side, came, what in (
        (seen.users, seen.found.users, "users"),
        (seen.groups, seen.found.groups, "groups"),
    ):
        if side.synced and side.known and not came:
            yield Finding(
                "BAD" if _TAKING & seen.options.vanished else "LOOK",
                f"The directory sent no {what} that PVE takes; PVE has {thousands(side.known)}",
                "That is nearly always a wrong filter, base DN or right to read.",
            )


def _administrators(old: UserConfig, new: UserConfig) -> Iterator[Finding]:
    was, will = administrators(old), administrators(new)
    lost, gained = sorted(was - will), sorted(will - was)
    if lost:
        verb = "user loses" if len(lost) == 1 else "users lose"
        yield Finding("BAD", f"{len(lost)} {verb} Administrator on /: {listed(lost, _NAMED)}")
    if gained:
        verb = "user becomes" if len(gained) == 1 else "users become"
        yield Finding("LOOK", f"{len(gained)} {verb} Administrator on /: {listed(gained, _NAMED)}")


def _administrators_out(old: UserConfig, out: ShutOut) -> Iterator[Finding]:
    """Who stays Administrator by the ACL, and cannot come in."""
    names = sorted(administrators(old).intersection(out.all))
    if names:
        who = count_words(len(names), "Administrator on /", "Administrators on /")
        yield Finding(
            "BAD",
            f"{who} cannot log in any more, by the directory's values: {listed(names, _NAMED)}",
            "Look at what is mapped to enable and expire.",
        )


def _of_other_realms(realms: Domains, seen: Compared) -> Iterator[Finding]:
    """PVE looks for the realm's name at the end of a name, and takes a dot for any character."""
    found, users, groups, options = seen.found, seen.users, seen.groups, seen.options
    doing = "removed" if "entry" in options.vanished else "left without ACL lines"
    if _TAKING & options.vanished:
        strange = [name for name in users.vanished if not name.endswith(f"@{found.realm}")]
        if strange:
            yield Finding(
                "BAD",
                f"{count_words(len(strange), 'user', 'users')} of other realms would be {doing}: "
                f"{listed(strange, _NAMED)}",
                f"To PVE the dot in the realm's name {found.realm} stands for any character: do "
                "not use entry and acl in this realm.",
            )
        for other, names in _by_owner(realms, found.realm, groups.vanished).items():
            whose = f"of realm {other}" if other else "of no realm of that name"
            yield Finding(
                "BAD",
                f"{count_words(len(names), 'group', 'groups')} {whose} would be {doing}: "
                f"{listed(names, _NAMED)}",
                f"PVE takes every group that ends in -{found.realm} for one of {found.realm}: do "
                "not use entry and acl in this realm.",
            )
    shared = _by_owner(realms, found.realm, [row.name for row in groups.added + groups.changed])
    for other, names in shared.items():
        if other:
            yield Finding(
                "LOOK",
                f"{listed(names, _NAMED)}: realm {other} names its groups like that, too",
                "Each sync of the one takes the other's for its own.",
            )


def _by_owner(realms: Domains, realm: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Realm -> names that end in its name, although `realm` is at their end, too. "": none."""
    longer = sorted(
        (
            other.name
            for other in realms.realms.values()
            if other.name != realm
            and other.type in (*DIRECTORIES, "openid")
            and takes_for_its_own(realm, "group").search(f"-{other.name}")
        ),
        key=len,
        reverse=True,
    )
    owned: dict[str, list[str]] = {}
    for name in names:
        owner = next((other for other in longer if name.endswith(f"-{other}")), None)
        if owner is not None:
            owned.setdefault(owner, []).append(name)
        elif not name.endswith(f"-{realm}"):
            owned.setdefault("", []).append(name)
    return owned


def _lines(seen: Compared) -> Iterator[Finding]:
    old, users, options = seen.old, seen.users, seen.options
    lines = lines_of(seen)
    if lines and "acl" in options.vanished:
        verb = "goes" if len(lines) == 1 else "go"
        yield Finding("LOOK", f"{count_words(len(lines), 'ACL line', 'ACL lines')} {verb}")
    elif lines and "entry" in options.vanished:
        verb = "stays" if len(lines) == 1 else "stay"
        yield Finding(
            "LOOK",
            f"{count_words(len(lines), 'ACL line', 'ACL lines')} {verb} behind: whoever gets such "
            "a name later has the rights",
            "acl of Remove Vanished takes them, too.",
        )
    if "entry" in options.vanished:
        tokens = {f"{name}!{token}" for name in _gone(users) for token in old.users[name].tokens}
        of_tokens = sum(entry.kind == "token" and entry.subject in tokens for entry in old.acl)
        if tokens:
            with_lines = (
                f", with {count_words(of_tokens, 'ACL line', 'ACL lines')}" if of_tokens else ""
            )
            yield Finding(
                "LOOK",
                f"{count_words(len(tokens), 'API token ends', 'API tokens end')}{with_lines}: "
                f"{listed(sorted(tokens))}",
            )


def _gone(users: Side) -> list[str]:
    return [row.name for row in users.removed]


def _left_behind(before: Snapshot, users: Side) -> Iterator[Finding]:
    """A sync takes the record alone: second factors and secrets stay in their own files."""
    gone = set(_gone(users))
    tfa, secrets = before.tfa.value, before.token_secrets.value
    entries = sum(len(tfa.users[name].entries) for name in gone & tfa.users.keys()) if tfa else 0
    left = sum(token.rpartition("!")[0] in gone for token in secrets.tokens) if secrets else 0
    told = [
        count_words(number, one, many)
        for number, one, many in (
            (entries, "TFA entry", "TFA entries"),
            (left, "token secret", "token secrets"),
        )
        if number
    ]
    if told:
        yield Finding("LOOK", f"{listed(told)} would stay behind", "", Target("tfa"))


def _met(before: Snapshot, users: Side) -> Iterator[Finding]:
    tfa = before.tfa.value
    if tfa is None:
        return
    met = [
        row.name for row in users.added if tfa.users.get(row.name) and tfa.users[row.name].entries
    ]
    if met:
        meets = "added name meets" if len(met) == 1 else "added names meet"
        yield Finding(
            "LOOK",
            f"{len(met)} {meets} second factors of an earlier user: {listed(met)}",
            "Remove these, or they cannot log in.",
            Target("tfa", query=met[0]),
        )


def _enabled_again(seen: Compared) -> Iterator[Finding]:
    old, new, found = seen.old, seen.new, seen.found
    if not seen.options.users:
        return
    changed = {
        state: [
            name
            for name, values in found.users.items()
            if "enable" in values
            and name in old.users
            and old.users[name].enable is not state
            and new.users[name].enable is state
        ]
        for state in (True, False)
    }
    for state, names in changed.items():
        if names:
            verb = "is" if len(names) == 1 else "are"
            how = "enabled again" if state else "disabled"
            yield Finding(
                "LOOK",
                f"{count_words(len(names), 'user', 'users')} {verb} {how} by the directory: "
                f"{listed(names, _NAMED)}",
            )


def _expired(out: ShutOut) -> Iterator[Finding]:
    if out.expired:
        verb = "expires" if len(out.expired) == 1 else "expire"
        yield Finding(
            "LOOK",
            f"{count_words(len(out.expired), 'user', 'users')} {verb} at once by the directory: "
            f"{listed(out.expired, _NAMED)}",
        )


def _local_members(seen: Compared) -> Iterator[Finding]:
    """Who was put into a synced group by hand leaves it."""
    old, found = seen.old, seen.found
    leave = [
        (member, row.name)
        for row in seen.groups.changed
        for member in old.groups[row.name].members
        if member not in found.groups[row.name] and not member.endswith(f"@{found.realm}")
    ]
    if leave:
        verb = "leaves" if len(leave) == 1 else "leave"
        told = [f"{member} leaves {group}" for member, group in leave]
        yield Finding(
            "LOOK",
            f"{count_words(len(leave), 'member', 'members')} put in by hand {verb} synced groups: "
            f"{listed(told)}",
            "Put them into a group whose name does not end in the realm's.",
        )


def _nobodys_members(seen: Compared) -> Iterator[Finding]:
    """With groups alone, members may have no user; who gets such a name later is in the group."""
    new, found, options = seen.new, seen.found, seen.options
    if not options.groups or options.users:
        return
    missing = {
        member for members in found.groups.values() for member in members if member not in new.users
    }
    if missing:
        yield Finding(
            "LOOK",
            f"{count_words(len(missing), 'member', 'members')} of groups would be no user of "
            f"PVE's: {listed(sorted(missing))}",
            "Sync users, too.",
        )
