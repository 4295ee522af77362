"""What the tests of the https way have in common."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.core.secret import Secret
from tests.adapters.tls_server import Listener

PASSWORD = Secret("canary-password-51f0")
TICKET = Secret("PVE:root@pam:6B021E52::canary-ticket/XqNY+==")
CSRF = Secret("6B021E52:canary-csrf")


def https(listener: Listener, pin: Pin, **more: Any) -> Https:
    """The way to a listener, with a ticket for root@pam."""
    way = Https("127.0.0.1", listener.port, pin, **more)
    way.use_ticket("root@pam", TICKET, CSRF)
    return way
