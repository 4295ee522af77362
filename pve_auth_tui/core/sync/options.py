"""What a sync is asked to do: a call's parameters before the realm's defaults before PVE's own.

Source: `parse_sync_opts` of PVE::API2::Domains, pve-access-control 9.1.1 (reference 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, cast

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.propertystring import Malformed, split
from pve_auth_tui.core.schema import SYNC_OPTIONS
from pve_auth_tui.core.sync.found import SyncOptions

VANISHED: Final = ("entry", "acl", "properties")
"""What Remove Vanished can take, in the order of PVE's form."""

SCOPES: Final = ("users", "groups", "both")


def options_of(realm: Realm, given: Mapping[str, str]) -> SyncOptions:
    """Raises UsageError where neither the call nor the realm says what is synced."""
    values = {**_defaults(realm), **given}
    if values.get("scope") not in SCOPES:
        raise UsageError(
            f"Realm {realm.name} does not say whether users or groups are synced.",
            "Name it: --scope users, groups or both.",
        )
    return SyncOptions(
        cast(Literal["users", "groups", "both"], values["scope"]),
        truthy(values.get("enable-new", "1")),
        frozenset(_words(values.get("remove-vanished", ""))),
    )


def usual(realm: Realm) -> SyncOptions:
    """As the realm has it; users and groups where it does not say."""
    return options_of(realm, {"scope": _defaults(realm).get("scope", "both")})


def params_of(options: SyncOptions) -> Mapping[str, str | int]:
    """The parameters of PVE's call: every one of them, so that no default decides."""
    return {
        "scope": options.scope,
        "enable-new": int(options.enable_new),
        "remove-vanished": vanished_text(options),
    }


def vanished_text(options: SyncOptions) -> str:
    """`entry;acl`, `none`"""
    return ";".join(one for one in VANISHED if one in options.vanished) or "none"


def _words(text: str) -> set[str]:
    return {word for word in text.split(";") if word in VANISHED}


def _defaults(realm: Realm) -> dict[str, str]:
    try:
        return dict(split(realm.options.get("sync-defaults-options", ""), SYNC_OPTIONS))
    except Malformed:
        return {}
