"""What is worth knowing about a role: who has it, what it can lead to, what PVE drops of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pve_auth_tui.core.accessdata import AclEntry
from pve_auth_tui.core.aclnotes import ROOT_PRIVILEGES
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.userconfig import Role, UserConfig
from pve_auth_tui.core.words import count_privileges, count_words, listed


def role_notes(config: UserConfig, name: str, privs: Collection[str]) -> Sequence[Line]:
    """Below the form of a role, as it would be with these privileges."""
    role = config.roles.get(name)
    lines = [use_line(config, name)] if role else []
    lines += [*root_lines(privs), *(dropped_lines(role) if role else ())]
    wanted = frozenset(privs)
    like = sorted(other.id for other in config.roles.values() if other.privs == wanted)
    like = [other for other in like if other != name]
    size = count_privileges(len(wanted))
    if not wanted:
        lines.append(Line("no privilege at all: who gets it can do nothing", word="LOOK"))
    elif like:
        lines.append(Line(f"{size}, the same as {listed(like)}", "Holds"))
    else:
        lines.append(Line(size, "Holds"))
    return lines


def use_line(config: UserConfig, name: str) -> Line:
    """The ACL entries that give the role, and how many have it by them."""
    entries = [entry for entry in config.acl if entry.role == name]
    if not entries:
        return Line("no ACL entries", "Used")
    where = listed([f"{entry.shown_subject} on {entry.path}" for entry in entries])
    number = count_words(len(entries), "ACL entry", "ACL entries")
    reached = {subject for entry in entries for subject in _reached(config, entry)}
    people = sum(split_tokenid(subject) is None for subject in reached)
    whom = [count_words(people, "user", "users")] if people else []
    if tokens := len(reached) - people:
        whom.append(count_words(tokens, "API token", "API tokens"))
    return Line(f"{number}, for {' and '.join(whom) or 'nobody'}: {where}", "Used")


def _reached(config: UserConfig, entry: AclEntry) -> Iterator[str]:
    """Users and tokens that exist."""
    group = config.groups.get(entry.subject) if entry.kind == "group" else None
    if entry.kind == "token":
        yield entry.subject
    elif entry.kind == "group":
        yield from (who for who in (group.members if group else ()) if who in config.users)
    elif entry.subject in config.users:
        yield entry.subject


def root_lines(privs: Collection[str]) -> Sequence[Line]:
    """Which of the privileges are as good as root's on some paths."""
    leads = sorted(ROOT_PRIVILEGES.intersection(privs))
    if not leads:
        return ()
    return (Line(f"{listed(leads)} can lead to root, on / and below /access", "Root", "LOOK"),)


def dropped_lines(role: Role) -> Sequence[Line]:
    """What user.cfg gives it and this PVE does not know."""
    if not role.dropped:
        return ()
    names = listed(sorted(role.dropped))
    it, is_it = ("it", "it is") if len(role.dropped) == 1 else ("them", "they are")
    text = f"{names}: this PVE does not know {it}; {is_it} lost at the next write"
    return (Line(text, "Dropped", "LOOK"),)
