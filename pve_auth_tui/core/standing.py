"""How one account stands at the login, as strictly as a guard must look at it.

`core.logins` answers the same question for lists, where what is not known is taken for
harmless; here it is not. Sources: reference 5.3 (OpenID is never asked for a factor), 5.4 (what
a realm may demand), 7.2 (factors and locks), 8.1 (WebAuthn), 10 (tfa.cfg that PVE refuses).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.logins import DEMANDS, KINDS, demanded, webauthn_problem
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.core.words import has_expired, listed

Certainty = Literal["known", "depends", "unknown"]
"""`known`: it works. `depends`: on a directory or server outside. `unknown`: cannot be told."""

CERTAINTIES: Final[tuple[Certainty, ...]] = ("known", "depends", "unknown")
WEBAUTHN: Final = Key("option", "webauthn")
_OF_DEMAND: Final = {"oath": "totp", "yubico": "yubico"}
_TOUCHED: Final = {
    "totp": "the plan touches its TOTP",
    "recovery": "nobody has seen its new recovery keys yet",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`certainty` None: no way in. `factors`: the second factors that count, as lists name them.

    `reason` completes the userid to a clause (`would be disabled`); empty for what is known.
    """

    certainty: Certainty | None
    factors: tuple[str, ...] = ()
    reason: str = ""


def standing(
    snapshot: Snapshot, userid: str, now: float, touched: Collection[Key], logged_in: str
) -> Standing:
    """`now` in seconds since 1970; `touched` and `logged_in` as `core.guard.ways_in` says."""
    account = account_problem(snapshot, userid, now)
    if account is not None:
        return account
    first = first_factor(snapshot, userid, touched, logged_in)
    if first.certainty is None:
        return first
    return _both(first, _second_factor(snapshot, userid, now, touched))


def account_problem(snapshot: Snapshot, userid: str, now: float) -> Standing | None:
    """Why the account itself is no way in, or not known to be one; None where it is in order."""
    access = snapshot.access.value
    user = access.users.get(userid) if access else None
    if user is None and (access is None or snapshot.restricted):
        return Standing("unknown", (), "is not among the users that could be read")
    if user is None and userid != ROOT:  # PVE adds root@pam again
        return Standing(None, (), "would be gone")
    if user and not user.enable:
        return Standing(None, (), "would be disabled")
    if user and has_expired(user.expire, now):
        return Standing(None, (), "would have expired")
    return None


def _both(first: Standing, second: Standing) -> Standing:
    """What holds for a login that needs both: the worse of the two."""
    for certainty in (None, "depends", "unknown"):
        for one in (second, first):
            if one.certainty == certainty:
                return Standing(certainty, second.factors, one.reason)
    return second


def _realm(snapshot: Snapshot, userid: str) -> Realm | None:
    """pam and pve are there even if nothing could be read."""
    name = userid.rpartition("@")[2]
    realms = snapshot.realms.value
    return realms.realms.get(name) if realms else None


def first_factor(
    snapshot: Snapshot, userid: str, touched: Collection[Key] = (), logged_in: str = ""
) -> Standing:
    """The password, or whoever checks it outside; `factors` is empty."""
    name, _, realm_name = userid.rpartition("@")
    realm = _realm(snapshot, userid)
    if realm is None:
        if snapshot.realms.value is None:
            return Standing("unknown", (), f"may be kept out by realm {realm_name}, not read here")
        return Standing(None, (), f"would belong to no realm: there is no {realm_name}")
    if realm.type in DIRECTORIES:
        return Standing("depends", (), f"depends on the directory of realm {realm_name}")
    if realm.type == "openid":
        return Standing("depends", (), f"depends on the identity provider of realm {realm_name}")
    if realm.type not in ("pam", "pve"):
        return Standing(None, (), f"would be kept out: PVE cannot read realm {realm_name}")
    part = snapshot.passwords.value if realm.type == "pve" else snapshot.unix.value
    new = Key("password", userid) in touched
    if part is not None and name not in part.users:
        if new and realm.type == "pam":  # the account may have expired
            return Standing("unknown", (), "may be kept out by /etc/shadow of this node")
        where = "" if realm.type == "pve" else " in /etc/shadow of this node"
        return Standing(None, (), f"would have no usable password{where}")
    shown = userid == logged_in and Key("user", userid) not in touched
    if part is not None or shown or (new and realm.type == "pve"):
        return Standing("known")
    return Standing("unknown", (), "may have no password: that cannot be told from here")


# --- second factor --------------------------------------------------------------------------


