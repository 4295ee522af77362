"""API Tokens: add, edit, a new secret (reference 3.3 and 4.1, PVE::API2::User)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from pve_auth_tui.core import versions
from pve_auth_tui.core.accessdata import ADMINISTRATOR, ROOT, AclEntry, Token, User
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.common import access_of, found, require_listable, user_of
from pve_auth_tui.core.names import path_shape_problem, token_problem
from pve_auth_tui.core.plan import ApiCall, Draft, Effect, Intent
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, has_expired, listed

_AT_ONCE: Final = "The old secret of {} stops working at once: whatever uses it gets 401 then."


def add(
    userid: str,
    tokenid: str,
    *,
    comment: str = "",
    expire: int = 0,
    privsep: bool = True,
    same_rights: bool = False,
) -> Intent:
    """A new token of a user; `tokenid` is the part behind `!`, `expire` seconds since 1970 or 0.

    `same_rights`: it gets ACL entries with the roles that its user has, on the same paths. PVE's
    answer to the first call tells the secret, once.
    """

    def intent(snapshot: Snapshot) -> Draft:
        user = user_of(snapshot, userid)
        if problem := new_token_problem(snapshot, userid, tokenid):
            raise UsageError(problem)
        full = f"{userid}!{tokenid}"
        if same_rights and not privsep:
            raise UsageError(
                "Without privilege separation a token has all rights of its user: entries of its "
                "own would not count."
            )
        token = Token(tokenid, expire, privsep, comment or None)
        notes = [*_of_user(snapshot, user, full), *_without_separation(user, full, privsep=privsep)]
        steps = [_addition(userid, token)]
        if same_rights:
            steps += _giving(full, _those_of_user(snapshot, userid, notes))
        return Draft(f"add API token {full}", tuple(steps), tuple(notes))

    return intent


def edit(
    tokens: Sequence[str],
    *,
    comment: str | None = None,
    expire: int | None = None,
    privsep: bool | None = None,
) -> Intent:
    """Other values for tokens, by full id; None leaves a value as it is, and so is not sent."""
    wanted = tuple(dict.fromkeys(tokens))

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError("No API token was named.")
        steps: list[ApiCall] = []
        same: list[Effect] = []
        notes: list[Finding] = []
        for full in wanted:
            user, token = token_of(snapshot, full)
            given: dict[str, Param] = {}
            if expire is not None and expire != token.expire:
                given["expire"] = expire
            if privsep is not None and privsep != token.privsep:
                given["privsep"] = int(privsep)
                notes += _without_separation(user, full, privsep=privsep)
            if comment is not None and comment != (token.comment or ""):
                given |= _comment(snapshot, comment)
            if given:
                steps.append(ApiCall("PUT", _path(full), given))
            else:
                same.append(Effect(full, "none, it is so already"))
        what = wanted[0] if len(wanted) == 1 else f"{len(wanted)} API tokens"
        if not steps:
            verb = "is" if len(wanted) == 1 else "are"
            raise Refused(f"Nothing would change: {what} {verb} so already.")
        title = f"edit {'API token ' if len(wanted) == 1 else ''}{what}"
        return Draft(title, tuple(steps), tuple(notes), tuple(same))

    return intent


def regenerate(token: str) -> Intent:
    """A new secret, which PVE's answer tells once.

    Where PVE has no call for that, the token is removed and made again, with its values and ACL
    entries. Raises Refused when an entry could not be made again.
    """

    def intent(snapshot: Snapshot) -> Draft:
        _, old = token_of(snapshot, token)
        title = f"new secret for API token {token}"
        notes = [Finding("LOOK", _AT_ONCE.format(token))]
        if versions.has(release_of(snapshot), "token-regenerate"):
            return Draft(title, (ApiCall("PUT", _path(token), {"regenerate": 1}),), tuple(notes))
        entries = acl_index(access_of(snapshot)).by_subject.get(token, ())
        if bad := _not_taken(snapshot, entries):
            raise Refused(
                f"{token} would lose rights: this PVE makes no entry on {listed(bad)} any more.",
                "Remove those entries first, or add a second token.",
            )
        userid = token.rpartition("!")[0]
        made = (_addition(userid, old), *_giving(token, entries))
        notes.append(_made_again(token, len(entries)))
        return Draft(title, (ApiCall("DELETE", _path(token)), *made), tuple(notes))

    return intent


def give(token: str, entries: Sequence[AclEntry] | None = None) -> Intent:
    """ACL entries with the roles, paths and propagation of `entries`; None: of its user's.

    The entries' own subjects do not matter.
    """

    def intent(snapshot: Snapshot) -> Draft:
        user, _ = token_of(snapshot, token)
        notes: list[Finding] = []
        wanted = _those_of_user(snapshot, user.id, notes) if entries is None else entries
        what = given_words(wanted) if entries is not None else f"what {user.id} has"
        return Draft(f"give {token} {what}", _giving(token, wanted), tuple(notes))

    return intent


def separate(token: str) -> Intent:
    """Privilege separation on, without losing a right: first the entries of its user, then that."""

    def intent(snapshot: Snapshot) -> Draft:
        user, old = token_of(snapshot, token)
        if old.privsep:
            raise Refused(f"Privilege separation of {token} is on already.")
        notes: list[Finding] = []
        steps = _giving(token, _those_of_user(snapshot, user.id, notes))
        last = ApiCall("PUT", _path(token), {"privsep": 1})
        return Draft(f"separate API token {token} from {user.id}", (*steps, last), tuple(notes))

    return intent


def given_words(entries: Sequence[AclEntry]) -> str:
    """`PVEAuditor on /`, `3 roles on 2 paths`."""
    if len(entries) == 1:
        return f"{entries[0].role} on {entries[0].path}"
    roles = count_words(len({entry.role for entry in entries}), "role", "roles")
    return f"{roles} on {count_words(len({entry.path for entry in entries}), 'path', 'paths')}"


def token_of(snapshot: Snapshot, full: str) -> tuple[User, Token]:
    """A token and its user, by full id; raises UsageError when there is no such token."""
    userid, _, name = full.rpartition("!")
    user = user_of(snapshot, userid)
    return user, found(snapshot, user.tokens, name, f"API token of {userid} named")


def new_token_problem(snapshot: Snapshot, userid: str, name: str) -> str:
    """What is wrong with the name of a token to be added to a user; "" when nothing is."""
    if problem := token_problem(name):
        return problem
    user = snapshot.access.value.users.get(userid) if snapshot.access.value else None
    there = user is not None and name in user.tokens
    return f"The API token {userid}!{name} exists already." if there else ""


# --- the rights of its user ----------------------------------------------------------------


def same_entries(snapshot: Snapshot, userid: str) -> tuple[AclEntry, ...]:
    """The entries that give a user its rights, path by path, as a token would need them.

    Where several kinds stand on one path, PVE takes the user's own there, and below the first
    that is passed on (reference 3.2); so both count here. root@pam needs no entry: Administrator
    on / stands for its rights.
    """
    config = access_of(snapshot)
    if userid == ROOT:
        return (AclEntry("/", "user", ROOT, ADMINISTRATOR),)
    index = acl_index(config)
    by_path: dict[str, tuple[list[AclEntry], list[AclEntry]]] = {}
    for entry in index.entries_of(userid):  # its own first, then those of its groups
        by_path.setdefault(entry.path, ([], []))[entry.kind == "group"].append(entry)
    counting: dict[tuple[str, str], AclEntry] = {}
    for own, of_groups in by_path.values():
        passed_on = [[entry for entry in rank if entry.propagate] for rank in (own, of_groups)]
        for entry in (*(own or of_groups), *(passed_on[0] or passed_on[1])):
            key = entry.path, entry.role
            if key not in counting or entry.propagate:
                counting[key] = entry
    return tuple(counting.values())


def _those_of_user(snapshot: Snapshot, userid: str, notes: list[Finding]) -> tuple[AclEntry, ...]:
    """The same entries, as far as PVE makes such ones; notes tell of the others."""
    entries = same_entries(snapshot, userid)
    if not entries:
        raise UsageError(f"{userid} has no ACL entries that the token could have, too.")
    if bad := _not_taken(snapshot, entries):
        text = f"Nothing is given on {listed(bad)}: this PVE makes no entry there any more."
        notes.append(Finding("LOOK", text))
    made = tuple(entry for entry in entries if entry.path not in bad)
    if not made:
        raise UsageError(notes[-1].text)
    return made


def _giving(token: str, entries: Iterable[AclEntry]) -> tuple[ApiCall, ...]:
    """The calls that give a token such entries: one for each path, with all its roles."""

    def place(entry: AclEntry) -> tuple[str, bool]:
        return entry.path, not entry.propagate

    require_listable(token)
    steps = []
    for (path, alone), there in groupby(sorted(entries, key=place), place):
        roles = sorted({entry.role for entry in there})
        params: dict[str, Param] = {"path": path, "roles": ",".join(roles), "tokens": token}
        steps.append(ApiCall("PUT", ("access", "acl"), {**params, "propagate": int(not alone)}))
    return tuple(steps)


def _not_taken(snapshot: Snapshot, entries: Iterable[AclEntry]) -> list[str]:
    """Paths on which PVE keeps entries, and makes no new ones."""
    release = release_of(snapshot)
    paths = dict.fromkeys(entry.path for entry in entries)
    return [path for path in paths if path_shape_problem(path, release=release)]


# --- calls and remarks ---------------------------------------------------------------------


def _path(full: str) -> tuple[str, ...]:
    userid, _, name = full.rpartition("!")
    return ("access", "users", userid, "token", name)


def _addition(userid: str, token: Token) -> ApiCall:
    given: dict[str, Param] = {"privsep": int(token.privsep)}
    if token.expire:
        given["expire"] = token.expire
    if token.comment:
        given["comment"] = token.comment
    return ApiCall("POST", ("access", "users", userid, "token", token.id), given)


def _comment(snapshot: Snapshot, comment: str) -> Mapping[str, Param]:
    """An empty comment is deleted where the version can, else it is an empty text."""
    if comment or not versions.has(release_of(snapshot), "token-delete-comment"):
        return {"comment": comment}
    return {"delete": "comment"}


def _without_separation(user: User, full: str, *, privsep: bool) -> tuple[Finding, ...]:
    if privsep:
        return ()
    if user.id == ROOT:
        return (Finding("LOOK", f"{full} is root@pam: whoever has its secret may do everything."),)
    text = f"{full} is {user.id}: it has all its rights, and those that it gets later."
    return (Finding("LOOK", text),)


def _of_user(snapshot: Snapshot, user: User, full: str) -> tuple[Finding, ...]:
    if not user.enable:
        text = f"{user.id} is disabled: PVE refuses {full} until it is enabled."
        return (Finding("LOOK", text),)
    if has_expired(user.expire, snapshot.taken_at):
        text = f"{user.id} has expired: PVE refuses {full} until it expires later."
        return (Finding("LOOK", text),)
    return ()


def _made_again(token: str, entries: int) -> Finding:
    count = count_words(entries, "ACL entry", "ACL entries")
    return Finding(
        "LOOK",
        f"This PVE cannot give a token a new secret (9.2 can): {token} is removed and made again, "
        f"with its values and {count}.",
        "If it stops half way, the token is gone, or lacks rights: take back makes up for that, "
        "all but its secret.",
    )
