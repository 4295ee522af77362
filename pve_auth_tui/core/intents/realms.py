"""Realms: add, edit; a broken one mended. What removes one is `intents.realmremoval`.

Sources: reference 4.3 and 5; PVE::API2::Domains of pve-access-control 9.1.1.

PVE stores the bind password before its own check of the connection, and keeps it when that check
is refused. So a password is never sent together with `check-connection`: a new realm is made
first, with its password, and checked by a second call, which uses what is stored. If that is
refused the realm is there, and goes with its password when the plan is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pve_auth_tui.core import names
from pve_auth_tui.core.directory.settings import settings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.common import found, required
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.realmoptions import (
    ADDED,
    SECRETS,
    TYPES,
    final_words,
    fixed_of,
    label_of,
    option_of,
    required_of,
)
from pve_auth_tui.core.realmoptionsrules import option_problem
from pve_auth_tui.core.realmrisks import DIRECTORIES, risks
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed

_TFA: Final = "tfa"
_PATH: Final = ("access", "domains")
_CHECK: Final = "check-connection"
_KEPT: Final = "PVE keeps a password that was tried even where its own check is refused."


def add(
    name: str,
    kind: str,
    options: Mapping[str, str],
    secrets: Mapping[str, Secret],
    *,
    check: bool = False,
) -> Intent:
    """A new realm; or one that PVE cannot read, made anew with all that it needs.

    `options`: PVE's names and values, empty ones are not sent. `secrets`: `password`,
    `client-key`, `tfa` with a Yubico API key. `check`: PVE itself asks the first server that
    answers. The intent raises UsageError for what PVE would not take, or takes and cannot use.
    """
    given, hidden = dict(options), dict(secrets)

    def intent(snapshot: Snapshot) -> Draft:
        realms = required(snapshot.realms, "Realms").realms
        if problem := new_realm_problem(snapshot, name):
            raise UsageError(problem)
        if kind not in ADDED:
            raise UsageError(f"Realms of type {kind} cannot be added.", f"Types: {listed(ADDED)}.")
        wanted = {option: value for option, value in given.items() if value}
        _require_fine(kind, wanted, hidden)
        for option in required_of(kind):
            if problem := option_problem(kind, option, wanted.get(option, "")):
                raise UsageError(f"{label_of(kind, option)}: {problem}")
        params: dict[str, Param] = {"realm": name, "type": kind, **wanted}
        step = ApiCall("POST", _PATH, params, hidden)
        broken = name in realms
        notes = (*_mended(kind, name, broken=broken), *_risky(Realm(name, kind, wanted)))
        steps = _checked_after(step, name, kind) if check else (step,)
        what = "mend realm" if broken else f"add {TYPES[kind]}"
        return Draft(f"{what} {name}", steps, (*notes, *_of_check(steps)))

    return intent


def edit(
    name: str,
    options: Mapping[str, str],
    gone: Sequence[str],
    secrets: Mapping[str, Secret],
    *,
    digest: str = "",
    check: bool = False,
    seen: Mapping[str, str] | None = None,
) -> Intent:
    """Change a realm; only what differs from the picture is sent, with the picture's digest.

    `gone`: options that are to be unset; so are those that are empty. `digest`: of domains.cfg as
    somebody saw it, "" for the picture's; PVE refuses another one. `seen`: the options as they
    were when somebody began to type: what others changed since is told. Raises as `add` does, and
    Refused when everything is so already.
    """
    given, hidden = dict(options), dict(secrets)
    unset = tuple(dict.fromkeys((*gone, *(option for option in given if not given[option]))))

    def intent(snapshot: Snapshot) -> Draft:
        domains = required(snapshot.realms, "Realms")
        realm = found(snapshot, domains.realms, name, "realm")
        if realm.type is None:
            raise UsageError(
                f"PVE cannot read realm {name}, and so not change it.",
                f"Making it anew with all that it needs mends it: realm add {name} --type ...",
            )
        wanted = {
            option: value
            for option, value in given.items()
            if value and realm.options.get(option) != value
        }
        _require_fine(realm.type, wanted, hidden)
        _require_kept(realm, wanted, unset, hidden)
        deleted = [option for option in unset if option in realm.options or option in SECRETS]
        params: dict[str, Param] = dict(wanted)
        if deleted:
            params["delete"] = ",".join(deleted)
        if not (params or hidden):
            raise Refused(f"Nothing would change: realm {name} is so already.")
        if check:
            params[_CHECK] = 1
            _require_no_password(hidden)
            _require_directory(realm.type)
        if used := digest or domains.digest:
            params["digest"] = used
        step = ApiCall("PUT", (*_PATH, name), params, hidden)
        then = {o: v for o, v in realm.options.items() if o not in deleted} | wanted
        notes = (
            *_changed_by_others(realm, seen),
            *_risky(Realm(name, realm.type, then), but=realm),
            *_sent_elsewhere(realm, Realm(name, realm.type, then), hidden),
            *_of_check((step,)),
        )
        return Draft(f"edit realm {name}", (step,), notes)

    return intent


def new_realm_problem(snapshot: Snapshot, name: str) -> str:
    """What is wrong with the name of a realm to be added; "" when nothing is.

    One that PVE cannot read may be made anew: nothing else mends it (reference 4.3).
    """
    if problem := names.realm_problem(name):
        return problem
    realms = snapshot.realms.value
    known = realms.realms.get(name) if realms else None
    return f"The realm {name} exists already." if known and known.type is not None else ""


# --- what is refused -----------------------------------------------------------------------


def _require_fine(kind: str, options: Mapping[str, str], secrets: Mapping[str, Secret]) -> None:
    """Every value is one that PVE takes and can use, else UsageError; secrets are not repeated."""
    for option in (*options, *secrets):
        if option_of(kind, option) is None:
            raise UsageError(_unknown(kind, option))
    if both := sorted(options.keys() & secrets.keys()):
        raise UsageError(f"{both[0]} is given twice.")
    if plain := sorted(options.keys() & SECRETS) or [
        _TFA for part in options.get(_TFA, "").split(",") if part.startswith("key=")
    ]:
        raise UsageError(f"{plain[0]} is a secret: it is never given as a plain value.")
    for option, value in options.items():
        if problem := option_problem(kind, option, value):
            raise UsageError(f"{label_of(kind, option)}: {problem}")
    for option, secret in secrets.items():
        if problem := secret_problem(kind, option, secret):
            raise UsageError(f"{label_of(kind, option)}: {problem}")


def secret_problem(kind: str, option: str, secret: Secret) -> str:
    """What is wrong with a secret of a realm, without repeating it; "" when nothing is."""
    text = secret.reveal()
    if not text:
        return "It must not be empty."
    if any(sign in text for sign in "\r\n\0"):
        return "It is one line."
    if option == _TFA:
        return option_problem(kind, option, text)  # says which part lacks, and repeats none
    if option != "password" and option_problem(kind, option, text):
        return "PVE does not take that."
    return ""


def _unknown(kind: str, option: str) -> str:
    if (kind, option) == ("openid", _TFA):
        return "An OpenID realm has no Require TFA: PVE never asks there for a factor of its own."
    return f"A realm of type {kind} has no {option}."


def _require_kept(
    realm: Realm, wanted: Mapping[str, str], gone: Sequence[str], secrets: Mapping[str, Secret]
) -> None:
    kind = realm.type or ""
    for option in fixed_of(kind):
        if option in wanted or option in gone:
            raise UsageError(
                f"PVE never changes {label_of(kind, option)} of a realm that is there.",
                "Remove the realm and add it anew: its users stay, under the names they have.",
            )
    for option in gone:
        if option_of(kind, option) is None and option not in realm.options:
            raise UsageError(_unknown(kind, option))
        if option in required_of(kind):
            raise UsageError(f"{label_of(kind, option)}: {option_problem(kind, option, '')}")
        if option in wanted or option in secrets:
            raise UsageError(f"{label_of(kind, option)} cannot be set and unset at once.")


def _require_directory(kind: str) -> None:
    if kind not in DIRECTORIES:
        raise UsageError("Only the connection of LDAP and AD realms can be checked.")


def _require_no_password(secrets: Mapping[str, Secret]) -> None:
    if "password" in secrets:
        raise UsageError(
            f"A new bind password is not sent together with PVE's own check. {_KEPT}",
            "Test the realm here with that password first; then save it without PVE's check.",
        )


# --- PVE's own check -----------------------------------------------------------------------


def _checked_after(step: ApiCall, name: str, kind: str) -> tuple[ApiCall, ...]:
    """A new realm with PVE's check: with a password in two calls, so that none is left over."""
    _require_directory(kind)
    if "password" not in step.secrets:
        checked = {**step.params, _CHECK: 1}
        return (ApiCall(step.method, step.path, checked, step.secrets),)
    server = {"server1": step.params["server1"], _CHECK: 1}
    return (step, ApiCall("PUT", (*_PATH, name), server))


