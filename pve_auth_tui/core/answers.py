"""PVE's API answers, made of what was read from its files: the JSON that root@pam would get.

Sources: PVE::API2::{User,Group,Role,ACL,Domains,TFA} of pve-access-control 9.1.1,
PVE::API2::{Pool,Cluster} of pve-manager 9.2.11, recorded answers in tests/conformance/golden.
Where PVE's order is random the answers here are sorted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pve_auth_tui.core import propertystring, schema
from pve_auth_tui.core.accessdata import Token, User, UserConfig
from pve_auth_tui.core.datacenter import MAC_PREFIX, PARSED
from pve_auth_tui.core.domains import Domains, Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.formats import realm_problem
from pve_auth_tui.core.jobs import REALM_SYNC
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.secret import HIDDEN
from pve_auth_tui.core.snapshot import Datacenter, Jobs, SyncJob
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, UserTfa

Answer = dict[str, Any]

_BAD_PARAMETERS = "Parameter verification failed.\n"
_LONGEST_REALM = 32
_LARGEST_INTEGER = 2**64 - 1
_LARGEST_TIME = 10**308  # the largest float is a little more
_TAG_LISTS = ("registered-tags", "user-allow-list")
_HARMLESS_KEYS = re.compile(r"(?:x(?:![a-z0-9]+)?)?")
_YUBICO_KEY = re.compile(r"(?:^|(?<=,))key=[^,]*")
_PROXY_LOGIN = re.compile(r"//.*@", re.DOTALL)
_SECRET_FIELDS = ("client-key", "password")


def users(
    access: UserConfig,
    realms: Domains | None = None,
    tfa: TfaConfig | None = None,
    *,
    full: bool = False,
    now: float = 0.0,
) -> list[Answer]:
    """GET /access/users; `full` adds groups (comma string) and tokens (null when there are none).

    Without `realms` the answers lack `realm-type`, without `tfa` the locks, which are shown
    until they end (`now` in seconds since 1970).
    """
    found = []
    for userid, user in sorted(access.users.items()):
        answer = _user_fields(user)
        if full:
            answer["groups"] = ",".join(access.groups_of.get(userid, ()))
            answer["tokens"] = tokens_of(user) or None
        if realms and user.realm in realms.realms:
            answer["realm-type"] = realms.realms[user.realm].type
        if tfa and userid in tfa.users:
            answer.update(_locks(tfa.users[userid], int(now) - 1))
        found.append({**answer, "userid": userid})
    return found


def user(access: UserConfig, userid: str) -> Answer:
    """GET /access/users/{userid}: groups as list, tokens by id (null when there are none)."""
    found = access.users.get(userid)
    if found is None:
        raise ApiError(500, f"no such user ('{userid}')\n")
    tokens = {token.id: token_info(token) for token in _sorted_tokens(found)}
    groups = list(access.groups_of.get(userid, ()))
    return {**_user_fields(found), "groups": groups, "tokens": tokens or None}


def tokens(access: UserConfig) -> list[Answer]:
    """All users' API tokens in the fields of GET /access/users/{userid}/token, with `userid`."""
    return [
        {"userid": userid, "tokenid": token.id, **token_info(token)}
        for userid, owner in sorted(access.users.items())
        for token in _sorted_tokens(owner)
    ]


def tokens_of(owner: User) -> list[Answer]:
    """GET /access/users/{userid}/token."""
    return [{"tokenid": token.id, **token_info(token)} for token in _sorted_tokens(owner)]


def _user_fields(user: User) -> Answer:
    texts = {
        "firstname": user.firstname,
        "lastname": user.lastname,
        "email": user.email,
        "comment": user.comment,
        "keys": user.keys,
    }
    expire = {} if user.implied else {"expire": _time(user.expire)}
    return {"enable": int(user.enable), **expire, **_present(texts)}


def _sorted_tokens(user: User) -> Iterable[Token]:
    return (token for _, token in sorted(user.tokens.items()))


def token_info(token: Token) -> Answer:
    """GET /access/users/{userid}/token/{tokenid}."""
    fields = {"expire": _time(token.expire), "privsep": int(token.privsep)}
    return {**fields, **_present({"comment": token.comment})}


def _time(seconds: int) -> int | float:
    """Beyond 64 bits Perl has no whole numbers."""
    return seconds if seconds <= _LARGEST_INTEGER else float(min(seconds, _LARGEST_TIME))


