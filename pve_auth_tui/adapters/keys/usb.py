"""The security keys on a bus. A `core.ports.SecurityKeys`."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.keys import Scan
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import Hands, HidBus, SecurityKey


class UsbKeys:
    """`bus`: where they are plugged in."""

    def __init__(self, bus: HidBus) -> None:
        self._bus = bus

    def scan(self) -> Scan:
        """What is plugged in now."""
        return self._bus.look()

    def open(self, path: str) -> SecurityKey:
        """One of the scan's keys. Raises KeyTrouble."""
        raise KeyTrouble(Kind.UNPLUGGED)

    def touched(self, paths: Sequence[str], hands: Hands) -> str:
        """All of them blink; the path of the one that is touched. Raises KeyTrouble."""
        raise KeyTrouble(Kind.UNPLUGGED)
