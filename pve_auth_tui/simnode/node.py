"""A whole Proxmox VE node as far as its access API goes; nothing of it is real.

It answers as PVE 9.2 does in the recordings (tests/conformance). Tickets, CSRF and HTTP stand
before it, in `proxy`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.cluster import node_name
from pve_auth_tui.core.errors import ApiError, AuthTuiError
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.simnode import router
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.permission import Rights, forbidden
from pve_auth_tui.simnode.request import ROOT, Caller, Request
from pve_auth_tui.simnode.sources import Sources
from pve_auth_tui.simnode.state import State
from pve_auth_tui.simnode.tree import SimTree

if TYPE_CHECKING:
    from pve_auth_tui.simnode.handlers.cluster import Message
    from pve_auth_tui.simnode.host.simhost import SimHost
    from pve_auth_tui.simnode.outside import Outside
    from pve_auth_tui.simnode.tasklog import TaskLog
    from pve_auth_tui.simnode.tickets import Tickets

Handler = Callable[["SimNode", Request], Any]

IPC_REFUSED: Final = (
    "ipcc_send_rec[1] failed: Connection refused\n"
    "ipcc_send_rec[2] failed: Connection refused\n"
    "ipcc_send_rec[3] failed: Connection refused\n"
    "Unable to load access control list: Connection refused\n"
)
JOURNAL_LINES: Final = 1000
CLUSTER_MESSAGES: Final = 500  # PVE keeps 128 KiB of them (pmxcfs, logger.h)
_FAMILIES: Final = (
    *("index", "users", "groups", "roles", "acl", "tokens", "permissions", "password", "pools"),
    *("ticket", "tfa", "domains", "openid", "jobs", "options", "cluster", "nodes", "tasks"),
)


class SimNode:
    """`disk` holds its files, `sources` its time and chance, `faults` what is broken now;
    `outside` are the simulated servers that it reaches, without them it uses the real network.

    `journal` is what its daemons wrote last, one line each: why a login failed stands only there.
    `messages` are those in the cluster's log that tell of no task.
    """

    def __init__(
        self,
        disk: Disk,
        sources: Sources,
        faults: Faults | None = None,
        outside: Outside | None = None,
    ) -> None:
        self.disk = disk
        self.outside = outside
        self.sources = sources
        self.faults = faults or Faults()
        self.state = State(disk, sources, self.faults)
        self.journal: deque[str] = deque(maxlen=JOURNAL_LINES)
        self.messages: deque[Message] = deque(maxlen=CLUSTER_MESSAGES)
        self._permissions: tuple[UserConfig, Permissions] | None = None

    @property
    def name(self) -> str:
        """The node's own name."""
        return node_name((self.disk.read("etc/hostname") or b"").decode()) or "pve1"

    @property
    def tree(self) -> SimTree:
        """Its files, as somebody on the node would read them."""
        return SimTree(self.disk, self.faults)

    @cached_property
    def tickets(self) -> Tickets:
        """What signs and checks tickets; its key is made when first needed."""
        from pve_auth_tui.simnode.tickets import Tickets

        return Tickets(self)

    @cached_property
    def tasks(self) -> TaskLog:
        """What runs in the background, and what ran."""
        from pve_auth_tui.simnode.tasklog import TaskLog

        return TaskLog(self)

    @cached_property
    def host(self) -> SimHost:
        """Its operating system; what a fresh one has is put on the disk when it is first asked."""
        from pve_auth_tui.simnode.host.simhost import SimHost

        return SimHost(self.disk, self.faults, self.outside, self.sources.now, self.sources.sleep)

    def rights(self, caller: Caller) -> Rights:
        """What a caller may do with the configuration as it is now."""
        access = self.state.access
        if self._permissions is None or self._permissions[0] is not access:
            self._permissions = (access, Permissions(access))
        return Rights(access, self._permissions[1], caller.authid)

    def may(self, caller: Caller, path: str) -> frozenset[str]:
        """The caller's privileges on a path."""
        return frozenset(self.rights(caller).permissions.privileges(caller.authid, path))

    def answer(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        caller: Caller = ROOT,
        *,
        host: str = "",
        rhost: str = "",
    ) -> Any:
        """PVE's `data` for one call; raises ApiError as PVE answers."""
        if self.faults.slow:
            self.sources.sleep(self.faults.slow)
        if self.faults.dead & {"pmxcfs", "mount"}:
            raise ApiError(500, IPC_REFUSED)
        found, in_path = router.find(method, path)
        if caller.token and not found.token_allowed:
            raise forbidden(f"URI '{path}' not available with API token, need proper ticket.\n")
        try:
            given = router.merged(in_path, params or {})
            self.rights(caller).require(found.permissions, given)
            request = Request(
                method, path, router.checked(found, given), caller, host=host, rhost=rhost
            )
            return self._handler(method, found.template)(self, request)
        except ApiError:
            raise
        except AuthTuiError as error:  # a file that PVE cannot read either
            raise ApiError(500, f"{error.original or error}\n") from error

    def _handler(self, method: str, template: str) -> Handler:
        for family in _FAMILIES:
            module = import_module(f"pve_auth_tui.simnode.handlers.{family}")
            if handler := module.HANDLERS.get((method, template)):
                return handler  # type: ignore[no-any-return]
        raise ApiError(router.NOT_IMPLEMENTED, f"The simulated node has no {method} {template}.\n")
