"""What is told before a password goes where others could read it (security.md R20), and to which
servers the stored one does not go by itself.
"""

from __future__ import annotations

from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.words import listed


def unsafe_sentences(settings: DirectorySettings, whose: str) -> tuple[str, ...]:
    """What somebody agrees to who goes on all the same. `whose`: the password that is sent, ""
    where none is.
    """
    if not settings.encrypted:
        what = f"can read {whose}" if whose else "can read and change what comes"
        how = f"Realm {settings.realm} uses plain LDAP: whoever is on the way {what}."
    else:
        what = f", and gets {whose}" if whose else ""
        how = (
            f"Realm {settings.realm} does not verify the server's certificate: any server may"
            f" answer in its place{what}."
        )
    return (how, "PVE itself does so at every login and sync. Go on this once?")


def typed_servers(settings: DirectorySettings, saved: Realm | None) -> tuple[str, ...]:
    """Servers that PVE does not have of that realm: somebody has just typed them, and what PVE
    has stored was never meant for them. `saved`: the realm as PVE has it, None where it has none.
    """
    options = saved.options if saved else {}
    known = {options.get(name, "").lower() for name in ("server1", "server2")}
    return tuple(host for host in settings.servers if host.lower() not in known)


def not_sent_to(typed: tuple[str, ...], settings: DirectorySettings) -> str:
    """Why a password has to be typed for `typed_servers`."""
    verb = "is no server" if len(typed) == 1 else "are no servers"
    gets = "does" if len(typed) == 1 else "do"
    return (
        f"{listed(typed)} {verb} of realm {settings.realm} as PVE has it, and {gets} not get the"
        " stored password."
    )


def bind_password(settings: DirectorySettings) -> str:
    """Whose password a bind sends; "" where nobody's is."""
    return f"the password of {settings.bind_dn}" if settings.bind_dn else ""
