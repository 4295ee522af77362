"""The application: which screen is open, and what holds on every screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar

from textual import events, on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.worker import Worker, WorkerState, get_current_worker

from pve_auth_tui import crash
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Target
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.terminal.burst import Bursts
from pve_auth_tui.terminal.driver import driver_class
from pve_auth_tui.terminal.profile import Profile
from screens.base import BaseScreen
from screens.listing import ListScreen
from screens.start import StartScreen

_IDLE = 600  # seconds without a key until Start comes back
_MOVES = frozenset("jk")  # printable keys that only move: they never wait


def _screens() -> dict[str, type[ListScreen]]:
    from screens.acl import AclScreen, AclTreeScreen
    from screens.anything import AnythingScreen
    from screens.groups import GroupsScreen
    from screens.pools import PoolsScreen
    from screens.realms import RealmsScreen
    from screens.roles import RolesScreen
    from screens.tfa import TfaScreen
    from screens.tokens import TokensScreen
    from screens.users import UsersScreen

    return {
        "acl": AclScreen,
        "tree": AclTreeScreen,
        "users": UsersScreen,
        "tokens": TokensScreen,
        "tfa": TfaScreen,
        "groups": GroupsScreen,
        "pools": PoolsScreen,
        "roles": RolesScreen,
        "realms": RealmsScreen,
        "anything": AnythingScreen,
    }
