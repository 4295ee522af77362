"""Whether a caller may make a call: the checks that PVE declares beside each method.

Source: PVE::RPCEnvironment (check_api2_permissions, exec_api2_perm_check, check_perm_modify);
reference 3.5, recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pve_auth_tui.core import formats, names
from pve_auth_tui.core.accessdata import ROOT, UserConfig
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.simnode.template import template

FORBIDDEN = 403
ALL_GROUPS = "/access/groups"
_SUBSTITUTES = {
    "/storage/": "Datastore.Allocate",
    "/vms/": "VM.Allocate",
    "/pool/": "Pool.Allocate",
}


def forbidden(what: str = "") -> ApiError:
    """PVE's refusal; `what` is `PATH, PRIVILEGE|PRIVILEGE`, or nothing."""
    shown = f" ({what})" if what else ""
    return ApiError(FORBIDDEN, f"Permission check failed{shown}\n")


@dataclass(frozen=True)
class Rights:
    """What one caller (a userid or a token's full id) may do with a configuration."""

    access: UserConfig
    permissions: Permissions
    authid: str

    def require(self, declared: Mapping[str, Any] | None, params: Mapping[str, Any]) -> None:
        """Raises ApiError, 403 for what the caller may not do, 500 for users that are not there.

        `params` are as they were sent: PVE looks at them before it has checked them.
        """
        if not self.authid:
            if declared and declared.get("user") == "world":
                return
            raise forbidden("user != null")
        if self.authid == ROOT:
            return
        if not declared:
            raise forbidden("user != root@pam")
        if declared.get("user") == "all" or declared.get("user") == "world":
            return
        if not declared.get("check"):
            raise forbidden()
        if not self._passes(declared["check"], params):
            raise forbidden()

    def holds(self, path: str, privs: Sequence[str], *, every: bool = False) -> bool:
        """Whether any (or every) one of these privileges is there on a path."""
        held = self.permissions.privileges(self.authid, path)
        return (all if every else any)(priv in held for priv in privs)

    def require_on(self, path: str, privs: Sequence[str], *, every: bool = False) -> None:
        """The same, as a refusal that names what is missing."""
        held = self.permissions.privileges(self.authid, path)
        missing = [priv for priv in privs if priv not in held]
        if every and missing:
            raise forbidden(f"{path}, {missing[0]}")
        if len(missing) == len(privs):
            raise forbidden(f"{path}, {'|'.join(privs)}")

    def require_user(self, userid: object) -> None:
        """PVE looks whether the user is there before it looks at rights."""
        if _require_format(userid) not in self.access.users:
            raise ApiError(500, f"no such user ('{userid}')\n")

    def groups(self, privs: Sequence[str]) -> set[str]:
        """The groups on which the caller holds any of these."""
        return {group for group in self.access.groups if self.holds(f"{ALL_GROUPS}/{group}", privs)}

    def people(self, groups: set[str]) -> set[str]:
        """Everybody in any of these groups."""
        return {member for group in groups for member in self.access.groups[group].members}

    def modify(self, path: str) -> list[str]:
        """The privileges of which any one lets change the ACL of a path."""
        instead = [
            priv for top, priv in _SUBSTITUTES.items() if path.startswith(top) and path != top
        ]
        return ["Permissions.Modify", *instead]

    def _passes(self, check: Sequence[Any], params: Mapping[str, Any]) -> bool:
        kind, *rest = check
        if kind == "and":
            for part in rest:
                self._passes(part, params)
            return True
        if kind == "or":
            return any(self._quietly(part, params) for part in rest)
        if kind == "perm":
            self._perm(rest, params)
        elif kind == "userid-group":
            self._userid_group(rest, params)
        elif kind == "userid-param":
            self._userid_param(rest[0], params)
        elif kind == "perm-modify":
            path = names.normalise_path(template(rest[0], params))
            if path is not None:  # the handler refuses a path that is none
                self.require_on(path, self.modify(path))
        else:
            raise ValueError(f"no such permission check: {kind}")
        return True

    def _quietly(self, check: Sequence[Any], params: Mapping[str, Any]) -> bool:
        """One of several: its refusal is none yet, but what is in an `and` says so at once."""
        if check[0] == "and":
            return self._passes(check, params)
        if check[0] == "userid-param":
            _require_format(params.get("userid"))
        try:
            return self._passes(check, params)
        except ApiError:
            return False

    def _perm(self, rest: Sequence[Any], params: Mapping[str, Any]) -> None:
        path = names.normalise_path(template(rest[0], params))
        any_one = "any" in rest[2:]
        if path is None:  # there even a token of root@pam has no rights
            raise forbidden(f", {'|'.join(rest[1]) if any_one else rest[1][0]}")
        self.require_on(path, rest[1], every=not any_one)

    def _userid_group(self, rest: Sequence[Any], params: Mapping[str, Any]) -> None:
        privs, options = rest[0], dict(zip(rest[1::2], rest[2::2], strict=True))
        mode = options.get("groups_param")
        if mode != "create":
            self.require_user(params.get("userid"))
        if self.holds(ALL_GROUPS, privs):
            return
        groups = self.groups(privs)
        if mode:
            wanted = split_list(str(params.get("groups") or ""))
            if not wanted:
                raise forbidden(f"{ALL_GROUPS}, {'|'.join(privs)}")
            for group in wanted:
                if group not in groups:
                    raise forbidden(f"{ALL_GROUPS}/{group}, {'|'.join(privs)}")
        if mode != "create" and params["userid"] not in self.people(groups):
            raise forbidden()

    def _userid_param(self, test: str, params: Mapping[str, Any]) -> None:
        userid = _require_format(params.get("userid"))
        if test == "self":
            self.require_user(userid)
            if userid != self.authid:
                raise forbidden()
        else:
            realm = userid.rpartition("@")[2]
            self.require_on(f"/access/realm/{realm}", [test], every=True)


def _require_format(userid: object) -> str:
    found = "" if userid is None else str(userid)
    if text := formats.problem("pve-userid", found):
        raise ApiError(500, text)
    return found
