"""Second factors (reference 4.4, 7; proxmox-tfa 6.0.5)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core import otpauth, propertystring, schema, versions
from pve_auth_tui.core.logins import webauthn_problem
from pve_auth_tui.core.objects import NEW
from pve_auth_tui.core.oldkeys import factors_in, old_description
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.predict.call import Params
from pve_auth_tui.core.predict.refusal import Refusal, Unforeseeable, missing
from pve_auth_tui.core.predict.world import World
from pve_auth_tui.core.secret import HIDDEN
from pve_auth_tui.core.tfaconfig import LISTED, TfaEntry, TfaType, UserTfa

_CODES: Final = 10  # in a set of recovery keys
_MOST_DIGITS: Final = 9
_OTP_LENGTHS: Final = range(32, 49)
_PUBLIC_ID: Final = 12
_MARK: Final = "x"
_CLEARED_SINCE: Final = "9.0.3"  # `keys` goes with the last entry (reference 4.4)
_GIVEN: Final = ("totp", "value", "challenge")
_TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "recovery": frozenset(),
    "totp": frozenset({"totp", "value"}),
    "yubico": frozenset({"value"}),
    "webauthn": frozenset({"challenge", "value"}),
    "u2f": frozenset({"challenge", "value"}),
}


def add(world: World, params: Params) -> None:
    """A security key takes two calls. The second one names no description; one that it names
    all the same is taken for that of the first, if that is not part of the plan.

    PVE marks the user in user.cfg before anything can fail. What `keys` held before becomes
    factors, which are only written together with the new one.
    """
    userid, kind = params.text("userid"), params.text("type")
    person = world.access.user(userid)
    public_id = _yubico_id(world, userid, params) if kind == "yubico" else ""
    user = world.tfa.users.get(userid) or UserTfa(userid)
    if person.has_old_keys:
        user = _with_old_keys(world, user, person.keys or "")
    world.access.write()
    world.access.put_user(replace(world.access.users[userid], keys=_MARK))
    if forbidden := [name for name in _GIVEN if name in params and name not in _TAKEN[kind]]:
        raise Refusal(f"PVE takes no {forbidden[0]} for a factor of type {kind}.")
    if kind != "recovery" and "description" not in params and "challenge" not in params:
        raise Refusal("A new second factor needs a description.")
    match kind:
        case "recovery":
            entry: TfaEntry | None = _recovery(world, user)
        case "totp":
            entry = _totp(world, params, user)
        case "yubico":
            entry = _entry(world, user, "yubico", params.text("description"), public_id)
        case "webauthn":
            entry = _webauthn(world, params, user)
        case _:
            raise Refusal("New U2F keys cannot be added; WebAuthn takes their place.")
    _put(world, user if entry is None else _with(user, (*user.entries, entry)))
    if person.keys == HIDDEN:  # as PVE's API shows them here: nobody knows what becomes of them
        raise Unforeseeable


def _with_old_keys(world: World, user: UserTfa, keys: str) -> UserTfa:
    world.realm_type(user.userid)
    for number, (kind, data) in enumerate(
        factors_in(keys, user.userid, _demand(world, user.userid))
    ):
        entry = _entry(world, user, kind, old_description(number), data)
        user = _with(user, (*user.entries, entry))
    return user


def _recovery(world: World, user: UserTfa) -> TfaEntry:
    if any(entry.type == "recovery" for entry in user.entries):
        raise Refusal(f"{user.userid} has recovery keys already; they must go first.")
    return TfaEntry(
        "recovery", "recovery", created=world.now, unused=_CODES, total=_CODES, data=None
    )


def _totp(world: World, params: Params, user: UserTfa) -> TfaEntry:
    if "totp" not in params or "value" not in params:
        raise Refusal("A TOTP entry needs an otpauth URI and a code.")
    try:
        totp = otpauth.parse(params.text("totp"))
    except otpauth.BadUri:  # its text may repeat the secret
        raise Refusal("PVE cannot read the otpauth URI.") from None
    if not _fits(totp, params.text("value"), world.now):
        raise Refusal("The code does not fit the secret at this time.")
    return _entry(world, user, "totp", params.text("description"), totp.uri())


def _fits(totp: otpauth.Totp, code: str, now: int) -> bool:
    """Is this the code (RFC 6238) of now, of the period before or of the one after?

    With more digits than any app shows PVE computes in its own way: those are not judged.
    """
    if totp.digits > _MOST_DIGITS:
        return True
    if totp.period == 0 or not re.fullmatch(rf"[+0-9][0-9]{{{totp.digits - 1}}}", code):
        return False
    counters = (now // totp.period + step for step in (-1, 0, 1))
    return any(_value(totp, counter) == int(code) for counter in counters)


def _value(totp: otpauth.Totp, counter: int) -> int:
    digest = hmac.digest(totp.secret, counter.to_bytes(8, "big"), totp.algorithm.lower())
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return int(number % 10**totp.digits)


def _yubico_id(world: World, userid: str, params: Params) -> str:
    """The public id in a one-time code, which Yubico's server still has to confirm."""
    demanded = _demand(world, userid)
    if demanded.get("type") != "yubico" or not demanded.keys() >= {"id", "key"}:
        realm = userid.rpartition("@")[2]
        raise Refusal(f"The realm {realm} is not set up for Yubico one-time codes.")
    value = params.text("value")
    if len(value) not in _OTP_LENGTHS:
        raise Refusal("That is no one-time code of a YubiKey.")
    return value[:_PUBLIC_ID]


