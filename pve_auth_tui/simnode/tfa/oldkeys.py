"""Keys from before there was a tfa.cfg: `keys` in user.cfg, meant as the user's realm says.

Source: PVE::AccessControl 9.1.1 (add_old_keys_to_realm_tfa and what it calls).
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from pve_auth_tui.core import otpauth, propertystring, schema
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, TfaType
from pve_auth_tui.simnode.sources import Sources
from pve_auth_tui.simnode.tfa import entries
from pve_auth_tui.simnode.tfa.failure import refused

_HEX: Final = re.compile(r"v2-0x([0-9a-fA-F]+)|([A-Fa-f0-9]{40})")
_BASE32: Final = re.compile(r"v2-([A-Z2-7=]+)|([A-Z2-7=]{16})")
_KINDS: Final[Mapping[str, TfaType]] = {"oath": "totp", "yubico": "yubico"}


def demand(realm: Realm) -> dict[str, str]:
    """What a realm demands of logins: `type`, for `oath` perhaps `digits` and `step`.

    Empty when it demands nothing. Raises ApiError for what PVE cannot read.
    """
    text = realm.options.get("tfa", "")
    try:
        return propertystring.split(text, schema.REALM_TFA) if text else {}
    except propertystring.Malformed as error:
        raise refused(str(error).rstrip("\n")) from error


def with_old_keys(
    config: TfaConfig, userid: str, keys: str, demanded: Mapping[str, str], sources: Sources
) -> TfaConfig:
    """The keys as entries; those that are none are left out, all of them without a demand."""
    kind = _KINDS.get(demanded.get("type", ""))
    if kind is None:
        return config
    user = entries.user_or_new(config, userid)
    for number, data in enumerate(_values(kind, userid, keys, demanded)):
        description = f"<old userconfig key {number}>"
        entry = TfaEntry(sources.uuid(), kind, description, int(sources.now()), data=data)
        user = entries.added(user, entry)
    return entries.with_users(config, [user]) if user.entries else config


def _values(kind: TfaType, userid: str, keys: str, demanded: Mapping[str, str]) -> Iterator[str]:
    for key in split_list(keys):
        if kind == "yubico":
            yield key
        elif secret := _secret(key):
            yield _uri(secret, userid, demanded)


def _uri(secret: str, userid: str, demanded: Mapping[str, str]) -> str:
    digits, step = demanded.get("digits") or "6", demanded.get("step") or "30"
    account = quote(f"Old key for {userid}", safe="")
    return otpauth.parse(
        f"otpauth://totp/Proxmox%20VE:{account}?digits={digits}&period={step}"
        f"&algorithm=SHA1&secret={secret}"
    ).uri()


def _secret(key: str) -> str:
    """A secret as base32 without padding; "" for what is none."""
    try:
        if found := _HEX.fullmatch(key):
            data = bytes.fromhex(found[1] or found[2])
        elif found := _BASE32.fullmatch(key):
            text = (found[1] or found[2]).rstrip("=")
            data = b32decode(text + "=" * (-len(text) % 8))
        else:
            return ""
    except ValueError:  # binascii.Error is one
        return ""
    return b32encode(data).decode().rstrip("=")
