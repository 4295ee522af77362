"""A software key behind /dev/uhid: the kernel makes a real /dev/hidrawN for it."""

from __future__ import annotations

import errno
import os
import select
import struct
import threading
from collections.abc import Callable
from typing import Final

from pve_auth_tui.simnode.softkey import PRODUCT, VENDOR
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.framing import REPORT, Framing

# Usage page FIDO, usage U2F HID device, 64 bytes in and 64 bytes out (CTAP 2.1, 11.2.8.1).
FIDO_DESCRIPTOR: Final = bytes.fromhex(
    "06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0"
)
# linux/uhid.h: event types, and the size of the union in struct uhid_event.
_DESTROY, _OUTPUT, _GET_REPORT, _GET_REPLY, _CREATE2, _INPUT2 = 1, 6, 9, 10, 11, 12
_SET_REPORT, _SET_REPLY = 13, 14
_DATA: Final = 4096
_EVENT: Final = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + _DATA
_BUS_USB: Final = 3
_LOOK: Final = 100  # milliseconds


class UhidDevice:
    """Any HID device; needs root. `receive` takes its output reports. Raises OSError."""

    def __init__(
        self,
        product: str,
        serial: str,
        descriptor: bytes,
        receive: Callable[[bytes], None],
        path: str = "/dev/uhid",
    ) -> None:
        self._receive = receive
        self._pulled = threading.Event()
        self._lock = threading.RLock()
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        names = struct.pack("128s64s64s", product.encode()[:127], b"", serial.encode()[:63])
        numbers = struct.pack("<HHIIII", len(descriptor), _BUS_USB, VENDOR, PRODUCT, 1, 0)
        created = struct.pack("<I", _CREATE2) + names + numbers + descriptor.ljust(_DATA, b"\0")
        os.write(self._fd, created)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def send(self, report: bytes) -> None:
        """An input report; none after it was pulled."""
        self._tell(struct.pack("<IH", _INPUT2, len(report)) + report.ljust(_DATA, b"\0"))

    def pull(self) -> None:
        """The kernel takes the device away; twice does no harm."""
        with self._lock:
            self._tell(struct.pack("<I", _DESTROY).ljust(_EVENT, b"\0"))
            self._pulled.set()

    def _tell(self, event: bytes) -> None:
        with self._lock:
            if not self._pulled.is_set():
                os.write(self._fd, event)

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        while not self._pulled.is_set():
            if poll.poll(_LOOK):
                self._happened(os.read(self._fd, _EVENT))
        with self._lock:
            os.close(self._fd)

    def _happened(self, event: bytes) -> None:
        [kind] = struct.unpack("<I", event[:4])
        number = event[4:8]
        if kind == _OUTPUT:
            [size] = struct.unpack("<H", event[4 + _DATA : 6 + _DATA])
            report = event[4 : 4 + size]
            self._receive(report[-REPORT:])  # without the leading number of the report
        elif kind == _GET_REPORT:
            reply = struct.pack("<I", _GET_REPLY) + number + struct.pack("<HH", errno.EIO, 0)
            self._tell(reply + bytes(_DATA))
        elif kind == _SET_REPORT:
            os.write(
                self._fd, struct.pack("<I", _SET_REPLY) + number + struct.pack("<H", errno.EIO)
            )


class UhidKey:
    """A software key as a device of the kernel's."""

    def __init__(self, key: SoftKey, path: str = "/dev/uhid") -> None:
        self.key = key
        self._framing = Framing(key, self._send, self._pulled)
        self._device = UhidDevice(
            key.product, key.serial or "", FIDO_DESCRIPTOR, self._framing.receive, path
        )

    def _send(self, report: bytes) -> None:
        self._device.send(report)

    def _pulled(self) -> None:
        self._device.pull()

    def unplug(self) -> None:
        """Pull the key out."""
        self._framing.unplug()
