"""How a realm reaches its directory or provider, and what is risky about it (reference 5)."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.words import listed

TYPES = {"pam": "Linux PAM", "pve": "PVE", "ad": "AD", "ldap": "LDAP", "openid": "OpenID"}
DIRECTORIES = ("ad", "ldap")

_MODES = {"ldap": "LDAP", "ldaps": "LDAPS", "ldap+starttls": "STARTTLS"}
_TRUE = ("1", "on", "yes", "true")


def is_on(realm: Realm, option: str) -> bool:
    """A boolean option; all of them that we ask for are off by default."""
    return realm.options.get(option, "").lower() in _TRUE


def mode(realm: Realm) -> str:
    """`ldap`, `ldaps` or `ldap+starttls`; `secure 1` is the old word for ldaps."""
    return realm.options.get("mode") or ("ldaps" if is_on(realm, "secure") else "ldap")


def mode_name(realm: Realm) -> str:
    """As PVE's UI says it: LDAP, LDAPS, STARTTLS."""
    return _MODES.get(mode(realm), mode(realm))


def servers(realm: Realm) -> str:
    """`dc01.example.com, fallback dc02.example.com, port 3269`"""
    options = realm.options
    parts = [options.get("server1", "no server")]
    if second := options.get("server2"):
        parts.append(f"fallback {second}")
    if port := options.get("port"):
        parts.append(f"port {port}")
    return ", ".join(parts)


def broken_words(realm: Realm) -> str:
    """Why PVE cannot read the section of a realm, and what comes of it, as a clause."""
    if realm.broken is None:
        return "PVE cannot read this section: nobody of the realm can log in"
    return (
        f"its section lacks {listed(realm.broken.missing)}: nobody of the realm can log in, and"
        " PVE changes no realm until it is mended"
    )


def risks(realm: Realm) -> Sequence[str]:
    """What is risky about the settings, one short clause each."""
    if realm.type is None:
        return (broken_words(realm),)
    if realm.type == "openid":
        plain = realm.options.get("issuer-url", "").lower().startswith("http:")
        return ("the issuer is asked without TLS",) if plain else ()
    if realm.type not in DIRECTORIES:
        return ()
    if "server1" not in realm.options:
        return ()  # PVE has told no more of it than the login box shows
    if mode(realm) == "ldap":
        return ("plain LDAP: passwords cross the network in clear",)
    if not is_on(realm, "verify"):
        return ("Verify Certificate is off: any server may answer in its place",)
    return ()
