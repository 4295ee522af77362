"""Second factors from before there was a tfa.cfg: `keys` in user.cfg, meant as the realm says.

Source: PVE::AccessControl 9.1.1 (add_old_keys_to_realm_tfa and what it calls).
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from pve_auth_tui.core import otpauth
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.tfaconfig import TfaType

_HEX: Final = re.compile(r"v2-0x([0-9a-fA-F]+)|([A-Fa-f0-9]{40})")
_BASE32: Final = re.compile(r"v2-([A-Z2-7=]+)|([A-Z2-7=]{16})")
_KINDS: Final[Mapping[str, TfaType]] = {"oath": "totp", "yubico": "yubico"}


def factors_in(
    keys: str, userid: str, demanded: Mapping[str, str]
) -> Iterator[tuple[TfaType, str]]:
    """What PVE makes of `keys` when it next adds a second factor: kind and `data` of each entry.

    `demanded` is what the user's realm demands (`type`, `digits`, `step`): without a type all
    of them are lost, as are those that are no secrets.
    """
    kind = _KINDS.get(demanded.get("type", ""))
    for key in split_list(keys) if kind else ():
        if kind == "yubico":
            yield kind, key
        elif kind and (secret := _secret(key)):
            yield kind, _uri(secret, userid, demanded)


def old_description(number: int) -> str:
    """What PVE calls the one with this number, from 0 on."""
    return f"<old userconfig key {number}>"


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
