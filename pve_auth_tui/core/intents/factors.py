"""Second factors: add TOTP and recovery keys, rename, switch, remove, unlock.

Sources: reference 4.4 and 7.2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core import otpauth, versions
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.common import factor_of, factors_of, realm_of, user_of
from pve_auth_tui.core.logins import DEMANDS, demanded, enabled_kinds, webauthn_problem
from pve_auth_tui.core.names import text_problem
from pve_auth_tui.core.objects import NEW
from pve_auth_tui.core.plan import ApiCall, Draft, Intent, KeyCall
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.words import count_words

RECOVERY: Final = "recovery"
"""The id, and the type, of somebody's one set of recovery keys."""

_TYPES: Final = {"totp": "TOTP", "webauthn": "WebAuthn", "yubico": "Yubico OTP", "u2f": "U2F"}
_UNREADABLE_URI: Final = (
    "PVE would not take this key URI: it is no otpauth://totp/ URI that it knows."
)


# --- more factors ---------------------------------------------------------------------


def add_totp(userid: str, description: str, uri: Secret, code: Secret) -> Intent:
    """An authenticator app. `uri`: otpauth://totp/...; `code`: one that it shows now."""
    described = description.strip()

    def intent(snapshot: Snapshot) -> Draft:
        user_of(snapshot, userid)
        _require_description(described)
        _require_code(uri, code)
        step = ApiCall(
            "POST",
            ("access", "tfa", userid),
            {"type": "totp", "description": described},
            {"totp": uri, "value": code},
        )
        notes = [*_asked_at_all(snapshot, userid), *_taken_at_all(snapshot, userid)]
        notes += _named_so(snapshot, userid, described)
        mine = factors_of(snapshot, userid)
        if mine.totp_locked:
            notes.append(
                Finding("LOOK", f"TOTP of {userid} is locked: the new one works when unlocked.")
            )
        return Draft(f"add TOTP {described} for {userid}", (step,), tuple(notes))

    return intent


def add_key(userid: str, description: str) -> Intent:
    """A security key, in PVE's two calls: it asks, the key answers (reference 8.2).

    What the second call sends is made while the plan runs, by `services.enrolkey`.
    """
    described = description.strip()

    def intent(snapshot: Snapshot) -> Draft:
        user_of(snapshot, userid)
        _require_description(described)
        if problem := webauthn_problem(snapshot):
            raise Refused(
                f"No security key can be enrolled: {problem}.",
                "Correct the WebAuthn settings first: id and origin.",
            )
        path = ("access", "tfa", userid)
        params = {"type": "webauthn", "description": described}
        made = dict.fromkeys(("challenge", "value"), Secret(""))
        steps = (ApiCall("POST", path, params), KeyCall("POST", path, params, made))
        notes = [
            *of_no_use(snapshot, userid),
            *_named_so(snapshot, userid, described),
            *_locked_now(snapshot, userid),
            Finding(
                "-",
                f"If it is ended before the key is stored, {userid} has no new entry; a mark"
                " stays in user.cfg (keys=x), which does nothing.",
            ),
        ]
        return Draft(f"enrol security key {described} for {userid}", steps, tuple(notes))

    return intent


def of_no_use(snapshot: Snapshot, userid: str) -> list[Finding]:
    """Why PVE will never ask somebody for a security key: the realm (reference 5.3, 5.4)."""
    return [*_asked_at_all(snapshot, userid), *_key_taken(snapshot, userid)]


def add_recovery(userid: str) -> Intent:
    """Ten recovery keys, which PVE's answer shows once."""

    def intent(snapshot: Snapshot) -> Draft:
        user_of(snapshot, userid)
        if _has_recovery(snapshot, userid):
            raise Refused(
                f"{userid} has recovery keys, and PVE keeps one set only.",
                "Replace them: the old ones then no longer work.",
            )
        notes = [*_asked_at_all(snapshot, userid), *_alone(snapshot, userid)]
        return Draft(f"add recovery keys for {userid}", (_recovery_step(userid),), tuple(notes))

    return intent


