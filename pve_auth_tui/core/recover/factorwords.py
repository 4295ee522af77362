"""Second factors as a person at the console calls them, and how each one stands now."""

from __future__ import annotations

from typing import Final, NamedTuple

from pve_auth_tui.core.coverage import findings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.logins import DEMANDS, RECOVERY_LOW, demanded, entries_of, webauthn_problem
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.facts import is_quorate, last_code
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.core.webauthnsettings import reach, settings_of
from pve_auth_tui.core.words import date_time

SUBJECTS: Final = {
    "totp": "TOTP",
    "webauthn": "key",
    "recovery": "recovery keys",
    "yubico": "Yubico OTP",
    "u2f": "U2F",
}
"""Types of tfa.cfg -> what the lines of the diagnosis are headed by, in their order."""

_THINGS: Final = {
    "totp": "the phone",
    "webauthn": "the key",
    "yubico": "the YubiKey",
    "u2f": "the U2F key",
}
_TAKEN: Final = {"oath": ("totp", "recovery"), "yubico": ("yubico", "recovery")}
_SHORT_OF_COUNTER: Final = frozenset({"counter", "old-id"})


class State(NamedTuple):
    """How one factor stands: `word` and `text` for its line; `usable`: it would pass now, as far as
    is known; `at`: addresses of the web interface at which it does, for keys.
    """

    word: Word
    text: str
    usable: bool
    at: tuple[str, ...] = ()


def thing(entry: TfaEntry) -> str:
    """`the phone "phone"`, `the key "rack 3"`, `the paper with the recovery keys`."""
    if entry.type == "recovery":
        return "the paper with the recovery keys"
    return f"{_THINGS[entry.type]} {called(entry)}"


def called(entry: TfaEntry) -> str:
    """`"rack 3"`, quoted; what has no name, by its id."""
    return f'"{plain(entry.description or entry.id)}"'


def ordered(situation: Situation) -> tuple[TfaEntry, ...]:
    """The entries of whom it is about, in the order of SUBJECTS."""
    order = tuple(SUBJECTS)
    found = entries_of(situation.snapshot, situation.userid)
    return tuple(sorted(found, key=lambda entry: order.index(entry.type)))


def realm_of(situation: Situation) -> Realm | None:
    """The realm of whom it is about."""
    realms = situation.snapshot.realms.value
    return realms.realms.get(situation.userid.rpartition("@")[2]) if realms else None


def locks_of(situation: Situation) -> UserTfa:
    """What tfa.cfg says of them in all."""
    tfa = situation.snapshot.tfa.value
    return (tfa.users.get(situation.userid) if tfa else None) or UserTfa(situation.userid)


def state(situation: Situation, entry: TfaEntry) -> State:
    """Of one entry, quorum included (reference 7.2: TOTP and recovery keys are stored)."""
    of_all = locks_of(situation)
    if not entry.enable:
        return State("-", "disabled: PVE does not ask for it", False)
    if problem := _refused_by_realm(situation, entry):
        return State("LOOK", problem, False)
    until = of_all.locked_until
    if until is not None and until > situation.now:
        return State("BAD", f"LOCKED until {date_time(until)} by too many wrong tries", False)
    match entry.type:
        case "totp":
            return _totp(situation, entry, locked=of_all.totp_locked)
        case "webauthn":
            return _key(situation, entry)
        case "recovery":
            return _recovery(situation, entry)
        case "yubico":
            return State("LOOK", "depends on the server of Yubico codes, not asked here", True)
        case _:
            return State("LOOK", "newer versions of PVE do not take it", False)


def is_locked(situation: Situation, entry: TfaEntry) -> bool:
    """Whether a lock of PVE's keeps this one from working."""
    mine = locks_of(situation)
    of_all = mine.locked_until is not None and mine.locked_until > situation.now
    return entry.enable and (of_all or (entry.type == "totp" and mine.totp_locked))


def taken_by_realm(situation: Situation, entry: TfaEntry) -> bool:
    """Whether PVE would ask for one of its kind at all, in that realm."""
    return not _refused_by_realm(situation, entry)


def without_quorum(situation: Situation) -> bool:
    """Whether codes that have to be stored cannot be."""
    return is_quorate(situation) is False


def _refused_by_realm(situation: Situation, entry: TfaEntry) -> str:
    realm = realm_of(situation)
    if realm is not None and realm.type == "openid":
        return "never asked for: in OpenID realms only the identity provider asks"
    demand = demanded(realm)
    if demand and entry.type not in _TAKEN[demand]:
        return f"never asked for: the realm requires {DEMANDS[demand]} and takes nothing else"
    if not demand and entry.type == "yubico":
        return "never asked for: the realm has no Yubico settings"
    return ""


def _totp(situation: Situation, entry: TfaEntry, *, locked: bool) -> State:
    at = last_code(entry)
    last = f"last right code {date_time(at)}" if at else "no login with it is known"
    if locked:
        return State("BAD", f"LOCKED (8 wrong codes); {last}", False)
    if without_quorum(situation):
        return State("BAD", "fails here although the code is right (must be stored)", False)
    return State("ok", last, True)


def _recovery(situation: Situation, entry: TfaEntry) -> State:
    if entry.unused is None:
        text, word, usable = "how many are left is not told", "LOOK", True
    else:
        text = f"{entry.unused} of {entry.total} left" if entry.total else "none left"
        usable = entry.unused > 0
        word = "BAD" if not usable else "LOOK" if entry.unused <= RECOVERY_LOW else "ok"
    if usable and without_quorum(situation):
        return State("BAD", f"fail here although the key is right (must be stored); {text}", False)
    return State(_word(word), text, usable)


def _word(text: str) -> Word:
    return "BAD" if text == "BAD" else "LOOK" if text == "LOOK" else "ok"


def _key(situation: Situation, entry: TfaEntry) -> State:
    if problem := webauthn_problem(situation.snapshot):
        return State("BAD", f"cannot be used: {problem}", False)
    for one in findings_of(situation.snapshot, situation.userid, situation.now):
        if one.entry == entry.id and one.kind in _SHORT_OF_COUNTER:
            return State("BAD", one.finding.text, False)
    if situation.snapshot.datacenter.value is None:
        return State("LOOK", "the WebAuthn settings were not read: it may not be accepted", True)
    places = key_addresses(situation) or (under(situation),)
    if without_quorum(situation):
        return State("ok", "works here, without quorum, too", True, places)
    where = f"at {places[0]}" if places[0].startswith("https:") else places[0]
    return State("ok", f"works {where}", True, places)


def key_addresses(situation: Situation) -> tuple[str, ...]:
    """Where browsers can use keys: at this node's own names that fit, and at the fixed origin."""
    settings = settings_of(situation.snapshot)
    if settings is None:
        return ()
    fit = [one.url for one in reach(settings, situation.web) if one.ok]
    fixed = [settings.origin] if settings.origin else []
    return tuple(dict.fromkeys((*fit, *fixed)))


def under(situation: Situation) -> str:
    """`under names of example.com, not by address`."""
    settings = settings_of(situation.snapshot)
    ident = plain(settings.id) if settings else ""
    return f"under names of {ident}, not by address"