def _of_check(steps: Sequence[ApiCall]) -> Iterator[Finding]:
    if len(steps) > 1:
        yield Finding(
            "LOOK",
            "PVE checks the connection after the realm is made, so that no password is left in"
            " priv/realm without a realm.",
            "If the check is refused, take the change back: realm and password go.",
        )


# --- what is told --------------------------------------------------------------------------


def _risky(realm: Realm, but: Realm | None = None) -> Iterator[Finding]:
    """What is risky about the settings and was not before."""
    known = risks(but) if but is not None else ()
    for risk in risks(realm):
        if risk not in known:
            yield Finding("LOOK", f"{realm.name}: {risk}.")


def _sent_elsewhere(old: Realm, new: Realm, secrets: Mapping[str, Secret]) -> Iterator[Finding]:
    """PVE sends the password that it keeps to whatever server the realm names."""
    if "bind_dn" not in new.options or "password" in secrets or "bind_dn" not in old.options:
        return
    before, after = settings_of(old), settings_of(new)
    strangers = [one for one in after.servers if one not in before.servers]
    if after.safe or not (strangers or before.port != after.port):
        return
    where = listed(strangers or after.servers)
    yield Finding(
        "LOOK",
        f"PVE sends the bind password that it keeps to {where}, where others can read it or any"
        " server can take it.",
        "STARTTLS or LDAPS with Verify Certificate keeps it to the right server.",
    )


def _mended(kind: str, name: str, *, broken: bool) -> Iterator[Finding]:
    if broken:
        yield Finding(
            "LOOK",
            f"Realm {name} is made anew, for PVE cannot read it now: its users can log in again.",
            "Its bind password goes unless it is given here, too." if kind in DIRECTORIES else "",
        )
    else:
        yield Finding("-", final_words(kind))


def _changed_by_others(realm: Realm, seen: Mapping[str, str] | None) -> Iterator[Finding]:
    if seen is None:
        return
    now = realm.options
    others = sorted(o for o in now.keys() | seen.keys() if now.get(o) != seen.get(o))
    if others:
        labels = listed([label_of(realm.type or "", option) for option in others])
        yield Finding(
            "LOOK",
            f"Realm {realm.name} was changed by somebody else meanwhile: {labels}.",
            "What is not changed here stays as it is now.",
        )
