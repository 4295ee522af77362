"""What a node keeps to itself about one user: open challenges and counted misses.

A file below /run for each user, so it ends with a reboot and no other node knows of it.
Source: pve-rs 0.13.0 (UserChallengeData), proxmox-tfa 6.0.5 (TfaUserChallenges).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.sources import Sources
from pve_auth_tui.simnode.tfa.failure import Failure, refused

FOLDER: Final = "run/pve-private/tfa-challenges"
SECONDS: Final = 120  # that a challenge may be answered
_LISTS: Final = ("webauthn_registrations", "webauthn_auths")
_COUNTS: Final = ("totp_failures", "tfa_failures")


@dataclass
class Record:
    """`registrations` and `logins`: objects with `state`, `challenge` and `created`."""

    registrations: list[dict[str, Any]] = field(default_factory=list)
    logins: list[dict[str, Any]] = field(default_factory=list)
    totp_failures: int = 0
    tfa_failures: int = 0


class Challenges:
    """The records of all users."""

    def __init__(self, sources: Sources, disk: Disk) -> None:
        self._sources = sources
        self._disk = disk

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._sources.now())

    def open(self, userid: str) -> Record:
        """The user's record without what has expired; a new one when there is none."""
        try:
            return self.existing(userid) or Record()
        except Failure:
            return Record()

    def existing(self, userid: str) -> Record | None:
        """The same, None when there is none. Raises Failure for a file that is not one."""
        data = self._disk.read(_path(userid))
        if data is None:
            return None
        try:
            return self._record(json.loads(data))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Failure(f"failed to read challenge data for user {userid}: {error}") from error

    def _record(self, content: dict[str, Any]) -> Record:
        oldest = self.now() - SECONDS
        registrations, logins = (
            [entry for entry in content.get(name, ()) if entry["created"] >= oldest]
            for name in _LISTS
        )
        totp_failures, tfa_failures = (int(content.get(name, 0)) for name in _COUNTS)
        return Record(registrations, logins, totp_failures, tfa_failures)

    def save(self, userid: str, record: Record) -> None:
        """Keep a record; nothing that is empty or 0 is written."""
        values = (
            *zip(_LISTS, (record.registrations, record.logins), strict=True),
            *zip(_COUNTS, (record.totp_failures, record.tfa_failures), strict=True),
        )
        content = {name: value for name, value in values if value}
        data = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        self._disk.write(_path(userid), data)

    def take(self, entries: list[dict[str, Any]], challenge: str) -> dict[str, Any]:
        """Remove the entry of this challenge and return it. Raises Failure."""
        for index, entry in enumerate(entries):
            if entry["challenge"] == challenge:
                return entries.pop(index)
        raise Failure("no such challenge")


def _path(userid: str) -> str:
    if "/" in userid or "\0" in userid or userid in {"", ".", ".."}:
        raise refused("value does not look like a valid user name")
    return f"{FOLDER}/{userid}"
