"""Files replaced below the simulated node's /etc/pve, as `adapters.swap` does it on a real one."""

from __future__ import annotations

import hashlib
from typing import Final

from pve_auth_tui.core.errors import Refused, Unwritable
from pve_auth_tui.core.plan import FileSwap
from pve_auth_tui.core.recover.condition import Mount
from pve_auth_tui.simnode import units
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults

_BELOW: Final = "/etc/pve/"


class SimSwaps:
    """Nothing of this machine is touched."""

    def __init__(self, disk: Disk, faults: Faults) -> None:
        self._disk = disk
        self._faults = faults

    def swap(self, step: FileSwap) -> None:
        """Raises Refused when something else lies there by now, Unwritable where pmxcfs takes
        nothing.
        """
        path = step.path
        if not path.startswith(_BELOW):
            raise Refused(f"{path} is no file that this program replaces.")
        if units.mount(self._faults) is not Mount.ANSWERS:
            raise Unwritable(f"{path}: No such file or directory.")
        before = self._disk.read(path[1:])
        found = "" if before is None else hashlib.sha256(before).hexdigest()
        if found != step.expected:
            raise Refused(f"{path} is not what was looked at any more, so it was left as it is.")
        if not self._faults.writable:
            raise Unwritable(f"{path}: Permission denied.")
        if self._faults.disk_full:
            raise Unwritable(f"{path}: No space left on device.")
        self._disk.write(path[1:], step.content.reveal().encode("latin-1"))
