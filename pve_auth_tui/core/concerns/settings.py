"""Files and settings: what cannot be read, what is ignored, what is risky."""

from __future__ import annotations

from pve_auth_tui.core.concerns.common import Findings
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.lists.parts import sync_jobs
from pve_auth_tui.core.node import DIRECT, HTTPS, PVESH
from pve_auth_tui.core.realmrisks import broken_words, risks
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import count_words

# The list that lacks something while a part cannot be read; the other parts belong to none.
_LISTS = {
    "access": "users",
    "realms": "realms",
    "tfa": "tfa",
    "jobs": "realms",
    "passwords": "users",
    "token_secrets": "tokens",
}
IGNORED = "PVE ignores "  # so begins the problem of a part of which PVE leaves out some lines
_NEEDED = ("access", "realms", "tfa")
_FILES_ALONE = ("passwords", "token_secrets")
_API = (DIRECT, HTTPS, PVESH)


def unreadable(snapshot: Snapshot) -> Findings:
    """Parts that could not be read at all, or only with losses.

    What PVE ignores in user.cfg is told by rules of its own.
    """
    for name, part in snapshot.parts.items():
        told = name == "access" and part.value is not None and part.problem.startswith(IGNORED)
        if not part.problem or told or name == "unix":  # of which only the guard speaks
            continue
        if name in _FILES_ALONE and part.value is None and part.source in _API:
            continue  # PVE's API tells it to nobody
        bad = part.value is None and name in _NEEDED
        where = Target(_LISTS[name]) if name in _LISTS else None
        yield Finding("BAD" if bad else "LOOK", part.problem.rstrip("."), part.hint, where)


def broken_realms(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Realms without an option that PVE needs: one of them keeps it from changing any realm."""
    for realm in snapshot.realms.value.realms.values() if snapshot.realms.value else ():
        if realm.type is None:
            yield Finding(
                "BAD",
                f"{realm.name}: {broken_words(realm)}",
                "On Realms, e makes it anew with what it lacks: nothing else mends it.",
                Target("realms", realm.name),
            )


def risky_realms(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Realms that trust the network or any certificate."""
    for realm in snapshot.realms.value.realms.values() if snapshot.realms.value else ():
        for risk in risks(realm) if realm.type is not None else ():
            yield Finding("LOOK", f"{realm.name}: {risk}", "", Target("realms", realm.name))


def failed_jobs(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Sync jobs that did not end well."""
    for realm in snapshot.realms.value.realms if snapshot.realms.value else ():
        for job in sync_jobs(snapshot, realm):
            if job.last_result:
                yield Finding(
                    "LOOK",
                    f"{realm}: the last sync failed (job {job.id})",
                    job.last_result,
                    Target("realms", realm),
                )


def held_locks(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Files that somebody is writing, or has forgotten to give back (reference 11.1)."""
    for lock in snapshot.cluster.value.locks if snapshot.cluster.value else ():
        yield Finding(
            "LOOK",
            f"somebody holds PVE's lock {lock}: changes fail after 10 s",
            "Press r to read again. A lock that nobody needs any more ends by itself after 2 min.",
        )


def ignored_lines(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """What PVE skipped in user.cfg, and forgets with the next change."""
    texts = [text for text in config.warnings if _is_dropped(text)]
    if texts:
        yield Finding(
            "LOOK",
            f"user.cfg: PVE ignores {count_words(len(texts), 'line or name', 'lines or names')}",
            _without_its_line(texts[0]),
            Target("users"),
        )


def _without_its_line(warning: str) -> str:
    """A broken line may hold an old TOTP secret (R9): PVE prints it, we do not."""
    head, line, _ = warning.partition(" config line: ")
    return f"{head} config line. `pveum user list` prints the line." if line else warning


def _is_dropped(warning: str) -> bool:
    """Those about missing members and privileges are said by other rules."""
    said = ("ignore invalid privilege", "invalid acl member", "invalid acl group", "group member")
    return not any(words in warning for words in said)
