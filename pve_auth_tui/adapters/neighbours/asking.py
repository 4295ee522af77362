"""All addresses of all nodes at the same time, and each node told as soon as it is known."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple

from pve_auth_tui.adapters.neighbours.https import ask_https
from pve_auth_tui.adapters.neighbours.material import Material, Peer, material
from pve_auth_tui.adapters.neighbours.ssh import SSH, ask_ssh
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.recover.addresses import address as as_address
from pve_auth_tui.core.recover.condition import Neighbour
from pve_auth_tui.core.recover.neighbour import (
    PORT,
    Came,
    Outcome,
    is_enough,
    merged,
)
from pve_auth_tui.core.secret import Secret

if TYPE_CHECKING:
    from pve_auth_tui.adapters.bridge import Bridge

_SECONDS: Final = 9.5  # in all: a caller has ten
_READ: Final = 6.0
_LOOK_UP: Final = 1.5  # seconds for DNS, which may be dead, too
_MINT: Final = 3.0
_LEAST: Final = 0.3
_MOST_FOUND: Final = 4  # addresses of one name
_DISCARD: Final = 9  # a port to name; nothing is sent


def is_own(address: str) -> bool:
    """Whether an address is one of this machine: the kernel would use it to talk to itself.

    Nothing is sent: a datagram socket that is connected only chooses its own address.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.connect((address, _DISCARD))
            return bool(line.getsockname()[0] == address)
    except OSError:
        return False


Mint = Callable[[], tuple[Secret, Secret]]
"""Makes a ticket and its CSRF token."""


class Means(NamedTuple):
    """What is used to ask. `place`: where an address is reached over https; `is_own`: whether it
    is one of this machine; `mint`: a ticket of root@pam and its CSRF token (R18), by default
    PVE's own modules make it; `ssh`: the program; `now`: seconds since 1970.
    """

    place: Callable[[str], tuple[str, int]] = lambda address: (address, PORT)
    is_own: Callable[[str], bool] = is_own
    mint: Mint | None = None
    ssh: str = SSH
    now: Callable[[], float] = time.time


def ask_neighbours(
    root: Path, on_answer: Callable[[Neighbour], None], means: Means | None = None
) -> Sequence[Neighbour]:
    """All of them, at the same time; within ten seconds, and never raises.

    `on_answer` is called from this thread, once for each. () where no other node is known,
    or what is known of them could not be read in time.
    """
    means = means or Means()
    until = time.monotonic() + _SECONDS
    read: SimpleQueue[Material] = SimpleQueue()
    _in_background(lambda: read.put(material(root)))
    try:
        found = read.get(timeout=_READ)
    except Empty:
        return ()
    minter = _Minter(means.mint) if found.live else None
    try:
        asking = _Asking(means, minter, until, _located(found.peers, means))
        return asking.collected(found.peers, on_answer)
    finally:
        if minter:
            minter.close()


_Inbox = SimpleQueue[tuple[str, Outcome | None]]


