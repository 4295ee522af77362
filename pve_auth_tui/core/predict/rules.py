"""Which values PVE takes in the calls that change access (reference 4; its API schema).

Parameters that a release does not know are refused (reference 1).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from pve_auth_tui.core import names, schema, versions
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.schema import Properties, Property
from pve_auth_tui.core.validation import object_problems

_TEXT: Final = Property()
_FLAG: Final = Property("boolean")
_ALL_GROUPS: Final = Property(format="pve-groupid-list")
_SECONDS: Final = Property("integer", minimum=0)
_USERID: Final = Property(format="pve-userid", max_length=64, optional=False)
_GROUPID: Final = Property(format="pve-groupid", optional=False)
_ROLEID: Final = Property(format="pve-roleid", optional=False)
_POOLID: Final = Property(format="pve-poolid", optional=False)
_TOKENID: Final = Property(pattern=r"(?:[A-Za-z][A-Za-z0-9\.\-_]+)", optional=False)
_PRIVS: Final = Property(format="pve-priv-list")
_CONFIRMATION: Final = Property(min_length=5, max_length=64)
_DELETE: Final = Property(format="pve-configid-list")
_APPEND_GROUPS: Final = Property("boolean", needs="groups")
_NEW_PASSWORD: Final = Property(min_length=8, max_length=64)
_DESCRIPTION: Final = Property(max_length=255)
_ENTRY: Final = Property(optional=False)

_PERSON: Final[Properties] = {
    "comment": Property(max_length=2048),
    "email": Property(format="decoded-email-opt", max_length=254),
    "enable": _FLAG,
    "expire": _SECONDS,
    "firstname": Property(max_length=1024),
    "groups": _ALL_GROUPS,
    "keys": Property(pattern="[0-9a-zA-Z!=]{0,4096}"),
    "lastname": Property(max_length=1024),
    "userid": _USERID,
}
_TOKEN: Final[Properties] = {"tokenid": _TOKENID, "userid": _USERID}
_TOKEN_VALUES: Final[Properties] = {
    **_TOKEN,
    "comment": _TEXT,
    "expire": _SECONDS,
    "privsep": _FLAG,
}
_POOL: Final[Properties] = {"poolid": _POOLID}
_POOL_CHANGE: Final[Properties] = {
    "poolid": _POOLID,
    "comment": _TEXT,
    "vms": Property(format="pve-vmid-list"),
    "storage": Property(format="pve-storage-id-list"),
    "allow-move": _FLAG,
    "delete": _FLAG,
}
_REALM: Final[Properties] = {"realm": schema.REALM_ID}
_FIXED: Final = ("realm", "type", "username-claim")
_REALM_NEW: Final[Properties] = {
    **schema.REALM,
    "type": Property(enum=("ad", "ldap", "openid", "pam", "pve"), optional=False),
    "check-connection": _FLAG,
}
_REALM_CHANGE: Final[Properties] = {
    **{name: rule for name, rule in schema.REALM.items() if name not in _FIXED},
    "realm": schema.REALM_ID,
    "check-connection": _FLAG,
    "delete": replace(_DELETE, max_length=4096),
    "digest": Property(max_length=64),
}
_JOB: Final[Properties] = {
    name: schema.JOB[name]
    for name in ("id", "schedule", "enabled", "comment", "scope", "remove-vanished", "enable-new")
}
_FACTOR: Final[Properties] = {"id": _ENTRY, "password": _CONFIRMATION, "userid": _USERID}

RULES: Final[Mapping[str, Properties]] = {
    "POST /access/users": {**_PERSON, "password": _NEW_PASSWORD},
    "PUT /access/users/{userid}": {**_PERSON, "append": _APPEND_GROUPS},
    "DELETE /access/users/{userid}": {"userid": _USERID},
    "PUT /access/users/{userid}/unlock-tfa": {"userid": _USERID},
    "POST /access/users/{userid}/token/{tokenid}": _TOKEN_VALUES,
    "PUT /access/users/{userid}/token/{tokenid}": {
        **_TOKEN_VALUES,
        "delete": _DELETE,
        "regenerate": _FLAG,
    },
    "DELETE /access/users/{userid}/token/{tokenid}": _TOKEN,
    "PUT /access/password": {
        "confirmation-password": _CONFIRMATION,
        "password": replace(_NEW_PASSWORD, optional=False),
        "userid": _USERID,
    },
    "POST /access/groups": {"comment": _TEXT, "groupid": _GROUPID},
    "PUT /access/groups/{groupid}": {"comment": _TEXT, "groupid": _GROUPID},
    "DELETE /access/groups/{groupid}": {"groupid": _GROUPID},
    "POST /access/roles": {"privs": _PRIVS, "roleid": _ROLEID},
    "PUT /access/roles/{roleid}": {
        "append": Property("boolean", needs="privs"),
        "privs": _PRIVS,
        "roleid": _ROLEID,
    },
    "DELETE /access/roles/{roleid}": {"roleid": _ROLEID},
    "PUT /access/acl": {
        "delete": _FLAG,
        "groups": _ALL_GROUPS,
        "path": Property(optional=False),
        "propagate": _FLAG,
        "roles": Property(format="pve-roleid-list", optional=False),
        "tokens": Property(format="pve-tokenid-list"),
        "users": Property(format="pve-userid-list"),
    },
    "POST /access/domains": _REALM_NEW,
    "PUT /access/domains/{realm}": _REALM_CHANGE,
    "DELETE /access/domains/{realm}": _REALM,
    "POST /access/tfa/{userid}": {
        "challenge": _TEXT,
        "description": _DESCRIPTION,
        "password": _CONFIRMATION,
        "totp": _TEXT,
        "type": Property(enum=("totp", "u2f", "webauthn", "recovery", "yubico"), optional=False),
        "userid": _USERID,
        "value": _TEXT,
    },
    "PUT /access/tfa/{userid}/{id}": {**_FACTOR, "description": _DESCRIPTION, "enable": _FLAG},
    "DELETE /access/tfa/{userid}/{id}": _FACTOR,
    "POST /pools": {"poolid": _POOLID, "comment": _TEXT},
    "PUT /pools": _POOL_CHANGE,
    "DELETE /pools": _POOL,
    "PUT /pools/{poolid}": _POOL_CHANGE,
    "DELETE /pools/{poolid}": _POOL,
    "PUT /cluster/options": {**schema.DATACENTER, "delete": _DELETE},
    "POST /cluster/jobs/realm-sync/{id}": {
        **_JOB,
        "scope": replace(schema.SYNC_OPTIONS["scope"], optional=False),
        "realm": schema.REALM_ID,
    },
    "PUT /cluster/jobs/realm-sync/{id}": {**_JOB, "delete": replace(_DELETE, max_length=4096)},
    "DELETE /cluster/jobs/realm-sync/{id}": {"id": replace(schema.JOB["id"], max_length=None)},
}
"""Call -> its parameters, those of the path among them, in the newest release."""

_REALM_SINCE: Final[Mapping[str, str]] = {
    "check-connection": "realm-check-connection",
    "groups-claim": "openid-groups",
    "groups-autocreate": "openid-groups",
    "groups-overwrite": "openid-groups",
    "query-userinfo": "openid-query-userinfo",
    "audiences": "openid-audiences",
}
_SINCE: Final[Mapping[str, Mapping[str, str]]] = {
    "PUT /access/users/{userid}/token/{tokenid}": {
        "delete": "token-delete-comment",
        "regenerate": "token-regenerate",
    },
    "PUT /access/password": {"confirmation-password": "confirmation-password"},
    "POST /access/domains": _REALM_SINCE,
    "PUT /access/domains/{realm}": _REALM_SINCE,
}
_CALL_SINCE: Final[Mapping[str, str]] = {
    "PUT /access/users/{userid}/unlock-tfa": "unlock-tfa",
    "POST /cluster/jobs/realm-sync/{id}": "realm-sync-jobs",
    "PUT /cluster/jobs/realm-sync/{id}": "realm-sync-jobs",
    "DELETE /cluster/jobs/realm-sync/{id}": "realm-sync-jobs",
}

_SETS_PASSWORD: Final = frozenset({"POST /access/users", "PUT /access/password"})
_OLD_SHORTEST: Final = 5  # of a new password, before PVE 8.3
_MISSING: Final = "property is missing"
_UNKNOWN: Final = "property is not defined"

_NAMES: Final[Mapping[str, Callable[[str], str | None]]] = {
    "userid": names.userid_problem,
    "groupid": names.group_problem,
    "tokenid": names.token_problem,
    "email": names.email_problem,
}


def problems(
    call: str, values: Mapping[str, str], hidden: Collection[str], release: str
) -> tuple[str, ...]:
    """Sentences on what a PVE of that release would not take, for a call of RULES.

    `hidden`: names of values that are secret and are not repeated.
    """
    if (feature := _CALL_SINCE.get(call)) and not versions.has(release, feature):
        return (_too_old(call, feature),)
    since = _SINCE.get(call, {})
    found = [
        _too_old(name, feature)
        for name, feature in since.items()
        if name in values and not versions.has(release, feature)
    ]
    for where, text in object_problems(values, _rules(call, release)).items():
        name = where.partition(".")[0]
        secret = name in hidden
        found.append(_hidden(name) if secret else _sentence(where, text, values.get(name, "")))
    privs = split_list(values.get("privs")) if "privs" in RULES[call] else []
    unknown = [priv for priv in privs if priv not in versions.privileges(release)]
    return (*found, *(f"PVE does not know the privilege {priv}." for priv in unknown))


def _rules(call: str, release: str) -> Properties:
    rules = dict(RULES[call])
    if "privs" in rules:  # which there are depends on the release
        rules["privs"] = _TEXT
    if call in _SETS_PASSWORD and not versions.has(release, "password-of-8"):
        rules["password"] = replace(rules["password"], min_length=_OLD_SHORTEST)
    return rules


def _too_old(what: str, feature: str) -> str:
    return f"{what} needs libpve-access-control {versions.FEATURES[feature]} or newer."


def _hidden(name: str) -> str:
    """PVE's own text may repeat the value."""
    return f"PVE does not take this value of {name}."


def _sentence(where: str, text: str, value: str) -> str:
    if text.startswith(_MISSING):
        return f"{where} is missing."
    if text.startswith(_UNKNOWN):
        return f"PVE knows no {where} here."
    better = _NAMES[where](value) if where in _NAMES else None
    return better or f"PVE does not take {where}: {' '.join(text.split()).rstrip('.')}."
