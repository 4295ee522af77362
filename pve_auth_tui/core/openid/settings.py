"""How PVE uses one OpenID realm, with PVE's own defaults (reference 5.3).

Sources: PVE::Auth::OpenId and PVE::API2::OpenId of pve-access-control 9.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.secret import HIDDEN, Secret

SCOPES: Final = "email profile"
ALWAYS: Final = "openid"  # proxmox-openid asks for it whatever is set
SUBJECT: Final = "sub"


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """Everything of a realm that decides what happens at a login.

    `secret`: the client's, None for a public client or where it is not known. `scopes`: without
    `openid`. `username_claim`: as set, `sub` where nothing is. `groups_claim` "": none.
    """

    realm: str
    issuer: str
    client_id: str
    secret: Secret | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = tuple(SCOPES.split())
    username_claim: str = SUBJECT
    groups_claim: str = ""
    groups_autocreate: bool = False
    groups_overwrite: bool = False
    autocreate: bool = False
    query_userinfo: bool = True
    prompt: str = ""
    acr_values: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()

    @property
    def asked_scopes(self) -> tuple[str, ...]:
        """As they stand in the URL that PVE makes."""
        return tuple(dict.fromkeys((ALWAYS, *self.scopes)))

    @property
    def name_claims(self) -> tuple[str, ...]:
        """The claims of which PVE takes the first that is there for the user's name.

        `subject` and `username` are no claims of any provider: then `sub` and `preferred_username`.
        """
        other = {"subject": SUBJECT, "username": "preferred_username"}.get(self.username_claim)
        return (self.username_claim, other) if other else (self.username_claim,)


def settings_of(realm: Realm) -> OpenIdSettings:
    """Of a realm as PVE has it, or of one that is only typed yet. What came over PVE's API has no
    secret: it was masked as it came.

    Raises UsageError for a realm of another type.
    """
    if realm.type != "openid":
        raise UsageError(f"{realm.name} is no OpenID realm.")
    given = realm.options
    key = given.get("client-key", "")
    return OpenIdSettings(
        realm=realm.name,
        issuer=given.get("issuer-url", ""),
        client_id=given.get("client-id", ""),
        secret=Secret(key) if key and key != HIDDEN else None,
        scopes=tuple(one for one in split_list(given.get("scopes", SCOPES)) if one != ALWAYS),
        username_claim=given.get("username-claim", SUBJECT),
        groups_claim=given.get("groups-claim", ""),
        groups_autocreate=truthy(given.get("groups-autocreate")),
        groups_overwrite=truthy(given.get("groups-overwrite")),
        autocreate=truthy(given.get("autocreate")),
        query_userinfo=truthy(given.get("query-userinfo", "1")),
        prompt=given.get("prompt", ""),
        acr_values=tuple(split_list(given.get("acr-values", ""))),
        audiences=tuple(split_list(given.get("audiences", ""))),
    )
