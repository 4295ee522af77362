"""Second factors (reference 4.4, 7; proxmox-tfa 6.0.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core import otpauth, propertystring, schema, versions
from pve_auth_tui.core.objects import NEW
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.predict.call import Params
from pve_auth_tui.core.predict.refusal import Refusal, missing
from pve_auth_tui.core.predict.world import World
from pve_auth_tui.core.tfaconfig import LISTED, TfaEntry, TfaType, UserTfa

_CODES: Final = 10  # in a set of recovery keys
_OTP_LENGTHS: Final = range(32, 49)
_PUBLIC_ID: Final = 12
_MARK: Final = "x"
_CLEARED_SINCE: Final = "9.0.3"  # `keys` goes with the last entry (reference 4.4)
_ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "recovery": frozenset(),
    "totp": frozenset({"totp", "value"}),
    "yubico": frozenset({"value"}),
    "webauthn": frozenset({"challenge", "value"}),
    "u2f": frozenset({"challenge", "value"}),
}


def add(world: World, params: Params) -> None:
    """A security key takes two calls. The second one names no description; one that it names
    all the same is taken for that of the first, if that is not part of the plan.
    """
    userid, kind = params.text("userid"), params.text("type")
    world.access.user(userid)
    user = world.tfa.users.get(userid) or UserTfa(userid)
    for name in ("totp", "value", "challenge"):
        if name in params and name not in _ALLOWED[kind]:
            raise Refusal(f"PVE takes no {name} for a factor of type {kind}.")
    if kind not in ("recovery",) and "description" not in params and "challenge" not in params:
        raise Refusal("A new second factor needs a description.")
    entry = _NEW_ENTRY[kind](world, params, user)
    _mark(world, userid)
    if entry is not None:
        _put(world, _with(user, (*user.entries, entry)))


def _recovery(world: World, params: Params, user: UserTfa) -> TfaEntry:
    if any(entry.type == "recovery" for entry in user.entries):
        raise Refusal(f"{user.userid} has recovery keys already; they must go first.")
    return TfaEntry(
        "recovery", "recovery", created=world.now, unused=_CODES, total=_CODES, data=None
    )


def _totp(world: World, params: Params, user: UserTfa) -> TfaEntry:
    if "totp" not in params or "value" not in params:
        raise Refusal("A TOTP entry needs an otpauth URI and a code.")
    try:
        uri = otpauth.parse(params.text("totp")).uri()
    except otpauth.BadUri:  # its text may repeat the secret
        raise Refusal("PVE cannot read the otpauth URI.") from None
    return _entry(world, user, "totp", params.text("description"), uri)


def _yubico(world: World, params: Params, user: UserTfa) -> TfaEntry:
    demanded = _demand(world, user.userid)
    if demanded.get("type") != "yubico" or not demanded.keys() >= {"id", "key"}:
        realm = user.userid.rpartition("@")[2]
        raise Refusal(f"The realm {realm} is not set up for Yubico one-time codes.")
    value = params.text("value")
    if len(value) not in _OTP_LENGTHS:
        raise Refusal("That is no one-time code of a YubiKey.")
    return _entry(world, user, "yubico", params.text("description"), value[:_PUBLIC_ID])


def _webauthn(world: World, params: Params, user: UserTfa) -> TfaEntry | None:
    settings = world.datacenter.options.get("webauthn")
    if not isinstance(settings, Mapping) or not {"rp", "id"} <= settings.keys():
        raise Refusal("WebAuthn is not set up in the options of the datacenter.")
    if "challenge" not in params:
        world.described[user.userid] = params.text("description")
        return None
    if "value" not in params:
        raise Refusal("The answer of the security key is missing.")
    description = world.described.pop(user.userid, params.text("description"))
    return _entry(world, user, "webauthn", description, None)


def _u2f(world: World, params: Params, user: UserTfa) -> TfaEntry | None:
    raise Refusal("New U2F keys cannot be added; WebAuthn takes their place.")


_NEW_ENTRY: Final = {
    "recovery": _recovery,
    "totp": _totp,
    "yubico": _yubico,
    "webauthn": _webauthn,
    "u2f": _u2f,
}


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
    """Both locks go; whoever has no second factor has none to unlock."""
    userid = params.text("userid")
    world.access.user(userid)
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


def _mark(world: World, userid: str) -> None:
    world.access.write()
    world.access.put_user(replace(world.access.users[userid], keys=_MARK))


def _demand(world: World, userid: str) -> dict[str, str]:
    """What the user's realm demands of logins; empty when it demands nothing."""
    realm = world.realms.realms.get(userid.rpartition("@")[2])
    text = realm.options.get("tfa", "") if realm else ""
    try:
        return propertystring.split(text, schema.REALM_TFA) if truthy(text) else {}
    except propertystring.Malformed:
        return {}
