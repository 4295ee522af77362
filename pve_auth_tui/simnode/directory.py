"""The directory of an ldap or ad realm, asked as PVE asks it.

Sources: PVE::Auth::{LDAP,AD} of pve-access-control 9.1.1, PVE::LDAP of pve-common 9.2.1 and
Net::LDAP, whose texts come out here; recorded answers and task logs. A real server is asked:
nothing here is simulated but the node that asks. Client certificates are not sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.directorysocket import secured
from pve_auth_tui.simnode.network import reached
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.realmsync import DirectoryEntry, DirectoryGroup

if TYPE_CHECKING:
    import socket

    from ldap3 import Connection

_LDAP_PORT: Final = 389
_LDAPS_PORT: Final = 636
_START_TLS: Final = "1.3.6.1.4.1.1466.20037"
_PAGED: Final = "1.2.840.113556.1.4.319"
_USERS_A_PAGE: Final = 900
_GROUPS_A_PAGE: Final = 100
_USER_CLASSES: Final = "inetorgperson, posixaccount, person, user"
_GROUP_CLASSES: Final = "groupOfNames, group, univentionGroup, ipausergroup"
_NO_PASSWORD: Final = "No password, did you mean noauth or anonymous ?"  # noqa: S105 (a text)
_ESCAPED: Final = {ord(sign): f"\\{ord(sign):02x}" for sign in "\0()*\\"}
_TEXTS: Final = {  # Net::LDAP::Util::ldap_error_desc
    1: "Operations error",
    2: "Protocol error",
    3: "Time limit exceeded",
    4: "Size limit exceeded",
    7: "Strong authentication not supported",
    8: "Strong authentication required",
    10: "Referral received",
    11: "Admin limit exceeded",
    12: "Critical extension not available",
    13: "Confidentiality required",
    18: "Inappropriate matching",
    32: "No such object",
    34: "Invalid DN syntax",
    48: "Inappropriate authentication",
    49: "Invalid credentials",
    50: "Insufficient access",
    51: "DSA is busy",
    52: "DSA is unavailable",
    53: "DSA is unwilling to perform",
}


class Directory:
    """A connection as which somebody is bound. All errors are ApiError 500 with PVE's text."""

    def __init__(self, realm: Realm, connection: Connection) -> None:
        self._realm = realm
        self._connection = connection
        self.base = realm.options.get("base_dn") or ""

    def look_up_base(self) -> None:
        """Where an AD realm names no base: what the server calls its own."""
        if not truthy(self.base):
            found = self._searched("", "(objectClass=*)", ["defaultNamingContext"], scope="BASE")
            names = [_values(entry, "defaultNamingContext") for entry in found]
            self.base = names[0][0].decode(errors="replace") if names and names[0] else ""

    def bind(self, dn: str, password: str, prefix: str = "") -> None:
        """Raises ApiError with the server's text behind a prefix."""
        from ldap3 import SIMPLE

        if not password:
            raise ApiError(500, f"{prefix}{_NO_PASSWORD}\n")
        with _told():
            self._connection.rebind(dn, password, SIMPLE)
        self._require_success(prefix)

    def bind_nobody(self) -> None:
        from ldap3 import ANONYMOUS

        with _told():
            self._connection.rebind(authentication=ANONYMOUS)
        self._require_success("ldap bind failed: ")

    def dn_of(self, name: str) -> str:
        """Of the first entry with this login name; "" when there is none."""
        attribute = self._realm.options.get("user_attr", "")
        found = self._searched(self.base, f"({attribute}={name.translate(_ESCAPED)})", ["1.1"])
        return str(found[0]["dn"]) if found else ""

    def users(self, attributes: Sequence[str]) -> list[DirectoryEntry]:
        """Everybody with any of these attributes, with all of them."""
        options = self._realm.options
        any_of = "".join(f"({name}=*)" for name in attributes)
        classes = _any_class(options.get("user_classes", _USER_CLASSES))
        wanted = _with_filter(options.get("filter"), f"(&(|{any_of}){classes})")
        found = self._searched(
            self.base, wanted, attributes, page=_USERS_A_PAGE, prefix="ldap user search error: "
        )
        return [
            DirectoryEntry(entry["raw_dn"], {name: _values(entry, name) for name in attributes})
            for entry in found
        ]

    def groups(self) -> list[DirectoryGroup]:
        """With their direct members."""
        options = self._realm.options
        named_by = options.get("group_name_attr", "")
        classes = _any_class(options.get("group_classes", _GROUP_CLASSES))
        attributes = ["member", "uniqueMember", *([named_by] if truthy(named_by) else [])]
        found = self._searched(
            options.get("group_dn", self.base),
            _with_filter(options.get("group_filter"), classes),
            attributes,
            page=_GROUPS_A_PAGE,
            prefix="ldap group search error: ",
        )
        return [
            DirectoryGroup(
                entry["raw_dn"],
                next(iter(_values(entry, named_by)), b"") if named_by else b"",
                _values(entry, "member") or _values(entry, "uniqueMember"),
            )
            for entry in found
        ]

    def _searched(
        self,
        base: str,
        wanted: str,
        attributes: Sequence[str],
        *,
        scope: str = "SUBTREE",
        page: int | None = None,
        prefix: str = "",
    ) -> list[dict[str, Any]]:
        from ldap3.core.exceptions import LDAPInvalidFilterError

        found: list[dict[str, Any]] = []
        cookie: bytes | None = None
        while True:
            try:
                with _told():
                    self._connection.search(
                        base,
                        wanted,
                        scope,  # type: ignore[arg-type]
                        attributes=list(attributes),
                        paged_size=page,
                        paged_cookie=cookie,
                    )
            except LDAPInvalidFilterError as error:
                raise ApiError(500, f"{prefix}Bad filter\n") from error
            self._require_success(prefix)
            response: list[dict[str, Any]] = self._connection.response or []
            found += [entry for entry in response if entry["type"] == "searchResEntry"]
            controls = self._connection.result.get("controls") or {}
            cookie = controls.get(_PAGED, {}).get("value", {}).get("cookie")
            if not cookie:
                return found

    def _require_success(self, prefix: str) -> None:
        """The server's own words before the usual ones for a code."""
        result = self._connection.result
        code = result["result"]
        if code:
            text = result.get("message") or _TEXTS.get(code) or f"LDAP error code {code}"
            raise ApiError(500, f"{prefix}{text}\n")


