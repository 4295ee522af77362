"""What PVE allows as value of each property: realms, realm-sync jobs, datacenter options.

Sources: PVE::Auth::{Plugin,AD,LDAP,OpenId,PAM,PVE} and PVE::Jobs::RealmSync of
pve-access-control 9.1.1, PVE::Job::Registry of pve-common 9.2.1, PVE::DataCenterConfig of
pve-cluster 9.1.6. Orders matter where PVE's texts list them (`enum`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind = Literal["string", "boolean", "integer", "number"]


@dataclass(frozen=True, slots=True)
class Property:
    """The rules for one value.

    `format` is a name known to `core.formats`; `parts` makes the value a property string
    (`type=oath,digits=6`). `needs` names another part that must be there, too. `default_key`:
    a part without a name in a property string is this one.
    """

    kind: Kind = "string"
    optional: bool = True
    format: str = ""
    parts: Mapping[str, Property] | None = None
    pattern: str = ""
    min_length: int | None = None
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[str, ...] = ()
    needs: str = ""
    default_key: bool = False


Properties: TypeAlias = Mapping[str, Property]


@dataclass(frozen=True, slots=True)
class Option:
    """How a section type uses a property; `fixed`: cannot be changed once the section exists."""

    optional: bool = True
    fixed: bool = False


Options: TypeAlias = Mapping[str, Option]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_TEXT = Property()
_FLAG = Property("boolean")
_SHORT = Property(max_length=256)
_URI_SAFE = Property(pattern=r"""^[^\x00-\x1F\x7F <>#"]*$""")
_VANISHED = r"(?:(?:(?:acl|properties|entry);)*(?:acl|properties|entry))|none"
_REQUIRED = Option(optional=False)
_OPTIONAL = Option()

REALM_TFA: Properties = {
    "type": Property(enum=("yubico", "oath"), optional=False),
    "id": _TEXT,
    "key": _TEXT,
    "url": _TEXT,
    "digits": Property("integer", minimum=6, maximum=8),
    "step": Property("integer", minimum=10),
}
SYNC_OPTIONS: Properties = {
    "scope": Property(enum=("users", "groups", "both")),
    "remove-vanished": Property(pattern=_VANISHED),
    "full": _FLAG,
    "enable-new": _FLAG,
    "purge": _FLAG,
}

REALM_ID = Property(format="pve-realm", max_length=32, optional=False)
REALM: Properties = {
    "realm": REALM_ID,
    "type": _TEXT,
    # PVE::Auth::AD
    "server1": Property(format="address", max_length=256),
    "server2": Property(format="address", max_length=256),
    "secure": _FLAG,
    "sslversion": Property(enum=("tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3")),
    "default": _FLAG,
    "comment": Property(max_length=4096),
    "port": Property("integer", minimum=1, maximum=65535),
    "domain": Property(pattern=r"\S+", max_length=256),
    "tfa": Property(parts=REALM_TFA, max_length=128),
    # PVE::Auth::LDAP
    "base_dn": _SHORT,
    "user_attr": Property(pattern=r"\S{2,}", max_length=256),
    "bind_dn": _SHORT,
    "password": _TEXT,
    "verify": _FLAG,
    "capath": _TEXT,
    "cert": _TEXT,
    "certkey": _TEXT,
    "filter": Property(max_length=2048),
    "sync_attributes": Property(pattern=r"\w+=[^,]+(,\s*\w+=[^,]+)*"),
    "user_classes": Property(format="ldap-simple-attr-list"),
    "group_dn": _SHORT,
    "group_name_attr": Property(format="ldap-simple-attr", max_length=256),
    "group_filter": Property(max_length=2048),
    "group_classes": Property(format="ldap-simple-attr-list"),
    "sync-defaults-options": Property(parts=SYNC_OPTIONS),
    "mode": Property(enum=("ldap", "ldaps", "ldap+starttls")),
    "case-sensitive": _FLAG,
    # PVE::Auth::OpenId
    "issuer-url": _SHORT,
    "client-id": _SHORT,
    "client-key": _SHORT,
    "autocreate": _FLAG,
    "username-claim": _TEXT,
    "groups-claim": Property(pattern=r"(?:[A-Za-z0-9\.\-_]+)", max_length=256),
    "groups-autocreate": _FLAG,
    "groups-overwrite": _FLAG,
    "prompt": Property(pattern=r"(?:none|login|consent|select_account|\S+)"),
    "scopes": _TEXT,
    "acr-values": _URI_SAFE,
    "query-userinfo": _FLAG,
    "audiences": _URI_SAFE,
}

_COMMON = ("default", "comment")
_DIRECTORY = _words(
    "server2 bind_dn password port secure sslversion tfa verify capath cert certkey filter "
    "sync_attributes user_classes group_dn group_name_attr group_filter group_classes "
    "sync-defaults-options mode case-sensitive"
)
_OPENID = _words(
    "client-key autocreate groups-claim groups-autocreate groups-overwrite prompt scopes "
    "acr-values audiences query-userinfo"
)


def _options(required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Option]:
    return dict.fromkeys(required, _REQUIRED) | dict.fromkeys([*_COMMON, *optional], _OPTIONAL)


REALM_OPTIONS: Mapping[str, Options] = {
    "pam": _options((), ("tfa",)),
    "pve": _options((), ("tfa",)),
    "ldap": _options(("server1", "base_dn", "user_attr"), _DIRECTORY),
    "ad": _options(("server1", "domain"), (*_DIRECTORY, "base_dn", "user_attr")),
    "openid": {
        **_options(("issuer-url", "client-id"), _OPENID),
        "username-claim": Option(fixed=True),
    },
}

JOB: Properties = {
    "type": _TEXT,
    "id": Property(format="pve-configid", max_length=64, optional=False),
    "enabled": _FLAG,
    "schedule": Property(format="pve-calendar-event", max_length=128, optional=False),
    "comment": Property(max_length=512),
    "repeat-missed": _FLAG,
    "realm": REALM_ID,
    **SYNC_OPTIONS,
}
JOB_OPTIONS: Mapping[str, Options] = {
    "realm-sync": {
        "enabled": _OPTIONAL,
        "schedule": _REQUIRED,
        "comment": _OPTIONAL,
        "scope": _REQUIRED,
        "enable-new": _OPTIONAL,
        "remove-vanished": _OPTIONAL,
        "realm": Option(optional=False, fixed=True),
    }
}

KEYBOARDS = _words(
    "de de-ch da en-gb en-us es fi fr fr-be fr-ca fr-ch hu is it ja lt mk nl no pl pt pt-br sv "
    "sl tr"
)
LANGUAGES = _words(
    "ar ca da de en es eu fa fr hr he it ja ka kr nb nl nn pl pt_BR ru sl sv tr ukr zh_CN zh_TW"
)

_TAG = r"(?:[A-Za-z0-9_][A-Za-z0-9_\-\+\.]*)"
_COLOUR = "[0-9a-fA-F]{6}"
_TAG_COLOUR = f"(?:{_TAG}:{_COLOUR}(?::{_COLOUR})?)"
_LIMIT = Property("number", minimum=0)
_NETWORK: Properties = {
    "type": Property(enum=("secure", "insecure"), optional=False, default_key=True),
    "network": Property(format="CIDR"),
}
_PERCENT = Property("number", minimum=0, maximum=100, needs="ha-auto-rebalance")
_ALWAYS_NEVER = Property(enum=("always", "never"))

WEBAUTHN: Properties = {"rp": _TEXT, "origin": _TEXT, "id": _TEXT, "allow-subdomains": _FLAG}

DATACENTER: Properties = {
    "crs": Property(
        parts={
            "ha": Property(enum=("basic", "static", "dynamic")),
            "ha-rebalance-on-start": _FLAG,
            "ha-auto-rebalance": _FLAG,
            "ha-auto-rebalance-threshold": _PERCENT,
            "ha-auto-rebalance-method": Property(
                enum=("bruteforce", "topsis"), needs="ha-auto-rebalance"
            ),
            "ha-auto-rebalance-hold-duration": Property(
                "number", minimum=0, needs="ha-auto-rebalance"
            ),
            "ha-auto-rebalance-margin": _PERCENT,
        }
    ),
    "keyboard": Property(enum=KEYBOARDS),
    "language": Property(enum=LANGUAGES),
    "http_proxy": Property(pattern="http://.*"),
    "migration_unsecure": _FLAG,
    "next-id": Property(parts={"lower": Property("integer"), "upper": Property("integer")}),
    "migration": Property(parts=_NETWORK),
    "replication": Property(parts=_NETWORK),
    "console": Property(enum=("applet", "vv", "html5", "xtermjs")),
    "email_from": Property(format="email-opt"),
    "max_workers": Property("integer", minimum=1),
    "fencing": Property(enum=("watchdog", "hardware", "both")),
    "ha": Property(
        parts={
            "shutdown_policy": Property(
                enum=("freeze", "failover", "conditional", "migrate"), optional=False
            )
        }
    ),
    "mac_prefix": Property(format="mac-prefix"),
    "notify": Property(
        parts={
            "package-updates": Property(enum=("auto", "always", "never")),
            "target-package-updates": _TEXT,
            "fencing": _ALWAYS_NEVER,
            "target-fencing": _TEXT,
            "replication": _ALWAYS_NEVER,
            "target-replication": _TEXT,
        }
    ),
    "bwlimit": Property(
        parts=dict.fromkeys(("default", "restore", "migration", "clone", "move"), _LIMIT)
    ),
    "u2f": Property(parts={"appid": _TEXT, "origin": _TEXT}),
    "webauthn": Property(parts=WEBAUTHN),
    "description": Property(max_length=64 * 1024),
    "tag-style": Property(
        parts={
            "shape": Property(enum=("full", "circle", "dense", "none")),
            "color-map": Property(pattern=f"{_TAG_COLOUR}(?:;{_TAG_COLOUR})*"),
            "ordering": Property(enum=("config", "alphabetical")),
            "case-sensitive": _FLAG,
        }
    ),
    "user-tag-access": Property(
        parts={
            "user-allow": Property(enum=("none", "list", "existing", "free")),
            "user-allow-list": Property(pattern=f"{_TAG}(?:;{_TAG})*"),
        }
    ),
    "registered-tags": Property(pattern=f"(?:{_TAG};)*{_TAG}"),
    "consent-text": Property(max_length=64 * 1024),
    "location": Property(
        parts={
            "name": Property(max_length=128),
            "latitude": Property("number", optional=False, minimum=-90, maximum=90),
            "longitude": Property("number", optional=False, minimum=-180, maximum=180),
        }
    ),
}
