"""What would allow something, as plans: the least powerful first, each tried on the picture.

What is tried are the few changes that an admin would think of: take away what replaces or denies,
another role in place of the one that decides, Propagate, an entry on the path itself; for API
tokens with privilege separation also the roles of their user, and to be without separation; for
accounts that PVE refuses what lets them in again. A change stays in the list only when the
forecast of its calls allows what was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pve_auth_tui.core import names
from pve_auth_tui.core.accessdata import ADMINISTRATOR, NO_ACCESS, ROOT, AclEntry, Role, UserConfig
from pve_auth_tui.core.aclindex import parents
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.excerpt import excerpt
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.intents import acl, removal, tokens
from pve_auth_tui.core.may import place_of
from pve_auth_tui.core.objects import acl_key
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.plan import Draft, Intent
from pve_auth_tui.core.plan import Step as Call
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.explanation import Explanation, Fix
from pve_auth_tui.core.why.usable import usable
from pve_auth_tui.core.why.verbs import VERBS
from pve_auth_tui.core.why.walk import Walk, walk
from pve_auth_tui.core.why.waysin import ways_in
from pve_auth_tui.core.words import count_privileges, count_words, listed

MOST: Final = 4


@dataclass(frozen=True, slots=True)
class _Idea:
    """A change to be tried. `entries`: those it changes; `path`: where it takes hold.

    `about` comes before what the change leads to (`leaves`, `then`); `more` behind it. `far`:
    it reaches further than one path.
    """

    title: str
    intents: tuple[Intent, ...]
    path: str
    entries: tuple[AclEntry, ...] = ()
    about: str = "then"
    more: str = ""
    far: bool = False


def fixes_for(explanation: Explanation, snapshot: Snapshot, *, now: float) -> tuple[Fix, ...]:
    """At most MOST; none when it is allowed and can be used, or nothing was found.

    `snapshot` is the picture of the explanation, `now` in seconds since 1970.
    """
    config = snapshot.access.value
    if config is None:
        return ()
    asked = _Asked(explanation, snapshot, config, now)
    let_in = list(asked.letting_in())[:1] if explanation.usable.ok is False else []
    allowing = [] if explanation.holds else asked.allowing()
    return (*allowing[: MOST - len(let_in)], *let_in)


class _Asked:
    """One explanation, with what is needed to try changes quickly."""

    def __init__(
        self, explanation: Explanation, snapshot: Snapshot, config: UserConfig, now: float
    ) -> None:
        self.explanation = explanation
        self.snapshot = snapshot
        self.config = config
        self.now = now
        self.path = explanation.path
        self.privilege = explanation.privilege
        parts = names.split_tokenid(explanation.subject)
        self.userid = parts[0] if parts else explanation.subject
        self.token = explanation.subject if explanation.owner is not None else ""
        small = excerpt(config, self.userid, self.path)
        self.small = replace(snapshot, access=snapshot.access._replace(value=small))

    # --- the privilege ---

    def allowing(self) -> list[Fix]:
        """What would allow the privilege, the least powerful first."""
        if self.userid not in self.config.users:
            return []
        tried = []
        for order, idea in enumerate(self._ideas()):
            found = self._tried(idea)
            if found is not None:
                fix, then = found
                tried.append((self._power(idea, then), order, fix))
        tried.sort(key=lambda one: one[:2])
        made: list[Fix] = []
        for _, _, fix in tried:
            if all(fix.calls != other.calls for other in made):
                made.append(fix)
        return made

    def _ideas(self) -> Iterator[_Idea]:
        owner = self.explanation.owner
        if owner is None:
            if self.userid != ROOT:
                yield from self._giving(self.userid, self.explanation.allowed)
            return
        own = walk(self.config, self.token, self.path)
        has = self._wanted(own.grant.privs)
        if owner.holds:
            yield from self._giving(self.token, own.grant.privs)
            yield from self._same_roles_as_its_user()
            yield _Idea(
                f"switch privilege separation of {self.token} off",
                (tokens.edit([self.token], privsep=False),),
                "/",
                more=f"; it may then do all that {self.userid} may, everywhere",
                far=True,
            )
        elif has and self.userid != ROOT:
            yield from self._giving(self.userid, owner.allowed)
        elif self.privilege and self.userid != ROOT:
            whom = acl.Subjects(users=(self.userid,), tokens=(self.token,))
            for role in self._roles(owner.allowed):
                yield _Idea(
                    f"give {role} on {self.path} to {self.userid} and to {self.token}",
                    (acl.add([self.path], [role], whom),),
                    self.path,
                )

    def _giving(self, who: str, held: Flags) -> Iterator[_Idea]:
        """What gives it to a user or to a token of its own rights, seen from its entries alone."""
        found = walk(self.config, who, self.path)
        yield from self._taking_away(found)
        yield from self._other_role(found)
        for entry in found.main.kept_back():
            yield _Idea(
                f"propagate {entry.role} of {entry.shown_subject} on {entry.path}",
                (acl.edit([acl_key(entry)], propagate=True),),
                entry.path,
                (entry,),
            )
        for role in self._roles(held):
            yield _Idea(
                f"give {role} on {self.path} to {who}",
                (acl.add([self.path], [role], _subjects(who)),),
                self.path,
            )

    def _taking_away(self, found: Walk) -> Iterator[_Idea]:
        for _, way in found.denying_pools:
            yield self._removal(way.deciding)
        if found.main.deciding and not found.denying_pools:
            yield self._removal(found.main.deciding)

    def _removal(self, entries: Sequence[AclEntry]) -> _Idea:
        whose = listed([f"{entry.role} of {entry.shown_subject}" for entry in entries])
        return _Idea(
            f"remove {whose} on {entries[0].path}",
            (removal.remove([acl_key(entry) for entry in entries]),),
            entries[0].path,
            tuple(entries),
            "leaves",
        )

    def _other_role(self, found: Walk) -> Iterator[_Idea]:
        """Another role in place of the one that decides, or of the NoAccess that does."""
        deciding = found.main.deciding
        if not deciding or found.denying_pools:
            return
        entry = deciding[0]
        given = self.config.roles.get(entry.role)
        for role in self._roles(given.privs if given else ()):
            yield _Idea(
                f"change {entry.role} of {entry.shown_subject} on {entry.path} to {role}",
                (acl.edit([acl_key(entry)], role=role),),
                entry.path,
                (entry,),
            )

    def _same_roles_as_its_user(self) -> Iterator[_Idea]:
        if self.userid == ROOT:
            return
        found = walk(self.config, self.userid, self.path)
        roles = list(dict.fromkeys(role for role in found.grant.roles if role != NO_ACCESS))
        yield _Idea(
            f"give {listed(roles)} on {self.path} to {self.token}, as its user has",
            (acl.add([self.path], roles, _subjects(self.token)),),
            self.path,
        )

    def _roles(self, held: Iterable[str]) -> list[str]:
        """The smallest built-in role with the privilege, and the smallest that keeps what is held.

        Kept is what means something on such a path; small is a role that lets do little there,
        looking aside. Where no built-in role but Administrator has the privilege, a role of
        one's own may.
        """
        if not self.privilege:
            return []
        means = _meaning(self.path)
        kept = means.intersection(held)
        fit = [role for role in self.config.roles.values() if self.privilege in role.privs]
        usual = [role for role in fit if role.special and role.id != ADMINISTRATOR]
        by_size = sorted(
            usual or fit, key=lambda role: (_acts(role, means), len(role.privs), role.id)
        )
        keeping = [role for role in by_size if kept <= role.privs]
        return list(dict.fromkeys(role.id for role in (*by_size[:1], *keeping[:1])))

    # --- trying ---

    def _wanted(self, flags: Flags) -> bool:
        return self.privilege in flags if self.privilege else bool(flags)

    def _tried(self, idea: _Idea) -> tuple[Fix, Flags] | None:
        """The fix and what is allowed then; None when it does not help, or PVE would refuse it."""
        after = self._after(idea.intents)
        if after is None:
            return None
        calls, picture = after
        access = picture.access.value
        if access is None:
            return None
        engine = Permissions(access)
        then = engine.privileges(self.explanation.subject, self.path)
        if not self._wanted(then):
            return None
        whose = self.token if idea.far is False and self.token else self.explanation.subject
        roles = listed(list(engine.roles(whose, self.path)))
        text = f"{idea.about} {roles} ({count_privileges(len(then))})"
        lost = sorted(_meaning(self.path).intersection(self.explanation.allowed) - then.keys())
        if lost:
            text += f", no longer {listed(lost)}"
        fix = Fix(
            idea.title,
            f"{text}{self._others(idea)}{idea.more}",
            idea.intents[0] if len(idea.intents) == 1 else together(idea.intents),
            calls,
        )
        return fix, then

    def _after(self, intents: Iterable[Intent]) -> tuple[tuple[Call, ...], Snapshot] | None:
        """The calls, made on the whole picture, and the small picture after them."""
        try:
            drafts: list[Draft] = [intent(self.snapshot) for intent in intents]
        except AuthTuiError:
            return None
        calls = tuple(step for draft in drafts for step in draft.steps)
        foretold = forecast(self.small, calls, now=self.now)
        if foretold.problems or foretold.unforeseen or foretold.snapshot is self.small:
            return None
        return calls, foretold.snapshot

    def _others(self, idea: _Idea) -> str:
        groups = dict.fromkeys(entry.subject for entry in idea.entries if entry.kind == "group")
        members = {member for group in groups for member in self.config.groups[group].members}
        text = ""
        if len(members) > 1:
            count = count_words(len(members), "member", "members")
            text += f"; for all {count} of {listed(list(groups))}"
        if idea.entries and idea.path != self.path:
            text += f"; not only there, but wherever {idea.path} reaches"
        return text

    def _power(self, idea: _Idea, then: Flags) -> tuple[bool, bool, int, int]:
        groups = {entry.subject for entry in idea.entries if entry.kind == "group"}
        members = {member for group in groups for member in self.config.groups[group].members}
        depth = len(parents(idea.path)) if idea.path.startswith("/") else 0
        return idea.far, len(members) > 1, len(then), -depth

    # --- the account ---

    def letting_in(self) -> Iterator[Fix]:
        """What lets somebody in whom PVE refuses."""
        for title, effect, intent in ways_in(self.snapshot, self.explanation.subject, self.now):
            after = self._after([intent])
            if after is not None:
                calls, picture = after
                if usable(picture, self.explanation.subject, self.now).ok is not False:
                    yield Fix(title, effect, intent, calls)


def _subjects(who: str) -> acl.Subjects:
    if names.split_tokenid(who):
        return acl.Subjects(tokens=(who,))
    return acl.Subjects(users=(who,))


def _acts(role: Role, means: frozenset[str]) -> int:
    """How much a role lets do where these privileges mean something."""
    return sum(not name.endswith(".Audit") for name in role.privs & means)


def _meaning(path: str) -> frozenset[str]:
    """The privileges that PVE asks for on such a path."""
    place = place_of(f"/{path.strip('/')}")
    return frozenset(verb.privilege for verb in VERBS if place in verb.places)