def replace_recovery(userid: str) -> Intent:
    """New recovery keys instead of the old ones; between the two calls there are none."""

    def intent(snapshot: Snapshot) -> Draft:
        user_of(snapshot, userid)
        if not _has_recovery(snapshot, userid):
            raise UsageError(f"{userid} has no recovery keys to replace.", "Add them.")
        old = removal_step(userid, factor_of(snapshot, userid, RECOVERY))
        notes = [
            Finding("LOOK", f"The old recovery keys of {userid} no longer work."),
            *_asked_at_all(snapshot, userid),
        ]
        title = f"replace the recovery keys of {userid}"
        return Draft(title, (old, _recovery_step(userid)), tuple(notes))

    return intent


# --- the ones that are there ------------------------------------------------------------


def rename(userid: str, ident: str, text: str) -> Intent:
    """Another description; recovery keys have none."""
    described = text.strip()

    def intent(snapshot: Snapshot) -> Draft:
        entry = _changeable(snapshot, userid, ident, "have no name to change")
        _require_description(described)
        if entry.description == described:
            raise Refused(f"It is named {described} already.")
        title = f"rename {_TYPES[entry.type]} {entry.description} of {userid} to {described}"
        return Draft(title, (_change(userid, entry, {"description": described}),))

    return intent


def switch(userid: str, ident: str, *, enable: bool) -> Intent:
    """Enable or disable one factor; PVE does not ask for a disabled one."""

    def intent(snapshot: Snapshot) -> Draft:
        entry = _changeable(snapshot, userid, ident, "cannot be switched off: remove them")
        doing = "enable" if enable else "disable"
        if entry.enable == enable:
            raise Refused(f"{named(entry)} of {userid} is {doing}d already.")
        step = _change(userid, entry, {"enable": int(enable)})
        return Draft(f"{doing} {named(entry)} of {userid}", (step,))

    return intent


def remove(userid: str, idents: Sequence[str]) -> Intent:
    """Remove some factors of somebody, or all that were named."""
    wanted = tuple(dict.fromkeys(idents))

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError(f"No second factor of {userid} was named to be removed.")
        entries = [factor_of(snapshot, userid, ident) for ident in wanted]
        what = named(entries[0])
        if len(entries) > 1:
            of_all = "all " if len(entries) == len(factors_of(snapshot, userid).entries) else ""
            what = f"{of_all}{count_words(len(entries), 'second factor', 'second factors')}"
        steps = tuple(removal_step(userid, entry) for entry in entries)
        return Draft(f"remove {what} of {userid}", steps)

    return intent


def unlock(userid: str) -> Intent:
    """Take PVE's locks off somebody's factors, and start this node's count of failures anew."""

    def intent(snapshot: Snapshot) -> Draft:
        step = unlock_step(snapshot, userid)
        cluster = snapshot.cluster.value
        notes = []
        if cluster is not None and len(cluster.nodes) > 1:
            node = cluster.node or "this node"
            notes.append(
                Finding(
                    "LOOK",
                    f"Each node counts wrong codes by itself: only the count of {node} starts "
                    "anew.",
                    "Codes that were wrong at another node count on there: unlock it there, too.",
                )
            )
        notes.append(
            Finding("LOOK", f"Whoever locked {userid} knew the password: look at the log first.")
        )
        return Draft(f"unlock the second factors of {userid}", (step,), tuple(notes))

    return intent


# --- their calls ------------------------------------------------------------------------


def removal_step(userid: str, entry: TfaEntry) -> ApiCall:
    """The call that removes one factor; raises Refused for one that is not there yet."""
    _require_made(entry)
    return ApiCall("DELETE", ("access", "tfa", userid, entry.id))


def unlock_step(snapshot: Snapshot, userid: str) -> ApiCall:
    """The call that unlocks somebody; raises Refused when there is nothing to unlock."""
    user_of(snapshot, userid)
    mine = factors_of(snapshot, userid)
    if not (mine.totp_locked or mine.locked_until):
        raise Refused(f"The second factors of {userid} are not locked.")
    cluster = snapshot.cluster.value
    release = cluster.access_control if cluster else ""
    if release and not versions.has(release, "unlock-tfa"):
        raise Refused("PVE unlocks second factors from 8.0 on; older ones never lock them.")
    return ApiCall("PUT", ("access", "users", userid, "unlock-tfa"))