@contextmanager
def connected(node: SimNode, realm: Realm, password: Secret | None = None) -> Iterator[Directory]:
    """The directory, bound as the realm says, until the end of the block; raises ApiError 500.

    `password` stands for the stored one.
    """
    with _opened(node, realm) as directory:
        bind_dn = realm.options.get("bind_dn")
        if bind_dn and truthy(bind_dn):
            stored = password or node.state.realm_password(realm.name)
            if stored is None or not stored.reveal():
                raise ApiError(500, f"missing password for realm {realm.name}\n")
            directory.bind(bind_dn, stored.reveal(), "ldap bind failed: ")
        else:
            directory.bind_nobody()
        directory.look_up_base()
        yield directory


def bind_user(node: SimNode, realm: Realm, name: str, password: str) -> None:
    """Log somebody in with their own password; raises ApiError 500 with the reason.

    `ldap`: the DN is searched for as the realm's own account. `ad`: the name and the domain
    are enough.
    """
    if realm.type == "ad":
        domain = realm.options.get("domain", "")
        full = name if "@" in name or not truthy(domain) else f"{name}@{domain}"
        with _opened(node, realm) as directory:
            directory.bind(full, password)
        return
    with connected(node, realm) as directory:
        dn = directory.dn_of(name)
        if not dn:
            raise ApiError(500, "user dn is empty\n")
        directory.bind(dn, password)


@contextmanager
def _opened(node: SimNode, realm: Realm) -> Iterator[Directory]:
    """Of two servers the first that can be reached; the last one's error when none can.

    With ldaps TLS is a part of reaching it. StartTLS comes afterwards: a server that fails there
    is not replaced by the other one (PVE::LDAP::ldap_connect).
    """
    opened, host, mode = _reached(node, realm)
    connection = _connection(node, realm, opened, host, mode)
    try:
        yield Directory(realm, connection)
    finally:
        with _told():
            connection.unbind()


def _reached(node: SimNode, realm: Realm) -> tuple[socket.socket, str, str]:
    """A socket, to whom, and how; raises ApiError 500."""
    options = realm.options
    secure = "ldaps" if truthy(options.get("secure")) else "ldap"
    mode = options.get("mode", secure)
    port = int(options.get("port") or (_LDAPS_PORT if mode == "ldaps" else _LDAP_PORT))
    trouble = ApiError(500, "no server\n")
    for host in filter(truthy, (options.get("server1", ""), options.get("server2", ""))):
        try:
            opened = reached(node, host, port)
            if mode == "ldaps":
                opened = secured(opened, host, realm, node)
        except ApiError as error:
            trouble = error
        else:
            return opened, host, mode
    raise trouble


def _connection(
    node: SimNode, realm: Realm, opened: socket.socket, host: str, mode: str
) -> Connection:
    """ldap3 speaks over a socket that it did not open."""
    from ldap3 import NONE, Connection, Server

    connection = Connection(
        Server("directory", get_info=NONE),
        check_names=False,
        auto_referrals=False,
        auto_range=False,  # Net::LDAP does not ask for the rest of a long list of members
    )
    connection.socket = opened
    connection.closed = False
    connection.listening = True
    connection.strategy._outstanding = {}  # as its own `open` does
    if mode == "ldap+starttls":
        try:
            with _told():
                connection.extended(_START_TLS)
            Directory(realm, connection)._require_success("")
        except ApiError:
            opened.close()
            raise
        connection.socket = secured(opened, host, realm, node)
        connection.tls_started = True
    return connection


@contextmanager
def _told() -> Iterator[None]:
    """What breaks in mid-talk is an error of PVE's, too; a filter is the caller's matter."""
    from ldap3.core.exceptions import LDAPExceptionError, LDAPInvalidFilterError

    try:
        yield
    except LDAPInvalidFilterError:
        raise
    except (LDAPExceptionError, OSError) as error:
        raise ApiError(500, "Unexpected EOF\n") from error


def _with_filter(own: str | None, ours: str) -> str:
    """A realm's filter AND ours; brackets are added where there are none around it."""
    if own is None or not truthy(own):
        return ours
    bracketed = own if own.startswith("(") and own.endswith(")") else f"({own})"
    return f"(&{bracketed}{ours})"


def _any_class(classes: str) -> str:
    return f"(|{''.join(f'(objectclass={name})' for name in split_list(classes))})"


def _values(entry: dict[str, Any], name: str) -> list[bytes]:
    """An attribute's octets, whatever letters its name is written in."""
    attributes: dict[str, list[bytes] | None] = entry["raw_attributes"]  # None for an empty set
    lower = name.lower()
    return next((found for key, found in attributes.items() if key.lower() == lower), []) or []
