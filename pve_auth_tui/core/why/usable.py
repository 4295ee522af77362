"""Can somebody use the rights it has at all, now?

Of users the same is asked as in the lists (`core.logins`); where that finds no obstacle, but the
answer lies in a directory, at an identity provider or in a file that was not read, it is not
judged. An API token needs no login: realm, password and second factors do not matter to it, its
user must be enabled and not expired (PVE::AccessControl, verify_token).
"""

from __future__ import annotations

from pve_auth_tui.core import names
from pve_auth_tui.core.accessdata import ROOT, User
from pve_auth_tui.core.logins import login
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.standing import standing
from pve_auth_tui.core.why.explanation import Usable
from pve_auth_tui.core.words import date_time, has_expired

YES = Usable(True)


def usable(snapshot: Snapshot, subject: str, now: float) -> Usable:
    """`subject`: a userid or full token id; `now` in seconds since 1970."""
    parts = names.split_tokenid(subject)
    if parts:
        return _token(snapshot, subject, *parts, now=now)
    access = snapshot.access.value
    hidden = access is None or (snapshot.restricted and subject not in access.users)
    if hidden and subject != ROOT:
        return Usable(None, f"{subject} is not among the users that could be read.")
    if obstacle := login(snapshot, subject, now).obstacle:
        return Usable(False, f"{subject} cannot log in: {obstacle}.")
    how = standing(snapshot, subject, now, (), "")
    if how.certainty == "known":
        return YES
    reason = f"{subject} {_as_it_is(how.reason)}."
    return Usable(False if how.certainty is None else None, reason)


def _token(snapshot: Snapshot, full: str, userid: str, name: str, *, now: float) -> Usable:
    access = snapshot.access.value
    user = access.users.get(userid) if access else None
    if user is None or name not in user.tokens:
        if access is None or snapshot.restricted:
            return Usable(None, f"{full} is not among the API tokens that could be read.")
        return Usable(False, f"There is no API token {full}.")
    expire = user.tokens[name].expire
    if has_expired(expire, now):
        return Usable(False, f"The API token has expired: {date_time(expire)}.")
    if problem := _account(user, now):
        return Usable(False, f"PVE refuses the API tokens of {userid}: {problem}.")
    secrets = snapshot.token_secrets.value
    if secrets is not None and full not in secrets.tokens:
        return Usable(False, f"{full} has no secret in token.cfg: PVE refuses it.")
    return YES


def _account(user: User, now: float) -> str:
    if not user.enable:
        return "the account is disabled"
    return "the account has expired" if has_expired(user.expire, now) else ""


def _as_it_is(reason: str) -> str:
    """A guard's clause is about what would be; nothing is changed here."""
    for would, does in (
        ("would have ", "has "),
        ("would be ", "is "),
        ("would belong ", "belongs "),
    ):
        if reason.startswith(would):
            return does + reason.removeprefix(would)
    return reason
