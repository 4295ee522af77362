"""What each trouble does to the second factor that PVE asks for.

Sources: reference 7.2 (TOTP and recovery logins write tfa.cfg, those with a key do not; a code
counts one step before and after its own; Yubico OTPs are verified online), 8.1 (WebAuthn's ID and
origin; no WebAuthn under an IP address), 7.4 (what is stored of a key), 11.2 (who has quorum).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pve_auth_tui.core import weburl
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.cell import Cell, no, unknown, yes
from pve_auth_tui.core.survive.hosts import host_of, is_address
from pve_auth_tui.core.survive.quorum import is_known, keeps_quorum, keeps_quorum_alone
from pve_auth_tui.core.survive.threat import OFF, Threat
from pve_auth_tui.core.survive.way import Way
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.totp import WINDOW, stored
from pve_auth_tui.core.webauthnorigin import PORT, Settings, settings_of
from pve_auth_tui.core.webauthnreach import reach, urls_of

_USUAL_STEP: Final = 30  # seconds
_YUBICO: Final = "a Yubico OTP"


def of_second(snapshot: Snapshot, way: Way, threat: Threat) -> Cell:
    """Whether the second factor of that way in, if it has one, still works."""
    rule = _RULES.get(way.factor)
    return rule(snapshot, way, threat) if rule else yes("PVE asks for no second factor")


def names_of_keys(settings: Settings | None) -> str:
    """Under which names security keys work, for a sentence."""
    if settings is None or not settings.id:
        return "names"
    if settings.origin:
        more = " and names below it" if settings.allow_subdomains else ""
        return f"{settings.origin}{more}"
    return f"{settings.id} and names below it"


# --- codes and paper --------------------------------------------------------------------------


def _totp(snapshot: Snapshot, way: Way, threat: Threat) -> Cell:
    match threat:
        case Threat.PHONE:
            return no("its app is taken to be on the phone")
        case Threat.QUORUM | Threat.ISOLATED:
            return _writes(snapshot, threat, "PVE has to store that the code was used")
        case Threat.CLOCK:
            return _late(way.entry)
        case Threat.CERTIFICATE:
            return yes("its codes are bound to no name")
        case _:
            return yes("its codes need no network")


def _late(entry: TfaEntry | None) -> Cell:
    """A code counts WINDOW steps before and after its own."""
    found = stored(entry) if entry else None
    step = found[0].period if found else _USUAL_STEP
    told = f"PVE takes codes of {step} s that are one step off at most"
    if WINDOW * step >= OFF:
        return yes(told)
    return unknown(f"{told}: at times") if (WINDOW + 1) * step > OFF else no(told)


def _recovery(snapshot: Snapshot, way: Way, threat: Threat) -> Cell:
    match threat:
        case Threat.QUORUM | Threat.ISOLATED:
            return _writes(snapshot, threat, "PVE has to store that the recovery key was used")
        case _:
            return yes("recovery keys are on paper")


def _writes(snapshot: Snapshot, threat: Threat, what: str) -> Cell:
    rule = keeps_quorum_alone if threat is Threat.ISOLATED else keeps_quorum
    if reason := rule(snapshot):
        return yes(reason)
    if not is_known(snapshot):
        return unknown(f"{what}, and whether the node is in a cluster was not read")
    return no(f"{what}, which needs quorum")


# --- security keys ----------------------------------------------------------------------------


def _key(snapshot: Snapshot, way: Way, threat: Threat) -> Cell:
    match threat:
        case Threat.DNS:
            names = names_of_keys(settings_of(snapshot))
            return no(f"keys work under {names}, and not by address")
        case Threat.PHONE if way.entry and _is_synced(way.entry):
            return unknown("it is a passkey that is copied between devices, perhaps to the phone")
        case Threat.PHONE:
            return yes("the key is no phone")
        case Threat.QUORUM | Threat.ISOLATED:
            return yes("a login with a key writes nothing")
        case Threat.CLOCK:
            return yes("a key knows no time")
        case Threat.CERTIFICATE:
            return _renamed(snapshot, settings_of(snapshot))
        case _:
            return yes("node and browser check a key alone")


def _is_synced(entry: TfaEntry) -> bool:
    data: Any = entry.data
    return isinstance(data, Mapping) and data.get("backup_eligible") is True


def _renamed(snapshot: Snapshot, settings: Settings | None) -> Cell:
    """Keys work under a new name if that is below the ID, and the origin lets it."""
    if settings is None:
        return no("keys are bound to a name")
    (found,) = reach(settings, urls_of([f"another.{settings.id}"], _port(settings)))
    if not found.ok:
        return no(f"keys work under {names_of_keys(settings)} alone")
    cluster = snapshot.cluster.value
    if cluster and settings.id.partition(".")[0] in {node.name for node in cluster.nodes}:
        return no(f"keys are bound to {settings.id}, which is the name of a node")
    return unknown(f"only if the new name is {settings.id} or below it")


def _port(settings: Settings) -> int:
    """Of the origin, if one is set."""
    try:
        return weburl.parse(settings.origin).port or PORT
    except weburl.BadUrl:
        return PORT


def _u2f(snapshot: Snapshot, way: Way, threat: Threat) -> Cell:
    match threat:
        case Threat.DNS | Threat.CERTIFICATE:
            return no("a U2F key is bound to the address that it was registered at")
        case _:
            return unknown("new PVE versions take no U2F keys")


# --- Yubico -----------------------------------------------------------------------------------


def _yubico(snapshot: Snapshot, way: Way, threat: Threat) -> Cell:
    server = _yubico_server(way)
    match threat:
        case Threat.DNS:
            where = server or "the Yubico server"
            by_address = bool(server) and is_address(server)
            return yes(f"{where} needs no DNS") if by_address else no(f"{where} cannot be resolved")
        case Threat.ISOLATED:
            return no(f"{_YUBICO} is checked by a server outside")
        case Threat.QUORUM:
            if reason := keeps_quorum(snapshot):
                return yes(reason)
            return unknown(f"whether PVE writes after {_YUBICO} was not tried")
        case Threat.CERTIFICATE:
            return yes(f"{_YUBICO} is bound to no name")
        case Threat.PHONE:
            return yes("the key is no phone")
        case Threat.CLOCK:
            return yes(f"{_YUBICO} holds a counter, no time")
        case _:
            return yes("the Yubico server is another one")


def _yubico_server(way: Way) -> str:
    """The host of the realm's own server; "" for Yubico's."""
    setting = way.realm.options.get("tfa", "") if way.realm else ""
    for part in setting.split(","):
        name, _, value = part.strip().partition("=")
        if name == "url":
            return host_of(value)
    return ""


_RULES: Final[Mapping[str, Callable[[Snapshot, Way, Threat], Cell]]] = {
    "totp": _totp,
    "recovery": _recovery,
    "key": _key,
    "u2f": _u2f,
    "yubico": _yubico,
}
