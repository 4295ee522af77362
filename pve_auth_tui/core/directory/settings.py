"""How PVE reaches and reads one LDAP or AD realm, with PVE's own defaults (reference 5.2).

Sources: PVE::Auth::{LDAP,AD} of pve-access-control 9.1.1, PVE::LDAP of pve-common 9.2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.realmrisks import DIRECTORIES, mode

Kind: TypeAlias = Literal["ldap", "ad"]
Mode: TypeAlias = Literal["ldap", "ldaps", "ldap+starttls"]

USER_CLASSES: Final = "inetorgperson, posixaccount, person, user"
GROUP_CLASSES: Final = "groupOfNames, group, univentionGroup, ipausergroup"
_PORTS: Final = {"ldaps": 636}
_NAME: Final = {"ldap": "uid", "ad": "sAMAccountName"}
_VERSION: Final = "tlsv1_2"


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """Everything of a realm that decides what PVE says to its servers.

    `servers`: in PVE's order, one or two. `capath` "": the system's store. `version`: exactly
    that one of TLS. `base_dn` "": what an AD server calls its own. `bind_dn` "": nobody's.
    `user_attr`: the attribute with the name. `filter`, `group_filter`: as typed, "" for none.
    `group_dn` "": the base. `sync_attributes`: as typed, `ours=theirs,...`.
    """

    realm: str
    kind: Kind
    servers: tuple[str, ...]
    port: int
    mode: Mode = "ldap"
    verify: bool = False
    capath: str = ""
    cert: str = ""
    certkey: str = ""
    version: str = _VERSION
    base_dn: str = ""
    bind_dn: str = ""
    domain: str = ""
    user_attr: str = "uid"
    filter: str = ""
    group_filter: str = ""
    user_classes: tuple[str, ...] = tuple(split_list(USER_CLASSES))
    group_classes: tuple[str, ...] = tuple(split_list(GROUP_CLASSES))
    group_dn: str = ""
    group_name_attr: str = ""
    sync_attributes: str = ""
    case_sensitive: bool = True

    @property
    def encrypted(self) -> bool:
        return self.mode != "ldap"

    @property
    def safe(self) -> bool:
        """Does nobody else read the password, and does the server prove who it is (R20)?"""
        return self.encrypted and self.verify


def settings_of(realm: Realm) -> DirectorySettings:
    """Of a realm as PVE has it, or of one that is only typed yet.

    Raises UsageError for a realm that is no directory, and for a port that is no number.
    """
    if realm.type not in DIRECTORIES:
        raise UsageError(f"{realm.name} is no LDAP or AD realm.")
    given = realm.options
    way = mode(realm)
    port = given.get("port", "")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"{port} is no port.")

    def text(name: str) -> str:
        value = given.get(name, "")
        return value if truthy(value) else ""

    return DirectorySettings(
        realm=realm.name,
        kind=cast(Kind, realm.type),
        servers=tuple(filter(None, (text("server1"), text("server2")))),
        port=int(port) if port else _PORTS.get(way, 389),
        mode=cast(Mode, way),
        verify=truthy(given.get("verify")),
        capath=text("capath"),
        cert=text("cert"),
        certkey=text("certkey"),
        version=text("sslversion") or _VERSION,
        base_dn=text("base_dn"),
        bind_dn=text("bind_dn"),
        domain=text("domain"),
        user_attr=text("user_attr") or _NAME[realm.type],
        filter=text("filter"),
        group_filter=text("group_filter"),
        user_classes=tuple(split_list(given.get("user_classes", USER_CLASSES))),
        group_classes=tuple(split_list(given.get("group_classes", GROUP_CLASSES))),
        group_dn=text("group_dn"),
        group_name_attr=text("group_name_attr"),
        sync_attributes=given.get("sync_attributes", ""),
        case_sensitive=truthy(given.get("case-sensitive", "1")),
    )
