"""When PVE asks the second server of a realm.

Source: PVE::LDAP::ldap_connect of pve-common 9.2.1 with Net::LDAP::new: only where no connection
comes about. With LDAPS the handshake is part of the connection; after a StartTLS that failed no
other server is asked.
"""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings

_NO_CONNECTION: Final = frozenset(
    {Cause.NAME_UNKNOWN, Cause.DNS_SILENT, Cause.REFUSED, Cause.SILENT, Cause.NO_ROUTE}
)
_FOR_A_PERSON: Final = frozenset({Cause.IN_CLEAR, Cause.NOT_VERIFIED})
"""Somebody has to agree first (R20)."""


def asks_the_next(settings: DirectorySettings, cause: Cause) -> bool:
    """After `cause` kept a connection from one server. No password was sent by then."""
    if cause in _FOR_A_PERSON:
        return False
    return settings.mode == "ldaps" or cause in _NO_CONNECTION
