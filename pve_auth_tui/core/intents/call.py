"""Any call of PVE's API that changes something, for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pve_auth_tui.core.apipath import checked
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot

_VERBS: Final[Mapping[str, str]] = {"POST": "create", "PUT": "set", "DELETE": "delete"}
_ALWAYS_SECRET: Final = frozenset(
    {
        *("password", "confirmation-password", "client-key", "totp"),  # /access
        *("token", "secret", "eab-hmac-key"),  # metrics, notifications, SDN, ACME
        *("encryption-key", "keyring"),  # storages
        *("cipassword", "target-endpoint"),  # guests; the endpoint holds an API token
    }
)
_SECRET_BELOW: Final[Mapping[str, frozenset[tuple[str, ...]]]] = {
    "value": frozenset({("access", "tfa")}),
    "data": frozenset({("cluster", "acme", "plugins")}),
    "key": frozenset({("cluster", "sdn", "dns"), ("nodes", "", "certificates")}),
}
"""Parameters that are secret on some paths only; "" stands for any part."""


def call(
    method: str,
    path: Sequence[str],
    params: Mapping[str, Param] | None = None,
    secrets: Mapping[str, Secret] | None = None,
) -> Intent:
    """One call; `path` in parts (`access`, `users`, `ann@pve`).

    The intent raises UsageError for a method that changes nothing, a path that cannot be one, and
    a secret among `params`, which are shown and journalled.
    """
    step = ApiCall(method, tuple(path), dict(params or {}), dict(secrets or {}))

    def intent(snapshot: Snapshot) -> Draft:
        if step.method not in _VERBS:
            raise UsageError(f"{step.method} changes nothing: POST, PUT and DELETE do.")
        if not step.path:
            raise UsageError("The path of the call is missing.", "For example /access/users.")
        checked(step.path)
        if both := sorted(step.params.keys() & step.secrets.keys()):
            raise UsageError(f"{both[0]} is given twice.")
        for name in step.params:
            if is_secret(step.path, name):
                raise UsageError(
                    f"{name} is a secret: it is never given as a plain value.",
                    f"Use --secret {name}: it is asked for, or read from standard input.",
                )
        return Draft(f"{_VERBS[step.method]} /{'/'.join(step.path)}", (step,))

    return intent


def is_secret(path: Sequence[str], name: str) -> bool:
    """Does PVE take a password, key or code in this parameter?"""
    return name in _ALWAYS_SECRET or any(
        len(path) >= len(start)
        and all(want in ("", part) for want, part in zip(start, path[: len(start)], strict=True))
        for start in _SECRET_BELOW.get(name, ())
    )
