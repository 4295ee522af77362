"""PVE's /etc/pve/priv/tfa.cfg: second factors of every user (reference 7.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TfaType = Literal["totp", "webauthn", "recovery", "yubico", "u2f"]


@dataclass(frozen=True, slots=True)
class TfaEntry:
    """One second factor. `created` is seconds since 1970.

    `id` is a uuid, or `recovery` for the one set of recovery keys. `unused` and `total`
    count recovery keys. `data` is the entry as stored (TOTP secret, public key ...): out of repr.
    """

    id: str
    type: TfaType
    description: str = ""
    created: int = 0
    enable: bool = True
    unused: int | None = None
    total: int | None = None
    data: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UserTfa:
    """Everything tfa.cfg says about one user. `locked_until`: all factors, seconds since 1970."""

    userid: str
    entries: tuple[TfaEntry, ...] = ()
    totp_locked: bool = False
    locked_until: int | None = None


@dataclass(frozen=True, slots=True)
class TfaConfig:
    """`users` by userid. `warnings`: users that PVE drops because of their name."""

    users: Mapping[str, UserTfa]
    warnings: tuple[str, ...] = ()
