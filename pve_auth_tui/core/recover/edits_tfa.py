"""priv/tfa.cfg edited by taking whole known members out of its text (reference 7.4).

One key that PVE's core does not know would lock everybody out, so nothing is ever put in, and
nothing is written anew. What goes with what is as in proxmox-tfa: with the last factor of a kind
its list, with the last of all factors the user, locks included, with the last user `users`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.recover.jsonparts import NotFound, cut
from pve_auth_tui.core.tfaconfig import FILE, TfaConfig, TfaEntry, TfaUnreadable, UserTfa, parse_tfa

_USERS: Final = "users"
_LOCKS: Final = frozenset({"totp-locked", "tfa-locked-until"})


def unlock(tfa: bytes, userid: str) -> bytes:
    """tfa.cfg without that user's locks; PVE does it in PUT /access/users/{userid}/unlock-tfa."""
    before = _read(tfa)
    user = _user(before, userid)
    if not user.totp_locked and user.locked_until is None:
        raise UsageError(f"The second factors of {userid} are not locked.")
    edited = _cut(tfa, (_USERS, userid), lambda _, name: name in _LOCKS)
    after = replace(user, totp_locked=False, locked_until=None)
    return _proved(edited, before, {**before.users, userid: after})


def without_factors(tfa: bytes, userid: str, idents: Collection[str]) -> bytes:
    """tfa.cfg without those factors of that user: ids of entries, `recovery` for the recovery
    keys. PVE does it in DELETE /access/tfa/{userid}/{id}.
    """
    before = _read(tfa)
    user = _user(before, userid)
    kinds = {_entry(user, ident).type for ident in idents}
    if not kinds:
        raise UsageError(f"No second factor of {userid} was named.")
    kept = tuple(entry for entry in user.entries if entry.id not in idents)
    if not kept:
        return _without_user(tfa, before, userid)
    edited = tfa
    for kind in sorted(kinds):
        if any(entry.type == kind for entry in kept):
            ids = [entry.id for entry in user.entries if entry.type == kind]
            gone = {at for at, ident in enumerate(ids) if ident in idents}
            edited = _cut(edited, (_USERS, userid, kind), _placed(gone))
        else:
            edited = _cut(edited, (_USERS, userid), _named(kind))
    return _proved(edited, before, {**before.users, userid: replace(user, entries=kept)})


def without_user(tfa: bytes, userid: str) -> bytes:
    """tfa.cfg without anything about that user: all factors, and the locks."""
    before = _read(tfa)
    _user(before, userid)
    return _without_user(tfa, before, userid)


def _without_user(tfa: bytes, before: TfaConfig, userid: str) -> bytes:
    users = {name: user for name, user in before.users.items() if name != userid}
    edited = _cut(tfa, (_USERS,), _named(userid))
    if not users and not before.warnings:  # else records that PVE does not read are still there
        edited = _cut(edited, (), _named(_USERS))
    return _proved(edited, before, users)


def _named(wanted: str) -> Callable[[int, str], bool]:
    return lambda _, name: name == wanted


def _placed(wanted: Collection[int]) -> Callable[[int, str], bool]:
    return lambda at, _: at in wanted


def _read(tfa: bytes) -> TfaConfig:
    try:
        return parse_tfa(tfa)
    except TfaUnreadable as error:
        raise Refused(str(error), error.hint, error.original) from error


def _user(config: TfaConfig, userid: str) -> UserTfa:
    user = config.users.get(userid)
    if user is None:
        raise UsageError(f"{userid} has no second factors.")
    return user


def _entry(user: UserTfa, ident: str) -> TfaEntry:
    found = [entry for entry in user.entries if entry.id == ident]
    if not found:
        raise UsageError(f"{user.userid} has no second factor with the id {ident}.")
    if len(found) > 1:
        raise Refused(
            f"{user.userid} has {len(found)} second factors with the id {ident}, so it is not "
            "clear which one to remove.",
            "Remove all second factors of that user.",
        )
    return found[0]


def _cut(data: bytes, way: Collection[str], is_gone: Callable[[int, str], bool]) -> bytes:
    try:
        return cut(data, tuple(way), is_gone)
    except NotFound:
        raise _not_exact() from None


def _proved(data: bytes, before: TfaConfig, users: Mapping[str, UserTfa]) -> bytes:
    """The edited file, once PVE's rules find exactly those users in it."""
    try:
        after = parse_tfa(data)
    except TfaUnreadable:
        raise _not_exact() from None
    if after != replace(before, users=users):
        raise _not_exact()
    return data


def _not_exact() -> Refused:
    return Refused(
        f"{FILE} is not in the form that Proxmox VE writes today, and no change to it would be "
        "exact.",
        "Put the last good copy back, or move the file away, which removes everybody's second "
        "factors.",
    )
