"""As much of a PVE node as the parsing recordings need: files in, API answers and files out.

Everything it knows comes from `pve_auth_tui.core`; here is only which call means which of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pve_auth_tui.core import answers, sectionconfig
from pve_auth_tui.core.accessdata import Token, UserConfig
from pve_auth_tui.core.datacenter import parse_datacenter, write_datacenter
from pve_auth_tui.core.domains import FILE, PLUGINS, Domains, parse_domains, write_domains
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.jobs import parse_jobs, write_jobs
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.sectionconfig import Section, WriteRefused
from pve_auth_tui.core.shadow import ShadowFile, parse_shadow, write_shadow
from pve_auth_tui.core.snapshot import Datacenter, Jobs, SyncJob
from pve_auth_tui.core.tokensecrets import (
    TokenSecretsFile,
    parse_token_secrets,
    write_token_secrets,
)
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config

Call = Mapping[str, Any]


class NotReplayed(Exception):
    """A call that this node does not know; it counts as unequal."""


@dataclass(frozen=True)
class Node:
    """The files as they were understood."""

    access: UserConfig
    realms: Domains
    datacenter: Datacenter
    jobs: Jobs
    token_secrets: TokenSecretsFile
    shadow: ShadowFile

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> Node:
        """A node with these files; those that are not there are empty."""
        return cls(
            parse_user_config(files.get("user.cfg", b"")),
            parse_domains(files.get("domains.cfg", b"")),
            parse_datacenter(files.get("datacenter.cfg", b"")),
            parse_jobs(files.get("jobs.cfg", b"")),
            parse_token_secrets(files.get("priv/token.cfg", b"")),
            parse_shadow(files.get("priv/shadow.cfg", b"")),
        )

    def warnings(self, file: str) -> tuple[str, ...]:
        """What PVE says while it reads a file."""
        part: Any = {
            "user.cfg": self.access,
            "domains.cfg": self.realms,
            "datacenter.cfg": self.datacenter,
            "jobs.cfg": self.jobs,
            "priv/token.cfg": self.token_secrets,
            "priv/shadow.cfg": self.shadow,
        }[file]
        found: tuple[str, ...] = part.warnings
        return found

    def parsed(self, file: str) -> Any:
        """The two files without a call of their own, in the recordings' form."""
        if file == "priv/token.cfg":
            return {token: secret.reveal() for token, secret in self.token_secrets.secrets.items()}
        users = {name: {"shadow": secret.reveal()} for name, secret in self.shadow.hashes.items()}
        return {"users": users} if users else {}

    def written(self, file: str) -> bytes:
        """The file anew; raises WriteRefused as PVE would."""
        if file == "user.cfg":
            return write_user_config(self.access)
        if file == "domains.cfg":
            return write_domains(self.realms)
        if file == "datacenter.cfg":
            return write_datacenter(self.datacenter)
        if file == "jobs.cfg":
            # the recording node knew no backup jobs and dropped them
            sections = tuple(section for section in self.jobs.sections if section.type != "vzdump")
            return write_jobs(replace(self.jobs, sections=sections))
        if file == "priv/token.cfg":
            return write_token_secrets(self.token_secrets)
        return write_shadow(self.shadow)

    def get(self, path: str, params: Mapping[str, Any]) -> Any:
        """GET as root@pam; raises ApiError as PVE answers it."""
        match path.strip("/").split("/"):
            case ["access", "domains"]:
                return answers.domains(self.realms)
            case ["access", "domains", realm]:
                return answers.domain(self.realms, realm)
            case ["cluster", "options"]:
                return answers.cluster_options(self.datacenter)
            case ["cluster", "jobs", "realm-sync"]:
                return answers.realm_sync_jobs(self.jobs)
            case ["cluster", "jobs", "realm-sync", job]:
                return answers.realm_sync_job(self.jobs, job)
        return self._get_access(path, params)

    def _get_access(self, path: str, params: Mapping[str, Any]) -> Any:
        match path.strip("/").split("/"):
            case ["access", "users"]:
                return answers.users(self.access, self.realms, full=bool(params.get("full")))
            case ["access", "users", userid]:
                return answers.user(self.access, userid)
            case ["access", "groups"]:
                return answers.groups(self.access)
            case ["access", "groups", groupid]:
                return answers.group(self.access, groupid)
            case ["access", "roles"]:
                return answers.roles(self.access)
            case ["access", "roles", roleid]:
                return answers.role(self.access, roleid)
            case ["access", "acl"]:
                return answers.acl(self.access)
            case ["pools"]:
                return answers.pools(self.access)
        raise NotReplayed(f"GET {path}")

    def changed(self, call: Call) -> tuple[Node, Any]:
        """The node after a small change, and the answer; raises ApiError as PVE answers it."""
        params: dict[str, Any] = dict(call["params"])
        match [call["method"], *call["path"].strip("/").split("/")]:
            case ["PUT", "access", "users", userid]:
                return self._with_user(userid, params), None
            case ["PUT", "access", "domains", realm]:
                return self._with_realm(realm, params), None
            case ["POST", "access", "users", userid, "token", token]:
                return self._with_token(userid, token)
            case ["DELETE", "access", "users", userid, "token", token]:
                return self._without_token(userid, token), None
            case ["PUT", "cluster", "options"]:
                return self._with_options(params), None
            case ["POST", "cluster", "jobs", "realm-sync", job]:
                return self._with_job(job, params), None
        raise NotReplayed(f"{call['method']} {call['path']}")

    def _with_user(self, userid: str, params: dict[str, Any]) -> Node:
        users = {**self.access.users}
        users[userid] = replace(users[userid], **params)
        return replace(self, access=replace(self.access, users=users))

    def _with_realm(self, name: str, params: dict[str, Any]) -> Node:
        realm = self.realms.realms[name]
        changed = replace(realm, options={**realm.options, **_texts(params)})
        node = replace(
            self, realms=replace(self.realms, realms={**self.realms.realms, name: changed})
        )
        node._check("domains.cfg", "update auth server failed: ")
        return node

    def _with_token(self, userid: str, token: str) -> tuple[Node, Any]:
        user = self.access.users[userid]
        tokens = {**user.tokens, token: Token(token)}
        secrets = {**self.token_secrets.secrets, f"{userid}!{token}": Secret("<random>")}
        node = replace(
            self._with_user(userid, {"tokens": tokens}),
            token_secrets=replace(self.token_secrets, secrets=secrets),
        )
        full_id = f"{userid}!{token}"
        return node, {"full-tokenid": full_id, "info": {"privsep": 1}, "value": "<random>"}

    def _without_token(self, userid: str, token: str) -> Node:
        tokens = {**self.access.users[userid].tokens}
        del tokens[token]
        secrets = {**self.token_secrets.secrets}
        del secrets[f"{userid}!{token}"]
        return replace(
            self._with_user(userid, {"tokens": tokens}),
            token_secrets=replace(self.token_secrets, secrets=secrets),
        )

    def _with_options(self, params: dict[str, Any]) -> Node:
        deleted = str(params.pop("delete", "")).split(",")
        kept = {name: v for name, v in self.datacenter.options.items() if name not in deleted}
        options = {**kept, **_texts(params)}
        node = replace(self, datacenter=self.datacenter._replace(options=options))
        node._check("datacenter.cfg", "")
        return node

    def _with_job(self, job: str, params: dict[str, Any]) -> Node:
        added = SyncJob(job, str(params.get("realm")), _texts(params))
        node = replace(self, jobs=replace(self.jobs, sync={**self.jobs.sync, job: added}))
        node._check("jobs.cfg", "")
        return node

    def _check(self, file: str, prefix: str) -> None:
        try:
            self.written(file)
        except WriteRefused as error:
            raise ApiError(500, f"{prefix}{error.original}") from error

    def choices(self, raw_domains: bytes) -> Iterator[Node]:
        """This node and those that Perl's hash order could have made of the same files.

        Of several realms marked as default PVE keeps any one; built-in realms that the file
        lacks are added in any order.
        """
        sections = sectionconfig.parse(raw_domains, FILE, PLUGINS).sections
        for realms in _default_choices(self.realms, sections):
            yield replace(self, realms=realms)
            if not {"pam", "pve"} & {section.id for section in sections}:
                *others, last, very_last = realms.realms
                turned = {name: realms.realms[name] for name in (*others, very_last, last)}
                yield replace(self, realms=replace(realms, realms=turned))


def _default_choices(realms: Domains, sections: Iterable[Section]) -> Iterator[Domains]:
    marked = [section.id for section in sections if section.options.get("default") == "1"]
    for kept in marked if len(marked) > 1 else (None,):
        chosen = {
            name: replace(realm, options=_default(realm.options, name == kept))
            if kept and name in marked
            else realm
            for name, realm in realms.realms.items()
        }
        yield replace(realms, realms=chosen)


def _default(options: Mapping[str, str], kept: bool) -> dict[str, str]:
    others = {name: value for name, value in options.items() if name != "default"}
    return {**others, "default": "1"} if kept else others


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}
