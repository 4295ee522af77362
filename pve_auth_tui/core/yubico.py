"""One-time codes that a touched YubiKey types, and whether PVE can check them for somebody.

Sources: PVE::AccessControl::authenticate_yubico_do and yubico_verify_otp of pve-access-control
9.1.1 (32 to 48 characters, the first 12 are stored); reference 5.4 and 7.2; `modhex`.
"""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core import propertystring, schema
from pve_auth_tui.core.modhex import LENGTH, LETTERS, PUBLIC_ID
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot

WHAT_TO_DO: Final = (
    "In Realms: Require TFA, Yubico OTP, with an API ID and key of Yubico's. Every user of the "
    "realm then needs such a code or a recovery key, and nothing else is taken."
)


def otp_problem(otp: Secret) -> str:
    """What is wrong with a code before anybody is asked, as one sentence; "" for nothing."""
    typed = otp.reveal().strip()
    if not typed:
        return "Touch the YubiKey: it types the code itself."
    if set(typed.casefold()) - LETTERS:
        return (
            "These are not the letters of a YubiKey's code: is the keyboard set to another layout, "
            "or was something typed by hand?"
        )
    if len(typed) != LENGTH:
        twice = ", which are two codes" if len(typed) == 2 * LENGTH else ""
        return f"A code has {LENGTH} letters; these are {len(typed)}{twice}. ^U clears the field."
    if typed != typed.casefold():
        return "The code came in capital letters: Caps Lock is on. PVE would store another key."
    return ""


def public_id(otp: Secret) -> str:
    """The part of a code that is no secret: it names the key."""
    return otp.reveal().strip()[:PUBLIC_ID]


def why_no_yubico(snapshot: Snapshot, userid: str) -> str:
    """Why PVE can check no code for this user, as one sentence; "" when nothing speaks against it.

    Realms that were not read are taken for harmless: PVE itself refuses then.
    """
    realms = snapshot.realms.value
    name = userid.rpartition("@")[2]
    realm = realms.realms.get(name) if realms else None
    if realm is None:
        return ""
    try:
        wanted = propertystring.split(realm.options.get("tfa", ""), schema.REALM_TFA)
    except propertystring.Malformed:
        wanted = {}
    if realm.type == "openid" or wanted.get("type") != "yubico":
        return f"Realm {name} has no Yubico settings, so PVE could check no code."
    if not wanted.keys() >= {"id", "key"}:
        return f"The Yubico settings of realm {name} lack the API ID or the API key."
    return ""


def held_by(snapshot: Snapshot, ident: str) -> tuple[tuple[str, str], ...]:
    """Whose entries this key is in already: (userid, description), as far as PVE's files tell."""
    tfa = snapshot.tfa.value
    return tuple(
        (userid, entry.description)
        for userid, user in sorted(tfa.users.items() if tfa else ())
        for entry in user.entries
        if entry.type == "yubico" and entry.data == ident
    )
