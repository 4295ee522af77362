"""Under which ID and origin a security key is asked, as a browser at that node would do it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthnorigin import client_origin, settings_of

_SHOWN: Final = 80  # characters of a foreign ID


class Place(NamedTuple):
    """`origin`: what the key's answer says that the browser's address bar shows."""

    rp_id: str
    origin: str


def place_of(snapshot: Snapshot, host: str) -> Place:
    """`host`: name and port by which PVE is asked. Raises KeyTrouble (ORIGIN)."""
    if snapshot.datacenter.value is None:
        told = f"The WebAuthn settings could not be read. {snapshot.datacenter.problem}"
        raise KeyTrouble(Kind.ORIGIN, message=told.strip(), hint=snapshot.datacenter.hint)
    settings = settings_of(snapshot)
    try:
        origin = client_origin(settings, host)
    except UsageError as error:
        raise KeyTrouble(Kind.ORIGIN, message=str(error), hint=error.hint) from None
    return Place(settings.id if settings else "", origin)


def require_rp(asked: Any, place: Place) -> None:
    """Raises KeyTrouble (ORIGIN) where PVE's question is for another WebAuthn ID than that of the
    settings: a key works for whatever domain it is asked about, and that may be somebody else's.
    """
    if asked != place.rp_id:
        raise KeyTrouble(
            Kind.ORIGIN,
            message=f"PVE asks for the WebAuthn ID {str(asked)[:_SHOWN]}, and its settings say "
            f"{place.rp_id}: the key was not asked.",
            hint="Were the settings changed just now? Look at them, then begin anew.",
        )
