"""The kernel's HID devices, /dev/hidrawN: which are security keys, and reports to and from one."""

from __future__ import annotations

from pve_auth_tui.core.keys import Scan, ScanState
from pve_auth_tui.core.ports import HidWire


class HidrawBus:
    """A `core.ports.HidBus`."""

    def look(self) -> Scan:
        """What is plugged in now."""
        return Scan(ScanState.NOTHING)

    def open(self, path: str) -> HidWire:
        """Raises OSError."""
        raise FileNotFoundError(path)
