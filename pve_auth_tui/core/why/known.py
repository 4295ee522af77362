"""What one can ask about: users and API tokens, and what they may be able to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import NamedTuple

from pve_auth_tui.core import names, versions
from pve_auth_tui.core.accessdata import Token, User
from pve_auth_tui.core.lists.parts import argument, full_name
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.verbs import verb_of, verbs_for
from pve_auth_tui.core.words import count_words


class KnownSubject(NamedTuple):
    """A userid or full token id, and who that is (`Anna Admin, operations`)."""

    subject: str
    about: str


@remembered
def known_subjects(snapshot: Snapshot) -> Sequence[KnownSubject]:
    """Everybody, each user followed by its tokens; nobody where access was not read."""
    access = snapshot.access.value
    if access is None:
        return ()
    known = []
    for userid in sorted(access.users):
        user = access.users[userid]
        known.append(KnownSubject(userid, _of_user(user)))
        for token in user.tokens.values():
            known.append(KnownSubject(f"{userid}!{token.id}", _of_token(token)))
    return tuple(known)


def about_subject(snapshot: Snapshot, subject: str) -> str:
    """`Anna Admin, operations`; "" for somebody of whom nothing is known."""
    return _by_name(snapshot).get(subject, "")


@remembered
def _by_name(snapshot: Snapshot) -> Mapping[str, str]:
    return dict(known_subjects(snapshot))


def _of_user(user: User) -> str:
    return ", ".join(text for text in (full_name(user), user.comment) if text)


def _of_token(token: Token) -> str:
    separation = "" if token.privsep else ", without privilege separation"
    return ", ".join(text for text in (f"API token{separation}", token.comment) if text)


class KnownAct(NamedTuple):
    """What one may be able to do: words or a privilege's name, the other of the two, and which
    privilege is meant.
    """

    text: str
    about: str
    privilege: str


def known_acts(snapshot: Snapshot, path: str) -> Sequence[KnownAct]:
    """The acts that fit the path in words, then every privilege that the release knows.

    Words that mean several privileges there (`see it` on /) have the privilege beside them.
    """
    release = release_of(snapshot)
    verbs = verbs_for(path, release)
    times = Counter(verb.words for verb in verbs)
    named = []
    for verb in verbs:
        text = verb.words if times[verb.words] == 1 else f"{verb.words} ({verb.privilege})"
        named.append(KnownAct(text, verb.privilege, verb.privilege))
    words = {verb.privilege: verb.words for verb in reversed(verbs)}
    privileges = sorted(versions.privileges(release))
    return (*named, *(KnownAct(name, words.get(name, ""), name) for name in privileges))


def act_words(privilege: str, path: str) -> str:
    """`start and stop it` for VM.PowerMgmt on a guest; "" where no words fit."""
    verb = verb_of(privilege, path)
    return verb.words if verb else ""


def counted_subjects(subjects: Sequence[str]) -> str:
    """`4 users and 1 token`, `nobody`."""
    tokens = sum(names.split_tokenid(subject) is not None for subject in subjects)
    users = len(subjects) - tokens
    said = [count_words(users, "user", "users")] if users else []
    said += [count_words(tokens, "token", "tokens")] if tokens else []
    return " and ".join(said) or "nobody"


def permission_lines(subject: str, path: str) -> tuple[str, ...]:
    """The shell lines that ask PVE for somebody's privileges on a path (root may ask for all)."""
    where = f"--path {quote(path)}"
    if subject.startswith("-"):
        first = f"pveum user permissions {where} {argument(subject)}"
    else:
        first = f"pveum user permissions {quote(subject)} {where}"
    return (first, f"pvesh get /access/permissions --userid={quote(subject)} {where}")
