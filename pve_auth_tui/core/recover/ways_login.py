"""Ways back into one login, the one that does least first (reference 11.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from pve_auth_tui.core.intents import factors, users
from pve_auth_tui.core.intents.call import call
from pve_auth_tui.core.logins import DEMANDS, demanded
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Draft, Intent, Weight
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.recover import edits
from pve_auth_tui.core.recover.carrier import Carrier, Edit, by_hand, carried, carrier, why_not
from pve_auth_tui.core.recover.causes import OF_THE_LOGIN, SHUT, Cause
from pve_auth_tui.core.recover.factorwords import (
    is_locked,
    ordered,
    realm_of,
    state,
    taken_by_realm,
    thing,
)
from pve_auth_tui.core.recover.facts import is_quorate
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.wayback import Kind, WayBack, about
from pve_auth_tui.core.recover.ways_show import browser, log_in_with, password
from pve_auth_tui.core.recover.ways_tfafile import tfa_file
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.words import count_words, listed

_TFA: Final = "priv/tfa.cfg"
_BY_HAND: Final = "not by this program: it does not see what is done by hand"
_UNDO: Final = "u takes it back: TOTP and its name; keys and recovery keys never come back"


def ways_into(
    situation: Situation, causes: Sequence[Cause], held: Collection[str]
) -> Iterator[WayBack]:
    """For the login that it is about; `held`: ids of factors that somebody still has."""
    mine = [cause for cause in causes if cause in OF_THE_LOGIN]
    entries = [entry for entry in ordered(situation) if entry.enable]
    lost = [one for one in entries if one.id not in held and one.type != "recovery"]
    works = [one for one in entries if one.id in held and state(situation, one).usable]
    if not causes:
        yield browser(situation)
    if Cause.TFA_UNREADABLE in mine:  # nothing else of the login can be told or changed
        yield from tfa_file(situation)
        yield from _password(situation, mine)
        return
    waiting = [one for one in _locked(situation) if taken_by_realm(situation, one)]
    held_back = any(one.id in held for one in waiting)
    if Cause.LOCKED in mine and waiting and (held_back or not works):
        yield _unlock(situation)
    is_shut = not SHUT.isdisjoint(causes) or Cause.NO_QUORUM in causes  # there it is `look-here`
    if works and (mine or lost) and not is_shut:
        yield log_in_with(situation, works)
    yield from _account(situation, mine)
    waits = is_quorate(situation) is False  # nothing heavier is of use before there is quorum
    removals = _removals(situation, entries, lost, held)
    yield from (way for way in removals if not waits or way.id == "remove-lost")
    yield from _password(situation, mine if causes else (Cause.PASSWORD,))
    asks_in_vain = demanded(realm_of(situation)) and lost and not (works or held_back or waits)
    if Cause.REALM_TFA in mine or asks_in_vain:
        yield _realm(situation)
    if (mine or lost) and not waits:
        yield _temporary(situation)
        if entries and Cause.NO_ACCOUNT not in mine:
            yield _remove_all(situation)


def _locked(situation: Situation) -> list[TfaEntry]:
    """What the lock keeps from working."""
    return [one for one in ordered(situation) if is_locked(situation, one)]


# --- single ways --------------------------------------------------------------------------------


def _way(
    situation: Situation,
    ident: str,
    title: str,
    note: str,
    *,
    api: Intent,
    edit: Edit,
    changes: str,
    risks: str,
    back: str,
) -> WayBack:
    """A plan where something carries it, else the exact steps."""
    intent = carried(situation, api, edit, title)
    if intent is not None:
        lines = about(changes=changes, risks=risks, back=back)
        return WayBack(ident, title, note, Kind.PLAN, lines, intent)
    do = by_hand(situation, api)
    lines = about(changes=changes, risks=risks, back=_BY_HAND, do=do)
    return WayBack(ident, title, f"by hand: {why_not(situation)}", Kind.SHOW, lines)


def _unlock(situation: Situation) -> WayBack:
    userid = situation.userid
    return _way(
        situation,
        "unlock",
        f"unlock the second factors of {plain(userid)}",
        "nothing is removed",
        api=factors.unlock(userid),
        edit=Edit(_TFA, lambda data: edits.unlock(data, userid)),
        changes="the lock goes; every factor stays as it is",
        risks="whoever typed the wrong codes knew the password: look at the log, change it if it "
        "was not you; codes that stay wrong (clock, new phone) lock it again",
        back="a lock is not put back; it is not missed",
    )


def _account(situation: Situation, mine: Sequence[Cause]) -> Iterator[WayBack]:
    if Cause.DISABLED not in mine and Cause.EXPIRED not in mine:
        return
    userid = situation.userid
    title = f"enable {plain(userid)}" + (", without expiry" if Cause.EXPIRED in mine else "")
    yield _way(
        situation,
        "enable",
        title,
        "as it was before",
        api=together([users.edit([userid], {"enable": 1, "expire": 0})], title),
        edit=Edit("user.cfg", lambda data: edits.enabled(data, userid)),
        changes="the account may log in again, with everything that it may do",
        risks="somebody may have disabled it on purpose: ask who",
        back="u disables it again",
    )


def _realm(situation: Situation) -> WayBack:
    name = situation.userid.rpartition("@")[2]
    wants = DEMANDS.get(demanded(realm_of(situation)), "a second factor")
    return _way(
        situation,
        "realm-tfa",
        f"take Require TFA ({wants}) off realm {plain(name)}",
        "for all of its users",
        api=call("PUT", ("access", "domains", name), {"delete": "tfa"}),
        edit=Edit("domains.cfg", lambda data: edits.without_realm_tfa(data, name)),
        changes=f"logins of realm {plain(name)} need no {wants} any more; factors stay and are "
        "asked for",
        risks="users of the realm who have no factor log in with the password alone",
        back="u requires it again",
    )


# --- less factors -------------------------------------------------------------------------------


def _removals(
    situation: Situation,
    entries: Sequence[TfaEntry],
    lost: Sequence[TfaEntry],
    held: Collection[str],
) -> Iterator[WayBack]:
    """One device and its lock; then all that is not held. Removing everything comes last."""
    if lost and len(lost) < len(entries):
        what = _named(lost)
        note = "then a new phone" if any(one.type == "totp" for one in lost) else "the rest stays"
        lock = " and its lock" if len(lost) == 1 and _locked(situation) else ""
        title = f"remove {what}{lock}, keep the rest"
        yield _removal(situation, "remove-lost", title, note, gone=lost)
    papers = [one for one in entries if one.type == "recovery" and one.id not in held]
    rest = [one for one in entries if one.id in held]
    if papers and lost and rest:
        left = " and ".join(thing(one) for one in rest)
        yield _removal(
            situation,
            "keep-held",
            f"remove everything but {left}",
            "if the paper is lost, too",
            gone=[*lost, *papers],
        )


def _named(lost: Sequence[TfaEntry]) -> str:
    return listed([plain(thing(one)) for one in lost], 3)


def _removal(
    situation: Situation, ident: str, title: str, note: str, *, gone: Sequence[TfaEntry]
) -> WayBack:
    userid, ids = situation.userid, [one.id for one in gone]
    locked = bool(_locked(situation))
    return _way(
        situation,
        ident,
        title,
        note,
        api=_removed(userid, ids, f"remove {_named(gone)} of {plain(userid)}", locked=locked),
        edit=Edit(_TFA, lambda data: _without(data, userid, ids, locked=locked)),
        changes=f"{_named(gone)}: PVE does not ask for it any more",
        risks="if it is found again it is of no use; make a new one in its place soon",
        back=_UNDO,
    )


def _removed(userid: str, ids: Sequence[str], title: str, *, locked: bool) -> Intent:
    """The lock first: PVE knows nobody of that name when the last factor is gone."""
    wanted = [factors.unlock(userid)] if locked else []
    both = together([*wanted, factors.remove(userid, ids)], title)

    def intent(snapshot: Snapshot) -> Draft:
        return both(snapshot)._replace(at_most=Weight.ORDINARY)

    return intent


def _without(data: bytes, userid: str, ids: Sequence[str], *, locked: bool) -> bytes:
    if locked:
        data = edits.unlock(data, userid)
    return edits.without_factors(data, userid, ids)


def _remove_all(situation: Situation) -> WayBack:
    userid = situation.userid
    every = [entry.id for entry in ordered(situation)]
    demand = demanded(realm_of(situation))
    note = "the last resort: the password alone is enough then"
    risks = "whoever knows the password is in, until there is a new second factor"
    if demand:
        note = f"is not enough while the realm requires {DEMANDS[demand]}"
        risks = (
            f"the realm requires {DEMANDS[demand]}: without any nobody gets in as {plain(userid)}. "
            "Take Require TFA off the realm first"
        )
    way = _way(
        situation,
        "remove-all",
        f"remove all second factors of {plain(userid)}",
        note,
        api=factors.remove(userid, every),
        edit=Edit(_TFA, lambda data: edits.without_user(data, userid)),
        changes=f"{count_words(len(every), 'factor', 'factors')} and the locks go",
        risks=risks,
        back=_UNDO,
    )
    return WayBack(way.id, way.title, way.note, way.kind, way.lines, _heavy(way.intent, userid))


def _heavy(intent: Intent | None, word: str) -> Intent | None:
    """Whatever carries it, its name is typed."""
    if intent is None:
        return None
    wanted = intent

    def heavy(snapshot: Snapshot) -> Draft:
        return wanted(snapshot)._replace(word=word, at_most=Weight.HEAVY)

    return heavy


# --- others -------------------------------------------------------------------------------------


def _password(situation: Situation, mine: Collection[Cause]) -> Iterator[WayBack]:
    if Cause.PASSWORD in mine:
        yield from password(situation)


def _temporary(situation: Situation) -> WayBack:
    lines = about(
        changes="a new user of realm pve, Administrator on /, with a password of its own",
        risks="one password opens everything for that time; the comment says why and until when",
        back="it expires by itself; u, or removing the user, ends it before",
    )
    title, note = "a second administrator for some hours", "own password, expires by itself"
    if carrier(situation) is Carrier.API and situation.node.way != "pvesh":
        return WayBack("temporary", title, note, Kind.ASK, lines)
    do = (
        "pveum user add rescue@pve --expire $(( $(date +%s) + 14400 )) --comment 'why, until when'",
        "pveum passwd rescue@pve",
        "pveum acl modify / --users rescue@pve --roles Administrator",
    )
    shown = about(
        changes="a new user of realm pve, Administrator on /",
        risks="one password opens everything for that time",
        back="it expires by itself; pveum user delete rescue@pve removes it",
        do=do,
    )
    return WayBack("temporary", title, f"by hand: {_why_by_hand(situation)}", Kind.SHOW, shown)


def _why_by_hand(situation: Situation) -> str:
    if carrier(situation) is Carrier.API:
        return "pvesh would show the password to others"
    return why_not(situation)
