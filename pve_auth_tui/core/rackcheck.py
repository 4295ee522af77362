"""Who gets keys in a rack, and an unfinished rack beside what PVE really has. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.logins import DEMANDS, active_administrators, demanded, entries_of
from pve_auth_tui.core.proofs import Mark
from pve_auth_tui.core.rack import (
    NO_TAG,
    Place,
    Rack,
    State,
    proved,
    reopened,
    skipped,
    stored,
)
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry

_SLACK: Final = 300.0  # seconds that this machine's clock and the node's may differ


class Candidate(NamedTuple):
    """Somebody who may get keys. `about`: a few words for a list; `usual`: chosen at first."""

    userid: str
    about: str
    usual: bool


def candidates(snapshot: Snapshot, now: float) -> tuple[Candidate, ...]:
    """Everybody whom PVE would ask for a second factor, administrators first.

    Users of OpenID realms are left out: PVE never asks them (reference/fido.md 3.5).
    """
    config = snapshot.access.value
    if config is None:
        return ()
    active = set(active_administrators(config, now))
    found = []
    for userid in config.users:
        if why_no_key(snapshot, userid):
            continue
        keys = sum(entry.type == "webauthn" for entry in entries_of(snapshot, userid))
        words = ["administrator"] if userid in active else []
        words += [f"{keys} {'key' if keys == 1 else 'keys'}"] if keys else []
        found.append(Candidate(userid, ", ".join(words), userid in active))
    return tuple(sorted(found, key=lambda one: (not one.usual, one.userid)))


def why_no_key(snapshot: Snapshot, userid: str) -> str:
    """Why a security key would be of no use to somebody; "" when it would be."""
    realms = snapshot.realms.value
    realm = realms.realms.get(userid.rpartition("@")[2]) if realms else None
    if realm is None:
        return "" if realms is None else "the realm does not exist"
    if realm.type == "openid":
        return "the identity provider asks for the second factor, not PVE"
    if demand := demanded(realm):
        return f"the realm takes {DEMANDS[demand]} alone"
    return ""


def beside_pve(
    rack: Rack, snapshot: Snapshot, marks: Mapping[tuple[str, str], Mark]
) -> tuple[Rack, tuple[str, ...]]:
    """The rack as it really is, and what is different from what was noted, as sentences.

    An entry that is gone opens its cell again; one that PVE stored and nobody could note any more
    is found by its description and time. `marks`: what was proved since. Without the factors
    nothing is concluded.
    """
    if snapshot.tfa.value is None:
        return rack, ("PVE's second factors could not be read, so the rack was not compared.",)
    said: list[str] = []
    for place in rack.places:
        rack = _beside(rack, place, snapshot, marks, said)
    return rack, tuple(said)


def _beside(
    rack: Rack,
    place: Place,
    snapshot: Snapshot,
    marks: Mapping[tuple[str, str], Mark],
    said: list[str],
) -> Rack:
    userid, cell = rack.userid(place), rack.cell(place)
    access = snapshot.access.value
    if access is not None and userid not in access.users and userid != ROOT:
        if cell.state is State.STORED or cell.state is State.SKIPPED:
            return rack
        said.append(f"{place.label}: there is no user {userid} any more, so it is skipped.")
        return skipped(rack, place)
    entries = {entry.id: entry for entry in entries_of(snapshot, userid)}
    if cell.state is State.STORED and cell.entry not in entries:
        said.append(f"{place.label}: the entry of {userid} is gone, so it is open again.")
        return reopened(rack, place)
    if cell.state is not State.STORED:
        unclaimed = _unclaimed(rack, place, list(entries.values()))
        if unclaimed is None:
            return rack
        said.append(f"{place.label}: PVE had stored it before it could be noted.")
        rack = stored(rack, place, unclaimed.id, NO_TAG, float(unclaimed.created))
    mark = marks.get((userid, rack.cell(place).entry))
    return proved(rack, place, mark.how) if mark else rack


def _unclaimed(rack: Rack, place: Place, entries: Sequence[TfaEntry]) -> TfaEntry | None:
    """A key of this person that was made meanwhile under this cell's name."""
    mine = set(_claimed(rack, place.person))
    wanted = rack.description(place)
    for entry in entries:
        is_new = entry.created >= rack.begun - _SLACK
        if entry.type == "webauthn" and entry.description == wanted and entry.id not in mine:
            return entry if is_new else None
    return None


def _claimed(rack: Rack, person: int) -> Iterator[str]:
    return (cell.entry for cell in rack.people[person].cells if cell.entry)
