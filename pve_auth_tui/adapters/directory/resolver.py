"""Names as this machine's resolver knows them, within a time that the resolver does not keep."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.peername import address_of
from pve_auth_tui.core.directory.ports import ServiceRecord

MOST_ADDRESSES: Final = 16
MOST_RECORDS: Final = 64
_SILENT: Final = {socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM}


def addresses(host: str, seconds: float) -> Sequence[str]:
    """In the resolver's order, each once. Raises DirectoryTrouble (NAME_UNKNOWN, DNS_SILENT)."""
    literal = address_of(host)
    if literal is not None:
        return (str(literal),)
    try:
        found = _within(lambda: socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM), seconds)
    except TimeoutError:
        raise _dns_silent(host, f"no answer within {seconds:.0f} s") from None
    except socket.gaierror as error:
        if error.errno in _SILENT:
            raise _dns_silent(host, error.strerror or "") from None
        raise _unknown(host, error.strerror or "") from None
    except (OSError, ValueError) as error:  # a label that is empty or too long
        raise _unknown(host, str(error)) from None
    unique = dict.fromkeys(str(one[4][0]) for one in found)
    return tuple(unique)[:MOST_ADDRESSES]


def service_records(name: str, seconds: float) -> Sequence[ServiceRecord]:
    """By priority, then the heaviest first (RFC 2782); () for none. Raises DirectoryTrouble
    (DNS_SILENT).
    """
    from dns.exception import DNSException, Timeout
    from dns.resolver import NXDOMAIN, NoAnswer, NoNameservers, NoResolverConfiguration, Resolver

    try:
        answer = Resolver().resolve(name, "SRV", lifetime=seconds, search=False)
    except (NXDOMAIN, NoAnswer):
        return ()
    except (Timeout, NoNameservers, NoResolverConfiguration, OSError) as error:
        raise _dns_silent(name, str(error)) from None
    except (DNSException, ValueError):  # no name that DNS could have
        return ()
    found = [
        ServiceRecord(_name(one.target), int(one.port), int(one.priority), int(one.weight))
        for one in answer
    ]
    offered = [one for one in found if one.host]  # `.`: decidedly not here (RFC 2782)
    return tuple(sorted(offered, key=lambda one: (one.priority, -one.weight, one)))[:MOST_RECORDS]


def _within(ask: Callable[[], Any], seconds: float) -> Any:
    """What a call returns or raises, or TimeoutError. glibc cannot be stopped: the thread is left
    behind, and ends with the program.
    """
    said: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            said.put((ask(), None))
        except (OSError, ValueError) as error:
            said.put((None, error))

    threading.Thread(target=work, name="resolver", daemon=True).start()
    try:
        value, error = said.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value


def _name(target: Any) -> str:
    return str(target.to_text(omit_final_dot=True)).rstrip(".")


def _unknown(host: str, why: str) -> DirectoryTrouble:
    return DirectoryTrouble(
        Cause.NAME_UNKNOWN,
        f"The name {host} is not known here.",
        "Look at the spelling, and at the name servers of this node (System, DNS).",
        why,
    )


def _dns_silent(host: str, why: str) -> DirectoryTrouble:
    return DirectoryTrouble(
        Cause.DNS_SILENT,
        f"No name server answers for {host}.",
        "Look at the name servers of this node (System, DNS).",
        why,
    )
