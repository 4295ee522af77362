"""One user's factors changed: pure functions on core's TfaConfig."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core import otpauth
from pve_auth_tui.core.tfaconfig import LISTED, TfaConfig, TfaEntry, TfaType, UserTfa
from pve_auth_tui.core.tfafile import NEVER_USED
from pve_auth_tui.simnode.tfa import recovery

RECOVERY: Final = "recovery"


def fresh(config: TfaConfig, now: int) -> TfaConfig:
    """Without locks that have ended, as the core has it after reading."""
    ended = [
        user
        for user in config.users.values()
        if user.locked_until is not None and user.locked_until < now
    ]
    return with_users(config, (replace(user, locked_until=None) for user in ended))


def with_users(config: TfaConfig, users: Iterable[UserTfa]) -> TfaConfig:
    """These users in place of what was there before."""
    return replace(config, users={**config.users, **{user.userid: user for user in users}})


def user_or_new(config: TfaConfig, userid: str) -> UserTfa:
    """The user's factors; none when the file does not have the user."""
    return config.users.get(userid) or UserTfa(userid)


def of(user: UserTfa, kind: TfaType, *, enabled: bool = True) -> list[TfaEntry]:
    """Entries of a kind in the order of the file."""
    return [e for e in user.entries if e.type == kind and (e.enable or not enabled)]


def added(user: UserTfa, entry: TfaEntry) -> UserTfa:
    """One more factor, listed among those of its kind."""
    return _with(user, (*user.entries, entry))


def replaced(user: UserTfa, old: TfaEntry, new: TfaEntry | None) -> UserTfa:
    """Another entry, or none, in place of one of the user's own."""
    kept = (new if entry is old else entry for entry in user.entries)
    return _with(user, (entry for entry in kept if entry is not None))


def _with(user: UserTfa, entries: Iterable[TfaEntry]) -> UserTfa:
    ordered = sorted(entries, key=lambda entry: LISTED.index(entry.type))
    return replace(user, entries=tuple(ordered))


def find(user: UserTfa, entry_id: str) -> TfaEntry | None:
    """The first with this id; recovery keys come last, another entry may have their id."""
    ordered = sorted(user.entries, key=lambda entry: entry.type == RECOVERY)
    return next((entry for entry in ordered if entry.id == entry_id), None)


def recovery_entry(data: dict[str, Any], created: int) -> TfaEntry:
    """A set of recovery keys from its stored form."""
    left, total = len(recovery.unused(data)), len(data["entries"])
    return TfaEntry(RECOVERY, "recovery", created=created, unused=left, total=total, data=data)


def totp(entry: TfaEntry) -> tuple[otpauth.Totp, int]:
    """What a TOTP entry says, and the last counter that was used."""
    if isinstance(entry.data, str):
        return otpauth.parse(entry.data), NEVER_USED
    return otpauth.parse(entry.data["totp"]), entry.data["last-count"]


def used_totp(entry: TfaEntry, count: int) -> TfaEntry:
    """The entry after a login with the code of this counter."""
    uri = entry.data if isinstance(entry.data, str) else entry.data["totp"]
    return replace(entry, data={"totp": uri, "last-count": count})
