"""The client secret that PVE has stored, beside an issuer that somebody has just typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.openid.discovery import host_of
from pve_auth_tui.core.secret import HIDDEN

_KEY: Final = "client-key"


def without_stored_secret(realm: Realm, saved: Realm) -> Realm:
    """`realm`, which is typed over `saved`; with its secret masked where it names another host:
    what PVE has stored was never meant for that one.
    """
    typed, known = (host_of(one.options.get("issuer-url", "")) for one in (realm, saved))
    if typed == known or not realm.options.get(_KEY):
        return realm
    return replace(realm, options={**realm.options, _KEY: HIDDEN})
