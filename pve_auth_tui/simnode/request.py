"""One call of PVE's API, and who makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pve_auth_tui.core.accessdata import ROOT as ROOT_USER


@dataclass(frozen=True, slots=True)
class Caller:
    """`userid` is None for nobody; `token` is a full id (`joe@pve!ci`) where one was used."""

    userid: str | None
    token: str | None = None

    @property
    def authid(self) -> str:
        """What PVE calls the user of a request: the token's id where one was used."""
        return self.token or self.userid or ""


ROOT = Caller(ROOT_USER)
NOBODY = Caller(None)


@dataclass(frozen=True, slots=True)
class Request:
    """A call whose path was found and whose parameters were checked.

    `path` is unquoted: `/access/users/joe@pve`. `params` are text, or int for booleans and
    integers, those of the path among them. `host` is the Host header, "" where there is
    none (a call on the node itself); `rhost` the address of the client.
    """

    method: str
    path: str
    params: Mapping[str, Any]
    caller: Caller = ROOT
    host: str = ""
    rhost: str = ""