def _webauthn(world: World, params: Params, user: UserTfa) -> TfaEntry | None:
    settings = world.before.datacenter._replace(value=world.datacenter)
    if problem := webauthn_problem(replace(world.before, datacenter=settings)):
        raise Refusal(f"No security key can be added: {problem}.")
    if "challenge" not in params:
        world.described[user.userid] = params.text("description")
        return None
    if "value" not in params:
        raise Refusal("The answer of the security key is missing.")
    description = world.described.pop(user.userid, params.text("description"))
    return _entry(world, user, "webauthn", description, None)


def change(world: World, params: Params) -> None:
    """Another description, on or off; recovery keys have neither."""
    user, entry = _found(world, params)
    if entry.type == "recovery":
        raise Refusal("Recovery keys can neither be renamed nor switched off.")
    new = replace(
        entry,
        description=params.text("description", entry.description),
        enable=params.flag("enable", entry.enable),
    )
    _put(world, _with(user, (new if one is entry else one for one in user.entries)))


def remove(world: World, params: Params) -> None:
    """With the last one the user's locks go, and the mark in user.cfg."""
    user, entry = _found(world, params)
    left = _with(user, (one for one in user.entries if one is not entry))
    if left.entries:
        _put(world, left)
        return
    world.forget_factors(user.userid)
    if versions.at_least(world.release, _CLEARED_SINCE) and user.userid in world.access.users:
        world.access.write()
        world.access.put_user(replace(world.access.users[user.userid], keys=None))


def unlock(world: World, params: Params) -> None:
    """Both locks go; PVE only looks into tfa.cfg for the user."""
    userid = params.text("userid")
    user = world.tfa.users.get(userid)
    if user is None:
        raise missing(f"{userid} has no second factor, so nothing is locked.")
    if user.totp_locked or user.locked_until is not None:
        _put(world, replace(user, totp_locked=False, locked_until=None))


def _found(world: World, params: Params) -> tuple[UserTfa, TfaEntry]:
    """An entry by its id; recovery keys come last, another entry may have their id."""
    userid, name = params.text("userid"), params.text("id")
    world.access.user(userid)
    user = world.tfa.users.get(userid)
    if user is not None:
        for entry in sorted(user.entries, key=lambda entry: entry.type == "recovery"):
            if entry.id == name:
                return user, entry
    raise missing(f"{userid} has no second factor with the id {name}.")


def _entry(world: World, user: UserTfa, kind: TfaType, text: str, data: Any) -> TfaEntry:
    return TfaEntry(_new_id(user), kind, text, world.now, data=data)


def _new_id(user: UserTfa) -> str:
    taken = {entry.id for entry in user.entries}
    return next(new for n in range(1, len(taken) + 2) if (new := f"{NEW}{n}") not in taken)


def _with(user: UserTfa, entries: Iterable[TfaEntry]) -> UserTfa:
    """The user with these entries, in PVE's order."""
    ordered = sorted(entries, key=lambda entry: LISTED.index(entry.type))
    return replace(user, entries=tuple(ordered))


def _put(world: World, user: UserTfa) -> None:
    """A lock that has ended by now goes with any change (proxmox-tfa)."""
    if user.locked_until is not None and user.locked_until < world.now:
        user = replace(user, locked_until=None)
    world.tfa = replace(world.tfa, users={**world.tfa.users, user.userid: user})


def _demand(world: World, userid: str) -> dict[str, str]:
    """What the user's realm demands of logins; empty when it demands nothing."""
    realm = world.realms.realms.get(userid.rpartition("@")[2])
    text = realm.options.get("tfa", "") if realm else ""
    try:
        return propertystring.split(text, schema.REALM_TFA) if truthy(text) else {}
    except propertystring.Malformed:
        return {}
