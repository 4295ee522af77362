"""An API token beside its user: what each has, what the token gets, why, and what would help.

With privilege separation a token may do what its own ACL entries allow and its user may do, too,
path by path; without it, all that its user may (reference 3.3). Each fix was tried on the picture:
what it leads to is what the forecast of its calls says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from pve_auth_tui.core.accessdata import ADMINISTRATOR, ROOT, AclEntry, Token, User, UserConfig
from pve_auth_tui.core.aclindex import acl_index, permissions_of
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.intents import tokens
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.may import may, place_of
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.reach import EVERYTHING, NOTHING, Reach, token_reach
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.asked import access_of
from pve_auth_tui.core.why.explanation import Fix, Usable
from pve_auth_tui.core.why.usable import usable
from pve_auth_tui.core.why.waysin import ways_in
from pve_auth_tui.core.words import count_words, natural_order

_LOOKS: Final = AclEntry("/", "token", "", "PVEAuditor")
_WIDTHS: Final = (17, 20, 20)  # three columns and a word stand side by side in 78 cells
_MOST: Final = 40  # paths that a screen tells of


class Place(NamedTuple):
    """On one path: the roles of the user and of the token, and what the token may do there."""

    path: str
    user: str
    token: str
    both: str


@dataclass(frozen=True, slots=True)
class TokenRights:
    """`places`: the paths of the token's entries and of its user's, from / down. `sees`: what it
    sees when it logs in, and `usable` whether it does.
    """

    tokenid: str
    userid: str
    separated: bool
    places: tuple[Place, ...]
    usable: Usable
    sees: Reach
    fixes: tuple[Fix, ...]


def token_rights(snapshot: Snapshot, tokenid: str, *, now: float) -> TokenRights:
    """`now` in seconds since 1970. Raises UsageError when there is no such token, Refused when
    users and permissions were not read.
    """
    user, token = tokens.token_of(snapshot, tokenid)
    config = access_of(snapshot)
    return TokenRights(
        tokenid,
        user.id,
        token.privsep,
        places(config, user, token),
        usable(snapshot, tokenid, now),
        token_reach(config, user, token, now),
        tuple(_Fixes(snapshot, user, token, now).all()),
    )


# --- side by side ---------------------------------------------------------------------------


def places(config: UserConfig, user: User, token: Token) -> tuple[Place, ...]:
    """Path by path; nothing for a token without privilege separation, which is its user."""
    if not token.privsep:
        return ()
    tokenid = f"{user.id}!{token.id}"
    engine = permissions_of(config)
    role = config.roles.get(ADMINISTRATOR)
    everything = role.privs if role else frozenset()
    index = acl_index(config)
    paths = {entry.path for entry in index.by_subject.get(tokenid, ())}
    paths |= {entry.path for entry in index.entries_of(user.id)}
    return tuple(
        Place(
            path,
            _roles(config, user.id, path),
            _roles(config, tokenid, path),
            may(frozenset(engine.privileges(tokenid, path)), everything, place_of(path)),
        )
        for path in sorted(paths or {"/"}, key=natural_order)
    )


def _roles(config: UserConfig, subject: str, path: str) -> str:
    """The roles of the entries there, or where they come from."""
    engine = permissions_of(config)
    names = sorted(engine.roles(subject, path))
    if subject == ROOT:
        return "everything"
    if not names:
        return "no entry"
    decision = engine.decision(subject, path)
    if decision.path is None:
        return "by its pool"
    if decision.path != path:
        return "inherited"
    return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"


def table_lines(userid: str, places: tuple[Place, ...], most: int = _MOST) -> list[Line]:
    """The places as a table of text, with a heading; at most so many of them."""
    if not places:
        return []
    lines = [_row("", f"user {userid}", "the token", "both = what it gets")]
    lines += [_row(*place) for place in places[:most]]
    if (left := len(places) - most) > 0:
        lines.append(Line(f"and {count_words(left, 'more path', 'more paths')}"))
    return lines


def _row(path: str, user: str, token: str, both: str) -> Line:
    cells = zip((path, user, token), _WIDTHS, strict=True)
    return Line("".join(_cell(text, width) for text, width in cells) + both)


def _cell(text: str, width: int) -> str:
    return text.ljust(width) if len(text) < width else f"{text[: width - 2]}… "


def rights_lines(rights: TokenRights) -> list[Line]:
    """The table, whether it logs in, what it sees and why."""
    lines = table_lines(rights.userid, rights.places)
    if not rights.separated:
        text = f"off: {rights.tokenid} may do all that {rights.userid} may, also later."
        lines.append(Line(text, "Priv. Sep."))
    if rights.usable.ok is False:
        return [*lines, Line(f"no. {rights.usable.reason}", "Logs in", "LOOK")]
    lines.append(Line("yes.", "Logs in"))
    if rights.sees.word == NOTHING:
        text = f"nothing: every list comes back empty, without an error. {rights.sees.reason}"
        return [*lines, Line(text, "Sees", "LOOK")]
    word: Word | None = "LOOK" if rights.sees.word == EVERYTHING else None
    lines.append(Line(f"{rights.sees.word}. {rights.sees.reason}".rstrip(), "Sees", word))
    return lines


# --- what would help --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fixes:
    """Everything that is tried for one token."""

    snapshot: Snapshot
    user: User
    token: Token
    now: float

    @property
    def tokenid(self) -> str:
        return f"{self.user.id}!{self.token.id}"

    def all(self) -> Iterator[Fix]:
        """What lets it in, then what gives it more, then what separates it."""
        for title, _, intent in ways_in(self.snapshot, self.tokenid, self.now):
            yield from self._tried(title, intent, self._in)
        if not self.token.privsep:
            title = f"switch privilege separation on, with the roles of {self.user.id}"
            yield from self._tried(title, tokens.separate(self.tokenid), self._kept)
            return
        config = access_of(self.snapshot)
        if self._same(config):
            return
        wanted = tokens.same_entries(self.snapshot, self.user.id)
        if self.user.id in acl_index(config).administrators:
            intent = tokens.give(self.tokenid, [_LOOKS])
            yield from self._tried("give the token PVEAuditor on /", intent, self._looks)
        if wanted:
            title = f"give the token {tokens.given_words(wanted)}"
            yield from self._tried(title, tokens.give(self.tokenid), self._sees_the_same)
        if wanted or self.user.id == ROOT:
            intent = tokens.edit([self.tokenid], privsep=False)
            yield from self._tried("switch privilege separation off", intent, self._is_the_user)

    def _tried(
        self, title: str, intent: Intent, effect: Callable[[Snapshot], str]
    ) -> Iterator[Fix]:
        """Nothing when PVE would refuse it, or it would not help."""
        try:
            draft = intent(self.snapshot)
        except AuthTuiError:
            return
        foretold = forecast(self.snapshot, draft.steps, now=self.now)
        if foretold.problems or foretold.unforeseen:
            return
        if words := effect(foretold.snapshot):
            yield Fix(title, words, intent, draft.steps)

    # What a fix leads to, in the picture after it; "" for nothing.

    def _in(self, after: Snapshot) -> str:
        then = usable(after, self.tokenid, self.now)
        return "it then logs in" if then.ok else f"still not enough: {then.reason}"

    def _sees_the_same(self, after: Snapshot) -> str:
        config = access_of(after)
        if self._same(config):
            return f"it then sees what {self.user.id} sees"
        return self._sees(config)

    def _looks(self, after: Snapshot) -> str:
        return self._sees(access_of(after))

    def _sees(self, config: UserConfig) -> str:
        user = replace(config.users[self.user.id], enable=True, expire=0)  # once it is let in
        token = replace(user.tokens[self.token.id], expire=0)
        word = token_reach(config, user, token, self.now).word
        return "" if word == NOTHING else f"it then sees {word}"

    def _is_the_user(self, after: Snapshot) -> str:
        return f"it then IS {self.user.id}, also later"

    def _kept(self, after: Snapshot) -> str:
        if self._same(access_of(after)):
            return f"it keeps what it has, without what {self.user.id} gets later"
        return f"it then has less than {self.user.id}"

    def _same(self, config: UserConfig) -> bool:
        """Has the token all privileges of its user, on every path?"""
        engine = permissions_of(config)
        return engine.all_paths(self.tokenid) == engine.all_paths(self.user.id)