@dataclass(frozen=True)
class _Asking:
    """One round. `until`: of time.monotonic(); `places`: node -> the addresses to ask."""

    means: Means
    minter: _Minter | None
    until: float
    places: Mapping[str, tuple[str, ...]]

    def collected(
        self, peers: Sequence[Peer], on_answer: Callable[[Neighbour], None]
    ) -> tuple[Neighbour, ...]:
        """What each of them is, when all have answered or the time is over."""
        inbox: _Inbox = SimpleQueue()
        enough = {peer.name: threading.Event() for peer in peers}
        outcomes: dict[str, list[Outcome]] = {peer.name: [] for peer in peers}
        busy = {name: len(addresses) for name, addresses in self.places.items()}
        done: dict[str, Neighbour] = {}

        def close(name: str) -> None:
            enough[name].set()
            done[name] = merged(name, self.places[name], outcomes[name])
            on_answer(done[name])

        for peer in peers:
            for address in self.places[peer.name]:
                _in_background(partial(self._ask, peer, address, enough[peer.name], inbox))
        while waiting := [name for name in busy if name not in done]:
            for name in waiting:
                if not busy[name] or any(map(is_enough, outcomes[name])):
                    close(name)
            if len(done) == len(busy):
                break
            try:
                name, outcome = inbox.get(timeout=max(0.0, self.until - time.monotonic()))
            except Empty:
                break
            if outcome is None:
                busy[name] -= 1
            else:
                outcomes[name].append(outcome)
        for name in [name for name in busy if name not in done]:
            heard = {one.address for one in outcomes[name]}
            outcomes[name] += [
                Outcome(address, Came.UNASKED, f"asking {address} took too long")
                for address in self.places[name]
                if address not in heard
            ]
            close(name)
        return tuple(done[name] for name in sorted(done))

    def _ask(self, peer: Peer, address: str, enough: threading.Event, inbox: _Inbox) -> None:
        """Every outcome of one address into the inbox, then None."""
        try:
            if peer.certificates:
                https = ask_https(
                    peer,
                    address,
                    self.means.place(address),
                    self._left() / 2,
                    ticket=self.minter.ticket if self.minter else _no_ticket,
                    now=self.means.now,
                )
                inbox.put((peer.name, https))
                if is_enough(https):
                    return
            if not enough.is_set():
                ssh = ask_ssh(peer, address, self.means.ssh, self._left(), enough)
                inbox.put((peer.name, ssh))
        finally:
            inbox.put((peer.name, None))

    def _left(self) -> float:
        """Seconds, so that an outcome still arrives in time."""
        return max(_LEAST, self.until - _LEAST - time.monotonic())


def _no_ticket() -> None:
    """pmxcfs is dead, and PVE's modules make no ticket without it."""


class _Minter:
    """Tickets of root@pam, one for each connection (R18); made when a node has proved itself."""

    def __init__(self, mint: Mint | None) -> None:
        self._mint = mint
        self._lock = threading.Lock()
        self._bridge: Bridge | None = None
        self._over = False

    def ticket(self) -> Secret | None:
        """Another one; None when none can be made."""
        with suppress(AuthTuiError):
            if mint := self._ready():
                return mint()[0]
        return None

    def close(self) -> None:
        """End what makes them."""
        with self._lock:
            self._over = True
            bridge = self._bridge
        if bridge:
            bridge.close()

    def _ready(self) -> Mint | None:
        with self._lock:
            if self._mint or self._over:
                return self._mint
            from pve_auth_tui.adapters.bridge import Bridge

            self._bridge = self._bridge or Bridge(start_seconds=_MINT)
            return self._bridge.mint


# --- addresses -------------------------------------------------------------------------


def _located(peers: Iterable[Peer], means: Means) -> dict[str, tuple[str, ...]]:
    """Node -> the addresses to ask, never those of this machine."""
    names = {place for peer in peers for place in peer.places if not as_address(place)}
    by_name = _looked_up(sorted(names)) if names else {}
    places = {}
    for peer in peers:
        found = [one for place in peer.places for one in by_name.get(place, (as_address(place),))]
        places[peer.name] = tuple(
            one for one in dict.fromkeys(found) if one and not means.is_own(one)
        )
    return places


def _looked_up(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Name -> its addresses; () for those that nobody knew in time."""
    inbox: SimpleQueue[tuple[str, tuple[str, ...]]] = SimpleQueue()
    for name in names:
        _in_background(partial(_look_up, name, inbox))
    until = time.monotonic() + _LOOK_UP
    found: dict[str, tuple[str, ...]] = dict.fromkeys(names, ())
    with suppress(Empty):
        for _ in names:
            found.update([inbox.get(timeout=max(0.0, until - time.monotonic()))])
    return found


def _look_up(name: str, inbox: SimpleQueue[tuple[str, tuple[str, ...]]]) -> None:
    try:
        told = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        told = []
    addresses = dict.fromkeys(as_address(str(entry[4][0])) for entry in told)
    inbox.put((name, tuple(filter(None, addresses))[:_MOST_FOUND]))


def _in_background(work: Callable[[], None]) -> None:
    """In a thread that nobody waits for: what hangs in it ends by its own time-outs."""
    threading.Thread(target=work, name="other nodes", daemon=True).start()
