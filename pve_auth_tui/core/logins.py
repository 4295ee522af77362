"""Can somebody log in to the web interface, as far as PVE's files tell, and with what.

Sources: reference 5.4 (what a realm may demand), 7.2 (factors, locks, quorum), 8.1 (WebAuthn
needs rp and id), 5.3 (OpenID logins are never asked for a factor by PVE). The password
itself, the directory and the identity provider are not known from files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import has_expired

KINDS: Mapping[str, str] = {
    "webauthn": "key",
    "totp": "totp",
    "yubico": "yubico",
    "u2f": "u2f",
    "recovery": "recovery",
}
"""TFA types as tfa.cfg has them -> the words of lists and of finding, in the order shown."""

_OF_DEMAND = {"oath": "totp", "yubico": "yubico"}  # the realm's Require TFA -> our word

DEMANDS: Mapping[str, str] = {"oath": "TOTP", "yubico": "Yubico OTP"}
"""The realm's Require TFA -> PVE's words for it."""

RECOVERY_LOW = 3  # PVE's own UI warns from here on


@dataclass(frozen=True, slots=True)
class Login:
    """How one user stands at the login.

    `asked`: PVE asks for a second factor. `kinds`: enabled factors, as words, recovery
    included. `usable`: those that would pass now. `at_idp`: an OpenID realm, whose second
    factor is the provider's. `locked`: `totp`, `all` or empty. `obstacle` says in one
    sentence why the user cannot log in, or is empty when the files hold no reason.
    `lacks_demanded`: the realm requires a factor, and the user has none of that kind.
    """

    asked: bool = False
    kinds: tuple[str, ...] = ()
    usable: frozenset[str] = frozenset()
    at_idp: bool = False
    locked: str = ""
    obstacle: str = ""
    lacks_demanded: bool = False

    @property
    def without_quorum(self) -> bool:
        """TOTP and recovery logins write tfa.cfg and fail without quorum, keys do not."""
        return not self.obstacle and (not self.asked or "key" in self.usable)

    @property
    def second_factor(self) -> bool:
        """Is there a second factor of PVE that keeps others out?"""
        return self.asked and bool(self.kinds)


def demanded(realm: Realm | None) -> str:
    """The realm's Require TFA: `oath`, `yubico` or empty."""
    if realm is None or realm.type == "openid":
        return ""
    for part in realm.options.get("tfa", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "type" and value in ("oath", "yubico"):
            return value
    return ""


def login(snapshot: Snapshot, userid: str, now: float) -> Login:
    """How `userid` stands at the login.

    Parts that could not be read are taken for harmless, but for a tfa.cfg that PVE itself
    refuses: then nobody can log in by password (reference 11.4, 10).
    """
    realm_name = userid.rpartition("@")[2]
    realms = snapshot.realms.value
    realm = realms.realms.get(realm_name) if realms else None
    tfa = snapshot.tfa.value.users.get(userid) if snapshot.tfa.value else None
    kinds = enabled_kinds(tfa)
    obstacle = _account_obstacle(snapshot, userid, now)
    if realm is not None and realm.type == "openid":
        return Login(kinds=kinds, at_idp=True, obstacle=obstacle)
    if not obstacle and realms is not None and realm is None:
        obstacle = f"realm {realm_name} does not exist"
    if not obstacle and realm is not None and realm.type is None:
        obstacle = f"PVE cannot read realm {realm_name}"
    if not obstacle and snapshot.tfa.refused:
        obstacle = "PVE cannot read tfa.cfg"
    if not obstacle and _has_no_password(snapshot, userid):
        obstacle = "no password is set"
    demand = demanded(realm)
    if not kinds and not demand:
        return Login(obstacle=obstacle)
    old = _OF_DEMAND[demand] if demand and _old_keys(snapshot, userid) else ""
    locked = _locked(tfa, (*kinds, old), now)
    usable = _usable(snapshot, tfa, kinds, demand, locked)
    if old and locked != "all" and (old, locked) != ("totp", "totp"):
        usable |= {old}
    if not obstacle and not usable:
        obstacle = _factor_obstacle(kinds, demand, locked)
    lacks = bool(demand) and not usable and not _waits(locked, demand)
    return Login(True, kinds, usable, False, locked, obstacle, lacks)


def active_administrators(config: UserConfig, now: float) -> list[str]:
    """Administrators who are neither disabled nor expired, sorted."""
    return [
        userid
        for userid in sorted(acl_index(config).administrators.intersection(config.users))
        if config.users[userid].enable and not has_expired(config.users[userid].expire, now)
    ]


def kept_out_by(snapshot: Snapshot, realm: Realm, now: float) -> list[str]:
    """Administrators of a realm with Require TFA who have no factor that it takes."""
    config = snapshot.access.value
    if config is None or not demanded(realm):
        return []
    return [
        userid
        for userid in sorted(acl_index(config).administrators.intersection(config.users))
        if config.users[userid].realm == realm.name and login(snapshot, userid, now).lacks_demanded
    ]


def enabled_kinds(tfa: UserTfa | None) -> tuple[str, ...]:
    """The words for a user's enabled factors, in the order of KINDS."""
    if tfa is None:
        return ()
    types = {entry.type for entry in tfa.entries if entry.enable}
    return tuple(word for kind, word in KINDS.items() if kind in types)


def recovery_left(tfa: UserTfa | None) -> int | None:
    """Unused recovery keys; None when there is no set, or nobody told (PVE's API does not)."""
    for entry in tfa.entries if tfa else ():
        if entry.type == "recovery":
            return entry.unused
    return None


def entries_of(snapshot: Snapshot, userid: str) -> tuple[TfaEntry, ...]:
    """Somebody's entries in tfa.cfg; none where it was not read."""
    tfa = snapshot.tfa.value
    user = tfa.users.get(userid) if tfa else None
    return user.entries if user else ()


def counter_refused(stored: int, now: int) -> bool:
    """Whether PVE refuses a security key for its counter: it must be above that of the enrolment,
    for ever, unless both are 0 (reference 8.5).
    """
    return bool(stored or now) and now <= stored


def webauthn_options(snapshot: Snapshot) -> Mapping[str, str]:
    """`webauthn` of datacenter.cfg, as it stands there; empty where it is not set, or not read."""
    datacenter = snapshot.datacenter.value
    found = datacenter.options.get("webauthn") if datacenter else None
    return found if isinstance(found, Mapping) else {}


def webauthn_id(snapshot: Snapshot) -> str:
    """The ID that security keys are bound to today; "" where none is set, or read."""
    return webauthn_options(snapshot).get("id", "")


def webauthn_problem(snapshot: Snapshot) -> str:
    """Why no security key can be used, in words; "" when nothing speaks against it.

    The code needs rp and id; PVE 9 takes only names as hosts, and an origin that is the domain
    id or below it, if one is set (reference 8.1). Settings that could not be read are taken for
    harmless.
    """
    if snapshot.datacenter.value is None:
        return ""
    webauthn = webauthn_options(snapshot)
    if not webauthn.get("rp") or not webauthn.get("id"):
        return "WebAuthn is not set up"
    origin, ident = webauthn.get("origin"), webauthn["id"]
    if not _is_below(f"https://{ident}", ident):
        return "the id of WebAuthn is no host name"
    if origin is None or _is_below(origin, ident):
        return ""
    return "the origin of WebAuthn does not fit its id"


def _is_below(origin: str, ident: str) -> bool:
    from pve_auth_tui.core import weburl  # few clusters have an origin

    try:
        url = weburl.parse(origin)
    except weburl.BadUrl:
        return False
    return url.is_domain and (url.host == ident or url.host.endswith(f".{ident}"))


def _account_obstacle(snapshot: Snapshot, userid: str, now: float) -> str:
    access = snapshot.access.value
    if access is None:
        return ""
    user = access.users.get(userid)
    if user is None:  # PVE adds root@pam again, enabled
        return "" if userid == ROOT else "there is no such user"
    if not user.enable:
        return "the account is disabled"
    if has_expired(user.expire, now):
        return "the account has expired"
    return ""


def _has_no_password(snapshot: Snapshot, userid: str) -> bool:
    """Only passwords of realm pve are in a file of the cluster (priv/shadow.cfg)."""
    passwords = snapshot.passwords.value
    name, _, realm = userid.rpartition("@")
    return realm == "pve" and passwords is not None and name not in passwords.users


def _locked(tfa: UserTfa | None, kinds: tuple[str, ...], now: float) -> str:
    """A lock without a factor behind it locks nothing."""
    if tfa is None or not any(kinds):
        return ""
    if tfa.locked_until is not None and tfa.locked_until > now:
        return "all"
    return "totp" if tfa.totp_locked and "totp" in kinds else ""


def _waits(locked: str, demand: str) -> bool:
    """Whether the realm may take something again when the lock is gone."""
    return locked == "all" or (locked == "totp" and _OF_DEMAND[demand] == "totp")


def _usable(
    snapshot: Snapshot,
    tfa: UserTfa | None,
    kinds: tuple[str, ...],
    demand: str,
    locked: str,
) -> frozenset[str]:
    if locked == "all":
        return frozenset()
    usable = set(kinds)
    if locked == "totp":
        usable.discard("totp")
    if recovery_left(tfa) == 0:
        usable.discard("recovery")
    if demand:
        usable &= {"recovery", _OF_DEMAND[demand]}
    else:
        usable.discard("yubico")  # can only be checked with the realm's Yubico settings
        if webauthn_problem(snapshot):
            usable.discard("key")
    return frozenset(usable)


def _old_keys(snapshot: Snapshot, userid: str) -> bool:
    """Does user.cfg hold a secret or key id from before tfa.cfg (reference 7.3)?"""
    access = snapshot.access.value
    user = access.users.get(userid) if access else None
    return user is not None and user.has_old_keys


def _factor_obstacle(kinds: tuple[str, ...], demand: str, locked: str) -> str:
    if locked == "all":
        return "all second factors are locked"
    if demand:
        if locked == "totp" and demand == "oath":
            return "TOTP is locked, and the realm takes nothing else"
        return f"the realm requires {DEMANDS[demand]}, and there is none"
    if locked == "totp":
        return "TOTP is locked, and there is no other factor to use"
    if kinds == ("recovery",):
        return "no recovery keys are left"
    return "no second factor can be used"