def _present(fields: Mapping[str, Any]) -> Answer:
    return {name: value for name, value in fields.items() if value is not None}


def groups(access: UserConfig) -> list[Answer]:
    """GET /access/groups; `users` is a comma string."""
    return [
        {"groupid": name, **_present({"comment": group.comment}), "users": ",".join(group.members)}
        for name, group in sorted(access.groups.items())
    ]


def group(access: UserConfig, groupid: str) -> Answer:
    """GET /access/groups/{groupid}."""
    found = access.groups.get(groupid)
    if found is None:
        raise ApiError(500, f"group '{groupid}' does not exist\n")
    return {**_present({"comment": found.comment}), "members": list(found.members)}


def roles(access: UserConfig) -> list[Answer]:
    """GET /access/roles; `privs` is a comma string."""
    return [
        {"roleid": name, "privs": ",".join(sorted(role.privs)), "special": int(role.special)}
        for name, role in sorted(access.roles.items())
    ]


def role(access: UserConfig, roleid: str) -> Answer:
    """GET /access/roles/{roleid}: privilege -> 1."""
    found = access.roles.get(roleid)
    if found is None:
        raise ApiError(500, f"role '{roleid}' does not exist\n")
    return dict.fromkeys(sorted(found.privs), 1)


def acl(access: UserConfig) -> list[Answer]:
    """GET /access/acl."""
    return [
        {
            "path": entry.path,
            "type": entry.kind,
            "ugid": entry.subject,
            "roleid": entry.role,
            "propagate": int(entry.propagate),
        }
        for entry in access.acl
    ]


def pools(access: UserConfig) -> list[Answer]:
    """GET /pools."""
    return [
        {"poolid": name, **_present({"comment": pool.comment})}
        for name, pool in sorted(access.pools.items())
    ]


def domains(realms: Domains) -> list[Answer]:
    """GET /access/domains: what the login box needs."""
    return [_login_box(realm) for realm in realms.realms.values()]


def _login_box(realm: Realm) -> Answer:
    answer: Answer = {"realm": realm.name, "type": realm.type}
    if truthy(realm.comment):
        answer["comment"] = realm.comment
    if truthy(realm.options.get("default")):
        answer["default"] = 1
    tfa = realm.options.get("tfa")
    if tfa is not None and truthy(tfa):
        answer["tfa"] = propertystring.split(tfa, schema.REALM_TFA)["type"]
    return answer


def domain(realms: Domains, name: str) -> Answer:
    """GET /access/domains/{realm}: all properties; the client key is in there, see `masked`."""
    if problem := realm_problem(name):
        raise ApiError(400, _BAD_PARAMETERS, {"realm": f"invalid format - {problem}"})
    if len(name) > _LONGEST_REALM:
        problem = f"value may only be {_LONGEST_REALM} characters long"
        raise ApiError(400, _BAD_PARAMETERS, {"realm": problem})
    realm = realms.realms.get(name)
    if realm is None or realm.type is None:
        raise ApiError(500, f"domain '{name}' does not exist\n")
    return {**_properties(realm), "digest": realms.digest}


def realm_details(realms: Domains) -> list[Answer]:
    """All realms, each with all its properties and its name as `realm`."""
    return [{"realm": realm.name, **_properties(realm)} for realm in realms.realms.values()]


def _properties(realm: Realm) -> Answer:
    answer = {name: _typed(value, schema.REALM.get(name)) for name, value in realm.options.items()}
    if realm.type in {"ad", "ldap"} and "sync-defaults-options" in realm.options:
        answer["sync-defaults-options"] = _sync_options(realm.options["sync-defaults-options"])
    if realm.name == "pam":
        answer["plugin"] = "PVE::Auth::PAM"
    return {**answer, "type": realm.type}


def _sync_options(text: str) -> str:
    """The options as PVE shows them: sorted, what `full` and `purge` mean today added."""
    options = propertystring.split(text, schema.SYNC_OPTIONS)
    full, purge = truthy(options.get("full")), truthy(options.get("purge"))
    if "remove-vanished" not in options and (full or purge):
        meant = ["entry", "properties"] * full + ["acl"] * purge
        options["remove-vanished"] = ";".join(meant)
    return propertystring.join(options, schema.SYNC_OPTIONS)


def _typed(value: str, rule: schema.Property | None) -> str | int:
    return int(value) if rule and rule.kind in {"boolean", "integer"} else value


