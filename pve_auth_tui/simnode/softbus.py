"""The demo's USB: security keys in software, plugged in and pulled by its stories."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pve_auth_tui.core.keys import KeyPlace, Scan, ScanState
from pve_auth_tui.core.ports import HidWire
from pve_auth_tui.simnode.softkey import PRODUCT, VENDOR

if TYPE_CHECKING:
    from pve_auth_tui.simnode.softkey.authenticator import SoftKey
    from pve_auth_tui.simnode.softkey.wire import Port


class SoftBus:
    """A `core.ports.HidBus`. What was registered on a key stays on it when it is pulled.

    `others`: so many HID devices that are no keys. `denied`: paths that cannot be opened, plugged
    in or not. `container`: the keys are in the machine, and none of its nodes is in /dev.
    All may be set at any time. `machine` as in Scan.
    """

    def __init__(self, *, others: int = 2) -> None:
        self.others = others
        self.denied: set[str] = set()
        self.container = False
        self.machine = ""
        self._ports: dict[str, Port] = {}

    def plug(self, key: SoftKey, path: str | None = None) -> str:
        """Plug it in; without a path at the first free /dev/hidrawN after the other devices."""
        from pve_auth_tui.simnode.softkey.wire import Port

        numbers = range(self.others, self.others + len(self._ports) + 1)
        free = next(p for p in map("/dev/hidraw{}".format, numbers) if p not in self._ports)
        path = path or free
        self.pull(path)
        self._ports[path] = Port(key)
        return path

    def pull(self, path: str) -> None:
        """Pull what is plugged in there; whoever has it open is told. Nothing there: nothing."""
        port = self._ports.pop(path, None)
        if port:
            port.pull()

    def pull_all(self) -> None:
        """Pull every key."""
        for path in tuple(self._ports):
            self.pull(path)

    def key_at(self, path: str) -> SoftKey | None:
        """What is plugged in there."""
        port = self._ports.get(path)
        return port.key if port else None

    def look(self) -> Scan:
        """What is plugged in now."""
        self._forget_gone()
        plugged = dict(self._ports)  # somebody else may pull one meanwhile
        there = () if self.container else tuple(sorted(plugged, key=lambda p: (len(p), p)))
        denied = tuple(path for path in there if path in self.denied)
        keys = tuple(_place(p, plugged[p].key) for p in there if p not in self.denied)
        return Scan(self._state(keys, denied), keys, denied, self.others, self.machine)

    def open(self, path: str) -> HidWire:
        """Raises OSError."""
        self._forget_gone()
        if path in self.denied:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        port = self._ports.get(path)
        if port is None or self.container:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return port.open()

    def _forget_gone(self) -> None:
        for path, port in tuple(self._ports.items()):
            if port.is_gone:
                self._ports.pop(path, None)

    def _state(self, keys: tuple[KeyPlace, ...], denied: tuple[str, ...]) -> ScanState:
        if keys:
            return ScanState.FOUND
        if denied:
            return ScanState.DENIED
        if self.container and self._ports:
            return ScanState.CONTAINER
        return ScanState.NO_KEY if self.others else ScanState.NOTHING


def _place(path: str, key: SoftKey) -> KeyPlace:
    return KeyPlace(path, key.product, key.serial or "", VENDOR, PRODUCT)
