"""What is told before a password goes where others could read it (security.md R20)."""

from __future__ import annotations

from pve_auth_tui.core.directory.settings import DirectorySettings


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


def bind_password(settings: DirectorySettings) -> str:
    """Whose password a bind sends; "" where nobody's is."""
    return f"the password of {settings.bind_dn}" if settings.bind_dn else ""
