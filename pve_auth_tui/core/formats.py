"""PVE's named value formats (PVE::JSONSchema, PVE::Auth::Plugin, PVE::DataCenterConfig).

Each check returns what PVE would die with, line feed included, or "" when the value is fine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

from pve_auth_tui.core import calendarevent, names, versions
from pve_auth_tui.core.perltext import split_list, truthy

_REALM = re.compile(r"[A-Za-z][A-Za-z0-9.\-_]+")
_CONFIG_ID = re.compile(r"[A-Za-z][A-Za-z0-9_\-]+")
_LDAP_ATTRIBUTE = re.compile(r"[a-zA-Z0-9]+")
_NAME = re.compile(r"[A-Za-z0-9.\-_]+")
_NODE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?")
_POOL = re.compile(r"[A-Za-z0-9.\-_]+(?:/[A-Za-z0-9.\-_]+){0,2}")
_VMID = re.compile(r"[1-9][0-9]{2,8}")
_LABEL = re.compile(r"[a-zA-Z0-9\-]+")
_MAIL_WORD = re.compile(r"[A-Za-z0-9_+~\-]+")
_DECODED_MAIL_WORD = re.compile(r"[\w+~\-]+")
_MAC_PREFIX = re.compile(r"[a-f0-9][02468ace](?::[a-f0-9]{2}){0,2}(?::[a-f0-9]?)?", re.IGNORECASE)
_PREFIX_LENGTH = re.compile(r"[0-9]{1,9}")
_SHORTEST_PREFIX = 8
_SHORTEST_USERID, _LONGEST_USERID = 3, 64
_MOST_POOL_LEVELS = 3
_SHORTEST_STORAGE = 2
_IPV4_BITS, _IPV6_BITS = 32, 128


def problem(format_name: str, value: str) -> str:
    """What PVE says about a value of this format; "" when it is fine.

    `-list` and `-opt` behind a name mean a list of such values, and that "" is allowed, too.
    """
    if format_name.endswith("-list"):
        check = _CHECKS[format_name.removesuffix("-list")]
        return next((text for item in split_list(value) if (text := check(item))), "")
    if format_name.endswith("-opt"):
        return _CHECKS[format_name.removesuffix("-opt")](value) if value not in {"", "0"} else ""
    return _CHECKS[format_name](value)


def realm_problem(value: str) -> str:
    """PVE's own text about a realm's name (pve-realm), or empty."""
    return "" if _REALM.fullmatch(value) else "value does not look like a valid realm\n"


def _config_id(value: str) -> str:
    return "" if _CONFIG_ID.fullmatch(value) else f"invalid configuration ID '{value}'\n"


def _address(value: str) -> str:
    if (_is_ip(value) or _is_dns_name(value)) and truthy(value):  # `0` would be a name
        return ""
    return f"value does not look like a valid address: {value}\n"


def _ldap_attribute(value: str) -> str:
    if _LDAP_ATTRIBUTE.fullmatch(value):
        return ""
    return f"value '{value}' does not look like a simple ldap attribute name\n"


def _email(value: str, word: re.Pattern[str] = _MAIL_WORD) -> str:
    user, at, host = value.partition("@")
    if (
        at
        and all(word.fullmatch(part) for part in user.split("."))
        and all(_LABEL.fullmatch(label) for label in host.split("."))
    ):
        return ""
    return "value does not look like a valid email address\n"


def _decoded_email(value: str) -> str:
    """In what came over the API any letter counts; in a file, which is bytes, only ASCII."""
    return _email(value, _DECODED_MAIL_WORD)


def _cidr(value: str) -> str:
    address, _, length = value.partition("/")
    bits = _IPV4_BITS if _is_ipv4(address) else _IPV6_BITS if _is_ip(address) else 0
    if _PREFIX_LENGTH.fullmatch(length) and _SHORTEST_PREFIX <= int(length) <= bits:
        return ""
    return "value does not look like a valid CIDR network\n"


def _mac_prefix(value: str) -> str:
    if _MAC_PREFIX.fullmatch(value):
        return ""
    return "value is not a valid unicast MAC address prefix\n"


def _calendar_event(value: str) -> str:
    text = calendarevent.problem(value)
    return f"invalid calendar event '{value}' - {text}\n" if text else ""


def _userid(value: str) -> str:
    if len(value) < _SHORTEST_USERID:
        return f"user name '{value}' is too short\n"
    if len(value) > _LONGEST_USERID:
        return f"user name '{value}' is too long ({len(value)} > {_LONGEST_USERID})\n"
    if names.has_userid_shape(value):
        return ""
    return f"value '{value}' does not look like a valid user name\n"


def _group(value: str) -> str:
    return "" if _NAME.fullmatch(value) else f"group name '{value}' contains invalid characters\n"


def _role(value: str) -> str:
    return "" if _NAME.fullmatch(value) else f"role name '{value}' contains invalid characters\n"


def _tokenid(value: str) -> str:
    if names.split_tokenid(value):
        return ""
    return f"value '{value}' does not look like a valid token ID\n"


def _privilege(value: str) -> str:
    known = versions.privileges(versions.NEWEST)
    return "" if value in known else f"invalid privilege '{value}'\n"


def _node(value: str) -> str:
    found = _NODE.fullmatch(value)
    return "" if found else "value does not look like a valid node name\n"


def _pool(value: str) -> str:
    if len(value.rstrip("/").split("/")) > _MOST_POOL_LEVELS:
        return f"pool name '{value}' nested too deeply (max levels = {_MOST_POOL_LEVELS})\n"
    if _POOL.fullmatch(value):
        return ""
    return f"pool name '{value}' contains invalid characters\n"


def _vmid(value: str) -> str:
    return "" if _VMID.fullmatch(value) else "value does not look like a valid VM ID\n"


def _storage(value: str) -> str:
    if len(value) < _SHORTEST_STORAGE:
        return f"storage ID '{value}' cannot be shorter than {_SHORTEST_STORAGE} characters\n"
    if names.is_storage(value):
        return ""
    return f"storage ID '{value}' contains illegal characters\n"


def _is_ipv4(value: str) -> bool:
    try:
        IPv4Address(value)
    except ValueError:
        return False
    return True


def _is_ip(value: str) -> bool:
    if "%" in value:  # Python also takes an interface name behind an IPv6 address
        return False
    try:
        IPv6Address(value)
    except ValueError:
        return _is_ipv4(value)
    return True


def _is_dns_name(value: str) -> bool:
    return all(
        _LABEL.fullmatch(label) and not label.startswith("-") and not label.endswith("-")
        for label in value.split(".")
    )


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "pve-realm": realm_problem,
    "pve-configid": _config_id,
    "address": _address,
    "ldap-simple-attr": _ldap_attribute,
    "email": _email,
    "decoded-email": _decoded_email,
    "CIDR": _cidr,
    "mac-prefix": _mac_prefix,
    "pve-calendar-event": _calendar_event,
    "pve-userid": _userid,
    "pve-groupid": _group,
    "pve-roleid": _role,
    "pve-tokenid": _tokenid,
    "pve-priv": _privilege,
    "pve-node": _node,
    "pve-poolid": _pool,
    "pve-vmid": _vmid,
    "pve-storage-id": _storage,
}
