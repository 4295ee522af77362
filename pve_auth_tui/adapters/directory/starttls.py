"""StartTLS (RFC 4511 4.14) on a socket in the clear, before anything else is said there."""

from __future__ import annotations

import socket
import time
from typing import Final

from pve_auth_tui.adapters.directory import messages, results
from pve_auth_tui.adapters.directory.ber import NotBer
from pve_auth_tui.adapters.directory.wire import Wire
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble

_LEAVES: Final = {51: Cause.BUSY, 52: Cause.UNAVAILABLE}


def start_tls(line: socket.socket, host: str, seconds: float) -> None:
    """Returns when the server has granted it. Raises DirectoryTrouble (STARTTLS_NOT_OFFERED, and
    what Wire raises).
    """
    wire = Wire(line, host)
    identity = wire.send(messages.start_tls(), seconds)
    answer = wire.answer(identity, time.monotonic() + seconds)
    try:
        if answer.operation != messages.EXTENDED_RESPONSE:
            raise NotBer("the answer to StartTLS is another")
        said = messages.result(answer)
    except NotBer as error:
        raise _not_ldap(host, str(error)) from None
    if said.code:
        text = results.words(said.text)
        raise DirectoryTrouble(
            _LEAVES.get(said.code, Cause.STARTTLS_NOT_OFFERED),
            f"{host} does not offer StartTLS.",
            original=text,
            facts={"code": str(said.code)},
        )
    if wire.rest():
        # said in the clear, and read later as if TLS had carried it (as CVE-2011-0411)
        raise _not_ldap(host, "more came behind the answer to StartTLS")


def speaks_ldap(line: socket.socket, host: str, seconds: float) -> bool:
    """Does anything that answers there speak LDAP in the clear? Closes the socket."""
    wire = Wire(line, host)
    try:
        identity = wire.send(messages.start_tls(), seconds)
        wire.answer(identity, time.monotonic() + seconds)
    except DirectoryTrouble:
        return False
    finally:
        wire.close()
    return True


def _not_ldap(host: str, why: str) -> DirectoryTrouble:
    return DirectoryTrouble(Cause.NOT_LDAP, f"What {host} answers is no LDAP.", original=why)
