"""The kernel's HID devices, /dev/hidrawN: which are security keys, and reports to and from one.

Whether a device is a key is read in sysfs, which asks no device and needs no right to it; only
keys are opened. A single bad device never ends the look at the others.
"""

from __future__ import annotations

import errno
import os
import re
import select
import stat
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.keys.descriptor import LONGEST, is_security_key, named
from pve_auth_tui.adapters.keys.machine import machine
from pve_auth_tui.core.keys import KeyPlace, Scan, ScanState
from pve_auth_tui.core.ports import HidWire

_NAME: Final = re.compile(r"hidraw(0|[1-9][0-9]{0,3})")
_MOST: Final = 64  # Linux: HIDRAW_MAX_DEVICES
_REPORT: Final = 64
_FLAGS: Final = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
_GONE: Final = (errno.ENOENT, errno.ENODEV, errno.ENXIO)


class HidrawBus:
    """A `core.ports.HidBus`. `dev`, `sysfs`: where the kernel shows HID devices; `root`: of the
    files that tell whether this is a virtual machine.
    """

    def __init__(
        self, dev: str = "/dev", sysfs: str = "/sys/class/hidraw", root: Path = Path("/")
    ) -> None:
        self._dev = Path(dev)
        self._sysfs = Path(sysfs)
        self._root = root

    def look(self) -> Scan:
        """What is plugged in now."""
        nodes = _names(self._dev)
        keys, denied, missing, others = [], [], 0, 0
        for name in sorted({*nodes, *_names(self._sysfs)}, key=_order)[:_MOST]:
            if not is_security_key(self._sys(name, "report_descriptor")):
                others += 1
            elif name not in nodes:
                missing += 1
            elif (error := self._refusal(name)) is None:
                keys.append(self._place(name))
            elif error not in _GONE:
                denied.append(str(self._dev / name))
        return Scan(
            _state(bool(keys), bool(denied), bool(missing), bool(others)),
            tuple(keys),
            tuple(denied),
            others,
            machine(self._root),
        )

    def open(self, path: str) -> HidWire:
        """Raises OSError; also for whatever is no hidraw node, before it is written to."""
        where = Path(path)
        if where.parent != self._dev or not _NAME.fullmatch(where.name):
            raise FileNotFoundError(errno.ENOENT, "no HID device")
        opened = os.open(where, _FLAGS)
        if not stat.S_ISCHR(os.fstat(opened).st_mode):
            os.close(opened)
            raise FileNotFoundError(errno.ENOENT, "no HID device")
        return HidrawWire(opened)

    def _place(self, name: str) -> KeyPlace:
        told = named(self._sys(name, "uevent"))
        return KeyPlace(
            str(self._dev / name), told.product, told.serial, told.vendor_id, told.product_id
        )

    def _sys(self, name: str, what: str) -> bytes:
        """Empty where it cannot be read: then it is no key."""
        try:
            with (self._sysfs / name / "device" / what).open("rb") as file:
                return file.read(LONGEST)
        except OSError:
            return b""

    def _refusal(self, name: str) -> int | None:
        """The errno of an attempt to open it; None: it can be opened. root passes `access(2)`
        where a container's device rules say no, so nothing less tells.
        """
        try:
            os.close(os.open(self._dev / name, _FLAGS))
        except OSError as error:
            return error.errno or errno.EIO
        return None


class HidrawWire:
    """A `core.ports.HidWire` over an open file."""

    def __init__(self, opened: int) -> None:
        self._file: int | None = opened
        self._poll = select.poll()
        self._poll.register(opened, select.POLLIN)

    def write(self, report: bytes) -> None:
        """The kernel wants the report's number first: 0, they have none."""
        if os.write(self._open(), b"\0" + report) != len(report) + 1:
            raise OSError(errno.EIO, "a report was cut short")

    def read(self, seconds: float) -> bytes:
        """The next report. Raises TimeoutError, OSError."""
        opened = self._open()
        found = self._poll.poll(max(0.0, seconds) * 1000)
        if not found:
            raise TimeoutError
        if not found[0][1] & select.POLLIN:
            raise OSError(errno.ENODEV, "unplugged")
        try:
            report = os.read(opened, _REPORT)
        except BlockingIOError:
            raise TimeoutError from None
        if not report:
            raise OSError(errno.ENODEV, "unplugged")
        return report

    def close(self) -> None:
        """Give the device back; twice does no harm."""
        opened, self._file = self._file, None
        if opened is not None:
            self._poll.unregister(opened)
            os.close(opened)

    def _open(self) -> int:
        if self._file is None:
            raise OSError(errno.EBADF, "closed")
        return self._file


def _names(folder: Path) -> set[str]:
    try:
        return {name for name in os.listdir(folder) if _NAME.fullmatch(name)}
    except OSError:
        return set()


def _order(name: str) -> int:
    return int(name.removeprefix("hidraw"))


def _state(keys: bool, denied: bool, missing: bool, others: bool) -> ScanState:
    if keys:
        return ScanState.FOUND
    if denied:
        return ScanState.DENIED
    if missing:
        return ScanState.CONTAINER
    return ScanState.NO_KEY if others else ScanState.NOTHING
