"""A software key in a port of its own: what is read and written is as with /dev/hidrawN."""

from __future__ import annotations

import errno
import queue
import threading

from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.framing import REPORT, Framing
from pve_auth_tui.simnode.softkey.status import Unplugged

_GONE = b""


class Port:
    """One plugged-in key; whoever opened it sees all of its reports, as processes do."""

    def __init__(self, key: SoftKey) -> None:
        self.key = key
        self._framing = Framing(key, self._deliver, lambda: self._deliver(_GONE))
        self._listeners: list[queue.Queue[bytes]] = []
        self._lock = threading.Lock()

    @property
    def is_gone(self) -> bool:
        """Whether the key was pulled."""
        return self._framing.is_gone

    def open(self) -> SoftWire:
        """One more that listens. Raises OSError after the key was pulled."""
        if self.is_gone:
            raise Unplugged
        return SoftWire(self.key, self)

    def pull(self) -> None:
        """Twice does no harm."""
        self._framing.unplug()

    def send(self, report: bytes) -> None:
        """To the key."""
        self._framing.receive(report)

    def listen(self) -> queue.Queue[bytes]:
        """Where the key's reports come in from now on; an empty one: it was pulled."""
        heard: queue.Queue[bytes] = queue.Queue()
        with self._lock:
            self._listeners.append(heard)
        return heard

    def forget(self, heard: queue.Queue[bytes]) -> None:
        """Nobody listens there any more."""
        with self._lock:
            self._listeners = [each for each in self._listeners if each is not heard]

    def _deliver(self, report: bytes) -> None:
        with self._lock:
            for heard in self._listeners:
                heard.put(report)


class SoftWire:
    """A `core.ports.HidWire` to a key; without a `port` the key gets one of its own."""

    def __init__(self, key: SoftKey, port: Port | None = None) -> None:
        self.key = key
        self._port = port or Port(key)
        self._heard = self._port.listen()
        self._closed = False

    def write(self, report: bytes) -> None:
        """Raises OSError."""
        if self._closed:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if self._port.is_gone:
            raise Unplugged
        if len(report) != REPORT:
            raise OSError(errno.EINVAL, f"A report has {REPORT} bytes, not {len(report)}")
        self._port.send(report)

    def read(self, seconds: float) -> bytes:
        """Raises TimeoutError, OSError."""
        if self._closed:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if self.key.script.unplug_at == "read":
            self.unplug()
        if self._port.is_gone:
            raise Unplugged
        try:
            report = self._heard.get(timeout=max(seconds, 0))
        except queue.Empty:
            raise TimeoutError from None
        if report == _GONE:
            raise Unplugged
        return report

    def unplug(self) -> None:
        """Pull the key out of its port."""
        self._port.pull()

    def close(self) -> None:
        """Twice does no harm."""
        self._closed = True
        self._port.forget(self._heard)
