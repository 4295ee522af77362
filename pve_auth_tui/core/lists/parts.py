"""Small pieces that several lists share."""

from __future__ import annotations

from shlex import quote

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.snapshot import Snapshot, SyncJob
from pve_auth_tui.core.userconfig import User
from pve_auth_tui.core.words import ago

GONE = (Line("It is no longer there. r reads again."),)
"""The details of a row that a newer picture does not have."""


def look(yes: object) -> str:
    """The value of the field `look`."""
    return "yes" if yes else "no"


def argument(text: str) -> str:
    """A userid, token id or group as an argument of a command: quoted, never an option."""
    return f"-- {quote(text)}" if text.startswith("-") else quote(text)


def full_name(user: User) -> str:
    """First and last name, or empty."""
    return " ".join(part for part in (user.firstname, user.lastname) if part)


def realm_of(snapshot: Snapshot, name: str) -> Realm | None:
    """The realm of that name; None where it is gone or domains.cfg could not be read."""
    realms = snapshot.realms.value
    return realms.realms.get(name) if realms else None


def sync_jobs(snapshot: Snapshot, realm: str) -> list[SyncJob]:
    """The realm-sync jobs of a realm, in the order of jobs.cfg."""
    jobs = snapshot.jobs.value
    return [job for job in jobs.sync.values() if job.realm == realm] if jobs else []


def last_run(snapshot: Snapshot, realm: str) -> int | None:
    """When a sync job of the realm ran last, seconds since 1970."""
    times = [job.last_run for job in sync_jobs(snapshot, realm) if job.last_run]
    return max(times) if times else None


def synced(snapshot: Snapshot, realm: str, now: float) -> str:
    """`synced 2 h ago`, or empty where no job has run."""
    last = last_run(snapshot, realm)
    return f"synced {ago(last, now)}" if last else ""


def guest_name(snapshot: Snapshot, path: str) -> str:
    """`web-01 (pve2)` for `/vms/100`, or empty."""
    number = path.removeprefix("/vms/")
    inventory = snapshot.inventory.value
    if number == path or inventory is None or not (number.isascii() and number.isdigit()):
        return ""
    guest = inventory.guests.get(int(number[:9]))
    return f"{guest.name or 'no name'} ({guest.node})" if guest else ""