def tfa(config: TfaConfig, now: float) -> list[Answer]:
    """GET /access/tfa; a lock that ended (`now`, seconds since 1970) is not shown."""
    return [
        {
            "userid": userid,
            "entries": [_factor(entry) for entry in factors.entries],
            **_locks(factors, int(now)),
        }
        for userid, factors in sorted(config.users.items())
    ]


def tfa_user(config: TfaConfig, userid: str) -> list[Answer]:
    """GET /access/tfa/{userid}; an empty list for a user without any entry."""
    found = config.users.get(userid)
    return [_factor(entry) for entry in found.entries] if found else []


def tfa_entry(config: TfaConfig, userid: str, entry_id: str) -> Answer:
    """GET /access/tfa/{userid}/{id}."""
    entries = config.users[userid].entries if userid in config.users else ()
    # recovery keys come last here: another entry may have their id
    for entry in sorted(entries, key=lambda entry: entry.type == "recovery"):
        if entry.id == entry_id:
            return _factor(entry)
    raise ApiError(404, f"No such tfa entry '{entry_id}'")


def _factor(entry: TfaEntry) -> Answer:
    answer: Answer = {"id": entry.id, "type": entry.type, "created": entry.created}
    if entry.description:
        answer["description"] = entry.description
    return answer if entry.enable else {**answer, "enable": 0}


def _locks(factors: UserTfa, after: int) -> Answer:
    answer: Answer = {"totp-locked": 1} if factors.totp_locked else {}
    if factors.locked_until is not None and factors.locked_until > after:
        answer["tfa-locked-until"] = factors.locked_until
    return answer


def cluster_options(datacenter: Datacenter, allowed_tags: Iterable[str] = ()) -> Answer:
    """GET /cluster/options; `allowed_tags` depend on the guests, which are not known here."""
    answer: Answer = {"mac_prefix": MAC_PREFIX}
    for name, value in datacenter.options.items():
        rule = schema.DATACENTER.get(name, schema.Property())
        parts = rule.parts if name in PARSED else None
        if isinstance(value, str) or parts is None:
            answer[name] = _option(name, str(value), rule)
        else:
            answer[name] = {part: _option(part, text, parts[part]) for part, text in value.items()}
    return {**answer, "description": datacenter.notes, "allowed-tags": sorted(allowed_tags)}


def _option(name: str, value: str, rule: schema.Property) -> str | int | list[str]:
    if name in _TAG_LISTS and truthy(value):
        return value.split(";")
    return int(value) if rule.kind == "boolean" else value


def realm_sync_jobs(jobs: Jobs, next_runs: Mapping[str, int] | None = None) -> list[Answer]:
    """GET /cluster/jobs/realm-sync; `next_runs` by job id, where known (seconds since 1970)."""
    return [
        {
            **_job(job),
            "id": job.id,
            "last-run": job.last_run,
            **_present({"next-run": (next_runs or {}).get(job.id)}),
        }
        for job in jobs.sync.values()
    ]


def realm_sync_job(jobs: Jobs, job_id: str) -> Answer:
    """GET /cluster/jobs/realm-sync/{id}."""
    if job_id not in jobs.sync:
        raise ApiError(400, _BAD_PARAMETERS, {"id": f"No such job '{job_id}'"})
    return _job(jobs.sync[job_id])


def _job(job: SyncJob) -> Answer:
    answer = {name: _typed(value, schema.JOB.get(name)) for name, value in job.options.items()}
    return {**answer, "type": REALM_SYNC}


def masked(answer: Any) -> Any:
    """An answer without what nobody must read over a shoulder or in a file (R9).

    Hidden are a realm's client key and password, the API key of a Yubico realm, old secrets
    in a user's `keys` (all but `x` and `x!type`), and the login in a proxy's URL.
    """
    if isinstance(answer, list):
        return [masked(item) for item in answer]
    if isinstance(answer, dict):
        return {name: masked_value(name, value) for name, value in answer.items()}
    return answer


def masked_value(name: str, value: Any) -> Any:
    """One named value of an answer, or of a realm's options, hidden where it must be."""
    if not isinstance(value, str):
        return masked(value)
    if name in _SECRET_FIELDS or (name == "keys" and not _HARMLESS_KEYS.fullmatch(value)):
        return HIDDEN
    if name == "tfa":
        return _YUBICO_KEY.sub(f"key={HIDDEN}", value)
    return _PROXY_LOGIN.sub(f"//{HIDDEN}@", value) if name == "http_proxy" else value