def _recovery_step(userid: str) -> ApiCall:
    return ApiCall("POST", ("access", "tfa", userid), {"type": RECOVERY})


def _change(userid: str, entry: TfaEntry, params: dict[str, str | int | bool]) -> ApiCall:
    return ApiCall("PUT", ("access", "tfa", userid, entry.id), params)


# --- rules ------------------------------------------------------------------------------


def _changeable(snapshot: Snapshot, userid: str, ident: str, why_not: str) -> TfaEntry:
    """PVE answers `no such entry` for recovery keys (reference 4.4)."""
    entry = factor_of(snapshot, userid, ident)
    if entry.type == RECOVERY:
        raise Refused(f"Recovery keys {why_not}.")
    _require_made(entry)
    return entry


def _require_made(entry: TfaEntry) -> None:
    if entry.id.startswith(NEW):
        raise Refused("That second factor is only made by the same plan: it has no id yet.")


def _require_description(text: str) -> None:
    if not text:
        raise UsageError("PVE wants a description: where is it, for example phone.")
    if problem := text_problem("Two factor description", text):
        raise UsageError(problem)


def _require_code(uri: Secret, code: Secret) -> None:
    try:
        totp = otpauth.parse(uri.reveal())
    except otpauth.BadUri:
        raise UsageError(_UNREADABLE_URI) from None  # its text may repeat a part of the secret
    if not re.fullmatch(f"[0-9]{{{totp.digits}}}", code.reveal()):
        raise UsageError(f"A code of this app has {totp.digits} digits.")


def _has_recovery(snapshot: Snapshot, userid: str) -> bool:
    return any(entry.type == RECOVERY for entry in factors_of(snapshot, userid).entries)


def _asked_at_all(snapshot: Snapshot, userid: str) -> list[Finding]:
    realm = realm_of(snapshot, userid)
    if realm is None or realm.type != "openid":
        return []
    return [
        Finding(
            "LOOK",
            f"PVE never asks {userid} for it: in OpenID realms only the provider can.",
            "Ask for the second factor at the identity provider.",
        )
    ]


def _taken_at_all(snapshot: Snapshot, userid: str) -> list[Finding]:
    realm = realm_of(snapshot, userid)
    if realm is None or demanded(realm) != "yubico":
        return []
    return [
        Finding(
            "LOOK", f"Realm {realm.name} requires Yubico OTP: PVE takes no TOTP of {userid} there."
        )
    ]


def _key_taken(snapshot: Snapshot, userid: str) -> list[Finding]:
    realm = realm_of(snapshot, userid)
    demand = demanded(realm)
    if realm is None or not demand:
        return []
    return [
        Finding(
            "LOOK",
            f"Realm {realm.name} requires {DEMANDS[demand]}: PVE takes no security key of {userid}"
            " there.",
            "The key can be stored, and no login will ever ask for it.",
        )
    ]


def _named_so(snapshot: Snapshot, userid: str, described: str) -> list[Finding]:
    entries = factors_of(snapshot, userid).entries
    if not any(entry.description == described for entry in entries):
        return []
    return [Finding("LOOK", f"{userid} has a second factor named {described} already.")]


def _locked_now(snapshot: Snapshot, userid: str) -> list[Finding]:
    """TOTP's own lock keeps no key out; the one of all factors does."""
    until = factors_of(snapshot, userid).locked_until
    if until is None or until <= snapshot.taken_at:
        return []
    told = f"All second factors of {userid} are locked: the new key works when that has ended."
    return [Finding("LOOK", told)]


def _alone(snapshot: Snapshot, userid: str) -> list[Finding]:
    if enabled_kinds(factors_of(snapshot, userid)):
        return []
    return [
        Finding(
            "LOOK",
            f"They are the only second factor of {userid}: each login uses one up.",
            "Add TOTP or a security key first.",
        )
    ]


def named(entry: TfaEntry) -> str:
    """As people call it: `TOTP phone`, `the recovery keys`."""
    if entry.type == RECOVERY:
        return "the recovery keys"
    return f"{_TYPES[entry.type]} {entry.description}".strip()
