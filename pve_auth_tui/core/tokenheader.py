"""How an API token shows who it is: one HTTP header (reference 3.3)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from pve_auth_tui.core.apipath import as_bytes
from pve_auth_tui.core.secret import Secret

_NAME: Final = "PVEAPIToken"
_SAFE: Final = "@!"  # in every full token id; what PVE reads ends at `;` and is unquoted
_VALUE: Final = re.compile(r"[!-~]{1,128}")


def credentials(tokenid: str, secret: Secret) -> Secret:
    """`user@realm!name=secret`, as programs that know Proxmox take it."""
    return Secret(f"{tokenid}={secret.reveal()}")


def authorization(tokenid: str, secret: Secret) -> Secret:
    """The value of the header `Authorization`, quoted as PVE unquotes it."""
    return Secret(f"{_NAME}={_quoted(tokenid)}={_quoted(secret.reveal())}")


def told(tokenid: str, secret: Secret) -> Secret:
    """What is shown and saved of a new secret: both, a line each."""
    header = authorization(tokenid, secret).reveal()
    return Secret(f"{credentials(tokenid, secret).reveal()}\nAuthorization: {header}\n")


def value_of(typed: Secret) -> Secret:
    """The secret alone, of `secret`, `user@realm!name=secret` or a whole header."""
    return Secret(typed.reveal().strip().rpartition("=")[2])


def secret_problem(typed: Secret) -> str:
    """What keeps a text from being a token's secret, as one sentence; "" when nothing does."""
    if _VALUE.fullmatch(value_of(typed).reveal()):
        return ""
    return "A token's secret has letters, digits and dashes: 12345678-abcd-...; no blanks."


def _quoted(text: str) -> str:
    return quote(as_bytes(text), safe=_SAFE)