class Factor(NamedTuple):
    """One that PVE would take, `kind` as lists name it; `entry` None: a key in user.cfg."""

    kind: str
    standing: Standing
    entry: TfaEntry | None = None


class Asked(NamedTuple):
    """What PVE asks for behind the password. `whole`: that decides, whatever there is in detail."""

    wanted: str = ""
    factors: tuple[Factor, ...] = ()
    whole: Standing | None = None


def second_factors(
    snapshot: Snapshot, userid: str, now: float, touched: Collection[Key] = ()
) -> Asked:
    """Every enabled factor of a kind that is accepted; `whole` is known where PVE asks for none."""
    realm = _realm(snapshot, userid)
    if realm is None or realm.type == "openid":
        return Asked(whole=Standing("known"))
    if snapshot.tfa.value is None:
        if snapshot.tfa.refused:
            return Asked(whole=Standing(None, (), "would be kept out: PVE cannot read tfa.cfg"))
        unread = "may be asked for a second factor: tfa.cfg was not read"
        return Asked(whole=Standing("unknown", (), unread))
    mine = snapshot.tfa.value.users.get(userid) or UserTfa(userid)
    demand = demanded(realm)
    asked = [entry for entry in mine.entries if entry.enable]
    if not asked and not demand:
        return Asked(whole=Standing("known"))
    wanted = DEMANDS.get(demand, "a second factor")
    if mine.locked_until is not None and mine.locked_until > now:
        locked = f"would be asked for {wanted}, and all of them are locked"
        return Asked(wanted, whole=Standing(None, (), locked))
    accepted = {"recovery", _OF_DEMAND[demand]} if demand else set(KINDS) - {"yubico"}
    found = [
        Factor(KINDS[entry.type], _counted(snapshot, mine, entry, touched), entry)
        for entry in asked
        if entry.type in accepted
    ]
    if demand and _has_old_keys(snapshot, userid):
        old = Standing("unknown", (), "has only a key in user.cfg")
        found.append(Factor(_OF_DEMAND[demand], old))
    return Asked(wanted, tuple(found))


def _second_factor(
    snapshot: Snapshot, userid: str, now: float, touched: Collection[Key]
) -> Standing:
    """Known without factors: PVE asks for none."""
    asked = second_factors(snapshot, userid, now, touched)
    return asked.whole or _best(asked.factors, asked.wanted)


def _best(found: Sequence[Factor], wanted: str) -> Standing:
    """The factors of the best certainty there is; why there is none."""
    for certainty in CERTAINTIES:
        words = {one.kind for one in found if one.standing.certainty == certainty}
        if words:
            first = next(one.standing for one in found if one.standing.certainty == certainty)
            reason = first.reason
            return Standing(certainty, tuple(w for w in KINDS.values() if w in words), reason)
    why = listed(list(dict.fromkeys(one.standing.reason for one in found)))
    return Standing(
        None, (), f"would be asked for {wanted} and has none{why and f' that counts: {why}'}"
    )


def _counted(
    snapshot: Snapshot, user: UserTfa, entry: TfaEntry, touched: Collection[Key]
) -> Standing:
    """One enabled factor of a kind that is accepted; `reason` stands alone here."""
    kind = entry.type
    if kind == "totp" and user.totp_locked:
        return Standing(None, (), "TOTP is locked")
    if kind == "recovery" and entry.unused == 0:
        return Standing(None, (), "no recovery keys are left")
    if kind == "webauthn" and (problem := webauthn_problem(snapshot)):
        return Standing(None, (), problem)
    if kind == "webauthn" and WEBAUTHN in touched:
        return Standing(None, (), "the plan changes the WebAuthn settings of its keys")
    doubtful = {Key("factor", user.userid, entry.id), Key("lock", user.userid)}
    if not doubtful.isdisjoint(touched):
        return Standing(None, (), _TOUCHED.get(kind, f"the plan touches its {KINDS[kind]}"))
    if kind == "webauthn" and snapshot.datacenter.value is None:
        return Standing("unknown", (), "may not get its key accepted: datacenter.cfg was not read")
    if kind == "recovery" and entry.unused is None:
        return Standing("unknown", (), "may have no recovery keys left")
    if kind == "yubico":
        return Standing("depends", (), "depends on a Yubico server")
    if kind == "u2f":
        return Standing("unknown", (), "has only a U2F key, which new PVE versions do not take")
    return Standing("known")


def _has_old_keys(snapshot: Snapshot, userid: str) -> bool:
    """A secret or key id from before tfa.cfg (reference 7.3), taken if it is one at all."""
    access = snapshot.access.value
    user = access.users.get(userid) if access else None
    return user is not None and user.has_old_keys
