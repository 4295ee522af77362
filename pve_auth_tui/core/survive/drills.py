"""When a way in was last proved, as far as this program has seen it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.logins import webauthn_id
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.way import First, Way
from pve_auth_tui.core.words import ago, date_time

_HOW: Final = "`pve-auth-tui drill USER` proves one."


def last_mark(snapshot: Snapshot, way: Way) -> Mark | None:
    """The last that was seen of it; a key is proved only under today's WebAuthn ID."""
    if way.first is First.CONSOLE:
        return None
    mark = snapshot.proofs.get((way.userid, way.entry.id if way.entry else ""))
    if mark is None or mark.how is How.ENROLLED:
        return None
    today = webauthn_id(snapshot)
    return None if mark.rp_id and today and mark.rp_id != today else mark


def why_no_drill(way: Way) -> str:
    """Why a way in cannot be proved from here, as one sentence; "" where it can."""
    if way.first is First.CONSOLE:
        return "The console is proved at the console: log in there as root."
    if way.first is First.PROVIDER:
        return f"{way.userid} logs in at the identity provider: try it in a browser."
    return ""


def proved_words(way: Way, mark: Mark | None, now: float) -> str:
    """`proved 12 d ago (2026-11-10 12:00)`, `never proved here`."""
    if mark is None:
        return "never proved here" if not why_no_drill(way) else "cannot be proved from here"
    done = "proved by a login" if mark.how is How.LOGIN else "its key has signed"
    where = f" at {mark.node}" if mark.node else ""
    rest = "" if mark.how is How.LOGIN else "; nobody logged in"
    return f"{done} {ago(mark.at, now)} ({date_time(mark.at)}){where}{rest}"


def proved_cell(mark: Mark | None, now: float) -> str:
    """The same in a table: `12 d ago`, `signed`, `never`."""
    if mark is None:
        return "never"
    return ago(mark.at, now) if mark.how is How.LOGIN else "signed"


def drill_finding(marked: Sequence[tuple[Way, Mark | None]], now: float) -> Finding:
    """When the last login was proved, by whom."""
    logins = [(mark, way) for way, mark in marked if mark and mark.how is How.LOGIN]
    if not logins:
        return Finding("-", "No way in was proved by a login here yet", _HOW)
    mark, way = max(logins, key=lambda one: one[0].at)
    told = f"Last proved by a login: {way.userid} ({way.shown}), {ago(mark.at, now)}"
    return Finding("-", told, _HOW)
