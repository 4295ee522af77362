"""What is looked at of one login: password, account, realm, each second factor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.logins import DEMANDS, demanded, login, webauthn_problem
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.recover.check import Check
from pve_auth_tui.core.recover.factorwords import (
    SUBJECTS,
    called,
    ordered,
    realm_of,
    state,
)
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.unixshadow import Shadow
from pve_auth_tui.core.words import date_time, expiry, has_expired

_SHADOW: Final[dict[Shadow, tuple[Word, str]]] = {
    Shadow.SET: ("ok", "root's Linux password is set, not expired"),
    Shadow.NONE: ("BAD", "root has no Linux password: passwd root sets one"),
    Shadow.LOCKED: ("BAD", "root's Linux password is locked: passwd root sets a new one"),
    Shadow.EXPIRED: ("BAD", "root's Linux password has expired: passwd root sets a new one"),
    Shadow.MUST_CHANGE: ("BAD", "root's Linux password must be changed first: passwd root"),
    Shadow.UNKNOWN: ("-", "whether root has a Linux password is not known here"),
}
_KEPT_FOR: Final = "It is not the password that fails when PVE asks for a second factor."


def login_checks(situation: Situation) -> Iterator[Check]:
    """In the order in which PVE itself asks: password, account, realm, second factors."""
    yield from _password(situation)
    yield from _account(situation)
    yield from _realm(situation)
    yield from _factors(situation)


def _password(situation: Situation) -> Iterator[Check]:
    snapshot = situation.snapshot
    name, _, realm_name = situation.userid.rpartition("@")
    realm = realm_of(situation)
    kind = realm.type if realm else {"pam": "pam", "pve": "pve"}.get(realm_name)
    if situation.userid == ROOT:
        word, text = _SHADOW[situation.condition.shadow]
        yield Check(word, "password", text, () if word == "BAD" else (_KEPT_FOR,))
    elif kind == "pam":
        unix = snapshot.unix.value
        yield _known_or_not("a Linux password", None if unix is None else name in unix.users)
    elif kind == "pve":
        passwords = snapshot.passwords.value
        told = None if passwords is None else name in passwords.users
        yield _known_or_not("a password in priv/shadow.cfg", told)
    elif kind in DIRECTORIES:
        text = f"depends on the directory of realm {plain(realm_name)}, not asked here"
        yield Check("LOOK", "password", text)
    elif kind == "openid":
        text = f"depends on the identity provider of realm {plain(realm_name)}, not asked here"
        yield Check("LOOK", "password", text)
    else:
        yield Check("BAD", "realm", f"there is no realm {plain(realm_name)} that PVE can read")


def _known_or_not(what: str, there: bool | None) -> Check:
    if there is None:
        return Check("-", "password", f"whether there is {what} is not known here")
    return (
        Check("ok", "password", f"{what} is set")
        if there
        else Check("BAD", "password", f"there is no usable one: {what} is missing or locked")
    )


def _account(situation: Situation) -> Iterator[Check]:
    snapshot = situation.snapshot
    access = snapshot.access.value
    if access is None:
        why = snapshot.access.problem or "user.cfg was not read"
        yield Check("LOOK", "account", f"not known: {why}")
        return
    user = access.users.get(situation.userid)
    if user is None and situation.userid != ROOT:
        word: Word = "LOOK" if snapshot.restricted else "BAD"
        yield Check(word, "account", f"PVE shows no user {plain(situation.userid)}")
    elif user and not user.enable:
        yield Check("BAD", "account", f"{plain(situation.userid)} is disabled")
    elif user and has_expired(user.expire, situation.now):
        yield Check("BAD", "account", f"expired at {date_time(user.expire)}")
    else:
        expire = user.expire if user else 0
        until = f"expires {expiry(expire, situation.now)}" if expire else "does not expire"
        yield Check("ok", "account", f"enabled, {until}")


def _realm(situation: Situation) -> Iterator[Check]:
    """Said only where the realm asks for more than everybody has."""
    demand = demanded(realm_of(situation))
    if not demand:
        return
    found = login(situation.snapshot, situation.userid, situation.now)
    name = plain(situation.userid.rpartition("@")[2])
    text = f"{name} requires {DEMANDS[demand]}, and takes recovery keys besides"
    if found.lacks_demanded:
        yield Check("BAD", "realm", f"{name} requires {DEMANDS[demand]}, and there is none")
    else:
        yield Check("ok", "realm", text)


def _factors(situation: Situation) -> Iterator[Check]:
    snapshot = situation.snapshot
    if snapshot.tfa.refused:
        more = tuple(plain(text) for text in (snapshot.tfa.problem, snapshot.tfa.hint) if text)
        text = "PVE cannot read priv/tfa.cfg: nobody can log in with a password"
        yield Check("BAD", "tfa.cfg", text, more)
        return
    if snapshot.tfa.value is None:
        why = plain(snapshot.tfa.problem) or "priv/tfa.cfg was not read"
        yield Check("LOOK", "factors", f"not known: {why}")
        return
    entries = ordered(situation)
    yield from _from_before(situation)
    for entry in entries:
        how = state(situation, entry)
        name = "" if entry.type == "recovery" else f"{called(entry)}: "
        yield Check(how.word, SUBJECTS[entry.type], f"{name}{how.text}", how.at)
    if not any(entry.enable for entry in entries) and not demanded(realm_of(situation)):
        yield Check("ok", "factors", "PVE asks for no second factor: the password is enough")
    if any(entry.type == "webauthn" for entry in entries):
        yield from _webauthn(situation)


def _from_before(situation: Situation) -> Iterator[Check]:
    """Secrets of user.cfg, which PVE takes where the realm demands them (reference 7.3)."""
    access, demand = situation.snapshot.access.value, demanded(realm_of(situation))
    user = access.users.get(situation.userid) if access else None
    if demand and user is not None and user.has_old_keys:
        text = "an old one in user.cfg, which PVE takes, too; whether it works was not tried"
        yield Check("LOOK", DEMANDS[demand], text)


def _webauthn(situation: Situation) -> Iterator[Check]:
    """Where keys can be used their own lines say at which address."""
    if problem := webauthn_problem(situation.snapshot):
        yield Check("BAD", "WebAuthn", f"{problem}: no key can be used")
    elif situation.snapshot.datacenter.value is None:
        yield Check("LOOK", "WebAuthn", "its settings were not read")
