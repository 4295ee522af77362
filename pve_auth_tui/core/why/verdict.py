"""An answer in sentences: yes or no, and because of what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pve_auth_tui.core.accessdata import ADMINISTRATOR, ROOT, AclEntry, UserConfig
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.may import NOTHING, may, place_of
from pve_auth_tui.core.names import normalise_path
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.explanation import Usable
from pve_auth_tui.core.why.places import place
from pve_auth_tui.core.why.verbs import SEE, denied, said, sees, verb_of
from pve_auth_tui.core.why.walk import Walk
from pve_auth_tui.core.words import count_privileges, listed


class Case(NamedTuple):
    """What the sentences are made of.

    `walk`: of whose entries count, None for root@pam and for a token that does not exist.
    `who`: whose entries these are. `owner`: what the user of a token with privilege separation
    may do there, None for all others.
    """

    snapshot: Snapshot
    config: UserConfig
    subject: str
    path: str
    privilege: str
    allowed: Flags
    who: str
    walk: Walk | None
    owner: Flags | None

    @property
    def holds(self) -> bool:
        return self.privilege in self.allowed if self.privilege else bool(self.allowed)


# --- yes or no -------------------------------------------------------------------------------


def verdict(case: Case, usable: Usable) -> str:
    """`NO. anna@corp can see VM 100 (web-01) but not start or stop it.`"""
    if not case.holds:
        return f"NO. {case.subject} {_cannot(case)}."
    if usable.ok is False:
        return f"YES, but not now. {case.subject} {_can(case)}, but PVE does not let it in."
    return f"YES. {case.subject} {_can(case)}."


def _can(case: Case) -> str:
    if not case.privilege:
        return f"has {count_privileges(len(case.allowed))} on {_path(case)}: {_may(case)}"
    verb = verb_of(case.privilege, case.path)
    if verb is None:
        return f"has {case.privilege} on {case.path}, where PVE does not ask for it"
    there = place(case.snapshot, case.path, case.privilege)
    only = "" if case.allowed[case.privilege] or not there.many else ", but nothing below that path"
    return f"can {said(verb.words, there.text)}{only}"


def _cannot(case: Case) -> str:
    if not case.privilege:
        return f"has no privileges on {_path(case)}"
    verb = verb_of(case.privilege, case.path)
    if verb is None:
        return f"does not have {case.privilege} on {case.path}"
    there = place(case.snapshot, case.path, case.privilege)
    seen = verb.words != SEE and sees(case.path, frozenset(case.allowed))
    if seen and there.text == _what(case):
        it = denied(verb.words, "them" if there.many else "it")
        return f"can see {there.text} but not {it}"
    return f"cannot {denied(verb.words, there.text)}"


def _path(case: Case) -> str:
    """What lies there; `/` is itself: somebody without rights there may have some further down."""
    return "/" if case.path == "/" else _what(case)


def _what(case: Case) -> str:
    return place(case.snapshot, case.path).text


def _may(case: Case) -> str:
    everything = case.config.roles.get(ADMINISTRATOR)
    where = place_of(f"/{case.path.strip('/')}")
    word = may(frozenset(case.allowed), everything.privs if everything else frozenset(), where)
    return "none of them means anything there" if word == NOTHING else word


# --- because ---------------------------------------------------------------------------------


def because(case: Case) -> str:
    """One or two sentences, and one more for what makes the question itself doubtful."""
    return " ".join(sentence for sentence in _sentences(case) if sentence)


def _sentences(case: Case) -> Iterator[str]:
    if case.who == ROOT:
        own = case.subject != ROOT
        yield (
            "Without privilege separation the API token is root@pam, who may do everything."
            if own
            else "root@pam may do everything, whatever the ACL says."
        )
    elif case.walk is None:
        yield f"There is no API token {case.subject}: PVE answers that it has nothing."
    else:
        yield from _of_walk(case, case.walk)
    if case.walk is not None and _is_ghost(case):
        counted = ": PVE counts entries that name it all the same" if case.allowed else ""
        yield f"There is no user {case.who}{counted}."
    normal = normalise_path(case.path)
    if normal != case.path:
        yield f"PVE answers for the path as it is written, which is not {normal}."


def _is_ghost(case: Case) -> bool:
    return (
        case.owner is None
        and case.who == case.subject != ROOT
        and case.subject not in case.config.users
    )


def _of_walk(case: Case, walk: Walk) -> Iterator[str]:
    separated = case.owner is not None
    if case.who != case.subject:
        yield f"Without privilege separation the API token has the rights of {case.who}."
    if separated and case.who not in acl_index(case.config).by_subject:
        yield (
            "Privilege separation is on and it has no ACL of its own: every list comes back empty, "
            "and no error says so."
        )
        return
    yield _deciding(case, walk)
    if case.holds or not case.privilege:
        yield _pools(walk)
    elif separated and case.privilege in walk.grant.privs:
        yield f"Its user {_user(case)} does not have {case.privilege} there."
    elif walk.main.deciding and not (walk.main.denied or walk.denying_pools):
        yield _lacking(case, walk)


def _user(case: Case) -> str:
    return case.subject.rpartition("!")[0]


def _deciding(case: Case, walk: Walk) -> str:
    main = walk.main
    if walk.denying_pools:
        pool, found = walk.denying_pools[0]
        return (
            f"NoAccess of {_names(found.deciding)} on {_on(found.deciding)} reaches it through "
            f"pool {pool} and wins over every other role."
        )
    if not main.deciding:
        if walk.adding_pools:
            return ""
        if kept := main.kept_back():
            return f"{_shown(kept[-1:])} on {kept[-1].path} is not propagated, so it ends there."
        return f"No ACL entry for {case.who}{_or_groups(case)} is on the way there."
    where = _on(main.deciding)
    here = where == case.path
    if main.denied:
        below = "" if here else " and below"
        return f"NoAccess of {_names(main.deciding)} on {where} wins over all else there{below}."
    text = f"{_shown(main.deciding)} on {where} decides{'' if here else ', inherited'}"
    also = []
    if main.replaced and not _same_roles(main.replaced, main.deciding):
        also.append("replaces what is further up")
    if hidden := main.hidden():
        also.append(f"hides that of {_names(hidden)}")
    if also:
        return f"{text}: it {' and '.join(also)}."
    return f"{text}."


def _lacking(case: Case, walk: Walk) -> str:
    """Who would have given it, or that the deciding roles do not."""
    roles = list(dict.fromkeys(entry.role for entry in walk.main.deciding))
    has = "have" if len(roles) > 1 else "has"
    lost = [entry for entry in (*walk.main.replaced, *walk.main.hidden()) if _gives(case, entry)]
    text = f"{listed(roles)} {has} no {case.privilege}"
    if lost:
        return f"{text}; {_shown(lost[-1:])} on {lost[-1].path} would give it."
    return f"{text}."


def _pools(walk: Walk) -> str:
    adding = [
        (pool, entry)
        for pool, found in walk.adding_pools
        for entry in found.deciding
        if entry.role not in walk.main.grant.roles
    ]
    if not adding:
        return ""
    pools = list(dict.fromkeys(pool for pool, _ in adding))
    entries = list(dict.fromkeys(entry for _, entry in adding))
    verb = "adds" if len(pools) == 1 else "add"
    return (
        f"{'Pool' if len(pools) == 1 else 'Pools'} {listed(pools)} {verb} {_shown(entries)}, "
        "which is not propagated."
    )


def _gives(case: Case, entry: AclEntry) -> bool:
    role = case.config.roles.get(entry.role)
    return role is not None and case.privilege in role.privs


def _same_roles(some: Iterable[AclEntry], others: Iterable[AclEntry]) -> bool:
    return {entry.role for entry in some} == {entry.role for entry in others}


def _or_groups(case: Case) -> str:
    return " or its groups" if acl_index(case.config).groups_of.get(case.who) else ""


def _on(entries: Sequence[AclEntry]) -> str:
    return entries[0].path


def _names(entries: Iterable[AclEntry]) -> str:
    return listed(list(dict.fromkeys(entry.shown_subject for entry in entries)))


def _shown(entries: Sequence[AclEntry]) -> str:
    """`PVEAuditor of anna@corp`, `PVEVMUser of @ops and PVEAuditor of @dev`."""
    return listed([f"{entry.role} of {entry.shown_subject}" for entry in entries])
