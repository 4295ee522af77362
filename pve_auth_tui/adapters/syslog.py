"""One line to syslog, facility authpriv: a datagram to /dev/log, as syslog(3) sends it.

systemd-journald and rsyslog both take it there. Nobody confirms it: that it was sent is all that
can be known.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Final

from pve_auth_tui.core.errors import Unwritable
from pve_auth_tui.core.plain import plain

SOCKET: Final = Path("/dev/log")
_PRIORITY: Final = 10 << 3 | 5  # LOG_AUTHPRIV and LOG_NOTICE (sys/syslog.h)
_IDENTIFIER: Final = "pve-auth-tui"
_SECONDS: Final = 2.0  # the receiver may be busy, or stopped with a full queue
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"  # whatever the locale calls them


class Syslog:
    """`path` is the socket; each line opens it anew, for the receiver may have been restarted."""

    def __init__(self, path: Path = SOCKET) -> None:
        self._path = path

    def send(self, text: str, now: float) -> None:
        """Send one line (RFC 3164, 4.1); `now` in seconds since 1970. Raises Unwritable."""
        when = time.localtime(now)
        month = _MONTHS[3 * when.tm_mon - 3 : 3 * when.tm_mon]
        stamp = f"{month} {when.tm_mday:2} {time.strftime('%H:%M:%S', when)}"
        line = f"<{_PRIORITY}>{stamp} {_IDENTIFIER}[{os.getpid()}]: {plain(text)}"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
                log.settimeout(_SECONDS)
                log.connect(os.fspath(self._path))
                log.send(line.encode())
        except OSError as error:
            reason = error.strerror or "it took nothing in time"
            raise Unwritable(f"{self._path}: {reason}.", "", str(error)) from error
