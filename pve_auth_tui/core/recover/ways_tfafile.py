"""The way back where PVE cannot read priv/tfa.cfg: nobody gets in (reference 11.4, 10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Draft, Effect, HostCommand, Intent
from pve_auth_tui.core.recover.carrier import Carrier, carrier, why_not, written
from pve_auth_tui.core.recover.condition import Mount
from pve_auth_tui.core.recover.facts import is_quorate
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.tfarepair import Repaired, repaired
from pve_auth_tui.core.recover.wayback import Kind, WayBack, about
from pve_auth_tui.core.recover.ways_pmxcfs import stamp
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed

_FILE: Final = "priv/tfa.cfg"
_WORD: Final = "tfa.cfg"
_PATH: Final = f"/etc/pve/{_FILE}"
_EMPTY: Final = b"{}"
_KEPT_BESIDE: Final = "The file as it is stays in the old config.db, which is kept beside the new."
_GOOD_COPY: Final = (
    "A good copy may be in your backups of /etc/pve, or in a config.db backup below "
    "/var/lib/pve-cluster/backup: look there before anything is lost."
)


def tfa_file(situation: Situation) -> Iterator[WayBack]:
    """What can be kept, with the rest left out; else an empty file in its place."""
    data = situation.raw.get(_FILE)
    found = repaired(data) if data is not None else None
    if found is not None:
        yield _repair(situation, found)
    yield _away(situation, exact=data is not None)


def _repair(situation: Situation, found: Repaired) -> WayBack:
    names = listed([plain(one) for one in found.dropped], 4)
    title = "repair priv/tfa.cfg: leave out what PVE cannot read"
    lines = about(
        changes=f"left out: {names}; everything else stays to the letter of its values",
        risks="users whose factors are left out may log in with the password alone",
        back=_kept(situation),
        more=(_GOOD_COPY,),
    )
    told = Effect(_FILE, f"can be read again, without {names}")
    intent = _with(situation, found.content, title, told)
    return _way(situation, "tfa-repair", title, "the rest is kept", lines=lines, intent=intent)


def _away(situation: Situation, *, exact: bool) -> WayBack:
    title = "put an empty priv/tfa.cfg in place of the one PVE cannot read"
    told = Effect("everybody", "logs in without a second factor from then on")
    intent = _with(situation, _EMPTY, title, told) if exact else None
    lines = about(
        changes="nobody has a second factor any more, on the whole cluster",
        risks="every password alone opens its account until there are new factors",
        back=_kept(situation),
        do=() if intent else (f"cp -n {_PATH} {_copy(situation)}", f"rm {_PATH}"),
        more=(_GOOD_COPY,),
    )
    return _way(situation, "tfa-file", title, "everybody's factors go", lines=lines, intent=intent)


def _way(
    situation: Situation,
    ident: str,
    title: str,
    note: str,
    *,
    lines: tuple[Line, ...],
    intent: Intent | None,
) -> WayBack:
    if intent is None:
        return WayBack(ident, title, f"by hand: {_why_by_hand(situation)}", Kind.SHOW, lines)
    return WayBack(ident, title, note, Kind.PLAN, lines, intent)


def _why_by_hand(situation: Situation) -> str:
    if _how(situation) is not Carrier.NOTHING:
        return "it was not read"
    if carrier(situation) is Carrier.API:
        return "PVE's API has no call for it: on the node itself"
    return why_not(situation)


def _copy(situation: Situation) -> str:
    """Where the file goes before: its name has the time, so no older copy is in the way."""
    return f"/root/tfa.cfg.unreadable.{stamp(situation.now)}"


def _kept(situation: Situation) -> str:
    if _how(situation) is Carrier.DATABASE:
        return _KEPT_BESIDE
    copy = _copy(situation)
    return f"The file as it is goes to {copy} first: it holds secrets, remove it when done."


def _how(situation: Situation) -> Carrier:
    """PVE's API cannot do it: where /etc/pve is there, the file is written."""
    how = carrier(situation)
    if how is not Carrier.API:
        return how
    mounted = situation.condition.mount is Mount.ANSWERS and situation.condition.here
    return Carrier.FILES if mounted and is_quorate(situation) is not False else Carrier.NOTHING


def _with(situation: Situation, content: bytes, title: str, told: Effect) -> Intent | None:
    how = _how(situation)
    if how is Carrier.NOTHING:
        return None
    copy = HostCommand(("/usr/bin/cp", "--no-clobber", "--preserve=mode", _PATH, _copy(situation)))

    def intent(snapshot: Snapshot) -> Draft:
        draft = Draft(
            title,
            (),
            (Finding("LOOK", _GOOD_COPY),),
            told=(told,),
            lost=(_kept(situation),),
            word=_WORD,
        )
        made = written(situation, _FILE, content, draft, how)
        if how is Carrier.FILES:
            return made._replace(steps=(copy, *made.steps))
        return made

    return intent
