"""Mail from this node, by its own sendmail (Debian: postfix, as PVE installs it)."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, Final

from pve_auth_tui.adapters.host import run_command
from pve_auth_tui.core.errors import CommandFailed
from pve_auth_tui.core.formats import problem
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import HostCommand
from pve_auth_tui.core.secret import Secret

_SENDMAIL: Final = "/usr/sbin/sendmail"
_SECONDS: Final = 10.0
_LONGEST: Final = 254  # of an address (RFC 5321, 4.5.3.1.3)


class Sendmail:
    """A `core.ports.Mail`."""

    def __init__(self, run: Callable[[HostCommand], Any] = run_command) -> None:
        self._run = run

    def send(self, to: str, subject: str, text: str) -> None:
        """One mail in UTF-8. Raises CommandFailed, also for what is not one address: sendmail takes
        all recipients from the header.
        """
        if problem("email", to) or len(to) > _LONGEST or plain(to) != to or to.startswith("-"):
            raise CommandFailed("That is no mail address.")
        mail = EmailMessage()
        mail["To"] = to
        mail["Subject"] = plain(subject)[:200]
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody answers that by itself
        mail.set_content(text)
        content = Secret(mail.as_string())
        self._run(HostCommand((_SENDMAIL, "-i", "-t"), content, _SECONDS))
