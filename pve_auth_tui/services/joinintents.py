"""Intents of the node's operating system: each carries what it was settled with, so that whoever
runs its plan can look whether the node is still so.
"""

from __future__ import annotations

from dataclasses import dataclass

from pve_auth_tui.core.join.drafts import install_draft, join_draft, leave_draft
from pve_auth_tui.core.join.goback import back_draft
from pve_auth_tui.core.join.model import NodeState
from pve_auth_tui.core.join.orders import BackOrder, JoinOrder, LeaveOrder, PermitOrder
from pve_auth_tui.core.join.permits import permit_draft
from pve_auth_tui.core.plan import Draft
from pve_auth_tui.core.snapshot import Snapshot


@dataclass(frozen=True)
class InstallIntent:
    """Packages that a join needs. `before`: the node when it was planned."""

    names: tuple[str, ...]
    before: NodeState

    def __call__(self, snapshot: Snapshot) -> Draft:
        return install_draft(self.before.short or "this node", self.names)


@dataclass(frozen=True)
class JoinIntent:
    order: JoinOrder

    def __call__(self, snapshot: Snapshot) -> Draft:
        return join_draft(self.order)


@dataclass(frozen=True)
class PermitIntent:
    order: PermitOrder

    def __call__(self, snapshot: Snapshot) -> Draft:
        return permit_draft(self.order)


@dataclass(frozen=True)
class LeaveIntent:
    order: LeaveOrder

    def __call__(self, snapshot: Snapshot) -> Draft:
        return leave_draft(self.order)


@dataclass(frozen=True)
class BackIntent:
    order: BackOrder

    def __call__(self, snapshot: Snapshot) -> Draft:
        return back_draft(self.order)
