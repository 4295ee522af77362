"""Commands on the simulated node: what systemctl, pvecm and pmxcfs do to its faults."""

from __future__ import annotations

from collections.abc import Callable

from pve_auth_tui.core.errors import CommandFailed
from pve_auth_tui.core.plan import HostCommand
from pve_auth_tui.simnode.faults import Faults


class SimCommands:
    """Runs no command of this machine."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def run(self, command: HostCommand, on_line: Callable[[str], None]) -> int:
        """0; raises CommandFailed as `adapters.host.run_command` does."""
        raise CommandFailed(f"{command.argv[0]} is no command of the simulated node.")
